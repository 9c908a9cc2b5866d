//! Rows: the easiest way to be a store.

use async_trait::async_trait;

use super::{Batch, BatchError, StoreError};
use crate::domain::{Kind, Record, RecordId, Reference};

/// A backend that can read rows by id and by reference, and write one conditional batch.
///
/// Wrapped in [`ByRow`](super::ByRow) it is a [`Store`](super::Store). The crate's own tables (operations,
/// audit, outbox, marks) arrive as ordinary kinds with reserved names; keep them like any other.
/// A backend that cannot write a batch atomically, and only if its conditions hold, cannot be a store.
#[async_trait]
pub trait Records: Send + Sync {
    /// The records with these ids, in any order; ids that are not there are left out.
    ///
    /// An id given as text finds the integer of the same digits where the kind's ids are integers. A kind
    /// the backend does not have is [`StoreError::Unknown`], also when no ids are given.
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError>;

    /// The next records, in the order of their ids, of which the reference holds one of the ids: those
    /// after `page.after`, `page.limit` at most.
    ///
    /// `kind` is the kind that refers. A short page is the last.
    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        ids: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError>;

    /// Writes the batch if all its conditions hold: all of it, or nothing.
    async fn write(&self, batch: &Batch) -> Result<(), BatchError>;
}

/// Which part of an answer.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::exhaustive_structs, reason = "hosts make them in their tests")]
pub struct Page<'a> {
    /// The last id of the page before.
    pub after: Option<&'a RecordId>,
    /// How many records at most.
    pub limit: usize,
}
