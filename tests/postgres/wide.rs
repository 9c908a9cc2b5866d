//! More fields, rules and kinds than PostgreSQL functions can have arguments.

use client_lifecycle::domain::{Mode, RecordId, Request};
use client_lifecycle::policy::{cascade, restrict};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Map, Value, json};

use crate::world::{World, delete};

#[tokio::test]
async fn a_row_of_130_fields_is_masked_reported_and_recorded() {
    let fields: Vec<String> = (0..130).map(|n| format!("f{n}")).collect();
    let personal: Map<String, Value> =
        fields.iter().map(|field| (field.clone(), json!({ "text": "x" }))).collect();
    let document = json!({
        "subject": "clients", "kinds": { "clients": { "personal": personal } }, "references": [],
        "modes": { "anonymize": { "allow": "any", "effects": [ { "topic": "gone", "fields": fields } ] } }
    });
    let columns: Vec<String> =
        fields.iter().map(|field| format!("{field} text DEFAULT '}}\u{1}{{'")).collect();
    let ddl = format!(
        "CREATE TABLE clients (id integer PRIMARY KEY, {}); INSERT INTO clients VALUES (1)",
        columns.join(", ")
    );
    let Some(world) = World::new(&ddl, &document).await else { return };
    let request = Request::batch(Mode::Anonymize, "clients", [RecordId::from(1)])
        .by(client_lifecycle::domain::Actor::new("ana", "ADMIN"));
    world.lifecycle().await.execute(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
    let payload: Value =
        serde_json::from_str(&world.text("SELECT payload::text FROM lifecycle_outbox").await).unwrap();
    assert_eq!(payload.as_object().unwrap().len(), 130);
    assert_eq!(payload["f129"], "}\u{1}{");
    assert_eq!(world.text("SELECT f0 || f129 FROM clients").await, "xx");
}

/// One statement deletes the whole cycle and returns the number of rows of each step.
#[tokio::test]
async fn a_cycle_of_more_than_100_kinds_is_deleted_in_one_statement() {
    const KINDS: usize = 110;
    let mut policy = DeletionPolicy::of("clients").reference_with(
        "clients.last",
        format!("k{}", KINDS - 1),
        |reference| reference.nullable(),
    );
    let mut ddl = vec![format!(
        "CREATE TABLE clients (id integer PRIMARY KEY, last integer); INSERT INTO clients VALUES (1, {}), (2, NULL);",
        KINDS - 1
    )];
    for n in 0..KINDS {
        let to = if n == 0 { "clients".to_owned() } else { format!("k{}", n - 1) };
        policy = policy.reference(format!("k{n}.up"), to.clone());
        let value = if n == 0 { 1 } else { n - 1 };
        ddl.push(format!(
            "CREATE TABLE k{n} (id integer PRIMARY KEY, up integer NOT NULL REFERENCES {to}); INSERT INTO k{n} VALUES ({n}, {value});"
        ));
    }
    ddl.push(format!("ALTER TABLE clients ADD FOREIGN KEY (last) REFERENCES k{}", KINDS - 1));
    let policy = policy
        .hard_delete(|mode| mode.allow("ADMIN").rule("clients.last", restrict()).others(cascade()))
        .build()
        .unwrap_or_else(|faults| panic!("{faults}"));
    let Some(world) = World::new(&ddl.concat(), &crate::world::clinic()).await else { return };
    let lifecycle = Lifecycle::open(world.store(), policy).await.unwrap_or_else(|error| panic!("{error}"));
    let receipt = lifecycle.execute(&delete(1)).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(receipt.steps.iter().map(|step| step.actual).sum::<u64>(), KINDS as u64 + 1);
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 1);
}
