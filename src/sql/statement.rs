//! Statements: SQL text with bound values, quoted names, and a small builder that writes a statement clause by
//! clause.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use super::backend::Backend;
use super::connection::SqlValue;
use crate::domain::TableName;
use crate::store::StoreError;

/// One SQL statement with its values. Names in the text are quoted. Values are bound and never part of the text.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "a statement has no other parts")]
pub struct Statement {
    /// The text.
    pub sql: String,
    /// The values, in the order of their placeholders.
    pub params: Vec<SqlValue>,
}

impl Statement {
    /// Makes a statement without values.
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

    /// Appends text of the library. Never use it for a name or a value of the host.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.sql.push_str(text);
        self
    }

    /// Appends a number that the library chose, such as the number of a set.
    pub(crate) fn number(&mut self, number: impl Into<i64>) -> &mut Self {
        self.sql.push_str(&number.into().to_string());
        self
    }

    pub(crate) fn name(&mut self, name: &str) -> &mut Self {
        self.sql.push_str(&quote(name));
        self
    }

    /// Appends the quoted name of a table of the host.
    pub(crate) fn table(&mut self, name: impl Borrow<TableName>) -> &mut Self {
        self.sql.push_str(&quote_table(name.borrow()));
        self
    }

    /// Binds a value and appends its placeholder, with a cast if the database could not infer its type.
    pub(crate) fn bind(&mut self, value: impl Into<SqlValue>) -> &mut Self {
        self.backend.bind(self, value.into());
        self
    }

    /// Binds a value for a column of the library's tables, with a cast if the database has static types.
    pub(crate) fn bind_as(&mut self, value: impl Into<SqlValue>, type_name: &str) -> &mut Self {
        self.bind(value);
        self.push(&self.backend.cast(type_name))
    }

    /// Binds a value and appends its placeholder without a cast.
    pub(crate) fn placeholder(&mut self, value: SqlValue) -> &mut Self {
        self.params.push(value);
        self.push(&self.backend.placeholder(self.params.len()))
    }

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

    /// Writes each item, separated by `between`, with a function that cannot fail.
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

/// A SELECT, DELETE or UPDATE, written clause by clause in the order of SQL.
pub(crate) struct Query<'w> {
    w: &'w mut Writer,
    has_condition: bool,
}

impl<'w> Query<'w> {
    pub(crate) fn select(w: &'w mut Writer, columns: &str) -> Self {
        w.push("SELECT ").push(columns);
        Self { w, has_condition: false }
    }

    /// Starts a DELETE from a table of the host. The row is called `r`.
    pub(crate) fn delete(w: &'w mut Writer, table: impl Borrow<TableName>) -> Self {
        w.push("DELETE FROM ").table(table).push(" AS r");
        Self { w, has_condition: false }
    }

    /// Starts an UPDATE of a table of the host. The row is called `r`.
    pub(crate) fn update(w: &'w mut Writer, table: impl Borrow<TableName>) -> Self {
        w.push("UPDATE ").table(table).push(" AS r SET ");
        Self { w, has_condition: false }
    }

    /// Continues a SELECT whose columns are written, with a table of the host. The row is called `r`.
    pub(crate) fn select_from(w: &'w mut Writer, table: impl Borrow<TableName>) -> Self {
        w.push(" FROM ").table(table).push(" AS r");
        Self { w, has_condition: false }
    }

    /// Returns the writer, to append text after the last clause.
    pub(crate) fn w(&mut self) -> &mut Writer {
        self.w
    }

    /// Writes a FROM clause with text of the library.
    pub(crate) fn from(&mut self, source: &str) -> &mut Self {
        self.w.push(" FROM ").push(source);
        self
    }

    /// Writes a FROM clause with a table of the host and an alias.
    pub(crate) fn table(&mut self, table: impl Borrow<TableName>, name: &str) -> &mut Self {
        self.w.push(" FROM ").table(table).push(" AS ").push(name);
        self
    }

    pub(crate) fn condition(&mut self) -> &mut Writer {
        let word = if self.has_condition { " AND " } else { " WHERE " };
        self.has_condition = true;
        self.w.push(word)
    }

    pub(crate) fn order_by(&mut self, order: &str) -> &mut Self {
        self.w.push(" ORDER BY ").push(order);
        self
    }

    pub(crate) fn limit(&mut self, rows: impl Into<i64>) -> &mut Self {
        self.w.push(" LIMIT ").number(rows);
        self
    }
}

