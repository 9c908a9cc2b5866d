//! Transactions of a pool.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{Sqlite, SqlitePool};

use super::failure::failed;
use super::rows;
use crate::sql::{Access, SqlConnection, SqlError, SqlTransaction, SqlValue};

/// A pool as a source of transactions.
#[derive(Debug, Clone)]
pub struct PoolConnection(pub(super) SqlitePool);

impl PoolConnection {
    /// Transactions of this pool.
    #[must_use]
    pub fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }
}

#[async_trait]
impl SqlConnection for PoolConnection {
    async fn begin(&self, access: Access) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let begun = match access {
            Access::Read => self.0.begin().await,
            // What is read must still be true when it is written: no other writer from the start.
            Access::Write => self.0.begin_with("BEGIN IMMEDIATE").await,
        };
        Ok(Box::new(PoolTransaction(begun.map_err(failed)?)))
    }

    async fn pause(&self, time: Duration) {
        sqlx_core::rt::sleep(time).await;
    }
}

/// sqlx rolls it back when it is dropped.
struct PoolTransaction(sqlx::Transaction<'static, Sqlite>);

#[async_trait]
impl SqlTransaction for PoolTransaction {
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError> {
        rows::query(&mut self.0, sql, params).await
    }

    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError> {
        rows::execute(&mut self.0, sql, params).await
    }

    async fn commit(self: Box<Self>) -> Result<(), SqlError> {
        self.0.commit().await.map_err(failed)
    }
}
