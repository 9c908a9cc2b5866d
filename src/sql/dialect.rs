//! Dialects: the SQL of a database as far as hosts need it, such as quoting and the library's own tables.

use super::backend::Backend;
use super::connection::AccessMode;
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::statement::{quote, quote_table};
use crate::domain::TableName;

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
    /// Returns the back end. Nothing else distinguishes the databases.
    pub(crate) fn backend(self) -> &'static dyn Backend {
        match self {
            Self::Sqlite => &Sqlite,
            Self::Postgres => &Postgres,
        }
    }

    /// Quotes a name as an identifier, whatever characters it contains.
    ///
    /// ```
    /// use client_lifecycle::sql::Dialect;
    /// assert_eq!(Dialect::Sqlite.quote(r#"a "b""#), r#""a ""b""""#);
    /// ```
    #[must_use]
    pub fn quote(self, name: &str) -> String {
        quote(name)
    }

    /// Quotes the name of a table, and apart from it the name of its schema.
    ///
    /// ```
    /// use client_lifecycle::domain::TableName;
    /// use client_lifecycle::sql::Dialect;
    /// assert_eq!(Dialect::Postgres.table("sales.invoices"), r#""sales"."invoices""#);
    /// assert_eq!(Dialect::Postgres.table(TableName::new("sales.invoices")), r#""sales.invoices""#);
    /// ```
    #[must_use]
    pub fn table(self, name: impl Into<TableName>) -> String {
        quote_table(&name.into())
    }

    /// Returns the placeholder of the value at a position, counted from 1.
    #[must_use]
    pub fn placeholder(self, position: usize) -> String {
        self.backend().placeholder(position)
    }
}

/// Returns the statements that begin a transaction, for drivers that implement
/// [`SqlConnection`](super::SqlConnection). They may be sent as one message.
///
/// | setting on PostgreSQL | reason |
/// |---|---|
/// | `REPEATABLE READ, READ ONLY` to read | a survey is one snapshot |
/// | `READ COMMITTED` to write | counts include rows committed while the operation waited for its locks |
/// | `row_security` off | a row hidden by row-level security is an error, not missing from the plan |
/// | `client_encoding` UTF8 | text is read as UTF-8 |
/// | `pg_temp` last in `search_path` | a temporary table of the session never hides the real table |
/// | `work_mem` at least 64 MB | with less, PostgreSQL may compare every row of a table with every id |
/// | `jit` off | compiling a query takes longer than running it on the few rows of most operations |
///
/// The conformance suite fails for a connection that omits one of these settings, except `work_mem` and `jit`.
///
/// ```
/// use client_lifecycle::sql::{AccessMode, Dialect, begin_statements};
/// assert_eq!(begin_statements(Dialect::Sqlite, AccessMode::Write), ["BEGIN IMMEDIATE"]);
/// assert_eq!(begin_statements(Dialect::Postgres, AccessMode::Read)[0], "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
/// ```
#[must_use]
pub fn begin_statements(dialect: Dialect, access: AccessMode) -> &'static [&'static str] {
    dialect.backend().begin(access)
}
