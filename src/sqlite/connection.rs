//! Connections to SQLite over sqlx: opening transactions, binding values, and reading rows and errors.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::thread::Thread;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqlitePool, SqliteTransactionManager, SqliteValueRef};
use sqlx::{AssertSqlSafe, Decode, Error, Row, SqlSafeStr, TypeInfo, ValueRef, raw_sql};
use sqlx_core::transaction::TransactionManager;

use crate::sql::adapter::{HostConnection, TakenConnection, statements, transaction};
use crate::sql::{AccessMode, SqlConnection, SqlError, SqlErrorClass, SqlTransaction, SqlValue};
use crate::store::patience::timed;
use crate::store::{add_wait, patience_left, waited};

/// A pool that begins transactions.
#[derive(Debug, Clone)]
pub struct PoolConnection(pub(super) SqlitePool);

impl PoolConnection {
    /// Makes a connection that takes its transactions from this pool.
    #[must_use]
    pub fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }
}

#[async_trait]
impl SqlConnection for PoolConnection {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let connection = self.0.acquire().await.map_err(error)?;
        let mut transaction = PoolTransaction { connection, open: false, patience: None };
        transaction.shorten_timeout().await?;
        transaction.begin(access).await?;
        Ok(Box::new(transaction))
    }

    async fn read(&self, sql: &str, params: &[SqlValue]) -> Result<Option<Vec<Vec<SqlValue>>>, SqlError> {
        // A transaction shortens the busy timeout first.
        if waited() >= CONSIDERABLE {
            return Ok(None);
        }
        let mut connection = self.0.acquire().await.map_err(error)?;
        query(&mut connection, sql, params).await.map(Some)
    }

    async fn pause(&self, time: Duration) {
        sqlx_core::rt::sleep(time).await;
    }
}

struct PoolTransaction {
    connection: sqlx::pool::PoolConnection<Sqlite>,
    open: bool,
    /// The busy timeout to restore, if it was shortened.
    patience: Option<Duration>,
}

/// The shortest wait after which the busy timeout is shortened.
const CONSIDERABLE: Duration = Duration::from_millis(20);

impl PoolTransaction {
    /// Shortens the busy timeout by what the operation has already waited.
    async fn shorten_timeout(&mut self) -> Result<(), SqlError> {
        let waited = waited();
        if waited < CONSIDERABLE {
            return Ok(());
        }
        let patience = self.timeout().await?;
        if !patience.is_zero() {
            self.patience = Some(patience);
            set_timeout(&mut self.connection, patience_left(patience, waited)).await?;
        }
        Ok(())
    }

    /// Reads the busy timeout.
    async fn timeout(&mut self) -> Result<Duration, SqlError> {
        let rows = query(&mut self.connection, "PRAGMA busy_timeout", &[]).await?;
        let found = rows.first().and_then(|row| row.first()).and_then(SqlValue::as_integer);
        Ok(Duration::from_millis(found.and_then(|found| found.try_into().ok()).unwrap_or_default()))
    }

    async fn begin(&mut self, access: AccessMode) -> Result<(), SqlError> {
        let statement = match access {
            AccessMode::Read => "BEGIN",
            // The data that was read must still be current when it is written. Other writers are therefore locked out
            // from the start.
            AccessMode::Write => "BEGIN IMMEDIATE",
        };
        // If this future is cancelled, the transaction may have begun.
        self.open = true;
        let statement = Some(statement.into_sql_str());
        let (begun, time) = timed(SqliteTransactionManager::begin(&mut self.connection, statement)).await;
        add_wait(time);
        self.explained(begun.map_err(error), time).await
    }

    /// Finds out whether a statement failed after it had waited for the whole busy timeout.
    async fn explained<T>(&mut self, done: Result<T, SqlError>, time: Duration) -> Result<T, SqlError> {
        match done {
            Err(error) if *error.class() == SqlErrorClass::Busy => {
                let timeout = self.timeout().await.unwrap_or_default();
                Err(error.after_waiting(time, timeout))
            }
            done => done,
        }
    }
}

async fn set_timeout(connection: &mut SqliteConnection, timeout: Duration) -> Result<(), SqlError> {
    let sql = format!("PRAGMA busy_timeout = {}", timeout.as_millis());
    raw_sql(AssertSqlSafe(sql)).execute(connection).await.map_err(error)?;
    Ok(())
}

#[async_trait]
impl SqlTransaction for PoolTransaction {
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError> {
        let (done, time) = timed(query(&mut self.connection, sql, params)).await;
        self.explained(done, time).await
    }

    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError> {
        let (done, time) = timed(execute(&mut self.connection, sql, params)).await;
        self.explained(done, time).await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), SqlError> {
        let (done, time) = timed(SqliteTransactionManager::commit(&mut self.connection)).await;
        // Without a write-ahead log, the commit waits for readers.
        add_wait(time);
        self.explained(done.map_err(error), time).await?;
        self.open = false;
        Ok(())
    }
}

