//! Traffic between a store and its backend.

#[cfg(feature = "sql")]
use std::sync::{Mutex, PoisonError};

#[cfg(feature = "sql")]
use async_trait::async_trait;

#[cfg(feature = "sql")]
use crate::sql::{AccessMode, SqlConnection, SqlError, SqlTransaction, SqlValue};

/// The traffic between a store and its backend. It bounds the work and the memory of the client.
///
/// Durations and process memory differ between runs; traffic does not. A store can hold in memory only what it has
/// received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "hosts make them")]
pub struct Traffic {
    /// The number of statements or calls.
    pub statements: u64,
    /// The number of returned rows.
    pub rows: u64,
    /// The number of bytes in bound and returned values, without the text of statements.
    pub bytes: u64,
}

impl Traffic {
    /// Returns the traffic since an earlier reading.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            statements: self.statements - before.statements,
            rows: self.rows - before.rows,
            bytes: self.bytes - before.bytes,
        }
    }
}

/// A `SqlConnection` that counts its own [`Traffic`].
#[cfg(feature = "sql")]
#[derive(Debug, Default)]
pub struct Counted<C> {
    connection: C,
    traffic: Mutex<Traffic>,
}

#[cfg(feature = "sql")]
impl<C> Counted<C> {
    /// Wraps a connection and starts counting.
    pub fn new(connection: C) -> Self {
        Self { connection, traffic: Mutex::default() }
    }

    /// Returns the traffic so far, without BEGIN and COMMIT.
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
