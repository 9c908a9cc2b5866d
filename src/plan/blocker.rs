//! What stops an operation, what it warns of, and what it sets off elsewhere.

use serde::Serialize;

use crate::domain::{KindName, RecordId, ReferenceName};

/// Rows that stand in the way, and what can be done about them.
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
    /// How many rows.
    pub count: u64,
    /// The first five ids, in order.
    pub sample: Vec<RecordId>,
    /// What is in the way.
    pub message: String,
    /// What to do first.
    pub remedy: String,
}

/// Something to be seen before the operation; stops it until the request acknowledges it by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// The name to acknowledge it by.
    pub name: String,
    /// The kind of the rows.
    pub kind: KindName,
    /// How many rows.
    pub count: u64,
    /// What is to be seen.
    pub message: String,
    /// What could be done instead; empty where nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
    /// Whether the request acknowledges it, or it is a note that stops nothing.
    pub acknowledged: bool,
}

/// What other systems will be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Effect {
    /// What it is about.
    pub topic: String,
    /// How many events: one per row.
    pub count: u64,
}
