//! Compares the output of the command line with expected files.
//!
//! A case is a folder below `snapshots`:
//!
//! * `policy.json`, `data.json`, and `mask.key` if keyed masks are used.
//! * `database.sql`: the database for SQLite, if it is not made from the rows.
//! * `commands.txt`: one request per line, as it follows `plan` or `apply`. Lines with `#` are comments.
//! * `expected/text.txt`: plans as text, Markdown and Mermaid, receipts as text, and messages.
//! * `expected/json.txt`: plans and receipts with their digests as JSON, and the rows that were deleted or written.
//!   Memory, SQLite and PostgreSQL print the same; where one differs, `json.STORE.txt` has its output.
//! * `expected/log.txt`: the entries of the audit log and of the outbox, on SQLite and PostgreSQL.
//! * `expected/check.txt`: the findings of `check` on SQLite and PostgreSQL.
//! * `expected/sqlite.sql`, `expected/postgres.sql`: the first executable plan of each mode as SQL.
//!
//! `LIFECYCLE_BLESS=1` rewrites the expected files; `LIFECYCLE_BLESS=.sql` those with that ending.

mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use self::tables::{Database, Table};
use crate::world::{Ended, World};

const NOW: &str = "2026-11-20T10:00:00Z";
const OPERATION: &str = "00000000-0000-4000-8000-000000000001";

#[test]
fn the_output_of_the_quickstart_is_unchanged() {
    group("quickstart");
}

#[test]
fn the_output_of_the_presets_is_unchanged() {
    group("presets");
}

#[test]
fn the_output_of_the_cases_is_unchanged() {
    group("cases");
}

#[test]
fn the_output_of_the_rules_is_unchanged() {
    group("rules");
}

#[test]
fn the_system_tables_are_unchanged() {
    let world = World::of_tables("snapshot-schema", "");
    let mut compared = Compared::new(folder().join("schema"));
    compared.file("sqlite.sql", &world.bare(&["--store", "sqlite:app.db", "schema"]).out);
    if cfg!(feature = "postgres") {
        compared.file("postgres.sql", &world.bare(&["--store", "postgres://127.0.0.1/app", "schema"]).out);
    }
    compared.end();
}

#[cfg(feature = "schema")]
#[test]
fn the_printed_schema_of_policies_is_unchanged() {
    let world = World::of_tables("snapshot-policy-schema", "");
    let mut compared = Compared::new(folder().join("schema"));
    compared.file("policy.schema.json", &world.bare(&["schema", "--policy"]).out);
    compared.end();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots")
}

