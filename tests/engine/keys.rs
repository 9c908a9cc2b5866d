//! Ids of several fields, and references that hold them.

use crate::common::backend::{Backend, On, on_every_store};
use crate::common::steps;
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::lifecycle::Error;
use serde_json::{Value, json};

/// Clients of tenants, who have orders with lines. Every key begins with the tenant.
fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "clients",
        "kinds": {
            "tenants": {}, "clients": { "id": ["tenant_id", "number"] },
            "orders": { "id": ["tenant_id", "order_no"], "fields": { "client_no": { "type": "integer", "nullable": true } } },
            "lines": { "fields": { "order_no": { "type": "integer", "nullable": true } } }
        },
        "references": [
            { "from": "clients.tenant_id", "to": "tenants" },
            { "from": ["orders.tenant_id", "orders.client_no"], "to": "clients", "nullable": true },
            { "from": ["lines.tenant_id", "lines.order_no"], "to": "orders", "nullable": true }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn rows() -> Value {
    let client = |tenant: i64, number: i64| json!({ "tenant_id": tenant, "number": number, "name": "x" });
    let order = |tenant: i64, order: i64, client: Value| json!({ "tenant_id": tenant, "order_no": order, "client_no": client });
    let line = |id: i64, tenant: i64, order: Value| json!({ "id": id, "tenant_id": tenant, "order_no": order });
    json!({
        "tenants": [ { "id": 7 }, { "id": 8 } ],
        "clients": [ client(7, 8), client(8, 7), client(7, 7) ],
        "orders": [ order(7, 1, json!(8)), order(7, 2, json!(7)), order(8, 1, json!(7)), order(7, 3, Value::Null) ],
        "lines": [ line(1, 7, json!(1)), line(2, 7, json!(1)), line(3, 8, json!(1)), line(4, 7, json!(2)), line(5, 7, Value::Null) ]
    })
}

on_every_store! {
    async fn rows_are_told_apart_by_all_fields_of_the_key(on: On) {
        for id in [RecordId::from((7, 8)), RecordId::from("[7,8]")] {
            let backend = Backend::with(on, &policy(), &rows()).await;
            let before = backend.all_rows().await;
            let plan = backend.delete(&policy(), id).await;
            assert_eq!(plan.subjects, [(7, 8).into()]);
            assert_eq!(
                steps(&plan),
                json!([["lines", "delete", 2], ["orders", "delete", 1], ["clients", "delete", 1]]),
                "{plan}"
            );
            let mut after = before;
            after["clients"].as_array_mut().unwrap().retain(|row| row["tenant_id"] != 7 || row["number"] != 8);
            after["orders"].as_array_mut().unwrap().retain(|row| row["tenant_id"] != 7 || row["order_no"] != 1);
            after["lines"].as_array_mut().unwrap().retain(|row| row["tenant_id"] != 7 || row["order_no"] != 1);
            assert_eq!(backend.all_rows().await, after);
        }
    }

    async fn a_reference_with_a_null_in_it_refers_to_nothing(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        for id in [(7, 7), (7, 8), (8, 7)] {
            backend.delete(&policy(), id).await;
        }
        let left = backend.all_rows().await;
        assert_eq!(left["orders"], json!([ { "tenant_id": 7, "order_no": 3 } ]));
        assert_eq!(left["lines"], json!([ { "id": 5, "tenant_id": 7 } ]));
    }

    async fn an_id_of_another_form_is_refused_and_changes_nothing(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let before = backend.all_rows().await;
        let lifecycle = backend.lifecycle(&policy()).await;
        let wrong = [
            RecordId::from(7), "[7]".into(), (7, 8, 9).into(), "[7,8,9]".into(), "seven".into(), "7".into(), "[]".into(),
            "[7,".into(), "{}".into(), "[7,[8]]".into(), "[7,null]".into(), "[7,8.5]".into(), (7, "eight").into(),
        ];
        for id in wrong {
            let request = Request::hard_delete("clients", id.clone()).by(Actor::new("ana", "ADMIN"));
            let error = lifecycle.execute(&request).await.expect_err("no such client");
            let said = match &error {
                Error::Store(error) => error.to_string(),
                other => other.to_string(),
            };
            let expected = if matches!(on, On::Memory) && id == (7, "eight").into() {
                // Rows in memory have no columns with types.
                format!("no `clients` `{id}`")
            } else {
                format!("`{id}` is not an id of `clients`, whose ids are lists with one value of its type for each field")
            };
            assert_eq!(said, expected);
            assert_eq!(backend.all_rows().await, before, "{id}");
        }
        let request = Request::hard_delete("clients", (7, 9)).by(Actor::new("ana", "ADMIN"));
        let error = lifecycle.execute(&request).await.unwrap_err();
        assert_eq!(error.to_string(), "no `clients` `[7,9]`");
    }
}
