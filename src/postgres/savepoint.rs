//! Savepoints inside the host's own transaction.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use sqlx::Connection;
use sqlx::postgres::{PgConnection, PgTransactionManager};
use sqlx_core::transaction::TransactionManager;

use super::failure::failed;
use super::rows;
use crate::sql::{Access, SqlConnection, SqlError, SqlErrorClass, SqlTransaction, SqlValue};

/// A connection on which the host has a transaction open.
///
/// What is done is a savepoint of that transaction: it is there for good when the host commits. Nothing is
/// retried, because the snapshot is the host's. One call at a time; a second one while the first is still
/// running is told that another transaction is in the way.
pub struct SavepointConnection<'c> {
    /// Not there while a savepoint is open.
    connection: Mutex<Option<&'c mut PgConnection>>,
}

impl<'c> SavepointConnection<'c> {
    /// Savepoints of the transaction that is open on this connection.
    #[must_use]
    pub fn new(connection: &'c mut PgConnection) -> Self {
        Self { connection: Mutex::new(Some(connection)) }
    }
}

impl fmt::Debug for SavepointConnection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavepointConnection").finish_non_exhaustive()
    }
}

#[async_trait]
impl SqlConnection for SavepointConnection<'_> {
    async fn begin(&self, access: Access) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let taken = self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(connection) = taken else {
            return Err(SqlError::new(SqlErrorClass::Busy, "the transaction is in use by another call"));
        };
        let mut savepoint = Savepoint {
            slot: &self.connection,
            connection: Some(connection),
            open: false,
            before: Vec::new(),
        };
        savepoint.begin(access).await?;
        Ok(Box::new(savepoint))
    }

    fn retryable(&self) -> bool {
        false
    }
}

/// An open savepoint.
struct Savepoint<'s, 'c> {
    slot: &'s Mutex<Option<&'c mut PgConnection>>,
    connection: Option<&'c mut PgConnection>,
    open: bool,
    /// What is set back when the savepoint is released: what is set inside it would stay with the host's
    /// transaction.
    before: Vec<SqlValue>,
}

/// The settings of the host's transaction.
const SETTINGS: &str = "SELECT current_setting('transaction_isolation'), current_setting('client_encoding'), \
     current_setting('row_security'), current_setting('search_path')";
/// Those of the savepoint: rows that a policy would hide are an error and not missing, and a temporary table does
/// not stand for the table that is meant.
const SET: &str = "SELECT set_config('row_security', 'off', TRUE), \
     set_config('search_path', concat_ws(', ', NULLIF(current_setting('search_path'), ''), 'pg_temp'), TRUE)";
const RESTORED: &str = "SELECT set_config('row_security', $1, TRUE), set_config('search_path', $2, TRUE)";

impl Savepoint<'_, '_> {
    fn connection(&mut self) -> Result<&mut PgConnection, SqlError> {
        self.connection
            .as_deref_mut()
            .ok_or_else(|| SqlError::new(SqlErrorClass::Lost, "the savepoint is no longer open"))
    }

    async fn begin(&mut self, access: Access) -> Result<(), SqlError> {
        if !self.connection()?.is_in_transaction() {
            return Err(unsupported("a connection without an open transaction; begin one with sqlx"));
        }
        // Before the savepoint: a connection that broke, or a transaction that has failed, is found by this. To
        // sqlx a savepoint that cannot be begun is the end of the host's transaction, whose commit would then say
        // that all is well.
        let rows = self.query(SETTINGS, &[]).await?;
        let Some([level, encoding, before @ ..]) = rows.first().map(Vec::as_slice) else {
            let what = "the settings of the transaction cannot be read";
            return Err(SqlError::new(SqlErrorClass::Other, what));
        };
        check(access, level.as_text(), encoding.as_text())?;
        let connection = self.connection()?;
        Forgotten(Some(Box::pin(PgTransactionManager::begin(connection, None)))).await.map_err(failed)?;
        self.open = true;
        self.before = before.to_vec();
        self.query(SET, &[]).await?;
        Ok(())
    }
}

fn check(access: Access, level: Option<&str>, encoding: Option<&str>) -> Result<(), SqlError> {
    // What is counted has to be what is there once the locks are taken, and not what was there when the host's
    // transaction began.
    if access == Access::Write && !matches!(level, Some("read committed" | "read uncommitted")) {
        return Err(unsupported(&format!(
            "a transaction whose isolation level is {}: what others commit while it waits for its locks would not \
             be seen; begin it as READ COMMITTED",
            level.unwrap_or("unknown")
        )));
    }
    if encoding != Some("UTF8") {
        let what = "a connection whose client_encoding is not UTF8, in which all texts are sent";
        return Err(unsupported(what));
    }
    Ok(())
}

fn unsupported(what: &str) -> SqlError {
    SqlError::new(SqlErrorClass::Unsupported(what.to_owned()), what.to_owned())
}

/// A savepoint that is being begun. Given up half way it is forgotten, not dropped: sqlx would roll back the
/// host's whole transaction. What is left behind is at most a savepoint in which nothing was done.
struct Forgotten<F: Future>(Option<Pin<Box<F>>>);

impl<F: Future> Future for Forgotten<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        let Some(future) = &mut self.0 else {
            return std::task::Poll::Pending;
        };
        let polled = future.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<F: Future> Drop for Forgotten<F> {
    fn drop(&mut self) {
        std::mem::forget(self.0.take());
    }
}

#[async_trait]
impl SqlTransaction for Savepoint<'_, '_> {
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError> {
        rows::query(self.connection()?, sql, params).await
    }

    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError> {
        rows::execute(self.connection()?, sql, params).await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), SqlError> {
        let before = std::mem::take(&mut self.before);
        self.query(RESTORED, &before).await?;
        PgTransactionManager::commit(self.connection()?).await.map_err(failed)?;
        self.open = false;
        Ok(())
    }
}

/// Rolls back before anything else is asked of the connection, the host's COMMIT too: what was done half way
/// must not be committed with it.
impl Drop for Savepoint<'_, '_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if self.open {
            PgTransactionManager::start_rollback(connection);
        }
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }
}
