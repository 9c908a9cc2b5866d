//! Savepoints inside the host's own transaction.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;

use super::rows;
use crate::sql::{Access, SqlConnection, SqlError, SqlErrorClass, SqlTransaction, SqlValue};

const BEGIN: &str = "SAVEPOINT client_lifecycle";
const ROLL_BACK: &str = "ROLLBACK TO client_lifecycle";
const RELEASE: &str = "RELEASE client_lifecycle";

/// A connection on which the host has a transaction open.
///
/// What is done is a savepoint of that transaction: it is there for good when the host commits. Nothing is
/// retried, because the snapshot is the host's. One call at a time; a second one while the first is still
/// running is told that another transaction is in the way.
pub struct SavepointConnection<'c> {
    /// Not there while a savepoint is open.
    connection: Mutex<Option<&'c mut SqliteConnection>>,
}

impl<'c> SavepointConnection<'c> {
    /// Savepoints of the transaction that is open on this connection.
    #[must_use]
    pub fn new(connection: &'c mut SqliteConnection) -> Self {
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
    async fn begin(&self, _: Access) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let taken = self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(connection) = taken else {
            return Err(SqlError::new(SqlErrorClass::Busy, "the transaction is in use by another call"));
        };
        let mut savepoint = Savepoint { slot: &self.connection, connection: Some(connection), open: true };
        savepoint.execute(BEGIN, &[]).await?;
        Ok(Box::new(savepoint))
    }

    fn retryable(&self) -> bool {
        false
    }
}

/// An open savepoint. sqlx has savepoints too, but gives up the host's whole transaction when a future is
/// dropped while one of them begins.
struct Savepoint<'s, 'c> {
    slot: &'s Mutex<Option<&'c mut SqliteConnection>>,
    connection: Option<&'c mut SqliteConnection>,
    open: bool,
}

impl Savepoint<'_, '_> {
    fn connection(&mut self) -> Result<&mut SqliteConnection, SqlError> {
        self.connection
            .as_deref_mut()
            .ok_or_else(|| SqlError::new(SqlErrorClass::Lost, "the savepoint is no longer open"))
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
        self.execute(RELEASE, &[]).await?;
        self.open = false;
        Ok(())
    }
}

/// Rolls back at once, not when the connection is next used: the host may commit without asking for anything
/// else, and what was done half way must not be committed with it.
///
/// The statements of a connection run on a thread of sqlx, one after the other, so this waits for the one
/// that was given up and for the rollback, and needs no runtime.
impl Drop for Savepoint<'_, '_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if self.open {
            // Where the savepoint was not begun, or is already released, there is nothing to roll back.
            let undone = wait(rows::execute(connection, ROLL_BACK, &[]));
            if undone.is_ok() {
                wait(rows::execute(connection, RELEASE, &[])).ok();
            }
        }
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }
}

/// Runs a future of a connection to its end on this thread.
fn wait<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        thread::park();
    }
}
