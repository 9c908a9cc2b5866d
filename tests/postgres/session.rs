//! Unusual settings of a connection, and unusual ids.

use std::time::Duration;

use client_lifecycle::Lifecycle;
use client_lifecycle::domain::RecordId;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::sqlx;
use client_lifecycle::postgres::sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use client_lifecycle::postgres::{PoolConnection, PostgresStore, PostgresTransaction};
use client_lifecycle::sql::{AccessMode, SqlConnection, SqlErrorClass, SqlValue, findings};
use client_lifecycle::store::StoreError;
use serde_json::{Value, json};

use crate::host::ANA;
use crate::role::Role;
use crate::world::{CLINIC, World, clinic, delete};

const NOW: &str = "2026-03-29T00:30:00Z";

/// A policy that compares, masks, retains and sends dates, instants, bytes, backslashes, numbers and nulls.
fn document() -> Value {
    json!({
        "subject": "clients",
        "kinds": {
            "clients": { "id": "id", "fields": { "born": "date", "score": "decimal" }, "personal": { "name": { "text": "a\\b'c\"" } } },
            "debts": { "fields": { "due": "date", "at": "timestamp", "state": "text" } },
            "invoices": { "fields": { "issued": "timestamp" }, "personal": { "note": { "truncate": 3 }, "seen": "year" } },
        },
        "references": [ { "from": "debts.client_id", "to": "clients" }, { "from": "invoices.client_id", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any",
            "guards": [ { "name": "young", "on": "clients", "severity": "block", "when": { "field": "born", "after": "2020-01-02T00:00:00Z" } } ],
            "rules": {
                "debts.client_id": [
                    { "when": { "all": [ { "field": "state", "eq": "a\\b" }, { "field": "due", "before": "2026-04-05T00:00:00Z" } ] }, "then": "cascade" },
                    { "when": { "field": "at", "within": "P1M" }, "then": "delete" },
                    { "then": "restrict" } ],
                "invoices.client_id": [
                    { "when": { "field": "note", "eq": "gone\\" }, "then": { "anonymize": { "note": { "truncate": 3 }, "seen": "year" } } },
                    { "then": { "retain": { "for": "P6Y", "from": "issued", "basis": "tax law" } }, "on_survive": "set_null" } ] },
            "effects": [ { "topic": "gone", "fields": ["born", "score", "raw", "name", "span"] },
                         { "topic": "debts", "on": "debts", "fields": ["due", "at", "state"] } ] } }
    })
}

const TABLES: &str = "
    CREATE TABLE clients (id text PRIMARY KEY, name text, born date, score double precision, raw bytea, span interval);
    CREATE TABLE debts (id bigint PRIMARY KEY, client_id text NOT NULL REFERENCES clients, due date, at timestamptz, state text);
    CREATE TABLE invoices (id bigint PRIMARY KEY, client_id text REFERENCES clients, issued timestamp, note text, seen timestamptz);
    CREATE INDEX ON debts (client_id); CREATE INDEX ON invoices (client_id);
    INSERT INTO clients VALUES (E'ñ\\\\\\'1', 'Ñandú', '2020-01-01', 0.1, '\\x005cff', '1 day 02:03:04'), ('2', 'x', NULL, NULL, NULL, NULL);
    INSERT INTO debts SELECT 1, id, '2026-04-04', NULL, E'a\\\\b' FROM clients WHERE name = 'Ñandú';
    INSERT INTO debts SELECT 2, id, '2026-04-06', '2026-03-01 00:30:00+00', 'x' FROM clients WHERE name = 'Ñandú';
    INSERT INTO invoices SELECT 1, id, '2020-03-28 23:59:59.999', 'x', NULL FROM clients WHERE name = 'Ñandú';
    INSERT INTO invoices SELECT 2, id, '2020-03-30 00:30:00', 'y', NULL FROM clients WHERE name = 'Ñandú';
    INSERT INTO invoices SELECT 3, id, NULL, E'gone\\\\', '2024-12-31 23:30:00+00' FROM clients WHERE name = 'Ñandú';";

const LEFT: &str = "SELECT concat_ws(E'\\n', (SELECT string_agg(c::text, ',' ORDER BY id) FROM clients AS c),
    (SELECT string_agg(d::text, ',' ORDER BY id) FROM debts AS d), (SELECT string_agg(i::text, ',' ORDER BY id) FROM invoices AS i),
    (SELECT string_agg(concat_ws(' ', topic, record, payload::text), ',' ORDER BY sequence) FROM lifecycle_outbox),
    (SELECT string_agg(concat_ws(' ', record, outcome, entry -> 'detail'), ',' ORDER BY sequence) FROM lifecycle_audit))";

