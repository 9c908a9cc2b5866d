//! The scope of an actor limits every row of the subject's kind that is written, not only the subjects.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Mode, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::plan::Plan;
use serde_json::{Value, json};

use crate::common::backend::{Backend, On, on_every_store};

/// Clients refer each other, directly and over bookings. `rule` is the rule between clients.
fn policy(rule: &Value) -> DeletionPolicy {
    let allow = json!([{ "role": "ADMIN" }, { "role": "RESALE", "scope": "tenant" }, { "role": "USER", "self": true }]);
    let mode = || json!({ "allow": allow, "rules": { "clients.parent_id": rule, "*": "cascade" } });
    let document = json!({
        "subject": "clients",
        "kinds": {
            "clients": { "status": "status", "deleted_at": "deleted_at", "tombstone": true, "fields": { "tenant": "integer" },
                         "personal": { "name": { "text": "anonymized" } } },
            "bookings": { "status": "status", "deleted_at": "deleted_at" } },
        "references": [
            { "from": "clients.parent_id", "to": "clients", "nullable": true },
            { "from": "bookings.client_id", "to": "clients" },
            { "from": "clients.booking_id", "to": "bookings", "nullable": true } ],
        "modes": {
            "hard_delete": mode(), "soft_delete": mode(), "deactivate": mode(),
            "anonymize": { "allow": allow, "rules": {
                "clients.parent_id": if rule == "keep" { "keep" } else { "anonymize" }, "*": "keep" } },
            "reassign": { "allow": allow, "rules": { "clients.parent_id": "reassign" } }
        }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn client(id: &str, tenant: i64, parent: impl Into<Value>, booking: impl Into<Value>) -> Value {
    json!({ "id": id, "tenant": tenant, "parent_id": parent.into(), "booking_id": booking.into(), "name": id,
            "status": "ON", "deleted_at": null })
}

fn rows(child: &Value) -> Value {
    json!({
        "clients": [client("a", 7, Value::Null, Value::Null), child, client("c", 7, Value::Null, Value::Null)],
        "bookings": [{ "id": "b1", "client_id": "a", "status": "ON", "deleted_at": null }]
    })
}

fn reseller() -> Actor {
    Actor::new("rob", "RESALE").scope("7")
}

fn request(mode: Mode) -> Request {
    let request = Request::new(mode, "clients", "a");
    if mode == Mode::Reassign { request.reassign("clients.parent_id", "c") } else { request }
}

const MODES: [Mode; 5] =
    [Mode::HardDelete, Mode::SoftDelete, Mode::Deactivate, Mode::Anonymize, Mode::Reassign];

/// Returns the blockers of a plan: rule, number and sample.
fn blockers(plan: &Plan) -> Vec<(&str, u64, Vec<String>)> {
    let blockers = plan.blockers.iter();
    blockers
        .map(|one| (&*one.rule, one.count, one.sample.iter().map(ToString::to_string).collect()))
        .collect()
}

on_every_store! {
    async fn a_row_of_another_tenant_that_would_be_written_blocks_in_every_mode(on: On) {
        for rule in ["cascade", "set_null"] {
            let policy = policy(&json!(rule));
            let backend = Backend::with(on, &policy, &rows(&client("x", 8, "a", Value::Null))).await;
            let lifecycle = backend.lifecycle(&policy).await;
            let before = backend.all_rows().await;
            for mode in MODES {
                let plan = lifecycle.plan(&request(mode).by(reseller())).await.unwrap();
                assert_eq!(blockers(&plan), [("scope", 1, vec!["x".to_owned()])], "{rule} {mode}: {plan}");
                let done = lifecycle.execute(&request(mode).by(reseller())).await;
                assert!(matches!(done, Err(Error::Blocked(_))), "{rule} {mode}: {done:?}");
                // An administrator has no scope, and the row of one's own tenant is inside.
                let plan = lifecycle.plan(&request(mode).by(Actor::new("ana", "ADMIN"))).await.unwrap();
                assert_eq!(blockers(&plan), [], "{rule} {mode}: {plan}");
                let wider = lifecycle.plan(&request(mode).by(reseller().scope("8"))).await.unwrap();
                assert_eq!(blockers(&wider), [], "{rule} {mode}: {wider}");
                // The plan of an administrator is not applied for a reseller.
                let done = lifecycle.apply(&request(mode).by(reseller()), &plan).await;
                assert!(matches!(done, Err(Error::PlanMismatch | Error::Blocked(_))), "{rule} {mode}: {done:?}");
            }
            assert_eq!(backend.all_rows().await, before);
        }
    }

    async fn a_row_that_is_reached_over_other_kinds_blocks_too(on: On) {
        let policy = policy(&json!("cascade"));
        let backend = Backend::with(on, &policy, &rows(&client("x", 8, Value::Null, "b1"))).await;
        let lifecycle = backend.lifecycle(&policy).await;
        for mode in [Mode::HardDelete, Mode::SoftDelete, Mode::Deactivate] {
            let plan = lifecycle.plan(&request(mode).by(reseller())).await.unwrap();
            assert_eq!(blockers(&plan), [("scope", 1, vec!["x".to_owned()])], "{mode}: {plan}");
        }
    }

    async fn rows_that_are_left_as_they_are_do_not_block(on: On) {
        let policy = policy(&json!("keep"));
        let backend = Backend::with(on, &policy, &rows(&client("x", 8, "a", Value::Null))).await;
        let lifecycle = backend.lifecycle(&policy).await;
        for mode in [Mode::SoftDelete, Mode::Deactivate, Mode::Anonymize] {
            let plan = lifecycle.plan(&request(mode).by(reseller())).await.unwrap();
            assert_eq!(blockers(&plan), [], "{mode}: {plan}");
        }
        // The kept row would lose its reference to a deleted row.
        let plan = lifecycle.plan(&request(Mode::HardDelete).by(reseller())).await.unwrap();
        assert_eq!(blockers(&plan), [("scope", 1, vec!["x".to_owned()])], "{plan}");
    }

    async fn whoever_may_only_act_on_itself_takes_nobody_along(on: On) {
        let policy = policy(&json!("cascade"));
        let backend = Backend::with(on, &policy, &rows(&client("x", 7, "a", Value::Null))).await;
        let lifecycle = backend.lifecycle(&policy).await;
        for mode in MODES {
            let plan = lifecycle.plan(&request(mode).by(Actor::new("a", "USER"))).await.unwrap();
            assert_eq!(blockers(&plan), [("scope", 1, vec!["x".to_owned()])], "{mode}: {plan}");
        }
        backend.remove("clients", "x").await;
        let plan = lifecycle.plan(&request(Mode::HardDelete).by(Actor::new("a", "USER"))).await.unwrap();
        lifecycle.apply(&request(Mode::HardDelete).by(Actor::new("a", "USER")), &plan).await.unwrap();
    }

    async fn a_row_that_leaves_the_scope_after_the_plan_is_noticed(on: On) {
        for mode in MODES {
            let policy = policy(&json!("cascade"));
            let backend = Backend::with(on, &policy, &rows(&client("x", 7, "a", Value::Null))).await;
            let lifecycle = backend.lifecycle(&policy).await;
            let request = request(mode).by(reseller());
            let plan = lifecycle.plan(&request).await.unwrap();
            assert_eq!(blockers(&plan), [], "{mode}: {plan}");
            backend.set("clients", "x", "tenant", json!(8)).await;
            let before = backend.all_rows().await;
            let error = lifecycle.apply(&request, &plan).await.unwrap_err();
            assert!(matches!(error, Error::Conflict { .. }), "{mode}: {error:?}");
            assert_eq!(backend.all_rows().await, before, "{mode}");
        }
    }

    async fn a_scope_of_integers_has_one_spelling(on: On) {
        let policy = policy(&json!("cascade"));
        let backend = Backend::with(on, &policy, &rows(&client("x", 7, "a", Value::Null))).await;
        let lifecycle = backend.lifecycle(&policy).await;
        for scope in ["07", "+7", " 7", "7.0", "-0"] {
            let actor = Actor::new("rob", "RESALE").scope(scope);
            let error = lifecycle.plan(&request(Mode::HardDelete).by(actor)).await.unwrap_err();
            assert!(matches!(error, Error::Refused(_)), "{scope}: {error:?}");
        }
        lifecycle.execute(&request(Mode::HardDelete).by(reseller())).await.unwrap();
    }
}
