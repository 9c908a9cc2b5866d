//! Depth and size on SQLite: long chains of rows, cycles and diamonds of kinds, and a million dependents.
#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_push_string,
    clippy::print_stdout,
    reason = "a panic is how a test fails, and what it prints are figures"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use client_lifecycle::domain::{MaskKey, Request};
use client_lifecycle::plan::Plan;
use client_lifecycle::protocol::Receipt;
use client_lifecycle::sql::{
    AccessMode, Dialect, SqlConnection, SqlError, SqlStore, SqlTransaction, SqlValue,
};
use client_lifecycle::sqlite::{PoolConnection, SqliteStore, sqlx};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Map, Value, json};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

async fn database(schema: &str) -> SqlitePool {
    let options = SqliteConnectOptions::new().in_memory(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(schema.to_owned())).execute(&pool).await.unwrap();
    SqliteStore::new(pool.clone()).migrate().await.unwrap();
    pool
}

async fn count(pool: &SqlitePool, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(pool).await.unwrap()
}

fn policy(subject: &str, references: &[(&str, &str, bool, Value)]) -> DeletionPolicy {
    let mut kinds = Map::new();
    for (from, to, ..) in references {
        kinds.insert(from.split('.').next().unwrap().into(), json!({}));
        kinds.insert((*to).into(), json!({}));
    }
    let rules: Map<String, Value> =
        references.iter().map(|(from, _, _, rule)| ((*from).to_owned(), rule.clone())).collect();
    let references: Vec<Value> = references
        .iter()
        .map(|(from, to, nullable, _)| json!({ "from": from, "to": to, "nullable": nullable }))
        .collect();
    let document = json!({
        "subject": subject, "kinds": kinds, "references": references,
        "modes": { "hard_delete": { "allow": "any", "rules": rules } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Plans and applies a deletion, and prints both durations.
async fn carried_out(pool: &SqlitePool, policy: DeletionPolicy, id: &str, what: &str) -> (Plan, Receipt) {
    let lifecycle = Lifecycle::open(SqliteStore::new(pool.clone()), policy).await;
    let lifecycle = lifecycle.unwrap_or_else(|error| panic!("{error}"));
    let request = Request::hard_delete(lifecycle.policy().subject().clone(), id);
    let start = Instant::now();
    let plan = lifecycle.plan(&request).await.unwrap();
    let planned = start.elapsed();
    let receipt = lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
    println!("{what}: planned in {planned:.1?}, planned and applied in {:.1?}", start.elapsed());
    (plan, receipt)
}

#[tokio::test]
async fn a_chain_of_100_000_rows_is_followed_to_its_end() {
    let pool = database(
        "CREATE TABLE staff (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES staff ON DELETE CASCADE, note TEXT);
         CREATE INDEX staff_boss ON staff (boss);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
         INSERT INTO staff SELECT i, nullif(i - 1, 0), 'x' FROM n;",
    )
    .await;
    let policy = policy("staff", &[("staff.boss", "staff", true, json!("cascade"))]);
    let (plan, receipt) = carried_out(&pool, policy, "1", "a chain of 100,000 rows").await;
    assert_eq!(plan.steps.iter().map(|step| step.count).collect::<Vec<_>>(), [99_999, 1]);
    assert_eq!(receipt.steps.iter().map(|step| step.actual).sum::<u64>(), 100_000);
    assert_eq!(count(&pool, "staff").await, 0);
}

#[tokio::test]
async fn a_kept_row_ends_a_long_chain() {
    let pool = database(
        "CREATE TABLE staff (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES staff, note TEXT);
         CREATE INDEX staff_boss ON staff (boss);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
         INSERT INTO staff SELECT i, nullif(i - 1, 0), CASE i WHEN 70001 THEN 'keep' END FROM n;",
    )
    .await;
    let rule = json!([
        { "when": { "field": "note", "eq": "keep" }, "anonymize": { "note": { "text": "gone" } } }, "cascade"]);
    let policy = policy("staff", &[("staff.boss", "staff", true, rule)]);
    let (plan, _) = carried_out(&pool, policy, "1", "a chain that a kept row cuts").await;
    let counts: Vec<_> = plan.steps.iter().map(|step| (step.key.disposition.as_str(), step.count)).collect();
    assert_eq!(counts, [("anonymize", 1), ("set_null", 1), ("delete", 69_999), ("delete", 1)]);
    assert_eq!(count(&pool, "staff").await, 30_000);
    assert_eq!(count(&pool, "staff WHERE id = 70001 AND boss IS NULL AND note = 'gone'").await, 1);
}

#[tokio::test]
async fn a_cycle_of_five_kinds_is_deleted_completely() {
    let kinds = ["a", "b", "c", "d", "e"];
    let mut schema = String::new();
    for (at, kind) in kinds.iter().enumerate() {
        let next = kinds[(at + 4) % 5];
        schema += &format!(
            "CREATE TABLE {kind} (id INTEGER PRIMARY KEY, up INTEGER REFERENCES {next} ON DELETE RESTRICT);
             CREATE INDEX {kind}_up ON {kind} (up);"
        );
    }
    // Each row refers to a row of the previous kind: a1 <- b1 <- c1 <- d1 <- e1 <- a2 …
    for (at, kind) in kinds.iter().enumerate() {
        let up = if at == 0 { "nullif(i - 1, 0)" } else { "i" };
        schema += &format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
             INSERT INTO {kind} SELECT i, NULL FROM n; UPDATE {kind} SET up = (SELECT {up} FROM (SELECT id AS i));"
        );
    }
    let schema = format!("PRAGMA foreign_keys = OFF; {schema} PRAGMA foreign_keys = ON;");
    let pool = database(&schema).await;
    let references: Vec<(String, &str)> =
        kinds.iter().enumerate().map(|(at, kind)| (format!("{kind}.up"), kinds[(at + 4) % 5])).collect();
    let references: Vec<(&str, &str, bool, Value)> =
        references.iter().map(|(from, to)| (from.as_str(), *to, true, json!("cascade"))).collect();
    let (plan, _) = carried_out(&pool, policy("a", &references), "1", "a cycle of five kinds").await;
    assert_eq!(plan.steps.iter().map(|step| step.count).sum::<u64>(), 5_000);
    for kind in kinds {
        assert_eq!(count(&pool, kind).await, 0, "{kind}");
    }
}

#[tokio::test]
async fn twelve_nested_diamonds_are_deleted() {
    let mut schema = "CREATE TABLE top (id INTEGER PRIMARY KEY); INSERT INTO top VALUES (1), (2);".to_owned();
    let mut references: Vec<(String, String)> = Vec::new();
    let mut above = vec!["top".to_owned()];
    for level in 1..=12 {
        let mut kinds = Vec::new();
        for side in ["l", "r"] {
            let kind = format!("{side}{level}");
            let columns: Vec<String> = above
                .iter()
                .map(|up| format!("{up}_id INTEGER NOT NULL REFERENCES {up} ON DELETE RESTRICT"))
                .collect();
            let values: Vec<&str> = above.iter().map(|_| "i").collect();
            let (columns, values) = (columns.join(", "), values.join(", "));
            schema += &format!(
                "CREATE TABLE {kind} (id INTEGER PRIMARY KEY, {columns});
                 INSERT INTO {kind} SELECT i, {values} FROM (SELECT id AS i FROM top);"
            );
            references.extend(above.iter().map(|up| (format!("{kind}.{up}_id"), up.clone())));
            kinds.push(kind);
        }
        above = kinds;
    }
    let pool = database(&schema).await;
    let references: Vec<(&str, &str, bool, Value)> = references
        .iter()
        .map(|(from, to)| {
            // In each diamond, one reference restricts the row and the other deletes it, so the row does not block.
            let rule = if to.starts_with('l') { json!("restrict") } else { json!("cascade") };
            (from.as_str(), to.as_str(), false, rule)
        })
        .collect();
    let (plan, _) = carried_out(&pool, policy("top", &references), "1", "a diamond of depth 12").await;
    assert_eq!(plan.steps.iter().map(|step| step.count).sum::<u64>(), 25);
    assert_eq!(count(&pool, "l12").await, 1);
}

#[tokio::test]
async fn pseudonyms_are_made_page_by_page() {
    let pool = database(
        "CREATE TABLE clients (id TEXT PRIMARY KEY, email TEXT);
         CREATE TABLE visits (id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients, seen_by TEXT);
         CREATE INDEX visits_client ON visits (client_id);
         INSERT INTO clients VALUES ('c1', 'ana@x');
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
         INSERT INTO visits SELECT 'v' || i, 'c1', 'Dr. ' || (i % 7) FROM n;",
    )
    .await;
    let rule = json!({ "anonymize": { "seen_by": "hmac" } });
    let document = json!({
        "subject": "clients", "kinds": { "clients": { "personal": { "email": "hmac" } }, "visits": {} },
        "references": [ { "from": "visits.client_id", "to": "clients" } ],
        "modes": { "anonymize": { "allow": "any", "rules": { "visits.client_id": rule } } } });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let statements = Arc::new(AtomicUsize::new(0));
    let store =
        SqlStore::new(Counting(PoolConnection::new(pool.clone()), statements.clone()), Dialect::Sqlite);
    let lifecycle = Lifecycle::open(store, policy).await.unwrap();
    let lifecycle = lifecycle.with_mask_key(MaskKey::new([7; 32]).unwrap());
    let request = Request::anonymize("clients", "c1");
    let plan = lifecycle.plan(&request).await.unwrap();
    statements.store(0, Ordering::Relaxed);
    let start = Instant::now();
    lifecycle.apply(&request, &plan).await.unwrap();
    let applied = statements.load(Ordering::Relaxed);
    println!("pseudonyms of 50,000 rows: applied in {:.1?}, {applied} statements", start.elapsed());
    // 100 pages of 500 rows need two statements each. One more statement finds that there are no more rows.
    assert!((201..240).contains(&applied), "{applied} statements");
    let distinct =
        sqlx::query_scalar::<_, i64>("SELECT count(DISTINCT seen_by) FROM visits WHERE length(seen_by) = 64");
    assert_eq!(distinct.fetch_one(&pool).await.unwrap(), 7);
}

/// A connection that counts its statements.
struct Counting(PoolConnection, Arc<AtomicUsize>);

struct CountingTransaction<'a>(Box<dyn SqlTransaction + 'a>, Arc<AtomicUsize>);

#[async_trait]
impl SqlConnection for Counting {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(CountingTransaction(self.0.begin(access).await?, self.1.clone())))
    }
}

