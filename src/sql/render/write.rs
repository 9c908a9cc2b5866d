//! Renders what is written: steps and new rows, and the receipt, the events and the audit entries of an operation.

use serde::Serialize;

use super::renderer::{Renderer, column};
use crate::domain::{AuditEntry, Event, FieldName, Kind, OperationId, Value, instant_text};
use crate::protocol::{ChangeSet, ChangeStep, EventDraft, NewRow, NewValue, Receipt, Rows, SetId, Write};
use crate::sql::backend::Backend;
use crate::sql::connection::SqlValue;
use crate::sql::statement::{Prefix, Query, Statement, Writer};
use crate::store::StoreError;

impl Renderer<'_> {
    pub(crate) fn insert(&self, row: &NewRow) -> Result<Statement, StoreError> {
        let NewRow { kind, record } = row;
        let kind = self.kind(kind)?;
        let held: Vec<(&FieldName, &Value)> =
            record.fields.iter().filter(|(_, value)| !value.is_null()).collect();
        let mut w = self.writer();
        let fields = kind.id.fields().iter().chain(held.iter().map(|(field, _)| *field));
        w.push("INSERT INTO ").table(kind.table_name()).push(" (");
        w.join(", ", fields, |w, field| {
            w.name(kind.column(field));
        });
        w.push(") VALUES (");
        w.list(", ", kind.id.fields().iter().zip(record.id.parts()), |w, (field, part)| {
            self.backend.new_id(w, self.field(kind, field), part)
        })?;
        for (field, value) in held {
            w.push(", ");
            self.backend.new_value(&mut w, self.field(kind, field), value)?;
        }
        w.push(")");
        Ok(w.finish())
    }

    /// Renders the write of one step; `None` if the step only counts its rows.
    pub(crate) fn write(&self, step: &ChangeStep) -> Result<Option<Statement>, StoreError> {
        let kind = self.kind_of_rows(&step.kind, step.rows)?;
        let mut w = self.writer();
        let mut needed = self.needed_for(step.rows)?;
        needed.extend(sets_of_elements(&step.write));
        let with = self.with(&mut w, &needed)?;
        let mut query = match &step.write {
            Write::Delete => Query::delete(with, kind.table_name()),
            Write::Update(fields) | Write::Mark(fields) | Write::Replace(fields) if !fields.is_empty() => {
                let mut query = Query::update(with, kind.table_name());
                query.w().list(", ", fields, |w, (field, value)| {
                    w.name(kind.column(field)).push(" = ");
                    self.new_field(w, kind, field, value)
                })?;
                query
            }
            Write::Update(_) | Write::Mark(_) | Write::Replace(_) | Write::Keep => return Ok(None),
        };
        self.are_rows(&mut query, kind, step.rows)?;
        Ok(Some(w.finish()))
    }

    /// Writes the new value of a field of the row `r`.
    pub(crate) fn new_field(
        &self,
        w: &mut Writer,
        kind: &Kind,
        field: &FieldName,
        value: &NewValue,
    ) -> Result<(), StoreError> {
        self.check_column(kind, field)?;
        match value {
            NewValue::Value(value) => self.backend.new_value(w, self.field(kind, field), value),
            NewValue::Elements(change) => {
                let old = |w: &mut Writer| {
                    w.push(&column(kind, field));
                    Ok(())
                };
                self.changed_list(w, change, old, None)
            }
            NewValue::Masked(mask) => self.backend.mask(w, self.field(kind, field), mask),
            NewValue::Next => {
                w.push(&format!("coalesce({}, 0) + 1", column(kind, field)));
                Ok(())
            }
            NewValue::Former => self.former(w, kind, field),
        }
    }

    /// Starts the statement that records rows under an operation, so that the operation can be undone.
    pub(crate) fn begin_marks(&self, w: &mut Writer) {
        w.push("INSERT INTO ").name(&self.prefix.table("marks")).push(" (operation, kind, record)\n");
    }

    /// Renders the statement that records the rows of a step under the operation.
    pub(crate) fn mark(&self, operation: OperationId, step: &ChangeStep) -> Result<Statement, StoreError> {
        let kind = self.kind_of_rows(&step.kind, step.rows)?;
        let mut w = self.writer();
        self.begin_marks(&mut w);
        let mut query = Query::select(self.with(&mut w, &[step.rows.set])?, "");
        query.w().bind_as(operation.to_string(), "uuid").push(", ").bind(kind.name.as_str()).push(", ");
        if kind.id.only().is_some() {
            self.id_to_record(query.w(), kind, "s.id", "s.id");
            self.select_rows(&mut query, step.rows)?;
        } else {
            self.id_to_record(query.w(), kind, &self.row_id(kind)?, &self.recorded(kind)?);
            query.table(kind.table_name(), "r");
            self.is_one(query.condition(), kind, step.rows)?;
        }
        // Without this condition, SQLite would read ON CONFLICT as part of a join.
        query.condition().push("TRUE");
        // Two steps of one operation may mark the same row.
        query.w().push(" ON CONFLICT DO NOTHING");
        Ok(w.finish())
    }
}

