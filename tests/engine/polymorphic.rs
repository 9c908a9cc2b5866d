//! One field that refers to records of several kinds, told apart by another field.

use crate::common::backend::{Backend, On, on_every_store};
use crate::common::steps;
use chrono::Utc;
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{self, DataMap, Record};
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

/// Conditions on a text, an integer and a Boolean.
fn conditions() -> Vec<Value> {
    let is = |field: &str, value: Value| json!({ "field": field, "eq": value });
    let one_of = |field: &str, values: Value| json!({ "field": field, "in": values });
    let simple = vec![
        is("kind", json!("a")),
        is("kind", json!("A")),
        is("number", json!(1)),
        is("number", json!(2)),
        is("flag", json!(true)),
        is("flag", json!(1)),
        is("flag", json!(false)),
        one_of("kind", json!(["a", "b"])),
        one_of("kind", json!(["c"])),
        one_of("number", json!([2, 3])),
        json!({ "field": "kind", "ne": "a" }),
        json!({ "field": "number", "lt": 2 }),
        json!({ "field": "kind", "is_null": true }),
    ];
    let not = |condition: &Value| json!({ "not": condition });
    let pair = |with: &str, condition: &Value| json!({ with: [condition, is("number", json!(2))] });
    let nested = simple.iter().flat_map(|one| [not(one), pair("all", one), pair("any", one)]);
    let nested: Vec<Value> = nested.collect();
    simple.into_iter().chain(nested).collect()
}

/// Every row that can be made of these values.
fn every_row() -> Vec<Record> {
    let texts = [Some("a"), Some("A"), Some("b"), Some("c"), None];
    let flags = [true.into(), false.into(), domain::Value::Null];
    let mut rows = Vec::new();
    for text in texts {
        for number in [Some(1), Some(2), Some(3), None] {
            for flag in &flags {
                rows.push(
                    Record::new(1).with("kind", text).with("number", number).with("flag", flag.clone()),
                );
            }
        }
    }
    rows
}

#[test]
fn two_references_share_a_field_only_if_no_row_meets_both_conditions() {
    let (conditions, rows, mut built) = (conditions(), every_row(), 0);
    for first in &conditions {
        for second in &conditions {
            let fields = json!({ "kind": "text", "number": "integer", "flag": "boolean" });
            let map: Result<DataMap, _> = serde_json::from_value(json!({
                "kinds": { "posts": {}, "pages": {}, "notes": { "fields": fields } },
                "references": [ { "name": "notes.a", "from": "notes.on", "to": "posts", "if": first },
                                { "name": "notes.b", "from": "notes.on", "to": "pages", "if": second } ]
            }));
            let Ok(map) = map else { continue };
            built += 1;
            let notes = map.kind(&"notes".into()).unwrap();
            for row in &rows {
                let meets = map.references().filter(|reference| {
                    let held = reference.when.as_ref().unwrap().holds(notes, row, Utc::now());
                    held.unwrap() == Some(true)
                });
                assert!(meets.count() < 2, "{first} and {second}");
            }
        }
    }
    assert!(built > 100, "{built} pairs exclude each other");
}
