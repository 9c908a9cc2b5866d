//! Records: the simpler trait that a host implements, and the batches it writes.

#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "a new part must fail to compile in every backend"
)]

use std::sync::Arc;

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{DataMap, Fault, FieldName, Kind, KindName, Record, RecordId, Reference};

/// A backend that reads rows by id and by reference, and writes one conditional batch.
///
/// Wrapped in [`ByRow`](super::ByRow), it is a [`Store`](super::Store). The crate's own tables (operations, audit,
/// outbox, marks) are ordinary kinds with the reserved names of [`SystemTable`](super::SystemTable). Kinds and fields
/// have the names of the data map; `table` and `column` are only for SQL. A backend must be able to write a batch
/// atomically, and only if the batch's conditions hold. Otherwise it cannot be a store.
///
/// The example `own_tables` is a complete implementation, and the [guide](crate::guide::stores) explains the details.
#[async_trait]
pub trait Records: Send + Sync {
    /// Returns the records with these ids, in any order. Missing ids are left out.
    ///
    /// If the map declares the kind's ids as integers, [`ByRow`](super::ByRow) passes only integers: it converts text
    /// of digits and rejects other text. Otherwise it passes ids as the caller gave them. A backend whose ids are
    /// integers must then find the integer for text of the same digits.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for a kind that the backend does not have, even if no ids are given, and
    /// [`StoreError::WrongId`] for an id that no record of the kind could have.
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError>;

    /// Returns the next page of records that hold one of the keys over a reference. The records are sorted by their own
    /// ids, start after `page.after`, and number at most `page.limit`.
    ///
    /// `kind` is the kind of the referring records. [`Reference::held_by`] returns the keys that a record holds: the
    /// value of its field, a tuple if the reference has several fields, or each element of a list. Return a record
    /// whose list cannot be read too, because it might hold one of the keys. The condition of the reference need not be
    /// checked. A page with fewer records than the limit is the last.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for a kind that the backend does not have.
    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        keys: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError>;

    /// Writes the batch if all its conditions hold: all of it, or nothing.
    ///
    /// A batch without changes only checks its conditions, at one moment. `ByRow` uses this to turn several reads
    /// into one snapshot.
    ///
    /// # Errors
    /// [`BatchError::Changed`] if a condition does not hold, or an error of the backend. Nothing has changed then.
    async fn write(&self, batch: &Batch) -> Result<(), BatchError>;

    /// Returns the records with this text in a field, in any order. ASCII letters are compared without case, as in
    /// e-mail addresses. Needed only for fields whose values must be unique.
    ///
    /// A backend that implements it must also check [`Batch::exact_matches`].
    ///
    /// # Errors
    /// [`StoreError::Unsupported`], unless the backend implements it.
    async fn find_by_text(
        &self,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<Vec<Record>, StoreError> {
        let _ = text;
        Err(StoreError::Unsupported(format!("looking up `{}` by `{field}`", kind.name)))
    }

    /// Returns the next page of records of a kind, sorted by id: at most `page.limit` records after `page.after`. A
    /// page with fewer records than the limit is the last.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`], unless the backend implements it.
    async fn page(&self, kind: &Kind, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
        let _ = page;
        Err(StoreError::Unsupported(format!("listing `{}`", kind.name)))
    }

    /// Returns whether records of the kind can have the field. `ByRow` asks this if neither the map nor any record
    /// read so far has the field. A backend without a catalogue need not implement it.
    ///
    /// # Errors
    /// [`StoreError`] if the backend could not be queried.
    async fn has_field(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
        let _ = (kind, field);
        Ok(false)
    }

    /// Returns the faults that the backend finds in the fields of the map. Missing kinds are reported without it.
    ///
    /// # Errors
    /// [`StoreError`] if the backend could not be queried.
    async fn describe(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        let _ = map;
        Ok(Vec::new())
    }
}

/// A page of a longer list.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The last id of the previous page.
    pub after: Option<&'a RecordId>,
    /// The maximum number of records.
    pub limit: usize,
}

/// Conditions and changes, written together or not at all.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Rows that must not have changed since they were read.
    pub unchanged: Vec<Unchanged>,
    /// Targets, each with the only rows that may refer to it.
    pub exact_referrers: Vec<ExactReferrers>,
    /// Texts, each with the only rows that may have it. Only backends that implement [`Records::find_by_text`]
    /// receive these.
    pub exact_matches: Vec<ExactMatches>,
    /// The changes, in order.
    pub changes: Vec<RowChange>,
}

/// A row that must not have changed: it must still equal what `get` or `referrers` returned.
#[derive(Debug, Clone)]
pub struct Unchanged {
    /// The kind.
    pub kind: KindName,
    /// The id.
    pub id: RecordId,
    /// The row as it was read; `None` if it did not exist.
    pub record: Option<Record>,
}

/// A condition: over this reference, exactly these rows hold the key. [`Reference::held_by`] returns the keys that a
/// row holds.
#[derive(Debug, Clone)]
pub struct ExactReferrers {
    /// The reference.
    pub reference: Arc<Reference>,
    /// The kind of the referring rows.
    pub kind: Arc<Kind>,
    /// The key of the row referred to.
    pub target: RecordId,
    /// The ids of these rows, in the order of [`RecordId`].
    pub referrers: Vec<RecordId>,
}

/// A condition: exactly these rows have the text in the field. ASCII letters are compared without case.
///
/// `Debug` hides the text.
#[derive(Clone)]
pub struct ExactMatches {
    /// The kind.
    pub kind: KindName,
    /// The field.
    pub field: FieldName,
    /// The text.
    pub text: String,
    /// The ids of the rows, in the order of [`RecordId`].
    pub rows: Vec<RecordId>,
}

impl std::fmt::Debug for ExactMatches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExactMatches")
            .field("kind", &self.kind)
            .field("field", &self.field)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

/// The change of one row.
#[derive(Debug, Clone)]
pub enum RowChange {
    /// Writes the row as given, and replaces a row with the same id.
    Put {
        /// The kind.
        kind: KindName,
        /// The row.
        record: Record,
    },
    /// Deletes the row.
    Delete {
        /// The kind.
        kind: KindName,
        /// The id.
        id: RecordId,
    },
}

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A condition did not hold. `ByRow` then reads the rows again and decides again.
    #[error("a row changed since it was read")]
    Changed,
    /// The backend failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