/// Returns the sets of rows that the changed elements of lists refer to.
pub(crate) fn sets_of_elements(write: &Write) -> impl Iterator<Item = SetId> {
    write.element_changes().flat_map(|change| &change.of).map(|rows| rows.set)
}

/// Renders the query for the receipt of an operation that may have been applied.
pub(crate) fn first_receipt(
    backend: &'static dyn Backend,
    prefix: &Prefix,
    operation: OperationId,
) -> Statement {
    let mut w = Writer::new(backend);
    let mut query = Query::select(&mut w, &format!("o.receipt{}", backend.cast("text")));
    query.from(&format!("{} AS o", prefix.quoted("operations")));
    query.condition().push("o.operation = ").bind_as(operation.to_string(), "uuid");
    w.finish()
}

/// Renders the statement that writes one audit entry for each subject.
///
/// The subject is stored in its own column, not in the entry.
pub(crate) fn audit(
    backend: &'static dyn Backend,
    prefix: &Prefix,
    entry: &AuditEntry,
) -> Result<Statement, StoreError> {
    let mut w = Writer::new(backend);
    begin_audit(&mut w, prefix);
    plain_audit_rows(&mut w, entry)?;
    Ok(w.finish())
}

/// Binds the part of the entry that all subjects share. PostgreSQL parses it only once.
fn shared_entry(w: &mut Writer, entry: String) {
    w.push("(SELECT ").bind_as(entry, "jsonb").push(")");
}

/// Starts writing audit entries.
pub(crate) fn begin_audit(w: &mut Writer, prefix: &Prefix) {
    w.push("INSERT INTO ").name(&prefix.table("audit"));
    w.push(" (operation, kind, record, at, action, outcome, entry)\n");
}

/// Writes the rows of the audit log from the rows `j`, one for each subject. `j.value` is the subject, `write_entry`
/// writes the entry, and `write_rows` writes the source of `j` if it is given the subjects as JSON.
fn audit_rows(
    w: &mut Writer,
    entry: &AuditEntry,
    write_entry: impl FnOnce(&mut Writer, String) -> Result<(), StoreError>,
    write_rows: impl FnOnce(&mut Writer, String) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let subjects = json(w.backend, &entry.subjects, "the audit entry")?;
    let shared = AuditEntry { subjects: Vec::new(), ..entry.clone() };
    let shared = json(w.backend, &shared, "the audit entry")?;
    w.push("SELECT ").bind_as(entry.operation.to_string(), "uuid").push(", ");
    w.bind(entry.kind.as_str()).push(", j.value, ");
    w.bind_as(instant_text(entry.at), "timestamptz").push(", ");
    w.bind(entry.action.as_str()).push(", ");
    w.bind(entry.outcome.as_str()).push(", ");
    write_entry(w, shared)?;
    w.push(" FROM ");
    write_rows(w, subjects)?;
    w.push(" ORDER BY j.key");
    Ok(())
}

