//! Reassigning: members move to another union, or a union gets another officer.

use std::sync::Arc;

use crate::common::backend::{Backend, On, Whole, stores};
use client_lifecycle::domain::{Actor, AuditOutcome, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::protocol::Disposition;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

fn document() -> Value {
    json!({
        "subject": "unions",
        "kinds": {
            "unions": { "deleted_at": "deleted_at", "fields": { "state": "text" }, "version": "version" },
            "members": { "fields": { "state": "text" }, "updated_at": "updated_at" },
            "loans": {}, "officers": { "fields": { "role": "text" } } },
        "references": [
            { "from": "members.union_id", "to": "unions" },
            { "from": "loans.member_id", "to": "members" },
            { "from": "unions.officer_id", "to": "officers", "nullable": true } ],
        "modes": {
            "soft_delete": { "allow": [{ "role": "ADMIN" }], "rules": { "members.union_id": "restrict", "*": "keep" } },
            "reassign": { "allow": [{ "role": "ADMIN" }], "rules": {
                "members.union_id": { "then": "reassign", "qualifies": { "field": "state", "eq": "ACTIVE" } },
                "unions.officer_id": { "then": "reassign", "qualifies": { "field": "role", "eq": "OFFICER" } } },
                "effects": [ { "topic": "members.moved", "on": "members" } ] } }
    })
}

fn policy() -> DeletionPolicy {
    DeletionPolicy::from_json(&document().to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn rows() -> Value {
    json!({
        "officers": [{ "id": "o1", "role": "OFFICER" }, { "id": "o2", "role": "OFFICER" }, { "id": "o3", "role": "CLERK" }],
        "unions": [
            { "id": "u1", "state": "ACTIVE", "deleted_at": null, "officer_id": "o1", "version": 1 },
            { "id": "u2", "state": "ACTIVE", "deleted_at": null, "officer_id": "o1", "version": 1 },
            { "id": "closed", "state": "CLOSED", "deleted_at": null, "officer_id": null, "version": 1 },
            { "id": "gone", "state": "ACTIVE", "deleted_at": "2025-01-01T00:00:00.000Z", "officer_id": null, "version": 1 } ],
        "members": [
            { "id": "m1", "union_id": "u1", "state": "ON", "updated_at": null },
            { "id": "m2", "union_id": "u1", "state": "OFF", "updated_at": null },
            { "id": "m3", "union_id": "u2", "state": "ON", "updated_at": null } ],
        "loans": [{ "id": "l1", "member_id": "m1" }]
    })
}

fn now() -> chrono::DateTime<chrono::Utc> {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

async fn world(on: On) -> (Backend, Lifecycle<Arc<dyn Whole>>) {
    let backend = Backend::with(on, &policy(), &rows()).await;
    let lifecycle = backend.lifecycle(&policy()).await.with_clock(now());
    (backend, lifecycle)
}

fn move_members(from: &str, to: &str) -> Request {
    Request::reassigning("unions", from).reassign("members.union_id", to).by(Actor::new("ana", "ADMIN"))
}

/// R190, R193
#[tokio::test]
async fn all_members_move_to_the_other_union_and_other_rows_stay() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let plan = lifecycle.plan(&move_members("u1", "u2")).await.unwrap();
        let moved = plan.steps.iter().find(|step| step.key.disposition == Disposition::Reassign).unwrap();
        assert_eq!((moved.count, moved.to.clone()), (2, Some("u2".into())));
        assert_eq!(plan.outcome, Disposition::Reassign);

        let receipt = lifecycle.apply(&move_members("u1", "u2"), &plan).await.unwrap();
        assert!(receipt.complete);
        let to = receipt.steps.iter().filter_map(|step| step.to.clone()).collect::<Vec<_>>();
        assert_eq!(to, ["u2".into()], "{on:?}: the receipt names the target");
        assert!(receipt.to_string().contains("members.union_id to `u2`"), "{receipt}");
        let members = backend.rows("members").await;
        assert!(members.as_array().unwrap().iter().all(|member| member["union_id"] == "u2"), "{on:?}");
        assert_eq!(members[0]["updated_at"], "2026-11-24T09:00:00.000Z");
        assert!(members[2]["updated_at"].is_null(), "who was there already is not touched");
        assert_eq!(backend.rows("unions").await[2]["version"], 1, "the union itself is not written");
        let audit = backend.audit().await;
        assert_eq!((audit.len(), &*audit[0].action), (1, "UNION_REASSIGNED"));
        assert_eq!(audit[0].detail["steps"][0]["to"], "u2", "{on:?}: the audit entry names the target");
        assert_eq!(backend.events().await.len(), 2);
        // After the members have moved, nothing blocks the deletion.
        let delete = Request::soft_delete("unions", "u1").by(Actor::new("ana", "ADMIN"));
        lifecycle.execute(&delete).await.unwrap();
    }
}

/// R196
#[tokio::test]
async fn a_union_is_moved_to_another_officer() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let request = Request::reassigning("unions", "u1").reassign("unions.officer_id", "o2");
        lifecycle.execute(&request.by(Actor::new("ana", "ADMIN"))).await.unwrap();
        let unions = backend.rows("unions").await;
        let officers: Vec<_> =
            unions.as_array().unwrap().iter().map(|union| union["officer_id"].clone()).collect();
        assert_eq!(officers, [json!(null), json!(null), json!("o2"), json!("o1")], "{on:?}");
        assert_eq!(unions[2]["version"], 2);
        assert_eq!(backend.rows("members").await[0]["union_id"], "u1");
    }
}

