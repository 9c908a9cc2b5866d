//! Rows that several references anonymize with different masks. Such a row gets the masks of every deciding entry, and
//! is counted once.

use crate::common::request;
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
use serde_json::{Value, json};

/// Deletes client `c1`. Returns the letters, and the count of each step.
async fn letters(orders: &Value, by_client: &Value, by_order: &Value) -> (Value, Vec<(String, u64)>) {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "orders": { "personal": { "note": "null" } },
                   "letters": { "personal": { "from": "null", "to": "null", "text": "null" } } },
        "references": [
            { "from": "orders.client_id", "to": "clients", "nullable": true },
            { "from": "letters.client_id", "to": "clients", "nullable": true },
            { "from": "letters.order_id", "to": "orders", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": {
            "orders.client_id": orders, "letters.client_id": by_client, "letters.order_id": by_order } } }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let letter = |id: &str, client: Value, order: Value| json!({ "id": id, "client_id": client, "order_id": order, "from": "f", "to": "t", "text": "x" });
    let rows = json!({
        "clients": [ { "id": "c1" } ],
        "orders": [ { "id": "stays", "client_id": "c1", "note": "n" }, { "id": "goes", "client_id": "c1", "note": null } ],
        "letters": [
            letter("1", json!("c1"), Value::Null), letter("2", Value::Null, json!("stays")),
            letter("3", json!("c1"), json!("stays")), letter("4", json!("c1"), json!("goes")) ]
    });
    let store = MemoryStore::from_json(policy.map(), &rows).unwrap();
    let lifecycle = Lifecycle::open(store, policy).await.unwrap();
    let request = request("clients", "c1");
    let plan = lifecycle.plan(&request).await.unwrap();
    lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error}\n{plan}"));
    let left = lifecycle.store().to_json();
    let left = left["letters"].as_array().unwrap().iter().map(|row| {
        let kept = ["from", "to", "text"].into_iter().filter(|field| !row[*field].is_null());
        json!([row["id"], kept.collect::<Vec<_>>()])
    });
    let steps = plan.steps.iter().filter(|step| step.key.disposition.as_str() == "anonymize");
    let steps = steps.filter(|step| step.key.kind == "letters");
    let counts = steps.map(|step| (step.key.path.last().unwrap().to_string(), step.count)).collect();
    (left.collect(), counts)
}

fn counted(by_client: u64, by_order: u64) -> Vec<(String, u64)> {
    vec![("letters.client_id".into(), by_client), ("letters.order_id".into(), by_order)]
}

#[tokio::test]
async fn a_row_below_two_parents_gets_the_masks_of_both() {
    let (from, to) = (json!({ "anonymize": { "from": "null" } }), json!({ "anonymize": { "to": "null" } }));
    let (left, counts) = letters(&json!("cascade"), &from, &to).await;
    assert_eq!(
        left,
        json!([["1", ["to", "text"]], ["2", ["from", "text"]], ["3", ["text"]], ["4", ["text"]]])
    );
    assert_eq!(counts, counted(3, 1));
}

#[tokio::test]
async fn an_entry_for_parents_that_stay_masks_only_rows_below_them() {
    let stays = json!([{ "when": { "field": "note", "is_null": true }, "then": "cascade" }, "anonymize"]);
    let from = json!({ "anonymize": { "from": "null" } });
    let below = json!([{ "parent": "anonymize", "anonymize": { "to": "null" } }, "keep"]);
    let (left, counts) = letters(&stays, &from, &below).await;
    assert_eq!(
        left,
        json!([["1", ["to", "text"]], ["2", ["from", "text"]], ["3", ["text"]], ["4", ["to", "text"]]])
    );
    assert_eq!(counts, counted(3, 1));
}

#[tokio::test]
async fn entries_with_the_same_masks_mask_once() {
    let all = json!("anonymize");
    let (left, counts) = letters(&json!("cascade"), &all, &all).await;
    assert_eq!(left, json!([["1", []], ["2", []], ["3", []], ["4", []]]));
    assert_eq!(counts, counted(3, 1));
}
