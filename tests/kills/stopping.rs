//! A connection that triggers an event after a chosen statement.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use client_lifecycle::sql::{AccessMode, SqlConnection, SqlError, SqlTransaction, SqlValue};

/// What happens after the chosen statement.
#[async_trait]
pub(crate) trait Event: Send + Sync {
    /// `what` is the statement that just ran. `backend` is the process id of the PostgreSQL backend.
    async fn happen(&self, what: &str, backend: Option<i64>);
}

/// A connection that triggers its event once, after statement number `at`. BEGIN and COMMIT count as statements.
pub(crate) struct Stopping<C, E> {
    pub(crate) connection: C,
    pub(crate) event: E,
    pub(crate) at: usize,
    /// Whether to ask PostgreSQL for the process id of the backend.
    pub(crate) asks_backend: bool,
    /// The number of statements since counting began. Opening the lifecycle is not counted.
    done: AtomicUsize,
}

const NOT_ARMED: usize = usize::MAX / 2;

impl<C, E: Event> Stopping<C, E> {
    pub(crate) fn new(connection: C, at: usize, event: E) -> Self {
        Self { connection, event, at, asks_backend: false, done: AtomicUsize::new(NOT_ARMED) }
    }

    pub(crate) fn branch(&self) {
        self.done.store(0, Ordering::SeqCst);
    }

    /// Returns the number of counted statements.
    pub(crate) fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    async fn after(&self, what: &str, backend: Option<i64>) {
        if self.done.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            self.event.happen(what, backend).await;
        }
    }
}

#[async_trait]
impl<C: SqlConnection, E: Event> SqlConnection for Stopping<C, E> {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let mut tx = self.connection.begin(access).await?;
        let backend = if self.asks_backend {
            let rows = tx.query("SELECT pg_backend_pid()", &[]).await?;
            rows[0][0].as_integer()
        } else {
            None
        };
        let after: Box<dyn Fn(String) -> _ + Send + Sync> =
            Box::new(move |what| self.happened(what, backend));
        let begun = Counted { tx, after };
        (begun.after)("BEGIN".into()).await;
        Ok(Box::new(begun))
    }

    fn retryable(&self) -> bool {
        self.connection.retryable()
    }

    async fn pause(&self, time: std::time::Duration) {
        self.connection.pause(time).await;
    }
}

type Waiting<'t> = std::pin::Pin<Box<dyn Future<Output = ()> + Send + 't>>;

impl<C: Send + Sync, E: Event> Stopping<C, E> {
    fn happened(&self, what: String, backend: Option<i64>) -> Waiting<'_> {
        Box::pin(async move { self.after(&what, backend).await })
    }
}

struct Counted<'t> {
    tx: Box<dyn SqlTransaction + 't>,
    after: Box<dyn Fn(String) -> Waiting<'t> + Send + Sync + 't>,
}

#[async_trait]
impl SqlTransaction for Counted<'_> {
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError> {
        let done = self.tx.query(sql, params).await?;
        (self.after)(sql.to_owned()).await;
        Ok(done)
    }

    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError> {
        let done = self.tx.execute(sql, params).await?;
        (self.after)(sql.to_owned()).await;
        Ok(done)
    }

    async fn commit(self: Box<Self>) -> Result<(), SqlError> {
        self.tx.commit().await?;
        (self.after)("COMMIT".into()).await;
        Ok(())
    }
}
