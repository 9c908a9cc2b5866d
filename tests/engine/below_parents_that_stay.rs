//! Rows below a retained or anonymized parent. Entries with `parent` apply only to these rows.

use crate::common::request;
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
use serde_json::{Value, json};

/// Deletes client `c1` and returns the remaining letters, each with its order. Letter 1 is below a retained order, 2
/// below an anonymized order, and 3 below a deleted order.
async fn letters(rule: &Value) -> Result<Value, String> {
    let orders = json!([
        { "when": { "field": "state", "eq": "retained" }, "retain": { "for": "P1Y", "from": "at", "basis": "law" } },
        { "when": { "field": "state", "eq": "masked" }, "then": "anonymize" }, "cascade" ]);
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "letters": {},
                   "orders": { "fields": { "state": "text", "at": "timestamp" }, "personal": { "note": "null" } } },
        "references": [
            { "from": "orders.client_id", "to": "clients", "nullable": true },
            { "from": "letters.order_id", "to": "orders", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "orders.client_id": orders, "letters.order_id": rule } } }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let order = |id: &str| json!({ "id": id, "client_id": "c1", "state": id, "note": "n", "at": "2026-11-01T00:00:00Z" });
    let rows = json!({
        "clients": [ { "id": "c1" } ],
        "orders": [ order("retained"), order("masked"), order("goes") ],
        "letters": [ { "id": 1, "order_id": "retained" }, { "id": 2, "order_id": "masked" }, { "id": 3, "order_id": "goes" } ]
    });
    let store = MemoryStore::from_json(policy.map(), &rows).unwrap();
    let now: chrono::DateTime<chrono::Utc> = "2026-11-20T10:00:00Z".parse().unwrap();
    let lifecycle = Lifecycle::open(store, policy).await.unwrap().with_clock(now);
    let request = request("clients", "c1");
    let plan = lifecycle.plan(&request).await.unwrap();
    let blocking = plan.blockers.iter().map(|blocker| format!("{} {}", blocker.rule, blocker.sample[0]));
    let blocking: Vec<String> = blocking.collect();
    if !blocking.is_empty() {
        return Err(blocking.join(", "));
    }
    lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error}\n{plan}"));
    let left = lifecycle.store().to_json();
    Ok(left["letters"].as_array().unwrap().iter().map(|row| json!([row["id"], row["order_id"]])).collect())
}

fn below(parent: &str, rule: &str) -> Value {
    json!([{ "parent": parent, "then": rule }, "keep"])
}

#[tokio::test]
async fn a_redirect_applies_only_below_the_parents_of_its_entry() {
    // Letter 3 loses its reference in both cases: its order is deleted, so no entry with `parent` applies to it.
    let left = letters(&below("retain", "set_null")).await;
    assert_eq!(left, Ok(json!([[1, null], [2, "masked"], [3, null]])));
    let left = letters(&below("anonymize", "set_null")).await;
    assert_eq!(left, Ok(json!([[1, "retained"], [2, null], [3, null]])));
}

#[tokio::test]
async fn a_row_is_deleted_only_below_the_parents_of_its_entry() {
    let left = letters(&below("retain", "delete")).await;
    assert_eq!(left, Ok(json!([[2, "masked"], [3, null]])));
    let left = letters(&below("anonymize", "delete")).await;
    assert_eq!(left, Ok(json!([[1, "retained"], [3, null]])));
}

#[tokio::test]
async fn a_row_blocks_only_below_the_parents_of_its_entry() {
    assert_eq!(letters(&below("retain", "protect")).await, Err("protect 1".into()));
    assert_eq!(letters(&below("anonymize", "protect")).await, Err("protect 2".into()));
    assert_eq!(letters(&json!("protect")).await, Err("protect 3".into()));
}
