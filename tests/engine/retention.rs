//! Retention: legal grounds, counts, dates, and the items that a receipt leaves open.

use crate::common::request;
use client_lifecycle::domain::instant_text;
use client_lifecycle::plan::Plan;
use client_lifecycle::protocol::Receipt;
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
use serde_json::{Value, json};

/// Plans and carries out the deletion of client `c1`.
async fn deleted(document: &Value, rows: &Value) -> (Plan, Receipt) {
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let store = MemoryStore::from_json(policy.map(), rows).unwrap();
    let lifecycle = Lifecycle::open(store, policy).await.unwrap();
    let lifecycle =
        lifecycle.with_clock("2026-11-20T10:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    let mut request = request("clients", "c1");
    for reference in ["invoices.client_id", "invoices.order_id"] {
        request = request.acknowledge(format!("undated:{reference}"));
    }
    let plan = lifecycle.plan(&request).await.unwrap();
    let receipt = lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error}\n{plan}"));
    (plan, receipt)
}

/// Returns the retaining steps: reference, number of rows, and the numbers of each ground.
fn retained(plan: &Plan) -> Value {
    let steps = plan.steps.iter().filter(|step| !step.grounds.is_empty());
    let steps = steps.map(|step| {
        let grounds = step.grounds.iter().map(|ground| {
            let until = ground.until.map(|until| json!([day(until.first), day(until.last)]));
            json!([ground.basis, ground.count, ground.undated, until])
        });
        let until = step.until.map(|until| json!([day(until.first), day(until.last)]));
        json!([step.key.path.last(), step.count, until, grounds.collect::<Value>()])
    });
    steps.collect()
}

fn day(at: chrono::DateTime<chrono::Utc>) -> String {
    instant_text(at)[..10].to_owned()
}

/// A policy in which invoices refer both to a client and to its orders.
fn shop(client: &Value, order: &Value, orders: &Value) -> Value {
    json!({
        "subject": "clients",
        "kinds": { "clients": {}, "orders": { "fields": { "at": "timestamp" }, "personal": { "note": "null" } },
                   "invoices": { "fields": { "issued_at": "timestamp", "sold_at": "timestamp" } } },
        "references": [
            { "from": "orders.client_id", "to": "clients", "nullable": true },
            { "from": "invoices.client_id", "to": "clients", "nullable": true },
            { "from": "invoices.order_id", "to": "orders", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": {
            "orders.client_id": orders, "invoices.client_id": client, "invoices.order_id": order } } }
    })
}

fn tax() -> Value {
    json!({ "retain": { "for": "P6Y", "from": "issued_at", "basis": "tax" } })
}

fn warranty() -> Value {
    json!({ "retain": { "for": "P10Y", "from": "sold_at", "basis": "warranty" } })
}

#[tokio::test]
async fn a_row_under_two_grounds_is_retained_until_the_last_and_open_under_both() {
    let rows = json!({
        "clients": [ { "id": "c1" } ],
        "orders": [ { "id": "o1", "client_id": "c1", "note": "x", "at": "2026-01-01T00:00:00Z" } ],
        "invoices": [
            { "id": "both", "client_id": "c1", "order_id": "o1", "issued_at": "2024-01-01T00:00:00Z", "sold_at": "2022-05-05T00:00:00Z" },
            { "id": "both, undated", "client_id": "c1", "order_id": "o1", "issued_at": "2023-06-01T00:00:00Z" },
            { "id": "client", "client_id": "c1", "issued_at": "2025-01-01T00:00:00Z" },
            { "id": "order", "order_id": "o1", "sold_at": "2021-01-01T00:00:00Z" },
            { "id": "order, later", "order_id": "o1", "sold_at": "2021-02-01T00:00:00Z" },
            { "id": "order, undated", "order_id": "o1" } ]
    });
    let (plan, receipt) = deleted(&shop(&tax(), &warranty(), &json!("cascade")), &rows).await;
    let expected = json!([
        [
            "invoices.client_id",
            3,
            ["2029-06-02", "2032-05-06"],
            [["tax", 3, 0, ["2029-06-02", "2031-01-02"]], ["warranty", 2, 1, ["2032-05-06", "2032-05-06"]]]
        ],
        [
            "invoices.order_id",
            3,
            ["2031-01-02", "2031-02-02"],
            [["warranty", 3, 1, ["2031-01-02", "2031-02-02"]]]
        ],
    ]);
    assert_eq!(retained(&plan), expected, "{plan}");
    let said = "3 until 2031-01-02 (the first until 2029-06-02) under tax\n           2 until 2032-05-06 under warranty; 1 of";
    assert!(plan.to_string().contains(said), "{plan}");
    let [warning] = &*plan.warnings else { panic!("{plan}") };
    assert_eq!((&*warning.name, warning.count), ("undated:invoices.order_id", 2), "over both references");
    let open = receipt.open.iter().map(|item| json!([item.why, item.count, item.until.map(day)]));
    let open: Value = open.collect();
    assert_eq!(open, json!([["retained: tax", 3, "2031-01-02"], ["retained: warranty", 5, null]]), "{plan}");
}

