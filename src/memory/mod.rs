//! The store in memory: for tests, for data in a JSON file, and for comparison with other stores.

mod describe;
mod index;
mod json;
mod records;
mod table;
mod tables;
mod view;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;

use crate::domain::{AuditEntry, DataMap, Event, Fault, Identity, KindName, Record};
use crate::protocol::{ChangeSet, Inconsistency, Receipt, ReceiptQuery, Survey, SurveyQuery, VerifyQuery};
use crate::store::by_row::{Decision, contention, decide, survey, verify};
use crate::store::{ByRow, ReadQuery, Reader, Store, StoreError, SystemTable};

use view::{View, at_once};

pub use records::MemoryRecords;

/// A [`Store`] in memory, without a limit on the number of rows.
///
/// It holds [`MemoryRecords`] and evaluates sets as [`ByRow`] does, but on the rows themselves and under one lock.
///
/// ```
/// use client_lifecycle::domain::Record;
/// use client_lifecycle::memory::MemoryStore;
/// let store = MemoryStore::new()
///     .with("clients", [Record::new("c1").with("name", "Ana")])
///     .with("debts", [Record::new(1).with("client_id", "c1"), Record::new(2).with("client_id", "c1")]);
/// assert_eq!(store.rows("debts").len(), 2);
/// ```
pub struct MemoryStore {
    rows: ByRow<MemoryRecords>,
    /// The identities of the kinds that were read from JSON.
    ids: BTreeMap<KindName, Identity>,
    /// Kinds of the JSON that are not in the map. They are written back unchanged.
    aside: BTreeMap<String, serde_json::Value>,
}

/// Shows the names of the kinds, but not their rows.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("kinds", &self.records().kinds()).finish_non_exhaustive()
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self {
            rows: ByRow::new(MemoryRecords::new()).max_rows(u64::MAX),
            ids: BTreeMap::new(),
            aside: BTreeMap::new(),
        }
    }
}

impl MemoryStore {
    /// Makes a store without kinds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds rows of a kind. A row with the same id is replaced.
    #[must_use]
    pub fn with(mut self, kind: impl Into<KindName>, rows: impl IntoIterator<Item = Record>) -> Self {
        self.rows.records_mut().insert(kind.into(), rows);
        self
    }

    /// Adds rows of a kind to a shared store. A row with the same id is replaced.
    pub fn insert(&self, kind: impl Into<KindName>, rows: impl IntoIterator<Item = Record>) {
        self.rows.records().insert(kind.into(), rows);
    }

    /// Returns the records.
    #[must_use]
    pub fn records(&self) -> &MemoryRecords {
        self.rows.records()
    }

    /// Returns the rows of a kind, sorted by id. The list is empty if the kind does not exist.
    #[must_use]
    pub fn rows(&self, kind: &str) -> Vec<Record> {
        self.records().rows(kind)
    }

    /// Returns the audit entries, one for each subject, in the order in which they were written.
    #[must_use]
    pub fn audit(&self) -> Vec<AuditEntry> {
        read(&self.records().attempts())
    }

    /// Returns the events to be delivered, sorted by operation, topic and record.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        read(&self.rows(SystemTable::Outbox.as_str()))
    }

    /// Returns the receipts of the applied operations.
    #[must_use]
    pub fn receipts(&self) -> Vec<Receipt> {
        read(&self.rows(SystemTable::Operations.as_str()))
    }
}

/// Reads the values of a system table. Only the store itself writes these rows, so all of them can be read.
fn read<'a, T: TryFrom<&'a Record>>(rows: &'a [Record]) -> Vec<T> {
    rows.iter().filter_map(|row| row.try_into().ok()).collect()
}

#[async_trait]
impl Reader for MemoryStore {
    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
        self.rows.read(query).await
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.rows.check(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        let tables = self.records().read_indexed(&view::indexed(query));
        at_once(survey(&mut View::of(&tables), query))
    }

    async fn receipt(&self, query: &ReceiptQuery) -> Result<Option<Receipt>, StoreError> {
        self.rows.receipt(query).await
    }

    async fn verify(&self, query: &VerifyQuery) -> Result<Vec<Inconsistency>, StoreError> {
        verify(query, &self.receipts(), |kind| self.rows(kind.as_str()))
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        let mut tables = self.records().write_lock();
        for (kind, key) in view::indexed(&changes.query) {
            tables.index(kind, &key);
        }
        match at_once(decide(&mut View::of(&tables), changes))? {
            Decision::AppliedBefore(receipt) => Ok(receipt),
            Decision::Conflict(differences) => Err(StoreError::Conflict { differences }),
            Decision::Write(changes, receipt) => {
                tables.write(changes)?.map(|()| receipt).ok_or_else(contention)
            }
        }
    }
}
