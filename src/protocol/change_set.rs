//! Change sets: everything one operation writes, as plain data.

#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "a new part must fail to compile in every store"
)]

use std::sync::Arc;

use super::{Branch, NamedSet, Question, Receipt, ReceiptStep, Rows, SetId, Stratum, SurveyQuery};
use crate::domain::{
    AuditEntry, Event, FieldName, Kind, KindName, Mask, MaskKey, OperationId, PersonalIds, Record, RecordId,
    ReferenceName, Value,
};

/// Everything one operation writes: in one transaction, all of it or nothing.
///
/// A change set without steps and new rows records an attempt that was not carried out. Only its audit entry is
/// written, and its operation id stays free for another attempt.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// The operation. A store that has applied it returns the first receipt and writes nothing.
    pub operation: OperationId,
    /// The sets that locks, preconditions, events and steps refer to. They are evaluated before the first write.
    pub query: SurveyQuery,
    /// The rows to lock, in this order. Stores that do not lock rows ignore it.
    pub locks: Vec<LockRows>,
    /// What must hold once the rows are locked.
    pub preconditions: Vec<Precondition>,
    /// New rows, written before the first step. A row with the same id must not exist.
    pub inserts: Vec<NewRow>,
    /// Events that the store creates from rows. Their fields have the values from before the first step.
    pub event_drafts: Vec<EventDraft>,
    /// Events that are complete.
    pub events: Vec<Event>,
    /// The steps, in the order in which they are run.
    pub steps: Vec<ChangeStep>,
    /// The audit entry, written once for each subject.
    pub audit: AuditEntry,
    /// The fields of the subjects that their audit entries record, as they were before the first step.
    pub snapshot: Vec<FieldName>,
    /// The receipt with the planned counts.
    pub receipt: Receipt,
    /// The key of keyed masks, if a step uses one. It is never stored.
    pub mask_key: Option<MaskKey>,
}

/// A new row.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRow {
    /// The kind.
    pub kind: KindName,
    /// The row.
    pub record: Record,
}

/// Rows to lock until commit, against other writers and against new references to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockRows {
    /// The rows.
    pub rows: Rows,
}

/// A condition that must hold for the change set to be applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Precondition {
    /// The rows to count.
    pub question: Question,
    /// The expected count.
    pub expected: Expected,
}

/// An expected number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Exactly this number.
    Exactly(u64),
    /// At least one.
    Some,
}

impl Expected {
    /// Returns whether a count is as expected.
    #[must_use]
    pub fn accepts(self, found: u64) -> bool {
        match self {
            Self::Exactly(count) => count == found,
            Self::Some => found > 0,
        }
    }
}

/// A precondition that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// The position of the precondition.
    pub precondition: usize,
    /// The number of rows found.
    pub found: u64,
}

/// A set of rows and what is written to them.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeStep {
    /// The kind of the rows.
    pub kind: KindName,
    /// The rows.
    pub rows: Rows,
    /// What is written.
    pub write: Write,
    /// The position of the step in the receipt; `None` if it only prepares or completes another step.
    pub receipt_step: Option<usize>,
}

/// What to write to a set of rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// The rows are deleted.
    Delete,
    /// Fields get new values, each computed from the row as it was before the first step.
    Update(Vec<(FieldName, NewValue)>),
    /// As `Update`. The store also records the rows under the operation: `reactivate` finds them by it.
    Mark(Vec<(FieldName, NewValue)>),
    /// As `Update`. The store also records, under the operation, the values of the
    /// [`recorded_fields`](ChangeStep::recorded_fields) before and after it: `restore` puts them back.
    Replace(Vec<(FieldName, NewValue)>),
    /// Nothing. The rows are only counted.
    Keep,
}

/// The new value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum NewValue {
    /// This value.
    Value(Value),
    /// The old value, masked.
    Masked(Mask),
    /// One more than the value at the time of the step, or 1 if there is no value.
    Next,
    /// The list of ids at the time of the step, with elements removed or replaced.
    Elements(ElementChange),
    /// The value that the field had before the operation that the query [undoes](SurveyQuery::undoes), as that operation
    /// recorded it.
    Former,
}

/// A change of a list of ids: the elements that refer to some rows are removed. A new id replaces the first of them,
/// unless the list already contains it. The other elements keep their order.
#[derive(Debug, Clone, PartialEq)]
pub struct ElementChange {
    /// The reference, from the kind of the step.
    pub reference: ReferenceName,
    /// The rows referred to.
    pub of: Vec<Rows>,
    /// The new id.
    pub new: Option<RecordId>,
}

/// A description of events that the store creates: one event for each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDraft {
    /// The topic.
    pub topic: String,
    /// The kind of the rows.
    pub kind: KindName,
    /// The rows.
    pub rows: Rows,
    /// The fields that the receiver needs.
    pub fields: Vec<FieldName>,
}

impl Write {
    /// Returns whether the change set writes any rows.
    #[must_use]
    pub fn changes_rows(&self) -> bool {
        match self {
            Self::Delete | Self::Mark(_) => true,
            Self::Update(fields) | Self::Replace(fields) => !fields.is_empty(),
            Self::Keep => false,
        }
    }

    /// Returns whether fields of rows get new values.
    pub(crate) fn writes_values(&self) -> bool {
        !self.values().is_empty()
    }

