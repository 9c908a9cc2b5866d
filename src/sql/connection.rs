//! The interface to a database: the traits that a host implements over its driver, with their values and errors.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::{RecordId, Value};

/// The purpose of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "connections of hosts match on it")]
pub enum AccessMode {
    /// Reads from one snapshot. On SQLite `BEGIN`.
    Read,
    /// Writes. On SQLite `BEGIN IMMEDIATE`, so that no other writer changes the data before the commit.
    Write,
}

/// A connection that can begin transactions: a pool, a file, or an open transaction of the host.
#[async_trait]
pub trait SqlConnection: Send + Sync {
    /// Begins a transaction, or a savepoint inside the host's open transaction.
    ///
    /// # Errors
    /// [`SqlError`]. Its class is [`LockTimeout`](super::SqlErrorClass::LockTimeout) if another writer holds the lock
    /// for longer than the host allows, and [`Busy`](super::SqlErrorClass::Busy) if a retry may help.
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError>;

    /// Runs one query that only reads, without a transaction around it, and returns all its rows. Returns `None` if it
    /// must run in a read transaction instead; the library then begins one.
    ///
    /// This saves the round trips that begin and end the transaction. The settings of a read transaction do not apply:
    /// on PostgreSQL, the query itself detects a different search path, row-level security and another encoding.
    ///
    /// # Errors
    /// [`SqlError`]
    async fn read(&self, sql: &str, params: &[SqlValue]) -> Result<Option<Vec<Vec<SqlValue>>>, SqlError> {
        let _ = (sql, params);
        Ok(None)
    }

    /// Returns whether a transaction that failed because of another transaction may be retried. Return `false` inside
    /// a transaction of the host, because the host owns the snapshot.
    fn retryable(&self) -> bool {
        true
    }

    /// Waits for about this long before a retry, using the driver's async runtime. May return at once.
    async fn pause(&self, time: Duration) {
        let _ = time;
    }
}

/// A transaction. Dropping it without a commit rolls it back, also if a future is cancelled.
///
/// Read transactions are dropped, not committed; those inside a transaction of the host are committed, so that their
/// savepoint is released. If the driver runs statements on another thread, the statement of a cancelled future may still
/// be running. The rollback must then wait for it, and nothing else may use the connection before.
///
/// Placeholders are numbered from 1 (`?1`, `?2` …). Each number occurs once, in ascending order, so a driver may also
/// bind by position.
#[async_trait]
pub trait SqlTransaction: Send {
    /// Runs one statement and returns all its rows.
    ///
    /// # Errors
    /// [`SqlError`]
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError>;

    /// Runs one statement and returns the number of rows that it inserted, changed or deleted. Rows changed by
    /// triggers and foreign key actions must not be counted. For statements that never change rows (`PRAGMA`, `CREATE
    /// TABLE`), the number is ignored.
    ///
    /// # Errors
    /// [`SqlError`]
    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError>;

    /// Commits the transaction.
    ///
    /// # Errors
    /// [`SqlError`]. Its class is [`Lost`](super::SqlErrorClass::Lost) if it is unknown whether the transaction was
    /// committed.
    async fn commit(self: Box<Self>) -> Result<(), SqlError>;
}

/// A value in SQL. `Debug` shows the type of a value, never the value.
///
/// ```
/// use client_lifecycle::sql::SqlValue;
/// assert_eq!(format!("{:?}", SqlValue::from("Maria")), "text");
/// ```
#[derive(Clone, PartialEq, Default)]
#[allow(clippy::exhaustive_enums, reason = "connections of hosts convert each of them")]
pub enum SqlValue {
    /// NULL.
    #[default]
    Null,
    /// An integer; booleans are 0 and 1.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl SqlValue {
    /// Returns the value as an id, if it is an integer, text, or the 16 bytes of a UUID.
    #[must_use]
    pub fn as_id(&self) -> Option<RecordId> {
        match self {
            Self::Integer(id) => Some((*id).into()),
            Self::Text(id) => Some(id.as_str().into()),
            Self::Blob(bytes) => Uuid::from_slice(bytes).ok().map(RecordId::from),
            Self::Null | Self::Real(_) => None,
        }
    }

