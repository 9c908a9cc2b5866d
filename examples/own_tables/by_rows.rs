//! A hand-written store that works row by row: collections of JSON documents in one file.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use client_lifecycle::domain::{FieldName, Kind, KindName, Record, RecordId, Reference, Value};
use client_lifecycle::store::{Batch, BatchError, Page, Records, RowChange, StoreError, SystemTable};
use serde::Serialize;

/// Collections of documents. A change is written to the file before it is visible in memory.
pub(crate) struct Documents {
    file: PathBuf,
    collections: Mutex<Collections>,
}

type Collections = BTreeMap<KindName, BTreeMap<RecordId, Record>>;

/// A record in the file: `{"_id": "m1", "name": "Ada"}`.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "_id")]
    id: &'a RecordId,
    #[serde(flatten)]
    fields: &'a BTreeMap<FieldName, Value>,
}

impl Documents {
    /// Creates a file with these collections and the system tables, all empty.
    pub(crate) fn create(file: impl Into<PathBuf>, collections: &[&str]) -> Result<Self, StoreError> {
        let own = SystemTable::ALL.iter().map(|table| table.as_str().into());
        let names = collections.iter().map(|name| KindName::from(*name)).chain(own);
        let documents = Self { file: file.into(), collections: Mutex::default() };
        let empty = names.map(|name| (name, BTreeMap::new())).collect();
        documents.save(&mut documents.lock(), empty)?;
        Ok(documents)
    }

    /// Inserts documents, as other parts of the host do.
    pub(crate) fn insert(&self, collection: &KindName, rows: Vec<Record>) -> Result<(), StoreError> {
        let mut current = self.lock();
        let mut next = current.clone();
        let collection = next.get_mut(collection).ok_or_else(|| unknown(collection))?;
        collection.extend(rows.into_iter().map(|row| (row.id.clone(), row)));
        self.save(&mut current, next)
    }

    /// Returns all documents of a collection.
    pub(crate) fn all(&self, collection: &str) -> Vec<Record> {
        let collections = self.lock();
        let rows = collections.get(collection).into_iter();
        rows.flat_map(BTreeMap::values).cloned().collect()
    }

    // A thread that panicked while holding the lock has not changed the collections, so the poison is ignored.
    fn lock(&self) -> MutexGuard<'_, Collections> {
        self.collections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the file atomically, then replaces the state in memory. After a crash, the file has the old or the new
    /// state.
    fn save(&self, current: &mut Collections, next: Collections) -> Result<(), StoreError> {
        let file: BTreeMap<&KindName, Vec<Document<'_>>> = next
            .iter()
            .map(|(name, rows)| {
                let rows = rows.values();
                (name, rows.map(|Record { id, fields }| Document { id, fields }).collect())
            })
            .collect();
        let beside = self.file.with_extension("new");
        serde_json::to_vec_pretty(&file)
            .map_err(std::io::Error::from)
            .and_then(|text| fs::write(&beside, text))
            .and_then(|()| fs::rename(&beside, &self.file))
            .map_err(|error| StoreError::backend("wrote the file of documents", error))?;
        *current = next;
        Ok(())
    }
}

#[async_trait]
impl Records for Documents {
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        let collections = self.lock();
        let rows = collections.get(&kind.name).ok_or_else(|| unknown(&kind.name))?;
        Ok(ids.iter().filter_map(|id| rows.get(id).cloned()).collect())
    }

    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        keys: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError> {
        let collections = self.lock();
        let rows = collections.get(&kind.name).ok_or_else(|| unknown(&kind.name))?;
        // A row whose list cannot be read might hold one of the keys.
        let refers = |row: &&Record| {
            reference.held_by(kind, row).map_or(true, |held| held.iter().any(|key| keys.contains(key)))
        };
        let is_next = |row: &&Record| page.after.is_none_or(|after| row.id > *after);
        let found = rows.values().filter(is_next).filter(refers);
        Ok(found.take(page.limit).cloned().collect())
    }

    // Only typed clients need the methods below: for unique e-mail addresses, and for lists.
    async fn find_by_text(
        &self,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<Vec<Record>, StoreError> {
        let collections = self.lock();
        let rows = collections.get(&kind.name).ok_or_else(|| unknown(&kind.name))?;
        Ok(rows.values().filter(|row| holds_text(row, field, text)).cloned().collect())
    }

    async fn page(&self, kind: &Kind, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
        let collections = self.lock();
        let rows = collections.get(&kind.name).ok_or_else(|| unknown(&kind.name))?;
        let is_next = |row: &&Record| page.after.is_none_or(|after| row.id > *after);
        Ok(rows.values().filter(is_next).take(page.limit).cloned().collect())
    }

    async fn write(&self, batch: &Batch) -> Result<(), BatchError> {
        // The lock is held while the conditions are checked and the changes are made.
        let mut current = self.lock();
        if !holds(&current, batch) {
            return Err(BatchError::Changed);
        }
        if batch.changes.is_empty() {
            return Ok(());
        }
        let mut next = current.clone();
        for change in &batch.changes {
            match change {
                RowChange::Put { kind, record } => {
                    let rows = next.get_mut(kind).ok_or_else(|| unknown(kind))?;
                    rows.insert(record.id.clone(), record.clone());
                }
                RowChange::Delete { kind, id } => {
                    next.get_mut(kind).ok_or_else(|| unknown(kind))?.remove(id);
                }
            }
        }
        Ok(self.save(&mut current, next)?)
    }
}

/// Returns whether every condition of a batch holds.
fn holds(collections: &Collections, batch: &Batch) -> bool {
    let unchanged = batch.unchanged.iter().all(|row| {
        let found = collections.get(&row.kind).and_then(|rows| rows.get(&row.id));
        found == row.record.as_ref()
    });
    let exact_referrers = batch.exact_referrers.iter().all(|none| {
        let rows = collections.get(&none.kind.name).into_iter().flat_map(BTreeMap::values);
        let held = |row: &Record| none.reference.held_by(&none.kind, row).unwrap_or_default();
        let found = rows.filter(|row| held(row).contains(&none.target));
        found.map(|row| &row.id).eq(&none.referrers)
    });
    let exact_matches = batch.exact_matches.iter().all(|held| {
        let rows = collections.get(&held.kind).into_iter().flat_map(BTreeMap::values);
        let found = rows.filter(|row| holds_text(row, &held.field, &held.text));
        found.map(|row| &row.id).eq(&held.rows)
    });
    unchanged && exact_referrers && exact_matches
}

fn holds_text(row: &Record, field: &FieldName, text: &str) -> bool {
    row.get(field).as_text().is_some_and(|held| held.eq_ignore_ascii_case(text))
}

fn unknown(kind: &KindName) -> StoreError {
    StoreError::Unknown { what: "kind", name: kind.to_string() }
}
