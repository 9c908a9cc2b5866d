//! Comparing a data map with the catalogue of a database.

use client_lifecycle::store::Store;

use crate::world::*;

async fn faults(ddl: &str, map_text: &str) -> Vec<String> {
    let world = World::new(ddl).await;
    let faults = world.store.check(&map(map_text)).await.unwrap();
    faults.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_map_that_fits_has_no_faults() {
    let found = faults(
        "CREATE TABLE Clients (ID INTEGER PRIMARY KEY, Email TEXT, active BOOLEAN NOT NULL, deleted_at DATETIME);
         CREATE TABLE debts (id UUID PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
                             amount NUMERIC, due VARCHAR(30), at TIMESTAMP);
         CREATE TABLE tags (name TEXT, client_id INTEGER, uid TEXT UNIQUE, PRIMARY KEY (name, client_id));
         CREATE VIEW old AS SELECT id, client_id FROM debts;",
        r#"{"kinds": {
              "clients": {"deleted_at": "deleted_at", "status": {"field": "active", "on": true, "off": false},
                          "personal": {"email": "null"}, "fields": {"active": "boolean"}},
              "debts": {"fields": {"amount": "decimal", "due": "date", "at": "timestamp", "id": "uuid"}},
              "tags": {"id": "uid"}, "old": {}},
            "references": [{"from": "debts.client_id", "to": "clients"}, {"from": "tags.client_id", "to": "clients", "nullable": true},
                           {"from": "old.client_id", "to": "clients", "nullable": true}]}"#,
    );
    assert_eq!(found.await, [""; 0]);
}

#[tokio::test]
async fn every_fault_is_reported_at_once_with_place_and_remedy() {
    let found = faults(
        "CREATE TABLE clients (id BLOB PRIMARY KEY, email TEXT NOT NULL, deleted_at TEXT NOT NULL, age TEXT);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id TEXT, paid_by BLOB NOT NULL, status INTEGER);
         CREATE TABLE pairs (a INTEGER, b INTEGER, PRIMARY KEY (a, b));
         CREATE TABLE loose (id INTEGER);
         CREATE TABLE logs (id INTEGER PRIMARY KEY, who BLOB REFERENCES clients (id) ON DELETE CASCADE);
         CREATE TABLE seen (id INTEGER PRIMARY KEY, who BLOB REFERENCES clients (id) ON DELETE SET NULL);",
        r#"{"kinds": {
              "clients": {"deleted_at": "deleted_at", "personal": {"email": "null"}, "fields": {"age": "integer"}},
              "debts": {"fields": {"status": "text"}, "status": "state"},
              "pairs": {"id": "a"}, "loose": {}, "cars": {}},
            "references": [{"from": "debts.client_id", "to": "clients"}, {"from": "debts.paid_by", "to": "clients", "nullable": true}],
            "excluded": [{"table": "seen", "because": "no personal data"}]}"#,
    );
    insta::assert_snapshot!(found.await.join("\n"));
}