#[async_trait]
impl SqlTransaction for CountingTransaction<'_> {
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.query(sql, params).await
    }

    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.execute(sql, params).await
    }

    async fn commit(self: Box<Self>) -> Result<(), SqlError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.commit().await
    }
}

/// Returns the peak resident memory of this process, in kilobytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: 0 kB");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Plans and applies a deletion with this many dependents. Returns the statements of each, and the growth of memory.
async fn with_dependants(dependants: u32) -> (usize, usize, u64) {
    let path = std::env::temp_dir().join(format!("lifecycle-scale-{}.db", uuid::Uuid::new_v4()));
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Off);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let schema = format!(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE bookings (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);
         CREATE INDEX b ON bookings (client_id);
         CREATE TABLE items (id INTEGER PRIMARY KEY, booking_id INTEGER NOT NULL REFERENCES bookings);
         CREATE INDEX i ON items (booking_id);
         INSERT INTO clients VALUES (1);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0})
         INSERT INTO bookings SELECT i, 1 FROM n WHERE i % 10 = 0;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0})
         INSERT INTO items SELECT i, max(10, i / 10 * 10) FROM n WHERE i % 10 <> 0 GROUP BY i;",
        dependants.max(10)
    );
    sqlx::raw_sql(AssertSqlSafe(schema)).execute(&pool).await.unwrap();
    SqliteStore::new(pool.clone()).migrate().await.unwrap();
    let statements = Arc::new(AtomicUsize::new(0));
    let store =
        SqlStore::new(Counting(PoolConnection::new(pool.clone()), statements.clone()), Dialect::Sqlite);
    let policy = policy(
        "clients",
        &[
            ("bookings.client_id", "clients", false, json!("cascade")),
            ("items.booking_id", "bookings", false, json!("cascade")),
        ],
    );
    let lifecycle = Lifecycle::open(store, policy).await.unwrap();
    let request = Request::hard_delete("clients", 1);
    let before = resident();
    statements.store(0, Ordering::Relaxed);
    let start = Instant::now();
    let plan = lifecycle.plan(&request).await.unwrap();
    let planned = statements.swap(0, Ordering::Relaxed);
    let plan_time = start.elapsed();
    let receipt = lifecycle.apply(&request, &plan).await.unwrap();
    let applied = statements.load(Ordering::Relaxed);
    let grown = resident().saturating_sub(before);
    println!(
        "{dependants} dependants: plan {planned} statements in {plan_time:.1?}, apply {applied} statements, both in {:.1?}, peak memory +{grown} kB",
        start.elapsed()
    );
    assert!(receipt.complete);
    assert_eq!(count(&pool, "items").await + count(&pool, "bookings").await, 0);
    pool.close().await;
    for rest in ["", "-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(format!("{}{rest}", path.display()));
    }
    (planned, applied, grown)
}

#[tokio::test]
async fn the_number_of_statements_does_not_depend_on_the_number_of_rows() {
    let (few, many) = (with_dependants(10).await, with_dependants(20_000).await);
    assert_eq!((few.0, few.1), (many.0, many.1));
}

#[tokio::test]
#[ignore = "takes a minute; cargo test --release --all-features --test sqlite million -- --ignored --nocapture"]
async fn a_million_dependents_need_the_statements_and_memory_of_ten() {
    let few = with_dependants(10).await;
    let many = with_dependants(1_000_000).await;
    assert_eq!((few.0, few.1), (many.0, many.1));
    // The library holds no rows in memory. SQLite keeps the row ids of a DELETE with a subquery, 23 bytes per row: a
    // hand-written DELETE of the same million rows needs 22,816 kB.
    assert!(many.2 < 32_768, "memory grew by {} kB", many.2);
}
