//! Attempts that never get a plan, because the caller is not signed in or the host has rejected the request.

use std::sync::Arc;

use crate::common::backend::{Backend, On, Whole, stores};
use client_lifecycle::clients::ClientPatch;
use client_lifecycle::domain::{Actor, AuditOutcome, Mode, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::policy::Refusal;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

async fn world(on: On) -> (Backend, Lifecycle<Arc<dyn Whole>>) {
    let policy = DeletionPolicy::of("clients")
        .create(|mode| mode.allow("ADMIN"))
        .update(|mode| mode.allow("ADMIN"))
        .hard_delete(|mode| mode.allow("ADMIN"))
        .build()
        .unwrap();
    let backend = Backend::with(on, &policy, &json!({ "clients": [{ "id": "c1" }] })).await;
    let lifecycle = backend.lifecycle(&policy).await;
    (backend, lifecycle)
}

fn senseless() -> Error {
    ClientPatch::from_json(&Value::Null).unwrap_err().into()
}

fn ana() -> Actor {
    Actor::new("ana", "ADMIN")
}

/// R106, R201, R202
#[tokio::test]
async fn an_anonymous_attempt_is_recorded_with_its_address() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let anonymous = Actor::anonymous().ip("203.0.113.9").user_agent("curl/8");
        let mut admitted = anonymous.clone();
        admitted.roles = ana().roles;
        for actor in [anonymous.clone(), admitted] {
            let request = Request::hard_delete("clients", "c1").by(actor.clone());
            assert_eq!(lifecycle.plan(&request).await.unwrap_err().code(), "unauthenticated");
            assert_eq!(lifecycle.execute(&request).await.unwrap_err().code(), "unauthenticated");
            let entry = backend.audit().await.pop().unwrap();
            assert_eq!((entry.outcome, entry.actor), (AuditOutcome::Denied, Some(actor)), "{on:?}");
        }
        assert_eq!(backend.rows("clients").await, json!([{ "id": "c1" }]));
    }
}

/// R106
#[tokio::test]
async fn a_rejected_request_is_recorded_and_its_error_returned() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let message = "the id has a space".into();
        let wrong = Refusal::Invalid { message, remedy: "give one without".into() };
        for (mode, id, why, code) in [
            (Mode::Update, "c1", senseless(), "invalid_values"),
            (Mode::HardDelete, "c 1", wrong.into(), "invalid"),
            (Mode::HardDelete, "", senseless(), "invalid_values"),
        ] {
            let request = Request::new(mode, "clients", id).by(ana());
            assert_eq!(lifecycle.reject(&request, why).await.code(), code, "{on:?}");
            let entry = backend.audit().await.pop().unwrap();
            assert_eq!((entry.outcome, &entry.detail["code"]), (AuditOutcome::Invalid, &json!(code)));
            assert_eq!(entry.subjects, [id.into()]);
        }
        let error = lifecycle.reject(&Request::create("clients").by(ana()), senseless()).await;
        assert_eq!(error.code(), "invalid_values");
        let entry = backend.audit().await.pop().unwrap();
        assert_eq!((&*entry.action, entry.subjects.len()), ("CLIENT_CREATED", 1), "one that is not made");
        assert_eq!(backend.audit().await.len(), 4);
    }
}

#[tokio::test]
async fn a_denied_actor_gets_an_error_about_permission_instead_of_the_violations() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        for (actor, code) in
            [(Actor::anonymous(), "unauthenticated"), (Actor::new("eve", "GUEST"), "missing_role")]
        {
            let request = Request::update("clients", "c1").by(actor);
            assert_eq!(lifecycle.reject(&request, senseless()).await.code(), code, "{on:?}");
            assert_eq!(backend.audit().await.pop().unwrap().outcome, AuditOutcome::Denied);
        }
    }
}

#[tokio::test]
async fn the_operation_id_stays_free_for_a_valid_attempt() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let request = Request::hard_delete("clients", "c1").by(ana()).operation(uuid::Uuid::from_u128(1));
        lifecycle.reject(&request, senseless()).await;
        lifecycle.execute(&request).await.unwrap();
        assert_eq!(backend.outcomes().await, ["invalid", "done"], "{on:?}");
    }
}
