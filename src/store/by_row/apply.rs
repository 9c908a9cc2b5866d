//! Decides what a change set writes.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::check;
use super::evaluate::{Evaluation, kind};
use super::session::{Changes, RowNumber, Session};
use super::steps::run_steps;
use crate::domain::{AuditEntry, Event, FieldName, Kind, KindName, OperationId, Record, RecordId, Value};
use crate::protocol::{ChangeSet, Difference, EventDraft, NewRow, Question, Receipt};
use crate::store::mask::require_key;
use crate::store::system_tables::{AUDIT, OPERATIONS, OUTBOX, audit_id, audit_record};
use crate::store::{StoreError, system_tables};

/// What a change set comes to on the rows of a session.
#[derive(Debug)]
pub(crate) enum Decision {
    /// The operation was applied before, with this receipt.
    AppliedBefore(Receipt),
    /// Preconditions do not hold.
    Conflict(Vec<Difference>),
    /// What to write, and the receipt to return then.
    Write(Changes, Receipt),
}

/// Evaluates a change set. Writes nothing.
pub(crate) async fn decide<S: Session>(session: &mut S, changes: &ChangeSet) -> Result<Decision, StoreError> {
    require_key(changes)?;
    if let Some(first) = applied_before(session, changes.operation).await? {
        return Ok(Decision::AppliedBefore(first));
    }
    let mut written = Changes::default();
    written.absent.push((OPERATIONS.into(), changes.operation.as_uuid().into()));
    if changes.is_record_only() {
        add_audit(session, &changes.audit, &Snapshots::new(), &mut written).await?;
        return Ok(Decision::Write(written, changes.receipt(&[])));
    }
    carry_out(session, changes, written).await
}

async fn applied_before(
    session: &impl Session,
    operation: OperationId,
) -> Result<Option<Receipt>, StoreError> {
    let found = session.get(&Kind::named(OPERATIONS), &[operation.as_uuid().into()]).await?;
    found.first().map(Receipt::try_from).transpose()
}

async fn carry_out<S: Session>(
    session: &mut S,
    changes: &ChangeSet,
    mut written: Changes,
) -> Result<Decision, StoreError> {
    // The pattern lists all parts, so that a new part cannot be forgotten here.
    let ChangeSet {
        operation: _, // The caller has checked it.
        query,
        locks: _, // What is written is written only if nothing has changed.
        preconditions,
        inserts,
        event_drafts,
        events,
        steps,
        audit,
        snapshot,
        receipt: _,
        mask_key: _, // The steps use it.
    } = changes;
    check::check_changes(changes)?;
    let questions: Vec<Question> = preconditions.iter().map(|each| each.question.clone()).collect();
    let referred = steps.iter().flat_map(|step| step.write.element_changes()).flat_map(|change| &change.of);
    let listed = steps.iter().map(|step| step.rows).chain(event_drafts.iter().map(|draft| draft.rows));
    let listed = listed.chain(referred.copied());
    let evaluation = Evaluation::of(query, &questions, listed, session).await?;
    evaluation.check_fields(&check::in_changes(changes)).await?;

    let answers = evaluation.answers(&questions)?;
    let differences = changes.differences(answers.iter().map(|answer| answer.count));
    if !differences.is_empty() {
        return Ok(Decision::Conflict(differences));
    }

    evaluation.add_events(changes, &mut written)?;
    for event in events {
        written.put(OUTBOX, system_tables::event_record(event)?);
    }
    let before = evaluation.snapshot(&query.kind, snapshot);
    for NewRow { kind, record } in inserts {
        let mut record = record.clone();
        if let Some(kind) = query.map.kind(kind) {
            record.fields.iter_mut().for_each(|(field, value)| kind.convert_unit(field, value));
        }
        written.insert(kind, record);
    }
    let affected = run_steps(&evaluation, changes, &mut written)?;
    evaluation.note_switches(changes, &mut written).await?;
    let receipt = changes.receipt(&affected);
    add_audit(session, audit, &before, &mut written).await?;
    written.put(OPERATIONS, system_tables::operation_record(&receipt)?);
    Ok(Decision::Write(written, receipt))
}

