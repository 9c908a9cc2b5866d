//! Foreign keys: the same rows remain whatever the keys' actions, and whenever the keys are checked.

use client_lifecycle::sql::{FindingCode, findings};
use client_lifecycle::{Lifecycle, MemoryStore};
use serde_json::{Value, json};

use crate::world::{CLINIC, World, clinic, delete, policy};

/// A policy with every rule that keeps or removes rows, on chains, a diamond, and a table that refers to itself.
fn document() -> Value {
    json!({
        "subject": "clients",
        "kinds": {
            "clients": {},
            "bookings": { "fields": { "state": "text" } },
            "items": {}, "parts": {},
            "invoices": { "fields": { "issued_at": "timestamp" }, "personal": { "name": { "text": "gone" } } },
            "notes": {}, "sessions": {}, "debts": { "fields": { "status": "text" } }
        },
        "references": [
            { "from": "bookings.client_id", "to": "clients", "nullable": true },
            { "from": "items.booking_id", "to": "bookings" },
            { "from": "items.client_id", "to": "clients", "nullable": true },
            { "from": "parts.part_of", "to": "parts", "nullable": true },
            { "from": "parts.item_id", "to": "items" },
            { "from": "invoices.client_id", "to": "clients", "nullable": true },
            { "from": "notes.client_id", "to": "clients", "nullable": true },
            { "from": "sessions.client_id", "to": "clients", "nullable": true },
            { "from": "debts.client_id", "to": "clients", "nullable": true }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": {
            "bookings.client_id": [ { "when": { "field": "state", "eq": "OPEN" }, "then": "cascade" }, { "then": "set_null" } ],
            "items.booking_id": "cascade", "items.client_id": "restrict",
            "parts.part_of": "cascade", "parts.item_id": "cascade",
            "invoices.client_id": { "retain": { "for": "P6Y", "from": "issued_at", "basis": "tax law" }, "on_survive": "set_null" },
            "notes.client_id": { "set_default": 2 }, "sessions.client_id": "delete",
            "debts.client_id": { "anonymize": { "status": { "text": "x" } } }
        } } }
    })
}

fn rows() -> Value {
    json!({
        "clients": [ { "id": 1 }, { "id": 2 } ],
        "bookings": [ { "id": 1, "client_id": 1, "state": "OPEN" }, { "id": 2, "client_id": 1, "state": "DONE" },
                      { "id": 3, "client_id": 2, "state": "OPEN" } ],
        "items": [ { "id": 1, "booking_id": 1, "client_id": 1 }, { "id": 2, "booking_id": 2, "client_id": 2 } ],
        "parts": [ { "id": 1, "part_of": null, "item_id": 1 }, { "id": 2, "part_of": 1, "item_id": 1 },
                   { "id": 3, "part_of": 2, "item_id": 2 }, { "id": 4, "part_of": null, "item_id": 2 } ],
        "invoices": [ { "id": 1, "client_id": 1, "issued_at": "2026-01-01T00:00:00.000Z", "name": "Ana" },
                      { "id": 2, "client_id": 1, "issued_at": "2001-01-01T00:00:00.000Z", "name": "Ana" } ],
        "notes": [ { "id": 1, "client_id": 1 }, { "id": 2, "client_id": 2 } ],
        "sessions": [ { "id": 1, "client_id": 1 }, { "id": 2, "client_id": 2 } ],
        "debts": [ { "id": 1, "client_id": 1, "status": "PAID" }, { "id": 2, "client_id": 2, "status": "PAID" } ]
    })
}

