//! Transactions of a pool.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgPool, PgTransactionManager, Postgres};
use sqlx::{AssertSqlSafe, SqlSafeStr};
use sqlx_core::transaction::TransactionManager;

use super::failure::failed;
use super::rows;
use crate::sql::{
    Access, Dialect, SqlConnection, SqlError, SqlErrorClass, SqlTransaction, SqlValue, begin_statements,
};

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
        let mut sql = begin_statements(Dialect::Postgres, access).join("; ");
        if !self.schemas.is_empty() {
            let names: Vec<String> = self.schemas.iter().map(|name| Dialect::Postgres.quote(name)).collect();
            sql.push_str("; SET LOCAL search_path TO ");
            sql.push_str(&names.join(", "));
            sql.push_str(", pg_temp");
        }
        let times = [("lock_timeout", self.lock_timeout), ("statement_timeout", self.statement_timeout)];
        let times = times.into_iter().filter_map(|(name, time)| {
            // Zero would be no limit at all, and more than this is no number to the server.
            let milliseconds = time?.as_millis().clamp(1, 2_000_000_000);
            Some(format!("; SET LOCAL {name} TO {milliseconds}"))
        });
        sql.extend(times);
        sql
    }
}

#[async_trait]
impl SqlConnection for PoolConnection {
    async fn begin(&self, access: Access) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let connection = self.pool.acquire().await.map_err(failed)?;
        let mut begun = PoolTransaction { connection: Some(connection), state: State::Beginning };
        let sql = AssertSqlSafe(self.settings.begin(access)).into_sql_str();
        PgTransactionManager::begin(begun.connection()?, Some(sql)).await.map_err(failed)?;
        begun.state = State::Open;
        Ok(Box::new(begun))
    }

    async fn pause(&self, time: Duration) {
        sqlx_core::rt::sleep(time).await;
    }
}

/// A transaction on a connection of the pool.
struct PoolTransaction {
    connection: Option<sqlx::pool::PoolConnection<Postgres>>,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Beginning,
    Open,
    Done,
}

impl PoolTransaction {
    fn connection(&mut self) -> Result<&mut PgConnection, SqlError> {
        let connection = self.connection.as_deref_mut();
        connection.ok_or_else(|| SqlError::new(SqlErrorClass::Lost, "the connection is not there"))
    }
}

#[async_trait]
impl SqlTransaction for PoolTransaction {
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError> {
        rows::query(self.connection()?, sql, params).await
    }

    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError> {
        rows::execute(self.connection()?, sql, params).await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), SqlError> {
        PgTransactionManager::commit(self.connection()?).await.map_err(failed)?;
        self.state = State::Done;
        Ok(())
    }
}

/// Rolls back before the connection is used again. A connection on which BEGIN was given up half way is closed:
/// sqlx would hand it to the next one with the transaction open.
impl Drop for PoolTransaction {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection {
            match self.state {
                State::Beginning => connection.close_on_drop(),
                State::Open => PgTransactionManager::start_rollback(connection),
                State::Done => {}
            }
        }
    }
}
