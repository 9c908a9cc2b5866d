//! Stops and restarts a PostgreSQL server. The tests start a server of their own, because other tests use the shared
//! one.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use async_trait::async_trait;
use client_lifecycle::lifecycle::{Error, Retries};
use client_lifecycle::postgres::sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use client_lifecycle::postgres::{PoolConnection, PostgresStore};
use client_lifecycle::sql::{Dialect, SqlStore};
use client_lifecycle::store::StoreError;

use crate::stopping::{Event, Stopping};
use crate::world::{Database, open_with, request};

/// A PostgreSQL server with its own port and directory.
#[derive(Clone)]
struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Server {
    /// Starts a server. Returns `None` and prints a message if PostgreSQL is not installed.
    fn new() -> Option<Self> {
        let Some(programs) = programs() else {
            use std::io::Write;
            let line = "skipped: a server that goes away and comes back, because `initdb` is not installed\n";
            std::io::stderr().write_all(line.as_bytes()).unwrap();
            return None;
        };
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("client-lifecycle-server-{port}"));
        std::fs::remove_dir_all(&folder).ok();
        let server = Self { programs, folder, port };
        let made = server.run("initdb", &["-A", "trust", "-U", "postgres", "-N", "-D", server.folder()]);
        assert!(made.status.success(), "{made:?}");
        server.control("start");
        Some(server)
    }

    fn folder(&self) -> &str {
        self.folder.to_str().unwrap()
    }

    fn control(&self, what: &str) {
        let options = format!("-p {} -k {} -c listen_addresses=127.0.0.1", self.port, self.folder());
        let log = self.folder.join("log");
        let log = log.to_str().unwrap();
        // Stop immediately, as if the machine had failed: open transactions are not completed.
        let how: &[&str] = match what {
            "stop" => &["-m", "immediate"],
            "restart" => &["-m", "immediate", "-l", log, "-o", &options],
            _ => &["-l", log, "-o", &options],
        };
        let done = self.run("pg_ctl", &[&[what, "-w", "-D", self.folder()], how].concat());
        assert!(done.status.success(), "{what}: {done:?}");
    }

    /// Runs a program of the server. PostgreSQL refuses to run as root, so root runs it as the user `postgres`.
    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let program = self.programs.join(program);
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        let mut command = if is_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // The server inherits the pipes and keeps running, so its output is not read.
        command.args(arguments).current_dir(std::env::temp_dir());
        if arguments.iter().any(|argument| ["start", "restart"].contains(argument)) {
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        }
        command.output().unwrap()
    }

    fn pool(&self, acquire: Duration) -> PgPool {
        let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(self.port);
        let options = options.username("postgres").database("postgres");
        PgPoolOptions::new().max_connections(2).acquire_timeout(acquire).connect_lazy_with(options)
    }
}

/// Returns the directory of `initdb` and `pg_ctl`.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all: Vec<PathBuf> = installed.chain(std::env::split_paths(&path)).collect();
    all.into_iter().find(|folder: &PathBuf| Path::new(&folder.join("initdb")).exists())
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run("pg_ctl", &["stop", "-m", "immediate", "-D", self.folder()]);
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// Crashes the server and restarts it.
struct Restart(std::sync::Arc<Server>);

#[async_trait]
impl Event for Restart {
    async fn happen(&self, _: &str, _: Option<i64>) {
        let server = self.0.clone();
        tokio::task::spawn_blocking(move || server.control("restart")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_the_server_only_delays_callers() {
    let Some(server) = Server::new().map(std::sync::Arc::new) else { return };
    let database = Database::postgres_at(server.pool(Duration::from_secs(20))).await;
    let (before, after) = database.before_and_after().await;

    // While the server is down, the caller gets an error that says so.
    let store = PostgresStore::new(server.pool(Duration::from_millis(300)));
    let lifecycle = open_with(store, Retries::none()).await;
    server.control("stop");
    let mut codes = Vec::new();
    for _ in 0..4 {
        let error = lifecycle.execute(&request()).await.unwrap_err();
        let Error::Store(error) = error else { panic!("{error:?}") };
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        codes.push(error.code());
    }
    assert_eq!(codes.last(), Some(&"unavailable"), "the server is down: {codes:?}");
    server.control("start");
    assert_eq!(database.whole().await, before, "and nothing has changed");
    lifecycle.execute(&request()).await.unwrap();
    assert_eq!(database.whole().await, after, "the same pool goes on");
    database.reset().await;

    // With enough retries, the caller does not notice a restart after any statement.
    for at in (1..).step_by(2) {
        let pool = server.pool(Duration::from_secs(20));
        let stopping = Stopping::new(PoolConnection::new(pool), at, Restart(server.clone()));
        let retries = Retries::new(8).waiting(Duration::from_millis(20), Duration::from_millis(500));
        let lifecycle = open_with(SqlStore::new(stopping, Dialect::Postgres), retries).await;
        lifecycle.store().connection().branch();
        let receipt = lifecycle.execute(&request()).await;
        receipt.unwrap_or_else(|error| panic!("after {at}: {error:?}"));
        assert_eq!(database.whole().await, after, "after {at}");
        if lifecycle.store().connection().done() < at {
            assert!(at > 6, "{at} statements");
            break;
        }
        database.reset().await;
    }
}
