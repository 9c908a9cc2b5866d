//! The port to a database: what a host implements over its driver.

use std::time::Duration;

use async_trait::async_trait;

use super::error::SqlError;
use super::value::SqlValue;

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
