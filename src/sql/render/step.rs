//! Steps and events, as the statements that write them.

use super::place::Place;
use super::set::{Renderer, id_of, rank_within};
use super::shape::PlainArm;
use super::stored::id_text;
use crate::domain::{FieldName, FieldType, Kind, KindName, OperationId, instant_text};
use crate::protocol::{ChangeStep, EventDraft, NewValue, Rows, SetId, Write};
use crate::sql::Dialect;
use crate::sql::statement::{Statement, Writer};
use crate::store::StoreError;

/// The statements of one step.
#[derive(Debug, Default)]
pub(crate) struct StepStatements {
    /// Notes the rows under the operation, before they are written.
    pub(crate) mark: Option<Statement>,
    /// Writes the rows; `None` where they are only counted.
    pub(crate) write: Option<Statement>,
}

impl Renderer<'_> {
    /// What a step does.
    pub(crate) fn step(
        &self,
        operation: OperationId,
        step: &ChangeStep,
    ) -> Result<StepStatements, StoreError> {
        let ChangeStep { kind, rows, write, receipt_step: _ } = step;
        let kind = self.kind_of_rows(kind, *rows)?;
        Ok(match write {
            Write::Keep => StepStatements::default(),
            Write::Delete => {
                let mut w = self.writer();
                self.with_rows(&mut w, *rows)?;
                w.push("DELETE FROM ").table(kind.table_name());
                w.push(" AS r WHERE ");
                self.are_rows(&mut w, kind, *rows)?;
                StepStatements { mark: None, write: Some(w.finish()) }
            }
            Write::Update(fields) => StepStatements { mark: None, write: self.update(kind, *rows, fields)? },
            Write::Mark(fields) => StepStatements {
                mark: Some(self.mark(operation, kind, *rows)?),
                write: self.update(kind, *rows, fields)?,
            },
        })
    }

    /// The kind, which has to be that of the rows: ids of one table mean other rows in the next.
    pub(super) fn kind_of_rows(&self, name: &KindName, rows: Rows) -> Result<&Kind, StoreError> {
        let kind = self.set_kind(rows.set)?;
        if kind.name != *name {
            return Err(StoreError::Unsupported(format!(
                "writing rows of `{}` as rows of `{name}`",
                kind.name
            )));
        }
        Ok(kind)
    }

    fn update(
        &self,
        kind: &Kind,
        rows: Rows,
        fields: &[(FieldName, NewValue)],
    ) -> Result<Option<Statement>, StoreError> {
        if fields.is_empty() {
            return Ok(None);
        }
        let mut w = self.writer();
        self.with_rows(&mut w, rows)?;
        w.push("UPDATE ").table(kind.table_name()).push(" AS r SET ");
        w.list(", ", fields, |w, (field, value)| {
            w.name(kind.column(field)).push(" = ");
            self.new_value(w, kind, field, value)
        })?;
        w.push(" WHERE ");
        self.are_rows(&mut w, kind, rows)?;
        Ok(Some(w.finish()))
    }

    fn mark(&self, operation: OperationId, kind: &Kind, rows: Rows) -> Result<Statement, StoreError> {
        let mut w = self.writer();
        w.push("INSERT INTO ").name(&self.prefix.table("marks"));
        w.push(" (operation, kind, record)\n");
        self.with(&mut w, &[rows.set])?;
        w.push("SELECT ").bind_as(operation.to_string(), "uuid").push(", ");
        w.bind(kind.name.as_str()).push(", s.id FROM ");
        self.rows(&mut w, rows)?;
        // Two steps of one operation may mark the same row. SQLite reads ON CONFLICT after a SELECT that
        // has no WHERE as a join.
        let place = self.place(rows.set);
        if place != Place::Fixed && self.shape(rows.set)?.lies_within(rows.ranks) {
            w.push(" WHERE true");
        }
        w.push(" ON CONFLICT DO NOTHING");
        Ok(w.finish())
    }

    /// The events of a draft: one row for each of its rows, with the values of the fields.
    pub(crate) fn events(&self, operation: OperationId, draft: &EventDraft) -> Result<Statement, StoreError> {
        let mut w = self.writer();
        self.outbox(&mut w);
        self.with(&mut w, &[draft.rows.set])?;
        self.events_of(&mut w, operation, draft)?;
        Ok(w.finish())
    }

    /// Begins to write events.
    pub(super) fn outbox(&self, w: &mut Writer) {
        w.push("INSERT INTO ").name(&self.prefix.table("outbox"));
        w.push(" (operation, topic, kind, record, at, payload)\n");
    }

    /// What follows [`outbox`](Self::outbox), where the sets are there.
    pub(super) fn events_of(
        &self,
        w: &mut Writer,
        operation: OperationId,
        draft: &EventDraft,
    ) -> Result<(), StoreError> {
        let EventDraft { topic, kind, rows, fields } = draft;
        let kind = self.kind_of_rows(kind, *rows)?;
        w.push("SELECT ").bind_as(operation.to_string(), "uuid").push(", ");
        w.bind(topic.as_str()).push(", ");
        w.bind(kind.name.as_str()).push(", ");
        let id = id_of(w, kind);
        w.push(&id).push(if self.dialect == Dialect::Postgres { "::text, " } else { ", " });
        w.bind_as(instant_text(self.query.now), "timestamptz").push(", ");
        self.object(w, kind, fields)?;
        w.push(" FROM ").table(kind.table_name());
        w.push(" AS r WHERE ");
        self.is_one(w, kind, *rows)?;
        // In the order of ids, so that the outbox is the same on every run.
        w.push(" ORDER BY ").push(&self.order(kind, &id)?);
        // Two drafts may tell of the same row: operation, topic and record are the key.
        w.push(" ON CONFLICT DO NOTHING");
        Ok(())
    }

    /// A stored value as JSON, of the type its field is declared with.
    pub(super) fn json_of(&self, kind: &Kind, field: &FieldName, stored: &str) -> Result<String, StoreError> {
        match self.dialect {
            Dialect::Sqlite => Ok(json_value(kind, field, stored)),
            Dialect::Postgres => self.json_typed(kind, field, stored),
        }
    }

    /// The common table expressions of a statement whose rows are found by [`are_rows`](Self::are_rows).
    pub(super) fn with_rows(&self, w: &mut Writer, rows: Rows) -> Result<(), StoreError> {
        self.with(w, &self.needed_for(rows)?)
    }

    /// The sets that are read where rows are found by [`are_rows`](Self::are_rows).
    pub(super) fn needed_for(&self, rows: Rows) -> Result<Vec<SetId>, StoreError> {
        Ok(match self.direct(rows)? {
            Some(_) => self.shape(rows.set)?.inputs().collect(),
            None => vec![rows.set],
        })
    }

    /// The one way into the set of these rows, where the statement that has to find them can take it itself: the
    /// row is asked directly, no id is written anywhere or looked up.
    fn direct(&self, rows: Rows) -> Result<Option<&PlainArm<'_>>, StoreError> {
        let finds_itself = match self.dialect {
            Dialect::Sqlite => self.place(rows.set) == Place::AtStep,
            Dialect::Postgres => !self.is_walked(rows.set),
        };
        Ok(match &*self.shape(rows.set)?.branches {
            [branch] if finds_itself => Some(branch),
            _ => None,
        })
    }

    /// Whether these rows are found without any set.
    pub(super) fn needs_no_set(&self, rows: Rows) -> Result<bool, StoreError> {
        Ok(self.direct(rows)?.is_some() && self.shape(rows.set)?.inputs().next().is_none())
    }

    /// That a row `r` is one of these.
    pub(super) fn are_rows(&self, w: &mut Writer, kind: &Kind, rows: Rows) -> Result<(), StoreError> {
        let Some(branch) = self.direct(rows)? else {
            return self.is_one(w, kind, rows);
        };
        self.comes_in(w, self.shape(rows.set)?.set, branch)?;
        let within = |rank| rows.ranks.contains(rank);
        if !branch.constant().is_some_and(within) {
            // A row that stays out has no rank, and null lies in no range.
            w.push(" AND (");
            self.rank(w, kind, &branch.cases, None)?;
            rank_within(w, ")", rows.ranks);
        }
        Ok(())
    }
}

fn json_value(kind: &Kind, field: &FieldName, stored: &str) -> String {
    match kind.declared_type(field) {
        Some(FieldType::Boolean) => {
            format!("CASE {stored} WHEN 1 THEN json('true') WHEN 0 THEN json('false') ELSE {stored} END")
        }
        Some(FieldType::Json) => {
            format!("CASE WHEN json_valid({stored}) THEN json({stored}) ELSE {stored} END")
        }
        // JSON cannot hold bytes: the 16 of a UUID become its text, others hexadecimal digits.
        _ => format!(
            "CASE WHEN typeof({stored}) = 'blob' AND length({stored}) <> 16 THEN hex({stored}) ELSE {} END",
            id_text(stored)
        ),
    }
}