/// Makes a pool that runs these statements on every new connection.
async fn told(world: &World, options: PgConnectOptions, sql: &'static str) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(20));
    let pool = pool.after_connect(move |connection, _| {
        Box::pin(async move {
            sqlx::raw_sql(sql).execute(connection).await?;
            Ok(())
        })
    });
    let name = world.schema.name.clone();
    pool.connect_with(options.options([("search_path", name.as_str())])).await.unwrap()
}

/// Deletes a client on connections with these settings. Returns the remaining rows.
async fn left(sql: &'static str, change: fn(PgConnectOptions) -> PgConnectOptions) -> Option<String> {
    let world = World::new(TABLES, &document()).await?;
    let pool = told(&world, change((*world.schema.pool.connect_options()).clone()), sql).await;
    let lifecycle = Lifecycle::open(PostgresStore::new(pool), world.policy.clone()).await;
    let lifecycle = lifecycle.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let lifecycle = lifecycle.with_clock(NOW.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    let request = delete("ñ\\'1").operation(uuid::Uuid::from_u128(9));
    let plan = lifecycle.plan(&request).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{sql}: {error:?}\n{plan}"));
    world.run("SET TIME ZONE 'UTC'").await;
    Some(format!("{}\n{}", plan.digest, world.text(LEFT).await))
}

#[tokio::test]
async fn settings_of_the_connection_change_nothing() {
    let Some(plain) = left("SELECT 1", |options| options).await else { return };
    assert!(plain.contains("2020-03-30") && !plain.contains("2020-03-28"), "one is due, one is not: {plain}");
    for sql in [
        "SET DateStyle TO 'SQL, DMY'; SET TimeZone TO 'Asia/Kolkata'; SET IntervalStyle TO 'iso_8601'",
        "SET DateStyle TO 'German, MDY'; SET TimeZone TO 'America/St_Johns'; SET lc_numeric TO 'C'",
        "SET standard_conforming_strings TO off; SET escape_string_warning TO off; SET backslash_quote TO off",
        "SET bytea_output TO 'escape'; SET extra_float_digits TO -10; SET quote_all_identifiers TO on",
        "SET client_encoding TO 'LATIN1'",
        "SET default_transaction_isolation TO 'serializable'; SET default_transaction_read_only TO on",
        "SET default_transaction_deferrable TO on; SET transform_null_equals TO on; SET array_nulls TO off",
        "SET plan_cache_mode TO force_generic_plan; SET enable_hashagg TO off; SET enable_indexscan TO off; SET work_mem TO '64kB'",
        "SET row_security TO off; SET check_function_bodies TO off; SET jit TO on; SET jit_above_cost TO 0",
        "CREATE TEMP TABLE debts (id bigint, client_id text, due date, at timestamptz, state text);
         CREATE TEMP TABLE lifecycle_audit (x integer); CREATE TEMP TABLE clients (id text PRIMARY KEY)",
    ] {
        let found = left(sql, |options| options).await.unwrap();
        // The server formats values in events, so ignore the events with these settings.
        let same = if sql.contains("DateStyle") || sql.contains("bytea_output") {
            let first = |text: &str| {
                text.lines().filter(|line| !line.contains("gone ")).collect::<Vec<_>>().join("\n")
            };
            first(&found) == first(&plain)
        } else {
            found == plain
        };
        assert!(same, "{sql}\n{found}\n\nand not\n\n{plain}");
    }
    // A pooler that gives each transaction another server connection does not allow a statement cache.
    let found = left("SELECT 1", |options| options.statement_cache_capacity(0)).await.unwrap();
    assert_eq!(found, plain);
}

/// The library ignores temporary tables in a transaction of the host and restores the settings it changes. It refuses
/// a transaction whose client encoding is not UTF-8.
#[tokio::test]
async fn the_hosts_temporary_tables_are_ignored_and_its_settings_restored() {
    let Some(world) = World::new(TABLES, &document()).await else { return };
    let mut tx = world.schema.pool.begin().await.unwrap();
    let setting = "SELECT concat_ws(' ', current_setting('search_path'), current_setting('row_security'), \
                   current_setting('work_mem'))";
    let before: String = sqlx::query_scalar(setting).fetch_one(&mut *tx).await.unwrap();
    sqlx::raw_sql("CREATE TEMP TABLE debts (id bigint, client_id text) ON COMMIT DROP")
        .execute(&mut *tx)
        .await
        .unwrap();
    for (id, found) in [("nobody", false), ("ñ\\'1", true)] {
        let lifecycle =
            Lifecycle::open(PostgresTransaction::new(&mut tx), world.policy.clone()).await.unwrap();
        let lifecycle = lifecycle.with_clock(NOW.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        let done = lifecycle.execute(&delete(id)).await;
        assert_eq!(done.is_ok(), found, "{done:?}");
        drop(lifecycle);
        let after: String = sqlx::query_scalar(setting).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(after, before);
    }
    tx.commit().await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 0);

    let mut tx = world.schema.pool.begin().await.unwrap();
    sqlx::raw_sql("SET LOCAL client_encoding TO 'LATIN1'").execute(&mut *tx).await.unwrap();
    let refused = Lifecycle::open(PostgresTransaction::new(&mut tx), world.policy.clone()).await.unwrap_err();
    assert!(matches!(refused, Error::Store(StoreError::Unsupported(_))), "{refused:?}");
}

/// If the schema for the library's tables does not exist, they are not created as temporary tables.
#[tokio::test]
async fn the_librarys_tables_are_never_temporary() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    let store = PostgresStore::new(world.schema.pool.clone()).schemas(["no such schema"]);
    let refused = store.migrate().await.unwrap_err();
    assert!(matches!(refused, StoreError::Unsupported(_)), "{refused:?}");
}