fn group(name: &str) {
    let cases = std::fs::read_dir(folder().join(name)).unwrap();
    let mut cases: Vec<PathBuf> = cases.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    let differences: Vec<String> = cases.iter().flat_map(|path| Case::open(path).differences()).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

/// The rows of a store, by kind and id, without null fields.
type Rows = BTreeMap<(String, String), Value>;

/// Compares output with the expected files in a folder, and collects the differences.
struct Compared {
    folder: PathBuf,
    differences: Vec<String>,
}

impl Compared {
    fn new(folder: PathBuf) -> Self {
        Self { folder, differences: Vec::new() }
    }

    fn is_blessed(file: &str) -> bool {
        std::env::var("LIFECYCLE_BLESS")
            .is_ok_and(|value| value == "1" || (value.starts_with('.') && file.ends_with(&value)))
    }

    fn file(&mut self, name: &str, found: &str) {
        let path = self.folder.join(name);
        if Self::is_blessed(name) {
            std::fs::create_dir_all(&self.folder).unwrap();
            std::fs::write(path, found).unwrap();
            return;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if expected == found {
            return;
        }
        let (expected, found): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
        let same = expected.iter().zip(&found).take_while(|(expected, found)| expected == found).count();
        let request = found.iter().take(same + 1).rev().find(|line| line.contains("== "));
        self.differences.push(format!(
            "{}, line {}, {}\n  expected: {}\n  found:    {}",
            path.display(),
            same + 1,
            request.unwrap_or(&""),
            expected.get(same).unwrap_or(&"(the end)"),
            found.get(same).unwrap_or(&"(the end)")
        ));
    }

    /// Compares output with the file for this store if there is one, otherwise with the file for all stores.
    fn shared(&mut self, name: &str, store: &str, found: &str) {
        let (stem, extension) = name.split_once('.').unwrap();
        let own = format!("{stem}.{store}.{extension}");
        if Self::is_blessed(name) {
            if std::fs::read_to_string(self.folder.join(name)).unwrap() == found {
                let _ = std::fs::remove_file(self.folder.join(own));
            } else {
                self.file(&own, found);
            }
        } else if self.folder.join(&own).exists() {
            self.file(&own, found);
        } else {
            self.file(name, found);
        }
    }

    fn end(self) {
        assert!(self.differences.is_empty(), "{}", self.differences.join("\n\n"));
    }
}

struct Case {
    world: World,
    requests: Vec<String>,
    data: Value,
    tables: Vec<Table>,
    compared: Compared,
    has_key: bool,
}

impl Case {
    fn open(path: &Path) -> Self {
        let read = |file: &str| std::fs::read_to_string(path.join(file));
        let (policy, data) = (read("policy.json").unwrap(), read("data.json").unwrap());
        let rows: Value = serde_json::from_str(&data).unwrap();
        let tables = tables::tables(&serde_json::from_str(&policy).unwrap(), &rows);
        let script = read("database.sql").unwrap_or_else(|_| Database::Sqlite.script(&tables, &rows));
        let name: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
        let world = World::of_tables(&format!("snapshot-{}", name.join("-")), &script);
        world.write("policy.json", &policy);
        world.write("data.json", &data);
        let key = read("mask.key");
        let has_key = key.is_ok();
        if let Ok(key) = key {
            world.write("mask.key", &key);
        }
        let commands = read("commands.txt").unwrap();
        let requests = commands.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self {
            world,
            requests: requests.map(String::from).collect(),
            data: rows,
            tables,
            compared: Compared::new(path.join("expected")),
            has_key,
        }
    }

    fn differences(mut self) -> Vec<String> {
        self.in_memory();
        self.on_sqlite();
        #[cfg(feature = "postgres")]
        self.on_postgres();
        self.compared.differences
    }

    fn run(&self, store: &str, command: &str, request: &str, format: &str) -> Ended {
        let mut words = vec!["--store", store, "--policy", "policy.json", "--format", format, command];
        words.extend(request.split(' '));
        if !request.contains("--now") {
            words.extend(["--now", NOW]);
        }
        if !request.contains("--environment") {
            // In production, `apply` on a database does not take `--now`.
            words.extend(["--environment", "non-production"]);
        }
        if command == "apply" {
            words.extend(["--operation", OPERATION]);
        }
        if self.has_key {
            words.extend(["--mask-key", "mask.key"]);
        }
        self.world.bare(&words)
    }

    fn in_memory(&mut self) {
        let store = "memory:data.json";
        let before = rows_of(&self.tables, &self.data);
        let (mut text, mut json) = (String::new(), String::new());
        for request in &self.requests {
            writeln!(text, "== {request}").unwrap();
            let mut shown = String::new();
            for (command, format) in
                [("plan", "text"), ("plan", "markdown"), ("plan", "mermaid"), ("apply", "text")]
            {
                let ended = self.run(store, command, request, format);
                writeln!(text, "-- {command}, {format}: {}", ended.status).unwrap();
                text += if ended.out == shown { "(the plan)\n" } else { &ended.out };
                if format == "text" {
                    shown.clone_from(&ended.out);
                }
                text.extend(ended.err.lines().map(|line| format!("! {line}\n")));
            }
            text.push('\n');
            let plan = self.run(store, "plan", request, "json");
            let applied = self.run(store, "apply", request, "json");
            let after =
                serde_json::from_str::<Value>(&applied.out).map(|out| rows_of(&self.tables, &out["data"]));
            let applied = Ended { out: without_data(&applied.out), ..applied };
            record(&mut json, request, &plan, &applied, &before, &after.unwrap_or_else(|_| before.clone()));
        }
        self.compared.file("text.txt", &text);
        self.compared.file("json.txt", &json);
    }

    fn on_sqlite(&mut self) {
        let (new, used) = (self.world.path("app.db"), self.world.path("work.db"));
        let reset = || {
            let _ = std::fs::copy(&new, &used).unwrap();
        };
        let query = |sql: String| {
            let options = SqliteConnectOptions::new().filename(&used);
            runtime().block_on(async {
                let pool = SqlitePool::connect_with(options).await.unwrap();
                let found = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&pool).await;
                pool.close().await;
                found
            })
        };
        let found = self.on(Database::Sqlite, "sqlite:work.db", reset, query);
        self.compared.file("check.txt", &found.check);
        self.compared.file("log.txt", &found.log);
        self.compared.file("sqlite.sql", &found.sql);
        self.compared.shared("json.txt", "sqlite", &found.json);
    }

    #[cfg(feature = "postgres")]
    fn on_postgres(&mut self) {
        let runtime = runtime();
        let Some(schema) = runtime.block_on(crate::server::Schema::with_connections(1)) else { return };
        let store = schema.address();
        runtime.block_on(schema.run(&Database::Postgres.script(&self.tables, &self.data)));
        let again = tables::again(&self.tables, &self.data);
        let reset = || {
            // Ignore the error if the library's tables do not exist yet.
            let emptied = LIBRARY.map(|table| format!("DELETE FROM {table};")).concat();
            let emptied = sqlx::raw_sql(sqlx::AssertSqlSafe(emptied));
            let _ = runtime.block_on(emptied.execute(&schema.pool));
            runtime.block_on(schema.run(&again));
        };
        let query = |sql: String| {
            let found = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).persistent(false);
            runtime.block_on(found.fetch_all(&schema.pool))
        };
        let found = self.on(Database::Postgres, &store, reset, query);
        self.compared.shared("check.txt", "postgres", &found.check);
        self.compared.shared("log.txt", "postgres", &found.log);
        self.compared.file("postgres.sql", &found.sql);
        self.compared.shared("json.txt", "postgres", &found.json);
    }

    /// Runs all requests of the case on a database. `reset` restores its rows before each request.
    fn on(
        &self,
        database: Database,
        store: &str,
        reset: impl Fn(),
        query: impl Fn(String) -> Result<Vec<String>, sqlx::Error>,
    ) -> Found {
        let rows = || {
            let rows = |table| read(table, &query(database.rows_as_json(table)).unwrap());
            self.tables.iter().flat_map(rows).collect::<Rows>()
        };
        reset();
        let before = rows();
        let check = self.world.bare(&["--store", store, "--policy", "policy.json", "check"]).out;
        let mut found = Found { check, ..Found::default() };
        let mut modes = BTreeSet::new();
        for request in &self.requests {
            reset();
            let plan = self.run(store, "plan", request, "json");
            let mode = request.split(' ').skip_while(|word| *word != "--mode").nth(1).unwrap();
            if plan.status == 0 && modes.insert(mode) {
                let sql = self.run(store, "plan", request, "sql").out;
                writeln!(found.sql, "-- == {request}\n{sql}").unwrap();
            }
            let applied = self.run(store, "apply", request, "json");
            record(&mut found.json, request, &plan, &applied, &before, &rows());
            writeln!(found.log, "== {request}").unwrap();
            for (name, sql) in LOGS {
                // A request that is refused before any write creates no tables, so the query fails.
                let mut entries = query(sql.to_owned()).unwrap_or_default();
                entries = entries.iter().map(|entry| format!("{name}: {}\n", same_json(entry))).collect();
                entries.sort();
                found.log.extend(entries);
            }
            found.log.push('\n');
        }
        found
    }
}

