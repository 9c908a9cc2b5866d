//! Masks that write a value of the type of their field, on every store.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Request};
use serde_json::{Value, json};

use crate::common::backend::{Backend, stores};

fn policy(masks: &Value) -> Result<DeletionPolicy, String> {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {
            "fields": { "age": "integer", "vip": "boolean", "born": "date", "notes": "json" },
            "personal": masks
        } },
        "modes": { "anonymize": { "allow": "any" } }
    });
    DeletionPolicy::from_json(&document.to_string()).map_err(|faults| faults.to_string())
}

#[tokio::test]
async fn a_value_of_any_type_replaces_the_value() {
    let masks = json!({ "name": { "value": "nobody" }, "age": { "value": 0 }, "vip": { "value": false },
                        "born": { "value": "1900-01-01" } });
    let policy = policy(&masks).unwrap();
    let client = |id: i64| json!({ "id": id, "name": "Ana", "age": 41, "vip": true, "born": "1984-05-06", "notes": "x" });
    for on in stores().await {
        let backend = Backend::with(on, &policy, &json!({ "clients": [client(1), client(2)] })).await;
        let request = Request::anonymize("clients", 1).by(Actor::new("ana", "ADMIN"));
        let done = backend.lifecycle(&policy).await.execute(&request).await;
        done.unwrap_or_else(|error| panic!("{on:?}: {error:?}"));
        let rows = backend.rows("clients").await;
        let (masked, other) = (&rows[0], &rows[1]);
        assert_eq!((&masked["name"], &masked["age"]), (&json!("nobody"), &json!(0)), "{on:?}");
        // SQLite stores booleans as integers.
        assert!(masked["vip"] == false || masked["vip"] == 0, "{on:?}: {masked}");
        assert!(masked["born"].as_str().unwrap().starts_with("1900-01-01"), "{on:?}: {masked}");
        assert_eq!((&other["name"], &other["age"]), (&json!("Ana"), &json!(41)), "{on:?}");
    }
}

#[test]
fn a_value_of_another_type_than_the_field_is_a_fault() {
    for (field, value) in
        [("age", json!("old")), ("vip", json!(7)), ("born", json!(true)), ("name", json!(null))]
    {
        let faults = policy(&json!({ field: { "value": value } })).unwrap_err();
        assert!(faults.contains(&format!("kinds.clients.personal.{field}")), "{faults}");
    }
    assert!(policy(&json!({ "notes": { "value": { "masked": [1, "x"] } } })).is_ok());
}
