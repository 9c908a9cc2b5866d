//! Rows that one reference keeps although another reference would delete them.

use client_lifecycle::domain::{Actor, Mode, Request};
use client_lifecycle::plan::Plan;
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
use serde_json::{Value, json};

async fn planned(mode: Mode, document: &Value, rows: &Value) -> (Lifecycle<MemoryStore>, Request, Plan) {
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let store = MemoryStore::from_json(policy.map(), rows).unwrap();
    let now: chrono::DateTime<chrono::Utc> = "2026-11-20T10:00:00Z".parse().unwrap();
    let lifecycle = Lifecycle::open(store, policy).await.unwrap().with_clock(now);
    let request = Request::new(mode, "clients", "c1").by(Actor::new("ana", "ADMIN"));
    let plan = lifecycle.plan(&request).await.unwrap();
    (lifecycle, request, plan)
}

#[tokio::test]
async fn a_row_restricts_unless_another_reference_deletes_it() {
    let retain = json!({ "retain": { "for": "P1Y", "from": "at", "basis": "law" } });
    for (over_order, blocks) in [
        (json!("cascade"), false),
        (json!("delete"), false),
        (json!("keep"), true),
        (json!("anonymize"), true),
        (json!("soft_delete"), true),
        (retain, true),
    ] {
        let document = json!({
            "subject": "clients",
            "kinds": { "clients": {}, "orders": {},
                       "letters": { "deleted_at": "deleted_at", "personal": { "text": "null" }, "fields": { "at": "timestamp" } } },
            "references": [
                { "from": "orders.client_id", "to": "clients" },
                { "from": "letters.client_id", "to": "clients", "nullable": true },
                { "from": "letters.order_id", "to": "orders", "nullable": true } ],
            "modes": { "hard_delete": { "allow": "any", "rules": {
                "orders.client_id": "cascade", "letters.client_id": "restrict", "letters.order_id": over_order } } }
        });
        let rows = json!({
            "clients": [ { "id": "c1" } ], "orders": [ { "id": "o1", "client_id": "c1" } ],
            "letters": [ { "id": "l1", "client_id": "c1", "order_id": "o1", "text": "x", "deleted_at": null,
                           "at": "2026-11-01T00:00:00Z" } ]
        });
        let (_, _, plan) = planned(Mode::HardDelete, &document, &rows).await;
        assert_eq!(plan.blockers.len(), usize::from(blocks), "{over_order}: {plan}");
    }
}

#[tokio::test]
async fn a_soft_delete_of_a_cycle_also_stops_at_kept_rows() {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": { "deleted_at": "deleted_at" },
                   "notes": { "deleted_at": "deleted_at", "personal": { "text": "null" } } },
        "references": [
            { "from": "notes.client_id", "to": "clients", "nullable": true },
            { "from": "notes.author_id", "to": "clients", "nullable": true },
            { "from": "notes.above", "to": "notes", "nullable": true } ],
        "modes": { "soft_delete": { "allow": "any", "rules": {
            "notes.client_id": "cascade", "notes.author_id": "anonymize", "notes.above": "cascade" } } }
    });
    let note = |id: &str, client: Value, author: Value, above: Value| json!({ "id": id, "client_id": client, "author_id": author, "above": above, "text": "x", "deleted_at": null });
    let rows = json!({
        "clients": [ { "id": "c1", "deleted_at": null } ],
        "notes": [ note("stays", json!("c1"), json!("c1"), Value::Null),
                   note("below it", Value::Null, Value::Null, json!("stays")),
                   note("goes", json!("c1"), Value::Null, Value::Null),
                   note("goes with it", Value::Null, Value::Null, json!("goes")) ]
    });
    let (lifecycle, request, plan) = planned(Mode::SoftDelete, &document, &rows).await;
    lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error}\n{plan}"));
    let left = lifecycle.store().to_json();
    let marked: Vec<&str> = left["notes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| !row["deleted_at"].is_null())
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    assert_eq!(marked, ["goes", "goes with it"], "{plan}");
}

/// A row that was soft-deleted earlier keeps its reference to the deleted parent, because a soft deletion does not
/// change it again.
#[tokio::test]
async fn a_row_marked_earlier_keeps_its_parent_as_a_tombstone_or_loses_its_reference() {
    for (nullable, order_left, reference) in [
        (false, json!([{ "id": "o1", "client_id": "c1", "note": null }]), json!("o1")),
        (true, json!([]), Value::Null),
    ] {
        let document = json!({
            "subject": "clients",
            "kinds": { "clients": { "deleted_at": "deleted_at" },
                       "orders": { "tombstone": true, "personal": { "note": "null" } },
                       "letters": { "deleted_at": "deleted_at" } },
            "references": [
                { "from": "orders.client_id", "to": "clients" },
                { "from": "letters.order_id", "to": "orders", "nullable": nullable } ],
            "modes": { "soft_delete": { "allow": "any", "rules": {
                "orders.client_id": "delete", "letters.order_id": "soft_delete" } } }
        });
        let rows = json!({
            "clients": [ { "id": "c1", "deleted_at": null } ],
            "orders": [ { "id": "o1", "client_id": "c1", "note": "ring twice" } ],
            "letters": [ { "id": "l1", "order_id": "o1", "deleted_at": "2026-01-01T00:00:00Z" } ]
        });
        let (lifecycle, request, plan) = planned(Mode::SoftDelete, &document, &rows).await;
        lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error}\n{plan}"));
        let left = lifecycle.store().to_json();
        assert_eq!(left["orders"], order_left, "{plan}");
        assert_eq!(left["letters"][0]["order_id"], reference, "{plan}");
        assert_eq!(left["letters"][0]["deleted_at"], "2026-01-01T00:00:00Z", "{plan}");
    }
}
