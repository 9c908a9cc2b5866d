//! Kills the process with `kill -9` after each statement of an operation in turn.
//!
//! The child is another process of this test binary. After the given statement it prints a line and waits to be
//! killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use client_lifecycle::sql::{Dialect, SqlConnection, SqlStore};
use client_lifecycle::sqlite::sqlx::sqlite::{SqliteJournalMode, SqlitePoolOptions};
use client_lifecycle::{postgres, sqlite};

use crate::stopping::{Event, Stopping};
use crate::world::{Database, open, pool_of, postgres_options, request, sqlite_options};

/// The environment variable with the child's task: the database, its address, and the number of the statement.
const ORDER: &str = "LIFECYCLE_CHILD";

struct StandStill;

#[async_trait]
impl Event for StandStill {
    async fn happen(&self, what: &str, _: Option<i64>) {
        println!("\nstands still after {}", what.split_whitespace().next().unwrap());
        std::io::stdout().flush().unwrap();
        loop {
            std::thread::park();
        }
    }
}

/// What the child process does. In any other process, this test does nothing.
#[tokio::test]
#[ignore = "run by the other tests, in a process of its own"]
async fn child_process_to_kill() {
    let Ok(order) = std::env::var(ORDER) else { return };
    let [database, place, at] = order.split('|').collect::<Vec<_>>()[..] else { panic!("{order}") };
    let at = at.parse().unwrap();
    match database {
        "postgres" => {
            let pool = pool_of(postgres_options(place, &format!("{place}-child")), 2);
            operate(postgres::PoolConnection::new(pool), Dialect::Postgres, at).await;
        }
        journal => {
            let options = sqlite_options(place.as_ref(), journal.parse().unwrap());
            let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options).await.unwrap();
            operate(sqlite::PoolConnection::new(pool), Dialect::Sqlite, at).await;
        }
    }
}

async fn operate(connection: impl SqlConnection, dialect: Dialect, at: usize) {
    let lifecycle = open(SqlStore::new(Stopping::new(connection, at, StandStill), dialect)).await;
    lifecycle.store().connection().branch();
    lifecycle.execute(&request()).await.unwrap();
}

/// Runs the child until it waits, then kills it. Returns the statement it stopped after; `None` if it finished.
fn killed(order: &str) -> Option<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::child_process_to_kill", "--ignored", "--nocapture"])
        .env(ORDER, order)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let after = { lines }.find_map(|line| line.strip_prefix("stands still after ").map(str::to_owned));
    if after.is_some() {
        // `kill` sends SIGKILL on Unix.
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
    } else {
        assert!(child.wait().unwrap().success(), "the child fails");
    }
    after
}

/// Kills the child after each statement in turn, and checks the data each time. Returns the number of statements.
async fn each_statement(mut database: Database, order: impl Fn(&Database) -> String) -> usize {
    let (before, after) = database.before_and_after().await;
    let mut last = (None, false);
    for at in 1.. {
        let order = format!("{}|{at}", order(&database));
        database.leave().await;
        let stood = tokio::task::spawn_blocking(move || killed(&order)).await.unwrap();
        database.come_back().await;
        if let Database::Postgres { .. } = &database {
            gone(database.schema()).await;
        }
        let found = database.whole().await;
        let is_done = found == after;
        assert!(is_done || found == before, "half of it is there after {at} ({stood:?}): {found:#?}");
        assert!(is_done >= last.1, "done after fewer statements, and not after {at} ({stood:?})");
        if stood.is_none() {
            assert_eq!(last, (Some("COMMIT".to_owned()), true));
            return at - 1;
        }
        database.finish(&after).await;
        database.reset().await;
        last = (stood, is_done);
    }
    unreachable!("an operation comes to its end")
}

/// Waits until the server has closed the child's connections.
async fn gone(schema: &crate::server::Schema) {
    let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = current_schema || '-child'";
    for _ in 0..500 {
        let left: i64 =
            client_lifecycle::postgres::sqlx::query_scalar(left).fetch_one(&schema.pool).await.unwrap();
        if left == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the backend of a killed process is still there");
}

#[tokio::test]
async fn a_killed_process_leaves_all_or_nothing_on_postgres_and_another_process_finishes_the_work() {
    let Some(database) = Database::postgres().await else { return };
    let order = |database: &Database| format!("postgres|{}", database.schema().name);
    let statements = each_statement(database, order).await;
    assert!(statements > 6, "{statements}");
}

async fn on_sqlite(journal: SqliteJournalMode, name: &'static str) {
    let database = Database::sqlite(journal).await;
    let order = move |database: &Database| match database {
        Database::Sqlite { path, .. } => format!("{name}|{}", path.display()),
        Database::Postgres { .. } => unreachable!("it is SQLite"),
    };
    let statements = each_statement(database, order).await;
    assert!(statements > 6, "{statements}");
}

#[tokio::test]
async fn a_killed_process_leaves_all_or_nothing_on_sqlite_and_another_process_finishes_the_work() {
    on_sqlite(SqliteJournalMode::Delete, "delete").await;
}

#[tokio::test]
async fn a_killed_process_leaves_all_or_nothing_with_a_write_ahead_log_and_another_process_finishes_the_work()
{
    on_sqlite(SqliteJournalMode::Wal, "wal").await;
}
