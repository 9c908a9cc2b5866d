//! Receipts: what an operation did, and what must still be deleted. Also dispositions and digests.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::words::words;
use crate::domain::{KindName, Mode, OperationId, ParseError, RecordId, ReferenceName, Request, RequestHash};

/// What an operation did: planned and actual counts, and the rows that must be deleted later, with their dates.
///
/// `Display` is the text for a person; `Serialize` is the JSON form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The operation.
    pub operation: OperationId,
    /// The hash of the request that was applied; `None` if an earlier version of the library applied it. A request
    /// with the same operation id and another hash is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestHash>,
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
    /// What happened to the subjects; `None` if the attempt was not applied.
    #[serde(with = "outcome")]
    pub outcome: Option<Disposition>,
    /// The number of tables and references about which the policy did not decide.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub undecided: u64,
    /// Whether no rows must be deleted later.
    pub complete: bool,
    /// The rows and what happened to them.
    pub steps: Vec<ReceiptStep>,
    /// Rows that still exist and must be deleted later.
    pub open: Vec<OpenItem>,
}

impl Receipt {
    /// Makes the receipt of an attempt that does not change the subjects.
    pub(crate) fn of(request: &Request, operation: OperationId, digest: Digest, at: DateTime<Utc>) -> Self {
        Self {
            operation,
            request: None,
            digest,
            at,
            kind: request.kind.clone(),
            subjects: request.subjects.clone(),
            mode: request.mode,
            outcome: None,
            undecided: 0,
            complete: true,
            steps: Vec::new(),
            open: Vec::new(),
        }
    }

    /// Returns the receipt with the planned counts as the actual counts.
    #[must_use]
    pub fn as_planned(&self) -> Self {
        let mut receipt = self.clone();
        for step in &mut receipt.steps {
            step.actual = step.planned;
        }
        receipt
    }
}

/// What happened to a set of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReceiptStep {
    /// The kind.
    pub kind: KindName,
    /// What happened to the rows.
    pub disposition: Disposition,
    /// The references from the subject to the rows.
    pub path: Vec<ReferenceName>,
    /// Whether only a foreign key of the database leads to the rows: the policy does not declare the reference.
    #[serde(default, skip_serializing_if = "is_false")]
    pub undeclared: bool,
    /// The new target of redirected references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<RecordId>,
    /// The number of rows in the plan.
    pub planned: u64,
    /// The number of rows that were written.
    pub actual: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Rows that had to stay, with the reason and the date until which they stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpenItem {
    /// The kind.
    pub kind: KindName,
    /// Why they had to stay.
    pub why: String,
    /// When the last of the rows may be deleted; `None` if a row has no start date.
    pub until: Option<DateTime<Utc>>,
    /// The number of rows.
    pub count: u64,
}

/// The outcome in documents. `none` stands for an attempt that was not applied.
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

words! {
    /// What happens to a row.
    #[non_exhaustive]
    pub enum Disposition: "disposition" {
        /// It is deleted.
        Delete = "delete",
        /// It is marked as deleted.
        SoftDelete = "soft_delete",
        /// It is set OFF.
        Deactivate = "deactivate",
        /// It is set ON.
        Reactivate = "reactivate",
        /// It gets back what a soft deletion replaced.
        Restore = "restore",
        /// It is created.
        Create = "create",
        /// Its fields get new values.
        Update = "update",
        /// It stays without its personal values.
        Anonymize = "anonymize",
        /// It stays until a period is over.
        Retain = "retain",
        /// Its reference is set to null.
        SetNull = "set_null",
        /// Its reference is set to its default.
        SetDefault = "set_default",
        /// Its reference is given another target.
        Reassign = "reassign",
        /// It stays as it is.
        Keep = "keep",
        /// It stays, masked, because surviving rows must keep referring to it.
        Tombstone = "tombstone",
    }
}

impl Disposition {
    /// Returns whether the row is still there afterwards.
    #[must_use]
    pub fn stays(self) -> bool {
        self != Self::Delete
    }

    /// Returns whether the disposition concerns a reference of a row. Such rows may be counted in other steps too.
    #[must_use]
    pub fn is_redirect(self) -> bool {
        matches!(self, Self::SetNull | Self::SetDefault | Self::Reassign)
    }

    /// Returns whether the rows can be restored.
    pub(crate) fn can_come_back(self) -> bool {
        matches!(self, Self::SoftDelete | Self::Deactivate | Self::Reactivate)
    }

    /// Returns whether the rows stay without their personal values.
    pub(crate) fn is_masked(self) -> bool {
        matches!(self, Self::Anonymize | Self::Tombstone)
    }

    /// Returns whether the rows stay as they are.
    pub(crate) fn is_untouched(self) -> bool {
        matches!(self, Self::Retain | Self::Keep)
    }
}

/// The SHA-256 hash of everything in a plan that a person relies on, as 64 hexadecimal digits.
///
/// It covers the subjects, the mode, the policy version, the blockers, the warnings, and the steps with their counts
/// and new targets. It also covers everything in the policy that decides what is written: the data map with its masks,
/// and the guards, rules and effects of the mode, whatever the version says. For steps of volatile kinds, it leaves out the counts. It does not cover samples, the time,
/// acknowledgements, the actor, the reason or the operation. If the data is the same, a plan made today and a plan
/// made tomorrow therefore have the same digest.
///
/// `Deserialize` does not check the text, because a store wrote it. For text from elsewhere, use `try_from`.
///
/// ```
/// use client_lifecycle::protocol::Digest;
/// assert!(Digest::try_from("0".repeat(64).as_str()).is_ok());
/// assert!(Digest::try_from("3 debts").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Returns the 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes a digest from the hexadecimal digits of a hash.
    pub(crate) fn of_hash(digits: String) -> Self {
        Self(digits)
    }

    /// Returns the empty digest, for an operation without a plan.
    pub(crate) fn none() -> Self {
        Self(String::new())
    }
}

impl TryFrom<&str> for Digest {
    type Error = ParseError;

    /// Parses 64 hexadecimal digits, in upper or lower case.
    fn try_from(text: &str) -> Result<Self, ParseError> {
        if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            let found = text.chars().count();
            Err(ParseError::new(format!(
                "expected a digest of 64 hexadecimal digits, found text of {found} characters"
            )))
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
