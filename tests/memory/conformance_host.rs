//! A conformance host for stores on `MemoryRecords`. It reads the records without the store.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use client_lifecycle::domain::{
    AuditEntry, DataMap, Event, Fault, FieldName, Kind, Record, RecordId, Reference,
};
use client_lifecycle::memory::MemoryRecords;
use client_lifecycle::store::{Batch, BatchError, Page, Records, Store, StoreError, SystemTable};
use client_lifecycle::testing::conformance::{Host, Recorded, Sent, Traffic, world, yield_now};

/// Makes records with all kinds of the suite, without rows.
pub(crate) fn empty_records() -> MemoryRecords {
    let records = MemoryRecords::new();
    for kind in world().kinds() {
        records.insert(&kind.name, []);
    }
    records
}

/// A store, and the records it works on.
pub(crate) struct MemoryHost<S> {
    pub(crate) store: S,
    pub(crate) records: Arc<MemoryRecords>,
    traffic: Arc<Mutex<Traffic>>,
}

impl<S: Store> MemoryHost<S> {
    /// Makes a host; `make` creates the store on new records.
    pub(crate) fn of(make: impl FnOnce(SharedRecords) -> S) -> Self {
        let records = Arc::new(empty_records());
        let traffic = Arc::default();
        let shared = SharedRecords { records: Arc::clone(&records), traffic: Arc::clone(&traffic) };
        Self { store: make(shared), records, traffic }
    }
}

#[async_trait]
impl<S: Store> Host for MemoryHost<S> {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    async fn load(&self, kind: &Kind, rows: Vec<Record>) {
        self.records.insert(&kind.name, rows);
    }

    async fn rows(&self, kind: &Kind) -> Vec<Record> {
        self.records.rows(kind.name.as_str())
    }

    async fn audit(&self) -> Vec<Recorded> {
        let rows = self.records.rows(SystemTable::Audit.as_str());
        let entries = rows.iter().map(|row| AuditEntry::try_from(row).unwrap());
        entries.flat_map(Recorded::of).collect()
    }

    async fn events(&self) -> Vec<Sent> {
        let rows = self.records.rows(SystemTable::Outbox.as_str());
        let events = rows.iter().map(|row| Event::try_from(row).unwrap());
        events.map(Sent::of).collect()
    }

    async fn operations(&self) -> usize {
        self.records.rows(SystemTable::Operations.as_str()).len()
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(*self.traffic.lock().unwrap())
    }
}

/// Records that yield to other tasks at every call, as a backend over a network would, and count the traffic.
pub(crate) struct SharedRecords {
    records: Arc<MemoryRecords>,
    traffic: Arc<Mutex<Traffic>>,
}

impl SharedRecords {
    /// Counts one call and the rows it returned.
    fn count(&self, rows: &[Record]) {
        let mut traffic = self.traffic.lock().unwrap();
        traffic.statements += 1;
        traffic.rows += rows.len() as u64;
        traffic.bytes +=
            rows.iter().map(|row| serde_json::to_string(&row.fields).unwrap().len() as u64).sum::<u64>();
    }

    fn counted(&self, rows: Result<Vec<Record>, StoreError>) -> Result<Vec<Record>, StoreError> {
        self.count(rows.as_deref().unwrap_or_default());
        rows
    }
}

#[async_trait]
impl Records for SharedRecords {
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        yield_now().await;
        self.counted(self.records.get(kind, ids).await)
    }

    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        ids: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError> {
        yield_now().await;
        self.counted(self.records.referrers(kind, reference, ids, page).await)
    }

    async fn find_by_text(
        &self,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<Vec<Record>, StoreError> {
        yield_now().await;
        self.counted(self.records.find_by_text(kind, field, text).await)
    }

    async fn page(&self, kind: &Kind, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
        yield_now().await;
        self.counted(self.records.page(kind, page).await)
    }

    async fn write(&self, batch: &Batch) -> Result<(), BatchError> {
        yield_now().await;
        self.count(&[]);
        let written = self.records.write(batch).await;
        yield_now().await;
        written
    }

    async fn has_field(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
        yield_now().await;
        self.records.has_field(kind, field).await
    }

    async fn describe(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        yield_now().await;
        self.records.describe(map).await
    }
}
