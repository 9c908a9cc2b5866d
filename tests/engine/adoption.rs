//! Rows of a tree that get another parent: none may come to lie below itself.

use crate::common::backend::{Backend, On, on_every_store};
use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

/// 1 is the root, 2 lies below it, 3 and 4 below 2, 5 below 4. 6 is another root, with 7 below it.
fn rows() -> Value {
    json!({ "nodes": [
        { "id": 1, "parent_id": null, "code": "a", "above": null }, { "id": 2, "parent_id": 1, "code": "b", "above": "a" },
        { "id": 3, "parent_id": 2, "code": "c", "above": "b" }, { "id": 4, "parent_id": 2, "code": "d", "above": "b" },
        { "id": 5, "parent_id": 4, "code": "e", "above": "d" }, { "id": 6, "parent_id": null, "code": "f", "above": null },
        { "id": 7, "parent_id": 6, "code": "g", "above": "f" } ] })
}

fn policy(mode: &str, rule: &Value) -> DeletionPolicy {
    let document = json!({
        "subject": "nodes",
        "kinds": { "nodes": { "fields": {
            "id": "integer", "parent_id": { "type": "integer", "nullable": true, "default": 3 },
            "code": { "unique": true }, "above": { "nullable": true } } } },
        "references": [ { "from": "nodes.parent_id", "to": "nodes", "nullable": true } ],
        "modes": { mode: { "allow": "any", "rules": { "nodes.parent_id": rule } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn delete(id: i64) -> Request {
    Request::hard_delete("nodes", id).by(Actor::new("ana", "ADMIN"))
}

/// Returns the parent of each node.
async fn parents(backend: &Backend) -> Value {
    let rows = backend.rows("nodes").await;
    rows.as_array().unwrap().iter().map(|row| json!([row["id"], row["parent_id"]])).collect()
}

/// Checks that exactly these rows block the request, and that nothing changes.
async fn is_blocked(backend: &Backend, policy: &DeletionPolicy, request: &Request, rule: &str, ids: &[i64]) {
    let lifecycle = backend.lifecycle(policy).await;
    let before = backend.all_rows().await;
    let plan = lifecycle.plan(request).await.unwrap();
    let found: Vec<_> =
        plan.blockers.iter().map(|one| (one.rule.as_str(), one.count, one.sample.clone())).collect();
    let ids: Vec<RecordId> = ids.iter().copied().map(RecordId::from).collect();
    assert_eq!(found, [(rule, ids.len() as u64, ids)], "{plan}");
    assert!(plan.blockers[0].message.contains("below"), "{plan}");
    let done = lifecycle.apply(request, &plan).await;
    assert!(matches!(done, Err(Error::Blocked(_))), "{done:?}");
    assert_eq!(backend.all_rows().await, before);
}

on_every_store! {
    async fn a_target_below_a_row_that_moves_blocks(on: On) {
        let policy = policy("hard_delete", &json!("reassign"));
        for (target, below) in [(3, 3), (4, 4), (5, 4)] {
            for target in [RecordId::from(target), RecordId::from(target.to_string())] {
                let backend = Backend::with(on, &policy, &rows()).await;
                let request = delete(2).reassign("nodes.parent_id", target);
                is_blocked(&backend, &policy, &request, "reassign", &[below]).await;
            }
        }
    }

    async fn a_target_elsewhere_adopts_the_rows_under_its_own_id(on: On) {
        let policy = policy("hard_delete", &json!("reassign"));
        for (target, id, children) in [("1", 1, 2), ("6", 6, 3), ("7", 7, 2)] {
            let backend = Backend::with(on, &policy, &rows()).await;
            let lifecycle = backend.lifecycle(&policy).await;
            let request = delete(2).reassign("nodes.parent_id", target);
            lifecycle.execute(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
            let expected = json!([[1, null], [3, id], [4, id], [5, 4], [6, null], [7, 6]]);
            assert_eq!(parents(&backend).await, expected, "{target}");
            // The adopted rows are found below their new parent.
            let plan = lifecycle.plan(&delete(id).reassign("nodes.parent_id", "5")).await.unwrap();
            assert_eq!(plan.steps[0].count, children, "{plan}");
        }
    }

    async fn a_fixed_target_below_a_row_that_moves_blocks(on: On) {
        let fixed = policy("hard_delete", &json!({ "reassign": { "to": 5 } }));
        let backend = Backend::with(on, &fixed, &rows()).await;
        is_blocked(&backend, &fixed, &delete(2), "reassign", &[4]).await;
    }

    async fn a_default_below_a_row_that_moves_blocks(on: On) {
        let default = policy("hard_delete", &json!("set_default"));
        let backend = Backend::with(on, &default, &rows()).await;
        is_blocked(&backend, &default, &delete(2), "set_default", &[3]).await;
    }

    async fn mode_reassign_blocks_too(on: On) {
        let moving = policy("reassign", &json!("reassign"));
        let request = |target: i64| {
            Request::reassigning("nodes", 2).reassign("nodes.parent_id", target).by(Actor::new("ana", "ADMIN"))
        };
        for (target, below) in [(3, 3), (5, 4)] {
            let backend = Backend::with(on, &moving, &rows()).await;
            is_blocked(&backend, &moving, &request(target), "reassign", &[below]).await;
        }
        let backend = Backend::with(on, &moving, &rows()).await;
        let lifecycle: Lifecycle<_> = backend.lifecycle(&moving).await;
        lifecycle.execute(&request(7)).await.unwrap_or_else(|error| panic!("{error:?}"));
        let expected = json!([[1, null], [2, 1], [3, 7], [4, 7], [5, 4], [6, null], [7, 6]]);
        assert_eq!(parents(&backend).await, expected);
    }

    async fn rows_that_already_form_a_circle_are_not_walked_for_ever(on: On) {
        let policy = policy("hard_delete", &json!("reassign"));
        let mut rows = rows();
        rows["nodes"][5]["parent_id"] = json!(7);
        let backend = Backend::with(on, &policy, &rows).await;
        let request = delete(2).reassign("nodes.parent_id", 6);
        let done = backend.lifecycle(&policy).await.execute(&request).await;
        done.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(parents(&backend).await, json!([[1, null], [3, 6], [4, 6], [5, 4], [6, 7], [7, 6]]));
    }
}
