//! Batches: what a backend that works by rows writes at once.

use super::StoreError;
use crate::domain::{FieldName, KindName, Record, RecordId, ReferenceName};

/// Conditions and changes, written together or not at all.
#[derive(Debug, Clone, Default)]
#[allow(clippy::exhaustive_structs, reason = "a new part must fail to compile in every backend")]
pub struct Batch {
    /// Rows that must be as they were read.
    pub unchanged: Vec<Unchanged>,
    /// References to rows whose referrers must be exactly those that were read.
    pub exact_referrers: Vec<ExactReferrers>,
    /// Texts whose holders must be exactly those that were read. Only asked of backends that offer
    /// [`Records::holding`](super::Records::holding).
    pub holders: Vec<Holders>,
    /// The changes, in order.
    pub changes: Vec<RowChange>,
}

/// A row that must be as it was read: equal to what the backend's own `get` or `referrers` returned.
#[derive(Debug, Clone)]
pub struct Unchanged {
    /// The kind.
    pub kind: KindName,
    /// The id.
    pub id: RecordId,
    /// The row; `None` where there was none.
    pub record: Option<Record>,
}

/// The rows that refer to a row over a reference must be exactly these.
#[derive(Debug, Clone)]
pub struct ExactReferrers {
    /// The reference.
    pub reference: ReferenceName,
    /// The row referred to.
    pub target: RecordId,
    /// The ids of the rows that refer to it, in the order of [`RecordId`].
    pub referrers: Vec<RecordId>,
}

/// The rows that hold a text in a field, ASCII letters compared without case, must be exactly these.
///
/// `Debug` hides the text.
#[derive(Clone)]
pub struct Holders {
    /// The kind.
    pub kind: KindName,
    /// The field.
    pub field: FieldName,
    /// What is held.
    pub text: String,
    /// The ids of the rows that hold it, in the order of [`RecordId`].
    pub rows: Vec<RecordId>,
}

impl std::fmt::Debug for Holders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Holders")
            .field("kind", &self.kind)
            .field("field", &self.field)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

/// One row written.
#[derive(Debug, Clone)]
pub enum RowChange {
    /// The row is there, as given.
    Put {
        /// The kind.
        kind: KindName,
        /// The row.
        record: Record,
    },
    /// The row is gone.
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
    /// A condition did not hold. The rows are read again and decided again.
    #[error("a row changed since it was read")]
    Changed,
    /// The backend failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