/// Writes the audit entries that do not depend on the subjects' rows.
fn plain_audit_rows(w: &mut Writer, entry: &AuditEntry) -> Result<(), StoreError> {
    let write_entry = |w: &mut Writer, entry| {
        shared_entry(w, entry);
        Ok(())
    };
    audit_rows(w, entry, write_entry, |w, subjects| {
        json_rows(w, subjects);
        Ok(())
    })
}

/// Writes the elements of a JSON array as rows `j`.
fn json_rows(w: &mut Writer, array: String) {
    let (open, close) = w.backend.spelling().json_rows;
    w.push(open).bind(array).push(close);
}

pub(crate) fn insert_operation(w: &mut Writer, prefix: &Prefix, receipt: &Receipt) -> Result<(), StoreError> {
    let text = json(w.backend, receipt, "the receipt")?;
    w.push("INSERT INTO ").name(&prefix.table("operations")).push(" (operation, at, receipt) VALUES (");
    w.bind_as(receipt.operation.to_string(), "uuid").push(", ");
    w.bind_as(instant_text(receipt.at), "timestamptz").push(", ");
    w.bind_as(text, "jsonb").push(") ON CONFLICT (operation) DO NOTHING");
    Ok(())
}

/// Renders the statement that replaces the recorded receipt with the actual receipt, if they differ.
pub(crate) fn correct_receipt(
    backend: &'static dyn Backend,
    prefix: &Prefix,
    receipt: &Receipt,
) -> Result<Statement, StoreError> {
    let text = json(backend, receipt, "the receipt")?;
    let mut w = Writer::new(backend);
    w.push("UPDATE ").name(&prefix.table("operations")).push(" SET receipt = ");
    w.bind_as(text, "jsonb").push(" WHERE operation = ");
    w.bind_as(receipt.operation.to_string(), "uuid");
    Ok(w.finish())
}

/// Renders a value as JSON text that the database can store.
fn json(backend: &dyn Backend, value: &impl Serialize, what: &str) -> Result<String, StoreError> {
    let text = serde_json::to_string(value);
    let text = text.map_err(|source| StoreError::backend(format!("wrote {what}"), source))?;
    Ok(backend.json_text(text))
}

