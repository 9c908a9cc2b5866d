//! Applying a change set: read, decide, and write if nothing has changed.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::{Evaluation, kind};
use super::{ATTEMPTS, ByRow, check, contention};
use crate::domain::{
    AuditEntry, Event, FieldName, Kind, KindName, MaskKey, OperationId, Record, RecordId, Value,
};
use crate::protocol::{ChangeSet, ChangeStep, EventDraft, NewRow, NewValue, Receipt, Write};
use crate::store::mask::require_key;
use crate::store::system_tables::{AUDIT, Mark, OPERATIONS, OUTBOX, audit_id, audit_record};
use crate::store::{Batch, Records, RowChange, StoreError, Unchanged, masked, system_tables};

/// The maximum number of attempts to write audit entries. Such a write conflicts only with other writes of audit
/// entries.
const RECORD_ATTEMPTS: usize = 32;

pub(super) async fn apply<R: Records>(store: &ByRow<R>, changes: &ChangeSet) -> Result<Receipt, StoreError> {
    require_key(changes)?;
    let attempts = if changes.is_record_only() { RECORD_ATTEMPTS } else { ATTEMPTS };
    for _ in 0..attempts {
        if let Some(first) = applied_before(&store.records, changes.operation).await? {
            return Ok(first);
        }
        let receipt = if changes.is_record_only() {
            record(store, changes).await?
        } else {
            carry_out(store, changes).await?
        };
        if let Some(receipt) = receipt {
            return Ok(receipt);
        }
    }
    Err(contention())
}

async fn applied_before(
    records: &impl Records,
    operation: OperationId,
) -> Result<Option<Receipt>, StoreError> {
    let kind = Kind::named(OPERATIONS);
    let found = records.get(&kind, &[operation.as_uuid().into()]).await?;
    found.first().map(Receipt::try_from).transpose()
}

/// Writes only the audit entries; returns `None` if another attempt took their numbers first.
async fn record<R: Records>(store: &ByRow<R>, changes: &ChangeSet) -> Result<Option<Receipt>, StoreError> {
    let mut batch = Batch::default();
    batch.unchanged.push(not_applied(changes.operation));
    add_audit(&store.records, &changes.audit, &Snapshots::new(), &mut batch).await?;
    let written = store.write(&batch).await?;
    Ok(written.map(|()| changes.receipt(&[])))
}

/// Writes everything; returns `None` if a row has changed since it was read.
async fn carry_out<R: Records>(store: &ByRow<R>, changes: &ChangeSet) -> Result<Option<Receipt>, StoreError> {
    // The pattern lists all parts, so that a new part cannot be forgotten here.
    let ChangeSet {
        operation,
        query,
        locks: _, // The conditions of the batch replace locks.
        preconditions,
        inserts,
        event_drafts: _,
        events,
        steps: _,
        audit,
        snapshot,
        receipt: _,
        mask_key: _, // The steps use it.
    } = changes;
    check::check_changes(changes)?;
    let evaluation = store.evaluate(query).await?;
    evaluation.check_fields(&check::in_changes(changes)).await?;

    let questions = preconditions.iter().map(|each| each.question.clone());
    let questions: Vec<_> = questions.collect();
    let answers = evaluation.answers(&questions)?;
    let differences = changes.differences(answers.iter().map(|answer| answer.count));
    if !differences.is_empty() {
        // Checks that the rows were read from one consistent state. Otherwise the conflict may not be real.
        let batch = evaluation.into_loaded().into_conditions();
        return match store.write(&batch).await? {
            Some(()) => Err(StoreError::Conflict { differences }),
            None => Ok(None),
        };
    }

    let mut outbox = evaluation.events(changes)?;
    for event in events {
        outbox.push(RowChange::Put { kind: OUTBOX.into(), record: system_tables::event_record(event)? });
    }
    let before = evaluation.snapshot(&query.kind, snapshot);
    let written = evaluation.run_steps(changes)?;
    let receipt = changes.receipt(&written.affected);

    let mut batch = evaluation.into_loaded().into_conditions();
    batch.unchanged.push(not_applied(*operation));
    batch.changes = outbox;
    for NewRow { kind, record } in inserts {
        batch.unchanged.push(Unchanged { kind: kind.clone(), id: record.id.clone(), record: None });
        batch.changes.push(RowChange::Put { kind: kind.clone(), record: record.clone() });
    }
    batch.changes.extend(written.changes);
    add_audit(&store.records, audit, &before, &mut batch).await?;
    batch
        .changes
        .push(RowChange::Put { kind: OPERATIONS.into(), record: system_tables::operation_record(&receipt)? });
    Ok(store.write(&batch).await?.map(|()| receipt))
}

/// Requires that the operation has not been applied.
fn not_applied(operation: OperationId) -> Unchanged {
    Unchanged { kind: OPERATIONS.into(), id: operation.as_uuid().into(), record: None }
}

type RowKey = (KindName, RecordId);

/// The changes of all steps in order, and the number of rows of each step.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) changes: Vec<RowChange>,
    pub(super) affected: Vec<u64>,
    /// The rows as they are after the steps so far.
    updated: BTreeMap<RowKey, Record>,
    /// The rows that were deleted so far. Later steps skip them.
    deleted: BTreeSet<RowKey>,
    marks: BTreeMap<RowKey, Mark>,
}

