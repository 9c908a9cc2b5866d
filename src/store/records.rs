//! Rows: the easiest way to be a store.

use async_trait::async_trait;

use super::{Batch, BatchError, StoreError};
use crate::domain::{DataMap, Fault, FieldName, Kind, Record, RecordId, Reference};

/// A backend that can read rows by id and by reference, and write one conditional batch.
///
/// Wrapped in [`ByRow`](super::ByRow) it is a [`Store`](super::Store). The crate's own tables (operations,
/// audit, outbox, marks) arrive as ordinary kinds with the reserved names of [`system_tables`](super::system_tables);
/// keep them like any other. Kinds and fields are called as in the data map: its `table` and `column` are for
/// SQL, and a backend that calls them otherwise translates. A backend that cannot write a batch atomically, and only if its conditions
/// hold, cannot be a store.
///
/// The example `own_tables` is a complete implementation to begin with, and the
/// [guide](crate::guide::stores) says what to get right.
#[async_trait]
pub trait Records: Send + Sync {
    /// The records with these ids, in any order; ids that are not there are left out.
    ///
    /// Where the map declares the kind's ids as integers, [`ByRow`](super::ByRow) asks with integers only:
    /// text of the same digits was made one, other text was refused. Where it does not, ids come as callers
    /// gave them, and text should find the integer of the same digits if the kind's ids are integers.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for a kind the backend does not have, also when no ids are given;
    /// [`StoreError::WrongId`] for an id that no record of the kind could have.
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError>;

    /// The next records, in the order of their ids, of which the reference holds one of the ids: those
    /// after `page.after`, `page.limit` at most.
    ///
    /// `kind` is the kind that refers. A short page is the last.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for a kind the backend does not have.
    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        ids: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError>;

    /// Writes the batch if all its conditions hold: all of it, or nothing.
    ///
    /// A batch without changes asks whether its conditions hold at one and the same moment: that is how
    /// several reads are made one snapshot.
    ///
    /// # Errors
    /// [`BatchError::Changed`] where a condition does not hold, or what the backend says. Nothing has
    /// changed then.
    async fn write(&self, batch: &Batch) -> Result<(), BatchError>;

    /// The records that hold this text in a field, in any order; ASCII letters are compared without case, as in
    /// e-mail addresses. Asked where a value must be unique.
    ///
    /// A backend that offers it also checks [`Batch::holders`].
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] where the backend cannot, as unless it is implemented.
    async fn holding(&self, kind: &Kind, field: &FieldName, text: &str) -> Result<Vec<Record>, StoreError> {
        let _ = text;
        Err(StoreError::Unsupported(format!("looking up `{}` by `{field}`", kind.name)))
    }

    /// The next records of a kind, in the order of their ids: those after `page.after`, `page.limit` at most. A
    /// short page is the last.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] where the backend cannot, as unless it is implemented.
    async fn page(&self, kind: &Kind, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
        let _ = page;
        Err(StoreError::Unsupported(format!("listing `{}`", kind.name)))
    }

    /// Whether records of the kind can have the field. Asked only of fields that the map does not name and
    /// that no record had which was read; a backend without a catalogue need not say.
    ///
    /// # Errors
    /// [`StoreError`] when the backend could not be asked.
    async fn has_field(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
        let _ = (kind, field);
        Ok(false)
    }

    /// What the backend can say about the fields of the map, beyond that its kinds are there.
    ///
    /// # Errors
    /// [`StoreError`] when the backend could not be asked. What it answered is in the faults.
    async fn describe(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        let _ = map;
        Ok(Vec::new())
    }
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
