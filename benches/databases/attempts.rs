//! A connection that counts the write transactions that begin, so that repeated attempts are visible.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use client_lifecycle::sql::{AccessMode, SqlConnection, SqlError, SqlTransaction, SqlValue};

/// The number of write transactions that have begun.
#[derive(Debug, Clone, Default)]
pub(crate) struct Begun(Arc<AtomicUsize>);

impl Begun {
    /// Returns the number since the last call.
    pub(crate) fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// A connection whose write transactions are counted.
#[derive(Debug)]
pub(crate) struct Attempts<C> {
    pub(crate) connection: C,
    pub(crate) begun: Begun,
}

#[async_trait]
impl<C: SqlConnection> SqlConnection for Attempts<C> {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        if access == AccessMode::Write {
            self.begun.0.fetch_add(1, Ordering::Relaxed);
        }
        self.connection.begin(access).await
    }

    async fn read(&self, sql: &str, params: &[SqlValue]) -> Result<Option<Vec<Vec<SqlValue>>>, SqlError> {
        self.connection.read(sql, params).await
    }

    fn retryable(&self) -> bool {
        self.connection.retryable()
    }

    async fn pause(&self, time: Duration) {
        self.connection.pause(time).await;
    }
}
