//! Blockers, warnings and effects of a plan.

use serde::Serialize;

use crate::domain::{KindName, RecordId, ReferenceName};

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