impl<S: Session> Evaluation<'_, S> {
    /// Returns these fields of the subjects, with the values from before the first step.
    fn snapshot(&self, kind: &KindName, fields: &[FieldName]) -> Snapshots {
        let subjects = if fields.is_empty() { Vec::new() } else { self.subject_rows() };
        let rows = subjects.into_iter().filter_map(|(number, _)| self.session.row(kind, number));
        let held = |row: &Record| {
            let fields = fields.iter().map(|field| (field.clone(), row.get(field).clone()));
            (self.recorded(kind, &row.id), fields.collect())
        };
        rows.map(held).collect()
    }

    /// Adds one event for each row and topic, with the values from before the first step.
    fn add_events(&self, changes: &ChangeSet, written: &mut Changes) -> Result<(), StoreError> {
        let mut done: HashSet<(&str, &KindName, RowNumber)> = HashSet::new();
        for draft in &changes.event_drafts {
            let EventDraft { topic, kind: name, rows, fields } = draft;
            let kind = kind(self.query, name)?;
            for (number, _) in self.in_order(name, self.rows(*rows)?.collect()) {
                let Some(row) = self.session.row(name, number) else {
                    continue;
                };
                if !done.insert((topic, name, number)) {
                    continue;
                }
                let event = Event {
                    operation: changes.operation,
                    topic: topic.clone(),
                    kind: name.clone(),
                    record: self.recorded(name, &row.id),
                    at: changes.query.now,
                    fields: fields.iter().map(|field| (field.clone(), value(kind, row, field))).collect(),
                };
                written.put(OUTBOX, system_tables::event_record(&event)?);
            }
        }
        Ok(())
    }
}

fn value(kind: &Kind, row: &Record, field: &FieldName) -> Value {
    kind.value_of(row, field).into_owned()
}

/// The fields that the audit entry records, for each subject, with the values from before the operation.
type Snapshots = BTreeMap<RecordId, BTreeMap<FieldName, Value>>;

/// The number of candidate ids grows by this factor with each lookup.
const TRIED: usize = 8;

/// Adds one audit entry for each subject. Each gets the first free number of its subject.
///
/// If another attempt under the same operation takes one of the numbers first, nothing is written and it is repeated.
/// Therefore both attempts are kept.
async fn add_audit(
    session: &impl Session,
    entry: &AuditEntry,
    before: &Snapshots,
    written: &mut Changes,
) -> Result<(), StoreError> {
    let subjects: BTreeSet<&RecordId> = entry.subjects.iter().collect();
    let mut open: Vec<&RecordId> = subjects.into_iter().collect();
    let mut first = 0;
    let mut count = 1;
    while !open.is_empty() {
        let tried = first..first + count;
        let ids: Vec<RecordId> = open
            .iter()
            .flat_map(|subject| {
                let numbers = tried.clone();
                numbers.map(|number| audit_id(entry.operation, subject, number))
            })
            .collect();
        let found = session.get(&Kind::named(AUDIT), &ids).await?;
        let taken: BTreeSet<RecordId> = found.into_iter().map(|record| record.id).collect();
        let mut crowded = Vec::new();
        for subject in open {
            let mut numbers = tried.clone();
            let free = numbers.find(|number| !taken.contains(&audit_id(entry.operation, subject, *number)));
            let Some(number) = free else {
                crowded.push(subject);
                continue;
            };
            let before = before.get(subject).cloned().unwrap_or_default();
            let record = audit_record(entry, subject, before, number)?;
            written.insert(AUDIT, record);
        }
        open = crowded;
        first += count;
        count = (count * TRIED).min(512);
    }
    Ok(())
}
