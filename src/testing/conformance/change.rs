//! Hand-written change sets, in the form in which a policy would produce them.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::world::{now, world};
use crate::domain::{
    AuditEntry, AuditOutcome, Condition, DataMap, Event, KindName, MaskKey, Mode, OperationId, Record,
    RecordId, Request, RequestHash,
};
use crate::protocol::{
    Branch, ChangeSet, ChangeStep, Digest, Disposition, EventDraft, Expected, LockRows, NamedSet, NewRow,
    Precondition, Question, RankCase, Ranks, Receipt, ReceiptStep, Rows, SetId, Source, Stratum, SurveyQuery,
    Write,
};

/// A change set under construction. Sets are numbered as they are added; set 0 holds the subjects.
#[derive(Clone)]
pub(super) struct Change {
    map: DataMap,
    kind: KindName,
    subjects: Vec<RecordId>,
    sets: Vec<Stratum>,
    questions: Vec<Question>,
    locks: Vec<LockRows>,
    preconditions: Vec<Precondition>,
    event_drafts: Vec<EventDraft>,
    steps: Vec<ChangeStep>,
    receipt: Vec<ReceiptStep>,
    operation: OperationId,
    outcome: AuditOutcome,
    mask_key: Option<MaskKey>,
    inserts: Vec<NewRow>,
    events: Vec<Event>,
    mode: Mode,
    undoes: Option<OperationId>,
}

/// Makes the id of an operation from a number. Change sets use number 1 by default.
pub(super) fn operation(number: u128) -> OperationId {
    Uuid::from_u128(number).into()
}

pub(super) fn all(set: u16) -> Rows {
    Rows::all(SetId(set))
}

pub(super) fn ranked(set: u16, rank: u16) -> Rows {
    Rows::ranked(SetId(set), rank)
}

/// A branch that takes every row of a source, with rank 0.
pub(super) fn branch(source: Source) -> Branch {
    Branch {
        source,
        within: Vec::new(),
        except: Vec::new(),
        switched: false,
        cases: vec![RankCase::always(0)],
    }
}

pub(super) fn referrers(reference: &str, of: Rows) -> Source {
    Source::Referrers { reference: reference.into(), of }
}

pub(super) fn when(condition: Condition, rank: u16) -> RankCase {
    RankCase { below: Ranks::ALL, when: Some(condition), rank: Some(rank) }
}

impl Change {
    /// Makes a change set about these clients.
    pub(super) fn of(clients: &[&str]) -> Self {
        Self::of_kind("clients", clients.iter().map(|id| RecordId::from(*id)))
    }

    pub(super) fn of_kind(kind: &str, subjects: impl IntoIterator<Item = RecordId>) -> Self {
        let empty = Self {
            map: world(),
            kind: kind.into(),
            subjects: subjects.into_iter().collect(),
            sets: Vec::new(),
            questions: Vec::new(),
            locks: Vec::new(),
            preconditions: Vec::new(),
            event_drafts: Vec::new(),
            steps: Vec::new(),
            receipt: Vec::new(),
            operation: operation(1),
            outcome: AuditOutcome::Done,
            mask_key: None,
            inserts: Vec::new(),
            events: Vec::new(),
            mode: Mode::HardDelete,
            undoes: None,
        };
        empty.set(kind, vec![branch(Source::Subjects)])
    }

    /// Deletes the client's debts, bookings and items, and sets `client_id` of its invoices to null.
    pub(super) fn erase(client: &str) -> Self {
        Self::of(&[client])
            .referrers("debts.client_id", 0)
            .referrers("bookings.client_id", 0)
            .referrers("items.booking_id", 2)
            .referrers("invoices.client_id", 0)
            .step(3, Write::Delete)
            .step(1, Write::Delete)
            .step(2, Write::Delete)
            .step(4, update("client_id", crate::domain::Value::Null))
            .step(0, Write::Delete)
    }

    pub(super) fn map(mut self, map: DataMap) -> Self {
        self.map = map;
        self
    }

    fn next(&self) -> SetId {
        let count: usize = self.sets.iter().map(|stratum| stratum.sets().len()).sum();
        SetId(u16::try_from(count).expect("a few sets"))
    }