impl Renderer<'_> {
    /// Renders the audit entries of a change set. Each holds the fields of its subject from before the steps.
    pub(crate) fn audit(&self, changes: &ChangeSet) -> Result<Statement, StoreError> {
        let mut w = self.writer();
        begin_audit(&mut w, self.prefix);
        if let Some(subjects) = self.subjects().filter(|_| !changes.snapshot.is_empty()) {
            self.with(&mut w, &[subjects])?;
        }
        self.audit_rows(&mut w, changes)?;
        Ok(w.finish())
    }

    /// Writes what follows [`begin_audit`], in a statement that defines the set of subjects.
    pub(crate) fn audit_rows(&self, w: &mut Writer, changes: &ChangeSet) -> Result<(), StoreError> {
        let ChangeSet { audit: entry, snapshot, query, .. } = changes;
        let Some(subjects) = self.subjects().filter(|_| !snapshot.is_empty()) else {
            return plain_audit_rows(w, entry);
        };
        let kind = self.kind(&query.kind)?;
        let (row_id, id) = (self.row_id(kind)?, self.backend.listed_id(&self.recorded(kind)?));
        let write_entry = |w: &mut Writer, entry| {
            self.backend.entry_with_snapshot(w, entry, "j.fields");
            Ok(())
        };
        audit_rows(w, entry, write_entry, |w, listed| {
            // Groups the subjects and their rows instead of joining them: the planner may expect so few of them that it
            // would compare each with each.
            let [text, json] = ["text", "jsonb"].map(|name| self.backend.cast(name));
            w.push("(SELECT a.value AS value, min(a.key) AS key, ");
            w.push(&format!("max(a.fields){json} AS fields FROM ("));
            w.push(&format!("SELECT j.value AS value, j.key AS key, NULL{text} AS fields FROM "));
            json_rows(w, listed);
            w.push(" UNION ALL SELECT ");
            self.id_to_record(w, kind, &row_id, &id);
            w.push(", NULL, ");
            self.object(w, kind, snapshot)?;
            w.push(&text).push(" FROM ").table(kind.table_name()).push(" AS r WHERE ");
            self.is_one(w, kind, Rows::all(subjects))?;
            w.push(") AS a GROUP BY a.value) AS j WHERE j.key IS NOT NULL");
            Ok(())
        })
    }

    pub(crate) fn begin_events(&self, w: &mut Writer) {
        w.push("INSERT INTO ").name(&self.prefix.table("outbox"));
        w.push(" (operation, topic, kind, record, at, payload)\n");
    }

    /// Renders the events of a draft: one for each of its rows, with the values of the draft's fields.
    pub(crate) fn drafted_events(
        &self,
        operation: OperationId,
        draft: &EventDraft,
    ) -> Result<Statement, StoreError> {
        let mut w = self.writer();
        self.begin_events(&mut w);
        self.with(&mut w, &[draft.rows.set])?;
        self.drafted_rows(&mut w, operation, draft)?;
        Ok(w.finish())
    }

    /// Writes what follows [`begin_events`](Self::begin_events) for a draft, in a statement that defines the draft's
    /// set.
    pub(crate) fn drafted_rows(
        &self,
        w: &mut Writer,
        operation: OperationId,
        draft: &EventDraft,
    ) -> Result<(), StoreError> {
        let EventDraft { topic, kind, rows, fields } = draft;
        let kind = self.kind_of_rows(kind, *rows)?;
        let id = format!("{}{}", self.recorded(kind)?, self.backend.cast("text"));
        let mut query = Query::select(w, "");
        let w = query.w().bind_as(operation.to_string(), "uuid").push(", ");
        w.bind(topic.as_str()).push(", ");
        w.bind(kind.name.as_str()).push(", ");
        self.id_to_record(w, kind, &self.row_id(kind)?, &id);
        w.push(", ");
        w.bind_as(instant_text(self.query.now), "timestamptz").push(", ");
        self.object(w, kind, fields)?;
        query.table(kind.table_name(), "r");
        self.is_one(query.condition(), kind, *rows)?;
        // Events are sorted by id, so that the outbox is reproducible.
        query.order_by(&self.answer_order(kind)?);
        // Two drafts may contain the same row. The key of an event is its operation, topic and record.
        query.w().push(" ON CONFLICT DO NOTHING");
        Ok(())
    }

    /// Renders an event whose fields are already known.
    pub(crate) fn event(&self, event: &Event) -> Result<Statement, StoreError> {
        let mut w = self.writer();
        self.begin_events(&mut w);
        self.event_row(&mut w, event)?;
        Ok(w.finish())
    }

    /// Writes what follows [`begin_events`](Self::begin_events), for an event whose fields are already known.
    pub(crate) fn event_row(&self, w: &mut Writer, event: &Event) -> Result<(), StoreError> {
        let Event { operation, topic, kind, record, at, fields } = event;
        let payload = json(self.backend, fields, &format!("the event `{topic}`"))?;
        w.push("VALUES (").bind_as(operation.to_string(), "uuid").push(", ");
        w.bind(topic.as_str()).push(", ").bind(kind.as_str()).push(", ");
        let is_pseudonym = self.personal_ids.field_of(self.kind(kind)?).is_some();
        // The pseudonym of an integer or a UUID is text, whatever the type of the column.
        let recorded = if is_pseudonym {
            SqlValue::Text(record.to_string())
        } else {
            self.backend.recorded_id(self, kind, record)?
        };
        w.bind(recorded).push(", ");
        w.bind_as(instant_text(*at), "timestamptz").push(", ");
        w.bind_as(payload, "jsonb").push(")");
        Ok(())
    }
}
