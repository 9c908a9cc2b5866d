//! The two databases of the benchmark, each with a pool of one connection; PostgreSQL also with several.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use client_lifecycle::Store;
use client_lifecycle::postgres::{self, sqlx};
use client_lifecycle::sql::{Dialect, SqlStore};
use client_lifecycle::sqlite;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Row};

use crate::counted::{Counted, Tally};
use crate::tables::{self, ForeignKeys, System};

/// The size of SQLite's page cache, in megabytes.
pub(crate) const PAGE_CACHE: u32 = 64;

/// An empty database for one run.
pub(crate) struct Database {
    pub(crate) keys: ForeignKeys,
    pub(crate) tally: Arc<Tally>,
    pool: Pool,
}

enum Pool {
    Postgres { pool: PgPool, schema: String },
    Sqlite { pool: SqlitePool, file: PathBuf },
}

/// The duration of an operation, without and with its COMMIT.
pub(crate) struct Took {
    pub(crate) before: Duration,
    pub(crate) with: Duration,
}

impl Database {
    /// Creates a schema with a random name; returns `None` if no server can be reached.
    pub(crate) async fn postgres(keys: ForeignKeys) -> Option<Self> {
        Some(Self::postgres_with(keys, 1).await?.0)
    }

    /// Creates a schema with a random name, and also returns its pool of up to so many connections; returns `None` if
    /// no server can be reached.
    pub(crate) async fn postgres_with(keys: ForeignKeys, connections: u32) -> Option<(Self, PgPool)> {
        let schema = format!("bench_{}", uuid::Uuid::new_v4().simple());
        let options = postgres_options(&schema);
        let pool = match PgPoolOptions::new().max_connections(connections).connect_with(options).await {
            Ok(pool) => pool,
            Err(error) => {
                without_postgres(&error);
                return None;
            }
        };
        let own = Pool::Postgres { pool: pool.clone(), schema: schema.clone() };
        let database = Self { keys, tally: Arc::default(), pool: own };
        database.run(&format!("CREATE SCHEMA {schema}")).await;
        Some((database, pool))
    }

    /// Creates a database in a new file.
    pub(crate) async fn sqlite() -> Self {
        let name = format!("bench-{}.db", uuid::Uuid::new_v4().simple());
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("cache_size", format!("-{}", PAGE_CACHE * 1024));
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        Self { keys: ForeignKeys::Cascade, tally: Arc::default(), pool: Pool::Sqlite { pool, file } }
    }

    pub(crate) fn system(&self) -> System {
        match &self.pool {
            Pool::Postgres { .. } => System::Postgres,
            Pool::Sqlite { .. } => System::Sqlite,
        }
    }

    /// Returns where another process finds the database: see `django/worker.py`.
    pub(crate) fn address(&self) -> Vec<String> {
        match &self.pool {
            Pool::Postgres { schema, .. } => vec!["postgres".into(), postgres_address(), schema.clone()],
            Pool::Sqlite { file, .. } => {
                vec!["sqlite".into(), file.to_string_lossy().into(), PAGE_CACHE.to_string()]
            }
        }
    }

    /// Returns the library's store on this database; its statements are counted.
    pub(crate) async fn store(&self) -> Box<dyn Store> {
        let tally = self.tally.clone();
        match &self.pool {
            Pool::Postgres { pool, .. } => {
                let connection = Counted { connection: postgres::PoolConnection::new(pool.clone()), tally };
                let store = SqlStore::new(connection, Dialect::Postgres);
                store.migrate().await.unwrap();
                Box::new(store)
            }
            Pool::Sqlite { pool, .. } => {
                let connection = Counted { connection: sqlite::PoolConnection::new(pool.clone()), tally };
                let store = SqlStore::new(connection, Dialect::Sqlite);
                store.migrate().await.unwrap();
                Box::new(store)
            }
        }
    }

    /// Runs statements without measuring them.
    pub(crate) async fn run(&self, sql: &str) {
        let all = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let done = match &self.pool {
            Pool::Postgres { pool, .. } => all.execute(pool).await.err(),
            Pool::Sqlite { pool, .. } => all.execute(pool).await.err(),
        };
        assert!(done.is_none(), "{sql}: {done:?}");
    }