/// What all requests of a case printed and recorded on one database.
#[derive(Default)]
struct Found {
    check: String,
    log: String,
    sql: String,
    json: String,
}

/// The queries for the audit log and the outbox. The last column is JSON.
const LOGS: [(&str, &str); 2] = [
    (
        "audit",
        "SELECT kind || ' ' || record || ' ' || action || ' ' || outcome || ' ' || entry FROM lifecycle_audit",
    ),
    ("event", "SELECT kind || ' ' || record || ' ' || topic || ' ' || payload FROM lifecycle_outbox"),
];

/// The library's tables that every request changes.
#[cfg(feature = "postgres")]
const LIBRARY: [&str; 5] =
    ["lifecycle_audit", "lifecycle_outbox", "lifecycle_operations", "lifecycle_marks", "lifecycle_replaced"];

/// Makes audit entries comparable. Databases format JSON differently, the operation id of an attempt may be random, and
/// the time is that of the machine.
fn same_json(entry: &str) -> String {
    let (before, json) = entry.split_at(entry.find('{').unwrap());
    let mut json: Value = serde_json::from_str(json).unwrap();
    if let Some(operation) = json.get_mut("operation").filter(|operation| **operation != OPERATION) {
        *operation = "random".into();
    }
    // `--now` judges a request; the entry also has the time of the machine.
    if json.get("as_of").is_some() {
        json["at"] = "now".into();
    }
    format!("{before}{json}")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Adds the JSON output of a request to `json`, and the rows that the request deleted or wrote.
fn record(json: &mut String, request: &str, plan: &Ended, applied: &Ended, before: &Rows, after: &Rows) {
    writeln!(json, "== {request}\n-- plan: {}", plan.status).unwrap();
    *json += &plan.out;
    writeln!(json, "-- apply: {}", applied.status).unwrap();
    let parsed = |ended: &Ended| serde_json::from_str::<Value>(&ended.out).unwrap_or_default();
    let is_plan = !plan.out.is_empty() && parsed(applied)["plan"] == parsed(plan);
    *json += if is_plan { "(the plan)\n" } else { &applied.out };
    writeln!(json, "-- rows").unwrap();
    for (kind, id) in before.keys().filter(|key| !after.contains_key(key)) {
        writeln!(json, "gone: {kind} {id}").unwrap();
    }
    for (key, row) in after.iter().filter(|(key, row)| before.get(key) != Some(row)) {
        writeln!(json, "written: {} {row}", key.0).unwrap();
    }
    json.push('\n');
}

/// Removes `data`, the remaining rows, from the end of the output of `apply`.
fn without_data(out: &str) -> String {
    let shown = out.split_once(",\n  \"data\": ").map(|(before, _)| format!("{before}\n}}\n"));
    shown.unwrap_or_else(|| out.to_owned())
}

fn rows_of(tables: &[Table], data: &Value) -> Rows {
    let rows = |table: &Table| {
        let rows = data[&table.kind].as_array().into_iter().flatten();
        read(table, &rows.map(Value::to_string).collect::<Vec<_>>())
    };
    tables.iter().flat_map(rows).collect()
}

fn read(table: &Table, rows: &[String]) -> Vec<((String, String), Value)> {
    let row = |text: &String| {
        let mut row: Value = serde_json::from_str(text).unwrap();
        row.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        ((table.kind.clone(), row[&table.id].to_string()), row)
    };
    rows.iter().map(row).collect()
}
