//! ON and OFF, on every store: `deactivate` leaves what is OFF already, and `reactivate` switches ON what it switched.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Mode, RecordId, Request};
use client_lifecycle::plan::Plan;
use client_lifecycle::protocol::Disposition;
use serde_json::{Value, json};

use crate::common::agrees;
use crate::common::backend::{Backend, stores};

fn policy() -> DeletionPolicy {
    let off = |field: &str| json!({ "status": { "field": field, "on": false, "off": true } });
    let mut folders = off("closed");
    folders["id"] = json!(["user_id", "number"]);
    let document = json!({
        "subject": "users",
        "kinds": {
            "users": { "status": { "field": "is_active", "on": true, "off": false } },
            "sessions": { "volatile": true },
            "logs": {},
            "keys": off("revoked"),
            "grants": { "status": "state" },
            "folders": folders,
            "nodes": { "status": "state" }
        },
        "references": [
            { "from": "sessions.user_id", "to": "users" },
            { "from": "logs.session_id", "to": "sessions", "nullable": true },
            { "from": "keys.user_id", "to": "users" },
            { "from": "grants.key_id", "to": "keys" },
            { "from": "folders.user_id", "to": "users" },
            { "from": "nodes.user_id", "to": "users", "nullable": true },
            { "from": "nodes.parent_id", "to": "nodes", "nullable": true }
        ],
        "modes": {
            "deactivate": { "allow": "any", "rules": {
                "sessions.user_id": "delete", "logs.session_id": "keep", "*": "cascade" } },
            "reactivate": { "allow": "any", "rules": {
                "sessions.user_id": "keep", "logs.session_id": "keep", "*": "cascade" } }
        }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Key 2 was revoked before, so its grant is not reached. Grant 3 was OFF before.
fn rows() -> Value {
    let node = |id: i64, user: Option<i64>, parent: Option<i64>, state: &str| json!({ "id": id, "user_id": user, "parent_id": parent, "state": state });
    json!({
        "users": [{ "id": 1, "is_active": true }, { "id": 2, "is_active": true }],
        "sessions": [{ "id": 1, "user_id": 1 }, { "id": 2, "user_id": 1 }, { "id": 3, "user_id": 2 }],
        "logs": [{ "id": 1, "session_id": 1 }],
        "keys": [{ "id": 1, "user_id": 1, "revoked": false }, { "id": 2, "user_id": 1, "revoked": true },
                 { "id": 3, "user_id": 2, "revoked": false }],
        "grants": [{ "id": 1, "key_id": 1, "state": "ON" }, { "id": 2, "key_id": 2, "state": "ON" },
                   { "id": 3, "key_id": 1, "state": "OFF" }],
        "folders": [{ "user_id": 1, "number": 1, "closed": false }, { "user_id": 1, "number": 2, "closed": true }],
        "nodes": [node(1, Some(1), None, "ON"), node(2, None, Some(1), "ON"), node(3, None, Some(2), "ON"),
                  node(4, Some(1), Some(3), "OFF")]
    })
}

async fn run<I: Into<RecordId>>(backend: &Backend, mode: Mode, ids: impl IntoIterator<Item = I>) -> Plan {
    let lifecycle = backend.lifecycle(&policy()).await;
    let request =
        Request::batch(mode, "users", ids.into_iter().map(Into::into)).by(Actor::new("ana", "ADMIN"));
    let plan = lifecycle.plan(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
    let receipt = lifecycle.apply(&request, &plan).await;
    agrees(&plan, &receipt.unwrap_or_else(|error| panic!("{error:?}\n{plan}")));
    plan
}

/// Returns the kinds of the steps and their counts.
fn counts(plan: &Plan) -> Vec<(String, String, u64)> {
    let steps = plan.steps.iter().filter(|step| step.key.disposition != Disposition::Keep);
    steps.map(|step| (step.key.kind.to_string(), step.key.disposition.to_string(), step.count)).collect()
}

async fn off(backend: &Backend, kind: &str, field: &str, value: Value) -> Vec<Value> {
    let rows = backend.rows(kind).await;
    // SQLite stores booleans as integers.
    let is_off = |row: &&Value| row[field] == value || (value == true && row[field] == 1);
    let off = rows.as_array().unwrap().iter().filter(is_off);
    off.map(|row| row.get("id").unwrap_or(&row["number"]).clone()).collect()
}

#[tokio::test]
async fn sessions_end_and_only_what_was_switched_comes_back() {
    for on in stores().await {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let plan = run(&backend, Mode::Deactivate, [1]).await;
        let count =
            |kind: &str| counts(&plan).iter().filter(|one| one.0 == kind).map(|one| one.2).sum::<u64>();
        let found = ["sessions", "keys", "grants", "folders", "nodes", "users"].map(count);
        assert_eq!(found, [2, 1, 1, 1, 3, 1], "{on:?}: {plan}");
        assert_eq!(backend.rows("sessions").await.as_array().unwrap().len(), 1, "{on:?}");
        assert_eq!(off(&backend, "keys", "revoked", json!(true)).await, [1, 2], "{on:?}");
        assert_eq!(off(&backend, "grants", "state", json!("OFF")).await, [1, 3], "{on:?}");

        let plan = run(&backend, Mode::Reactivate, [1]).await;
        assert_eq!(off(&backend, "keys", "revoked", json!(true)).await, [2], "{on:?}: {plan}");
        for kind in ["users", "keys", "grants", "folders", "nodes"] {
            let before = Backend::with(on, &policy(), &rows()).await;
            assert_eq!(backend.rows(kind).await, before.rows(kind).await, "{on:?} {kind}: {plan}");
        }
        // Nothing is left to switch.
        let again = run(&backend, Mode::Reactivate, [1]).await;
        assert_eq!(counts(&again).len(), 1, "{on:?}: {again}");
    }
}

#[tokio::test]
async fn what_was_switched_off_by_hand_meanwhile_stays_off() {
    for on in stores().await {
        let backend = Backend::with(on, &policy(), &rows()).await;
        run(&backend, Mode::Deactivate, [1]).await;
        run(&backend, Mode::Reactivate, [1]).await;
        backend.set("keys", "1", "revoked", json!(true)).await;
        run(&backend, Mode::Deactivate, [1]).await;
        run(&backend, Mode::Reactivate, [1]).await;
        assert_eq!(off(&backend, "keys", "revoked", json!(true)).await, [1, 2], "{on:?}");
    }
}

#[tokio::test]
async fn what_several_deactivations_switched_comes_back() {
    for on in stores().await {
        let backend = Backend::with(on, &policy(), &rows()).await;
        run(&backend, Mode::Deactivate, [1]).await;
        backend.insert("keys", json!({ "id": 9, "user_id": 1, "revoked": false })).await;
        let second = run(&backend, Mode::Deactivate, [1]).await;
        assert_eq!(counts(&second).iter().map(|one| one.2).sum::<u64>(), 2, "{on:?}: {second}");
        run(&backend, Mode::Reactivate, [1]).await;
        assert_eq!(off(&backend, "keys", "revoked", json!(true)).await, [2], "{on:?}");
    }
}

#[tokio::test]
async fn each_subject_of_a_batch_comes_back_with_its_own_rows() {
    for on in stores().await {
        let backend = Backend::with(on, &policy(), &rows()).await;
        run(&backend, Mode::Deactivate, [1, 2]).await;
        assert_eq!(off(&backend, "keys", "revoked", json!(true)).await, [1, 2, 3], "{on:?}");
        run(&backend, Mode::Reactivate, [2]).await;
        assert_eq!(off(&backend, "keys", "revoked", json!(true)).await, [1, 2], "{on:?}");
        run(&backend, Mode::Reactivate, [1]).await;
        assert_eq!(off(&backend, "keys", "revoked", json!(true)).await, [2], "{on:?}");
    }
}

#[tokio::test]
async fn what_the_host_switched_off_does_not_come_on() {
    for on in stores().await {
        let backend = Backend::with(on, &policy(), &rows()).await;
        for (kind, id, field, value) in
            [("users", "1", "is_active", json!(false)), ("keys", "1", "revoked", json!(true))]
        {
            backend.set(kind, id, field, value).await;
        }
        let plan = run(&backend, Mode::Reactivate, [1]).await;
        assert_eq!(counts(&plan), [("users".to_owned(), "reactivate".to_owned(), 1)], "{on:?}");
    }
}

#[test]
fn rows_without_an_id_cannot_be_switched_back() {
    let document = json!({
        "subject": "users",
        "kinds": { "users": { "status": "state" }, "flags": { "id": [], "status": "state" } },
        "references": [{ "from": "flags.user_id", "to": "users" }],
        "modes": { "deactivate": { "allow": "any", "rules": { "*": "cascade" } },
                   "reactivate": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let faults = DeletionPolicy::from_json(&document.to_string()).unwrap_err().to_string();
    assert!(faults.contains("modes.reactivate.rules.flags.user_id"), "{faults}");
    assert!(!faults.contains("modes.deactivate"), "{faults}");
}
