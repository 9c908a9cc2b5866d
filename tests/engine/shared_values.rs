//! References to a value that two records come to share after the policy was opened.

use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::common::backend::{Backend, On, on_every_store};
use crate::common::steps;

fn policy(rule: &str) -> DeletionPolicy {
    let document = json!({
        "subject": "customers",
        "kinds": { "customers": { "fields": { "code": { "type": "text", "unique": true } } }, "orders": {} },
        "references": [
            { "from": "orders.code", "to": "customers.code", "compare": "ignore_ascii_case", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "orders.code": rule } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn rows() -> Value {
    json!({
        "customers": [ { "id": 1, "code": "Abc" }, { "id": 3, "code": "Xyz" } ],
        "orders": [ { "id": 1, "code": "abC" }, { "id": 2, "code": "xyz" } ]
    })
}

on_every_store! {
    async fn a_row_goes_with_the_first_of_the_records_that_share_its_value(on: On) {
        let policy = policy("cascade");
        let backend = Backend::with(on, &policy, &rows()).await;
        let lifecycle = backend.lifecycle(&policy).await;
        backend.insert("customers", json!({ "id": 2, "code": "aBC" })).await;
        let request = Request::hard_delete("customers", 1).by(Actor::new("ana", "ADMIN"));
        let plan = lifecycle.plan(&request).await.unwrap();
        assert_eq!(steps(&plan), json!([["orders", "delete", 1], ["customers", "delete", 1]]), "{plan}");
        lifecycle.apply(&request, &plan).await.unwrap();
        assert_eq!(backend.rows("orders").await, json!([ { "id": 2, "code": "xyz" } ]));
        assert_eq!(backend.rows("customers").await.as_array().unwrap().len(), 2);
    }

    async fn a_row_of_two_records_that_go_is_counted_once(on: On) {
        for (rule, left) in [("cascade", json!([])), ("set_null", json!([{ "id": 1 }]))] {
            let policy = policy(rule);
            let backend = Backend::with(on, &policy, &rows()).await;
            let lifecycle = backend.lifecycle(&policy).await;
            backend.insert("customers", json!({ "id": 2, "code": "aBC" })).await;
            let both = [1, 2].map(RecordId::from);
            let request = Request::batch(client_lifecycle::domain::Mode::HardDelete, "customers", both)
                .by(Actor::new("ana", "ADMIN"));
            let plan = lifecycle.plan(&request).await.unwrap();
            assert_eq!(steps(&plan)[0][2], 1, "{plan}");
            let receipt = lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error:?}"));
            crate::common::agrees(&plan, &receipt);
            let orders = backend.rows("orders").await;
            let orders: Vec<&Value> = orders.as_array().unwrap().iter().filter(|order| order["id"] == 1).collect();
            assert_eq!(json!(orders), left);
        }
    }

    async fn the_policy_does_not_open_once_two_records_share_a_value(on: On) {
        let policy = policy("cascade");
        let backend = Backend::with(on, &policy, &rows()).await;
        backend.lifecycle(&policy).await;
        backend.insert("customers", json!({ "id": 2, "code": "aBC" })).await;
        let error = Lifecycle::open(backend.store(), policy).await.err().unwrap().to_string();
        assert!(error.contains("references.orders.code") && error.contains("the same `code`"), "{error}");
    }
}