    /// Returns the text, if it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the integer, if it is an integer.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl fmt::Debug for SqlValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Integer(_) => "integer",
            Self::Real(_) => "real",
            Self::Text(_) => "text",
            Self::Blob(_) => "blob",
        })
    }
}

/// Converts timestamps and dates to text. If a column holds epoch seconds, the back end converts the text.
impl From<&Value> for SqlValue {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(value) => Self::Integer(i64::from(*value)),
            Value::Integer(value) => Self::Integer(*value),
            Value::Real(value) => Self::Real(*value),
            Value::Text(value) => Self::Text(value.clone()),
            Value::Date(value) => Self::Text(value.to_string()),
            Value::Timestamp(value) => Self::Text(crate::domain::instant_text(*value)),
            Value::Json(value) => Self::Text(value.to_string()),
        }
    }
}

impl From<&str> for SqlValue {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for SqlValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<i64> for SqlValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

/// An error of a database connection.
///
/// The driver's message is in the [`source`](Error::source). `Display` shows only the class.
#[derive(Debug)]
pub struct SqlError {
    class: SqlErrorClass,
    source: Box<dyn Error + Send + Sync>,
}

/// The class of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlErrorClass {
    /// Another transaction conflicts: locked, busy, deadlock, serialization failure. A retry may help.
    Busy,
    /// Another transaction held a lock for as long as the host lets a statement wait. A retry would wait again.
    LockTimeout,
    /// A constraint of the schema was violated.
    Constraint,
    /// A trigger or a function of the host raised an error.
    Raised,
    /// The database cannot be written to.
    ReadOnly,
    /// The role lacks a privilege. Holds the name of the table, if it is known.
    Denied(String),
    /// The database does not support the statement.
    Unsupported(String),
    /// The table does not exist.
    NoTable(String),
    /// The column does not exist.
    NoColumn(String),
    /// No connection was available within the host's time limit.
    NoConnection,
    /// The connection broke. The transaction was rolled back; if it was being committed, the outcome is unknown.
    Lost,
    /// The server reports an internal error, or a part of it refuses a statement, as a distributed server does. The
    /// transaction was rolled back; if it was being committed, the outcome is unknown.
    Internal(String),
    /// The statement was stopped: it ran too long, was cancelled, or the server ran out of resources.
    Ended,
    /// Anything else.
    Other,
}

impl SqlError {
    /// Makes an error of this class.
    pub fn new(class: SqlErrorClass, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { class, source: source.into() }
    }

    /// Makes an error of SQLite from its (extended) result code and its message.
    ///
    /// The message must be SQLite's own (`sqlite3_errmsg`), without anything that the driver adds, such as the
    /// statement. The name of a missing table or column is read from its end.
    ///
    /// ```
    /// use client_lifecycle::sql::{SqlError, SqlErrorClass};
    /// let error = SqlError::from_sqlite(1, "no such table: debts", "from the driver");
    /// assert_eq!(error.class(), &SqlErrorClass::NoTable("debts".into()));
    /// ```
    pub fn from_sqlite(code: i32, message: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let missing = |what: &str| message.split_once(what).map(|(_, name)| name.trim().to_owned());
        let class = match code & 0xff {
            5 | 6 => SqlErrorClass::Busy,
            8 => SqlErrorClass::ReadOnly,
            9 => SqlErrorClass::Ended,
            // `RAISE` in a trigger.
            19 if code == 1811 => SqlErrorClass::Raised,
            19 => SqlErrorClass::Constraint,
            _ => match (
                missing("no such table: "),
                missing("no such column: ").or_else(|| missing("has no column named ")),
            ) {
                (Some(table), _) => SqlErrorClass::NoTable(table),
                (None, Some(column)) => SqlErrorClass::NoColumn(column),
                (None, None) => SqlErrorClass::Other,
            },
        };
        Self::new(class, source)
    }

