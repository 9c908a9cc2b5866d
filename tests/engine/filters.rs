//! Filters of kinds: rows outside are not reached, and a row that leaves or enters between plan and apply is noticed.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::lifecycle::Error;
use serde_json::{Value, json};

use crate::common::backend::{Backend, On, on_every_store};
use crate::common::steps;

/// Debts are the open entries of a client. Each has lines.
fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "clients",
        "kinds": {
            "clients": { "filter": { "field": "role", "eq": "USER" } },
            "debts": { "filter": { "field": "state", "eq": "OPEN" }, "fields": { "state": "text" } },
            "lines": {}
        },
        "references": [
            { "from": "debts.client_id", "to": "clients", "nullable": true },
            { "from": "lines.debt_id", "to": "debts" }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn debt(id: i64, client: impl Into<Value>, state: &str) -> Value {
    json!({ "id": id, "client_id": client.into(), "state": state })
}

fn rows() -> Value {
    json!({
        "clients": [ { "id": 1, "role": "USER" }, { "id": 2, "role": "USER" } ],
        "debts": [ debt(1, 1, "OPEN"), debt(2, 1, "OPEN"), debt(3, Value::Null, "CLOSED"), debt(4, 2, "OPEN") ],
        "lines": [ { "id": 1, "debt_id": 1 }, { "id": 3, "debt_id": 3 }, { "id": 4, "debt_id": 4 } ]
    })
}

fn request() -> Request {
    Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN"))
}

fn ids(rows: &Value) -> Vec<i64> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// Plans, changes rows, and applies the plan: it is refused and changes nothing. Then carries out the request anew.
/// Returns the debts that are left.
async fn changed_in_between(on: On, changes: &[(i64, &str, Value)]) -> Vec<i64> {
    let backend = Backend::with(on, &policy(), &rows()).await;
    let lifecycle = backend.lifecycle(&policy()).await;
    let plan = lifecycle.plan(&request()).await.unwrap();
    for (debt, field, value) in changes {
        backend.set("debts", &debt.to_string(), field, value.clone()).await;
    }
    let before = backend.all_rows().await;
    let error = lifecycle.apply(&request(), &plan).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{on:?}: {error:?}");
    assert_eq!(backend.all_rows().await, before, "{on:?}: a refused plan changes nothing");
    lifecycle.execute(&request()).await.unwrap_or_else(|error| panic!("{on:?}: {error:?}"));
    assert_eq!(ids(&backend.rows("clients").await), [2], "{on:?}");
    ids(&backend.rows("debts").await)
}

on_every_store! {
    async fn rows_outside_the_filter_are_not_reached(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let plan = backend.delete(&policy(), 1).await;
        assert_eq!(
            steps(&plan),
            json!([["lines", "delete", 1], ["debts", "delete", 2], ["clients", "delete", 1]]),
            "{plan}"
        );
        assert_eq!(ids(&backend.rows("debts").await), [3, 4]);
        assert_eq!(ids(&backend.rows("lines").await), [3, 4]);
    }

    async fn a_row_that_leaves_the_filter_after_the_plan_is_noticed(on: On) {
        let changes = [(2, "state", json!("CLOSED")), (2, "client_id", Value::Null)];
        assert_eq!(changed_in_between(on, &changes).await, [2, 3, 4]);
    }

    async fn a_row_that_enters_the_filter_after_the_plan_is_noticed(on: On) {
        let changes = [(3, "client_id", json!(1)), (3, "state", json!("OPEN"))];
        assert_eq!(changed_in_between(on, &changes).await, [4]);
    }

    async fn a_plan_of_which_the_numbers_still_hold_deletes_the_rows_of_now(on: On) {
        // There are two debts with one line before and after.
        let changes = [
            (1, "state", json!("CLOSED")), (1, "client_id", Value::Null), (3, "client_id", json!(1)), (3, "state", json!("OPEN")),
        ];
        let backend = Backend::with(on, &policy(), &rows()).await;
        let lifecycle = backend.lifecycle(&policy()).await;
        let plan = lifecycle.plan(&request()).await.unwrap();
        for (debt, field, value) in changes {
            backend.set("debts", &debt.to_string(), field, value).await;
        }
        let receipt = lifecycle.apply(&request(), &plan).await.unwrap_or_else(|error| panic!("{error:?}"));
        crate::common::agrees(&plan, &receipt);
        assert_eq!(ids(&backend.rows("debts").await), [1, 4]);
        assert_eq!(ids(&backend.rows("lines").await), [1, 4]);
    }

    async fn a_subject_that_leaves_the_filter_after_the_plan_is_not_deleted(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let lifecycle = backend.lifecycle(&policy()).await;
        let plan = lifecycle.plan(&request()).await.unwrap();
        backend.set("clients", "1", "role", json!("ADMIN")).await;
        let before = backend.all_rows().await;
        let error = lifecycle.apply(&request(), &plan).await.unwrap_err();
        assert!(matches!(error, Error::Conflict { .. } | Error::Refused(_)), "{error:?}");
        let error = lifecycle.execute(&request()).await.unwrap_err();
        assert_eq!(error.to_string(), "no `clients` `1`");
        assert_eq!(backend.all_rows().await, before);
    }

    async fn a_row_outside_the_filter_stays_although_it_refers_or_blocks_if_a_foreign_key_covers_it(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        backend.set("debts", "2", "state", json!("CLOSED")).await;
        let before = backend.all_rows().await;
        let done = backend.lifecycle(&policy()).await.execute(&request()).await;
        if matches!(on, On::Memory) {
            done.unwrap();
            assert_eq!(ids(&backend.rows("debts").await), [2, 3, 4]);
        } else {
            // The foreign key covers the row that the filter leaves out.
            let error = done.unwrap_err();
            assert!(matches!(error, Error::Blocked(_)), "{error:?}");
            assert_eq!(backend.all_rows().await, before);
        }
    }
}