fn ddl(on_delete: &str, checked: &str) -> String {
    let key = |to: &str| format!("integer DEFAULT 2 REFERENCES {to} ON DELETE {on_delete} {checked}");
    let (client, booking, item, part) = (key("clients"), key("bookings"), key("items"), key("parts"));
    format!(
        "CREATE TABLE clients (id integer PRIMARY KEY);
         CREATE TABLE bookings (id integer PRIMARY KEY, client_id {client}, state text);
         CREATE TABLE items (id integer PRIMARY KEY, booking_id {booking} NOT NULL, client_id {client});
         CREATE TABLE parts (id integer PRIMARY KEY, part_of {part}, item_id {item} NOT NULL);
         CREATE TABLE invoices (id integer PRIMARY KEY, client_id {client}, issued_at timestamptz, name text);
         CREATE TABLE notes (id integer PRIMARY KEY, client_id {client});
         CREATE TABLE sessions (id integer PRIMARY KEY, client_id {client});
         CREATE TABLE debts (id integer PRIMARY KEY, client_id {client}, status text);"
    )
}

const TABLES: [&str; 8] = ["clients", "bookings", "items", "parts", "invoices", "notes", "sessions", "debts"];

/// Returns the rows that the memory store leaves, with instants as PostgreSQL writes them.
async fn expected() -> Value {
    let policy = policy(&document());
    let store = MemoryStore::from_json(policy.map(), &rows()).unwrap();
    let lifecycle = Lifecycle::open(store, policy).await.unwrap();
    lifecycle.execute(&delete(1)).await.unwrap();
    let mut left = lifecycle.store().to_json();
    let left = left.as_object_mut().unwrap();
    left.retain(|name, _| TABLES.contains(&name.as_str()));
    for row in left["invoices"].as_array_mut().unwrap() {
        row["issued_at"] = "2026-01-01T00:00:00+00:00".into();
    }
    Value::Object(left.clone())
}

async fn left(world: &World) -> Value {
    let mut left = serde_json::Map::new();
    for table in TABLES {
        let sql = format!("SELECT COALESCE(json_agg(to_jsonb(r) ORDER BY id), '[]')::text FROM {table} AS r");
        left.insert(table.into(), serde_json::from_str(&world.text(&sql).await).unwrap());
    }
    Value::Object(left)
}

#[tokio::test]
async fn the_same_rows_survive_with_any_foreign_key_actions_and_check_times() {
    let expected = expected().await;
    let bookings = expected["bookings"].as_array().unwrap();
    assert_eq!(bookings.len(), 2, "the open one of the client went: {expected}");
    for on_delete in ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"] {
        for checked in ["", "DEFERRABLE INITIALLY IMMEDIATE", "DEFERRABLE INITIALLY DEFERRED"] {
            let Some(world) = World::new(&ddl(on_delete, checked), &document()).await else { return };
            for table in TABLES {
                let rows = rows()[table].to_string();
                let sql = format!(
                    "INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, '{rows}')"
                );
                world.run(&sql).await;
            }
            world.run("SET TIME ZONE 'UTC'").await;
            let done = world.lifecycle().await.execute(&delete(1)).await;
            done.unwrap_or_else(|error| panic!("{on_delete} {checked}: {error:?}"));
            assert_eq!(left(&world).await, expected, "{on_delete} {checked}");
        }
    }
}

async fn codes(world: &World) -> Vec<(FindingCode, String)> {
    let catalogue = world.store().catalogue().await.unwrap();
    let found = findings(&world.policy, &catalogue);
    found.into_iter().map(|finding| (finding.code, finding.path)).collect()
}

/// A NOT VALID key prevents new dangling references, so it protects. Older references may dangle.
#[tokio::test]
async fn a_not_valid_key_protects_and_is_reported() {
    let ddl = format!(
        "{CLINIC} ALTER TABLE debts DROP CONSTRAINT debts_client_id_fkey;
         INSERT INTO debts (client_id, status) VALUES ('00000000-0000-0000-0000-000000000009', 'PAID');
         ALTER TABLE debts ADD CONSTRAINT debts_client FOREIGN KEY (client_id) REFERENCES clients NOT VALID"
    );
    let Some(world) = World::new(&ddl, &clinic()).await else { return };
    let path = "references.debts.client_id".to_owned();
    assert_eq!(codes(&world).await, [(FindingCode::UnvalidatedForeignKey, path)]);
    let insert =
        "INSERT INTO debts (client_id, status) VALUES ('00000000-0000-0000-0000-000000000008', 'NEW')";
    let refused = client_lifecycle::postgres::sqlx::raw_sql(insert).execute(&world.schema.pool).await;
    assert!(refused.is_err(), "a new dangling row is refused");
}