#[tokio::test]
async fn rows_are_retained_under_the_first_entry_that_applies() {
    let by_state = json!([
        { "when": { "field": "sold_at", "is_null": true }, "retain": { "for": "P6Y", "from": "issued_at", "basis": "tax" } },
        { "retain": { "for": "P10Y", "from": "sold_at", "basis": "warranty" } } ]);
    let rows = json!({
        "clients": [ { "id": "c1" } ], "orders": [],
        "invoices": [
            { "id": "1", "client_id": "c1", "order_id": null, "issued_at": "2024-01-01T00:00:00Z", "sold_at": "2022-05-05T00:00:00Z" },
            { "id": "2", "client_id": "c1", "issued_at": "2023-06-01T00:00:00Z" } ]
    });
    let (plan, _) = deleted(&shop(&by_state, &json!("cascade"), &json!("cascade")), &rows).await;
    let expected = json!([
        [
            "invoices.client_id",
            1,
            ["2029-06-02", "2029-06-02"],
            [["tax", 1, 0, ["2029-06-02", "2029-06-02"]]]
        ],
        [
            "invoices.client_id",
            1,
            ["2032-05-06", "2032-05-06"],
            [["warranty", 1, 0, ["2032-05-06", "2032-05-06"]]]
        ],
    ]);
    assert_eq!(retained(&plan), expected, "{plan}");
}

#[tokio::test]
async fn an_entry_for_parents_that_stay_retains_only_rows_below_them() {
    let keep_orders = [
        (
            "retain",
            json!([{ "when": { "field": "note", "eq": "stays" }, "retain": { "for": "P1Y", "from": "at", "basis": "orders" } }, "cascade"]),
        ),
        (
            "anonymize",
            json!([{ "when": { "field": "note", "eq": "stays" }, "then": "anonymize" }, "cascade"]),
        ),
    ];
    for (parent, orders) in keep_orders {
        let mut below = warranty();
        below["parent"] = json!(parent);
        let rows = json!({
            "clients": [ { "id": "c1" } ],
            "orders": [ { "id": "o1", "client_id": "c1", "note": "stays", "at": "2026-01-01T00:00:00Z" },
                        { "id": "o2", "client_id": "c1", "note": "goes", "at": "2026-01-01T00:00:00Z" } ],
            "invoices": [
                { "id": "1", "client_id": "c1", "order_id": "o1", "issued_at": "2024-01-01T00:00:00Z", "sold_at": "2022-05-05T00:00:00Z" },
                { "id": "2", "client_id": "c1", "order_id": "o2", "issued_at": "2024-02-01T00:00:00Z", "sold_at": "2023-05-05T00:00:00Z" },
                { "id": "3", "order_id": "o1", "sold_at": "2024-05-05T00:00:00Z" },
                { "id": "4", "order_id": "o2", "sold_at": "2025-05-05T00:00:00Z" } ]
        });
        let (plan, _) = deleted(&shop(&tax(), &json!([below, "cascade"]), &orders), &rows).await;
        let invoices: Vec<Value> = retained(&plan).as_array().unwrap()[..]
            .iter()
            .filter(|step| step[0] != "orders.client_id")
            .cloned()
            .collect();
        let expected = json!([
            [
                "invoices.client_id",
                2,
                ["2030-01-02", "2032-05-06"],
                [
                    ["tax", 2, 0, ["2030-01-02", "2030-02-02"]],
                    ["warranty", 1, 0, ["2032-05-06", "2032-05-06"]]
                ]
            ],
            [
                "invoices.order_id",
                1,
                ["2034-05-06", "2034-05-06"],
                [["warranty", 1, 0, ["2034-05-06", "2034-05-06"]]]
            ],
        ]);
        assert_eq!(json!(invoices), expected, "{parent}: {plan}");
    }
}

#[tokio::test]
async fn a_ground_without_rows_is_not_listed() {
    let rows = json!({
        "clients": [ { "id": "c1" } ],
        "orders": [ { "id": "o1", "client_id": "c1", "note": "x", "at": "2026-01-01T00:00:00Z" } ],
        "invoices": [
            { "id": "client", "client_id": "c1", "issued_at": "2025-01-01T00:00:00Z" },
            { "id": "order", "order_id": "o1", "sold_at": "2021-01-01T00:00:00Z" } ]
    });
    let (plan, _) = deleted(&shop(&tax(), &warranty(), &json!("cascade")), &rows).await;
    let expected = json!([
        [
            "invoices.client_id",
            1,
            ["2031-01-02", "2031-01-02"],
            [["tax", 1, 0, ["2031-01-02", "2031-01-02"]]]
        ],
        [
            "invoices.order_id",
            1,
            ["2031-01-02", "2031-01-02"],
            [["warranty", 1, 0, ["2031-01-02", "2031-01-02"]]]
        ],
    ]);
    assert_eq!(retained(&plan), expected, "{plan}");
}