#[tokio::test]
async fn members_and_the_officer_can_be_reassigned_in_one_request() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        lifecycle.execute(&move_members("u1", "u2").reassign("unions.officer_id", "o2")).await.unwrap();
        assert_eq!(backend.rows("members").await[0]["union_id"], "u2");
        assert_eq!(backend.rows("unions").await[2]["officer_id"], "o2");
    }
}

#[tokio::test]
async fn the_new_owner_must_exist_stay_qualify_and_differ() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let before = backend.rows("members").await;
        for target in ["nobody", "gone", "closed", "u1"] {
            let error = lifecycle.execute(&move_members("u1", target)).await.unwrap_err();
            let Error::Blocked(refused) = &error else { panic!("{on:?} {target}: {error:?}") };
            let [blocker] = &*refused.blockers else { panic!("{:?}", refused.blockers) };
            assert!(blocker.message.contains(&format!("`{target}`")), "{}", blocker.message);
            assert!(blocker.remedy.contains("ACTIVE"), "{}", blocker.remedy);
        }
        // The new owner is checked even if there are no rows to move.
        assert!(lifecycle.execute(&move_members("closed", "nobody")).await.is_err());
        let clerk = Request::reassigning("unions", "u1").reassign("unions.officer_id", "o3");
        assert_eq!(
            lifecycle.execute(&clerk.by(Actor::new("ana", "ADMIN"))).await.unwrap_err().code(),
            "blocked"
        );
        assert_eq!(backend.rows("members").await, before);
        assert!(backend.audit().await.iter().all(|entry| entry.outcome == AuditOutcome::Blocked));
    }
}

#[tokio::test]
async fn a_request_names_only_references_that_the_policy_reassigns() {
    for on in stores().await {
        let (_, lifecycle) = world(on).await;
        let ana = || Actor::new("ana", "ADMIN");
        let requests = [
            Request::reassigning("unions", "u1").by(ana()),
            Request::reassigning("unions", "u1").reassign("loans.member_id", "m2").by(ana()),
            Request::reassigning("unions", "u1").reassign("members.nothing", "u2").by(ana()),
        ];
        for request in requests {
            assert_eq!(lifecycle.execute(&request).await.unwrap_err().code(), "invalid");
        }
        let eve = move_members("u1", "u2").by(Actor::new("eve", "USER"));
        assert_eq!(lifecycle.execute(&eve).await.unwrap_err().code(), "missing_role");
        assert_eq!(lifecycle.execute(&move_members("gone", "u2")).await.unwrap_err().code(), "not_found");
    }
}

#[tokio::test]
async fn a_new_owner_deleted_after_the_plan_is_a_conflict() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let request = move_members("u1", "u2");
        let plan = lifecycle.plan(&request).await.unwrap();
        backend.set("unions", "u2", "deleted_at", json!("2026-01-01T00:00:00.000Z")).await;
        let error = lifecycle.apply(&request, &plan).await.unwrap_err();
        assert!(matches!(error, Error::Conflict { .. }), "{on:?}: {error:?}");
        assert_eq!(backend.rows("members").await[0]["union_id"], "u1");
    }
}

#[tokio::test]
async fn a_member_added_after_the_plan_is_a_conflict_for_apply_and_moved_by_execute() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let request = move_members("u1", "u2");
        let plan = lifecycle.plan(&request).await.unwrap();
        backend
            .insert("members", json!({ "id": "m4", "union_id": "u1", "state": "ON", "updated_at": null }))
            .await;
        assert_eq!(lifecycle.apply(&request, &plan).await.unwrap_err().code(), "conflict");
        let receipt = lifecycle.execute(&request).await.unwrap();
        assert_eq!(receipt.steps.iter().map(|step| step.actual).max(), Some(3));
    }
}

