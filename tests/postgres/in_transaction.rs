//! A lifecycle that is opened once and then used in several transactions of the host.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use client_lifecycle::Lifecycle;
use client_lifecycle::domain::{Actor, MaskKey, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::sqlx::postgres::PgPoolOptions;
use client_lifecycle::postgres::sqlx::{self, AssertSqlSafe, PgPool, raw_sql};
use client_lifecycle::postgres::{PoolConnection, PostgresStore, PostgresTransaction, SavepointConnection};
use client_lifecycle::sql::{
    AccessMode, Dialect, SqlConnection, SqlError, SqlStore, SqlTransaction, SqlValue,
};
use serde_json::json;
use uuid::Uuid;

use crate::host::{ANA, BEN, world};
use crate::server::Schema;
use crate::world::{CLINIC, World, clinic, delete, policy};

const CAT: Uuid = Uuid::from_u128(3);
const NOW: &str = "2026-03-29T00:30:00Z";

#[tokio::test]
async fn each_transaction_keeps_or_undoes_the_work_of_the_lifecycle() {
    let Some(world) = world().await else { return };
    let now: DateTime<Utc> = NOW.parse().unwrap();
    let lifecycle = world.lifecycle().await.with_clock(now);
    let rows = "SELECT (SELECT count(*) FROM clients) * 10 + (SELECT count(*) FROM lifecycle_audit)";
    for _ in 0..2 {
        let mut tx = world.schema.pool.begin().await.unwrap();
        let receipt = lifecycle.in_transaction(&mut tx).execute(&delete(ANA)).await.unwrap();
        assert_eq!(receipt.at, now, "the clock is that of the lifecycle");
        tx.rollback().await.unwrap();
        assert_eq!(world.number(rows).await, 20);
    }
    let mut tx = world.schema.pool.begin().await.unwrap();
    raw_sql("UPDATE clients SET status = 'SEEN'").execute(&mut *tx).await.unwrap();
    let inside = lifecycle.in_transaction(&mut tx);
    let blocked = inside.execute(&delete(BEN)).await.unwrap_err();
    assert!(matches!(blocked, Error::Blocked(_)), "{blocked}");
    let plan = inside.plan(&delete(ANA)).await.unwrap();
    inside.confirm(&delete(ANA), &plan.digest).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.number(rows).await, 12);
    assert_eq!(world.number("SELECT count(*) FROM clients WHERE status = 'SEEN'").await, 1);
}

#[tokio::test]
async fn a_column_altered_in_the_hosts_transaction_is_seen_inside_and_not_outside() {
    let Some(world) = world().await else { return };
    let lifecycle = world.lifecycle().await;
    let outside = lifecycle.plan(&delete(BEN)).await.unwrap();
    let mut tx = world.schema.pool.begin().await.unwrap();
    let altered = "CREATE TYPE state AS ENUM ('PAID', 'PENDING');
        ALTER TABLE debts ALTER COLUMN status TYPE state USING status::state";
    raw_sql(altered).execute(&mut *tx).await.unwrap();
    let inside = lifecycle.in_transaction(&mut tx);
    assert_eq!(inside.plan(&delete(BEN)).await.unwrap().digest, outside.digest);
    inside.execute(&delete(ANA)).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(lifecycle.plan(&delete(BEN)).await.unwrap().digest, outside.digest);
    lifecycle.execute(&delete(ANA)).await.unwrap();
}

/// Creates the same tables in another schema, with text ids instead of UUIDs.
async fn other_schema(world: &World) -> PgPool {
    world.run("CREATE SCHEMA other").await;
    let options = (*world.schema.pool.connect_options()).clone().options([("search_path", "other")]);
    let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options);
    let sql = CLINIC.replace("uuid", "text")
        + &format!("INSERT INTO clients VALUES ('{ANA}', 'x'), ('{BEN}', 'y')");
    raw_sql(AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    PostgresStore::new(pool.clone()).migrate().await.unwrap();
    pool
}

