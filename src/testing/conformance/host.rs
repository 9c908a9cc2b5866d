//! Hosts: how the suite gets a store, and how it reads and writes rows without the store.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Traffic;
use crate::domain::{AuditOutcome, FieldName, Kind, OperationId, Record, RecordId, Value};
use crate::store::Store;

/// A store and its backend for one test: empty, not shared, with the kinds of [`world`](super::world).
///
/// SQL stores can use `SqlHost`. Wrap the backend in [`Watched`](super::Watched); otherwise the cases about races and
/// dropped calls may test nothing.
///
/// All methods except [`store`](Self::store) access the backend directly. They may panic.
///
/// ```
/// use std::collections::BTreeMap;
/// use client_lifecycle::domain::{Kind, Record};
/// use client_lifecycle::memory::MemoryStore;
/// use client_lifecycle::store::Store;
/// use client_lifecycle::testing::conformance::{Host, Recorded, Sent, world};
///
/// struct MemoryHost(MemoryStore);
///
/// async fn fresh() -> MemoryHost {
///     let store = world().kinds().fold(MemoryStore::new(), |store, kind| store.with(&kind.name, []));
///     MemoryHost(store)
/// }
///
/// #[async_trait::async_trait]
/// impl Host for MemoryHost {
///     fn store(&self) -> &dyn Store {
///         &self.0
///     }
///
///     async fn load(&self, kind: &Kind, rows: Vec<Record>) {
///         self.0.insert(&kind.name, rows);
///     }
///
///     async fn rows(&self, kind: &Kind) -> Vec<Record> {
///         self.0.rows(kind.name.as_str())
///     }
///
///     async fn audit(&self) -> Vec<Recorded> {
///         self.0.audit().into_iter().flat_map(Recorded::of).collect()
///     }
///
///     async fn events(&self) -> Vec<Sent> {
///         self.0.events().into_iter().map(Sent::of).collect()
///     }
///
///     async fn operations(&self) -> usize {
///         self.0.receipts().len()
///     }
/// }
/// ```
#[async_trait]
pub trait Host: Send + Sync {
    /// Returns the store under test.
    fn store(&self) -> &dyn Store;

    /// Inserts rows in the way the host's own code would. A row of a kind without an id comes with a number as its id,
    /// for backends that need one.
    async fn load(&self, kind: &Kind, rows: Vec<Record>);

    /// Returns all rows of a kind. The ids of a kind without an id are ignored, and may be equal.
    async fn rows(&self, kind: &Kind) -> Vec<Record>;

    /// Returns the audit log in any order, with one item for each entry and subject.
    async fn audit(&self) -> Vec<Recorded>;

    /// Returns the outbox in any order.
    async fn events(&self) -> Vec<Sent>;

    /// Returns the number of applied operations.
    async fn operations(&self) -> usize;

    /// Returns the traffic between the store and its backend so far. Only the level `scale` calls this.
    fn traffic(&self) -> Option<Traffic> {
        None
    }
}

/// An attempt in the audit log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::exhaustive_structs, reason = "hosts make them")]
pub struct Recorded {
    /// The operation.
    pub operation: OperationId,
    /// The subject.
    pub subject: RecordId,
    /// The outcome.
    pub outcome: AuditOutcome,
}

impl Recorded {
    /// Returns one item for each subject of an audit entry.
    pub fn of(entry: crate::domain::AuditEntry) -> impl Iterator<Item = Self> {
        let subjects = entry.subjects.into_iter();
        subjects.map(move |subject| Self { operation: entry.operation, subject, outcome: entry.outcome })
    }
}

/// An event in the outbox.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "hosts make them")]
pub struct Sent {
    /// The operation.
    pub operation: OperationId,
    /// The topic.
    pub topic: String,
    /// The record.
    pub record: RecordId,
    /// The fields that the event contains.
    pub fields: BTreeMap<FieldName, Value>,
}

impl Sent {
    /// Converts an event.
    #[must_use]
    pub fn of(event: crate::domain::Event) -> Self {
        Self { operation: event.operation, topic: event.topic, record: event.record, fields: event.fields }
    }
}
