//! Queries for receipts.

use crate::domain::{KindName, Mode, OperationId, RecordId};

/// Which receipt to return.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a new query must fail to compile in every store")]
pub enum ReceiptQuery {
    /// That of an operation.
    Operation(OperationId),
    /// That of the last operation that marked a record as deleted, restored it, or erased it: an operation in one of the
    /// [`MODES`](Self::MODES) with the record among its subjects.
    LastRemoval {
        /// The kind.
        kind: KindName,
        /// The record.
        record: RecordId,
    },
}

impl ReceiptQuery {
    /// The modes of a removal or of its opposite.
    pub const MODES: [Mode; 4] = [Mode::SoftDelete, Mode::Restore, Mode::Anonymize, Mode::HardDelete];
}
