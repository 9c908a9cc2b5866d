//! What the steps write, from the rows as they were before the first of them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::{Evaluation, kind};
use super::write_audit::Snapshots;
use crate::domain::{Event, FieldName, Kind, KindName, MaskKey, Record, RecordId, Value};
use crate::protocol::{ChangeSet, ChangeStep, EventDraft, NewValue, Write};
use crate::store::system_tables::{self, Mark};
use crate::store::{Records, RowChange, StoreError, masked};

type RowKey = (KindName, RecordId);

/// What the steps write, in their order, and how many rows each of them touched.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) changes: Vec<RowChange>,
    pub(super) affected: Vec<u64>,
    /// Rows with the updates of all steps so far.
    updated: BTreeMap<RowKey, Record>,
    /// Rows that are gone. Nothing is written to them any more.
    deleted: BTreeSet<RowKey>,
    marks: BTreeMap<RowKey, Mark>,
}

impl<R: Records> Evaluation<'_, R> {
    pub(super) fn run_steps(&self, changes: &ChangeSet) -> Result<Written, StoreError> {
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

    /// What the subjects held in these fields before the first step.
    pub(super) fn snapshot(&self, kind: &KindName, fields: &[FieldName]) -> Snapshots {
        let subjects = self.subjects().into_iter().filter_map(|id| {
            let row = self.loaded.row(kind, &id)?;
            let held = fields.iter().map(|field| (field.clone(), row.get(field).clone())).collect();
            Some((id, held))
        });
        if fields.is_empty() { Snapshots::new() } else { subjects.collect() }
    }

    /// One event for each row and topic, with values from before the first step.
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

/// The number after the one that a row holds.
fn next(kind: &Kind, field: &FieldName, row: &Record) -> Result<Value, StoreError> {
    let held = match row.get(field) {
        Value::Null => Some(0),
        Value::Integer(held) => Some(*held),
        _ => None,
    };
    held.and_then(|held| held.checked_add(1)).map(Value::Integer).ok_or_else(|| StoreError::BadValue {
        kind: kind.name.clone(),
        id: Some(row.id.clone()),
        field: field.clone(),
        expected: "integer".into(),
    })
}
