//! Runs the steps of a change set on the rows that their sets had before the first step.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::evaluate::{Evaluation, kind};
use super::read_rows::as_declared;
use super::session::{Change, Changes, KeyedReference, RowNumber, Session};
use super::targets::Targets;
use crate::domain::{FieldName, Kind, KindName, LIST_OF_IDS, Record, RecordId, Value, changed_list};
use crate::protocol::{ChangeSet, ChangeStep, ElementChange, NewValue, Write};
use crate::store::system_tables::{self, MARKS, Mark};
use crate::store::{StoreError, masked};

/// Adds the changes of all steps, in order. Returns the number of rows of each step.
pub(super) fn run_steps<S: Session>(
    evaluation: &Evaluation<'_, S>,
    changes: &ChangeSet,
    written: &mut Changes,
) -> Result<Vec<u64>, StoreError> {
    let targets = Targets::of(evaluation)?;
    let mut steps = Steps { evaluation, changes, targets, rows: HashMap::new(), marks: BTreeMap::new() };
    let affected = changes.steps.iter().map(|step| steps.run(step, written));
    let affected = affected.collect::<Result<Vec<u64>, StoreError>>()?;
    for mark in steps.marks.into_values() {
        written.put(MARKS, system_tables::mark_record(&mark)?);
    }
    Ok(affected)
}

/// The state after the steps so far.
struct Steps<'a, S> {
    evaluation: &'a Evaluation<'a, S>,
    changes: &'a ChangeSet,
    targets: Targets,
    rows: HashMap<&'a KindName, WrittenRows>,
    marks: BTreeMap<(KindName, RecordId), Mark>,
}

/// The rows of one kind that the steps so far have written.
#[derive(Default)]
struct WrittenRows {
    /// The updated rows with their new values.
    updated: HashMap<RowNumber, Record>,
    /// Later steps skip these rows.
    deleted: HashSet<RowNumber>,
}

impl<'a, S: Session> Steps<'a, S> {
    /// Runs a step and returns the number of its rows.
    fn run(&mut self, step: &'a ChangeStep, written: &mut Changes) -> Result<u64, StoreError> {
        let evaluation = self.evaluation;
        let own = self.rows.entry(&step.kind).or_default();
        let rows = evaluation.rows(step.rows)?.filter(|(number, _)| !own.deleted.contains(number));
        match &step.write {
            Write::Keep => Ok(rows.count() as u64),
            Write::Delete => {
                let rows: Vec<RowNumber> = rows.map(|(number, _)| number).collect();
                let affected = rows.len() as u64;
                own.deleted.extend(&rows);
                written.changes.push(Change::Delete { kind: step.kind.clone(), rows });
                Ok(affected)
            }
            Write::Update(values) | Write::Mark(values) | Write::Replace(values) => {
                let kind = kind(evaluation.query, &step.kind)?;
                let rows = evaluation.in_order(&step.kind, rows.collect());
                let changed = step.write.element_changes();
                let changed = changed.map(|change| Elements::of(evaluation, change, &self.targets));
                let changed = changed.collect::<Result<Vec<_>, _>>()?;
                for (number, _) in &rows {
                    let Some(before) = evaluation.session.row(&step.kind, *number) else {
                        continue;
                    };
                    let record = self.update(kind, *number, before, values, &changed)?;
                    match step.write {
                        Write::Mark(_) => self.mark(&step.kind, before, values),
                        Write::Replace(_) => self.mark_replaced(step, kind, before, &record),
                        Write::Update(_) | Write::Delete | Write::Keep => {}
                    }
                    written.put(&step.kind, record);
                }
                Ok(rows.len() as u64)
            }
        }
    }

    fn mark(&mut self, kind: &KindName, before: &Record, values: &[(FieldName, NewValue)]) {
        let evaluation = self.evaluation;
        let mark = self.mark_of(kind, before);
        for (field, value) in values {
            if let NewValue::Value(_) = value
                && !evaluation.holds_personal_id(kind, field)
            {
                mark.before.insert(field.clone(), before.get(field).clone());
            }
        }
    }