/// A request cannot name a record outside the policy's filter as the target, but a rule can.
#[tokio::test]
async fn an_excluded_record_is_a_target_only_if_a_rule_names_it() {
    let policy = DeletionPolicy::from_json(
        &json!({
            "subject": "clients",
            "kinds": { "clients": { "fields": { "role": "text" }, "filter": { "field": "role", "eq": "USER" } }, "bookings": {} },
            "references": [ { "from": "bookings.client_id", "to": "clients" } ],
            "modes": {
                "reassign": { "allow": "any", "rules": { "bookings.client_id": "reassign" } },
                "hard_delete": { "allow": "any", "rules": { "bookings.client_id": { "reassign": { "to": "desk" } } } } }
        })
        .to_string(),
    )
    .unwrap_or_else(|faults| panic!("{faults}"));
    let rows = json!({
        "clients": [{ "id": "c1", "role": "USER" }, { "id": "c2", "role": "USER" }, { "id": "desk", "role": "STAFF" }],
        "bookings": [{ "id": "b1", "client_id": "c1" }]
    });
    for on in stores().await {
        let backend = Backend::with(on, &policy, &rows).await;
        let lifecycle = backend.lifecycle(&policy).await.with_clock(now());
        let reassign = |to: &str| {
            Request::reassigning("clients", "c1")
                .reassign("bookings.client_id", to)
                .by(Actor::new("ana", "ADMIN"))
        };
        let plan = lifecycle.plan(&reassign("desk")).await.unwrap();
        assert_eq!(plan.blockers.len(), 1, "{plan}");
        let plan = lifecycle.plan(&reassign("c2")).await.unwrap();
        assert!(plan.is_executable(), "{plan}");
        let delete = Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN"));
        lifecycle.execute(&delete).await.unwrap_or_else(|error| panic!("{on:?}: {error}"));
        assert_eq!(backend.rows("bookings").await[0]["client_id"], "desk");
    }
}

/// Only the references of the mode `reassign` must be movable. Other references may be kept in this mode, and a
/// deletion may redirect them to a fixed target.
#[test]
fn references_without_a_requested_target_need_not_be_movable() {
    let mut document = document();
    document["modes"]["reassign"]["rules"]["loans.member_id"] = json!("keep");
    document["modes"]["hard_delete"] = json!({ "allow": [{ "role": "ADMIN" }], "rules": {
        "members.union_id": "cascade", "loans.member_id": { "reassign": { "to": "m0" } }, "unions.officer_id": "keep" } });
    let built = DeletionPolicy::from_json(&document.to_string());
    assert!(built.is_ok(), "{}", built.unwrap_err());
}

#[tokio::test]
async fn a_row_outside_the_filter_blocks_and_is_never_moved() {
    let document = json!({
        "subject": "clients",
        "kinds": {
            "clients": { "filter": { "field": "role", "eq": "USER" }, "version": "version" },
            "debts": { "filter": { "field": "state", "eq": "OPEN" }, "fields": { "state": "text" } } },
        "references": [
            { "from": "clients.parent_id", "to": "clients", "nullable": true },
            { "from": "clients.friend_ids", "to": "clients", "each": true },
            { "from": "debts.client_id", "to": "clients" } ],
        "modes": { "reassign": { "allow": "any", "rules": { "*": "reassign" } } }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let client = |id: &str, role: Value, parent: Value, friends: Value| json!({ "id": id, "role": role, "parent_id": parent, "friend_ids": friends, "version": 1 });
    let rows = json!({
        "clients": [
            client("a", json!("USER"), Value::Null, json!([])), client("b", json!("USER"), Value::Null, json!([])),
            client("in", json!("USER"), json!("a"), json!(["a"])), client("out", json!("ADMIN"), json!("a"), json!(["a"])),
            client("unknown", Value::Null, json!("a"), json!(["a"])) ],
        "debts": [
            { "id": "d1", "client_id": "a", "state": "OPEN" }, { "id": "d2", "client_id": "a", "state": "CLOSED" } ]
    });
    for on in stores().await {
        let backend = Backend::with(on, &policy, &rows).await;
        let lifecycle = backend.lifecycle(&policy).await;
        let before = backend.all_rows().await;
        let moving = |reference: &str| Request::reassigning("clients", "a").reassign(reference, "b");
        for reference in ["clients.parent_id", "clients.friend_ids"] {
            let plan = lifecycle.plan(&moving(reference)).await.unwrap();
            let blockers: Vec<_> =
                plan.blockers.iter().map(|one| (&*one.rule, one.count, one.sample.len())).collect();
            assert_eq!(blockers, [("only", 2, 2)], "{on:?}: {plan}");
            let error = lifecycle.execute(&moving(reference)).await.unwrap_err();
            assert!(matches!(error, Error::Blocked(_)), "{on:?}: {error:?}");
        }
        assert_eq!(backend.all_rows().await, before, "{on:?}");
        // A row outside the filter of another kind is no record of that kind, so it stays as it is.
        lifecycle.execute(&moving("debts.client_id")).await.unwrap();
        let debts = backend.rows("debts").await;
        assert_eq!((&debts[0]["client_id"], &debts[1]["client_id"]), (&json!("b"), &json!("a")), "{on:?}");
        for id in ["out", "unknown"] {
            backend.remove("clients", id).await;
        }
        lifecycle.execute(&moving("clients.parent_id")).await.unwrap();
        lifecycle.execute(&moving("clients.friend_ids")).await.unwrap();
    }
}
