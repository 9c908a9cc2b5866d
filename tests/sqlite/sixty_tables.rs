//! A first policy for databases of sixty tables with keys of every kind, carried out.

use std::collections::BTreeMap;

use client_lifecycle::domain::{Actor, Reason, Request};
use client_lifecycle::protocol::Disposition;
use client_lifecycle::sql::first_policy;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::json;

use crate::many_tables::{generated, generated_with, leave_out};
use crate::world::World;

async fn counts(world: &World, tables: &[String]) -> BTreeMap<String, i64> {
    let mut found = BTreeMap::new();
    for table in tables {
        found.insert(table.clone(), world.number(&format!("SELECT count(*) FROM {table}")).await);
    }
    found
}

#[tokio::test]
async fn the_plan_names_every_row_that_goes_from_sixty_tables() {
    let mut deleted = 0;
    for seed in 0..10 {
        let database = generated(seed, false, &[]);
        let world = World::new(&database.statements).await;
        let policy = first_policy(&world.store.catalogue().await.unwrap(), "clients").unwrap();
        let mut document = serde_json::to_value(&policy).unwrap();
        assert!(document.get("excluded").is_none(), "{seed}: {document:#}");
        document["modes"]["hard_delete"]["rules"] = json!({ "*": "cascade" });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let store = SqliteStore::new(world.pool().clone());
        let lifecycle =
            Lifecycle::open(store, policy).await.unwrap_or_else(|error| panic!("{seed}: {error}"));
        let request = Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN"));
        let request = request.with_reason(Reason::PrivacyRequest);

        let mut expected = counts(&world, &database.tables).await;
        let plan = lifecycle.plan(&request).await.unwrap();
        lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{seed}: {error:?}\n{plan}"));
        for step in &plan.steps {
            deleted += step.count;
            *expected.get_mut(step.key.kind.as_str()).unwrap() -= i64::try_from(step.count).unwrap();
        }
        assert_eq!(counts(&world, &database.tables).await, expected, "{seed}: {plan}");
        assert_eq!(world.texts("PRAGMA foreign_key_check").await, Vec::<String>::new(), "{seed}");
    }
    assert!(deleted > 500, "{deleted} rows were deleted");
}

/// Half of the foreign keys and a third of the tables are not in the policy.
#[tokio::test]
async fn the_plan_names_every_row_that_goes_although_the_policy_leaves_tables_and_keys_out() {
    let mut deleted = 0;
    let mut undeclared = 0;
    for seed in 0..10 {
        let database = generated_with(seed, false, &[], &["ON DELETE CASCADE", "ON DELETE SET NULL"]);
        let world = World::new(&database.statements).await;
        let policy = first_policy(&world.store.catalogue().await.unwrap(), "clients").unwrap();
        let mut document = serde_json::to_value(&policy).unwrap();
        leave_out(&mut document);
        document["modes"]["hard_delete"]["rules"] = json!({ "*": "cascade" });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let store = SqliteStore::new(world.pool().clone());
        let lifecycle =
            Lifecycle::open(store, policy).await.unwrap_or_else(|error| panic!("{seed}: {error}"));
        let request = Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN"));
        let request = request.with_reason(Reason::PrivacyRequest);

        let mut expected = counts(&world, &database.tables).await;
        let plan = lifecycle.plan(&request).await.unwrap();
        lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{seed}: {error:?}\n{plan}"));
        for step in plan.steps.iter().filter(|step| step.key.disposition == Disposition::Delete) {
            deleted += step.count;
            undeclared += if step.key.undeclared { step.count } else { 0 };
            *expected.get_mut(step.key.kind.as_str()).unwrap() -= i64::try_from(step.count).unwrap();
        }
        assert_eq!(counts(&world, &database.tables).await, expected, "{seed}: {plan}");
        assert_eq!(world.texts("PRAGMA foreign_key_check").await, Vec::<String>::new(), "{seed}");
    }
    assert!(
        deleted > 300 && undeclared > 150,
        "{deleted} rows were deleted, {undeclared} over undeclared keys"
    );
}
