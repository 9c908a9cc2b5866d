//! What goes between a store and its backend.

#[cfg(feature = "sql")]
use std::sync::{Mutex, PoisonError};

#[cfg(feature = "sql")]
use async_trait::async_trait;

#[cfg(feature = "sql")]
use crate::sql::{AccessMode, SqlConnection, SqlError, SqlTransaction, SqlValue};

/// What went between a store and its backend: what its client side had to do, and to hold.
///
/// Time and the memory of a process differ from run to run. What is asked and what comes back does not, and a
/// store can hold in its client's memory only what came in this way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "hosts make them")]
pub struct Traffic {
    /// How many statements or calls were sent.
    pub statements: u64,
    /// How many rows came back.
    pub rows: u64,
    /// How many bytes the values had that were bound or came back. The text of statements does not count.
    pub bytes: u64,
}

impl Traffic {
    /// What was added since.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            statements: self.statements - before.statements,
            rows: self.rows - before.rows,
            bytes: self.bytes - before.bytes,
        }
    }
}

/// A `SqlConnection` that counts its [`Traffic`].
#[cfg(feature = "sql")]
#[derive(Debug, Default)]
pub struct Counted<C> {
    connection: C,
    traffic: Mutex<Traffic>,
}

#[cfg(feature = "sql")]
impl<C> Counted<C> {
    /// Counts from now on.
    pub fn new(connection: C) -> Self {
        Self { connection, traffic: Mutex::default() }
    }

    /// What has gone over it so far, BEGIN and COMMIT aside.
    pub fn traffic(&self) -> Traffic {
        *self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "sql")]
#[async_trait]
impl<C: SqlConnection> SqlConnection for Counted<C> {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let inner = self.connection.begin(access).await?;
        Ok(Box::new(CountedTransaction { inner, traffic: &self.traffic }))
    }

    fn retryable(&self) -> bool {
        self.connection.retryable()
    }
}

#[cfg(feature = "sql")]
struct CountedTransaction<'c> {
    inner: Box<dyn SqlTransaction + 'c>,
    traffic: &'c Mutex<Traffic>,
}

#[cfg(feature = "sql")]
impl CountedTransaction<'_> {
    fn count(&self, params: &[SqlValue], rows: &[Vec<SqlValue>]) {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.statements += 1;
        traffic.rows += rows.len() as u64;
        traffic.bytes += params.iter().chain(rows.iter().flatten()).map(size).sum::<u64>();
    }
}

#[cfg(feature = "sql")]
#[async_trait]
impl SqlTransaction for CountedTransaction<'_> {
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError> {
        let rows = self.inner.query(sql, params).await?;
        self.count(params, &rows);
        Ok(rows)
    }

    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError> {
        let done = self.inner.execute(sql, params).await?;
        self.count(params, &[]);
        Ok(done)
    }

    async fn commit(self: Box<Self>) -> Result<(), SqlError> {
        self.inner.commit().await
    }
}

#[cfg(feature = "sql")]
fn size(value: &SqlValue) -> u64 {
    match value {
        SqlValue::Null => 0,
        SqlValue::Integer(_) | SqlValue::Real(_) => 8,
        SqlValue::Text(text) => text.len() as u64,
        SqlValue::Blob(bytes) => bytes.len() as u64,
    }
}
