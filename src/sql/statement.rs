//! Statements: text and the values bound to it.

use super::{Dialect, SqlValue};

/// One SQL statement with its values. Names are quoted in the text; values are never part of it.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "a statement has no other parts")]
pub struct Statement {
    /// The text.
    pub sql: String,
    /// The values, in the order of their placeholders.
    pub params: Vec<SqlValue>,
}

/// A statement being written, from left to right.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub(crate) dialect: Dialect,
    sql: String,
    params: Vec<SqlValue>,
}

impl Writer {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, sql: String::new(), params: Vec::new() }
    }

    /// Text of the crate's own: never a name or a value.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.sql.push_str(text);
        self
    }

    /// A number of the crate's own, such as a set's.
    pub(crate) fn number(&mut self, number: impl Into<i64>) -> &mut Self {
        self.sql.push_str(&number.into().to_string());
        self
    }

    /// A name of the host's, quoted.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.sql.push_str(&self.dialect.quote(name));
        self
    }

    /// The name of a table of the host's, quoted.
    pub(crate) fn table(&mut self, name: &str) -> &mut Self {
        self.sql.push_str(&self.dialect.table(name));
        self
    }

    /// A placeholder for a value, with the type of the value where the database would have to guess it.
    pub(crate) fn bind(&mut self, value: impl Into<SqlValue>) -> &mut Self {
        let value = value.into();
        if self.dialect == Dialect::Postgres && value == SqlValue::Null {
            // Of no type, so that it goes everywhere.
            return self.push("NULL");
        }
        let typed = self.dialect.typed(&value);
        self.params.push(value);
        self.sql.push_str(&self.dialect.placeholder(self.params.len()));
        self.push(typed)
    }

    /// A value for a column of the library's own, which PostgreSQL holds in a type that text has to be
    /// converted to.
    pub(crate) fn bind_as(&mut self, value: impl Into<SqlValue>, on_postgres: &str) -> &mut Self {
        self.bind(value);
        match self.dialect {
            Dialect::Sqlite => self,
            Dialect::Postgres => self.push("::").push(on_postgres),
        }
    }

    /// What `write` writes for each item, with `between` between them.
    pub(crate) fn list<T, E>(
        &mut self,
        between: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<(), E>,
    ) -> Result<(), E> {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.push(between);
            }
            write(self, item)?;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Statement {
        Statement { sql: self.sql, params: self.params }
    }
}
