//! Receipts: what was done, and what remains to be done.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Digest, Disposition};
use crate::domain::{KindName, Mode, OperationId, RecordId, ReferenceName};

/// What an operation did: planned and actual counts, and what is still open and until when.
///
/// `Display` is the text for a person; `Serialize` is the JSON form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The operation.
    pub operation: OperationId,
    /// The digest of the plan that was applied.
    pub digest: Digest,
    /// The instant at which the request was judged.
    pub at: DateTime<Utc>,
    /// The kind of the subjects.
    pub kind: KindName,
    /// The subjects.
    pub subjects: Vec<RecordId>,
    /// The mode of the request.
    pub mode: Mode,
    /// What became of the subjects; `None` if the attempt was not carried out.
    #[serde(with = "outcome")]
    pub outcome: Option<Disposition>,
    /// Whether nothing remains to be done.
    pub complete: bool,
    /// The rows and what became of them.
    pub steps: Vec<ReceiptStep>,
    /// Rows that are still there and have to be deleted later.
    pub open: Vec<OpenItem>,
}

impl Receipt {
    /// Returns the receipt of an operation that does exactly what was planned.
    #[must_use]
    pub fn as_planned(&self) -> Self {
        let mut receipt = self.clone();
        for step in &mut receipt.steps {
            step.actual = step.planned;
        }
        receipt
    }
}

/// What became of a set of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReceiptStep {
    /// The kind.
    pub kind: KindName,
    /// What became of the rows.
    pub disposition: Disposition,
    /// The references from the subject to the rows.
    pub path: Vec<ReferenceName>,
    /// The number of rows in the plan.
    pub planned: u64,
    /// The number of rows that were written.
    pub actual: u64,
}

/// Rows that had to stay, with the reason and the date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpenItem {
    /// The kind.
    pub kind: KindName,
    /// The reason.
    pub why: String,
    /// When the last of them may be deleted; `None` if a row has no date to count from.
    pub until: Option<DateTime<Utc>>,
    /// The number of rows.
    pub count: u64,
}

/// The outcome in documents, where `none` stands for an attempt that was not carried out.
mod outcome {
    use serde::de::IntoDeserializer;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Disposition;

    #[allow(
        clippy::trivially_copy_pass_by_ref,
        clippy::ref_option,
        reason = "the signature that serde asks for"
    )]
    pub(super) fn serialize<S: Serializer>(outcome: &Option<Disposition>, to: S) -> Result<S::Ok, S::Error> {
        match outcome {
            Some(outcome) => outcome.serialize(to),
            None => to.serialize_str("none"),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Disposition>, D::Error> {
        let text = String::deserialize(from)?;
        if text == "none" {
            return Ok(None);
        }
        Disposition::deserialize(text.into_deserializer()).map(Some)
    }
}
