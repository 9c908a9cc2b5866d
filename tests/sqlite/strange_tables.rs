//! Tables with unusual types, collations or names of ids and references: rows are deleted correctly, or the policy
//! does not open.
#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "a test fails where it stands"
)]

use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::sqlite::{SqliteStore, sqlx};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, SqlitePool};

async fn pool(sql: &str) -> SqlitePool {
    let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(false);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
    pool
}

async fn number(pool: &SqlitePool, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(pool).await.unwrap()
}

async fn opened(pool: &SqlitePool, policy: &Value) -> Result<Lifecycle<SqliteStore>, Error> {
    let policy = DeletionPolicy::from_json(&policy.to_string()).unwrap();
    let store = SqliteStore::new(pool.clone()).migrate().await.unwrap();
    Lifecycle::open(store, policy).await
}

fn cascade() -> Value {
    json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    })
}

fn delete(id: &str) -> Request {
    Request::hard_delete("clients", id).by(Actor::new("ana", "ADMIN"))
}

async fn misfit(sql: &str) -> String {
    let error = opened(&pool(sql).await, &cascade()).await.unwrap_err();
    assert!(matches!(error, Error::SchemaMismatch(_)), "{error:?}");
    error.to_string()
}

const UPPER: &str = "550E8400-E29B-41D4-A716-446655440000";
const BYTES: &str = "x'550e8400e29b41d4a716446655440000'";

/// The request spells the id in upper case, the database returns it in lower case.
#[tokio::test]
async fn a_uuid_in_upper_case_is_planned_and_applied() {
    let sql = format!(
        "CREATE TABLE clients (id BLOB PRIMARY KEY NOT NULL); CREATE TABLE debts (id BLOB PRIMARY KEY, client_id BLOB NOT NULL);
         INSERT INTO clients VALUES ({BYTES}); INSERT INTO debts VALUES ({BYTES}, {BYTES});"
    );
    for planned in [true, false] {
        let pool = pool(&sql).await;
        let lifecycle = opened(&pool, &cascade()).await.unwrap();
        let request = delete(UPPER);
        let receipt = if planned {
            let plan = lifecycle.plan(&request).await.unwrap();
            lifecycle.apply(&request, &plan).await
        } else {
            lifecycle.execute(&request).await
        };
        assert!(receipt.unwrap().complete);
        assert_eq!(number(&pool, "SELECT count(*) FROM clients").await, 0);
    }
}

/// The column ignores case. If `C1` were found, the receipt would name a record that does not exist.
#[tokio::test]
async fn an_id_with_a_different_case_is_not_found() {
    let pool = pool(
        "CREATE TABLE clients (id TEXT COLLATE NOCASE PRIMARY KEY);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id TEXT COLLATE NOCASE NOT NULL);
         INSERT INTO clients VALUES ('c1'); INSERT INTO debts VALUES (1, 'C1');",
    )
    .await;
    let lifecycle = opened(&pool, &cascade()).await.unwrap();
    let error = lifecycle.execute(&delete("C1")).await.unwrap_err();
    assert_eq!(error.to_string(), "no `clients` `C1`");
    assert_eq!(number(&pool, "SELECT count(*) FROM clients").await, 1);
    lifecycle.execute(&delete("c1")).await.unwrap();
    assert_eq!(number(&pool, "SELECT count(*) FROM debts").await, 0);
}

#[tokio::test]
async fn a_duplicate_record_is_an_invalid_request() {
    let pool = pool(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY); CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL);
         INSERT INTO clients VALUES (7);",
    )
    .await;
    let lifecycle = opened(&pool, &cascade()).await.unwrap();
    let mut request = delete("7");
    request.subjects.push(7.into());
    let error = lifecycle.plan(&request).await.unwrap_err();
    assert_eq!(error.code(), "invalid");
}

/// In SQLite, the number 7 does not equal `'7'` in a text column. The debt would not be found: it would lose its
/// client, or the foreign key would delete it although the plan does not mention it.
#[tokio::test]
async fn a_reference_with_another_type_than_its_ids_does_not_open() {
    for (id, reference) in [
        ("INTEGER", "TEXT"),
        ("TEXT", "INTEGER"),
        ("INTEGER", ""),
        ("TEXT", ""),
        ("", "TEXT"),
        ("NUMERIC", "TEXT"),
        ("BLOB", "NUMERIC"),
    ] {
        let found = misfit(&format!(
            "CREATE TABLE clients (id {id} PRIMARY KEY NOT NULL);
             CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id {reference} NOT NULL REFERENCES clients (id) ON DELETE CASCADE);"
        ))
        .await;
        assert!(found.contains("references.debts.client_id: the column is"), "{id} {reference}: {found}");
    }
}

