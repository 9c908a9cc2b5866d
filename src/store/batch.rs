//! Batches: what a backend that works by rows writes together.

#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "a new part must fail to compile in every backend"
)]

use super::StoreError;
use crate::domain::{FieldName, KindName, Record, RecordId, ReferenceName};

/// Conditions and changes, written together or not at all.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Rows that must be as they were read.
    pub unchanged: Vec<Unchanged>,
    /// References to rows whose referrers must be exactly those that were read.
    pub exact_referrers: Vec<ExactReferrers>,
    /// Texts that exactly the rows that were read must have. Only backends that implement
    /// [`Records::find_by_text`](super::Records::find_by_text) get these.
    pub exact_matches: Vec<ExactMatches>,
    /// The changes, in order.
    pub changes: Vec<RowChange>,
}

/// A row that must be as it was read: equal to what the backend's `get` or `referrers` returned.
#[derive(Debug, Clone)]
pub struct Unchanged {
    /// The kind.
    pub kind: KindName,
    /// The id.
    pub id: RecordId,
    /// The row; `None` if there was none.
    pub record: Option<Record>,
}

/// A row to which exactly these rows must refer over a reference.
#[derive(Debug, Clone)]
pub struct ExactReferrers {
    /// The reference.
    pub reference: ReferenceName,
    /// The row referred to.
    pub target: RecordId,
    /// The ids of the referring rows, in the order of [`RecordId`].
    pub referrers: Vec<RecordId>,
}

/// A text that exactly these rows must have in a field. ASCII letters are compared without case.
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
    /// Writes the row as given, whether it is there or not.
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
    /// A condition did not hold. The caller reads the rows again and decides again.
    #[error("a row changed since it was read")]
    Changed,
    /// The backend failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