/// When the role's `statement_timeout` expires, the error names it, and the connection stays usable.
#[tokio::test]
async fn a_statement_timeout_of_the_connection_is_an_error() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    let role = Role::new(&world).await;
    let id = uuid::Uuid::from_u128(1);
    world.run(&format!("INSERT INTO clients VALUES ('{id}', 'x')")).await;
    let options = (*world.schema.pool.connect_options()).clone();
    let pool = told(&world, options, "SET statement_timeout TO '300ms'").await;
    let lifecycle = Lifecycle::open(PostgresStore::new(pool), world.policy.clone()).await.unwrap();
    let mut other = world.schema.pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM clients FOR UPDATE").execute(&mut *other).await.unwrap();
    let start = std::time::Instant::now();
    let error = lifecycle.execute(&delete(id)).await.unwrap_err();
    assert!(matches!(error, Error::Store(_)), "{error:?}");
    assert!(!error.is_retryable(), "it would take as long again");
    assert!(start.elapsed() < Duration::from_millis(900), "one attempt, not five: {:?}", start.elapsed());
    other.rollback().await.unwrap();
    lifecycle.execute(&delete(id)).await.unwrap_or_else(|error| panic!("{error:?}"));
    role.gone(&world).await;
}

/// Ids that the column cannot hold are not found. They cause no database error, and match no other row.
#[tokio::test]
async fn ids_that_no_row_can_have_are_not_found() {
    for (id_type, held) in [
        ("text", "'%'"),
        ("varchar(5)", "'%'"),
        ("char(5)", "'%'"),
        ("bigint", "1"),
        ("uuid", "gen_random_uuid()"),
    ] {
        let document = json!({ "subject": "clients", "kinds": { "clients": {} }, "references": [],
                               "modes": { "hard_delete": { "allow": "any" } } });
        let ddl =
            format!("CREATE TABLE clients (id {id_type} PRIMARY KEY); INSERT INTO clients VALUES ({held})");
        let Some(world) = World::new(&ddl, &document).await else { return };
        let lifecycle = world.lifecycle().await;
        let huge = "9".repeat(3_000_000);
        for id in [
            "a\0b",
            "\0",
            &huge,
            "{1}",
            "NULL",
            "null",
            "\"",
            "\\",
            "\u{202e}1",
            " 1",
            "1 ",
            "01",
            "+1",
            "1.0",
            "1e0",
            "%%",
            "9223372036854775808",
            "-0",
            "{6f9619ff-8b86-d011-b42d-00c04fc964ff}",
            "'; DROP TABLE clients; --",
            "ﬀ",
            "1\n",
        ] {
            let asked = delete(RecordId::from(id));
            for error in
                [lifecycle.plan(&asked).await.map(|_| ()), lifecycle.execute(&asked).await.map(|_| ())]
            {
                let code = error.unwrap_err().code();
                let shown = id.chars().take(40).collect::<String>();
                assert!(["not_found", "wrong_id"].contains(&code), "{id_type} `{shown}`: {code}");
            }
        }
        assert_eq!(world.number("SELECT count(*) FROM clients").await, 1);
    }
}

