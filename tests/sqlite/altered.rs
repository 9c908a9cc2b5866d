//! Tables that are altered between plan and apply: the error names the table, and nothing changes.

use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::json;

use crate::world::World;

const TABLES: &str = "
    CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients, status TEXT);
    CREATE TABLE visits (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients, place TEXT);
    INSERT INTO clients VALUES (1, 'x'), (9, 'x'); INSERT INTO debts VALUES (1, 1, 'PAID'), (9, 9, 'PAID');
    INSERT INTO visits VALUES (1, 1, 'p'), (9, 9, 'p');";

fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "debts": { "fields": { "status": "text" } }, "visits": {} },
        "references": [ { "from": "debts.client_id", "to": "clients", "nullable": true },
                        { "from": "visits.client_id", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": {
            "debts.client_id": [ { "when": { "field": "status", "eq": "PENDING" }, "then": "restrict" }, { "then": "cascade" } ],
            "visits.client_id": { "anonymize": { "place": { "text": "gone" } } } } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap()
}

fn delete(id: i64) -> Request {
    Request::hard_delete("clients", id).by(Actor::new("ana", "ADMIN"))
}

#[tokio::test]
async fn an_altered_table_is_named_and_nothing_has_changed() {
    for (alter, code, place) in [
        ("ALTER TABLE debts DROP COLUMN status", "unknown_name", "status"),
        ("ALTER TABLE debts RENAME COLUMN client_id TO owner", "schema_changed", "client_id"),
        ("ALTER TABLE visits DROP COLUMN place", "unknown_name", "visits.place"),
        ("DROP TABLE debts", "unknown_name", "\"debts\""),
        ("ALTER TABLE debts RENAME TO old_debts", "unknown_name", "\"debts\""),
        ("DROP TABLE lifecycle_audit", "unsupported", "lifecycle_audit"),
        ("CREATE TABLE notes (debt INTEGER REFERENCES debts); INSERT INTO notes VALUES (1)", "conflict", "notes.debt"),
        ("CREATE TRIGGER kept BEFORE DELETE ON debts BEGIN SELECT RAISE(IGNORE); END", "interference", "debts"),
        ("CREATE TRIGGER no BEFORE DELETE ON debts BEGIN SELECT RAISE(ABORT, 'not on mondays'); END", "refused", "not on mondays"),
        (
            "ALTER TABLE visits RENAME TO old; CREATE TABLE visits (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL, place TEXT);
             INSERT INTO visits SELECT * FROM old WHERE client_id IS NOT NULL",
            "schema_changed",
            "visits",
        ),
    ] {
        let world = World::new(TABLES).await;
        let lifecycle = Lifecycle::open(&world.store, policy()).await.unwrap();
        // Prepares every statement on the only connection.
        lifecycle.execute(&delete(9)).await.unwrap();
        let plan = lifecycle.plan(&delete(1)).await.unwrap();
        world.run(alter).await;
        let error = lifecycle.apply(&delete(1), &plan).await.expect_err(alter);
        let said = format!("{error:?}");
        assert_eq!(error.code(), code, "{alter}: {said}");
        assert!(said.contains(place), "{alter}: `{place}` is not in {said}");
        assert!(!error.is_retryable(), "{alter}: asked again it would be the same");
        let left = "SELECT (SELECT count(*) FROM clients WHERE id = 1) + (SELECT count(*) FROM lifecycle_operations) * 10";
        assert_eq!(world.number(left).await, 11, "{alter}: nothing has changed");
    }
}
