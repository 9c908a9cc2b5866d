//! Steps, blockers, warnings and effects: the lines of a plan.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{INFINITY, KindName, Period, RecordId, ReferenceName, instant_text};
use crate::protocol::Disposition;

/// What identifies a step: everything but its count.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StepKey {
    /// The kind of the rows.
    pub kind: KindName,
    /// What happens to them.
    pub disposition: Disposition,
    /// The references from the subject to the rows: the shortest chain, or the first by name of several.
    pub path: Vec<ReferenceName>,
    /// The rule that decided, as policy documents name it. For the subject's own step, the mode.
    pub rule: String,
    /// The condition of the rule's entry, as text.
    pub when: Option<String>,
    /// The legal basis of a retention.
    pub basis: Option<String>,
    /// Whether the kind is volatile. The number of rows may then change between plan and execution.
    pub volatile: bool,
    /// Whether only a foreign key of the database leads to the rows: the policy does not declare the reference.
    #[serde(default, skip_serializing_if = "is_false")]
    pub undeclared: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A set of rows and what happens to them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// What identifies the step.
    #[serde(flatten)]
    pub key: StepKey,
    /// The number of rows.
    pub count: u64,
    /// Until when the rows stay, if the date is known.
    #[serde(serialize_with = "last_instant")]
    pub until: Option<Until>,
    /// The new target of redirected references.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<RecordId>,
    /// The retention periods that apply to rows of this step.
    #[serde(skip)]
    pub grounds: Vec<Ground>,
    /// For tombstones: the surviving rows because of which the rows of this step must stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forced_by: Vec<Forced>,
}

/// Surviving rows that must keep their reference. The rows they refer to therefore stay as tombstones.
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

/// When the rows of a step may be deleted. At `last`, all of them may. A date that never comes, because a row has an
/// infinite date or the period ends beyond the calendar, is the last instant of `chrono`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Until {
    /// When the first row may be deleted.
    pub first: DateTime<Utc>,
    /// When the last row may be deleted.
    pub last: DateTime<Utc>,
}

/// A retention period, and the number of rows it retains.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ground {
    /// The reference whose rule retains the rows.
    pub reference: ReferenceName,
    /// The period.
    pub period: Period,
    /// The legal basis.
    pub basis: String,
    /// The number of rows.
    pub count: u64,
    /// The number of rows without a start date. They are retained indefinitely.
    pub undated: u64,
    /// When the rows with a start date may be deleted.
    pub until: Option<Until>,
}

impl Until {
    /// Returns when all rows may be deleted; `None` if that never comes.
    pub(crate) fn last_date(self) -> Option<DateTime<Utc>> {
        (self.last < INFINITY).then_some(self.last)
    }
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
        Some(until) => until.last_date().map(instant_text).serialize(serializer),
        None => serializer.serialize_none(),
    }
}

/// Rows that stop the operation, and what to do about them.
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
    /// What the caller has to do first.
    pub remedy: String,
}

/// Something that stops the operation until the request acknowledges it by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// The name by which the request acknowledges it.
    pub name: String,
    /// The kind of the rows.
    pub kind: KindName,
    /// The number of rows.
    pub count: u64,
    /// The first five ids, in order. Empty if the warning names no rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<RecordId>,
    /// The problem.
    pub message: String,
    /// What could be done instead. Empty if the policy suggests nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
    /// Whether the request acknowledges it. Always true for notes, which stop nothing.
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