/// If the collation treats `A` and `a` as equal, references match as foreign keys do, even in cycles.
#[tokio::test]
async fn ids_may_have_a_collation_that_ignores_case() {
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": { "fields": { "note": "text" } } },
        "references": [ { "from": "debts.client_id", "to": "clients" }, { "from": "debts.part_of", "to": "debts", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": {
            "debts.client_id": [ { "when": { "field": "note", "eq": "a" }, "then": "restrict" }, { "then": "cascade" } ],
            "debts.part_of": "cascade" } } }
    });
    let ddl = "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         CREATE TABLE clients (id text COLLATE any_case PRIMARY KEY);
         CREATE TABLE debts (id text COLLATE any_case PRIMARY KEY, client_id text COLLATE any_case NOT NULL REFERENCES clients,
             part_of text COLLATE any_case REFERENCES debts, note text COLLATE any_case);
         CREATE INDEX ON debts (client_id); CREATE INDEX ON debts (part_of);
         INSERT INTO clients VALUES ('Ana'), ('Ben');
         INSERT INTO debts VALUES ('D1', 'ANA', NULL, 'A'), ('d2', 'ana', 'd1', 'A'), ('d3', 'ben', 'D1', 'A'), ('d4', 'BEN', NULL, 'a')";
    let Some(world) = World::new(ddl, &document).await else { return };
    let found = findings(&world.policy, &world.store().catalogue().await.unwrap());
    assert!(found.is_empty(), "{found:#?}");
    let lifecycle = world.lifecycle().await;
    // Conditions compare bytes, so `A` is not `a` even with this collation.
    let done = lifecycle.execute(&delete("Ana")).await;
    done.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(world.text("SELECT string_agg(id, ',') FROM debts").await, "d4");
    let blocked = lifecycle.execute(&delete("Ben")).await.unwrap_err();
    assert!(matches!(blocked, Error::Blocked(_)), "{blocked:?}");
}

#[tokio::test]
async fn a_plan_is_the_same_inside_a_transaction_and_without_one() {
    let Some(world) = crate::host::world().await else { return };
    let options = (*world.schema.pool.connect_options()).clone();
    let mut plans = Vec::new();
    // Where statements are compiled just in time, a plan is a transaction, which turns that off.
    for jit in ["off", "on"] {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options.clone().options([("jit", jit)]));
        let lifecycle = Lifecycle::open(PostgresStore::new(pool), world.policy.clone()).await.unwrap();
        // The first plan reads the columns in a transaction.
        for _ in 0..3 {
            plans.push(lifecycle.plan(&delete(ANA)).await.unwrap().digest);
        }
    }
    plans.dedup();
    assert_eq!(plans.len(), 1, "{plans:?}");
}

#[tokio::test]
async fn a_statement_with_too_many_values_is_not_mistaken_for_a_lost_connection() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    let connection = PoolConnection::new(world.schema.pool.clone());
    let mut transaction = connection.begin(AccessMode::Read).await.unwrap();
    let values = vec![SqlValue::Integer(1); 70_000];
    let error = transaction.query("SELECT 1", &values).await.unwrap_err();
    assert!(
        matches!(error.class(), SqlErrorClass::Unsupported(what) if what.contains("70000 values")),
        "{error}"
    );
    assert_eq!(transaction.query("SELECT 1::bigint", &[]).await.unwrap(), [[SqlValue::Integer(1)]]);
}