async fn clients(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM clients").fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn without_schemas_the_search_path_of_the_transaction_is_used() {
    let Some(world) = world().await else { return };
    let other = other_schema(&world).await;
    let lifecycle = world.lifecycle().await;
    lifecycle.plan(&delete(ANA)).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    lifecycle.in_transaction(&mut tx).execute(&delete(ANA)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((clients(&world.schema.pool).await, clients(&other).await), (2, 1));
}

#[tokio::test]
async fn the_schemas_of_the_lifecycle_are_used_and_the_hosts_search_path_is_restored() {
    let Some(world) = world().await else { return };
    let other = other_schema(&world).await;
    let store = PostgresStore::new(world.schema.pool.clone()).schemas([world.schema.name.clone()]);
    let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
    let mut tx = other.begin().await.unwrap();
    lifecycle.in_transaction(&mut tx).execute(&delete(ANA)).await.unwrap();
    let path: String = sqlx::query_scalar("SHOW search_path").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(path.trim_matches('"'), "other");
    tx.commit().await.unwrap();
    assert_eq!((clients(&world.schema.pool).await, clients(&other).await), (1, 2));
}

#[tokio::test]
async fn the_mask_key_is_shared() {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": { "personal": { "email": "hmac" } } },
        "modes": { "anonymize": { "allow": "any" } }
    });
    let Some(world) = World::new(CLINIC, &document).await else { return };
    world.run(&format!("INSERT INTO clients VALUES ('{ANA}', 'ana@example.org')")).await;
    let key = MaskKey::new([7; 32]).unwrap();
    let pseudonym = key.pseudonym(&"clients".into(), &"email".into(), "ana@example.org");
    let lifecycle = world.lifecycle().await.with_mask_key(key);
    let mut tx = world.schema.pool.begin().await.unwrap();
    let request = Request::anonymize("clients", ANA).by(Actor::new("ana", "ADMIN"));
    lifecycle.in_transaction(&mut tx).execute(&request).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.text("SELECT email FROM clients").await, pseudonym);
}

/// A connection that counts its statements.
struct Counted<C>(C, Arc<AtomicUsize>);

struct CountedTransaction<'c>(Box<dyn SqlTransaction + 'c>, Arc<AtomicUsize>);

#[async_trait]
impl<C: SqlConnection> SqlConnection for Counted<C> {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        Ok(Box::new(CountedTransaction(self.0.begin(access).await?, self.1.clone())))
    }

    fn retryable(&self) -> bool {
        self.0.retryable()
    }
}

#[async_trait]
impl SqlTransaction for CountedTransaction<'_> {
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.query(sql, params).await
    }

    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.execute(sql, params).await
    }

    async fn commit(self: Box<Self>) -> Result<(), SqlError> {
        self.0.commit().await
    }
}

/// The host uses its own driver. The library does not read the catalogue again in each transaction.
#[tokio::test]
async fn a_transaction_of_the_host_needs_no_further_statements() {
    let Some(world) = world().await else { return };
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = Counted(PoolConnection::new(world.schema.pool.clone()), ran.clone());
    let lifecycle = Lifecycle::open(SqlStore::new(pool, Dialect::Postgres), policy(&clinic())).await.unwrap();
    let mut outside = 0;
    // The first deletion reads the columns. Count the statements of the second deletion.
    for _ in 0..2 {
        world.run(&format!("INSERT INTO clients VALUES ('{CAT}', 'cat@example.org')")).await;
        ran.store(0, Ordering::Relaxed);
        lifecycle.execute(&delete(CAT)).await.unwrap();
        outside = ran.swap(0, Ordering::Relaxed);
    }
    let mut tx = world.schema.pool.begin().await.unwrap();
    let inside = Counted(SavepointConnection::new(&mut tx), ran.clone());
    let inside = lifecycle.with_store(lifecycle.store().with_connection(inside));
    inside.execute(&delete(ANA)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ran.load(Ordering::Relaxed), outside);
}

