//! Steps and new rows: the statements that write them.

use super::renderer::{Renderer, column};
use crate::domain::{FieldName, Kind, OperationId, Value};
use crate::protocol::{ChangeStep, NewRow, NewValue, Write};
use crate::sql::query::Query;
use crate::sql::statement::{Statement, Writer};
use crate::store::StoreError;

impl Renderer<'_> {
    /// Renders the insertion of a new row.
    pub(crate) fn insert(&self, row: &NewRow) -> Result<Statement, StoreError> {
        let NewRow { kind, record } = row;
        let kind = self.kind(kind)?;
        let held: Vec<(&FieldName, &Value)> =
            record.fields.iter().filter(|(_, value)| !value.is_null()).collect();
        let mut w = self.writer();
        w.push("INSERT INTO ").table(kind.table_name()).push(" (").name(kind.column(&kind.id));
        for (field, _) in &held {
            w.push(", ").name(kind.column(field));
        }
        w.push(") VALUES (");
        self.backend.new_id(&mut w, self.id(kind), &record.id)?;
        for (field, value) in held {
            w.push(", ");
            self.backend.new_value(&mut w, self.field(kind, field), value)?;
        }
        w.push(")");
        Ok(w.finish())
    }

    /// Renders the write of one step; `None` if its rows are only counted.
    pub(crate) fn write(&self, step: &ChangeStep) -> Result<Option<Statement>, StoreError> {
        let kind = self.kind_of_rows(&step.kind, step.rows)?;
        let mut w = self.writer();
        let with = self.with(&mut w, &self.needed_for(step.rows)?)?;
        let mut query = match &step.write {
            Write::Delete => Query::delete(with, kind.table_name()),
            Write::Update(fields) | Write::Mark(fields) if !fields.is_empty() => {
                let mut query = Query::update(with, kind.table_name());
                query.w().list(", ", fields, |w, (field, value)| {
                    w.name(kind.column(field)).push(" = ");
                    self.new_field(w, kind, field, value)
                })?;
                query
            }
            Write::Update(_) | Write::Mark(_) | Write::Keep => return Ok(None),
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
            NewValue::Masked(mask) => self.backend.mask(w, self.field(kind, field), mask),
            NewValue::Next => {
                w.push(&format!("coalesce({}, 0) + 1", column(kind, field)));
                Ok(())
            }
        }
    }

    /// Starts recording rows under an operation, so that it can be undone.
    pub(crate) fn begin_marks(&self, w: &mut Writer) {
        w.push("INSERT INTO ").name(&self.prefix.table("marks")).push(" (operation, kind, record)\n");
    }

    /// Renders the statement that records the rows of a step under the operation.
    pub(crate) fn mark(&self, operation: OperationId, step: &ChangeStep) -> Result<Statement, StoreError> {
        let kind = self.kind_of_rows(&step.kind, step.rows)?;
        let mut w = self.writer();
        self.begin_marks(&mut w);
        let mut query = Query::select(self.with(&mut w, &[step.rows.set])?, "");
        query.w().bind_as(operation.to_string(), "uuid").push(", ").bind(kind.name.as_str()).push(", s.id");
        self.select_rows(&mut query, step.rows)?;
        // SQLite reads ON CONFLICT after a SELECT without WHERE as a join.
        query.condition().push("TRUE");
        // Two steps of one operation may mark the same row.
        query.w().push(" ON CONFLICT DO NOTHING");
        Ok(w.finish())
    }
}