/// A key is not enforced if its triggers are disabled, or if only one partition has it.
#[tokio::test]
async fn an_unenforced_key_does_not_protect() {
    let ddl = format!("{CLINIC} ALTER TABLE debts DISABLE TRIGGER ALL");
    let Some(world) = World::new(&ddl, &clinic()).await else { return };
    let unprotected = |path: &str| (FindingCode::UnprotectedReference, format!("references.{path}"));
    assert_eq!(codes(&world).await, [unprotected("debts.client_id")]);

    let ddl = format!(
        "{CLINIC} DROP TABLE debts;
         CREATE TABLE debts (id bigint PRIMARY KEY, client_id uuid NOT NULL, status text) PARTITION BY HASH (id);
         CREATE TABLE debts_0 PARTITION OF debts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE debts_1 PARTITION OF debts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         CREATE INDEX ON debts (client_id);
         ALTER TABLE debts_0 ADD FOREIGN KEY (client_id) REFERENCES clients"
    );
    let Some(world) = World::new(&ddl, &clinic()).await else { return };
    assert_eq!(codes(&world).await, [unprotected("debts.client_id")]);
}

/// The report on a composite key names all its columns on both sides.
#[tokio::test]
async fn an_id_that_is_a_part_of_the_key_is_reported() {
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY, tenant integer NOT NULL, UNIQUE (tenant, id));
         CREATE TABLE debts (tenant integer, client_id integer NOT NULL, number integer, id integer NOT NULL UNIQUE,
             PRIMARY KEY (tenant, number), FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, id));
         CREATE TABLE tags (client_id integer REFERENCES clients, name text, PRIMARY KEY (client_id, name));
         CREATE INDEX ON debts (client_id)";
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let Some(world) = World::new(ddl, &document).await else { return };
    let found = findings(&world.policy, &world.store().catalogue().await.unwrap());
    let said: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1, "the composite key that holds the reference protects it: {said:#?}");
    assert!(said[0].contains("uncovered_table at kinds.tags"), "{said:#?}");
    world.run("INSERT INTO clients VALUES (1, 5); INSERT INTO debts VALUES (5, 1, 1, 7)").await;
    world.lifecycle().await.execute(&delete(1)).await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 0);

    let mut document = document;
    document["kinds"]["tags"] = json!({ "id": "client_id" });
    let faults = Lifecycle::open(world.store(), policy(&document)).await.unwrap_err().to_string();
    let part = "the column `client_id` is only a part of the primary key (`client_id`, `name`)";
    assert!(faults.contains(part), "{faults}");
}

/// PostgreSQL allows 32 columns in an index, so a key of more fields cannot be proven unique.
#[tokio::test]
async fn a_key_of_a_hundred_fields_is_refused_without_a_unique_index() {
    let names: Vec<String> = (0..100).map(|number| format!("k{number}")).collect();
    let columns: Vec<String> = names.iter().map(|name| format!("{name} integer NOT NULL")).collect();
    let ddl = format!("CREATE TABLE clients ({})", columns.join(", "));
    let document = json!({
        "subject": "clients", "kinds": { "clients": { "id": names } },
        "modes": { "hard_delete": { "allow": "any", "rules": {} } }
    });
    let Some(world) = World::new(&ddl, &document).await else { return };
    let error = Lifecycle::open(world.store(), policy(&document)).await.unwrap_err().to_string();
    assert!(error.contains("kinds.clients.id: the columns `k0`, `k1`"), "{error}");
    assert!(error.contains("are not unique together (use the primary key as `id`, or add a unique index)"));
}
