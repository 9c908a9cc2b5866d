//! The port to a database: the traits that a host implements over its driver, and its values.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::error::SqlError;
use crate::domain::{RecordId, Value};

/// The purpose of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "connections of hosts match on it")]
pub enum AccessMode {
    /// Reads from one snapshot. On SQLite `BEGIN`.
    Read,
    /// Writes. On SQLite `BEGIN IMMEDIATE`, so that the data read stays current until commit.
    Write,
}

/// A source of transactions: a pool, a file, or an open transaction of the host.
#[async_trait]
pub trait SqlConnection: Send + Sync {
    /// Begins a transaction, or a savepoint inside the host's open transaction.
    ///
    /// # Errors
    /// [`SqlError`], of class [`Busy`](super::SqlErrorClass::Busy) if another writer holds the lock for longer than
    /// the host wants to wait.
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError>;

    /// Returns whether a transaction that failed because of another one may be retried. Inside a transaction of the
    /// host it may not, because the host owns the snapshot.
    fn retryable(&self) -> bool {
        true
    }

    /// Waits for about this long before a retry, on the runtime of the driver. It may return at once.
    async fn pause(&self, time: Duration) {
        let _ = time;
    }
}

/// A transaction. It is rolled back if dropped without commit, also when a future is cancelled.
///
/// Read transactions are dropped, not committed. If statements run on another thread, the statement of a cancelled
/// future may still be running. The rollback waits for it, and nothing else uses the connection before.
///
/// Placeholders are numbered from 1 (`?1`, `?2` …). Each number occurs once and in order, so a driver may also bind
/// by position.
#[async_trait]
pub trait SqlTransaction: Send {
    /// Runs one statement and returns all its rows.
    ///
    /// # Errors
    /// [`SqlError`]
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError>;

    /// Runs one statement and returns the number of rows it inserted, changed or deleted itself, without rows touched
    /// by triggers and foreign key actions. For a statement that never changes rows (`PRAGMA`, `CREATE TABLE`), the
    /// number is ignored.
    ///
    /// # Errors
    /// [`SqlError`]
    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError>;

    /// Commits the transaction.
    ///
    /// # Errors
    /// [`SqlError`], of class [`Lost`](super::SqlErrorClass::Lost) if it is unknown whether the transaction was
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
    /// Returns the value as an id, if it can be one: an integer, text, or the 16 bytes of a UUID.
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

    /// Returns the integer, if it is one.
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

/// Timestamps and dates become text. If a column holds epoch seconds, the back end converts them.
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
