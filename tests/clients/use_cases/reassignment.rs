//! A plan cannot be applied with a different request, and reassignment checks its targets.

use client_lifecycle::domain::{Mode, Request};
use serde_json::{Value, json};

use super::world::{MARIA, ana, document, now, parsed, stored, world, world_of};
use crate::common::backend::stores;

/// `apply` on a plan for `update` or `create` is refused, because the values to write are not part of a plan.
#[tokio::test]
async fn a_plan_of_a_mode_with_values_is_not_applied_without_them() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let policy = parsed(&document());
        for mode in [Mode::Update, Mode::Create] {
            let request = Request::new(mode, "clients", MARIA).by(ana());
            let inquiry = policy.inquire(&request, now()).unwrap();
            let survey = backend.store().survey(inquiry.query()).await.unwrap();
            let Ok(plan) = inquiry.plan(&survey) else { continue };
            assert!(lifecycle.plan(&request).await.is_err());
            let error = lifecycle.apply(&request, &plan).await;
            assert_eq!(error.unwrap_err().code(), "invalid", "{on:?} {mode}");
            let error = lifecycle.confirm(&request, &plan.digest).await;
            assert_eq!(error.unwrap_err().code(), "invalid", "{on:?} {mode}");
        }
        assert_eq!(stored(&backend, MARIA).await["version"], 3);
        assert!(backend.outcomes().await.iter().all(|outcome| *outcome == "invalid"));
    }
}

fn unions() -> Value {
    json!({
        "subject": "unions",
        "kinds": { "unions": { "fields": { "state": { "type": "text", "nullable": true } } }, "members": {} },
        "references": [
            { "from": "members.union_id", "to": "unions" },
            { "from": "unions.parent_id", "to": "unions", "nullable": true } ],
        "modes": { "reassign": { "allow": [{ "role": "ADMIN" }], "rules": {
            "members.union_id": { "then": "reassign", "qualifies": { "not": { "field": "state", "eq": "CLOSED" } } },
            "unions.parent_id": "reassign" } } }
    })
}

fn union_rows() -> Value {
    json!({
        "unions": [
            { "id": "u1", "state": "OPEN", "parent_id": null }, { "id": "u2", "state": "OPEN", "parent_id": "u1" },
            { "id": "u3", "state": "OPEN", "parent_id": "u1" }, { "id": "u4", "state": null, "parent_id": null } ],
        "members": [{ "id": "m1", "union_id": "u1" }, { "id": "m2", "union_id": "u2" }, { "id": "m3", "union_id": "u3" }]
    })
}

#[tokio::test]
async fn a_plan_for_one_target_is_not_applied_with_a_request_for_another() {
    for on in stores().await {
        let (backend, lifecycle) = world_of(on, &unions(), &union_rows()).await;
        let to = |target: &str| {
            Request::reassigning("unions", "u1").reassign("members.union_id", target).by(ana())
        };
        let plan = lifecycle.plan(&to("u2")).await.unwrap();
        assert_eq!(lifecycle.apply(&to("u3"), &plan).await.unwrap_err().code(), "foreign_plan", "{on:?}");
        assert_eq!(
            lifecycle.confirm(&to("u3"), &plan.digest).await.unwrap_err().code(),
            "conflict",
            "{on:?}"
        );
        assert_eq!(backend.rows("members").await[0]["union_id"], "u1");
    }
}

#[tokio::test]
async fn a_target_with_an_unknown_condition_does_not_qualify() {
    for on in stores().await {
        let (_, lifecycle) = world_of(on, &unions(), &union_rows()).await;
        let request = Request::reassigning("unions", "u1").reassign("members.union_id", "u4").by(ana());
        assert_eq!(lifecycle.execute(&request).await.unwrap_err().code(), "blocked", "{on:?}");
    }
}

#[tokio::test]
async fn a_batch_of_unions_is_reassigned_to_a_union_outside_the_batch() {
    for on in stores().await {
        let (backend, lifecycle) = world_of(on, &unions(), &union_rows()).await;
        let batch = |target: &str| {
            Request::batch(Mode::Reassign, "unions", ["u1", "u2"])
                .reassign("members.union_id", target)
                .by(ana())
        };
        assert_eq!(lifecycle.execute(&batch("u2")).await.unwrap_err().code(), "blocked", "{on:?}");
        lifecycle.execute(&batch("u3")).await.unwrap();
        let members = backend.rows("members").await;
        assert!(members.as_array().unwrap().iter().all(|member| member["union_id"] == "u3"), "{on:?}");
        assert_eq!(backend.outcomes().await, ["blocked", "blocked", "done", "done"]);
        assert_eq!(lifecycle.clients().unwrap_err().code(), "misfit", "a union is not a client");
    }
}

#[tokio::test]
async fn a_row_is_not_moved_below_itself() {
    for on in stores().await {
        let (backend, lifecycle) = world_of(on, &unions(), &union_rows()).await;
        let request = |target: &str| {
            Request::reassigning("unions", "u1").reassign("unions.parent_id", target).by(ana())
        };
        let error = lifecycle.execute(&request("u2")).await;
        assert!(error.is_err(), "{on:?} {}", backend.rows("unions").await);
        lifecycle.execute(&request("u4")).await.unwrap();
        let unions = backend.rows("unions").await;
        assert_eq!((&unions[1]["parent_id"], &unions[2]["parent_id"]), (&json!("u4"), &json!("u4")));
    }
}
