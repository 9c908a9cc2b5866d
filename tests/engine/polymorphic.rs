//! One field that refers to records of several kinds, told apart by another field.

use crate::common::backend::{Backend, On, on_every_store};
use crate::common::steps;
use client_lifecycle::DeletionPolicy;
use serde_json::{Value, json};

fn policy(rules: &Value) -> DeletionPolicy {
    let on = |kind: &str| json!({ "field": "target_type", "eq": kind });
    let document = json!({
        "subject": "members",
        "kinds": { "members": {}, "posts": {}, "reactions": { "fields": { "target_type": "text" } } },
        "references": [
            { "from": "posts.member_id", "to": "members" },
            { "name": "reactions.on_member", "from": "reactions.target_id", "to": "members", "if": on("member") },
            { "name": "reactions.on_post", "from": "reactions.target_id", "to": "posts", "if": on("post") }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": rules } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn reaction(id: i64, target_type: &str, target_id: i64) -> Value {
    json!({ "id": id, "target_type": target_type, "target_id": target_id })
}

fn rows() -> Value {
    json!({
        "members": [ { "id": 42, "email": "x@example.org" }, { "id": 7, "email": "y@example.org" } ],
        "posts": [ { "id": 42, "member_id": 7 }, { "id": 43, "member_id": 42 } ],
        "reactions": [ reaction(1, "member", 42), reaction(2, "post", 42), reaction(3, "post", 43),
                       reaction(4, "member", 43), reaction(5, "page", 42) ]
    })
}

on_every_store! {
    async fn only_rows_that_meet_the_condition_of_a_reference_go(on: On) {
        let policy = policy(&json!({ "*": "cascade" }));
        let backend = Backend::with(on, &policy, &rows()).await;
        let plan = backend.delete(&policy, 42).await;
        assert_eq!(
            steps(&plan),
            json!([["reactions", "delete", 1], ["reactions", "delete", 1], ["posts", "delete", 1], ["members", "delete", 1]]),
            "{plan}"
        );
        assert_eq!(
            backend.all_rows().await,
            json!({
                "members": [ { "id": 7, "email": "y@example.org" } ], "posts": [ { "id": 42, "member_id": 7 } ],
                "reactions": [ reaction(2, "post", 42), reaction(4, "member", 43), reaction(5, "page", 42) ]
            })
        );
    }

    async fn each_reference_over_a_shared_field_has_its_own_rule(on: On) {
        let rules = json!({
            "posts.member_id": "cascade", "reactions.on_member": "cascade", "reactions.on_post": "restrict" });
        let policy = policy(&rules);
        let backend = Backend::with(on, &policy, &rows()).await;
        let lifecycle = backend.lifecycle(&policy).await;
        for (member, reaction) in [("42", 3), ("7", 2)] {
            let plan = lifecycle.plan(&crate::common::request("members", member)).await.unwrap();
            let blockers: Vec<_> =
                plan.blockers.iter().map(|one| (one.reference.clone().unwrap(), one.sample.clone())).collect();
            assert_eq!(blockers, [("reactions.on_post".into(), vec![reaction.into()])], "{plan}");
        }
    }

    async fn rows_that_stay_lose_only_the_reference_that_they_have(on: On) {
        let empty = json!({ "then": "set_null" });
        let document = json!({ "posts.member_id": "cascade", "reactions.on_member": empty, "reactions.on_post": "cascade" });
        let mut with_null = serde_json::to_value(policy(&json!({ "*": "cascade" }))).unwrap();
        with_null["references"][1]["nullable"] = json!(true);
        with_null["references"][2]["nullable"] = json!(true);
        with_null["modes"]["hard_delete"]["rules"] = document;
        let policy = DeletionPolicy::from_json(&with_null.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
        let backend = Backend::with(on, &policy, &rows()).await;
        backend.delete(&policy, 42).await;
        assert_eq!(
            backend.rows("reactions").await,
            json!([ { "id": 1, "target_type": "member" }, reaction(2, "post", 42), reaction(4, "member", 43), reaction(5, "page", 42) ])
        );
    }
}
