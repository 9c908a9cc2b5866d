//! More fields than SQLite functions can have arguments.

use client_lifecycle::domain::{Actor, Mode, RecordId, Request};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Map, Value, json};

use crate::world::World;

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
        fields.iter().map(|field| format!("{field} TEXT DEFAULT '}}\u{1}{{'")).collect();
    let world = World::new(&format!(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, {}); INSERT INTO clients (id) VALUES (1)",
        columns.join(", ")
    ))
    .await;
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let request =
        Request::batch(Mode::Anonymize, "clients", [RecordId::from(1)]).by(Actor::new("ana", "ADMIN"));
    let lifecycle = Lifecycle::open(&world.store, policy).await.unwrap();
    lifecycle.execute(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
    let payload = world.texts("SELECT payload FROM lifecycle_outbox").await;
    let payload: Value = serde_json::from_str(&payload[0]).unwrap();
    assert_eq!(payload.as_object().unwrap().len(), 130);
    assert_eq!(payload["f129"], "}\u{1}{");
}
