//! Details of rows: ids, spans of time, and values that could not be read.

use super::renderer::{Renderer, id_of};
use super::shape::fields_read;
use crate::domain::{FieldName, FieldType, Kind, KindName};
use crate::protocol::{Question, Rows, SetId};
use crate::sql::query::{Query, Union};
use crate::sql::statement::{Statement, Writer};
use crate::store::StoreError;

/// The number of fields in one JSON function: PostgreSQL takes 100 arguments, SQLite 127 by default.
const FIELDS_PER_FUNCTION: usize = 50;

impl Renderer<'_> {
    /// Renders the samples and spans of these questions. A row holds the number of the question, its type (0 an id, 1
    /// a span) and three values. Returns `None` if no question asks for any.
    pub(crate) fn details(&self, questions: &[(usize, &Question)]) -> Result<Option<Statement>, StoreError> {
        let mut w = self.writer();
        let sets: Vec<SetId> = questions.iter().map(|(_, question)| question.rows.set).collect();
        self.with(&mut w, &sets)?;
        let mut union = Union::new(&mut w, "\nUNION ALL ");
        let null = self.backend.cast("text");
        for (number, question) in questions {
            if question.sample > 0 {
                let kind = self.set_kind(question.rows.set)?;
                let id = self.backend.answered_id(self.id(kind), "b.id")?;
                let w = union.part();
                w.push(&format!("SELECT {number}, 0, {id}, NULL{null}, 0 FROM ("));
                let mut rows = Query::select(w, "s.id AS id");
                self.select_rows(&mut rows, question.rows)?;
                rows.order_by(&self.backend.id_order(self.id(kind), "s.id")?).limit(question.sample);
                w.push(") AS b");
            }
            if let Some(field) = &question.span {
                self.span(union.part(), *number, question.rows, field)?;
            }
        }
        let is_empty = union.is_empty();
        Ok((!is_empty).then(|| w.finish()))
    }

    fn span(&self, w: &mut Writer, number: usize, rows: Rows, field: &FieldName) -> Result<(), StoreError> {
        let kind = self.set_kind(rows.set)?;
        let invalid = self.invalid(kind, field, FieldType::Timestamp)?;
        let at = self.backend.milliseconds(self.field(kind, field))?;
        let text = self.backend.cast("text");
        let columns =
            format!("{number}, 1, min({at}){text}, max({at}){text}, count(*) FILTER (WHERE {invalid})");
        let mut query = Query::select(w, &columns);
        query.table(kind.table_name(), "r");
        self.is_one(query.condition(), kind, rows)
    }

    fn invalid(&self, kind: &Kind, field: &FieldName, declared: FieldType) -> Result<String, StoreError> {
        let invalid = self.backend.is_invalid(self.field(kind, field), declared)?;
        Ok(invalid.unwrap_or_else(|| "FALSE".into()))
    }

    /// Renders the first row of a set whose value in a condition is not of its field's type: its id, and for each of
    /// the fields whether it is this one.
    pub(crate) fn unreadable(&self, set: SetId) -> Result<(Statement, Vec<FieldName>), StoreError> {
        let cases = self.shape(set)?.branches.iter().flat_map(|branch| &branch.cases);
        let conditions = cases.filter_map(|case| case.when.as_ref());
        let mut fields: Vec<FieldName> =
            conditions.flat_map(|when| fields_read(when).into_iter().cloned()).collect();
        fields.sort();
        fields.dedup();
        let kind = self.set_kind(set)?;
        let id = id_of(kind);
        let mut w = self.writer();
        let mut query =
            Query::select(self.with(&mut w, &[set])?, &self.backend.answered_id(self.id(kind), &id)?);
        for field in &fields {
            let invalid = self.invalid(kind, field, kind.type_of(field))?;
            query.w().push(&format!(", CASE WHEN {invalid} THEN 1 ELSE 0 END"));
        }
        query.table(kind.table_name(), "r");
        let list = query.condition().push(&id).push(" IN (");
        let mut ids = Query::select(list, "s.id");
        self.select_set(&mut ids, set);
        ids.condition().push("s.rank < 0)");
        query.order_by(&self.backend.id_order(self.id(kind), &id)?).limit(1);
        Ok((w.finish(), fields))
    }

    /// Renders the first of these rows whose field is not a timestamp.
    pub(crate) fn undated(&self, rows: Rows, field: &FieldName) -> Result<(Statement, KindName), StoreError> {
        let kind = self.set_kind(rows.set)?;
        let id = id_of(kind);
        let invalid = self.invalid(kind, field, FieldType::Timestamp)?;
        let mut w = self.writer();
        let mut query =
            Query::select(self.with(&mut w, &[rows.set])?, &self.backend.answered_id(self.id(kind), &id)?);
        query.table(kind.table_name(), "r");
        self.is_one(query.condition(), kind, rows)?;
        query.condition().push(&invalid);
        query.order_by(&self.backend.id_order(self.id(kind), &id)?).limit(1);
        Ok((w.finish(), kind.name.clone()))
    }

    /// Renders how many of these rows still exist.
    pub(crate) fn remaining(&self, kind: &KindName, rows: Rows) -> Result<Statement, StoreError> {
        let kind = self.kind(kind)?;
        let mut w = self.writer();
        let mut query = Query::select(self.with(&mut w, &[rows.set])?, "count(*)");
        query.table(kind.table_name(), "r");
        self.is_one(query.condition(), kind, rows)?;
        Ok(w.finish())
    }

    /// Writes the fields of the row `r` as a JSON object.
    pub(crate) fn object(&self, w: &mut Writer, kind: &Kind, fields: &[FieldName]) -> Result<(), StoreError> {
        let mut parts: Vec<&[FieldName]> = fields.chunks(FIELDS_PER_FUNCTION).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let joined = self.backend.joined_objects();
        let [open, between, close] = if parts.len() == 1 { [""; 3] } else { joined };
        w.push(open);
        w.list(between, parts, |w, part| {
            w.push(self.backend.json_object());
            w.list(", ", part, |w, field| {
                let value = self.backend.json_value(self.field(kind, field))?;
                w.bind(field.as_str()).push(", ").push(&value);
                Ok::<_, StoreError>(())
            })?;
            w.push(")");
            Ok::<_, StoreError>(())
        })?;
        w.push(close);
        Ok(())
    }
}
