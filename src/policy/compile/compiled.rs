//! A compiled mode: everything about a mode that does not depend on the request.

use std::sync::Arc;

use super::write_template::{Target, WriteTemplate};
use crate::domain::{Condition, KindName, Period, ReferenceName};
use crate::plan::StepKey;
use crate::policy::Guard;
use crate::protocol::{EventDraft, Question, Rows, Stratum};

/// A compiled mode. Each `question` is the position of an answer in the survey.
#[derive(Debug)]
pub(crate) struct CompiledMode {
    pub(crate) sets: Arc<[Stratum]>,
    pub(crate) questions: Arc<[Question]>,
    /// In the order in which they are carried out.
    pub(crate) steps: Vec<CompiledStep>,
    pub(crate) blockers: Vec<CompiledBlocker>,
    pub(crate) guards: Vec<CompiledGuard>,
    pub(crate) effects: Vec<CompiledEffect>,
    pub(crate) targets: Vec<CompiledTarget>,
    pub(crate) locks: Vec<Rows>,
}

/// A step without its count.
#[derive(Debug, Clone)]
pub(crate) struct CompiledStep {
    pub(crate) key: StepKey,
    pub(crate) rows: Rows,
    pub(crate) question: usize,
    pub(crate) write: WriteTemplate,
    pub(crate) grounds: Vec<CompiledGround>,
    /// For tombstones: the references that force rows to stay, with the questions about the rows that refer.
    pub(crate) forced_by: Vec<(ReferenceName, usize)>,
    /// Whether the plan shows the step; if not, it only prepares or completes another.
    pub(crate) shown: bool,
}

impl CompiledStep {
    pub(super) fn new(key: StepKey, rows: Rows, question: usize, write: WriteTemplate) -> Self {
        let (grounds, forced_by) = (Vec::new(), Vec::new());
        Self { key, rows, question, write, grounds, forced_by, shown: true }
    }

    pub(super) fn hidden(key: StepKey, rows: Rows, question: usize, write: WriteTemplate) -> Self {
        Self { shown: false, ..Self::new(key, rows, question, write) }
    }
}

/// A retention period, and the questions about the rows it keeps.
#[derive(Debug, Clone)]
pub(crate) struct CompiledGround {
    pub(crate) reference: ReferenceName,
    pub(crate) period: Period,
    pub(crate) basis: String,
    /// Asks for the number of rows, and for their first and last date.
    pub(crate) question: usize,
    /// Asks for the number of rows without a date.
    pub(crate) undated: usize,
}

/// A question for rows that block the operation.
#[derive(Debug)]
pub(crate) struct CompiledBlocker {
    pub(crate) kind: KindName,
    /// `None` for rows that the policy may not touch at all.
    pub(crate) reference: Option<ReferenceName>,
    pub(crate) rule: &'static str,
    /// The condition of the entry, in words.
    pub(crate) when: Option<String>,
    /// The policy's rationale for the entry.
    pub(crate) rationale: Option<String>,
    pub(crate) question: usize,
}

/// A guard and the question for the rows that match it.
#[derive(Debug)]
pub(crate) struct CompiledGuard {
    pub(crate) guard: Guard,
    pub(crate) question: usize,
}

/// An effect: its events, and the question for their number.
#[derive(Debug)]
pub(crate) struct CompiledEffect {
    pub(crate) events: EventDraft,
    pub(crate) question: usize,
}

/// The new target of redirected references. It must exist and stay.
#[derive(Debug)]
pub(crate) struct CompiledTarget {
    pub(crate) reference: ReferenceName,
    pub(crate) from: KindName,
    pub(crate) to: KindName,
    pub(crate) target: Target,
    pub(crate) rule: &'static str,
    /// Asks for the number of rows that would refer to the record.
    pub(crate) question: usize,
    /// Rows that the record must not be among.
    pub(crate) except: Vec<Rows>,
    /// The condition that the record must meet.
    pub(crate) qualifies: Option<Condition>,
}
