//! A small query builder over [`Writer`]. It decides between WHERE and AND, and between WITH, a comma and UNION.

use super::statement::Writer;
use crate::store::StoreError;

/// A SELECT, DELETE or UPDATE, written clause by clause in the order of SQL.
pub(crate) struct Query<'w> {
    w: &'w mut Writer,
    has_condition: bool,
}

impl<'w> Query<'w> {
    /// Starts a SELECT.
    pub(crate) fn select(w: &'w mut Writer, columns: &str) -> Self {
        w.push("SELECT ").push(columns);
        Self { w, has_condition: false }
    }

    /// Starts a DELETE from a table of the host, whose row is called `r`.
    pub(crate) fn delete(w: &'w mut Writer, table: &str) -> Self {
        w.push("DELETE FROM ").table(table).push(" AS r");
        Self { w, has_condition: false }
    }

    /// Starts an UPDATE of a table of the host, whose row is called `r`.
    pub(crate) fn update(w: &'w mut Writer, table: &str) -> Self {
        w.push("UPDATE ").table(table).push(" AS r SET ");
        Self { w, has_condition: false }
    }

    /// Returns the writer, for text after the last clause.
    pub(crate) fn w(&mut self) -> &mut Writer {
        self.w
    }

    /// Writes FROM and a text of the library.
    pub(crate) fn from(&mut self, source: &str) -> &mut Self {
        self.w.push(" FROM ").push(source);
        self
    }

    /// Writes FROM and a table of the host with an alias.
    pub(crate) fn table(&mut self, table: &str, name: &str) -> &mut Self {
        self.w.push(" FROM ").table(table).push(" AS ").push(name);
        self
    }

    /// Starts the next condition.
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

    /// Writes expressions with their heads through `write`: one, or several separated by commas.
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

    /// Writes one expression: `head` is its quoted name, with its columns if they are named.
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
