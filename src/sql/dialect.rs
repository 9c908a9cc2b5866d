//! The dialects of SQL, and the back end of each.

use super::backend::Backend;
use super::postgres::Postgres;
use super::prefix::quote;
use super::sqlite::Sqlite;

/// The SQL of one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite, 3.38 or later.
    Sqlite,
    /// PostgreSQL, 14 or later.
    Postgres,
}

impl Dialect {
    /// Returns the back end: the one place that tells the databases apart.
    pub(crate) fn backend(self) -> &'static dyn Backend {
        match self {
            Self::Sqlite => &Sqlite,
            Self::Postgres => &Postgres,
        }
    }

    /// Quotes a name as an identifier, whatever characters it has.
    ///
    /// ```
    /// use client_lifecycle::sql::Dialect;
    /// assert_eq!(Dialect::Sqlite.quote(r#"a "b""#), r#""a ""b""""#);
    /// ```
    #[must_use]
    pub fn quote(self, name: &str) -> String {
        quote(name)
    }

    /// Quotes the name of a table. On PostgreSQL a dot separates a schema from its table; a name that itself has a dot
    /// is written in quotes, as in SQL.
    ///
    /// ```
    /// use client_lifecycle::sql::Dialect;
    /// assert_eq!(Dialect::Sqlite.table("sales.invoices"), r#""sales.invoices""#);
    /// assert_eq!(Dialect::Postgres.table("sales.invoices"), r#""sales"."invoices""#);
    /// assert_eq!(Dialect::Postgres.table(r#""sales.invoices""#), r#""sales.invoices""#);
    /// ```
    #[must_use]
    pub fn table(self, name: &str) -> String {
        self.backend().table(name)
    }

    /// Returns the placeholder of the value at a position, counted from 1.
    #[must_use]
    pub fn placeholder(self, position: usize) -> String {
        self.backend().placeholder(position)
    }
}