#[tokio::test]
async fn a_reference_with_a_compatible_type_opens() {
    for (id, reference) in [
        ("INTEGER", "BIGINT"),
        ("INTEGER", "NUMERIC"),
        ("TEXT", "VARCHAR(36)"),
        ("UUID", "TEXT"),
        ("BLOB", ""),
        ("TEXT COLLATE NOCASE", "TEXT COLLATE NOCASE"),
    ] {
        let pool = pool(&format!(
            "CREATE TABLE clients (id {id} PRIMARY KEY NOT NULL);
             CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id {reference} NOT NULL);"
        ))
        .await;
        let found = opened(&pool, &cascade()).await;
        assert!(found.is_ok(), "{id} {reference}: {found:?}");
    }
}

/// With different collations, SQLite finds too few of the client's debts, or also debts of another client.
#[tokio::test]
async fn a_reference_with_another_collation_than_its_ids_does_not_open() {
    for (id, reference) in [("COLLATE NOCASE", ""), ("", "COLLATE NOCASE"), ("", "COLLATE RTRIM")] {
        let found = misfit(&format!(
            "CREATE TABLE clients (id TEXT {id} PRIMARY KEY NOT NULL);
             CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id TEXT {reference} NOT NULL);"
        ))
        .await;
        assert!(found.contains("give both columns the same collation"), "{found}");
    }
}

/// Without an id, the debt belongs to no set. The client would be deleted, and the debt would refer to nothing.
#[tokio::test]
async fn a_row_without_an_id_stops_a_deletion() {
    let pool = pool(
        "CREATE TABLE clients (id TEXT PRIMARY KEY); CREATE TABLE debts (id TEXT PRIMARY KEY, client_id TEXT NOT NULL);
         INSERT INTO clients VALUES ('c1'); INSERT INTO debts VALUES (NULL, 'c1');",
    )
    .await;
    let lifecycle = opened(&pool, &cascade()).await.unwrap();
    let error = lifecycle.execute(&delete("c1")).await.unwrap_err();
    assert_eq!(error.code(), "bad_value");
    assert_eq!(number(&pool, "SELECT count(*) FROM clients").await, 1);
}

/// The table has the same name as one of the library's CTEs; unqualified, the statement would read the CTE.
#[tokio::test]
async fn a_policy_with_a_reserved_table_name_does_not_open() {
    for name in ["lifecycle_set_0", "Lifecycle_Operations", "lifecycle_members"] {
        let pool = pool(&format!(
            "CREATE TABLE clients (id INTEGER PRIMARY KEY); CREATE TABLE {name} (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL);"
        ))
        .await;
        let mut policy = cascade();
        policy["kinds"]["debts"]["table"] = name.into();
        let error = opened(&pool, &policy).await.unwrap_err().to_string();
        assert!(error.contains("is a name that the library uses"), "{error}");
    }
}

/// SQLite allows at most 500 SELECTs in a compound statement.
#[tokio::test]
async fn six_hundred_blocking_kinds_are_six_hundred_blockers() {
    let mut sql =
        String::from("CREATE TABLE clients (id INTEGER PRIMARY KEY); INSERT INTO clients VALUES (1);");
    let mut policy = cascade();
    policy["kinds"] = json!({ "clients": {} });
    policy["references"] = json!([]);
    policy["modes"]["hard_delete"]["rules"] = json!({ "*": "protect" });
    for at in 0..600 {
        let kind = format!("k{at}");
        sql += &format!(
            "CREATE TABLE {kind} (id INTEGER PRIMARY KEY, c INTEGER NOT NULL); INSERT INTO {kind} VALUES (9, 1);"
        );
        policy["kinds"][&kind] = json!({});
        let reference = json!({ "from": format!("{kind}.c"), "to": "clients" });
        policy["references"].as_array_mut().unwrap().push(reference);
    }
    let lifecycle = opened(&pool(&sql).await, &policy).await.unwrap();
    let plan = lifecycle.plan(&delete("1")).await.unwrap();
    assert_eq!(plan.blockers.len(), 600);
    assert!(plan.blockers.iter().all(|one| one.sample == [9.into()]));
    assert_eq!(plan.subjects, [1.into()]);
}