/// The common table expressions at the start of a statement.
pub(crate) struct With<'w> {
    w: &'w mut Writer,
    recursive: bool,
    any: bool,
}

impl<'w> With<'w> {
    pub(crate) fn new(w: &'w mut Writer, recursive: bool) -> Self {
        Self { w, recursive, any: false }
    }

    /// Writes one or more expressions, including their names. `write` separates several by commas.
    pub(crate) fn raw(
        &mut self,
        write: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let word = match (self.any, self.recursive) {
            (true, _) => ",\n",
            (false, true) => "WITH RECURSIVE ",
            (false, false) => "WITH ",
        };
        self.any = true;
        write(self.w.push(word))
    }

    /// Writes one expression. `head` is its quoted name, with column names if it has any.
    pub(crate) fn table(
        &mut self,
        head: &str,
        write: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.raw(|w| {
            w.push(head).push(" AS (");
            write(w)?;
            w.push(")");
            Ok(())
        })
    }

    /// Ends the expressions and returns the writer for the statement that reads them.
    pub(crate) fn end(self) -> &'w mut Writer {
        self.w.push(if self.any { "\n" } else { "" })
    }
}

/// Queries joined by UNION.
pub(crate) struct Union<'w> {
    w: &'w mut Writer,
    word: &'static str,
    parts: usize,
}

impl<'w> Union<'w> {
    pub(crate) fn new(w: &'w mut Writer, word: &'static str) -> Self {
        Self { w, word, parts: 0 }
    }

    /// Starts the next query.
    pub(crate) fn part(&mut self) -> &mut Writer {
        let word = if self.parts > 0 { self.word } else { "" };
        self.parts += 1;
        self.w.push(word)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts == 0
    }
}

/// The library's tables, without the prefix.
pub(crate) const TABLES: [&str; 6] = ["schema", "operations", "audit", "outbox", "marks", "replaced"];

/// Other names with the prefix: an index, temporary tables, and expressions of single statements.
const OTHERS: [&str; 9] = [
    "audit_by_record",
    "deletions",
    "marked",
    "members",
    "pseudonyms",
    "walk",
    "noted",
    "recorded",
    "replacing",
];
/// Names with the prefix that end with a number.
const NUMBERED: [&str; 7] = ["set_", "walk_", "gone_", "kept_", "reported_", "elements_", "deleted_"];

/// The prefix of the library's table names; by default `lifecycle_`.
///
/// ```
/// use client_lifecycle::sql::Prefix;
/// assert_eq!(Prefix::default().as_str(), "lifecycle_");
/// assert!(Prefix::new("my app").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prefix(Arc<str>);

impl Prefix {
    /// Makes a prefix. It may contain letters, digits and underscores, and must not start with a digit.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] for any other prefix.
    pub fn new(prefix: &str) -> Result<Self, StoreError> {
        let named = prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let first = prefix.chars().next();
        // Names that begin with `sqlite_` and `pg_` are reserved by the databases.
        let reserved = ["sqlite_", "pg_"].iter().any(|own| prefix.to_ascii_lowercase().starts_with(own));
        if !named || reserved || prefix.len() > 30 || first.is_none_or(|first| first.is_ascii_digit()) {
            return Err(StoreError::Unsupported(format!(
                "`{prefix}` as the prefix of tables; use up to 30 letters, digits and underscores"
            )));
        }
        Ok(Self(prefix.into()))
    }

    /// Returns the prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the library's own statements use this name.
    pub(crate) fn is_own(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let own = name.strip_prefix(&self.0.to_ascii_lowercase());
        own.is_some_and(|own| {
            let number = NUMBERED.iter().find_map(|what| own.strip_prefix(what));
            TABLES.contains(&own)
                || OTHERS.contains(&own)
                || number.is_some_and(|number| number.split('_').all(|number| number.parse::<u16>().is_ok()))
        })
    }

    /// Returns the name of a table of the library.
    pub(crate) fn table(&self, name: &str) -> String {
        format!("{}{name}", self.0)
    }

    /// Returns the quoted name of a table of the library.
    pub(crate) fn quoted(&self, name: &str) -> String {
        quote(&self.table(name))
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self("lifecycle_".into())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Quotes the name of a table of the host, and apart from it the name of its schema.
pub(crate) fn quote_table(name: &TableName) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", quote(schema), quote(&name.table)),
        None => quote(&name.table),
    }
}

/// Quotes a name, whatever characters it contains.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
