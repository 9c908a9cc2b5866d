//! Waiting for other writers: the busy timeout of the host is that of the whole operation, in all its attempts.

use std::time::{Duration, Instant};

use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::lifecycle::{Error, Retries};
use client_lifecycle::policy::cascade;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::sqlite::{SqliteJournalMode, SqlitePoolOptions};
use client_lifecycle::sqlite::sqlx::{Connection, SqliteConnection, query_scalar, raw_sql};
use client_lifecycle::store::StoreError;
use client_lifecycle::{DeletionPolicy, Lifecycle};

use crate::world::*;

const PATIENCE: Duration = Duration::from_millis(500);
const DDL: &str = "
    CREATE TABLE clients (id INTEGER PRIMARY KEY);
    CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL);
    INSERT INTO clients VALUES (1), (2);
    INSERT INTO debts VALUES (1, 1), (2, 2);";

fn policy() -> DeletionPolicy {
    DeletionPolicy::of("clients")
        .reference("debts.client_id", "clients")
        .hard_delete(|mode| mode.allow_any().rule("debts.client_id", cascade()))
        .build()
        .unwrap()
}

fn delete() -> Request {
    Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN"))
}

/// Opens a lifecycle whose connections wait this long. It has one connection, so that the next call uses it again.
async fn waiting(world: &World, timeout: Duration, mode: SqliteJournalMode) -> Lifecycle<SqliteStore> {
    let options = options(&world.path).busy_timeout(timeout).journal_mode(mode);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    Lifecycle::open(SqliteStore::new(pool), policy()).await.unwrap()
}

async fn other(world: &World, sql: &'static str) -> SqliteConnection {
    let mut other = SqliteConnection::connect_with(&options(&world.path)).await.unwrap();
    raw_sql(sql).execute(&mut other).await.unwrap();
    other
}

/// Returns the busy timeout of the lifecycle's connection.
async fn timeout(lifecycle: &Lifecycle<SqliteStore>) -> Duration {
    let timeout: i64 = query_scalar("PRAGMA busy_timeout").fetch_one(lifecycle.store().pool()).await.unwrap();
    Duration::from_millis(timeout.try_into().unwrap())
}

async fn failing<T>(call: impl Future<Output = Result<T, Error>>) -> (Error, Duration) {
    let start = Instant::now();
    let Err(error) = call.await else { panic!("the database is locked, but the call succeeded") };
    (error, start.elapsed())
}

/// Checks that a call gave up after its patience, and said so.
fn gave_up((error, time): (Error, Duration), what: &str) {
    let Error::Store(StoreError::LockTimeout { waited, .. }) = &error else {
        panic!("{what}: {error:?}");
    };
    assert!(time >= PATIENCE && time < PATIENCE * 3 / 2, "{what} took {time:?}");
    assert!(*waited >= PATIENCE && *waited <= time, "{what} waited {waited:?} of {time:?}");
    assert!(!error.is_retryable(), "{what}: it has been waited for");
}

#[tokio::test]
async fn a_locked_database_is_waited_for_once_whatever_retries_are_set() {
    for mode in [SqliteJournalMode::Wal, SqliteJournalMode::Delete] {
        let world = World::new(DDL).await;
        let lifecycle = waiting(&world, PATIENCE, mode).await.with_retries(Retries::new(50));
        let plan = lifecycle.plan(&delete()).await.unwrap();
        let mut other = other(&world, "BEGIN IMMEDIATE").await;
        gave_up(failing(lifecycle.execute(&delete())).await, "execute");
        gave_up(failing(lifecycle.apply(&delete(), &plan)).await, "apply");
        gave_up(failing(lifecycle.confirm(&delete(), &plan.digest)).await, "confirm");
        assert_eq!(timeout(&lifecycle).await, PATIENCE, "the setting of the host is restored");
        raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        lifecycle.apply(&delete(), &plan).await.unwrap();
    }
}

/// Without a write-ahead log, a COMMIT waits for readers.
#[tokio::test]
async fn a_reader_is_waited_for_once() {
    let world = World::new(DDL).await;
    let lifecycle = waiting(&world, PATIENCE, SqliteJournalMode::Delete).await;
    let mut reader = other(&world, "BEGIN; SELECT count(*) FROM clients").await;
    gave_up(failing(lifecycle.execute(&delete())).await, "execute");
    assert_eq!(timeout(&lifecycle).await, PATIENCE);
    raw_sql("ROLLBACK").execute(&mut reader).await.unwrap();
    lifecycle.execute(&delete()).await.unwrap();
}

#[tokio::test]
async fn a_lock_that_is_released_in_time_is_waited_for() {
    let world = World::new(DDL).await;
    let lifecycle = waiting(&world, PATIENCE, SqliteJournalMode::Wal).await;
    let mut other = other(&world, "BEGIN IMMEDIATE").await;
    let start = Instant::now();
    let released = async {
        tokio::time::sleep(PATIENCE / 3).await;
        raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    };
    let request = delete();
    let (deleted, ()) = tokio::join!(lifecycle.execute(&request), released);
    deleted.unwrap();
    assert!(start.elapsed() >= PATIENCE / 3, "it waited");
}

/// The host does not let its connections wait, so only the retries do.
#[tokio::test]
async fn without_a_timeout_a_locked_database_is_retried() {
    let world = World::new(DDL).await;
    let lifecycle = waiting(&world, Duration::ZERO, SqliteJournalMode::Wal).await;
    let mut other = other(&world, "BEGIN IMMEDIATE").await;
    let (error, _) = failing(lifecycle.execute(&delete())).await;
    assert!(matches!(error, Error::Store(StoreError::Contention { retryable: true, .. })), "{error:?}");
    let lifecycle = lifecycle
        .with_retries(Retries::new(20).waiting(Duration::from_millis(20), Duration::from_millis(50)));
    let released = async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    };
    let request = delete();
    let (deleted, ()) = tokio::join!(lifecycle.execute(&request), released);
    deleted.unwrap();
}

/// The second wait of an operation has a shorter timeout. It is restored even if the call is cancelled meanwhile.
#[tokio::test]
async fn a_cancelled_call_restores_the_timeout() {
    let world = World::new(DDL).await;
    let patience = Duration::from_secs(1);
    let lifecycle = waiting(&world, patience, SqliteJournalMode::Wal).await;
    let mut other = other(&world, "BEGIN IMMEDIATE").await;
    // The operation waits for a second, and its record for a tenth of a second.
    let cancelled = tokio::time::timeout(patience + patience / 20, lifecycle.execute(&delete())).await;
    assert!(cancelled.is_err(), "{cancelled:?}");
    assert_eq!(timeout(&lifecycle).await, patience);
    raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    lifecycle.execute(&delete()).await.unwrap();
}
