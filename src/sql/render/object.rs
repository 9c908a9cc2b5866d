//! Rows as JSON objects, however many fields they have.

use super::condition::column;
use super::set::Renderer;
use crate::domain::{FieldName, Kind};
use crate::sql::Dialect;
use crate::sql::statement::Writer;
use crate::store::StoreError;

/// How many fields one function is given: PostgreSQL takes 100 arguments, SQLite 127 unless built otherwise.
const AT_ONCE: usize = 50;

impl Renderer<'_> {
    /// The fields of the row `r` as a JSON object.
    pub(super) fn object(&self, w: &mut Writer, kind: &Kind, fields: &[FieldName]) -> Result<(), StoreError> {
        let parts: Vec<&[FieldName]> = fields.chunks(AT_ONCE).collect();
        // What no text of JSON holds as it is stands between two objects, and then a comma in its place.
        let (open, between, close) = match (self.dialect, parts.len()) {
            (_, 0) => return self.part(w, kind, &[]),
            (_, 1) => ("", "", ""),
            (Dialect::Sqlite, _) => ("json(replace(", " || char(1) || ", ", '}' || char(1) || '{', ','))"),
            (Dialect::Postgres, _) => ("(", " || ", ")"),
        };
        w.push(open);
        w.list(between, parts, |w, part| self.part(w, kind, part))?;
        w.push(close);
        Ok(())
    }

    fn part(&self, w: &mut Writer, kind: &Kind, fields: &[FieldName]) -> Result<(), StoreError> {
        w.push(self.dialect.json_object());
        w.list(", ", fields, |w, field| {
            w.bind(field.as_str()).push(", ");
            let held = self.json_of(kind, field, &column(w, kind, field))?;
            w.push(&held);
            Ok::<_, StoreError>(())
        })?;
        w.push(")");
        Ok(())
    }
}
