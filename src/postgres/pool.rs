//! Transactions of a pool.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgPool, Postgres};
use sqlx::AssertSqlSafe;

use super::failure::failed;
use super::rows;
use crate::sql::{Access, Dialect, SqlConnection, SqlError, SqlTransaction, SqlValue};

/// A pool as a source of transactions.
#[derive(Debug, Clone)]
pub struct PoolConnection {
    pub(super) pool: PgPool,
    pub(super) settings: Settings,
}

/// What is set for each transaction, and no longer.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) schemas: Vec<String>,
    pub(super) lock_timeout: Option<Duration>,
    pub(super) statement_timeout: Option<Duration>,
}

impl PoolConnection {
    /// Transactions of this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, settings: Settings::default() }
    }
}

impl Settings {
    /// What begins a transaction: one message, whatever is set.
    fn begin(&self, access: Access) -> String {
        // A writer has to see what was committed while it waited for its locks.
        let mut sql = String::from(match access {
            Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            Access::Write => "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE",
        });
        if !self.schemas.is_empty() {
            let names: Vec<String> = self.schemas.iter().map(|name| Dialect::Postgres.quote(name)).collect();
            sql.push_str("; SET LOCAL search_path TO ");
            sql.push_str(&names.join(", "));
        }
        let times = [("lock_timeout", self.lock_timeout), ("statement_timeout", self.statement_timeout)];
        for (name, time) in times {
            if let Some(time) = time {
                // Zero would be no limit at all.
                let milliseconds = time.as_millis().clamp(1, i32::MAX as u128);
                sql.push_str(&format!("; SET LOCAL {name} TO {milliseconds}"));
            }
        }
        sql
    }
}

#[async_trait]
impl SqlConnection for PoolConnection {
    async fn begin(&self, access: Access) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let begun = self.pool.begin_with(AssertSqlSafe(self.settings.begin(access))).await;
        Ok(Box::new(PoolTransaction(begun.map_err(failed)?)))
    }
}

/// sqlx rolls it back when it is dropped.
struct PoolTransaction(sqlx::Transaction<'static, Postgres>);

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
