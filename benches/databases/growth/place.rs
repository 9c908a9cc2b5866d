//! The two databases of the growth table, each with several settings.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use client_lifecycle::domain::Request;
use client_lifecycle::plan::Plan;
use client_lifecycle::postgres::{PostgresStore, sqlx};
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::database::{postgres_options, without_postgres};
use crate::tables::System;

/// A statement on PostgreSQL is cancelled after this time, in milliseconds.
const LONGEST: &str = "20000";

/// A database, with one pool of one connection for each setting. The first setting has the least memory.
pub(super) enum Place {
    Postgres { schema: String, pools: Vec<(&'static str, PgPool)> },
    Sqlite { file: PathBuf, pools: Vec<(&'static str, SqlitePool)> },
}

/// The durations of a plan and of its execution in an open transaction.
pub(super) struct Took {
    pub(super) plan: Duration,
    pub(super) apply: Duration,
}

/// A lifecycle on one of the pools.
pub(super) enum Opened {
    Postgres(Box<Lifecycle<PostgresStore>>),
    Sqlite(Box<Lifecycle<SqliteStore>>),
}

impl Place {
    /// Creates a schema with a random name; returns `None` if no server can be reached.
    pub(super) async fn postgres() -> Option<Self> {
        let schema = format!("growth_{}", uuid::Uuid::new_v4().simple());
        let mut pools = Vec::new();
        for (label, memory) in [("work_mem 64kB", "64kB"), ("work_mem 4MB", "4MB")] {
            let options = postgres_options(&schema);
            let options = options.options([("work_mem", memory), ("statement_timeout", LONGEST)]);
            match PgPoolOptions::new().max_connections(1).connect_with(options).await {
                Ok(pool) => pools.push((label, pool)),
                Err(error) => {
                    without_postgres(&error);
                    return None;
                }
            }
        }
        let place = Self::Postgres { schema: schema.clone(), pools };
        place.run(&format!("CREATE SCHEMA {schema}")).await;
        Some(place)
    }

    /// Creates a database in a new file.
    pub(super) async fn sqlite() -> Self {
        let name = format!("growth-{}.db", uuid::Uuid::new_v4().simple());
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let mut pools = Vec::new();
        for (label, kilobytes) in [("page cache 2 MB", 2 << 10), ("page cache 64 MB", 64 << 10)] {
            let options = SqliteConnectOptions::new()
                .filename(&file)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .pragma("cache_size", format!("-{kilobytes}"));
            pools.push((
                label,
                SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap(),
            ));
        }
        Self::Sqlite { file, pools }
    }

    pub(super) fn system(&self) -> System {
        match self {
            Self::Postgres { .. } => System::Postgres,
            Self::Sqlite { .. } => System::Sqlite,
        }
    }

    pub(super) fn settings(&self) -> Vec<&'static str> {
        match self {
            Self::Postgres { pools, .. } => pools.iter().map(|(label, _)| *label).collect(),
            Self::Sqlite { pools, .. } => pools.iter().map(|(label, _)| *label).collect(),
        }
    }

    /// Creates the library's tables.
    pub(super) async fn migrate(&self) {
        match self {
            Self::Postgres { pools, .. } => {
                PostgresStore::new(pools[0].1.clone()).migrate().await.unwrap();
            }
            Self::Sqlite { pools, .. } => {
                SqliteStore::new(pools[0].1.clone()).migrate().await.unwrap();
            }
        }
    }

    /// Runs statements without measuring them.
    pub(super) async fn run(&self, sql: &str) {
        let all = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let done = match self {
            // The last pool has the most memory.
            Self::Postgres { pools, .. } => all.execute(&pools[pools.len() - 1].1).await.err(),
            Self::Sqlite { pools, .. } => all.execute(&pools[pools.len() - 1].1).await.err(),
        };
        let shown: String = sql.chars().take(500).collect();
        assert!(done.is_none(), "{shown}: {done:?}");
    }

    /// Opens the policy with a setting.
    pub(super) async fn open(&self, setting: usize, policy: DeletionPolicy) -> Opened {
        let opened = match self {
            Self::Postgres { pools, .. } => {
                let store = PostgresStore::new(pools[setting].1.clone());
                Lifecycle::open(store, policy).await.map(|it| Opened::Postgres(Box::new(it)))
            }
            Self::Sqlite { pools, .. } => {
                let store = SqliteStore::new(pools[setting].1.clone());
                Lifecycle::open(store, policy).await.map(|it| Opened::Sqlite(Box::new(it)))
            }
        };
        opened.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Drops the schema, or removes the file.
    pub(super) async fn close(self) {
        if let Self::Postgres { schema, .. } = &self {
            self.run(&format!("DROP SCHEMA {schema} CASCADE")).await;
        }
        match self {
            Self::Postgres { pools, .. } => {
                for (_, pool) in pools {
                    pool.close().await;
                }
            }
            Self::Sqlite { file, pools } => {
                for (_, pool) in pools {
                    pool.close().await;
                }
                std::fs::remove_file(file).unwrap();
            }
        }
    }
}

impl Opened {
    /// Plans, and applies the plan in a transaction that is rolled back, so that the next round finds the same rows.
    ///
    /// # Errors
    /// The text of the error, such as that of a statement that took too long.
    pub(super) async fn round(&self, request: &Request) -> Result<Took, String> {
        let start = Instant::now();
        let plan = match self {
            Self::Postgres(lifecycle) => lifecycle.plan(request).await,
            Self::Sqlite(lifecycle) => lifecycle.plan(request).await,
        };
        let plan: Plan = plan.map_err(|error| root(&error))?;
        let planned = start.elapsed();
        assert!(plan.is_executable(), "{plan}");
        let (done, took) = match self {
            Self::Postgres(lifecycle) => {
                let mut tx = lifecycle.store().pool().begin().await.unwrap();
                let start = Instant::now();
                let done = lifecycle.in_transaction(&mut tx).apply(request, &plan).await;
                let took = start.elapsed();
                tx.rollback().await.unwrap();
                (done, took)
            }
            Self::Sqlite(lifecycle) => {
                let mut tx = lifecycle.store().pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
                let start = Instant::now();
                let done = lifecycle.in_transaction(&mut tx).apply(request, &plan).await;
                let took = start.elapsed();
                tx.rollback().await.unwrap();
                (done, took)
            }
        };
        done.map_err(|error| root(&error))?;
        Ok(Took { plan: planned, apply: took })
    }
}

/// Returns the text of an error's first cause.
fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
