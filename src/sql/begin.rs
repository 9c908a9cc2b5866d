//! What begins a transaction.

use super::{Access, Dialect};

/// Returns the statements that begin a transaction, for a driver that implements
/// [`SqlConnection`](super::SqlConnection). They may be sent as one message.
///
/// | setting on PostgreSQL | why |
/// |---|---|
/// | `REPEATABLE READ, READ ONLY` to read | a survey is one snapshot |
/// | `READ COMMITTED` to write | rows that were committed while the operation waited for its locks are counted |
/// | `row_security` off | a row hidden by a policy of the database is an error, not missing from the plan |
/// | `client_encoding` UTF8 | text is read as UTF-8 |
/// | `pg_temp` last in `search_path` | a temporary table of the session never stands for the table that is meant |
/// | `jit` off | compiling a plan takes longer than reading the few rows of most operations |
///
/// The conformance suite fails for a connection that forgets one of them, apart from `jit`.
///
/// ```
/// use client_lifecycle::sql::{Access, Dialect, begin_statements};
/// assert_eq!(begin_statements(Dialect::Sqlite, Access::Write), ["BEGIN IMMEDIATE"]);
/// assert_eq!(begin_statements(Dialect::Postgres, Access::Read)[0], "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
/// ```
#[must_use]
pub fn begin_statements(dialect: Dialect, access: Access) -> &'static [&'static str] {
    match (dialect, access) {
        (Dialect::Sqlite, Access::Read) => &["BEGIN"],
        (Dialect::Sqlite, Access::Write) => &["BEGIN IMMEDIATE"],
        (Dialect::Postgres, Access::Read) => POSTGRES_READ,
        (Dialect::Postgres, Access::Write) => POSTGRES_WRITE,
    }
}

const NO_JIT: &str = "SET LOCAL jit TO off";
const NO_ROW_SECURITY: &str = "SET LOCAL row_security TO off";
const UTF8: &str = "SET LOCAL client_encoding TO 'UTF8'";
const TEMPORARY_LAST: &str = "SELECT set_config('search_path', concat_ws(', ', \
     NULLIF(current_setting('search_path'), ''), 'pg_temp'), TRUE)";

const POSTGRES_READ: &[&str] =
    &["BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", NO_JIT, NO_ROW_SECURITY, UTF8, TEMPORARY_LAST];
const POSTGRES_WRITE: &[&str] =
    &["BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", NO_JIT, NO_ROW_SECURITY, UTF8, TEMPORARY_LAST];
