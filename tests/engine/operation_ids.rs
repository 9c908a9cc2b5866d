//! An operation id belongs to one request: whatever else is asked for under it is refused.

use crate::common::backend::{Backend, On, on_every_store};
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Reason, Request, Role};
use client_lifecycle::lifecycle::Error;
use serde_json::{Value, json};
use uuid::Uuid;

fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "unions",
        "kinds": { "unions": { "status": "status" }, "members": {} },
        "references": [ { "from": "members.union_id", "to": "unions" } ],
        "modes": {
            "deactivate": { "allow": "any", "rules": { "*": "keep" } },
            "reassign": { "allow": "any", "rules": { "*": "reassign" } },
            "hard_delete": { "allow": "any", "rules": { "*": "reassign" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn rows() -> Value {
    let union = |id: &str| json!({ "id": id, "status": "ON" });
    json!({ "unions": [union("u1"), union("u2"), union("u3")], "members": [{ "id": "m1", "union_id": "u1" }] })
}

fn asked(request: Request) -> Request {
    request
        .operation(Uuid::from_u128(1))
        .by(Actor::new("ana", "ADMIN"))
        .with_reason(Reason::Duplicate)
        .note("twice")
}

fn moving(target: &str) -> Request {
    asked(Request::reassigning("unions", "u1").reassign("members.union_id", target))
}

/// Requests that differ from `moving("u2")` in one part each.
fn others() -> Vec<Request> {
    vec![
        moving("u3"),
        asked(Request::reassigning("unions", "u2").reassign("members.union_id", "u2")),
        asked(Request::deactivate("unions", "u1")),
        asked(Request::hard_delete("unions", "u1").reassign("members.union_id", "u2")),
        moving("u2").by(Actor::new("eva", "ADMIN")),
        moving("u2").with_reason(Reason::AdministrativeCleanup),
        moving("u2").note("again"),
        moving("u2").acknowledge("recent_activity"),
    ]
}

on_every_store! {
    async fn an_operation_id_answers_only_the_whole_request_it_was_used_for(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let lifecycle = backend.lifecycle(&policy()).await;
        let first = lifecycle.execute(&moving("u2")).await.unwrap();
        let before = (backend.rows("unions").await, backend.rows("members").await);
        for (number, other) in others().iter().enumerate() {
            let answer = lifecycle.execute(other).await;
            assert!(matches!(answer, Err(Error::OperationReused(_))), "{number}: {answer:?}");
            if let Ok(plan) = lifecycle.plan(other).await {
                let answer = lifecycle.apply(other, &plan).await;
                assert!(matches!(answer, Err(Error::OperationReused(_))), "{number}: {answer:?}");
                let answer = lifecycle.confirm(other, &plan.digest).await;
                assert!(matches!(answer, Err(Error::OperationReused(_))), "{number}: {answer:?}");
            }
        }
        assert_eq!((backend.rows("unions").await, backend.rows("members").await), before);
        // A repeated request may come from another address, and its actor may have other roles by then.
        let roles = ["ADMIN", "MASTER"].map(Role::from);
        let again = moving("u2").by(Actor::with_roles("ana", roles).ip("203.0.113.9").user_agent("curl"));
        assert_eq!(lifecycle.execute(&again).await.unwrap(), first);
    }
}
