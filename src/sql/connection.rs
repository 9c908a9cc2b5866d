//! The port to a database: what a host implements over the driver it has.

use std::time::Duration;

use async_trait::async_trait;

use super::error::SqlError;
use super::value::SqlValue;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "connections of hosts tell the two apart")]
pub enum AccessMode {
    /// It reads, from one snapshot. On SQLite `BEGIN`.
    Read,
    /// It writes. On SQLite `BEGIN IMMEDIATE`, so that what it reads stays true until commit.
    Write,
}

/// Where transactions come from: a pool, a file, or a transaction that the host has open.
#[async_trait]
pub trait SqlConnection: Send + Sync {
    /// Begins a transaction; a savepoint where the host's own transaction is open.
    ///
    /// # Errors
    /// [`SqlError`], of class [`Busy`](super::SqlErrorClass::Busy) where another writer was in the way for
    /// longer than the host wants to wait.
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError>;

    /// Whether a transaction that failed because of others may be tried again. Not inside the host's own:
    /// its snapshot is the host's.
    fn retryable(&self) -> bool {
        true
    }

    /// Waits for about so long before something is tried again, on whatever runtime the driver has; or not at all.
    async fn pause(&self, time: Duration) {
        let _ = time;
    }
}

/// A transaction. Dropped without commit it is rolled back, also when a future is dropped half way.
///
/// Transactions that only read are dropped, not committed. Where statements run on another thread the
/// statement of a dropped future may still be running: the rollback waits for it, and the connection is used
/// by nobody else before.
///
/// Placeholders are numbered from 1 (`?1`, `?2` …); each number occurs once and in order, so that a driver
/// may also bind by position.
#[async_trait]
pub trait SqlTransaction: Send {
    /// Runs one statement and returns all its rows.
    ///
    /// # Errors
    /// [`SqlError`]
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError>;

    /// Runs one statement and returns how many rows it inserted, changed or deleted itself: rows touched by
    /// triggers and foreign key actions do not count. Of a statement that changes no rows by its nature
    /// (`PRAGMA`, `CREATE TABLE`) the number is not looked at.
    ///
    /// # Errors
    /// [`SqlError`]
    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError>;

    /// Commits.
    ///
    /// # Errors
    /// [`SqlError`], of class [`Lost`](super::SqlErrorClass::Lost) where nobody knows whether it was done.
    async fn commit(self: Box<Self>) -> Result<(), SqlError>;
}
