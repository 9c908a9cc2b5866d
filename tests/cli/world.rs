//! A test folder with a policy and the same rows as JSON and as a SQLite database, and the command line run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

/// Options with which the policy allows a deletion.
pub(crate) const ADMIN: &str = "--mode hard_delete --actor ana --role ADMIN --reason privacy_request \
                                --now 2026-11-21T00:00:00Z --environment non-production";

/// The values of `--store` for both stores.
pub(crate) const STORES: [&str; 2] = ["memory:data.json", "sqlite:app.db"];

pub(crate) struct World {
    folder: PathBuf,
}

pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}

pub(crate) fn policy() -> Value {
    json!({
        "version": "7", "subject": "clients",
        "kinds": {
            "clients": { "id": "client_id", "status": "status", "fields": { "manager": "text" } },
            "debts": { "fields": { "state": "text" } },
            "sessions": { "fields": { "seen_at": "timestamp" } },
            "invoices": { "fields": { "issued_at": "timestamp" } } },
        "references": [
            { "from": "debts.client_id", "to": "clients" },
            { "from": "sessions.client_id", "to": "clients" },
            { "from": "invoices.client_id", "to": "clients", "nullable": true } ],
        "modes": {
            "deactivate": { "allow": "any", "rules": { "*": "keep" } },
            "hard_delete": {
                "allow": [ { "role": "ADMIN" }, { "role": "RESALE", "scope": "manager" } ],
                "reason": "required",
                "guards": [ { "name": "recent_activity", "on": "sessions", "severity": "warn",
                              "when": { "field": "seen_at", "within": "P30D" } } ],
                "rules": {
                    "debts.client_id": [ { "when": { "field": "state", "eq": "PENDING" }, "then": "restrict" },
                                         { "then": "cascade" } ],
                    "sessions.client_id": "delete",
                    "invoices.client_id": { "retain": { "for": "P6Y", "from": "issued_at", "basis": "tax law" } } },
                "effects": [ { "topic": "email.account_deleted" } ] } }
    })
}

/// Three clients: `free` can be deleted, `owes` is blocked, and `seen` has a warning. `id` makes an id from a name.
pub(crate) fn rows(id: impl Fn(&str) -> Value) -> Value {
    let client = |name: &str| json!({ "client_id": id(name), "status": "ON", "manager": "m1", "name": name });
    json!({
        "clients": [client("free"), client("owes"), client("seen")],
        "debts": [ { "id": 1, "client_id": id("free"), "state": "PAID" },
                   { "id": 2, "client_id": id("owes"), "state": "PENDING" },
                   { "id": 10, "client_id": id("owes"), "state": "PENDING" } ],
        "sessions": [ { "id": "s1", "client_id": id("seen"), "seen_at": "2026-11-20T00:00:00Z" } ],
        "invoices": [ { "id": 1, "client_id": id("free"), "issued_at": "2024-03-01T10:00:00Z" },
                      { "id": 2, "client_id": id("free"), "issued_at": "2015-03-01T10:00:00Z" } ]
    })
}

impl World {
    /// Creates the folder. Use the name of the test, because tests run concurrently.
    pub(crate) fn new(name: &str) -> Self {
        Self::with(name, &rows(|id| json!(id)))
    }

    pub(crate) fn with(name: &str, rows: &Value) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let world = Self { folder };
        world.write("policy.json", &policy().to_string());
        world.write("data.json", &rows.to_string());
        world.create_database(rows);
        world
    }

    /// Creates a folder whose database has only these tables.
    pub(crate) fn of_tables(name: &str, ddl: &str) -> Self {
        let world = Self::with(name, &json!({}));
        std::fs::remove_file(world.path("app.db")).unwrap();
        world.execute(ddl);
        world
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.on_database(async |pool| {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
        });
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text).unwrap();
    }

    /// Runs the command line in the folder with the policy and the words of `line`.
    pub(crate) fn run(&self, store: &str, line: &str) -> Ended {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.run_words(store, &words)
    }

    pub(crate) fn run_words(&self, store: &str, words: &[&str]) -> Ended {
        self.bare(&[&["--store", store, "--policy", "policy.json"], words].concat())
    }

    pub(crate) fn bare(&self, words: &[&str]) -> Ended {
        let output = self.command(words).output().unwrap();
        Ended {
            status: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let name = format!("lifecycle{}", std::env::consts::EXE_SUFFIX);
        let tests = std::env::current_exe().unwrap();
        let built = tests.ancestors().nth(2).unwrap().join("examples").join(name);
        let mut command = Command::new(built);
        command.current_dir(&self.folder).args(words).stdin(Stdio::null());
        command
    }

    /// Returns the bytes of the database file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.path("app.db")).unwrap()
    }

    /// Returns the first column of every row as text.
    pub(crate) fn query(&self, sql: &'static str) -> Vec<String> {
        self.on_database(async |pool| sqlx::query_scalar(sql).fetch_all(&pool).await.unwrap())
    }

    pub(crate) fn on_database<T>(&self, work: impl AsyncFnOnce(SqlitePool) -> T) -> T {
        let options = SqliteConnectOptions::new().filename(self.path("app.db")).create_if_missing(true);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let pool = SqlitePool::connect_with(options).await.unwrap();
            let result = work(pool.clone()).await;
            pool.close().await;
            result
        })
    }

    fn create_database(&self, rows: &Value) {
        let id = if rows["clients"][0]["client_id"].is_i64() { "INTEGER" } else { "TEXT" };
        let mut statements = vec![format!(
            "CREATE TABLE clients (client_id {id} PRIMARY KEY, status TEXT NOT NULL, manager TEXT, name TEXT);
             CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id {id} NOT NULL REFERENCES clients, state TEXT);
             CREATE TABLE sessions (id TEXT PRIMARY KEY, client_id {id} NOT NULL REFERENCES clients, seen_at TEXT);
             CREATE TABLE invoices (id INTEGER PRIMARY KEY, client_id {id} REFERENCES clients, issued_at TEXT);"
        )];
        for (table, rows) in rows.as_object().unwrap() {
            for row in rows.as_array().unwrap() {
                let row = row.as_object().unwrap();
                let columns: Vec<_> = row.keys().cloned().collect();
                let values: Vec<_> = row.values().map(|value| value.to_string().replace('"', "'")).collect();
                let (columns, values) = (columns.join(", "), values.join(", "));
                statements.push(format!("INSERT INTO {table} ({columns}) VALUES ({values});"));
            }
        }
        self.execute(&statements.concat());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
