//! The first policy of tables with keys of several columns: it declares all of them, and can be carried out.

use std::collections::BTreeMap;

use client_lifecycle::domain::{Actor, Reason, Request};
use client_lifecycle::sql::{findings, first_policy};
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::json;

use crate::world::*;

const TABLES: [&str; 5] = ["clients", "groups", "memberships", "orders", "order_lines"];

async fn counts(world: &World) -> BTreeMap<String, i64> {
    let mut found = BTreeMap::new();
    for table in TABLES {
        found.insert(table.to_owned(), world.number(&format!("SELECT count(*) FROM {table}")).await);
    }
    found
}

#[tokio::test]
async fn link_tables_and_order_lines_are_declared_and_deleted() {
    let world = World::new(
        "CREATE TABLE clients (id int PRIMARY KEY, name text);
         CREATE TABLE groups (id int PRIMARY KEY, name text);
         CREATE TABLE memberships (client_id int NOT NULL REFERENCES clients ON DELETE CASCADE,
             group_id int NOT NULL REFERENCES groups, PRIMARY KEY (client_id, group_id));
         CREATE TABLE orders (id int PRIMARY KEY, client_id int NOT NULL REFERENCES clients);
         CREATE INDEX orders_by_client ON orders (client_id);
         CREATE TABLE order_lines (order_id int NOT NULL REFERENCES orders, line int NOT NULL, item text,
             PRIMARY KEY (order_id, line));
         INSERT INTO clients VALUES (1, 'Ann'), (2, 'Bea'); INSERT INTO groups VALUES (1, 'g');
         INSERT INTO memberships VALUES (1, 1), (2, 1); INSERT INTO orders VALUES (1, 1), (2, 2);
         INSERT INTO order_lines VALUES (1, 1, 'x'), (1, 2, 'y'), (2, 1, 'z');",
    )
    .await;
    let catalogue = world.store.catalogue().await.unwrap();
    let policy = first_policy(&catalogue, "clients").unwrap();
    let mut document = serde_json::to_value(&policy).unwrap();
    assert!(document.get("excluded").is_none(), "{document:#}");
    assert_eq!(document["kinds"]["order_lines"]["id"], json!(["order_id", "line"]));
    assert_eq!(document["kinds"]["memberships"]["id"], json!(["client_id", "group_id"]));
    let found = findings(&policy, &catalogue);
    assert!(found.is_empty(), "{found:#?}");

    document["modes"]["hard_delete"]["rules"] = json!({ "*": "cascade" });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let lifecycle = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy).await.unwrap();
    let request =
        Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN")).with_reason(Reason::PrivacyRequest);
    let mut expected = counts(&world).await;
    let plan = lifecycle.plan(&request).await.unwrap();
    lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
    for step in &plan.steps {
        *expected.get_mut(step.key.kind.as_str()).unwrap() -= i64::try_from(step.count).unwrap();
    }
    assert_eq!(counts(&world).await, expected, "{plan}");
    for sql in [
        "SELECT id FROM clients UNION ALL SELECT client_id FROM memberships UNION ALL SELECT client_id FROM orders",
        "SELECT order_id FROM order_lines",
    ] {
        assert!(world.texts(sql).await.iter().all(|id| id == "2"), "{plan}");
    }
}
