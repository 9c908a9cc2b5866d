//! Keyed masks: what the database cannot compute is computed outside it, page by page and before the first
//! step, and kept for the time of the transaction in a table that the steps read.

use super::set::{Renderer, id_of};
use crate::domain::{FieldName, Kind};
use crate::protocol::ChangeStep;
use crate::sql::statement::{Statement, Writer};
use crate::sql::{Dialect, SqlValue};
use crate::store::StoreError;

/// How many rows are read and written at once.
pub(crate) const PAGE: u16 = 500;

impl Renderer<'_> {
    /// The table that holds pseudonyms, and never what they stand for.
    fn pseudonyms(&self) -> String {
        let name = self.dialect.quote(&self.prefix.table("pseudonyms"));
        match self.dialect {
            Dialect::Sqlite => format!("temp.{name}"),
            Dialect::Postgres => format!("pg_temp.{name}"),
        }
    }

    /// Creates the table of pseudonyms on this connection, if it is not there.
    pub(crate) fn create_pseudonyms(&self) -> Statement {
        let mut w = self.writer();
        w.push("CREATE TABLE IF NOT EXISTS ").push(&self.pseudonyms());
        w.push(match self.dialect {
            Dialect::Sqlite => {
                " (kind TEXT NOT NULL, field TEXT NOT NULL, id NOT NULL, value TEXT NOT NULL, \
                 PRIMARY KEY (kind, field, id)) WITHOUT ROWID"
            }
            // It goes with the transaction.
            Dialect::Postgres => {
                " (kind text NOT NULL, field text NOT NULL, id text NOT NULL, value text NOT NULL, \
                 PRIMARY KEY (kind, field, id)) ON COMMIT DROP"
            }
        });
        w.finish()
    }

    /// Takes all rows out of the table of pseudonyms.
    pub(crate) fn clear_pseudonyms(&self) -> Statement {
        let mut w = self.writer();
        w.push("DELETE FROM ").push(&self.pseudonyms());
        w.finish()
    }

    /// A page of the rows of a step: the id and the values of its keyed fields, after the last id of the page
    /// before.
    pub(crate) fn keyed_page(
        &self,
        step: &ChangeStep,
        after: Option<&SqlValue>,
    ) -> Result<Statement, StoreError> {
        let kind = self.kind_of_rows(&step.kind, step.rows)?;
        let (told, order) = match self.dialect {
            Dialect::Sqlite => ("s.id", "s.id"),
            Dialect::Postgres => ("s.id::text", "s.id::text COLLATE \"C\""),
        };
        let mut w = self.writer();
        self.with(&mut w, &[step.rows.set])?;
        w.push("SELECT ").push(told);
        for field in step.keyed_fields() {
            self.check_keyed(kind, field)?;
            let id = id_of(&w, kind);
            w.push(", (SELECT r.").name(kind.column(field)).push(self.as_text()).push(" FROM ");
            w.table(kind.table_name()).push(" AS r WHERE ");
            w.push(&id).push(" = s.id)");
        }
        w.push(" FROM ");
        let and = self.rows(&mut w, step.rows)?;
        if let Some(after) = after {
            w.push(and).push(order).push(" > ").bind(after.clone());
        }
        w.push(" ORDER BY ").push(order).push(" LIMIT ").number(PAGE);
        Ok(w.finish())
    }

    /// That a field holds text; on SQLite each value says so itself.
    fn check_keyed(&self, kind: &Kind, field: &FieldName) -> Result<(), StoreError> {
        if self.dialect == Dialect::Sqlite || self.column_type(kind, field)?.sort.is_text() {
            return Ok(());
        }
        Err(StoreError::BadValue {
            kind: kind.name.clone(),
            id: None,
            field: field.clone(),
            expected: "text".into(),
        })
    }

    /// Keeps the pseudonyms of a field, each with the id of its row.
    pub(crate) fn keep_pseudonyms(
        &self,
        kind: &Kind,
        field: &FieldName,
        made: Vec<(SqlValue, String)>,
    ) -> Statement {
        let mut w = self.writer();
        w.push("INSERT INTO ").push(&self.pseudonyms());
        w.push(" (kind, field, id, value) VALUES ");
        let written = w.list(", ", made, |w, (id, pseudonym)| {
            w.push("(").bind(kind.name.as_str()).push(", ").bind(field.as_str()).push(", ");
            w.bind(id).push(", ").bind(pseudonym).push(")");
            Ok::<_, std::convert::Infallible>(())
        });
        let Ok(()) = written;
        // Two steps may mask the same row.
        w.push(" ON CONFLICT DO NOTHING");
        w.finish()
    }

    /// The pseudonym that was made for a field of the row `r`; null where the field was null.
    pub(super) fn pseudonym(&self, w: &mut Writer, kind: &Kind, field: &FieldName) {
        let id = as_stored(self.dialect, &id_of(w, kind));
        w.push("(SELECT m.value FROM ").push(&self.pseudonyms());
        w.push(" AS m WHERE m.kind = ").bind(kind.name.as_str());
        w.push(" AND m.field = ").bind(field.as_str());
        w.push(" AND m.id = ").push(&id).push(")");
    }
}

/// A column without its type, so that it is compared as it is held and found by the key of the table.
fn as_stored(dialect: Dialect, column: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("+{column}"),
        Dialect::Postgres => format!("{column}::text"),
    }
}