#[tokio::test]
#[ignore = "prints times; run it with --release --ignored --show-output"]
async fn cost_of_opening_for_each_transaction_compared_with_once() {
    let Some(world) = world().await else { return };
    let lifecycle = world.lifecycle().await;
    lifecycle.plan(&delete(ANA)).await.unwrap();
    let (mut each, mut once) = (Vec::new(), Vec::new());
    for _ in 0..30 {
        let mut tx = world.schema.pool.begin().await.unwrap();
        let start = Instant::now();
        let opened = Lifecycle::open(PostgresTransaction::new(&mut tx), world.policy.clone()).await.unwrap();
        opened.execute(&delete(ANA)).await.unwrap();
        each.push(start.elapsed());
        tx.rollback().await.unwrap();

        let mut tx = world.schema.pool.begin().await.unwrap();
        let start = Instant::now();
        lifecycle.in_transaction(&mut tx).execute(&delete(ANA)).await.unwrap();
        once.push(start.elapsed());
        tx.rollback().await.unwrap();
    }
    each.sort();
    once.sort();
    println!("opened for each transaction {:?}, opened once {:?} (medians of 30)", each[15], once[15]);
}

/// Both schemas are created by one transaction, as a restore does, so that their catalogue rows have equal versions.
#[tokio::test]
async fn columns_of_another_schema_are_not_taken_for_those_of_the_cache() {
    let Some(schema) = Schema::new().await else { return };
    let (a, b) = (&schema.name, format!("{}_b", schema.name));
    schema
        .run(&format!(
            "BEGIN; CREATE SCHEMA {b};
             CREATE TABLE {a}.clients (id text PRIMARY KEY, at timestamptz);
             CREATE TABLE {b}.clients (id text PRIMARY KEY, at timestamp);
             INSERT INTO {a}.clients VALUES ('1', now()); INSERT INTO {b}.clients VALUES ('1', now() AT TIME ZONE 'UTC');
             COMMIT"
        ))
        .await;
    let policy = policy(&json!({
        "subject": "clients",
        "kinds": { "clients": { "fields": { "at": "timestamp" } } },
        "modes": { "hard_delete": { "allow": "any", "guards": [
            { "name": "recent", "on": "clients", "severity": "block", "when": { "field": "at", "within": "PT1H" } }
        ] } }
    }));
    let store = PostgresStore::new(schema.pool.clone()).migrate().await.unwrap();
    let lifecycle = Lifecycle::open(store, policy).await.unwrap();
    assert!(!lifecycle.plan(&delete("1")).await.unwrap().is_executable());
    let mut tx = schema.pool.begin().await.unwrap();
    let path = format!("SET LOCAL search_path TO {b}, {a}; SET LOCAL timezone TO 'Asia/Tokyo'");
    raw_sql(sqlx::AssertSqlSafe(path)).execute(&mut *tx).await.unwrap();
    let error = lifecycle.in_transaction(&mut tx).execute(&delete("1")).await.unwrap_err();
    assert!(matches!(error, Error::Blocked(_)), "{error:?}");
    drop(tx);
    schema.run(&format!("DROP SCHEMA {b} CASCADE")).await;
}

#[tokio::test]
async fn a_column_altered_twice_in_the_hosts_transaction_is_seen_each_time() {
    let Some(world) = world().await else { return };
    let lifecycle = world.lifecycle().await;
    let plan = lifecycle.plan(&delete(BEN)).await.unwrap();
    let mut tx = world.schema.pool.begin().await.unwrap();
    for change in [
        "CREATE TYPE state AS ENUM ('PAID', 'PENDING'); ALTER TABLE debts ALTER COLUMN status TYPE state USING status::state",
        "ALTER TABLE debts ALTER COLUMN status TYPE text",
        "ALTER TABLE debts ALTER COLUMN status TYPE state USING status::state",
    ] {
        raw_sql(change).execute(&mut *tx).await.unwrap();
        let inside = lifecycle.in_transaction(&mut tx);
        assert_eq!(inside.plan(&delete(BEN)).await.unwrap().digest, plan.digest, "{change}");
    }
}

/// A savepoint that stays open slows down everything after it, and holds a lock until the end.
#[tokio::test]
async fn a_plan_leaves_no_savepoint_open() {
    let Some(world) = world().await else { return };
    let lifecycle = world.lifecycle().await;
    let mut tx = world.schema.pool.begin().await.unwrap();
    sqlx::query("UPDATE clients SET email = 'x'").execute(&mut *tx).await.unwrap();
    for _ in 0..3 {
        lifecycle.in_transaction(&mut tx).plan(&delete(ANA)).await.unwrap();
    }
    let error = raw_sql("RELEASE SAVEPOINT _sqlx_savepoint_1").execute(&mut *tx).await.unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
}