    pub(super) fn set(mut self, kind: &str, branches: Vec<Branch>) -> Self {
        let id = self.next();
        self.sets.push(Stratum::Set(named(id, kind, branches)));
        self
    }

    /// Adds a set of all rows whose `reference` points to a row of the earlier set `of`.
    pub(super) fn referrers(self, reference: &str, of: u16) -> Self {
        let (kind, _) = reference.split_once('.').expect("kind and field");
        self.set(kind, vec![branch(referrers(reference, all(of)))])
    }

    /// Adds a set whose branches may start from the set itself.
    pub(super) fn cycle(self, kind: &str, branches: Vec<Branch>) -> Self {
        self.cycle_of(kind, vec![branches])
    }

    /// Adds sets whose branches may start from each other's rows.
    pub(super) fn cycle_of(mut self, kind: &str, sets: Vec<Vec<Branch>>) -> Self {
        let first = self.next().0;
        let sets = (first..).zip(sets);
        let named = sets.map(|(id, branches)| named(SetId(id), kind, branches));
        self.sets.push(Stratum::Cycle(named.collect()));
        self
    }

    fn kind_of(&self, set: SetId) -> KindName {
        let mut sets = self.sets.iter().flat_map(Stratum::sets);
        let set = sets.find(|named| named.id == set).expect("a set");
        set.kind.clone()
    }

    /// Asks the survey for the number of these rows.
    pub(super) fn ask(mut self, rows: Rows) -> Self {
        self.questions.push(Question::count(rows));
        self
    }

    pub(super) fn question(mut self, question: Question) -> Self {
        self.questions.push(question);
        self
    }

    /// Adds a step on all rows of a set, with its own line in the receipt.
    pub(super) fn step(self, set: u16, write: Write) -> Self {
        self.step_on(all(set), write)
    }

    pub(super) fn step_on(mut self, rows: Rows, write: Write) -> Self {
        let line = self.receipt.len();
        self.receipt.push(ReceiptStep {
            kind: self.kind_of(rows.set),
            disposition: match write {
                Write::Delete => Disposition::Delete,
                Write::Update(_) => Disposition::SetNull,
                Write::Mark(_) | Write::Replace(_) => Disposition::SoftDelete,
                Write::Keep => Disposition::Keep,
            },
            path: Vec::new(),
            undeclared: false,
            to: None,
            planned: 7,
            actual: 0,
        });
        self.bare_step(rows, write, Some(line))
    }

    /// Adds a step that reports to an existing line of the receipt, or to none.
    pub(super) fn bare_step(mut self, rows: Rows, write: Write, line: Option<usize>) -> Self {
        if !self.locks.iter().any(|lock| lock.rows == rows) {
            self.locks.push(LockRows { rows });
        }
        self.steps.push(ChangeStep { kind: self.kind_of(rows.set), rows, write, receipt_step: line });
        self
    }

    pub(super) fn expect(mut self, rows: Rows, expected: Expected) -> Self {
        self.preconditions.push(Precondition { question: Question::count(rows), expected });
        self
    }

    pub(super) fn event(mut self, topic: &str, set: u16, fields: &[&str]) -> Self {
        self.event_drafts.push(EventDraft {
            topic: topic.into(),
            kind: self.kind_of(SetId(set)),
            rows: all(set),
            fields: fields.iter().map(|field| (*field).into()).collect(),
        });
        self
    }

    /// Locks rows that no step writes.
    pub(super) fn lock(mut self, rows: Rows) -> Self {
        self.locks.push(LockRows { rows });
        self
    }

    /// Adds the bookings that lose their last seat with these seats. The seats are set 0, and the bookings are set 4.
    /// The bookings of all these seats are locked, as in the change set of a policy.
    pub(super) fn bookings_without_seats(seats: &[(&str, i64)]) -> Self {
        let seats_of = || "seats.booking_id".into();
        let booked = |of| branch(Source::ReferencedBy { reference: seats_of(), of });
        let others = Branch { except: vec![all(0)], ..branch(referrers("seats.booking_id", all(1))) };
        let seated = Branch { within: vec![all(1)], ..booked(all(2)) };
        let left = Branch { except: vec![all(3)], ..branch(Source::Members(all(1))) };
        Self::of_kind("seats", seats.iter().map(|seat| RecordId::from(*seat)))
            .set("bookings", vec![booked(all(0))])
            .set("seats", vec![others])
            .set("bookings", vec![seated])
            .set("bookings", vec![left])
            .lock(all(1))
            .step(0, Write::Delete)
    }

