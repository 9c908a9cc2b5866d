//! A connection that counts its statements and records when a transaction is ready to commit.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use client_lifecycle::sql::{AccessMode, SqlConnection, SqlError, SqlTransaction, SqlValue};

/// What a [`Counted`] connection has counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// The number of statements, without BEGIN, COMMIT and ROLLBACK.
    statements: AtomicUsize,
    /// The time at which the last transaction was ready to commit.
    ready: Mutex<Option<Instant>>,
    /// The statements since the last `clear_log`, with their durations.
    log: Mutex<Vec<(String, Duration)>>,
}

impl Tally {
    /// Returns the number of statements since the last call.
    pub(crate) fn take(&self) -> usize {
        self.statements.swap(0, Ordering::Relaxed)
    }

    /// Clears the log, and prints it if `show` is set.
    pub(crate) fn clear_log(&self, show: bool) {
        for (sql, took) in self.log.lock().unwrap().drain(..).filter(|_| show) {
            let sql = sql.replace('\n', " ");
            println!("      {:>8.3} ms  {}", took.as_secs_f64() * 1e3, sql);
        }
    }

    fn note(&self, sql: &str, start: Instant) {
        self.log.lock().unwrap().push((sql.to_owned(), start.elapsed()));
    }

    pub(crate) fn ready(&self) -> Instant {
        self.ready.lock().unwrap().take().expect("an operation was committed")
    }
}

/// A connection whose statements are counted.
#[derive(Debug)]
pub(crate) struct Counted<C> {
    pub(crate) connection: C,
    pub(crate) tally: Arc<Tally>,
}

struct CountedTransaction<'c> {
    transaction: Box<dyn SqlTransaction + 'c>,
    tally: &'c Tally,
}

#[async_trait]
impl<C: SqlConnection> SqlConnection for Counted<C> {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let start = Instant::now();
        let transaction = self.connection.begin(access).await?;
        self.tally.note("BEGIN", start);
        Ok(Box::new(CountedTransaction { transaction, tally: &self.tally }))
    }

    async fn read(&self, sql: &str, params: &[SqlValue]) -> Result<Option<Vec<Vec<SqlValue>>>, SqlError> {
        let start = Instant::now();
        let rows = self.connection.read(sql, params).await?;
        if rows.is_some() {
            self.tally.statements.fetch_add(1, Ordering::Relaxed);
            self.tally.note(sql, start);
        }
        Ok(rows)
    }
}

#[async_trait]
impl SqlTransaction for CountedTransaction<'_> {
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError> {
        self.tally.statements.fetch_add(1, Ordering::Relaxed);
        let start = Instant::now();
        let done = self.transaction.query(sql, params).await;
        self.tally.note(sql, start);
        done
    }

    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError> {
        self.tally.statements.fetch_add(1, Ordering::Relaxed);
        let start = Instant::now();
        let done = self.transaction.execute(sql, params).await;
        self.tally.note(sql, start);
        done
    }

    async fn commit(self: Box<Self>) -> Result<(), SqlError> {
        *self.tally.ready.lock().unwrap() = Some(Instant::now());
        let start = Instant::now();
        let done = self.transaction.commit().await;
        self.tally.note("COMMIT", start);
        done
    }
}
