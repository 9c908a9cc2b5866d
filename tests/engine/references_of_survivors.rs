//! No row that is switched OFF refers to a row that the same operation deletes.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Mode, Request};
use serde_json::{Value, json};

use crate::common::agrees;
use crate::common::backend::{Backend, stores};

#[tokio::test]
async fn a_row_that_is_switched_off_does_not_refer_to_a_deleted_row() {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": { "status": "status" }, "sessions": {}, "carts": { "status": "status" } },
        "references": [
            { "from": "sessions.client_id", "to": "clients" },
            { "from": "carts.client_id", "to": "clients" },
            { "from": "carts.session_id", "to": "sessions", "nullable": true } ],
        "modes": { "deactivate": { "allow": "any", "rules": {
            "sessions.client_id": "delete", "carts.client_id": "cascade", "carts.session_id": "delete" } } }
    });
    let rows = json!({
        "clients": [{ "id": 1, "status": "ON" }],
        "sessions": [{ "id": 1, "client_id": 1 }],
        "carts": [{ "id": 1, "client_id": 1, "session_id": 1, "status": "ON" }]
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    for on in stores().await {
        let backend = Backend::with(on, &policy, &rows).await;
        let lifecycle = backend.lifecycle(&policy).await;
        let request = Request::new(Mode::Deactivate, "clients", 1).by(Actor::new("ana", "ADMIN"));
        let plan = lifecycle.plan(&request).await.unwrap();
        agrees(&plan, &lifecycle.apply(&request, &plan).await.unwrap());
        let carts = backend.rows("carts").await;
        let cart = &carts[0];
        assert_eq!((&cart["status"], &cart["session_id"]), (&json!("OFF"), &Value::Null), "{carts}");
    }
}
