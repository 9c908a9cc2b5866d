//! Change sets: everything one operation writes, as plain data.

use std::sync::Arc;

use super::{Branch, NamedSet, Question, Receipt, ReceiptStep, Rows, SetId, Stratum, SurveyQuery};
use crate::domain::{AuditEntry, Event, FieldName, KindName, Mask, MaskKey, OperationId, Record, Value};

/// Everything one operation writes: in one transaction, all of it or nothing.
///
/// A change set without steps and new rows records an attempt that was not carried out: only its audit entry is
/// written, and its operation id stays free for another try.
#[derive(Debug, Clone)]
#[allow(clippy::exhaustive_structs, reason = "a new part must fail to compile in every store")]
pub struct ChangeSet {
    /// The operation. A store that has done it answers with its first receipt and writes nothing.
    pub operation: OperationId,
    /// The sets that everything else speaks of, as they are before the first write.
    pub query: SurveyQuery,
    /// The rows to lock, in this order, on stores that lock rows.
    pub locks: Vec<LockRows>,
    /// What must be true once the rows are locked.
    pub preconditions: Vec<Precondition>,
    /// The rows that are new: written before the first step. There must be no row of the same id.
    pub inserts: Vec<NewRow>,
    /// What other systems are to be told, with values from before the first step.
    pub event_drafts: Vec<EventDraft>,
    /// What other systems are to be told that is known already.
    pub events: Vec<Event>,
    /// The steps, in the order in which they are run.
    pub steps: Vec<ChangeStep>,
    /// What is recorded, once for each subject.
    pub audit: AuditEntry,
    /// The fields of the subjects that their audit entries keep, as they were before the first step.
    pub snapshot: Vec<FieldName>,
    /// The receipt with the planned counts.
    pub receipt: Receipt,
    /// The key of keyed masks, where a step has some. It is written nowhere.
    pub mask_key: Option<MaskKey>,
}

/// A row that is new.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRow {
    /// Its kind.
    pub kind: KindName,
    /// The row.
    pub record: Record,
}

/// Rows to lock against writers and new referrers until commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockRows {
    /// Which.
    pub rows: Rows,
}

/// What must be true for the change set to be applied at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Precondition {
    /// How many rows there are of these.
    pub question: Question,
    /// How many there must be.
    pub expected: Expected,
}

/// A number of rows that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Exactly so many.
    Exactly(u64),
    /// At least one.
    Some,
}

impl Expected {
    /// Whether a count is as expected.
    #[must_use]
    pub fn accepts(self, found: u64) -> bool {
        match self {
            Self::Exactly(count) => count == found,
            Self::Some => found > 0,
        }
    }
}

/// A precondition that did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Its position among the preconditions.
    pub precondition: usize,
    /// What was found.
    pub found: u64,
}

/// A set of rows and what is written to them.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeStep {
    /// The kind of the rows.
    pub kind: KindName,
    /// Which rows.
    pub rows: Rows,
    /// What is written.
    pub write: Write,
    /// Which step of the receipt it is; `None` where it only prepares another.
    pub receipt_step: Option<usize>,
}

/// What is written to a set of rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// The rows go.
    Delete,
    /// Fields get new values, each computed from the row as it was before the first step.
    Update(Vec<(FieldName, NewValue)>),
    /// The same, and the rows are noted under the operation, so that it can be taken back.
    Mark(Vec<(FieldName, NewValue)>),
    /// Nothing: the rows are counted.
    Keep,
}

/// The new value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum NewValue {
    /// This value.
    Value(Value),
    /// What a mask makes of the old value.
    Masked(Mask),
    /// One more than the value is when the step is run; 1 where there is none.
    Next,
}

/// Events to be written: one for each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDraft {
    /// What they are about.
    pub topic: String,
    /// The kind of the rows.
    pub kind: KindName,
    /// Which rows.
    pub rows: Rows,
    /// The fields the receiver needs.
    pub fields: Vec<FieldName>,
}

impl Write {
    /// Whether rows are written at all.
    #[must_use]
    pub fn changes_rows(&self) -> bool {
        match self {
            Self::Delete | Self::Mark(_) => true,
            Self::Update(fields) => !fields.is_empty(),
            Self::Keep => false,
        }
    }
}

impl ChangeStep {
    /// The fields that get a pseudonym under a key.
    pub fn keyed_fields(&self) -> impl Iterator<Item = &FieldName> {
        let fields = match &self.write {
            Write::Update(fields) | Write::Mark(fields) => fields.as_slice(),
            Write::Delete | Write::Keep => &[],
        };
        fields.iter().filter(|(_, value)| *value == NewValue::Masked(Mask::Hmac)).map(|(field, _)| field)
    }
}

impl ChangeSet {
    /// Whether it only records an attempt.
    #[must_use]
    pub fn is_record_only(&self) -> bool {
        self.steps.is_empty() && self.inserts.is_empty()
    }

    /// The receipt for what was done: `affected` has one number for each step.
    #[must_use]
    pub fn receipt(&self, affected: &[u64]) -> Receipt {
        let mut receipt = self.receipt.clone();
        for (step, count) in self.steps.iter().zip(affected) {
            let row: Option<&mut ReceiptStep> =
                step.receipt_step.and_then(|index| receipt.steps.get_mut(index));
            if let Some(row) = row {
                row.actual += *count;
            }
        }
        receipt
    }

    /// The differences between what must be true and what the answers to the preconditions say.
    #[must_use]
    pub fn differences(&self, found: impl IntoIterator<Item = u64>) -> Vec<Difference> {
        let all = self.preconditions.iter().zip(found).enumerate();
        all.filter(|(_, (precondition, found))| !precondition.expected.accepts(*found))
            .map(|(precondition, (_, found))| Difference { precondition, found })
            .collect()
    }

    /// Adds how many rows of the subject's kind must come in over a branch, and returns the position of this
    /// precondition.
    pub(crate) fn require(&mut self, name: &str, branch: Branch, expected: Expected) -> usize {
        let id = SetId::after(&self.query.sets);
        let set = NamedSet { id, name: name.into(), kind: self.query.kind.clone(), branches: vec![branch] };
        self.query.sets = self.query.sets.iter().cloned().chain([Stratum::Set(set)]).collect();
        let question = Question::count(Rows::all(id));
        self.preconditions.push(Precondition { question, expected });
        self.preconditions.len() - 1
    }

    /// The same sets with the preconditions as the questions: what a store asks once the rows are locked.
    #[must_use]
    pub fn recheck(&self) -> SurveyQuery {
        let questions: Arc<[Question]> =
            self.preconditions.iter().map(|condition| condition.question.clone()).collect();
        SurveyQuery { questions, ..self.query.clone() }
    }
}
