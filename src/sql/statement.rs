//! Statements: a text and its bound values.

use super::backend::Backend;
use super::connection::SqlValue;
use super::prefix::quote;

/// One SQL statement with its values. Names in the text are quoted; values are never part of it.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "a statement has no other parts")]
pub struct Statement {
    /// The text.
    pub sql: String,
    /// The values, in the order of their placeholders.
    pub params: Vec<SqlValue>,
}

impl Statement {
    /// Makes a statement from a text without values.
    pub(crate) fn text(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), params: Vec::new() }
    }
}

/// A statement under construction, written from left to right.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub(crate) backend: &'static dyn Backend,
    sql: String,
    params: Vec<SqlValue>,
}

impl Writer {
    pub(crate) fn new(backend: &'static dyn Backend) -> Self {
        Self { backend, sql: String::new(), params: Vec::new() }
    }

    /// Appends text of the library, never a name or a value of the host.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.sql.push_str(text);
        self
    }

    /// Appends a number of the library, such as that of a set.
    pub(crate) fn number(&mut self, number: impl Into<i64>) -> &mut Self {
        self.sql.push_str(&number.into().to_string());
        self
    }

    /// Appends a quoted name.
    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.sql.push_str(&quote(name));
        self
    }

    /// Appends the quoted name of a table of the host.
    pub(crate) fn table(&mut self, name: &str) -> &mut Self {
        self.sql.push_str(&self.backend.table(name));
        self
    }

    /// Binds a value and appends its placeholder, with a cast if the database would have to guess the type.
    pub(crate) fn bind(&mut self, value: impl Into<SqlValue>) -> &mut Self {
        self.backend.bind(self, value.into());
        self
    }

    /// Binds a value for a column of the library's tables, with a cast on typed databases.
    pub(crate) fn bind_as(&mut self, value: impl Into<SqlValue>, type_name: &str) -> &mut Self {
        self.bind(value);
        self.push(&self.backend.cast(type_name))
    }

    /// Binds a value and appends its bare placeholder.
    pub(crate) fn placeholder(&mut self, value: SqlValue) -> &mut Self {
        self.params.push(value);
        self.push(&self.backend.placeholder(self.params.len()))
    }

    /// Writes each item, separated by `between`.
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

    /// Writes each item, separated by `between`, if none can fail.
    pub(crate) fn join<T>(
        &mut self,
        between: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.push(between);
            }
            write(self, item);
        }
        self
    }

    pub(crate) fn finish(self) -> Statement {
        Statement { sql: self.sql, params: self.params }
    }
}
