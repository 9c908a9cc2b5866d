//! Tables that are altered while a store has their schema cached.

use client_lifecycle::lifecycle::Error;
use client_lifecycle::store::StoreError;
use uuid::Uuid;

use crate::world::{CLINIC, World, clinic, delete};

const ANA: Uuid = Uuid::from_u128(1);
const LUZ: Uuid = Uuid::from_u128(2);

async fn world() -> Option<World> {
    let world = World::new(CLINIC, &clinic()).await?;
    world
        .run(&format!(
            "INSERT INTO clients VALUES ('{ANA}', 'ana@example.org'), ('{LUZ}', 'luz@example.org');
             INSERT INTO debts (client_id, status) VALUES ('{ANA}', 'PAID'), ('{ANA}', 'PAID'), ('{LUZ}', 'PENDING')"
        ))
        .await;
    Some(world)
}

/// After this change the cached statement would fail, because an enum has no collation.
const TO_ENUM: &str = "CREATE TYPE state AS ENUM ('PAID', 'PENDING');
    ALTER TABLE debts ALTER COLUMN status TYPE state USING status::state";

#[tokio::test]
async fn a_changed_type_is_used_by_the_next_plan_and_deletion() {
    let Some(world) = world().await else { return };
    let lifecycle = world.lifecycle().await;
    let plan = lifecycle.plan(&delete(ANA)).await.unwrap();
    world.run(TO_ENUM).await;
    let receipt = lifecycle.apply(&delete(ANA), &plan).await.unwrap();
    assert_eq!(receipt.steps.iter().map(|step| step.actual).sum::<u64>(), 3);
    let blocked = lifecycle.plan(&delete(LUZ)).await.unwrap();
    assert_eq!(blocked.blockers.iter().map(|blocker| blocker.count).sum::<u64>(), 1);
    world.run("ALTER TABLE debts ALTER COLUMN status TYPE text; DROP TYPE state").await;
    assert_eq!(lifecycle.plan(&delete(LUZ)).await.unwrap().digest, blocked.digest);
}

#[tokio::test]
async fn a_dropped_column_is_named_and_nothing_has_changed() {
    let Some(world) = world().await else { return };
    let lifecycle = world.lifecycle().await;
    let plan = lifecycle.plan(&delete(ANA)).await.unwrap();
    world.run("ALTER TABLE debts RENAME COLUMN status TO state").await;
    let request = delete(ANA).operation(Uuid::from_u128(7));
    let error = lifecycle.apply(&request, &plan).await.unwrap_err();
    let named = |error: &Error| matches!(error, Error::Store(StoreError::Unknown { name, .. }) if name == "debts.status");
    assert!(named(&error), "{error:?}");
    let error = lifecycle.plan(&delete(ANA)).await.unwrap_err();
    assert!(named(&error), "{error:?}");
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 3);
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_operations").await, 0);
    world.run("ALTER TABLE debts RENAME COLUMN state TO status").await;
    lifecycle.apply(&request, &plan).await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 1);
}

/// The error names rows that were inserted after the plan, whether the deletion is one statement or several.
#[tokio::test]
async fn differences_from_the_plan_are_named_by_either_strategy() {
    let Some(world) = world().await else { return };
    for rows in [0, u64::MAX] {
        let store = world.store().single_statement_limit(rows);
        let lifecycle = client_lifecycle::Lifecycle::open(store, world.policy.clone()).await.unwrap();
        let plan = lifecycle.plan(&delete(ANA)).await.unwrap();
        world.run(&format!("INSERT INTO debts (client_id, status) VALUES ('{ANA}', 'PAID')")).await;
        world.run(&format!("INSERT INTO bookings (client_id) VALUES ('{ANA}')")).await;
        let error = lifecycle.apply(&delete(ANA), &plan).await.unwrap_err();
        let Error::Conflict { changes } = &error else { panic!("{error:?}") };
        assert_eq!(changes.len(), 2, "{error}");
    }
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_operations").await, 0);
}

/// The cached column has the name of its type. Renaming the type does not alter the column, so the cache is outdated.
#[tokio::test]
async fn a_renamed_type_is_used_by_the_next_deletion() {
    let mut document = clinic();
    document["modes"]["hard_delete"]["rules"]["debts.client_id"] =
        serde_json::json!({ "anonymize": { "status": { "text": "PAID" } } });
    document["references"][2]["nullable"] = true.into();
    for rows in [0, u64::MAX] {
        let Some(world) = world().await else { return };
        world.run(&format!("ALTER TABLE debts ALTER COLUMN client_id DROP NOT NULL; {TO_ENUM}")).await;
        let policy = crate::world::policy(&document);
        let store = world.store().single_statement_limit(rows);
        let lifecycle = client_lifecycle::Lifecycle::open(store, policy).await.unwrap();
        lifecycle.execute(&delete(ANA)).await.unwrap();
        world.run("ALTER TYPE state RENAME TO situation").await;
        lifecycle.execute(&delete(LUZ)).await.unwrap();
        assert_eq!(world.number("SELECT count(*) FROM debts WHERE status = 'PAID'").await, 3);
    }
}
