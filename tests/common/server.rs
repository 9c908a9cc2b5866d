//! The PostgreSQL server of the tests, and a schema for each test. `check` looks into every schema of a database, so no two
//! tests use one database at once. Databases are kept and used again, because creating one takes longer than most tests.
//!
//! `TEST_POSTGRES_URL` is the server's address. Without a server, tests print a message and pass; with `CI=true`, they
//! fail.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use client_lifecycle::postgres::sqlx;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor};

const DEFAULT: &str = "postgres://postgres@127.0.0.1:5432/test";

/// A schema for one test, in a database that no other test uses.
pub(crate) struct Schema {
    pub(crate) name: String,
    pub(crate) pool: PgPool,
    /// Holds the lock on the database. The server releases it when the connection closes, even if the process is killed.
    _claim: Mutex<PgConnection>,
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
        let address = address();
        let mut claim = match PgConnection::connect(&address).await {
            Ok(claim) => claim,
            Err(error) => {
                skipped(&address, &error);
                return None;
            }
        };
        let number = claim_database(&mut claim).await;
        let name = format!("t{number}_{}", uuid::Uuid::new_v4().simple());
        let options: PgConnectOptions = address.parse().unwrap();
        let options = options.database(&database_of(&name));
        let mut admin = PgConnection::connect_with(&options).await.unwrap();
        admin.execute(EMPTY).await.unwrap();
        admin.execute(AssertSqlSafe(format!("CREATE SCHEMA {name}"))).await.unwrap();
        admin.close().await.unwrap();
        let options =
            options.options([("search_path", name.as_str()), ("synchronous_commit", "off"), ("jit", "off")]);
        let pool = PgPoolOptions::new().max_connections(count).connect_lazy_with(options);
        Some(Self { name, pool, _claim: Mutex::new(claim) })
    }

    /// Returns the address of the database, with the schema as search path.
    #[allow(dead_code, reason = "most tests use the pool")]
    pub(crate) fn address(&self) -> String {
        let address = address();
        let (server, parameters) = address.split_once('?').unwrap_or((&address, ""));
        let (server, _) = server.rsplit_once('/').unwrap();
        let name = &self.name;
        let options = format!("options=-csearch_path%3D{name}%20-csynchronous_commit%3Doff");
        let parameters = [parameters, &options].into_iter().filter(|part| !part.is_empty());
        format!("{server}/{}?{}", database_of(name), parameters.collect::<Vec<_>>().join("&"))
    }

    #[allow(dead_code, reason = "some tests have a pool of their own")]
    pub(crate) async fn run(&self, sql: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// Ends sessions that an earlier test left open, and removes what it created.
const EMPTY: &str = "DO $$ DECLARE name text; BEGIN
    PERFORM pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR name IN SELECT nspname FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')
    LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP; END $$";

/// Claims the first database that no other test uses, and creates it if necessary. Returns its number.
async fn claim_database(claim: &mut PgConnection) -> i32 {
    for number in 1.. {
        let taken = sqlx::query_scalar("SELECT pg_try_advisory_lock(1953719668, $1)").bind(number);
        let taken: bool = taken.fetch_one(&mut *claim).await.unwrap();
        if !taken {
            continue;
        }
        let name = database_of(&format!("t{number}_"));
        let known = sqlx::query_scalar("SELECT count(*) FROM pg_database WHERE datname = $1").bind(&name);
        let known: i64 = known.fetch_one(&mut *claim).await.unwrap();
        if known == 0 {
            // Another session may be connected to the usual template.
            let sql = format!("CREATE DATABASE {name} TEMPLATE template0");
            claim.execute(AssertSqlSafe(sql)).await.unwrap();
        }
        return number;
    }
    unreachable!("there are more numbers than tests")
}

/// Returns the database of a test's schema.
pub(crate) fn database_of(schema: &str) -> String {
    let (number, _) = schema.split_once('_').unwrap();
    format!("client_lifecycle_{number}")
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
