//! The PostgreSQL server of the tests, and a schema for each test.
//!
//! `TEST_POSTGRES_URL` is the server's address. Without a server, tests print a message and pass; with `CI=true`, they
//! fail.

use std::sync::atomic::{AtomicBool, Ordering};

use client_lifecycle::postgres::sqlx;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor};

const DEFAULT: &str = "postgres://postgres@127.0.0.1:5432/test";

/// A schema for one test.
pub(crate) struct Schema {
    pub(crate) name: String,
    pub(crate) pool: PgPool,
}

pub(crate) fn address() -> String {
    std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| DEFAULT.into())
}

/// Returns whether a server can be reached. Prints a message if not.
#[allow(dead_code, reason = "most tests ask for a schema")]
pub(crate) async fn is_there() -> bool {
    let address = address();
    match PgConnection::connect(&address).await {
        Ok(_) => true,
        Err(error) => {
            skipped(&address, &error);
            false
        }
    }
}

impl Schema {
    /// Creates a schema; returns `None` if no server can be reached.
    pub(crate) async fn new() -> Option<Self> {
        Self::with_connections(8).await
    }

    pub(crate) async fn with_connections(count: u32) -> Option<Self> {
        let name = format!("t{}", uuid::Uuid::new_v4().simple());
        let address = address();
        let mut admin = match PgConnection::connect(&address).await {
            Ok(admin) => admin,
            Err(error) => {
                skipped(&address, &error);
                return None;
            }
        };
        admin.execute(AssertSqlSafe(format!("CREATE SCHEMA {name}"))).await.unwrap();
        admin.close().await.unwrap();
        let options: PgConnectOptions = address.parse().unwrap();
        let options =
            options.options([("search_path", name.as_str()), ("synchronous_commit", "off"), ("jit", "off")]);
        let pool = PgPoolOptions::new().max_connections(count).connect_lazy_with(options);
        Some(Self { name, pool })
    }

    #[allow(dead_code, reason = "some tests have a pool of their own")]
    pub(crate) async fn run(&self, sql: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// Prints once that tests are skipped, and how to enable them.
fn skipped(address: &str, error: &sqlx::Error) {
    static SAID: AtomicBool = AtomicBool::new(false);
    let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!is_ci, "no PostgreSQL at {address}: {error}");
    if !SAID.swap(true, Ordering::Relaxed) {
        // Write to standard error directly, because the test harness captures `eprintln!`.
        use std::io::Write;
        let line = format!(
            "skipped: tests on PostgreSQL, because there is none at {address}; set TEST_POSTGRES_URL to one\n"
        );
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
}

/// Drops the schema on its own connection and thread, because the runtime of the test may be shutting down.
impl Drop for Schema {
    fn drop(&mut self) {
        let sql = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name);
        let left_open = format!(
            "SELECT pg_terminate_backend(pid) FROM (
                 SELECT DISTINCT pid FROM pg_locks JOIN pg_class ON pg_class.oid = relation
                 WHERE relnamespace = to_regnamespace('{}') AND pid <> pg_backend_pid()
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS holders",
            self.name
        );
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut admin = PgConnection::connect(&address()).await.unwrap();
                // A pool whose runtime is shutting down does not roll back. Its open transaction would block the
                // `DROP`.
                drop(admin.execute(AssertSqlSafe(left_open)).await);
                admin.execute("SET lock_timeout = '10s'").await.unwrap();
                drop(admin.execute(AssertSqlSafe(sql)).await);
            });
        });
        drop(dropped.join());
    }
}
