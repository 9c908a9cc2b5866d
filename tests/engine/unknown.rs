//! A condition that is unknown because of a null is not taken for one that does not hold, on every store.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::plan::Plan;
use serde_json::{Value, json};

use crate::common::backend::{Backend, stores};

fn policy(rules: &Value, guards: &Value) -> DeletionPolicy {
    let nullable = |of: &str| json!({ "type": of, "nullable": true });
    let document = json!({
        "subject": "clients",
        "kinds": {
            "clients": {},
            "accounts": {},
            "loans": { "fields": { "state": nullable("text"), "due_at": nullable("timestamp"), "amount": nullable("integer") } }
        },
        "references": [
            { "from": "accounts.client_id", "to": "clients" },
            { "from": "loans.client_id", "to": "clients", "nullable": true },
            { "from": "loans.account_id", "to": "accounts", "nullable": true }
        ],
        "modes": { "hard_delete": { "allow": "any", "guards": guards, "rules": {
            "accounts.client_id": "cascade",
            "loans.client_id": rules,
            "loans.account_id": "cascade"
        } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn request() -> Request {
    Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN"))
}

/// Loans of client 1: repaid, open, without a state, and without anything.
fn loans() -> Value {
    json!({
        "clients": [{ "id": 1 }, { "id": 2 }],
        "accounts": [{ "id": 5, "client_id": 1 }],
        "loans": [
            { "id": 1, "client_id": 1, "state": "REPAID", "due_at": "2020-01-01T00:00:00Z", "amount": 1 },
            { "id": 3, "client_id": 1, "state": null, "due_at": "2020-01-01T00:00:00Z", "amount": 0 },
            { "id": 4, "client_id": 1, "state": null, "due_at": null, "amount": null },
            { "id": 9, "client_id": 2, "state": null, "due_at": null, "amount": null }
        ]
    })
}

/// Returns the warnings: name, count and sample.
fn warnings(plan: &Plan) -> Value {
    let found = plan.warnings.iter();
    found.map(|one| json!([one.name, one.count, one.sample])).collect()
}

async fn planned(backend: &Backend, policy: &DeletionPolicy) -> Plan {
    let plan = backend.lifecycle(policy).await.plan(&request()).await;
    plan.unwrap_or_else(|error| panic!("{error:?}"))
}

/// The rules, and the loans for which it is unknown whether they are protected.
fn rules() -> Vec<(Value, Value)> {
    let open = json!({ "field": "state", "eq": "OPEN" });
    let late = json!({ "not": { "field": "due_at", "before": "now" } });
    let restrict = |when: &Value| json!([{ "when": when, "then": "restrict" }, "cascade"]);
    vec![
        (restrict(&open), json!([3, 4])),
        (restrict(&json!({ "not": open })), json!([3, 4])),
        (restrict(&late), json!([4])),
        (restrict(&json!({ "field": "state", "in": ["OPEN", "LATE"] })), json!([3, 4])),
        (restrict(&json!({ "field": "amount", "gt": 100 })), json!([4])),
        // False beside unknown is false, and true beside unknown is not.
        (restrict(&json!({ "all": [open, late] })), json!([4])),
        (restrict(&json!({ "any": [open, late] })), json!([3, 4])),
        (restrict(&json!({ "not": { "any": [open, { "field": "due_at", "before": "now" }] } })), json!([4])),
        // A condition that asks for null is never unknown.
        (restrict(&json!({ "all": [{ "field": "state", "is_null": false }, open] })), json!([])),
        (json!([{ "when": open, "then": "protect" }, "cascade"]), json!([3, 4])),
        // A retention that is over protects nothing.
        (
            json!([{ "when": open, "retain": { "for": "P1Y", "from": "due_at", "basis": "law" } }, "cascade"]),
            json!([4]),
        ),
        // What an earlier entry decides is not in doubt.
        (
            json!([{ "when": late, "then": "keep" }, { "when": { "field": "due_at", "is_null": true }, "then": "delete" },
                   { "when": open, "then": "restrict" }, "cascade"]),
            json!([3]),
        ),
        // An unknown condition of a rule that does not protect.
        (json!([{ "when": open, "then": "delete" }, "cascade"]), json!([])),
        (
            json!([{ "when": { "unknown": open }, "then": "delete" }, { "when": open, "then": "restrict" }, "cascade"]),
            json!([]),
        ),
    ]
}

#[tokio::test]
async fn rows_that_an_unknown_condition_may_protect_are_a_warning() {
    for (rules, expected) in rules() {
        let policy = policy(&rules, &json!([]));
        let mut digests = Vec::new();
        for on in stores().await {
            let backend = Backend::with(on, &policy, &loans()).await;
            let plan = planned(&backend, &policy).await;
            let sample = expected.as_array().unwrap();
            let one = json!([["unknown:loans.client_id", sample.len(), sample]]);
            let expected = if sample.is_empty() { json!([]) } else { one };
            assert_eq!(warnings(&plan), expected, "{on:?} {rules}: {plan}");
            digests.push(plan.digest.clone());
        }
        digests.dedup();
        assert_eq!(digests.len(), 1, "{rules}");
    }
}

#[tokio::test]
async fn the_warning_is_acknowledged_by_name_and_bound_like_others() {
    let policy = policy(&rules()[0].0, &json!([]));
    for on in stores().await {
        let backend = Backend::with(on, &policy, &loans()).await;
        let lifecycle = backend.lifecycle(&policy).await;
        let plan = planned(&backend, &policy).await;
        assert!(plan.to_string().contains("`loans` `3`, `4`"), "{plan}");
        assert!(matches!(lifecycle.apply(&request(), &plan).await, Err(Error::Blocked(_))), "{on:?}");
        assert!(matches!(lifecycle.execute(&request()).await, Err(Error::Blocked(_))), "{on:?}");

        let accepted = request().acknowledge("unknown:loans.client_id");
        let plan = lifecycle.plan(&accepted).await.unwrap();
        backend.set("loans", "1", "state", Value::Null).await;
        let late = lifecycle.apply(&accepted, &plan).await;
        assert!(matches!(late, Err(Error::Conflict { .. })), "{on:?}: {late:?}");
        assert_eq!(backend.rows("loans").await.as_array().unwrap().len(), 4, "{on:?}");
        lifecycle.execute(&accepted).await.unwrap_or_else(|error| panic!("{on:?}: {error:?}"));
        assert_eq!(backend.rows("loans").await.as_array().unwrap().len(), 1, "{on:?}");
    }
}

#[tokio::test]
async fn a_row_that_goes_anyway_needs_no_warning() {
    // The account takes the loan with it, so `restrict` would not stop the operation.
    let rows = json!({
        "clients": [{ "id": 1 }], "accounts": [{ "id": 5, "client_id": 1 }],
        "loans": [{ "id": 3, "client_id": 1, "account_id": 5, "amount": 1 }]
    });
    for on in stores().await {
        for (rule, expected) in [("restrict", 0), ("protect", 1)] {
            let rules = json!([{ "when": { "field": "state", "eq": "OPEN" }, "then": rule }, "cascade"]);
            let policy = policy(&rules, &json!([]));
            let backend = Backend::with(on, &policy, &rows).await;
            let plan = planned(&backend, &policy).await;
            assert_eq!(plan.warnings.len(), expected, "{on:?}: {plan}");
        }
    }
}

#[tokio::test]
async fn the_unknown_condition_of_a_blocking_guard_is_a_warning() {
    let guard = |severity: &str| json!([{ "name": "open_loans", "on": "loans", "when": { "field": "state", "eq": "OPEN" }, "severity": severity }]);
    for (severity, expected) in
        [("block", json!([["unknown:open_loans", 2, [3, 4]]])), ("warn", json!([])), ("note", json!([]))]
    {
        let policy = policy(&json!("cascade"), &guard(severity));
        for on in stores().await {
            let backend = Backend::with(on, &policy, &loans()).await;
            let plan = planned(&backend, &policy).await;
            assert_eq!(warnings(&plan), expected, "{on:?}: {plan}");
            let accepted = request().acknowledge("unknown:open_loans");
            let lifecycle = backend.lifecycle(&policy).await;
            lifecycle.execute(&accepted).await.unwrap_or_else(|error| panic!("{on:?}: {error:?}"));
        }
    }
}

#[tokio::test]
async fn perhaps_the_last_owner_is_a_warning() {
    let document = json!({
        "subject": "users",
        "kinds": { "users": {}, "teams": {}, "members": { "fields": { "role": { "type": "text", "nullable": true } } } },
        "references": [ { "from": "members.user_id", "to": "users" }, { "from": "members.team_id", "to": "teams" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" }, "guards": [
            { "name": "sole", "on": "teams", "left_without": "members.team_id", "severity": "block",
              "when": { "field": "role", "eq": "owner" } } ] } }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let member = |id: i64, user: i64, team: i64, role: Option<&str>| json!({ "id": id, "user_id": user, "team_id": team, "role": role });
    let rows = json!({
        "users": [{ "id": 1 }, { "id": 2 }],
        "teams": [{ "id": 1 }, { "id": 2 }, { "id": 3 }, { "id": 4 }, { "id": 5 }],
        "members": [
            // Perhaps the owner, and no other owner: the first and the second team.
            member(1, 1, 1, None), member(2, 1, 2, None), member(3, 2, 2, None),
            // Another owner stays; an owner goes; only a member goes.
            member(4, 1, 3, None), member(5, 2, 3, Some("owner")), member(6, 1, 4, None), member(7, 1, 4, Some("owner")),
            member(8, 1, 5, Some("guest")), member(9, 2, 5, None)
        ]
    });
    for on in stores().await {
        let backend = Backend::with(on, &policy, &rows).await;
        let request = Request::hard_delete("users", 1).by(Actor::new("ana", "ADMIN"));
        let plan = backend.lifecycle(&policy).await.plan(&request).await.unwrap();
        assert_eq!(warnings(&plan), json!([["unknown:sole", 2, [1, 2]]]), "{on:?}: {plan}");
        let blockers: Value = plan.blockers.iter().map(|one| json!([one.rule, one.sample])).collect();
        assert_eq!(blockers, json!([["sole", [4]]]), "{on:?}: {plan}");
    }
}