    /// Makes an error of PostgreSQL from its SQLSTATE and its primary message.
    ///
    /// The message is kept, unless the code says that it may contain a value. Do not pass the detail field of the
    /// error, because it contains key values.
    ///
    /// ```
    /// use client_lifecycle::sql::{SqlError, SqlErrorClass};
    /// let error = SqlError::from_postgres("40P01", "deadlock detected");
    /// assert_eq!(error.class(), &SqlErrorClass::Busy);
    /// ```
    #[must_use]
    pub fn from_postgres(code: &str, message: &str) -> Self {
        Self::from_postgres_in(code, message, None)
    }

    /// Makes an error of PostgreSQL, like [`from_postgres`](Self::from_postgres), with the context in which it occurred:
    /// the call stack of the functions that ran. A function may raise an error with any code, such as the code of a
    /// deadlock; the class then says that it was raised.
    ///
    /// ```
    /// use client_lifecycle::sql::{SqlError, SqlErrorClass};
    /// let stack = "PL/pgSQL function no_mondays() line 1 at RAISE";
    /// let error = SqlError::from_postgres_in("40001", "not on mondays", Some(stack));
    /// assert_eq!(error.class(), &SqlErrorClass::Raised);
    /// ```
    #[must_use]
    pub fn from_postgres_in(code: &str, message: &str, context: Option<&str>) -> Self {
        // Only the first line is about the place of the error. The word is the same in every language.
        let is_raised =
            context.and_then(|text| text.lines().next()).is_some_and(|line| line.ends_with(" RAISE"));
        if code == "P0001" || is_raised {
            return Self::new(SqlErrorClass::Raised, format!("{message} ({code})"));
        }
        let quoted = || {
            let name = in_quotes(message).or_else(|| message.rsplit(' ').next());
            name.unwrap_or_default().to_owned()
        };
        let class = match code {
            // Serialization failure, deadlock, too many connections.
            "40001" | "40P01" | "53300" => SqlErrorClass::Busy,
            "55P03" => SqlErrorClass::LockTimeout,
            "57014" => SqlErrorClass::Ended,
            "25006" => SqlErrorClass::ReadOnly,
            "42501" if message.contains("row-level security") => SqlErrorClass::Unsupported(format!(
                "`{}` under row-level security, which hides rows from the role",
                quoted()
            )),
            "42501" => SqlErrorClass::Denied(quoted()),
            "42P01" => SqlErrorClass::NoTable(quoted()),
            "42703" => SqlErrorClass::NoColumn(missing_column(message)),
            // The value is too long, out of range, or for a column that only the database writes. Treated like a
            // violated constraint.
            "22001" | "22003" | "428C9" => SqlErrorClass::Constraint,
            "0A000" => SqlErrorClass::Unsupported(message.to_owned()),
            "XX000" => SqlErrorClass::Internal(message.to_owned()),
            // The server is shutting down or starting, or has closed the session.
            "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => SqlErrorClass::Lost,
            _ if code.starts_with("08") => SqlErrorClass::Lost,
            _ if code.starts_with("53") => SqlErrorClass::Ended,
            _ if code.starts_with("23") => SqlErrorClass::Constraint,
            _ => SqlErrorClass::Other,
        };
        // The message would show the value that does not fit.
        let message = if code.starts_with("22") { "a value does not fit its column" } else { message };
        Self::new(class, format!("{message} ({code})"))
    }

