//! Personal ids: what outlives the rows holds a pseudonym of the id, and is still found by the id.

use crate::common::backend::{Backend, On, on_every_store, stores};
use client_lifecycle::domain::{Actor, MaskKey, OperationId, RecordId, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

const ANA: &str = "ana@example.org";
const EVA: &str = "eva@example.org";

fn key() -> MaskKey {
    MaskKey::new([7; MaskKey::LENGTH]).unwrap()
}

fn policy() -> DeletionPolicy {
    let rules = |visits: &str| json!({ "profiles.email": "cascade", "visits.person": visits, "letters.owner": visits, "people.friend": "set_null" });
    let mode = |rules: Value| {
        json!({ "allow": "any", "rules": rules, "effects": [
            { "topic": "people.gone" }, { "topic": "profiles.gone", "on": "profiles", "via": ["profiles.email"], "fields": ["colour"] },
            { "topic": "visits.gone", "on": "visits", "via": ["visits.person"] } ] })
    };
    let document = json!({
        "subject": "people",
        "kinds": {
            "people": { "id": "email", "personal": { "email": "hmac", "name": "null" }, "status": "status", "deleted_at": "deleted_at",
                        "fields": { "plan": "text" } },
            "profiles": { "id": "email", "status": "status", "deleted_at": "deleted_at" },
            "letters": { "id": ["owner", "number"], "status": "status", "deleted_at": "deleted_at" },
            "visits": { "status": "status", "deleted_at": "deleted_at" } },
        "references": [
            { "from": "profiles.email", "to": "people" }, { "from": "letters.owner", "to": "profiles" },
            { "from": "visits.person", "to": "people" }, { "from": "people.friend", "to": "people", "nullable": true } ],
        "modes": {
            "hard_delete": mode(rules("cascade")),
            "soft_delete": mode(rules("cascade")),
            "deactivate": mode(json!({ "*": "keep", "profiles.email": "cascade", "visits.person": "cascade" })),
            "reactivate": mode(json!({ "*": "keep", "visits.person": "cascade" })),
            "reassign": { "allow": "any", "rules": { "visits.person": "reassign" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn rows() -> Value {
    let person = |email: &str, friend: Option<&str>| json!({ "email": email, "name": "A", "status": "ON", "deleted_at": null, "plan": "gold", "friend": friend });
    json!({
        "people": [person(ANA, Some(EVA)), person(EVA, Some(ANA))],
        "profiles": [ { "email": ANA, "colour": "red", "status": "ON", "deleted_at": null }, { "email": EVA, "colour": "red", "status": "ON", "deleted_at": null } ],
        "letters": [ { "owner": ANA, "number": 1, "status": "ON", "deleted_at": null }, { "owner": ANA, "number": 2, "status": "ON", "deleted_at": null } ],
        "visits": [ { "id": 1, "person": ANA, "status": "ON", "deleted_at": null }, { "id": 2, "person": EVA, "status": "ON", "deleted_at": null } ]
    })
}

/// Requests of each mode, by a person who names herself everywhere a request has text.
fn requests() -> Vec<Request> {
    let all = [
        Request::reassigning("people", ANA).reassign("visits.person", EVA),
        Request::reassigning("people", EVA).reassign("visits.person", ANA),
        Request::deactivate("people", ANA),
        Request::reactivate("people", ANA),
        Request::soft_delete("people", ANA),
        Request::hard_delete("people", ANA),
    ];
    all.into_iter().map(by_herself).collect()
}

fn by_herself(request: Request) -> Request {
    let note = format!("{ANA} asked for it; see {}", ANA.to_uppercase());
    request.by(Actor::new(ANA, "USER").scope(ANA)).note(note)
}

fn holds_a_person(text: &str) -> bool {
    let text = text.to_lowercase();
    [ANA, EVA].iter().any(|id| text.contains(id))
}

on_every_store! {
    async fn nothing_that_the_library_keeps_holds_the_id(on: On) {
        let policy = policy();
        let backend = Backend::with(on, &policy, &rows()).await;
        let lifecycle = backend.lifecycle(&policy).await.with_mask_key(key());
        for request in requests() {
            let receipt = lifecycle.execute(&request).await.unwrap_or_else(|error| panic!("{on:?} {}: {error:?}", request.mode));
            assert_eq!(receipt.subjects, request.subjects, "the caller gets the id that was asked for");
            let kept = backend.library_tables().await;
            assert!(!holds_a_person(&kept), "{on:?} {}: {kept}", request.mode);
        }
        // Attempts that are refused are recorded too.
        let refused = [Request::hard_delete("people", ANA), Request::anonymize("people", ANA), Request::hard_delete("profiles", ANA)];
        for request in refused {
            lifecycle.execute(&by_herself(request)).await.unwrap_err();
        }
        lifecycle.reject(&by_herself(Request::hard_delete("people", ANA)), Error::PlanMismatch).await;
        let kept = backend.library_tables().await;
        assert!(!holds_a_person(&kept), "{on:?}: {kept}");
    }

    async fn the_entries_and_events_of_a_person_are_found_by_the_recorded_id(on: On) {
        let policy = policy();
        let backend = Backend::with(on, &policy, &rows()).await;
        let lifecycle = backend.lifecycle(&policy).await.with_mask_key(key());
        for request in requests() {
            lifecycle.execute(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
        }
        let recorded = |kind: &str, id: RecordId| lifecycle.recorded_id(&kind.into(), &id).unwrap();
        let ana = recorded("people", ANA.into());
        let entries = backend.audit().await;
        assert_eq!(entries.iter().filter(|entry| entry.subjects == [ana.clone()]).count(), 5, "{on:?}");
        let pseudonym = key().pseudonym(&"people".into(), &"email".into(), ANA);
        assert_eq!(ana, pseudonym.as_str().into());
        // A kind whose id refers to the person's has the same pseudonym.
        assert_eq!(recorded("letters", (ANA, 2).into()), (pseudonym.as_str(), 2).into());
        let topics = ["people.gone", "profiles.gone"];
        for event in backend.events().await.iter().filter(|event| topics.contains(&&*event.topic)) {
            assert_eq!(event.record, ana, "{on:?} {}", event.topic);
        }
        let visits: Vec<String> = backend.events().await.iter().filter(|event| event.topic == "visits.gone").map(|event| event.record.to_string()).collect();
        assert!(visits.iter().all(|visit| visit == "1" || visit == "2") && !visits.is_empty(), "other ids are plain: {visits:?}");
    }

    async fn a_repeated_operation_returns_its_receipt_and_another_request_is_refused(on: On) {
        let policy = policy();
        let backend = Backend::with(on, &policy, &rows()).await;
        let lifecycle = backend.lifecycle(&policy).await.with_mask_key(key());
        let operation = OperationId::from(uuid::Uuid::from_u128(7));
        let request = Request::hard_delete("people", ANA).by(Actor::new("ana", "ADMIN")).operation(operation);
        let plan = lifecycle.plan(&request).await.unwrap();
        let first = lifecycle.apply(&request, &plan).await.unwrap();
        assert_eq!((first.digest.clone(), &*first.subjects), (plan.digest, &[ANA.into()][..]));
        // Whoever has the receipt could not find the id by hashing guesses.
        let again = lifecycle.execute(&request).await.unwrap();
        assert_eq!((&again.subjects, again.steps.len()), (&first.subjects, first.steps.len()));
        let other = Request::hard_delete("people", EVA).by(Actor::new("ana", "ADMIN")).operation(operation);
        let error = lifecycle.execute(&other).await.unwrap_err();
        assert!(matches!(error, Error::OperationReused(_)), "{error:?}");
        assert_eq!(backend.rows("people").await.as_array().unwrap().len(), 1);
    }

    async fn reactivate_switches_on_what_was_switched_off_with_the_person(on: On) {
        let policy = policy();
        let backend = Backend::with(on, &policy, &rows()).await;
        let lifecycle = backend.lifecycle(&policy).await.with_mask_key(key());
        let before = backend.rows("visits").await;
        lifecycle.execute(&Request::deactivate("people", ANA)).await.unwrap();
        assert_ne!(backend.rows("visits").await, before);
        let receipt = lifecycle.execute(&Request::reactivate("people", ANA)).await.unwrap();
        assert_eq!(backend.rows("visits").await, before, "{receipt}");
    }

    async fn without_a_key_nothing_is_read_or_recorded_and_the_field_is_named(on: On) {
        let policy = policy();
        let backend = Backend::with(on, &policy, &rows()).await;
        let lifecycle = backend.lifecycle(&policy).await;
        let request = by_herself(Request::hard_delete("people", ANA));
        for error in [lifecycle.plan(&request).await.unwrap_err(), lifecycle.execute(&request).await.unwrap_err()] {
            assert_eq!(error.to_string(), "the mask `hmac` needs a key: `people.email`");
        }
        lifecycle.reject(&request, Error::PlanMismatch).await;
        assert!(lifecycle.recorded_id(&"people".into(), &ANA.into()).is_err());
        assert_eq!(backend.library_tables().await, "");
    }
}

/// The pseudonym of an integer is text, whatever the type of the column.
#[tokio::test]
async fn integers_and_uuids_can_be_personal_ids() {
    const UUID: &str = "5f0c2f0e-3b1c-4c0e-9d6e-0d2f5b1c8a11";
    for on in stores().await {
        for id in [json!(48_213_377), json!(UUID)] {
            let policy = DeletionPolicy::from_json(
                &json!({
                    "subject": "people",
                    "kinds": { "people": { "id": "dni", "personal": { "dni": "hmac" }, "deleted_at": "deleted_at" } },
                    "modes": { "hard_delete": { "allow": "any", "effects": [{ "topic": "gone" }] },
                               "soft_delete": { "allow": "any", "effects": [{ "topic": "gone" }] } }
                })
                .to_string(),
            )
            .unwrap();
            let rows = json!({ "people": [{ "dni": id, "deleted_at": null }] });
            let backend = Backend::with(on, &policy, &rows).await;
            let lifecycle: Lifecycle<_> = backend.lifecycle(&policy).await.with_mask_key(key());
            let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            lifecycle.execute(&Request::soft_delete("people", text.as_str())).await.unwrap();
            lifecycle.execute(&Request::hard_delete("people", text.as_str())).await.unwrap();
            let kept = backend.library_tables().await.to_lowercase();
            assert!(!kept.contains(&text), "{on:?}: {kept}");
            let recorded = lifecycle.recorded_id(&"people".into(), &text.as_str().into()).unwrap();
            assert!(backend.audit().await.iter().all(|entry| entry.subjects == [recorded.clone()]), "{on:?}");
            assert!(backend.events().await.iter().all(|event| event.record == recorded), "{on:?}");
        }
    }
}
