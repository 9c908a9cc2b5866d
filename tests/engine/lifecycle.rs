//! What a lifecycle guarantees, tested on every store.

use crate::common::backend::{Backend, On, on_every_store};
use chrono::{DateTime, Utc};
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Mode, Reason, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::policy::Refusal;
use client_lifecycle::protocol::Disposition;
use serde_json::{Value, json};

fn policy() -> DeletionPolicy {
    let document = json!({
        "version": "2026-11",
        "subject": "clients",
        "kinds": {
            "clients": { "status": "status", "deleted_at": "deleted_at", "filter": { "field": "role", "eq": "USER" } },
            "officers": { "deleted_at": "deleted_at" },
            "consents": {}, "debts": { "fields": { "status": "text" } },
            "sessions": { "volatile": true, "fields": { "seen_at": "timestamp" } },
            "members": { "deleted_at": "deleted_at", "status": "status" },
            "notes": {}
        },
        "references": [
            { "from": "clients.officer_id", "to": "officers", "nullable": true },
            { "from": "consents.client_id", "to": "clients" },
            { "from": "debts.client_id", "to": "clients" },
            { "from": "sessions.client_id", "to": "clients" },
            { "from": "members.client_id", "to": "clients" },
            { "from": "notes.member_id", "to": "members", "nullable": true }
        ],
        "modes": {
            "hard_delete": {
                "allow": [ { "role": "ADMIN" }, { "role": "RESALE", "scope": "managed_by" }, { "self": true } ],
                "reason": "required",
                "guards": [
                    { "name": "recent_activity", "on": "sessions", "when": { "field": "seen_at", "within": "P30D" }, "severity": "warn" },
                    { "name": "many_notes", "on": "notes", "severity": "note", "message": "there are notes" } ],
                "rules": {
                    "clients.officer_id": "keep",
                    "consents.client_id": "cascade", "sessions.client_id": "delete",
                    "debts.client_id": [ { "when": { "field": "status", "eq": "PENDING" }, "then": "restrict" }, "cascade" ],
                    "members.client_id": "cascade", "notes.member_id": "set_null" },
                "effects": [ { "topic": "sessions.revoke", "on": "sessions", "fields": ["token"] }, { "topic": "account.deleted" } ]
            },
            "soft_delete": { "allow": [ { "role": "ADMIN" } ], "rules": {
                "*": "keep", "members.client_id": "cascade", "notes.member_id": "keep", "sessions.client_id": "delete" } },
            "deactivate": { "allow": "any", "rules": { "*": "keep", "members.client_id": "cascade" } },
            "reactivate": { "allow": "any", "rules": { "*": "keep", "members.client_id": "cascade" } }
        }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn rows() -> Value {
    json!({
        "officers": [ { "id": "o1", "deleted_at": null } ],
        "clients": [
            { "id": "c1", "role": "USER", "status": "ON", "deleted_at": null, "managed_by": "r7", "officer_id": "o1" },
            { "id": "c2", "role": "USER", "status": "ON", "deleted_at": null, "managed_by": "r8", "officer_id": null },
            { "id": "admin", "role": "ADMIN", "status": "ON", "deleted_at": null, "managed_by": null, "officer_id": null },
            { "id": "gone", "role": "USER", "status": "OFF", "deleted_at": "2026-01-01T00:00:00.000Z", "managed_by": null, "officer_id": null } ],
        "consents": [ { "id": 1, "client_id": "c1" }, { "id": 2, "client_id": "c1" }, { "id": 3, "client_id": "c2" } ],
        "debts": [ { "id": "d1", "client_id": "c1", "status": "PAID" } ],
        "sessions": [ { "id": "s1", "client_id": "c1", "token": "t1", "seen_at": "2025-01-01T00:00:00Z" } ],
        "members": [ { "id": "m1", "client_id": "c1", "status": "ON", "deleted_at": null },
                     { "id": "m2", "client_id": "c2", "status": "ON", "deleted_at": null } ],
        "notes": [ { "id": "n1", "member_id": "m1" } ]
    })
}

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn hard_delete(id: &str) -> Request {
    Request::hard_delete("clients", id).by(Actor::new("ana", "ADMIN")).with_reason(Reason::PrivacyRequest)
}

fn op(number: u128) -> client_lifecycle::domain::OperationId {
    uuid::Uuid::from_u128(number).into()
}

async fn world(
    on: On,
) -> (Backend, client_lifecycle::Lifecycle<std::sync::Arc<dyn crate::common::backend::Whole>>) {
    let policy = policy();
    let backend = Backend::with(on, &policy, &rows()).await;
    let lifecycle = backend.lifecycle(&policy).await.with_clock(now());
    (backend, lifecycle)
}

on_every_store! {
    async fn a_deletion_does_what_its_plan_shows(on: On) {
        let (backend, lifecycle) = world(on).await;
        let plan = lifecycle.plan(&hard_delete("c1")).await.unwrap();
        let receipt = lifecycle.apply(&hard_delete("c1"), &plan).await.unwrap();
        crate::common::agrees(&plan, &receipt);
        assert_eq!((receipt.outcome, receipt.complete), (Some(Disposition::Delete), true));
        assert_eq!(backend.rows("consents").await, json!([{ "id": 3, "client_id": "c2" }]));
        assert_eq!(backend.rows("notes").await, json!([{ "id": "n1" }]));
        assert_eq!(backend.rows("members").await, json!([{ "id": "m2", "client_id": "c2", "status": "ON" }]));
        let events: Vec<_> = backend.events().await.into_iter().map(|event| (event.topic, event.record.to_string(), event.fields.len())).collect();
        assert_eq!(events.len(), 2);
        assert!(events.contains(&("sessions.revoke".into(), "s1".into(), 1)));
        assert!(events.contains(&("account.deleted".into(), "c1".into(), 0)));
    }

    async fn planning_changes_and_records_nothing(on: On) {
        let (backend, lifecycle) = world(on).await;
        let first = lifecycle.plan(&hard_delete("c1")).await.unwrap();
        let second = lifecycle.plan(&hard_delete("c1")).await.unwrap();
        assert_eq!(first.digest, second.digest);
        assert!(backend.audit().await.is_empty());
        assert_eq!(backend.rows("clients").await.as_array().unwrap().len(), 4);
    }

    async fn every_attempt_is_recorded_with_actor_reason_and_outcome(on: On) {
        let (backend, lifecycle) = world(on).await;
        backend.insert("debts", json!({ "id": "d2", "client_id": "c2", "status": "PENDING" })).await;
        let ask = async |request: Request| lifecycle.execute(&request).await.map(|_| ());
        assert!(matches!(ask(hard_delete("c2")).await, Err(Error::Blocked(_))));
        assert!(matches!(ask(hard_delete("nobody")).await, Err(Error::Refused(_))));
        assert!(matches!(ask(hard_delete("c1").by(Actor::new("bob", "USER"))).await, Err(Error::Refused(_))));
        assert!(matches!(ask(Request::anonymize("clients", "c1")).await, Err(Error::Refused(_))));
        ask(hard_delete("c1").note("asked by mail").by(Actor::new("ana", "ADMIN").ip("203.0.113.9"))).await.unwrap();
        assert_eq!(backend.outcomes().await, ["blocked", "not_found", "denied", "invalid", "done"]);
        let done = backend.audit().await.pop().unwrap();
        assert_eq!(done.action, "CLIENT_DELETED");
        assert_eq!(done.at, now());
        assert_eq!(done.reason, Some(Reason::PrivacyRequest));
        assert_eq!(done.note.as_deref(), Some("asked by mail"));
        assert_eq!(done.actor.unwrap().ip.as_deref(), Some("203.0.113.9"));
        assert!(done.digest.is_some());
    }

    async fn the_same_operation_twice_is_done_once(on: On) {
        let (backend, lifecycle) = world(on).await;
        let request = hard_delete("c1").operation(op(1));
        let plan = lifecycle.plan(&request).await.unwrap();
        let first = lifecycle.apply(&request, &plan).await.unwrap();
        let again = lifecycle.apply(&request, &plan).await.unwrap();
        let deleted_again = lifecycle.execute(&request).await.unwrap();
        assert_eq!((&first, &first), (&again, &deleted_again));
        assert_eq!(backend.outcomes().await, ["done"]);
        assert_eq!(backend.events().await.len(), 2);
    }

    async fn an_operation_id_cannot_be_used_for_another_request(on: On) {
        let (backend, lifecycle) = world(on).await;
        lifecycle.execute(&hard_delete("c1").operation(op(1))).await.unwrap();
        let other = lifecycle.execute(&hard_delete("c2").operation(op(1))).await;
        assert!(matches!(other, Err(Error::OperationReused(_))), "{other:?}");
        assert_eq!(backend.rows("consents").await.as_array().unwrap().len(), 1);
        assert_eq!(backend.outcomes().await, ["done", "invalid"]);
    }

    async fn a_refused_attempt_leaves_its_operation_id_free(on: On) {
        let (backend, lifecycle) = world(on).await;
        backend.set("debts", "d1", "status", json!("PENDING")).await;
        let request = hard_delete("c1").operation(op(1));
        assert!(lifecycle.execute(&request).await.is_err());
        backend.set("debts", "d1", "status", json!("PAID")).await;
        assert!(lifecycle.execute(&request).await.is_ok());
        assert_eq!(backend.outcomes().await, ["blocked", "done"]);
    }

    async fn the_receipt_is_hidden_from_denied_actors(on: On) {
        let (_, lifecycle) = world(on).await;
        lifecycle.execute(&hard_delete("c1").operation(op(1))).await.unwrap();
        let stranger = hard_delete("c1").operation(op(1)).by(Actor::new("bob", "USER"));
        assert!(matches!(lifecycle.execute(&stranger).await, Err(Error::Refused(_))));
    }

    async fn a_change_since_the_plan_is_a_conflict_item_by_item(on: On) {
        let (backend, lifecycle) = world(on).await;
        let plan = lifecycle.plan(&hard_delete("c1")).await.unwrap();
        backend.insert("consents", json!({ "id": 4, "client_id": "c1" })).await;
        backend.insert("debts", json!({ "id": "d2", "client_id": "c1", "status": "PENDING" })).await;
        let Err(Error::Conflict { changes }) = lifecycle.apply(&hard_delete("c1"), &plan).await else {
            panic!("it is a conflict")
        };
        let said: Vec<_> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(said, [
            "delete of `consents` over consents.client_id: 2 shown, 3 found",
            "blocked by restrict of `debts.client_id`: 0 shown, 1 found",
        ]);
        assert_eq!(backend.rows("consents").await.as_array().unwrap().len(), 4);
        assert_eq!(backend.outcomes().await, ["conflict"]);
    }

    async fn a_plan_depends_on_volatile_steps_but_not_their_counts(on: On) {
        let (backend, lifecycle) = world(on).await;
        let plan = lifecycle.plan(&hard_delete("c1")).await.unwrap();
        backend.insert("sessions", json!({ "id": "s2", "client_id": "c1", "token": "t2", "seen_at": "2025-02-01T00:00:00Z" })).await;
        let receipt = lifecycle.apply(&hard_delete("c1"), &plan).await.unwrap();
        let sessions = receipt.steps.iter().find(|step| step.kind == "sessions").unwrap();
        assert_eq!((sessions.planned, sessions.actual), (1, 2));
        assert_eq!(backend.rows("sessions").await, json!([]));
    }

    async fn a_new_volatile_step_is_a_conflict(on: On) {
        let (backend, lifecycle) = world(on).await;
        backend.remove("sessions", "s1").await;
        let plan = lifecycle.plan(&hard_delete("c1")).await.unwrap();
        backend.insert("sessions", json!({ "id": "s2", "client_id": "c1", "token": "t2", "seen_at": null })).await;
        assert!(matches!(lifecycle.apply(&hard_delete("c1"), &plan).await, Err(Error::Conflict { .. })));
    }

    async fn a_plan_is_only_valid_for_its_request(on: On) {
        let (_, lifecycle) = world(on).await;
        let plan = lifecycle.plan(&hard_delete("c1")).await.unwrap();
        assert!(matches!(lifecycle.apply(&hard_delete("c2"), &plan).await, Err(Error::PlanMismatch)));
    }

    async fn the_actor_that_applies_a_plan_needs_permission(on: On) {
        let (backend, lifecycle) = world(on).await;
        let plan = lifecycle.plan(&hard_delete("c1")).await.unwrap();
        let stranger = hard_delete("c1").by(Actor::new("bob", "USER"));
        assert!(matches!(lifecycle.apply(&stranger, &plan).await, Err(Error::Refused(_))));
        let reseller = |scope: &str| hard_delete("c1").by(Actor::new("rob", "RESALE").scope(scope));
        assert!(matches!(lifecycle.apply(&reseller("r8"), &plan).await, Err(Error::Refused(_))));
        assert!(lifecycle.apply(&reseller("r7"), &plan).await.is_ok());
        assert_eq!(backend.outcomes().await, ["denied", "denied", "done"]);
    }

    async fn a_change_is_a_conflict_even_if_only_the_scope_is_read_again(on: On) {
        let (backend, lifecycle) = world(on).await;
        let plan = lifecycle.plan(&hard_delete("c1")).await.unwrap();
        backend.insert("consents", json!({ "id": 4, "client_id": "c1" })).await;
        let reseller = hard_delete("c1").by(Actor::new("bob", "RESALE").scope("r7"));
        let Err(Error::Conflict { changes }) = lifecycle.apply(&reseller, &plan).await else {
            panic!("it is a conflict")
        };
        assert_eq!(changes[0].to_string(), "delete of `consents` over consents.client_id: 2 shown, 3 found");
    }

    async fn roles_scopes_and_the_subject_itself_are_distinguished(on: On) {
        let (_, lifecycle) = world(on).await;
        let code = async |actor: Actor| match lifecycle.plan(&hard_delete("c1").by(actor)).await {
            Ok(_) => "allowed",
            Err(Error::Refused(refusal)) => refusal.code(),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(code(Actor::new("bob", "USER")).await, "missing_role");
        assert_eq!(code(Actor::new("rob", "RESALE")).await, "wrong_scope");
        assert_eq!(code(Actor::new("r7", "RESALE")).await, "allowed");
        assert_eq!(code(Actor::new("rob", "RESALE").scope("r1").scope("r7")).await, "allowed");
        assert_eq!(code(Actor::new("c1", "USER")).await, "allowed");
        let anonymous = Request::hard_delete("clients", "c1").with_reason(Reason::Duplicate);
        assert!(matches!(
            lifecycle.plan(&anonymous).await,
            Err(Error::Refused(Refusal::Unauthenticated { .. }))
        ));
    }

    async fn excluded_and_soft_deleted_rows_are_not_found(on: On) {
        let (_, lifecycle) = world(on).await;
        let code = async |request: Request| match lifecycle.plan(&request).await {
            Ok(_) => "found",
            Err(Error::Refused(refusal)) => refusal.code(),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(code(hard_delete("admin")).await, "not_found");
        assert_eq!(code(hard_delete("")).await, "missing_id");
        assert_eq!(code(Request::deactivate("clients", "gone")).await, "not_found");
        assert_eq!(code(hard_delete("gone")).await, "found");
        assert_eq!(code(Request::hard_delete("debts", "d1")).await, "invalid");
        assert_eq!(code(hard_delete("'; DROP TABLE clients; --")).await, "not_found");
    }

    async fn a_reason_is_required_if_the_policy_says_so(on: On) {
        let (_, lifecycle) = world(on).await;
        let bare = Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN"));
        assert!(lifecycle.plan(&bare).await.is_err());
        assert!(lifecycle.plan(&bare.clone().with_reason(Reason::Other)).await.is_err());
        assert!(lifecycle.plan(&bare.with_reason(Reason::Other).note("court order")).await.is_ok());
    }

    async fn a_warning_blocks_until_it_is_acknowledged_and_a_note_does_not(on: On) {
        let (backend, lifecycle) = world(on).await;
        backend.set("sessions", "s1", "seen_at", json!("2026-11-01T00:00:00Z")).await;
        let plan = lifecycle.plan(&hard_delete("c1")).await.unwrap();
        assert!(!plan.is_executable());
        assert_eq!(plan.warnings[0].name, "recent_activity");
        assert_eq!(plan.notes[0].name, "many_notes");
        assert!(matches!(lifecycle.apply(&hard_delete("c1"), &plan).await, Err(Error::Blocked(_))));
        // The digest does not change when a warning is acknowledged.
        let confirmed = hard_delete("c1").acknowledge("recent_activity");
        assert!(lifecycle.apply(&confirmed, &plan).await.is_ok());
    }

    async fn execute_accepts_other_counts_but_no_new_blocker(on: On) {
        let (backend, lifecycle) = world(on).await;
        backend.insert("consents", json!({ "id": 4, "client_id": "c1" })).await;
        let receipt = lifecycle.execute(&hard_delete("c1")).await.unwrap();
        let consents = receipt.steps.iter().find(|step| step.kind == "consents").unwrap();
        assert_eq!((consents.planned, consents.actual), (3, 3));
    }

    async fn a_batch_is_deleted_completely_or_not_at_all(on: On) {
        let (backend, lifecycle) = world(on).await;
        let batch = |ids: &[&str]| {
            Request::batch(Mode::HardDelete, "clients", ids.iter().copied())
                .by(Actor::new("ana", "ADMIN"))
                .with_reason(Reason::Duplicate)
        };
        let Err(Error::Refused(refusal)) = lifecycle.execute(&batch(&["c1", "c2", "c3", "admin"])).await else {
            panic!("two of them are not there")
        };
        assert_eq!(refusal.to_string(), "no `clients` `admin`, `c3`");
        backend.insert("debts", json!({ "id": "d2", "client_id": "c2", "status": "PENDING" })).await;
        assert!(matches!(lifecycle.execute(&batch(&["c1", "c2"])).await, Err(Error::Blocked(_))));
        assert_eq!(backend.rows("consents").await.as_array().unwrap().len(), 3);
        backend.remove("debts", "d2").await;
        let receipt = lifecycle.execute(&batch(&["c1", "c2", "c1"])).await.unwrap();
        assert_eq!(receipt.steps.last().unwrap().actual, 2);
        assert_eq!(backend.rows("consents").await, json!([]));
        // Each attempt has one audit entry for each of its subjects.
        assert_eq!(backend.audit().await.len(), 4 + 2 + 2);
    }

    async fn soft_deleted_rows_are_marked_and_then_ignored(on: On) {
        let (backend, lifecycle) = world(on).await;
        let request = Request::soft_delete("clients", "c1").by(Actor::new("ana", "ADMIN"));
        let plan = lifecycle.plan(&request).await.unwrap();
        let receipt = lifecycle.apply(&request, &plan).await.unwrap();
        crate::common::agrees(&plan, &receipt);
        assert_eq!(receipt.outcome, Some(Disposition::SoftDelete));
        assert_eq!(backend.rows("members").await[0]["deleted_at"], json!("2026-11-21T12:00:00.000Z"));
        assert_eq!(backend.rows("sessions").await, json!([]));
        assert_eq!(backend.rows("consents").await.as_array().unwrap().len(), 3);
        assert!(matches!(lifecycle.plan(&request).await, Err(Error::Refused(_))));
    }

    async fn a_status_is_switched_off_and_on_with_its_dependents(on: On) {
        let (backend, lifecycle) = world(on).await;
        let off = lifecycle.execute(&Request::deactivate("clients", "c1")).await.unwrap();
        assert_eq!(off.outcome, Some(Disposition::Deactivate));
        assert_eq!(backend.rows("members").await[0]["status"], json!("OFF"));
        let on_again = lifecycle.execute(&Request::reactivate("clients", "c1")).await.unwrap();
        assert_eq!(on_again.outcome, Some(Disposition::Reactivate));
        assert_eq!(backend.rows("members").await[0]["status"], json!("ON"));
        assert_eq!(backend.rows("clients").await[1]["status"], json!("ON"));
        let actions: Vec<_> = backend.audit().await.into_iter().map(|entry| entry.action).collect();
        assert_eq!(actions, ["CLIENT_DEACTIVATED", "CLIENT_REACTIVATED"]);
    }

    async fn a_clock_set_back_changes_only_decisions_that_depend_on_time(on: On) {
        let policy = policy();
        let backend = Backend::with(on, &policy, &rows()).await;
        let late = backend.lifecycle(&policy).await.with_clock(now());
        let plan = late.plan(&hard_delete("c1")).await.unwrap();
        let early = backend.lifecycle(&policy).await.with_clock("1999-12-31T23:59:59Z".parse::<DateTime<Utc>>().unwrap());
        // With a clock set to 1999, the session is recent again, so the guard warns and nothing is done.
        let Err(Error::Conflict { changes }) = early.apply(&hard_delete("c1"), &plan).await else {
            panic!("it is a conflict")
        };
        assert_eq!(changes[0].what, "guard `recent_activity`");
        assert_eq!(backend.rows("consents").await.as_array().unwrap().len(), 3);
        let receipt = late.apply(&hard_delete("c1"), &plan).await.unwrap();
        assert_eq!(receipt.at, now());
    }

    async fn members_are_reassigned_to_an_existing_union_that_stays(on: On) {
        let document = json!({
            "subject": "unions",
            "kinds": { "unions": { "deleted_at": "deleted_at" }, "members": {} },
            "references": [ { "from": "members.union_id", "to": "unions" } ],
            "modes": { "soft_delete": { "allow": "any", "rules": { "members.union_id": "reassign" } } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let rows = json!({
            "unions": [ { "id": "u1", "deleted_at": null }, { "id": "u2", "deleted_at": null },
                        { "id": "u3", "deleted_at": "2026-01-01T00:00:00Z" } ],
            "members": [ { "id": "m1", "union_id": "u1" }, { "id": "m2", "union_id": "u1" }, { "id": "m3", "union_id": "u2" } ]
        });
        let backend = Backend::with(on, &policy, &rows).await;
        let lifecycle = backend.lifecycle(&policy).await.with_clock(now());
        let request = Request::soft_delete("unions", "u1");
        for nowhere in [None, Some("u1"), Some("u3"), Some("u9")] {
            let request = match nowhere {
                Some(target) => request.clone().reassign("members.union_id", target),
                None => request.clone(),
            };
            let plan = lifecycle.plan(&request).await.unwrap();
            assert_eq!((plan.blockers.len(), plan.blockers[0].count), (1, 2), "{nowhere:?}: {plan}");
        }
        let to_u2 = request.clone().reassign("members.union_id", "u2");
        let plan = lifecycle.plan(&to_u2).await.unwrap();
        assert!(plan.to_string().contains("members  reassign     members.union_id to `u2`"), "{plan}");
        // The plan includes the new target, so a request with another target does not match it.
        backend.insert("unions", json!({ "id": "u4", "deleted_at": null })).await;
        let to_u4 = request.clone().reassign("members.union_id", "u4");
        assert!(matches!(lifecycle.apply(&to_u4, &plan).await, Err(Error::PlanMismatch)));
        lifecycle.apply(&to_u2, &plan).await.unwrap();
        assert_eq!(
            backend.rows("members").await,
            json!([ { "id": "m1", "union_id": "u2" }, { "id": "m2", "union_id": "u2" }, { "id": "m3", "union_id": "u2" } ])
        );
    }

    async fn a_target_deleted_before_the_plan_is_applied_is_a_conflict(on: On) {
        let document = json!({
            "subject": "unions",
            "kinds": { "unions": {}, "members": {} },
            "references": [ { "from": "members.union_id", "to": "unions" } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "members.union_id": { "reassign": { "to": "u2" } } } } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let rows = json!({ "unions": [ { "id": "u1" }, { "id": "u2" } ], "members": [ { "id": "m1", "union_id": "u1" } ] });
        let backend = Backend::with(on, &policy, &rows).await;
        let lifecycle = backend.lifecycle(&policy).await.with_clock(now());
        let request = Request::hard_delete("unions", "u1");
        let plan = lifecycle.plan(&request).await.unwrap();
        backend.remove("unions", "u2").await;
        let Err(Error::Conflict { changes }) = lifecycle.apply(&request, &plan).await else {
            panic!("it is a conflict")
        };
        assert_eq!(changes[0].to_string(), "the new target of `members.union_id`: 1 shown, 0 found");
        assert!(matches!(lifecycle.execute(&request).await, Err(Error::Blocked(_))));
    }
}

#[test]
fn a_survey_without_all_answers_makes_no_plan() {
    use client_lifecycle::protocol::{Answer, Survey};
    let policy = policy();
    let inquiry = policy.inquire(&hard_delete("c1"), now()).unwrap();
    let questions = inquiry.query().questions.len();
    let answers = |count: usize| Survey::new(vec!["c1".into()], vec![Answer::count(1); count]);
    assert!(inquiry.plan(&answers(questions)).is_ok());
    assert_eq!(inquiry.plan(&answers(questions - 1)).unwrap_err().code(), "invalid");
}
