//! The port to a database: what a host implements over its driver, and the values that go through it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::error::SqlError;
use crate::domain::{RecordId, Value};

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "connections of hosts tell the two apart")]
pub enum AccessMode {
    /// To read, from one snapshot. On SQLite `BEGIN`.
    Read,
    /// To write. On SQLite `BEGIN IMMEDIATE`, so that what it reads stays true until commit.
    Write,
}

/// A source of transactions: a pool, a file, or a transaction that the host has open.
#[async_trait]
pub trait SqlConnection: Send + Sync {
    /// Begins a transaction; a savepoint where the host's own transaction is open.
    ///
    /// # Errors
    /// [`SqlError`], of class [`Busy`](super::SqlErrorClass::Busy) where another writer was in the way for longer
    /// than the host wants to wait.
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError>;

    /// Returns whether a transaction that failed because of another one may be retried. Inside a transaction of the
    /// host it may not: the snapshot is the host's.
    fn retryable(&self) -> bool {
        true
    }

    /// Waits for about this long before something is retried, on the runtime of the driver; or not at all.
    async fn pause(&self, time: Duration) {
        let _ = time;
    }
}

/// A transaction. Dropped without commit it is rolled back, also when a future is dropped half way.
///
/// Transactions that only read are dropped, not committed. Where statements run on another thread, the statement of a
/// dropped future may still be running. The rollback waits for it, and nothing else uses the connection before.
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

    /// Runs one statement and returns how many rows it inserted, changed or deleted itself. Rows touched by triggers
    /// and foreign key actions do not count. For a statement that never changes rows (`PRAGMA`, `CREATE TABLE`) the
    /// number is ignored.
    ///
    /// # Errors
    /// [`SqlError`]
    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError>;

    /// Commits.
    ///
    /// # Errors
    /// [`SqlError`], of class [`Lost`](super::SqlErrorClass::Lost) where it is unknown whether the transaction was
    /// committed.
    async fn commit(self: Box<Self>) -> Result<(), SqlError>;
}

/// A value as SQL has it. `Debug` shows the type of a value, never the value.
///
/// ```
/// use client_lifecycle::sql::SqlValue;
/// assert_eq!(format!("{:?}", SqlValue::from("Maria")), "text");
/// ```
#[derive(Clone, PartialEq, Default)]
#[allow(clippy::exhaustive_enums, reason = "connections of hosts convert each of them")]
pub enum SqlValue {
    /// Nothing.
    #[default]
    Null,
    /// An integer; booleans are 0 and 1.
    Integer(i64),
    /// A number with a fraction.
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

/// Timestamps and dates become text. Where a column holds epoch seconds, the back end converts them.
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
