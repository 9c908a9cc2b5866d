//! Rows in memory, under one lock.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;

use super::describe::describe;
use super::index::Index;
use super::table::Table;
use super::tables::Tables;
use crate::domain::{DataMap, Fault, FieldName, KeyReader, Kind, KindName, Record, RecordId, Reference};
use crate::store::by_row::RowNumber;
use crate::store::{
    Batch, BatchError, ExactMatches, ExactReferrers, Page, Records, RowChange, StoreError, Unchanged,
    system_tables,
};

/// [`Records`] in memory. A batch is checked and written under one lock, so readers never see half of it.
#[derive(Debug, Default)]
pub struct MemoryRecords {
    tables: RwLock<Tables>,
}

impl MemoryRecords {
    /// Makes records without kinds, except the crate's own tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds rows of a kind, which need not exist yet. A row with the same id is replaced.
    pub fn insert(&self, kind: impl Into<KindName>, rows: impl IntoIterator<Item = Record>) {
        self.write_lock().insert(kind.into(), rows);
    }

    /// Returns the rows of a kind, sorted by id. The list is empty if the kind does not exist.
    #[must_use]
    pub fn rows(&self, kind: &str) -> Vec<Record> {
        let tables = self.read_lock();
        let rows = tables.get(kind).into_iter().flat_map(Table::rows);
        rows.cloned().collect()
    }

    /// Returns the rows of the audit log in the order in which they were written.
    pub(super) fn attempts(&self) -> Vec<Record> {
        self.read_lock().attempts().cloned().collect()
    }

    /// Returns the names of the kinds, without the crate's own tables.
    #[must_use]
    pub fn kinds(&self) -> Vec<KindName> {
        let tables = self.read_lock();
        let own = tables.kinds().filter(|kind| !system_tables::is_reserved(kind));
        own.cloned().collect()
    }

    // What is written is checked before the first change. A thread that panicked therefore left no partial change
    // behind.
    pub(super) fn read_lock(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write_lock(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the indexes on these keys that are missing, and locks the tables for reading.
    pub(super) fn read_indexed(&self, keys: &[(&KindName, KeyReader)]) -> RwLockReadGuard<'_, Tables> {
        loop {
            let tables = self.read_lock();
            if keys.iter().all(|(kind, key)| tables.is_indexed(kind, key)) {
                return tables;
            }
            drop(tables);
            let mut tables = self.write_lock();
            for (kind, key) in keys {
                tables.index(kind, key);
            }
        }
    }
}

#[async_trait]
impl Records for MemoryRecords {
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        self.read_lock().records(&kind.name, ids)
    }

    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        keys: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError> {
        let key = KeyReader::held(kind, reference);
        let tables = self.read_indexed(&[(&kind.name, key.clone())]);
        let table = tables.table(&kind.name)?;
        let unreadable = table.index_on(&key).into_iter().flat_map(Index::unreadable);
        let referrers = keys
            .iter()
            .flat_map(|target| table.referrers(&key, target))
            .chain(unreadable)
            .filter(|(id, _)| page.after.is_none_or(|after| *id > after));
        let in_order: BTreeMap<&RecordId, &RowNumber> = referrers.collect();
        let rows = in_order.into_values().filter_map(|number| table.row(*number));
        Ok(rows.take(page.limit).cloned().collect())
    }

    async fn write(&self, batch: &Batch) -> Result<(), BatchError> {
        let Batch { unchanged, exact_referrers, exact_matches, changes } = batch;
        let mut tables = self.write_lock();
        for Unchanged { kind, id, record } in unchanged {
            let table = tables.table(kind)?;
            // An id that no row can have counts as a missing row.
            let found = table.find(kind, id).ok().flatten();
            if found.and_then(|number| table.row(number)) != record.as_ref() {
                return Err(BatchError::Changed);
            }
        }
        for ExactReferrers { reference, kind, target, referrers } in exact_referrers {
            let key = KeyReader::held(kind, reference);
            tables.index(&kind.name, &key);
            let found = tables.table(&kind.name)?.referrers(&key, target).map(|(id, _)| id);
            if !found.eq(referrers) {
                return Err(BatchError::Changed);
            }
        }
        for ExactMatches { kind, field, text, rows } in exact_matches {
            let table = tables.table(kind)?;
            let found = table.find_by_text(field, text).filter_map(|number| Some(&table.row(number)?.id));
            if !found.eq(rows) {
                return Err(BatchError::Changed);
            }
        }
        for change in changes {
            let (RowChange::Put { kind, .. } | RowChange::Delete { kind, .. }) = change;
            tables.table(kind)?;
        }
        // From here on, nothing can fail.
        for change in changes {
            match change {
                RowChange::Put { kind, record } => tables.put(kind, record.clone()),
                RowChange::Delete { kind, id } => tables.delete(kind, id),
            }
        }
        Ok(())
    }

    async fn find_by_text(
        &self,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<Vec<Record>, StoreError> {
        let tables = self.read_lock();
        let table = tables.table(&kind.name)?;
        let found = table.find_by_text(field, text).filter_map(|number| table.row(number));
        Ok(found.cloned().collect())
    }

    async fn page(&self, kind: &Kind, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
        let tables = self.read_lock();
        let rows = tables.table(&kind.name)?.after(page.after);
        Ok(rows.take(page.limit).cloned().collect())
    }

    async fn has_field(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
        let tables = self.read_lock();
        let mut rows = tables.table(&kind.name)?.rows();
        Ok(rows.any(|row| row.fields.contains_key(field)))
    }

    async fn describe(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        Ok(describe(&self.read_lock(), map))
    }
}
