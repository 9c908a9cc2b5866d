//! The lock that writers take on a parent row: what it returns, and which transactions wait for it.

use std::sync::Arc;
use std::time::Duration;

use client_lifecycle::Lifecycle;
use client_lifecycle::domain::{DataMap, RecordId};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::lock_parent;
use client_lifecycle::postgres::sqlx::{self, AssertSqlSafe};
use client_lifecycle::sql::ParentError;
use client_lifecycle::store::StoreError;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{CLINIC, World, clinic, delete};

const ANA: Uuid = Uuid::from_u128(1);
const BEN: Uuid = Uuid::from_u128(2);

fn map(document: &Value) -> Arc<DataMap> {
    Arc::new(serde_json::from_value(document.clone()).unwrap())
}

/// Creates a clinic in which BEN is marked as deleted. Returns it with its data map.
async fn world() -> Option<(World, Arc<DataMap>)> {
    let world = World::new(CLINIC, &clinic()).await?;
    world
        .run(&format!(
            "ALTER TABLE clients ADD COLUMN gone timestamptz;
             INSERT INTO clients VALUES ('{ANA}', 'a', 'ON', NULL), ('{BEN}', 'b', 'ON', now())"
        ))
        .await;
    Some((world, map(&json!({ "kinds": { "clients": { "deleted_at": "gone" }, "ghosts": {} } }))))
}

#[tokio::test]
async fn existing_missing_marked_and_unknown_parents_are_distinguished() {
    let Some((world, map)) = world().await else { return };
    let mut tx = world.schema.pool.begin().await.unwrap();
    lock_parent(&mut tx, &map, "clients", ANA).await.unwrap();
    let answers = [
        ("clients", RecordId::from(BEN), "parent_deleted"),
        ("clients", Uuid::from_u128(3).into(), "parent_missing"),
        ("clients", "no uuid".into(), "parent_missing"),
        ("visits", ANA.into(), "unknown_name"),
        ("ghosts", ANA.into(), "unknown_name"),
    ];
    for (kind, id, code) in answers {
        let error = lock_parent(&mut tx, &map, kind, id.clone()).await.unwrap_err();
        assert_eq!(error.code(), code, "{error:?}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&id.to_string()), "the id is not shown: {shown}");
        if let ParentError::Missing { kind: named } | ParentError::Deleted { kind: named } = &error {
            assert!(named.as_str() == kind && error.to_string().contains(kind));
        }
    }
    // After each of these errors the transaction is still usable.
    sqlx::raw_sql("SELECT 1").execute(&mut *tx).await.unwrap();
}

#[tokio::test]
async fn locking_outside_a_transaction_is_refused() {
    let Some((world, map)) = world().await else { return };
    let mut connection = world.schema.pool.acquire().await.unwrap();
    let error = lock_parent(&mut connection, &map, "clients", ANA).await.unwrap_err();
    assert!(matches!(error, ParentError::Store(StoreError::Unsupported(_))), "{error:?}");
}

#[tokio::test]
async fn only_deletions_wait_for_the_lock() {
    let Some((world, map)) = world().await else { return };
    let mut tx = world.schema.pool.begin().await.unwrap();
    lock_parent(&mut tx, &map, "clients", ANA).await.unwrap();
    let mut second = world.schema.pool.begin().await.unwrap();
    lock_parent(&mut second, &map, "clients", ANA).await.unwrap();
    second.commit().await.unwrap();
    world.run("SET lock_timeout TO 1000; UPDATE clients SET email = 'new'; RESET lock_timeout").await;
    let store = world.store().lock_timeout(Duration::from_millis(50));
    let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
    let error = lifecycle.execute(&delete(ANA)).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::LockTimeout { .. })), "{error:?}");
    tx.commit().await.unwrap();
    lifecycle.execute(&delete(ANA)).await.unwrap();
}

/// The transaction's snapshot is older than the change, so PostgreSQL refuses to lock the row.
#[tokio::test]
async fn a_parent_changed_since_an_older_snapshot_is_contention() {
    let Some((world, map)) = world().await else { return };
    for level in ["REPEATABLE READ", "SERIALIZABLE"] {
        for change in ["UPDATE clients SET gone = now() WHERE id =", "DELETE FROM clients WHERE id ="] {
            let id = Uuid::new_v4();
            world.run(&format!("INSERT INTO clients VALUES ('{id}', 'c')")).await;
            let begin = AssertSqlSafe(format!("BEGIN ISOLATION LEVEL {level}"));
            let mut tx = world.schema.pool.begin_with(begin).await.unwrap();
            sqlx::raw_sql("SELECT count(*) FROM clients").execute(&mut *tx).await.unwrap();
            // Lock the row before writing, as the library does.
            let locked = format!("SELECT 1 FROM clients WHERE id = '{id}' FOR UPDATE");
            world.run(&format!("BEGIN; {locked}; {change} '{id}'; COMMIT")).await;
            let error = lock_parent(&mut tx, &map, "clients", id).await.unwrap_err();
            let ParentError::Store(StoreError::Contention { retryable, .. }) = error else {
                panic!("{level}, {change}: {error:?}");
            };
            assert!(!retryable, "the transaction is the host's");
        }
    }
}

#[tokio::test]
async fn a_lock_timeout_is_contention() {
    let Some((world, map)) = world().await else { return };
    let mut other = world.schema.pool.begin().await.unwrap();
    sqlx::raw_sql("SELECT 1 FROM clients FOR UPDATE").execute(&mut *other).await.unwrap();
    let mut tx = world.schema.pool.begin_with("BEGIN; SET LOCAL lock_timeout TO 50").await.unwrap();
    let error = lock_parent(&mut tx, &map, "clients", ANA).await.unwrap_err();
    assert!(
        matches!(error, ParentError::Store(StoreError::Contention { retryable: false, .. })),
        "{error:?}"
    );
}

/// Parents with any type of id, table name and column name are found through their index.
#[tokio::test]
async fn parents_with_ids_of_any_type_are_found_by_their_index() {
    let Some((world, _)) = world().await else { return };
    world.run("CREATE EXTENSION IF NOT EXISTS citext SCHEMA public").await;
    let schema = world.schema.name.clone();
    world.run("CREATE TYPE level AS ENUM ('low', 'high'); CREATE DOMAIN code AS varchar(9)").await;
    let types = [
        ("smallint", "7"),
        ("integer", "7"),
        ("bigint", "7"),
        ("numeric", "7"),
        ("text", "user \"7\""),
        ("varchar(20)", "user123"),
        ("char(6)", "abc"),
        ("public.citext", "User"),
        ("uuid", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ("level", "high"),
        ("code", "c7"),
    ];
    for (number, (sort, id)) in types.into_iter().enumerate() {
        let table = format!("{schema}.Table {number}");
        world
            .run(&format!(
                "CREATE TABLE \"Table {number}\" (\"the Id\" {sort} PRIMARY KEY); \
                 INSERT INTO \"Table {number}\" VALUES ('{id}')"
            ))
            .await;
        let map = map(&json!({ "kinds": { "things": { "table": table, "id": "the Id" } } }));
        let mut tx = world.schema.pool.begin().await.unwrap();
        lock_parent(&mut tx, &map, "things", id).await.unwrap_or_else(|error| panic!("{sort}: {error:?}"));
        let missing = lock_parent(&mut tx, &map, "things", "high9").await.unwrap_err();
        assert_eq!(missing.code(), "parent_missing", "{sort}");
    }
}
