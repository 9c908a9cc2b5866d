//! Clashes: rows that an operation would make equal under a unique key of the store.

#![allow(clippy::exhaustive_structs, reason = "a new part must fail to compile in every store")]

use super::{ChangeStep, SurveyQuery};
use crate::domain::{KindName, RecordId};

/// What a plan would write, for the question which rows it would make equal.
#[derive(Debug, Clone, Copy)]
pub struct PlannedWrites<'a> {
    /// The sets that the steps refer to.
    pub query: &'a SurveyQuery,
    /// The steps, in the order in which they would run.
    pub steps: &'a [ChangeStep],
}

/// Rows that would have the same values in a unique key as another row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Clash {
    /// The kind of the rows.
    pub kind: KindName,
    /// The position of the first step that writes the key.
    pub step: usize,
    /// The columns or expressions of the unique key.
    pub key: Vec<String>,
    /// The number of rows that get such values. Rows that no step writes are not counted.
    pub count: u64,
    /// The first ids of these rows, in order.
    pub sample: Vec<RecordId>,
}

impl Clash {
    /// Makes a clash of rows that a step writes.
    #[must_use]
    pub fn new(kind: impl Into<KindName>, step: usize, key: Vec<String>, count: u64) -> Self {
        Self { kind: kind.into(), step, key, count, sample: Vec::new() }
    }

    /// Sets the first ids.
    #[must_use]
    pub fn with_sample(mut self, sample: Vec<RecordId>) -> Self {
        self.sample = sample;
        self
    }
}