/// Rolls back, and restores the busy timeout, before the connection is reused.
impl Drop for PoolTransaction {
    fn drop(&mut self) {
        if self.open {
            SqliteTransactionManager::start_rollback(&mut self.connection);
        }
        if let Some(patience) = self.patience {
            // The first poll sends the statement to the thread of the connection, which runs it even if no one waits.
            let restored = pin!(set_timeout(&mut self.connection, patience));
            let _ = restored.poll(&mut Context::from_waker(Waker::noop()));
        }
    }
}

/// A connection on which the host has an open transaction.
///
/// Each transaction of the library is a savepoint. Its writes become permanent when the host commits. Nothing is
/// retried, because the host owns the snapshot. Only one call may run at a time; a second call fails as busy.
#[derive(Debug)]
pub struct SavepointConnection<'c>(HostConnection<'c, SqliteConnection>);

impl<'c> SavepointConnection<'c> {
    /// Makes a connection that opens savepoints in this connection's open transaction.
    #[must_use]
    pub fn new(connection: &'c mut SqliteConnection) -> Self {
        Self(HostConnection::new(connection))
    }
}

#[async_trait]
impl SqlConnection for SavepointConnection<'_> {
    async fn begin(&self, _: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let mut savepoint = Savepoint { connection: self.0.take()?, open: true };
        savepoint.execute("SAVEPOINT client_lifecycle", &[]).await?;
        Ok(Box::new(savepoint))
    }

    fn retryable(&self) -> bool {
        false
    }
}

/// An open savepoint. The savepoints of sqlx are not used: if a future is dropped while one of them begins, sqlx
/// rolls back the host's whole transaction.
struct Savepoint<'h, 'c> {
    connection: TakenConnection<'h, 'c, SqliteConnection>,
    open: bool,
}

const RELEASE: &str = "RELEASE client_lifecycle";

transaction!(Savepoint<'_, '_>, self, connection: self.connection.get()?, commit: {
    let mut savepoint = self;
    savepoint.execute(RELEASE, &[]).await?;
    savepoint.open = false;
    Ok(())
});

/// Rolls back at once, and not when the connection is next used. The host may commit without running another
/// statement, and must not commit a partial operation.
///
/// sqlx runs the statements of a connection on one thread, one after the other. The rollback therefore waits for the
/// cancelled statement, and this function waits for the rollback. It needs no async runtime.
impl Drop for Savepoint<'_, '_> {
    fn drop(&mut self) {
        if let (true, Ok(connection)) = (self.open, self.connection.get()) {
            // If the savepoint has not begun or is already released, there is nothing to roll back.
            let rolled_back = wait(execute(connection, "ROLLBACK TO client_lifecycle", &[]));
            if rolled_back.is_ok() {
                wait(execute(connection, RELEASE, &[])).ok();
            }
        }
    }
}

/// Runs a future to completion on this thread.
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

/// The host's transaction, used without a savepoint.
pub(super) struct HostTransaction<'c>(pub(super) &'c mut SqliteConnection);

transaction!(HostTransaction<'_>, self, connection: self.0, commit: {
    // The host commits.
    Ok(())
});

statements!(Sqlite, bind, value, error, at_most: 32_766);

fn bind(query: Bound, value: SqlValue) -> Bound {
    match value {
        SqlValue::Null => query.bind(None::<i64>),
        SqlValue::Integer(value) => query.bind(value),
        SqlValue::Real(value) => query.bind(value),
        SqlValue::Text(value) => query.bind(value),
        SqlValue::Blob(value) => query.bind(value),
    }
}

fn value(value: SqliteValueRef<'_>) -> Result<SqlValue, SqlError> {
    fn read<'r, T: Decode<'r, Sqlite>>(value: SqliteValueRef<'r>) -> Result<T, SqlError> {
        T::decode(value).map_err(|source| SqlError::new(SqlErrorClass::Other, source))
    }
    if value.is_null() {
        return Ok(SqlValue::Null);
    }
    let type_name = value.type_info().name().to_owned();
    Ok(match &*type_name {
        "INTEGER" | "BOOLEAN" => SqlValue::Integer(read(value)?),
        "REAL" => SqlValue::Real(read(value)?),
        "BLOB" => SqlValue::Blob(read(value)?),
        _ => SqlValue::Text(read(value)?),
    })
}

pub(super) fn error(error: Error) -> SqlError {
    match &error {
        Error::Database(database) => {
            let code = database.code().and_then(|code| code.parse().ok());
            let message = database.message().to_owned();
            SqlError::from_sqlite(code.unwrap_or_default(), &message, error)
        }
        // All connections of the pool are in use.
        Error::PoolTimedOut | Error::PoolClosed => SqlError::new(SqlErrorClass::NoConnection, error),
        Error::Io(_) | Error::WorkerCrashed => SqlError::new(SqlErrorClass::Lost, error),
        _ => SqlError::new(SqlErrorClass::Other, error),
    }
}
