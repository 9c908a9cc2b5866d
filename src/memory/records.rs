//! Rows in memory, under one lock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;

use super::describe::describe;
use super::table::Table;
use crate::domain::{DataMap, Fault, FieldName, Kind, KindName, Record, RecordId, Reference, ReferenceName};
use crate::store::{
    Batch, BatchError, ExactMatches, ExactReferrers, Page, Records, RowChange, StoreError, SystemTable,
    Unchanged, system_tables,
};

/// [`Records`] in memory. A batch is checked and written under one lock, so readers never see half of it.
#[derive(Debug)]
pub struct MemoryRecords {
    tables: RwLock<Tables>,
    /// The ids of the audit entries, in the order they were written.
    attempts: RwLock<Vec<RecordId>>,
}

pub(super) type Tables = BTreeMap<KindName, Table>;

impl Default for MemoryRecords {
    fn default() -> Self {
        let own = SystemTable::ALL.iter().map(|table| (table.as_str().into(), Table::default()));
        Self { tables: RwLock::new(own.collect()), attempts: RwLock::default() }
    }
}

impl MemoryRecords {
    /// Makes records without kinds, except the crate's own tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds rows of a kind, which need not exist yet. A row with the same id is replaced.
    pub fn insert(&self, kind: impl Into<KindName>, rows: impl IntoIterator<Item = Record>) {
        let mut tables = self.write_lock();
        let table = tables.entry(kind.into()).or_default();
        for row in rows {
            table.put(row);
        }
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
        let tables = self.read_lock();
        let attempts = self.attempts.read().unwrap_or_else(PoisonError::into_inner);
        let rows = tables.get(system_tables::AUDIT);
        attempts.iter().filter_map(|id| rows?.get(id).cloned()).collect()
    }

    /// Returns the names of the kinds, without the crate's own tables.
    #[must_use]
    pub fn kinds(&self) -> Vec<KindName> {
        let tables = self.read_lock();
        let own = tables.keys().filter(|kind| !system_tables::is_reserved(kind));
        own.cloned().collect()
    }

    // A batch is checked before its first change. A thread that panicked therefore left no partial change behind.
    fn read_lock(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_lock(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an index on a field of a kind, unless it exists.
    fn index(&self, kind: &KindName, field: &FieldName) {
        let is_indexed = |table: &Table| table.is_indexed(field);
        if self.read_lock().get(kind).is_none_or(is_indexed) {
            return;
        }
        if let Some(table) = self.write_lock().get_mut(kind)
            && !table.is_indexed(field)
        {
            table.index(field);
        }
    }
}

#[async_trait]
impl Records for MemoryRecords {
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        let tables = self.read_lock();
        let table = table(&tables, &kind.name)?;
        let mut found = Vec::new();
        for id in ids {
            found.extend(table.find(&kind.name, id)?.cloned());
        }
        Ok(found)
    }

    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        ids: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError> {
        self.index(&kind.name, &reference.field);
        let tables = self.read_lock();
        let table = table(&tables, &kind.name)?;
        let referrers = ids
            .iter()
            .flat_map(|id| table.referrers(&reference.field, id))
            .filter(|id| page.after.is_none_or(|after| *id > after));
        let in_order: BTreeSet<&RecordId> = referrers.collect();
        let rows = in_order.into_iter().filter_map(|id| table.get(id));
        Ok(rows.take(page.limit).cloned().collect())
    }

    async fn write(&self, batch: &Batch) -> Result<(), BatchError> {
        let Batch { unchanged, exact_referrers, exact_matches, changes } = batch;
        for ExactReferrers { reference, .. } in exact_referrers {
            let (kind, field) = split(reference)?;
            self.index(&kind, &field);
        }
        let mut tables = self.write_lock();
        for Unchanged { kind, id, record } in unchanged {
            // An id that no row can have counts as a missing row.
            let found = table(&tables, kind)?.find(kind, id).ok().flatten();
            if found != record.as_ref() {
                return Err(BatchError::Changed);
            }
        }
        for ExactReferrers { reference, target, referrers } in exact_referrers {
            let (kind, field) = split(reference)?;
            let found = table(&tables, &kind)?.referrers(&field, target);
            if !found.eq(referrers) {
                return Err(BatchError::Changed);
            }
        }
        for ExactMatches { kind, field, text, rows } in exact_matches {
            let found = table(&tables, kind)?.find_by_text(field, text).map(|row| &row.id);
            if !found.eq(rows) {
                return Err(BatchError::Changed);
            }
        }
        for change in changes {
            let (RowChange::Put { kind, .. } | RowChange::Delete { kind, .. }) = change;
            table(&tables, kind)?;
        }
        // From here on, nothing can fail.
        let mut attempts = self.attempts.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            if let RowChange::Put { kind, record } = change
                && *kind == system_tables::AUDIT
            {
                attempts.push(record.id.clone());
            }
            match change {
                RowChange::Put { kind, record } => {
                    if let Some(table) = tables.get_mut(kind) {
                        table.put(record.clone());
                    }
                }
                RowChange::Delete { kind, id } => {
                    if let Some(table) = tables.get_mut(kind) {
                        table.delete(id);
                    }
                }
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
        let found = table(&tables, &kind.name)?.find_by_text(field, text);
        Ok(found.cloned().collect())
    }

    async fn page(&self, kind: &Kind, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
        let tables = self.read_lock();
        let rows = table(&tables, &kind.name)?.after(page.after);
        Ok(rows.take(page.limit).cloned().collect())
    }

    async fn has_field(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
        let tables = self.read_lock();
        let mut rows = table(&tables, &kind.name)?.rows();
        Ok(rows.any(|row| row.fields.contains_key(field)))
    }

    async fn describe(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        Ok(describe(&self.read_lock(), map))
    }
}

fn table<'a>(tables: &'a Tables, kind: &KindName) -> Result<&'a Table, StoreError> {
    tables.get(kind).ok_or_else(|| StoreError::unknown("kind", kind))
}

fn split(reference: &ReferenceName) -> Result<(KindName, FieldName), StoreError> {
    reference.split().ok_or_else(|| StoreError::unknown("reference", reference))
}
