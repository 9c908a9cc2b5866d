//! Steps, blockers, warnings and effects: the lines of a plan.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{KindName, Period, RecordId, ReferenceName, instant_text};
use crate::protocol::Disposition;

/// What identifies a step: everything but its count.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepKey {
    /// The kind of the rows.
    pub kind: KindName,
    /// What becomes of them.
    pub disposition: Disposition,
    /// The references from the subject to the rows: the shortest chain, or the first by name of several.
    pub path: Vec<ReferenceName>,
    /// The rule that decided, as policy documents name it; the mode for the subject's own step.
    pub rule: String,
    /// The condition of the rule's entry, in words.
    pub when: Option<String>,
    /// The ground of a retention.
    pub basis: Option<String>,
    /// Whether the kind is volatile, so that the number of rows may change between plan and execution.
    pub volatile: bool,
}

/// A set of rows and what becomes of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// The rows and the reason.
    #[serde(flatten)]
    pub key: StepKey,
    /// The number of rows.
    pub count: u64,
    /// Until when the rows stay, if that is known.
    #[serde(serialize_with = "last_instant")]
    pub until: Option<Until>,
    /// The record that redirected references point at instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<RecordId>,
    /// The retention periods that apply to rows of this step.
    #[serde(skip)]
    pub grounds: Vec<Ground>,
    /// For tombstones: the surviving rows that force these to stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forced_by: Vec<Forced>,
}

/// Surviving rows that must keep their reference, so that the rows they refer to stay as tombstones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Forced {
    /// The reference that the surviving rows keep.
    pub reference: ReferenceName,
    /// The number of rows.
    pub count: u64,
    /// The first five ids, in order.
    pub sample: Vec<RecordId>,
}

/// When the rows of a step become due. All of them are due at the last date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Until {
    /// When the first row may be deleted.
    pub first: DateTime<Utc>,
    /// When the last row becomes due.
    pub last: DateTime<Utc>,
}

/// A retention period, and the number of rows it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ground {
    /// The reference whose rule retains the rows.
    pub reference: ReferenceName,
    /// The period.
    pub period: Period,
    /// The legal ground.
    pub basis: String,
    /// The number of rows.
    pub count: u64,
    /// The number of rows without a date to count from, which are retained indefinitely.
    pub undated: u64,
    /// When the rows with a date become due.
    pub until: Option<Until>,
}

impl Step {
    /// Returns whether this is the subject's own step.
    #[must_use]
    pub fn is_subject(&self) -> bool {
        self.key.path.is_empty()
    }
}

#[allow(clippy::ref_option, reason = "the form serde asks for")]
fn last_instant<S: serde::Serializer>(until: &Option<Until>, serializer: S) -> Result<S::Ok, S::Error> {
    match until {
        Some(until) => serializer.serialize_str(&instant_text(until.last)),
        None => serializer.serialize_none(),
    }
}

/// Rows that stop the operation, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Blocker {
    /// The kind of the rows.
    pub kind: KindName,
    /// The reference whose rule blocks; `None` for a guard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<ReferenceName>,
    /// The rule, or the name of the guard.
    pub rule: String,
    /// The number of rows.
    pub count: u64,
    /// The first five ids, in order.
    pub sample: Vec<RecordId>,
    /// What stops the operation.
    pub message: String,
    /// What to do first.
    pub remedy: String,
}

/// Something that stops the operation until the request acknowledges it by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// The name to acknowledge it by.
    pub name: String,
    /// The kind of the rows.
    pub kind: KindName,
    /// The number of rows.
    pub count: u64,
    /// What the warning is about.
    pub message: String,
    /// What could be done instead; empty if the policy names nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
    /// Whether the request acknowledges it, or it is a note that stops nothing.
    pub acknowledged: bool,
}

/// Events that other systems will get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Effect {
    /// The topic.
    pub topic: String,
    /// The number of events: one per row.
    pub count: u64,
}