    /// Adds a row to insert.
    pub(super) fn insert(mut self, kind: &str, record: Record) -> Self {
        self.inserts.push(NewRow { kind: kind.into(), record });
        self
    }

    /// Adds an event whose fields are given, not read from a row.
    pub(super) fn complete_event(mut self, topic: &str, record: &str, field: &str, value: &str) -> Self {
        self.events.push(Event {
            operation: self.operation,
            topic: topic.into(),
            kind: self.kind.clone(),
            record: record.into(),
            at: now(),
            fields: [(field.into(), value.into())].into(),
        });
        self
    }

    /// Adds a set of all clients with this e-mail address, except the subjects.
    pub(super) fn holding(self, email: &str) -> Self {
        let source = Source::WithText { field: "email".into(), text: email.into() };
        self.set("clients", vec![Branch { except: vec![all(0)], ..branch(source) }])
    }

    pub(super) fn operation(mut self, number: u128) -> Self {
        self.operation = operation(number);
        self
    }

    pub(super) fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Names the operation whose replaced values are read.
    pub(super) fn undoing(mut self, operation: OperationId) -> Self {
        self.undoes = Some(operation);
        self
    }

    /// Sets the key of the pseudonyms.
    pub(super) fn keyed(mut self) -> Self {
        self.mask_key = Some(MaskKey::new([7; MaskKey::LENGTH]).expect("a key"));
        self
    }

    /// Turns the change set into the record of a refused attempt: no steps, only an audit entry.
    pub(super) fn refused(mut self, outcome: AuditOutcome) -> Self {
        self.steps.clear();
        self.locks.clear();
        self.outcome = outcome;
        self
    }

    pub(super) fn query(&self) -> SurveyQuery {
        SurveyQuery {
            map: Arc::new(self.map.clone()),
            kind: self.kind.clone(),
            subjects: self.subjects.clone(),
            sets: self.sets.clone().into(),
            questions: self.questions.clone().into(),
            now: now(),
            mask_key: None,
            undoes: self.undoes,
        }
    }

    pub(super) fn build(&self) -> ChangeSet {
        let digest = Digest::of_hash("0".repeat(64));
        let request = Request::batch(self.mode, &self.kind, self.subjects.clone());
        ChangeSet {
            operation: self.operation,
            query: self.query(),
            locks: self.locks.clone(),
            preconditions: self.preconditions.clone(),
            event_drafts: self.event_drafts.clone(),
            steps: self.steps.clone(),
            inserts: self.inserts.clone(),
            events: self.events.clone(),
            snapshot: Vec::new(),
            audit: AuditEntry {
                digest: Some(digest.to_string()),
                detail: json!({}),
                ..AuditEntry::new(
                    self.operation,
                    self.mode,
                    &self.kind,
                    self.subjects.clone(),
                    now(),
                    self.outcome,
                )
            },
            receipt: Receipt {
                undecided: 0,
                operation: self.operation,
                request: Some(RequestHash::of(&request, self.operation, &())),
                digest,
                at: now(),
                kind: self.kind.clone(),
                subjects: self.subjects.clone(),
                mode: self.mode,
                outcome: Some(Disposition::Delete),
                complete: true,
                steps: self.receipt.clone(),
                open: Vec::new(),
            },
            mask_key: self.mask_key.clone(),
        }
    }
}

/// Sets one field to a value.
pub(super) fn update(field: &str, value: impl Into<crate::domain::Value>) -> Write {
    let value = crate::protocol::NewValue::Value(value.into());
    Write::Update(vec![(field.into(), value)])
}

/// Replaces the values of these fields with pseudonyms.
pub(super) fn pseudonyms(fields: &[&str]) -> Write {
    use crate::protocol::NewValue;
    let masked = fields.iter().map(|field| ((*field).into(), NewValue::Masked(crate::domain::Mask::Hmac)));
    Write::Update(masked.collect())
}

fn named(id: SetId, kind: &str, branches: Vec<Branch>) -> NamedSet {
    NamedSet { id, name: format!("{kind} {}", id.0), kind: kind.into(), branches }
}
