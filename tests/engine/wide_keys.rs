//! Keys of many fields.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, RecordId, Request};
use serde_json::{Map, Value, json};

use crate::common::backend::{Backend, On, on_every_store};
use crate::common::steps;

fn fields(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}{number:02}")).collect()
}

/// Clients whose ids have so many fields, and orders that refer to all of them.
fn policy(count: usize) -> DeletionPolicy {
    let from: Vec<String> = fields("orders.c", count);
    let integers: Map<String, Value> =
        fields("k", count).into_iter().map(|field| (field, json!("integer"))).collect();
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": { "id": fields("k", count), "fields": integers }, "orders": {} },
        "references": [ { "name": "orders.client", "from": from, "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// A row whose fields are all 1, except the last.
fn row(prefix: &str, count: usize, last: usize, id: Option<usize>) -> Value {
    let mut row: Map<String, Value> =
        fields(prefix, count).into_iter().map(|field| (field, json!(1))).collect();
    row.insert(format!("{prefix}{:02}", count - 1), json!(last));
    row.extend(id.map(|id| ("id".to_owned(), json!(id))));
    Value::Object(row)
}

async fn deletes_one(on: On, count: usize) {
    let rows = json!({
        "clients": (0..3).map(|last| row("k", count, last, None)).collect::<Vec<_>>(),
        "orders": (0..6).map(|id| row("c", count, id % 3, Some(id))).collect::<Vec<_>>()
    });
    let backend = Backend::with(on, &policy(count), &rows).await;
    let id = RecordId::tuple((0..count).map(|at| i64::from(at + 1 < count).into()));
    let plan = backend.delete(&policy(count), id.clone()).await;
    assert_eq!(steps(&plan), json!([["orders", "delete", 2], ["clients", "delete", 1]]), "{plan}");
    assert_eq!(backend.rows("clients").await.as_array().unwrap().len(), 2);
    assert_eq!(backend.rows("orders").await.as_array().unwrap().len(), 4);
    let again = Request::hard_delete("clients", id).by(Actor::new("ana", "ADMIN"));
    let error = backend.lifecycle(&policy(count)).await.execute(&again).await.unwrap_err();
    assert_eq!(error.code(), "not_found", "{error}");
}

on_every_store! {
    async fn a_key_of_as_many_fields_as_an_index_may_have(on: On) {
        deletes_one(on, 32).await;
    }

    async fn a_key_of_a_hundred_fields(on: On) {
        #[cfg(feature = "postgres")]
        if matches!(on, On::Postgres) {
            // An index has at most 32 columns; see `tests/postgres/keys.rs`.
            return;
        }
        deletes_one(on, 100).await;
    }
}
