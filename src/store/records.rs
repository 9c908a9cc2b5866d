//! Records: the easiest way to make a store.

use async_trait::async_trait;

use super::{Batch, BatchError, StoreError};
use crate::domain::{DataMap, Fault, FieldName, Kind, Record, RecordId, Reference};

/// A backend that can read rows by id and by reference, and write one conditional batch.
///
/// Wrapped in [`ByRow`](super::ByRow) it is a [`Store`](super::Store). The crate's own tables (operations, audit,
/// outbox, marks) are ordinary kinds with the reserved names of [`SystemTable`](super::SystemTable). Kinds and
/// fields have the names of the data map; its `table` and `column` are for SQL. A backend that cannot write a batch
/// atomically, and only if its conditions hold, cannot be a store.
///
/// The example `own_tables` is a complete implementation, and the [guide](crate::guide::stores) explains the details.
#[async_trait]
pub trait Records: Send + Sync {
    /// Returns the records with these ids, in any order. Missing ids are left out.
    ///
    /// If the map declares the kind's ids as integers, [`ByRow`](super::ByRow) passes integers only: text of digits
    /// is converted, other text is refused. Otherwise ids are passed as the caller gave them. If the kind's ids are
    /// integers, text must then find the integer of the same digits.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for a kind that the backend does not have, even if no ids are given, and
    /// [`StoreError::WrongId`] for an id that no record of the kind could have.
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError>;

    /// Returns the next records that refer to one of the ids, in the order of their own ids: those after `page.after`,
    /// at most `page.limit`.
    ///
    /// `kind` is the kind that refers. A short page is the last.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for a kind that the backend does not have.
    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        ids: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError>;

    /// Writes the batch if all its conditions hold: all of it, or nothing.
    ///
    /// A batch without changes only checks its conditions at one moment. That turns several reads into one snapshot.
    ///
    /// # Errors
    /// [`BatchError::Changed`] if a condition does not hold, or an error of the backend. Nothing has changed then.
    async fn write(&self, batch: &Batch) -> Result<(), BatchError>;

    /// Returns the records with this text in a field, in any order. ASCII letters are compared without case, as in
    /// e-mail addresses. It is needed for values that must be unique.
    ///
    /// A backend that implements it also checks [`Batch::exact_matches`].
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] unless it is implemented.
    async fn find_by_text(
        &self,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<Vec<Record>, StoreError> {
        let _ = text;
        Err(StoreError::Unsupported(format!("looking up `{}` by `{field}`", kind.name)))
    }

    /// Returns the next records of a kind, in the order of their ids: those after `page.after`, at most `page.limit`. A
    /// short page is the last.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] unless it is implemented.
    async fn page(&self, kind: &Kind, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
        let _ = page;
        Err(StoreError::Unsupported(format!("listing `{}`", kind.name)))
    }

    /// Returns whether records of the kind can have the field. Called for fields that neither the map nor any record
    /// read so far has. A backend without a catalogue need not implement it.
    ///
    /// # Errors
    /// [`StoreError`] if the backend could not be queried.
    async fn has_field(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
        let _ = (kind, field);
        Ok(false)
    }

    /// Returns the faults that the backend finds in the fields of the map. Missing kinds are found without it.
    ///
    /// # Errors
    /// [`StoreError`] if the backend could not be queried.
    async fn describe(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        let _ = map;
        Ok(Vec::new())
    }
}

/// A part of a longer answer.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::exhaustive_structs, reason = "hosts make them in their tests")]
pub struct Page<'a> {
    /// The last id of the page before.
    pub after: Option<&'a RecordId>,
    /// The maximum number of records.
    pub limit: usize,
}