    /// Returns the first column of a query's rows, as text.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let query = AssertSqlSafe(sql.to_owned());
        match &self.pool {
            Pool::Postgres { pool, .. } => sqlx::query_scalar(query).fetch_all(pool).await.unwrap(),
            Pool::Sqlite { pool, .. } => sqlx::query_scalar(query).fetch_all(pool).await.unwrap(),
        }
    }

    /// Removes what earlier operations left behind: dead rows in PostgreSQL, the write-ahead log in SQLite.
    pub(crate) async fn tidy(&self) {
        match self.system() {
            System::Postgres => self.run(&format!("VACUUM {}", all_tables())).await,
            System::Sqlite => self.run("PRAGMA wal_checkpoint(TRUNCATE)").await,
        }
    }

    /// Updates the statistics that the query planner uses.
    pub(crate) async fn analyze(&self) {
        match self.system() {
            System::Postgres => self.run(&format!("VACUUM ANALYZE {}", all_tables())).await,
            System::Sqlite => self.run("ANALYZE").await,
        }
    }

    /// Runs a hand-written query of counts. Returns their sum and the duration.
    pub(crate) async fn count(&self, sql: &str, bound: &str) -> (u64, Duration) {
        let start = Instant::now();
        let query = AssertSqlSafe(sql.to_owned());
        let counts: Vec<i64> = match &self.pool {
            Pool::Postgres { pool, .. } => {
                let rows = sqlx::query(query).bind(bound.to_owned()).fetch_all(pool).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
            Pool::Sqlite { pool, .. } => {
                let rows = sqlx::query(query).bind(bound.to_owned()).fetch_all(pool).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        };
        let took = start.elapsed();
        (u64::try_from(counts.iter().sum::<i64>()).unwrap(), took)
    }

    /// Runs statements in one transaction.
    pub(crate) async fn carry_out(&self, statements: &[String], bound: &str) -> Took {
        let start = Instant::now();
        let before = match &self.pool {
            Pool::Postgres { pool, .. } => {
                let mut tx = pool.begin().await.unwrap();
                for sql in statements {
                    let query = sqlx::query(AssertSqlSafe(sql.clone())).bind(bound.to_owned());
                    query.execute(&mut *tx).await.unwrap();
                }
                let before = start.elapsed();
                tx.commit().await.unwrap();
                before
            }
            Pool::Sqlite { pool, .. } => {
                let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
                for sql in statements {
                    let query = sqlx::query(AssertSqlSafe(sql.clone())).bind(bound.to_owned());
                    query.execute(&mut *tx).await.unwrap();
                }
                let before = start.elapsed();
                tx.commit().await.unwrap();
                before
            }
        };
        Took { before, with: start.elapsed() }
    }

    /// Drops the schema, or removes the file.
    pub(crate) async fn close(self) {
        if let Pool::Postgres { schema, .. } = &self.pool {
            self.run(&format!("DROP SCHEMA {schema} CASCADE")).await;
        }
        match self.pool {
            Pool::Postgres { pool, .. } => pool.close().await,
            Pool::Sqlite { pool, file } => {
                pool.close().await;
                std::fs::remove_file(file).unwrap();
            }
        }
    }
}

fn postgres_address() -> String {
    let address = std::env::var("TEST_POSTGRES_URL");
    address.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".into())
}

/// Returns the options of a connection whose tables are in this schema.
pub(crate) fn postgres_options(schema: &str) -> PgConnectOptions {
    let options: PgConnectOptions = postgres_address().parse().expect("TEST_POSTGRES_URL is an address");
    // Just-in-time compilation takes longer than any operation here, so it is disabled for both sides.
    options.options([("search_path", schema), ("jit", "off")])
}

/// Says that there is no server.
///
/// # Panics
/// In CI, where there must be one.
pub(crate) fn without_postgres(error: &sqlx::Error) {
    let address = postgres_address();
    let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!is_ci, "no PostgreSQL at {address}: {error}");
    println!("skipped: PostgreSQL, because there is none at {address}; set TEST_POSTGRES_URL to one");
}

fn all_tables() -> String {
    tables::names().collect::<Vec<_>>().join(", ")
}
