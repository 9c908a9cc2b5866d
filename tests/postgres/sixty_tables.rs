//! A first policy for databases of sixty tables with keys of every kind, in one schema and in three, carried out.

use std::collections::BTreeMap;

use client_lifecycle::domain::{Actor, Reason, Request};
use client_lifecycle::protocol::Disposition;
use client_lifecycle::sql::first_policy;
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
    all_rows_are_named(&[]).await;
}

/// Each schema has tables of the same names, and only one schema is in the search path.
#[tokio::test]
async fn the_plan_names_every_row_that_goes_from_sixty_tables_in_three_schemas() {
    all_rows_are_named(&["crm", "reporting"]).await;
}

async fn all_rows_are_named(schemas: &[&str]) {
    let mut deleted = 0;
    for seed in 0..10 {
        let database = generated(seed, true, schemas);
        let any =
            json!({ "subject": "x", "kinds": { "x": {} }, "modes": { "hard_delete": { "allow": "any" } } });
        let Some(world) = World::new(&database.statements, &any).await else { return };
        let policy = first_policy(&world.store().catalogue().await.unwrap(), "clients").unwrap();
        let mut document = serde_json::to_value(&policy).unwrap();
        assert!(document.get("excluded").is_none(), "{seed}: {document:#}");
        document["modes"]["hard_delete"]["rules"] = json!({ "*": "cascade" });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let map = policy.map().clone();
        let lifecycle =
            Lifecycle::open(world.store(), policy).await.unwrap_or_else(|error| panic!("{seed}: {error}"));
        let request = Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN"));
        let request = request.with_reason(Reason::PrivacyRequest);

        let mut expected = counts(&world, &database.tables).await;
        let plan = lifecycle.plan(&request).await.unwrap();
        lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{seed}: {error:?}\n{plan}"));
        for step in &plan.steps {
            deleted += step.count;
            let table = map.kind(&step.key.kind).unwrap().table_name().to_string();
            *expected.get_mut(&table).unwrap() -= i64::try_from(step.count).unwrap();
        }
        assert_eq!(counts(&world, &database.tables).await, expected, "{seed}: {plan}");
    }
    assert!(deleted > 500, "{deleted} rows were deleted");
}

/// Half of the foreign keys and a third of the tables are not in the policy.
#[tokio::test]
async fn the_plan_names_every_row_that_goes_although_the_policy_leaves_tables_and_keys_out() {
    let (mut deleted, mut undeclared) = (0, 0);
    for (seed, schemas) in (0..6).zip([&[][..], &["crm", "reporting"]].into_iter().cycle()) {
        let database = generated_with(seed, true, schemas, &["ON DELETE CASCADE", "ON DELETE SET NULL"]);
        let any =
            json!({ "subject": "x", "kinds": { "x": {} }, "modes": { "hard_delete": { "allow": "any" } } });
        let Some(world) = World::new(&database.statements, &any).await else { return };
        let policy = first_policy(&world.store().catalogue().await.unwrap(), "clients").unwrap();
        let mut document = serde_json::to_value(&policy).unwrap();
        leave_out(&mut document);
        document["modes"]["hard_delete"]["rules"] = json!({ "*": "cascade" });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let map = policy.map().clone();
        let lifecycle =
            Lifecycle::open(world.store(), policy).await.unwrap_or_else(|error| panic!("{seed}: {error}"));
        let request = Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN"));
        let request = request.with_reason(Reason::PrivacyRequest);

        let mut expected = counts(&world, &database.tables).await;
        let plan = lifecycle.plan(&request).await.unwrap();
        lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{seed}: {error:?}\n{plan}"));
        for step in plan.steps.iter().filter(|step| step.key.disposition == Disposition::Delete) {
            deleted += step.count;
            undeclared += if step.key.undeclared { step.count } else { 0 };
            // A kind that only a foreign key leads to has the name of its table.
            let declared = map.kind(&step.key.kind).map(|kind| kind.table_name().to_string());
            let table = declared.unwrap_or_else(|| step.key.kind.to_string());
            *expected.get_mut(&table).unwrap() -= i64::try_from(step.count).unwrap();
        }
        assert_eq!(counts(&world, &database.tables).await, expected, "{seed}: {plan}");
    }
    assert!(
        deleted > 150 && undeclared > 75,
        "{deleted} rows were deleted, {undeclared} over undeclared keys"
    );
}