    /// Says how long a statement took that failed with this error, and for how long the connection lets it wait. If
    /// it waited that long for another transaction, the class becomes [`LockTimeout`](SqlErrorClass::LockTimeout).
    ///
    /// SQLite reports the same error whether a statement has waited or not.
    ///
    /// ```
    /// use std::time::Duration;
    /// use client_lifecycle::sql::{SqlError, SqlErrorClass};
    /// let second = Duration::from_secs(1);
    /// let error = || SqlError::from_sqlite(5, "database is locked", "from the driver");
    /// assert_eq!(error().after_waiting(second, second).class(), &SqlErrorClass::LockTimeout);
    /// assert_eq!(error().after_waiting(Duration::ZERO, second).class(), &SqlErrorClass::Busy);
    /// ```
    #[must_use]
    pub fn after_waiting(mut self, time: Duration, timeout: Duration) -> Self {
        if self.class == SqlErrorClass::Busy && !timeout.is_zero() && time >= timeout / 10 * 9 {
            self.class = SqlErrorClass::LockTimeout;
        }
        self
    }

    /// Returns whether another transaction was in the way.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self.class, SqlErrorClass::Busy | SqlErrorClass::LockTimeout)
    }

    /// Returns the class.
    #[must_use]
    pub fn class(&self) -> &SqlErrorClass {
        &self.class
    }
}

/// Returns the column name in `column r.ghost does not exist` or `column "ghost" of relation "clients" does not
/// exist`.
fn missing_column(message: &str) -> String {
    let name = in_quotes(message).or_else(|| message.split_whitespace().nth(1));
    name.unwrap_or_default().to_owned()
}

/// Returns the first quoted name. The server answers in its configured language, with the quotation marks of that
/// language.
fn in_quotes(message: &str) -> Option<&str> {
    message.split(['"', '»', '«', '„', '“', '”']).nth(1).map(str::trim)
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.class {
            SqlErrorClass::Busy => f.write_str("another transaction conflicts with this one"),
            SqlErrorClass::LockTimeout => f.write_str("another transaction held a lock for too long"),
            SqlErrorClass::Constraint => f.write_str("a constraint of the schema was violated"),
            SqlErrorClass::Raised => f.write_str("a trigger or a function raised an error"),
            SqlErrorClass::ReadOnly => f.write_str("the database is read-only"),
            SqlErrorClass::Denied(name) => write!(f, "no permission on `{name}`"),
            SqlErrorClass::Unsupported(what) => write!(f, "the database does not support this: {what}"),
            SqlErrorClass::NoTable(name) => write!(f, "the table `{name}` does not exist"),
            SqlErrorClass::NoColumn(name) => write!(f, "the column `{name}` does not exist"),
            SqlErrorClass::NoConnection => f.write_str("no connection was available in time"),
            SqlErrorClass::Lost => f.write_str("the connection broke"),
            SqlErrorClass::Internal(what) => write!(f, "the server failed: {what}"),
            SqlErrorClass::Ended => f.write_str("the statement was stopped"),
            SqlErrorClass::Other => f.write_str("the database reported an error"),
        }
    }
}

impl Error for SqlError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::{SqlError, SqlErrorClass};

    #[test]
    fn a_name_is_found_in_the_language_of_the_server() {
        let denied = SqlErrorClass::Denied("debts".into());
        for message in [
            "permission denied for table \"debts\"",
            "permission denied for table debts",
            "keine Berechtigung für Tabelle »debts«",
            "droit refusé pour la table « debts »",
        ] {
            assert_eq!(*SqlError::from_postgres("42501", message).class(), denied, "{message}");
        }
        let missing = SqlErrorClass::NoColumn("ghost".into());
        for message in [
            "column \"ghost\" of relation \"clients\" does not exist",
            "Spalte »ghost« von Relation »clients« existiert nicht",
            "la colonne « ghost » de la relation « clients » n'existe pas",
        ] {
            assert_eq!(*SqlError::from_postgres("42703", message).class(), missing, "{message}");
        }
        let plain = SqlError::from_postgres("42703", "column r.ghost does not exist");
        assert_eq!(*plain.class(), SqlErrorClass::NoColumn("r.ghost".into()));
    }
}
