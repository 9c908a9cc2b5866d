//! Clashes: rows that a constraint of the store would refuse as an operation would write them.

#![allow(clippy::exhaustive_structs, reason = "a new part must fail to compile in every store")]

use super::{ChangeStep, SurveyQuery};
use crate::domain::{KindName, RecordId};

/// What a plan would write, for the question which rows a constraint would refuse.
#[derive(Debug, Clone, Copy)]
pub struct PlannedWrites<'a> {
    /// The sets that the steps refer to.
    pub query: &'a SurveyQuery,
    /// The steps, in the order in which they would run.
    pub steps: &'a [ChangeStep],
}

/// A constraint of the store, by what it says about the rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Constraint {
    /// No two rows have the same values in these columns or expressions.
    Unique(Vec<String>),
    /// No two rows overlap: an exclusion constraint with this name.
    Exclusion(String),
    /// Every row meets a condition: a CHECK constraint with this name, of the table or of a domain. A constraint without
    /// a name is named by its expression.
    Check(String),
    /// No row has null in this column.
    NotNull(String),
    /// The values of a column have a limited length or range.
    Limit {
        /// The column.
        column: String,
        /// The type with its limit, such as `character varying(20)`.
        limit: String,
    },
}

/// Rows that a constraint would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Clash {
    /// The kind of the rows.
    pub kind: KindName,
    /// The position of the first step that writes a column of the constraint.
    pub step: usize,
    /// The constraint.
    pub constraint: Constraint,
    /// The number of refused rows. Rows that no step writes are not counted.
    pub count: u64,
    /// The first ids of these rows, in order.
    pub sample: Vec<RecordId>,
}

impl Clash {
    /// Makes a clash of rows that a step writes.
    #[must_use]
    pub fn new(kind: impl Into<KindName>, step: usize, constraint: Constraint, count: u64) -> Self {
        Self { kind: kind.into(), step, constraint, count, sample: Vec::new() }
    }

    /// Sets the first ids.
    #[must_use]
    pub fn with_sample(mut self, sample: Vec<RecordId>) -> Self {
        self.sample = sample;
        self
    }
}
