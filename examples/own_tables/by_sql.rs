//! A hand-written SQL store on one SQLite connection of `rusqlite`, a driver that is not async.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use client_lifecycle::sql::{AccessMode, SqlConnection, SqlError, SqlErrorClass, SqlTransaction, SqlValue};
use rusqlite::types::Value;
use rusqlite::{Connection, Statement, params_from_iter};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How long an operation waits if another program has locked the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// The connection that all parts of the host share.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Connection>>);

/// The connection, locked by one transaction.
struct Held(OwnedMutexGuard<Connection>);

/// Rolls back an open transaction when the lock is released. After an error, the caller drops it. If the caller's
/// future was dropped during a statement, the thread that ran the statement drops it.
impl Drop for Held {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            // If the ROLLBACK fails, the next BEGIN fails too and reports an error.
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}

/// A transaction. It has lost its connection if a statement was cancelled.
struct Transaction(Option<Held>);

impl Shared {
    /// Opens a file.
    pub(crate) fn open(file: impl AsRef<Path>) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // Without this, the bytes of deleted rows stay in the file until SQLite overwrites them.
        connection.pragma_update(None, "secure_delete", true)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }
}

#[async_trait]
impl SqlConnection for Shared {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let held = Held(Arc::clone(&self.0).lock_owned().await);
        let mut opened = Transaction(Some(held));
        let sql = match access {
            AccessMode::Read => "BEGIN",
            AccessMode::Write => "BEGIN IMMEDIATE",
        };
        let start = Instant::now();
        let begun = opened.execute(sql, &[]).await;
        // Another program held the file for the whole timeout. A retry would wait again.
        begun.map_err(|error| error.after_waiting(start.elapsed(), BUSY_TIMEOUT))?;
        Ok(Box::new(opened))
    }
}

#[async_trait]
impl SqlTransaction for Transaction {
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError> {
        self.run(sql, params, |statement, params| {
            let columns = statement.column_count();
            let rows = statement.query_map(params_from_iter(params), |row| {
                (0..columns).map(|column| row.get(column).map(from_driver)).collect()
            })?;
            rows.collect()
        })
        .await
    }

    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError> {
        self.run(sql, params, |statement, params| {
            statement.execute(params_from_iter(params)).map(|rows| rows as u64)
        })
        .await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), SqlError> {
        self.execute("COMMIT", &[]).await.map(|_| ())
    }
}

impl Transaction {
    /// Prepares a statement on a thread that may block, and passes it to `work` with its parameters.
    async fn run<T: Send + 'static>(
        &mut self,
        sql: &str,
        params: &[SqlValue],
        work: impl FnOnce(&mut Statement<'_>, Vec<Value>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SqlError> {
        let lost = |why: &str| SqlError::new(SqlErrorClass::Lost, why);
        let held = self.0.take().ok_or_else(|| lost("a call was cancelled"))?;
        let (sql, params) = (sql.to_owned(), params.iter().map(to_driver).collect());
        let thread = tokio::task::spawn_blocking(move || {
            let done = held.0.prepare(&sql).and_then(|mut statement| work(&mut statement, params));
            (held, done)
        });
        let (held, done) = thread.await.map_err(|error| SqlError::new(SqlErrorClass::Lost, error))?;
        self.0 = Some(held);
        done.map_err(classed)
    }
}

/// Classifies an error by SQLite's error code. SQLite's message names a missing table or column.
fn classed(error: rusqlite::Error) -> SqlError {
    use rusqlite::Error::{SqlInputError, SqliteFailure};
    let (code, message) = match &error {
        SqliteFailure(error, message) => (error.extended_code, message.clone().unwrap_or_default()),
        SqlInputError { error, msg, .. } => (error.extended_code, msg.clone()),
        _ => return SqlError::new(SqlErrorClass::Other, error),
    };
    SqlError::from_sqlite(code, &message, error)
}

fn to_driver(value: &SqlValue) -> Value {
    match value.clone() {
        SqlValue::Null => Value::Null,
        SqlValue::Integer(value) => Value::Integer(value),
        SqlValue::Real(value) => Value::Real(value),
        SqlValue::Text(value) => Value::Text(value),
        SqlValue::Blob(value) => Value::Blob(value),
    }
}

fn from_driver(value: Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Integer(value) => SqlValue::Integer(value),
        Value::Real(value) => SqlValue::Real(value),
        Value::Text(value) => SqlValue::Text(value),
        Value::Blob(value) => SqlValue::Blob(value),
    }
}
