//! The tables of all kinds.

use std::collections::BTreeMap;

use super::table::Table;
use crate::domain::{KeyReader, KindName, Record, RecordId};
use crate::store::by_row::{Change, Changes, RowNumber};
use crate::store::{StoreError, SystemTable, system_tables};

/// The tables of all kinds, and the order of the audit entries.
#[derive(Debug)]
pub(super) struct Tables {
    kinds: BTreeMap<KindName, Table>,
    /// The ids of the audit entries, in the order they were written.
    attempts: Vec<RecordId>,
}

impl Default for Tables {
    fn default() -> Self {
        let own = SystemTable::ALL.iter().map(|table| (table.as_str().into(), Table::default()));
        Self { kinds: own.collect(), attempts: Vec::new() }
    }
}

impl Tables {
    pub(super) fn kinds(&self) -> impl Iterator<Item = &KindName> {
        self.kinds.keys()
    }

    pub(super) fn get(&self, kind: &str) -> Option<&Table> {
        self.kinds.get(kind)
    }

    /// Returns the table of a kind that must exist.
    pub(super) fn table(&self, kind: &KindName) -> Result<&Table, StoreError> {
        self.kinds.get(kind).ok_or_else(|| StoreError::unknown("kind", kind))
    }

    /// Returns copies of the rows with these ids.
    pub(super) fn records(&self, kind: &KindName, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        let table = self.table(kind)?;
        let mut found = Vec::new();
        for id in ids {
            let number = table.find(kind, id)?;
            found.extend(number.and_then(|number| table.row(number)).cloned());
        }
        Ok(found)
    }

    /// Returns the rows of the audit log in the order in which they were written.
    pub(super) fn attempts(&self) -> impl Iterator<Item = &Record> {
        let rows = self.get(system_tables::AUDIT);
        self.attempts.iter().filter_map(move |id| rows?.row(rows?.number(id)?))
    }

    /// Adds rows of a kind, which need not exist yet. A row with the same id is replaced.
    pub(super) fn insert(&mut self, kind: KindName, rows: impl IntoIterator<Item = Record>) {
        let table = self.kinds.entry(kind).or_default();
        for row in rows {
            table.put(row);
        }
    }

    pub(super) fn put(&mut self, kind: &KindName, record: Record) {
        if *kind == system_tables::AUDIT {
            self.attempts.push(record.id.clone());
        }
        if let Some(table) = self.kinds.get_mut(kind) {
            table.put(record);
        }
    }

    pub(super) fn delete(&mut self, kind: &KindName, id: &RecordId) {
        if let Some(table) = self.kinds.get_mut(kind)
            && let Some(number) = table.number(id)
        {
            table.delete(number);
        }
    }

    /// Writes all changes; returns `None` and writes nothing if a row exists that must not.
    pub(super) fn write(&mut self, changes: Changes) -> Result<Option<()>, StoreError> {
        let Changes { absent, changes } = changes;
        for (kind, id) in &absent {
            // An id that no row can have counts as a missing row.
            if self.table(kind)?.find(kind, id).ok().flatten().is_some() {
                return Ok(None);
            }
        }
        for change in &changes {
            let (Change::Put { kind, .. } | Change::Delete { kind, .. }) = change;
            self.table(kind)?;
        }
        // From here on, nothing can fail.
        for change in changes {
            match change {
                Change::Put { kind, record } => self.put(&kind, record),
                Change::Delete { kind, rows } => self.delete_rows(&kind, &rows),
            }
        }
        Ok(Some(()))
    }

    fn delete_rows(&mut self, kind: &KindName, rows: &[RowNumber]) {
        if let Some(table) = self.kinds.get_mut(kind) {
            for number in rows {
                table.delete(*number);
            }
        }
    }

    /// Returns whether the keys that rows of a kind hold have an index. Kinds without a table need none.
    pub(super) fn is_indexed(&self, kind: &KindName, key: &KeyReader) -> bool {
        self.kinds.get(kind).is_none_or(|table| table.is_indexed(key))
    }

    /// Makes an index on the keys that rows of a kind hold, unless there is one.
    pub(super) fn index(&mut self, kind: &KindName, key: &KeyReader) {
        if let Some(table) = self.kinds.get_mut(kind) {
            table.index(key);
        }
    }
}
