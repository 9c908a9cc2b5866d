//! Steps: the sets of rows a plan speaks of, each with its reason.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{KindName, Period, RecordId, ReferenceName, instant_text};
use crate::protocol::Disposition;

/// What a step is, apart from its count: the part the policy decides.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StepKey {
    /// The kind of the rows.
    pub kind: KindName,
    /// What becomes of them.
    pub disposition: Disposition,
    /// The references from the subject to the rows: the shortest chain, then the first by name.
    pub path: Vec<ReferenceName>,
    /// The rule that decided, as documents name it; the mode for the subject's own step.
    pub rule: String,
    /// The condition of the rule's entry, in words; `None` where there is none.
    pub when: Option<String>,
    /// The ground of a retention.
    pub basis: Option<String>,
    /// Whether the rows come and go all the time, so that their number binds nothing.
    pub volatile: bool,
}

/// A set of rows and what becomes of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// Which rows, and why.
    #[serde(flatten)]
    pub key: StepKey,
    /// How many.
    pub count: u64,
    /// Until when they stay, where that is known.
    #[serde(serialize_with = "last_instant")]
    pub until: Option<Until>,
    /// The record that redirected references point at instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<RecordId>,
    /// The retention periods that rows of this step are under; more than one where several apply.
    #[serde(skip)]
    pub grounds: Vec<Ground>,
    /// For tombstones: the rows that force these to stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forced_by: Vec<Forced>,
}

/// Rows that survive and must keep referring to rows that should have gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Forced {
    /// The reference they keep.
    pub reference: ReferenceName,
    /// How many.
    pub count: u64,
    /// The first five ids, in order.
    pub sample: Vec<RecordId>,
}

/// From when to when the rows of a step become due. The last date is the one that frees all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until {
    /// When the first row becomes due.
    pub first: DateTime<Utc>,
    /// When the last row becomes due.
    pub last: DateTime<Utc>,
}

/// A retention period that keeps rows, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ground {
    /// The reference whose rule says so.
    pub reference: ReferenceName,
    /// For how long.
    pub period: Period,
    /// Under which ground.
    pub basis: String,
    /// How many rows.
    pub count: u64,
    /// How many of them have no date to count from, and so no end.
    pub undated: u64,
    /// When the rows with a date become due.
    pub until: Option<Until>,
}

impl Step {
    /// Whether this is the subject's own step.
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