impl<R: Records> Evaluation<'_, R> {
    fn run_steps(&self, changes: &ChangeSet) -> Result<Written, StoreError> {
        let mut written = Written::default();
        for step in &changes.steps {
            let affected = self.run_step(changes, step, &mut written)?;
            written.affected.push(affected);
        }
        for mark in std::mem::take(&mut written.marks).into_values() {
            written.changes.push(RowChange::Put {
                kind: system_tables::MARKS.into(),
                record: system_tables::mark_record(&mark)?,
            });
        }
        Ok(written)
    }

    fn run_step(
        &self,
        changes: &ChangeSet,
        step: &ChangeStep,
        written: &mut Written,
    ) -> Result<u64, StoreError> {
        let kind = kind(self.query, &step.kind)?;
        let mask_key = changes.mask_key.as_ref();
        let mut affected = 0;
        for (id, _) in self.rows(step.rows)? {
            let key = (kind.name.clone(), id);
            let Some(before) = self.loaded.row(&key.0, &key.1) else {
                continue;
            };
            if written.deleted.contains(&key) {
                continue;
            }
            affected += 1;
            match &step.write {
                Write::Keep => {}
                Write::Delete => written.delete(key),
                Write::Update(values) => written.update(kind, key, before, values, mask_key)?,
                Write::Mark(values) => {
                    let mark = written
                        .marks
                        .entry(key.clone())
                        .or_insert_with(|| Mark::new(changes.operation, &key.0, &key.1));
                    for (field, value) in values {
                        if let NewValue::Value(_) = value {
                            mark.before.insert(field.clone(), before.get(field).clone());
                        }
                    }
                    written.update(kind, key, before, values, mask_key)?;
                }
            }
        }
        Ok(affected)
    }

    /// Returns these fields of the subjects, with the values from before the first step.
    pub(super) fn snapshot(&self, kind: &KindName, fields: &[FieldName]) -> Snapshots {
        let subjects = self.subjects().into_iter().filter_map(|id| {
            let row = self.loaded.row(kind, &id)?;
            let held = fields.iter().map(|field| (field.clone(), row.get(field).clone())).collect();
            Some((id, held))
        });
        if fields.is_empty() { Snapshots::new() } else { subjects.collect() }
    }

    /// Returns one event for each row and topic, with the values from before the first step.
    pub(super) fn events(&self, changes: &ChangeSet) -> Result<Vec<RowChange>, StoreError> {
        let mut written = BTreeSet::new();
        let mut events = Vec::new();
        for draft in &changes.event_drafts {
            let EventDraft { topic, kind: name, rows, fields } = draft;
            let kind = kind(self.query, name)?;
            for (id, _) in self.rows(*rows)? {
                let Some(row) = self.loaded.row(name, &id) else {
                    continue;
                };
                if !written.insert((topic, name, id.clone())) {
                    continue;
                }
                let value = |field: &FieldName| -> (FieldName, Value) {
                    (field.clone(), Self::value(kind, row, field))
                };
                let event = Event {
                    operation: changes.operation,
                    topic: topic.clone(),
                    kind: name.clone(),
                    record: id,
                    at: changes.query.now,
                    fields: fields.iter().map(value).collect(),
                };
                events.push(RowChange::Put {
                    kind: system_tables::OUTBOX.into(),
                    record: system_tables::event_record(&event)?,
                });
            }
        }
        Ok(events)
    }
}

impl Written {
    fn delete(&mut self, key: RowKey) {
        self.changes.push(RowChange::Delete { kind: key.0.clone(), id: key.1.clone() });
        self.deleted.insert(key);
    }

    fn update(
        &mut self,
        kind: &Kind,
        key: RowKey,
        before: &Record,
        values: &[(FieldName, NewValue)],
        mask_key: Option<&MaskKey>,
    ) -> Result<(), StoreError> {
        let record = match self.updated.entry(key) {
            Entry::Occupied(updated) => updated.into_mut(),
            Entry::Vacant(place) => place.insert(before.clone()),
        };
        for (field, value) in values {
            let value = match value {
                NewValue::Value(value) => value.clone(),
                NewValue::Masked(mask) => masked(mask, kind, field, before, mask_key)?,
                NewValue::Next => next(kind, field, record)?,
            };
            record.fields.insert(field.clone(), value);
        }
        self.changes.push(RowChange::Put { kind: kind.name.clone(), record: record.clone() });
        Ok(())
    }
}

/// Returns the value of the row's field plus one.
fn next(kind: &Kind, field: &FieldName, row: &Record) -> Result<Value, StoreError> {
    let held = match row.get(field) {
        Value::Null => Some(0),
        Value::Integer(held) => Some(*held),
        _ => None,
    };
    let next = held.and_then(|held| held.checked_add(1)).map(Value::Integer);
    next.ok_or_else(|| StoreError::bad_value(&kind.name, Some(&row.id), field, "integer"))
}

/// The fields that the audit entry records, for each subject, with the values from before the operation.
pub(super) type Snapshots = BTreeMap<RecordId, BTreeMap<FieldName, Value>>;

/// The number of candidate ids grows by this factor with each lookup.
const TRIED: usize = 8;

/// Adds one audit entry for each subject to the batch. Each gets the first free number of its subject.
///
/// If another attempt under the same operation takes one of the numbers first, the batch fails and is repeated.
/// Therefore both attempts are kept.
async fn add_audit(
    records: &impl Records,
    entry: &AuditEntry,
    before: &Snapshots,
    batch: &mut Batch,
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
        let found = records.get(&Kind::named(AUDIT), &ids).await?;
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
            batch.unchanged.push(Unchanged { kind: AUDIT.into(), id: record.id.clone(), record: None });
            batch.changes.push(RowChange::Put { kind: AUDIT.into(), record });
        }
        open = crowded;
        first += count;
        count = (count * TRIED).min(512);
    }
    Ok(())
}
