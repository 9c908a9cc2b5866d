//! What the audit log and the caller learn about refused attempts.

use client_lifecycle::clients::ClientPatch;
use client_lifecycle::domain::{Actor, Mode, RecordId, Request};

use super::world::{MARIA, ana, audit_of, document, new, off_to, rows, stored, update, world, world_of};
use crate::common::backend::stores;

#[tokio::test]
async fn an_attempt_without_a_subject_is_recorded() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let none = Request::batch::<RecordId>(Mode::Update, "clients", []).by(ana());
        let patch = ClientPatch::new().with_city("Cádiz");
        assert_eq!(
            lifecycle.clients().unwrap().update(&none, &patch).await.unwrap_err().code(),
            "missing_id"
        );
        assert_eq!(
            lifecycle.clients().unwrap().update(&update(""), &patch).await.unwrap_err().code(),
            "missing_id"
        );
        assert_eq!(backend.outcomes().await, ["invalid", "invalid"], "{on:?}");
    }
}

#[tokio::test]
async fn a_denied_deactivation_is_recorded_as_a_deactivation() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let clerk = Request::update("clients", MARIA).by(Actor::new("carl", "CLERK"));
        let error = lifecycle.clients().unwrap().update(&clerk, &off_to("Cádiz")).await.unwrap_err();
        assert_eq!(error.code(), "missing_role");
        let audit = audit_of(&backend, MARIA).await;
        assert_eq!((audit.len(), audit[0].mode), (1, Mode::Deactivate), "{on:?}");
        assert_eq!(audit[0].action, "CLIENT_DEACTIVATED");
    }
}

#[tokio::test]
async fn a_new_status_that_the_policy_does_not_offer_stops_the_patch() {
    for on in stores().await {
        let mut document = document();
        document["modes"].as_object_mut().unwrap().remove("deactivate");
        let (backend, lifecycle) = world_of(on, &document, &rows()).await;
        let before = stored(&backend, MARIA).await;
        let error = lifecycle.clients().unwrap().update(&update(MARIA), &off_to("Cádiz")).await.unwrap_err();
        assert!(error.to_string().contains("does not offer deactivate"), "{error}");
        assert_eq!(stored(&backend, MARIA).await, before);
        assert_eq!(audit_of(&backend, MARIA).await.len(), 1);
    }
}

#[tokio::test]
async fn a_denied_creation_does_not_reveal_invalid_values() {
    for on in stores().await {
        let (_, lifecycle) = world(on).await;
        let mut wrong = new("diego@example.com");
        wrong.name = String::new();
        let eve = Request::create("clients").by(Actor::new("eve", "GUEST"));
        assert_eq!(
            lifecycle.clients().unwrap().create(&eve, wrong).await.unwrap_err().code(),
            "missing_role",
            "{on:?}"
        );
    }
}