    /// Records what a step replaces. If several steps write a field, the value before the first of them and the value
    /// after the last are recorded.
    fn mark_replaced(&mut self, step: &ChangeStep, kind: &Kind, before: &Record, after: &Record) {
        let evaluation = self.evaluation;
        let mark = self.mark_of(&kind.name, before);
        for field in
            step.recorded_fields(kind).filter(|field| !evaluation.holds_personal_id(&kind.name, field))
        {
            let held = before.get(field);
            if matches!(held, Value::Date(_) | Value::Timestamp(_)) {
                mark.instants.insert(field.clone());
            }
            mark.before.entry(field.clone()).or_insert_with(|| held.clone());
            mark.after.insert(field.clone(), after.get(field).clone());
        }
    }

    fn mark_of(&mut self, kind: &KindName, row: &Record) -> &mut Mark {
        let operation = self.changes.operation;
        let recorded = self.evaluation.recorded(kind, &row.id);
        let key = (kind.clone(), row.id.clone());
        self.marks.entry(key).or_insert_with(|| Mark::new(operation, kind, &recorded))
    }

    /// Returns the row with the new values. They are computed from the row before the first step.
    fn update(
        &mut self,
        kind: &'a Kind,
        number: RowNumber,
        before: &Record,
        values: &[(FieldName, NewValue)],
        changed: &[Elements<'_>],
    ) -> Result<Record, StoreError> {
        let own = self.rows.entry(&kind.name).or_default();
        let record = own.updated.entry(number).or_insert_with(|| before.clone());
        let mut changed = changed.iter();
        for (field, value) in values {
            let mut value = match value {
                NewValue::Elements(_) => match changed.next() {
                    Some(elements) => elements.in_list(kind, field, record)?,
                    None => continue,
                },
                NewValue::Value(value) => self.targets.stored(self.evaluation.query, kind, field, value),
                NewValue::Masked(mask) => masked(mask, kind, field, before, self.changes.mask_key.as_ref())?,
                NewValue::Next => next(kind, field, record)?,
                NewValue::Former => self.evaluation.former(kind, before, field)?,
            };
            kind.convert_unit(field, &mut value);
            record.fields.insert(field.clone(), value);
        }
        Ok(record.clone())
    }
}

/// A change of lists, with the keys of the elements that it takes out.
struct Elements<'a> {
    reference: KeyedReference<'a>,
    keys: HashSet<RecordId>,
    new: Option<RecordId>,
}

impl<'a> Elements<'a> {
    fn of<S: Session>(
        evaluation: &Evaluation<'a, S>,
        change: &ElementChange,
        targets: &Targets,
    ) -> Result<Self, StoreError> {
        let reference = KeyedReference::of(evaluation.query, &change.reference)?;
        let mut keys = HashSet::new();
        for rows in &change.of {
            let rows = evaluation.rows(*rows)?;
            let rows = rows.filter_map(|(number, _)| evaluation.session.row(reference.to(), number));
            keys.extend(rows.filter_map(|row| reference.target.read(row)));
        }
        let to = kind(evaluation.query, reference.to())?;
        let new = change.new.as_ref().map(|new| match targets.of_id(&to.name, new) {
            Some(stored) => Ok(stored.clone()),
            None => as_declared(to, new),
        });
        let new = new.transpose()?;
        Ok(Self { reference, keys, new })
    }

    /// Returns the changed list of a row.
    fn in_list(&self, kind: &Kind, field: &FieldName, row: &Record) -> Result<Value, StoreError> {
        let compare = self.reference.reference().compare;
        let is_reached = |key: &RecordId| self.keys.contains(key);
        let changed = changed_list(row.get(field), compare, is_reached, self.new.as_ref());
        changed.ok_or_else(|| StoreError::bad_value(&kind.name, kind.id_of(row), field, LIST_OF_IDS))
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
    next.ok_or_else(|| StoreError::bad_value(&kind.name, kind.id_of(row), field, "integer"))
}
