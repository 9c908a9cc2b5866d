//! When the database says no, or does not answer in time.

use std::error::Error as _;
use std::time::Duration;

use client_lifecycle::Lifecycle;
use client_lifecycle::lifecycle::{Error, Retries};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx;
use client_lifecycle::store::StoreError;
use uuid::Uuid;

use crate::role::Role;
use crate::world::{CLINIC, World, clinic, delete};

const ANA: Uuid = Uuid::from_u128(1);

async fn world(more: &str) -> Option<World> {
    let world = World::new(CLINIC, &clinic()).await?;
    world
        .run(&format!(
            "INSERT INTO clients VALUES ('{ANA}', 'ana@example.org');
             INSERT INTO debts (client_id, status) VALUES ('{ANA}', 'PAID'); {more}"
        ))
        .await;
    Some(world)
}

fn whole(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[tokio::test]
async fn a_foreign_key_that_the_map_does_not_know_refuses_and_is_named() {
    let more = format!(
        "CREATE TABLE notes (id serial PRIMARY KEY, owner uuid CONSTRAINT notes_owner REFERENCES clients);
         INSERT INTO notes (owner) VALUES ('{ANA}')"
    );
    let Some(world) = world(&more).await else { return };
    let error = world.lifecycle().await.delete(&delete(ANA)).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Refused { .. })), "{error:?}");
    let text = whole(&error);
    assert!(text.contains("notes_owner") && text.contains("notes"), "{text}");
    assert!(!format!("{error:?}").contains(&ANA.to_string()), "the key's value is not shown: {error:?}");
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 1, "nothing has changed");
    assert_eq!(world.text("SELECT outcome FROM lifecycle_audit").await, "failed");
}

#[tokio::test]
async fn a_trigger_that_keeps_rows_is_found_out() {
    let more = "CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER kept BEFORE DELETE ON debts FOR EACH ROW EXECUTE FUNCTION kept()";
    let Some(world) = world(more).await else { return };
    let error = world.lifecycle().await.delete(&delete(ANA)).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Interference { .. })), "{error:?}");
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 1);
}

#[tokio::test]
async fn a_table_without_permission_is_named() {
    let Some(world) = world("").await else { return };
    let role = Role::new(&world).await;
    world.run(&format!("REVOKE ALL ON debts FROM {}", role.name)).await;
    let pool = role.pool.clone();
    let lifecycle = Lifecycle::open(PostgresStore::new(pool), world.policy.clone()).await.unwrap();
    let error = lifecycle.delete(&delete(ANA)).await.unwrap_err();
    let text = whole(&error);
    assert!(text.contains("`debts`") && text.contains("permission"), "{text}");
    drop(lifecycle);
    role.gone(&world).await;
}

#[tokio::test]
async fn a_lock_that_is_not_given_in_time_is_contention_and_worth_a_retry() {
    let Some(world) = world("").await else { return };
    let mut other = world.schema.pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM clients FOR UPDATE").execute(&mut *other).await.unwrap();
    let store = world.store().lock_timeout(Duration::from_millis(50));
    let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
    let error = lifecycle.delete(&delete(ANA)).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Contention { retryable: true, .. })), "{error:?}");
    other.rollback().await.unwrap();
    lifecycle.delete(&delete(ANA)).await.unwrap();
}

#[tokio::test]
async fn a_pool_of_one_connection_is_enough() {
    let Some(world) = world("").await else { return };
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with((*world.schema.pool.connect_options()).clone())
        .await
        .unwrap();
    let lifecycle = Lifecycle::open(PostgresStore::new(pool), world.policy.clone()).await.unwrap();
    lifecycle.delete(&delete(ANA)).await.unwrap();
}

/// The backend is ended while the operation waits in each of its statements: nothing has changed, and the same
/// operation does the work afterwards, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_changes_nothing_and_the_operation_can_be_done_again() {
    let Some(world) = world("").await else { return };
    let mut other = world.schema.pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM clients FOR UPDATE").execute(&mut *other).await.unwrap();
    let lifecycle = std::sync::Arc::new(world.lifecycle().await.with_retries(Retries::none()));
    let request = delete(ANA).operation(Uuid::from_u128(7));
    let running = tokio::spawn({
        let (lifecycle, request) = (lifecycle.clone(), request.clone());
        async move { lifecycle.delete(&request).await }
    });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE OF r%'
         AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'clients'::regclass)";
    while world.number(waiting).await == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    world.number(&waiting.replace("count(*)", "count(pg_terminate_backend(pid))")).await;
    let error = running.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Unavailable { retryable: true, .. })), "{error:?}");
    other.rollback().await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_operations").await, 0);
    let receipt = lifecycle.delete(&request).await.unwrap();
    assert_eq!(lifecycle.delete(&request).await.unwrap(), receipt, "the same operation, done once");
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_operations").await, 1);
}
