//! The values that an operation replaces: the statement that records them, and the expressions that read them back.

use super::renderer::Renderer;
use super::row_id::as_row;
use super::set::{holds_one, is_among};
use crate::domain::{FieldName, Kind, OperationId, Reference};
use crate::protocol::{ChangeStep, Rows};
use crate::sql::statement::{Query, Statement, Union, Writer, quote};
use crate::store::StoreError;

impl Renderer<'_> {
    /// Returns the fields of a step whose values are recorded.
    pub(crate) fn recorded_fields<'s>(&self, step: &'s ChangeStep, kind: &'s Kind) -> Vec<&'s FieldName> {
        let fields = step.recorded_fields(kind);
        fields.filter(|field| !self.personal_ids.has(&kind.name, field)).collect()
    }

    /// Starts the statement that records what an operation replaces.
    pub(crate) fn begin_replaced(&self, w: &mut Writer) {
        w.push("INSERT INTO ").name(&self.prefix.table("replaced"));
        w.push(" (operation, kind, field, record, before, after)\n");
    }

    /// Writes a query for the values of a field before and after an operation, without the condition on its rows.
    pub(crate) fn replaced<'w>(
        &self,
        w: &'w mut Writer,
        operation: OperationId,
        kind: &Kind,
        field: &FieldName,
        after: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
    ) -> Result<Query<'w>, StoreError> {
        let mut query = Query::select(w, "");
        let columns = query.w().bind_as(operation.to_string(), "uuid").push(", ");
        columns.bind(kind.name.as_str()).push(", ").bind(field.as_str()).push(", ");
        let recorded = self.record_of(kind)?;
        self.id_to_record(columns, kind, &self.row_id(kind)?, &recorded);
        let stored = self.field(kind, field);
        let [open, close] = self.backend.recorded_value(stored)?;
        columns.push(", ").push(&open).push(&stored.column()).push(&close).push(", ").push(&open);
        after(columns)?;
        columns.push(&close);
        query.table(kind.table_name(), "r");
        Ok(query)
    }

    /// Renders the statement that records what a step replaces; `None` if that is nothing.
    pub(crate) fn replaces(
        &self,
        operation: OperationId,
        step: &ChangeStep,
    ) -> Result<Option<Statement>, StoreError> {
        let kind = self.kind_of_rows(&step.kind, step.rows)?;
        let fields = self.recorded_fields(step, kind);
        if fields.is_empty() {
            return Ok(None);
        }
        let mut w = self.writer();
        self.begin_replaced(&mut w);
        let mut needed = vec![step.rows.set];
        needed.extend(super::write::sets_of_elements(&step.write));
        let mut union = Union::new(self.with(&mut w, &needed)?, " UNION ALL ");
        for (field, value) in step.write.values().iter().filter(|(field, _)| fields.contains(&field)) {
            let new = |w: &mut Writer| self.new_field(w, kind, field, value);
            let mut query = self.replaced(union.part(), operation, kind, field, new)?;
            self.is_one(query.condition(), kind, step.rows)?;
        }
        // Several steps may write the field of a row: the value before the first and that after the last count.
        w.push(" ON CONFLICT (operation, kind, field, record) DO UPDATE SET after = excluded.after");
        Ok(Some(w.finish()))
    }

    /// Writes the condition that `m` is about a field of a kind, and that the undone operation recorded it.
    fn is_about(&self, query: &mut Query<'_>, kind: &Kind, field: &FieldName) -> Result<(), StoreError> {
        let undoes = self.query.undoes.ok_or_else(|| {
            StoreError::Unsupported("reading what an operation replaced, without the operation".into())
        })?;
        query.condition().push("m.operation = ").bind_as(undoes.to_string(), "uuid");
        query.condition().push("m.kind = ").bind(kind.name.as_str());
        query.condition().push("m.field = ").bind(field.as_str());
        Ok(())
    }

    /// Starts a query for what the undone operation replaced in a field.
    fn replaced_in<'w>(
        &self,
        w: &'w mut Writer,
        columns: &str,
        kind: &Kind,
        field: &FieldName,
    ) -> Result<Query<'w>, StoreError> {
        let mut query = Query::select(w, columns);
        query.from(&format!("{} AS m", self.prefix.quoted("replaced")));
        self.is_about(&mut query, kind, field)?;
        Ok(query)
    }

    /// Writes the condition that `m` is about the row `r`.
    fn is_about_row(&self, query: &mut Query<'_>, kind: &Kind) -> Result<(), StoreError> {
        let record = self.record_of(kind)?;
        query.condition().push("m.record = ").push(&record);
        if let (Some(known), Some(own)) =
            (self.backend.record_key("m.record"), self.backend.record_key(&format!("({record})")))
        {
            query.condition().push(&known).push(" = ").push(&own);
        }
        Ok(())
    }

    /// Returns the id of the row `r` as the records of the library hold it, in a form that uses their index.
    fn record_of(&self, kind: &Kind) -> Result<String, StoreError> {
        let recorded = self.recorded(kind)?;
        Ok(if kind.id.only().is_some() { self.backend.pseudonym_id(&recorded) } else { recorded })
    }

    /// Writes the condition that the row `r` still has the values that the undone operation wrote to these fields.
    pub(crate) fn is_replaced(
        &self,
        w: &mut Writer,
        kind: &Kind,
        fields: &[FieldName],
    ) -> Result<(), StoreError> {
        let Some(first) = fields.first() else {
            w.push("FALSE");
            return Ok(());
        };
        self.is_recorded(w, kind, first)?;
        for field in fields {
            w.push(" AND ");
            self.is_left(w, kind, field)?;
        }
        Ok(())
    }

    /// Writes the condition that a field of the row `r` has the value that the undone operation wrote to it.
    fn is_left(&self, w: &mut Writer, kind: &Kind, field: &FieldName) -> Result<(), StoreError> {
        let stored = self.field(kind, field);
        if let Some(own) = self.backend.recorded_pair(&self.record_of(kind)?, Some(stored))? {
            let Some(recorded) = self.backend.recorded_pair("m.record", None)? else { return Ok(()) };
            return is_among(w, &own, true, |w| self.replaced_in(w, &recorded, kind, field).map(|_| ()));
        }
        // As a value, which is NULL if nothing is recorded.
        let same = self.backend.equals_recorded(stored, "m.after")?;
        w.push("(");
        let mut query = self.replaced_in(w, &same, kind, field)?;
        self.is_about_row(&mut query, kind)?;
        w.push(")");
        Ok(())
    }

    /// Writes the condition that the id of the row `r` is among those recorded for a field. It finds the rows by their
    /// ids.
    fn is_recorded(&self, w: &mut Writer, kind: &Kind, field: &FieldName) -> Result<(), StoreError> {
        if let Some(id) = kind.id.only() {
            let recorded = self.backend.id_of_record(self.field(kind, id), "m.record")?;
            return holds_one(w, &self.row_id(kind)?, self.finds_row_ids(kind)?, |w| {
                self.replaced_in(w, &recorded, kind, field).map(|_| ())
            });
        }
        let parts = kind.id.fields().iter().enumerate();
        let parts = parts.map(|(position, part)| {
            self.backend.id_of_record(self.field(kind, part), &self.backend.element_of_record(position))
        });
        let parts: Vec<String> = parts.collect::<Result<_, _>>()?;
        let columns = kind.id.fields().iter().map(|part| self.field(kind, part).column());
        w.push(&as_row(&columns.collect::<Vec<_>>())).push(" IN (");
        self.replaced_in(w, &parts.join(", "), kind, field)?;
        w.push(")");
        Ok(())
    }

    /// Writes the value that a field of the row `r` had before the undone operation.
    pub(crate) fn former(&self, w: &mut Writer, kind: &Kind, field: &FieldName) -> Result<(), StoreError> {
        let value = self.backend.read_recorded(self.field(kind, field), "m.before")?;
        w.push("(");
        let mut query = self.replaced_in(w, &value, kind, field)?;
        self.is_about_row(&mut query, kind)?;
        w.push(")");
        Ok(())
    }

    /// Writes the condition that the row `r` referred to these rows, with the former values of some fields.
    pub(crate) fn is_former_referrer(
        &self,
        w: &mut Writer,
        reference: &Reference,
        fields: &[FieldName],
        of: Rows,
    ) -> Result<(), StoreError> {
        let sides = self.sides(reference)?;
        let kind = sides.from();
        let Some(first) = fields.first() else {
            w.push("FALSE");
            return Ok(());
        };
        if let (Some(id), true) = (kind.id.only(), sides.has_one_field()) {
            // Finds the rows from what was recorded, without looking at each row.
            let recorded = self.backend.id_of_record(self.field(kind, id), "b.record")?;
            let held = as_row(&sides.held("b")?);
            let value = self.backend.read_recorded(self.field(kind, first), "m.before")?;
            let columns = format!("m.record AS record, {value} AS {}", quote(kind.column(first)));
            return holds_one(w, &self.row_id(kind)?, self.finds_row_ids(kind)?, |w| {
                w.push(&format!("SELECT {recorded} FROM ("));
                self.replaced_in(w, &columns, kind, first)?;
                w.push(") AS b WHERE ");
                is_among(w, &held, true, |w| sides.keys(w, |w| self.ids(w, of)))
            });
        }
        self.is_recorded(w, kind, first)?;
        let former = |w: &mut Writer| {
            w.push("(SELECT ");
            w.list(", ", &reference.fields, |w, field| {
                if fields.contains(field) {
                    self.former(w, kind, field)?;
                } else {
                    w.push(&self.field(kind, field).column());
                }
                w.push(" AS ").push(&quote(kind.column(field)));
                Ok::<_, StoreError>(())
            })?;
            w.push(") AS b");
            Ok(())
        };
        if let (Some(before), Some(now)) = (sides.list("b")?, sides.list("r")?) {
            w.push(" AND NOT EXISTS (SELECT ").push(&before.compared).push(" FROM ");
            former(w)?;
            w.push(" CROSS JOIN ").push(&before.elements);
            w.push(" EXCEPT SELECT ").push(&now.compared).push(" FROM ").push(&now.elements).push(" EXCEPT ");
            sides.keys(w, |w| self.ids(w, of))?;
            w.push(")");
            return Ok(());
        }
        w.push(" AND EXISTS (SELECT 1 FROM ");
        former(w)?;
        w.push(" WHERE ");
        // The condition of `is_among` takes one column.
        w.push(&as_row(&sides.held("b")?)).push(" IN (");
        sides.keys(w, |w| self.ids(w, of))?;
        w.push("))");
        Ok(())
    }
}