    /// Returns the fields that get new values.
    pub(crate) fn values(&self) -> &[(FieldName, NewValue)] {
        match self {
            Self::Update(values) | Self::Mark(values) | Self::Replace(values) => values,
            Self::Delete | Self::Keep => &[],
        }
    }
}

impl Write {
    /// Returns the changes of lists.
    pub(crate) fn element_changes(&self) -> impl Iterator<Item = &ElementChange> {
        self.values().iter().filter_map(|(_, value)| match value {
            NewValue::Elements(change) => Some(change),
            NewValue::Value(_) | NewValue::Masked(_) | NewValue::Next | NewValue::Former => None,
        })
    }
}

impl ChangeStep {
    /// Returns the fields whose values [`Write::Replace`] records. Masked values cannot be put back, and the fields that
    /// every write sets need not be.
    pub fn recorded_fields<'a>(&'a self, kind: &'a Kind) -> impl Iterator<Item = &'a FieldName> {
        let values: &[_] = if let Write::Replace(values) = &self.write { values } else { &[] };
        let values =
            values.iter().filter(|(_, value)| matches!(value, NewValue::Value(_) | NewValue::Elements(_)));
        values.map(|(field, _)| field).filter(|field| !kind.is_touched(field))
    }

    /// Returns the fields that are replaced by keyed pseudonyms.
    pub fn keyed_fields(&self) -> impl Iterator<Item = &FieldName> {
        let fields = self.write.values().iter();
        fields.filter(|(_, value)| *value == NewValue::Masked(Mask::Hmac)).map(|(field, _)| field)
    }
}

impl ChangeSet {
    /// Makes a change set that only writes its audit entry.
    pub(crate) fn empty(query: SurveyQuery, audit: AuditEntry, receipt: Receipt) -> Self {
        Self {
            operation: receipt.operation,
            query,
            locks: Vec::new(),
            preconditions: Vec::new(),
            inserts: Vec::new(),
            event_drafts: Vec::new(),
            events: Vec::new(),
            steps: Vec::new(),
            audit,
            snapshot: Vec::new(),
            receipt,
            mask_key: None,
        }
    }

    /// Returns the rows whose ids the operation records as pseudonyms, because the ids are personal: of events, of
    /// marks, and of the subjects if their audit entries hold fields of them.
    pub(crate) fn recorded_rows(&self) -> Vec<(&KindName, Rows)> {
        let map = &self.query.map;
        let personal_ids = PersonalIds::of(map);
        if personal_ids.is_empty() {
            return Vec::new();
        }
        let drafts = self.event_drafts.iter().map(|draft| (&draft.kind, draft.rows));
        let records = |step: &&ChangeStep| matches!(step.write, Write::Mark(_) | Write::Replace(_));
        let marks = self.steps.iter().filter(records);
        let marks = marks.map(|step| (&step.kind, step.rows));
        let subjects = (!self.snapshot.is_empty()).then_some((&self.query.kind, Rows::SUBJECTS));
        let is_personal = |kind| map.kind(kind).is_some_and(|kind| personal_ids.field_of(kind).is_some());
        let mut found: Vec<(&KindName, Rows)> = drafts.chain(marks).chain(subjects).collect();
        found.retain(|(kind, _)| is_personal(kind));
        found.dedup();
        found
    }

    /// Returns whether the library computes pseudonyms for the operation, of masks or of ids.
    #[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases cannot compute them"))]
    pub(crate) fn needs_pseudonyms(&self) -> bool {
        self.steps.iter().any(|step| step.keyed_fields().next().is_some()) || !self.recorded_rows().is_empty()
    }

    /// Returns whether the change set only records an attempt.
    #[must_use]
    pub fn is_record_only(&self) -> bool {
        self.steps.is_empty() && self.inserts.is_empty()
    }

    /// Returns the receipt of the applied operation. `affected` holds the number of rows of each step.
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

    /// Returns the preconditions that do not hold. `found` holds the number of rows of each precondition.
    #[must_use]
    pub fn differences(&self, found: impl IntoIterator<Item = u64>) -> Vec<Difference> {
        let all = self.preconditions.iter().zip(found).enumerate();
        all.filter(|(_, (precondition, found))| !precondition.expected.accepts(*found))
            .map(|(precondition, (_, found))| Difference { precondition, found })
            .collect()
    }

    /// Adds a precondition on the number of rows that a branch selects from the subject's kind. Returns its position.
    pub(crate) fn require(&mut self, name: &str, branch: Branch, expected: Expected) -> usize {
        let id = SetId::after(&self.query.sets);
        let set = NamedSet { id, name: name.into(), kind: self.query.kind.clone(), branches: vec![branch] };
        self.query.sets = self.query.sets.iter().cloned().chain([Stratum::Set(set)]).collect();
        let question = Question::count(Rows::all(id));
        self.preconditions.push(Precondition { question, expected });
        self.preconditions.len() - 1
    }

    /// Returns the query whose questions count the rows of the preconditions. A store evaluates it once the rows are
    /// locked.
    #[must_use]
    pub fn recheck(&self) -> SurveyQuery {
        let questions: Arc<[Question]> =
            self.preconditions.iter().map(|condition| condition.question.clone()).collect();
        SurveyQuery { questions, ..self.query.clone() }
    }
}
