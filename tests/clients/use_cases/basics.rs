//! Creating, updating, finding and listing clients, on every store.

use std::sync::Arc;

use crate::common::backend::{Backend, On, Whole, stores};
use client_lifecycle::clients::{Client, ClientPage, ClientPatch, NewClient};
use client_lifecycle::domain::{Actor, AuditEntry, AuditOutcome, Mode, RecordId, Request, Status};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::policy::Refusal;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

const MARIA: &str = "550e8400-e29b-41d4-a716-446655440000";
const ADMIN: &str = "550e8400-e29b-41d4-a716-446655440001";
const GONE: &str = "550e8400-e29b-41d4-a716-446655440002";
const NOBODY: &str = "550e8400-e29b-41d4-a716-446655440009";

fn policy() -> DeletionPolicy {
    DeletionPolicy::from_json(
        r#"{
        "subject": "clients",
        "kinds": {
            "clients": {
                "id": "user_id", "status": "status", "deleted_at": "deleted_at",
                "created_at": "created_at", "updated_at": "updated_at", "version": "version",
                "filter": { "field": "role", "eq": "USER" },
                "fields": { "birth_date": { "type": "date", "nullable": true }, "note": { "type": "text", "nullable": true } },
                "personal": { "email": "placeholder_email", "name": { "text": "anonymized" } } },
            "bookings": { "fields": { "state": "text" } } },
        "references": [ { "from": "bookings.client_id", "to": "clients" } ],
        "modes": {
            "create": { "allow": [ { "role": "ADMIN" } ], "effects": [ { "topic": "client.created", "fields": ["user_id", "email"] } ] },
            "update": { "allow": [ { "role": "ADMIN" }, { "self": true } ],
                        "effects": [ { "topic": "client.updated" } ] },
            "deactivate": { "allow": [ { "role": "ADMIN" } ], "rules": { "*": "keep" },
                "guards": [ { "name": "open_bookings", "on": "bookings", "when": { "field": "state", "eq": "OPEN" },
                              "severity": "warn", "message": "bookings are open" } ] },
            "reactivate": { "allow": [ { "role": "ADMIN" } ], "rules": { "*": "keep" } },
            "soft_delete": { "allow": [ { "role": "ADMIN" } ], "rules": { "*": "keep" } },
            "hard_delete": { "allow": [ { "role": "ADMIN" } ], "rules": { "*": "cascade" } } }
    }"#,
    )
    .unwrap_or_else(|faults| panic!("{faults}"))
}

fn row(id: &str, email: &str, role: &str) -> Value {
    json!({
        "user_id": id, "email": email, "name": "Maria", "surname": "Garcia", "phone": "+34634567890",
        "address": "Calle Nueva 456", "city": "Madrid", "country": "Spain", "postal_code": "28013",
        "gender": "female", "birth_date": "1990-05-15", "role": role, "status": "ON", "avatar": "",
        "document_type": "DNI", "document_number": "12345678A", "created_at": "2024-01-15T10:30:00.000Z",
        "updated_at": "2024-03-05T15:45:00.000Z", "deleted_at": null, "version": 3, "note": null
    })
}

fn rows() -> Value {
    let mut gone = row(GONE, "gone@example.com", "USER");
    gone["deleted_at"] = json!("2025-01-01T00:00:00.000Z");
    json!({
        "clients": [row(MARIA, "maria@example.com", "USER"), row(ADMIN, "root@example.com", "ADMIN"), gone],
        "bookings": [{ "id": "b1", "client_id": MARIA, "state": "DONE" }]
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

fn ana() -> Actor {
    Actor::new("ana", "ADMIN")
}

fn update(id: &str) -> Request {
    Request::update("clients", id).by(ana())
}

fn new(email: &str) -> NewClient {
    NewClient::from_json(&json!({
        "email": email, "name": "Diego", "surname": "Ruiz", "phone": "+34600000000",
        "birth_date": "1985-02-28", "document_type": "NIE", "document_number": "X1234567L"
    }))
    .unwrap()
}

async fn stored(backend: &Backend, id: &str) -> Value {
    let rows = backend.rows("clients").await;
    rows.as_array().unwrap().iter().find(|row| row["user_id"] == id).cloned().unwrap_or_default()
}

async fn audit_of(backend: &Backend, id: &str) -> Vec<AuditEntry> {
    let all = backend.audit().await;
    all.into_iter().filter(|entry| entry.subjects == [RecordId::from(id)]).collect()
}

/// R113, R114, R115, R166, R167
#[tokio::test]
async fn a_patch_writes_only_the_named_fields() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let patch = ClientPatch::new().with_phone("+34612345678").with_city("Barcelona");
        let client = lifecycle.clients().unwrap().update(&update(MARIA), &patch).await.unwrap();
        assert_eq!((client.phone(), client.city(), client.name()), ("+34612345678", "Barcelona", "Maria"));
        let mut expected = row(MARIA, "maria@example.com", "USER");
        expected["phone"] = json!("+34612345678");
        expected["city"] = json!("Barcelona");
        expected["updated_at"] = json!("2026-11-24T09:00:00.000Z");
        expected["version"] = json!(4);
        let expected: Value =
            expected.as_object().unwrap().clone().into_iter().filter(|(_, value)| !value.is_null()).collect();
        assert_eq!(stored(&backend, MARIA).await, expected, "{on:?}");
    }
}

/// R164
#[tokio::test]
async fn every_write_sets_updated_at_and_increments_the_version() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        lifecycle.clients().unwrap().update(&update(MARIA), &ClientPatch::new()).await.unwrap();
        lifecycle
            .clients()
            .unwrap()
            .set_status(&Request::deactivate("clients", MARIA).by(ana()))
            .await
            .unwrap();
        let row = stored(&backend, MARIA).await;
        assert_eq!(row["version"], 5, "{on:?}");
        assert_eq!(row["updated_at"], "2026-11-24T09:00:00.000Z");
    }
}

/// R168, R169, R170, R171
#[tokio::test]
async fn a_new_status_is_planned_as_its_mode_and_written_with_the_other_fields() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let patch = ClientPatch::new().with_city("Valencia").with_status(Status::Off);
        let client = lifecycle.clients().unwrap().update(&update(MARIA), &patch).await.unwrap();
        assert_eq!((client.status(), client.city()), (Status::Off, "Valencia"));
        let row = stored(&backend, MARIA).await;
        assert_eq!(
            (&row["status"], &row["city"], &row["version"]),
            (&json!("OFF"), &json!("Valencia"), &json!(4))
        );
        let audit = audit_of(&backend, MARIA).await;
        assert_eq!(audit.len(), 1, "one attempt, one entry");
        assert_eq!((&*audit[0].action, audit[0].mode), ("CLIENT_DEACTIVATED", Mode::Deactivate));
        assert_eq!(audit[0].detail["fields"], json!(["city"]));
        assert!(!audit[0].detail.to_string().contains("Valencia"));
        let back = lifecycle
            .clients()
            .unwrap()
            .set_status(&Request::reactivate("clients", MARIA).by(ana()))
            .await
            .unwrap();
        assert_eq!(back.status(), Status::On);
    }
}

#[tokio::test]
async fn an_unchanged_status_is_recorded_and_changes_nothing() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let before = stored(&backend, MARIA).await;
        let client = lifecycle
            .clients()
            .unwrap()
            .set_status(&Request::reactivate("clients", MARIA).by(ana()))
            .await
            .unwrap();
        assert_eq!(client.status(), Status::On);
        assert_eq!(stored(&backend, MARIA).await, before);
        let audit = audit_of(&backend, MARIA).await;
        assert_eq!((audit.len(), audit[0].outcome), (1, AuditOutcome::Done));
    }
}

#[tokio::test]
async fn a_warning_about_the_new_status_stops_the_whole_patch() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        backend.set("bookings", "b1", "state", json!("OPEN")).await;
        let before = stored(&backend, MARIA).await;
        let patch = ClientPatch::new().with_city("Valencia").with_status(Status::Off);
        let error = lifecycle.clients().unwrap().update(&update(MARIA), &patch).await.unwrap_err();
        let plan = error.plan().expect("the plan that was not carried out");
        assert_eq!(plan.warnings[0].name, "open_bookings");
        assert_eq!(stored(&backend, MARIA).await, before);
        let client = lifecycle
            .clients()
            .unwrap()
            .update(&update(MARIA).acknowledge("open_bookings"), &patch)
            .await
            .unwrap();
        assert_eq!(client.status(), Status::Off);
    }
}

/// R120, R160, R161
#[tokio::test]
async fn the_address_of_another_user_is_taken_in_any_case_and_the_own_address_is_not() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        // An administrator and a deleted client already have these addresses.
        for taken in ["ROOT@example.com", "gone@EXAMPLE.com"] {
            let error = lifecycle
                .clients()
                .unwrap()
                .update(&update(MARIA), &ClientPatch::new().with_email(taken))
                .await
                .unwrap_err();
            assert!(matches!(error, Error::NotUnique { .. }), "{on:?}: {error:?}");
            assert!(!format!("{error} {error:?}").contains("example"), "an address in an error");
            let error = lifecycle
                .clients()
                .unwrap()
                .create(&Request::create("clients").by(ana()), new(taken))
                .await
                .unwrap_err();
            assert!(matches!(error, Error::NotUnique { .. }), "{on:?}: {error:?}");
        }
        let client = lifecycle
            .clients()
            .unwrap()
            .update(&update(MARIA), &ClientPatch::new().with_email("Maria@example.com"))
            .await
            .unwrap();
        assert_eq!(client.email(), "Maria@example.com", "it is kept as it was given");
        let outcomes: Vec<_> =
            audit_of(&backend, MARIA).await.into_iter().map(|entry| entry.outcome).collect();
        assert_eq!(outcomes, [AuditOutcome::Conflict, AuditOutcome::Conflict, AuditOutcome::Done]);
    }
}

#[tokio::test]
async fn one_of_two_concurrent_claims_to_an_address_fails() {
    for on in stores().await {
        for _ in 0..20 {
            let (backend, lifecycle) = world(on).await;
            let other = lifecycle
                .clients()
                .unwrap()
                .create(&Request::create("clients").by(ana()), new("diego@example.com"))
                .await
                .unwrap();
            let patch = ClientPatch::new().with_email("same@example.com");
            let one = update(MARIA);
            let two = update(&other.user_id().to_string());
            let clients = lifecycle.clients().unwrap();
            let (one, two) = tokio::join!(clients.update(&one, &patch), clients.update(&two, &patch));
            let taken =
                [&one, &two].iter().filter(|done| matches!(done, Err(Error::NotUnique { .. }))).count();
            assert_eq!((taken, one.is_ok() ^ two.is_ok()), (1, true), "{on:?}: {one:?} {two:?}");
            let holders = backend.rows("clients").await;
            let holders = holders.as_array().unwrap().iter().filter(|row| row["email"] == "same@example.com");
            assert_eq!(holders.count(), 1);
        }
    }
}

/// R12, R22, R23, R159, R162
#[tokio::test]
async fn excluded_records_are_not_found_and_the_log_has_the_reason() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        for (id, why) in [
            (ADMIN, Some("excluded by the policy's filter: role = \"USER\"")),
            (GONE, Some("it is deleted")),
            (NOBODY, None),
        ] {
            let patch = ClientPatch::new().with_city("Cádiz");
            let error = lifecycle.clients().unwrap().update(&update(id), &patch).await.unwrap_err();
            assert!(matches!(error, Error::Refused(Refusal::NotFound { .. })), "{on:?}: {error:?}");
            assert!(matches!(
                lifecycle.clients().unwrap().find(id).await,
                Err(Error::Refused(Refusal::NotFound { .. }))
            ));
            let audit = audit_of(&backend, id).await;
            assert_eq!((audit.len(), audit[0].outcome), (1, AuditOutcome::NotFound));
            assert_eq!(audit[0].detail["why"].as_str(), why, "{on:?}");
        }
        let error = lifecycle.execute(&Request::hard_delete("clients", ADMIN).by(ana())).await.unwrap_err();
        assert_eq!(error.code(), "not_found");
        assert_eq!(stored(&backend, ADMIN).await["city"], "Madrid");
    }
}

#[tokio::test]
async fn a_denied_actor_does_not_learn_whether_the_client_exists() {
    for on in stores().await {
        let (_, lifecycle) = world(on).await;
        for id in [MARIA, NOBODY] {
            let request = Request::update("clients", id).by(Actor::new("eve", "GUEST"));
            let error = lifecycle
                .clients()
                .unwrap()
                .update(&request, &ClientPatch::new().with_city("Cádiz"))
                .await
                .unwrap_err();
            assert_eq!(error.code(), "missing_role");
        }
        let oneself = Request::update("clients", MARIA).by(Actor::new(MARIA, "USER"));
        lifecycle.clients().unwrap().update(&oneself, &ClientPatch::new().with_city("Cádiz")).await.unwrap();
        // The actor may update their own data, but not their status.
        let error = lifecycle
            .clients()
            .unwrap()
            .update(&oneself, &ClientPatch::new().with_status(Status::Off))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "missing_role");
    }
}

#[tokio::test]
async fn a_client_is_created_found_and_reported() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let request = Request::create("clients").by(ana());
        let client = lifecycle.clients().unwrap().create(&request, new("diego@example.com")).await.unwrap();
        let id = client.user_id().to_string();
        assert_eq!(lifecycle.clients().unwrap().find(&*id).await.unwrap(), client);
        assert_eq!(
            lifecycle.clients().unwrap().find_by_email(" DIEGO@example.com ").await.unwrap(),
            Some(client.clone())
        );
        assert_eq!(
            lifecycle.clients().unwrap().find_by_email("root@example.com").await.unwrap(),
            None,
            "not a client"
        );
        let row = stored(&backend, &id).await;
        assert_eq!(
            (&row["role"], &row["status"], &row["version"]),
            (&json!("USER"), &json!("ON"), &json!(1))
        );
        assert_eq!(row["created_at"], "2026-11-24T09:00:00.000Z");
        let audit = audit_of(&backend, &id).await;
        assert_eq!(
            (audit.len(), &*audit[0].action, audit[0].outcome),
            (1, "CLIENT_CREATED", AuditOutcome::Done)
        );
        let events = backend.events().await;
        assert_eq!((events.len(), &*events[0].topic), (1, "client.created"));
        assert_eq!(events[0].record, RecordId::from(client.user_id()));
        assert_eq!(
            serde_json::to_value(&events[0].fields).unwrap(),
            json!({ "user_id": id, "email": "diego@example.com" })
        );
    }
}

#[tokio::test]
async fn the_same_operation_creates_one_client_and_returns_it_twice() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let request = Request::create("clients").by(ana()).operation(uuid::Uuid::from_u128(7));
        let first = lifecycle.clients().unwrap().create(&request, new("diego@example.com")).await.unwrap();
        let second = lifecycle.clients().unwrap().create(&request, new("diego@example.com")).await.unwrap();
        assert_eq!(first, second, "{on:?}");
        assert_eq!(backend.rows("clients").await.as_array().unwrap().len(), 4);
        let request = update(MARIA).operation(uuid::Uuid::from_u128(8));
        let patch = ClientPatch::new().with_city("Cádiz");
        lifecycle.clients().unwrap().update(&request, &patch).await.unwrap();
        lifecycle.clients().unwrap().update(&request, &patch).await.unwrap();
        assert_eq!(stored(&backend, MARIA).await["version"], 4, "{on:?}");
    }
}

#[tokio::test]
async fn a_taken_id_is_a_conflict_and_nothing_is_overwritten() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let before = stored(&backend, ADMIN).await;
        let mut request = Request::create("clients").by(ana());
        request.subjects = vec![ADMIN.into()];
        let error =
            lifecycle.clients().unwrap().create(&request, new("diego@example.com")).await.unwrap_err();
        assert_eq!(error.code(), "conflict", "{on:?}: {error:?}");
        assert_eq!(stored(&backend, ADMIN).await, before);
    }
}

/// R165
#[tokio::test]
async fn all_violations_are_returned_at_once_and_recorded_without_values() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let patch = ClientPatch::new().with_email("no-address").with_name("M");
        let error = lifecycle.clients().unwrap().update(&update(MARIA), &patch).await.unwrap_err();
        let Error::Invalid(violations) = &error else { panic!("{error:?}") };
        assert_eq!(violations.iter().map(|one| &*one.path).collect::<Vec<_>>(), ["email", "name"]);
        let audit = audit_of(&backend, MARIA).await;
        assert_eq!((audit.len(), audit[0].outcome), (1, AuditOutcome::Invalid));
        let said = format!("{:?} {} {error} {error:?}", audit[0], audit[0].detail);
        assert!(!said.contains("no-address"), "{said}");
        assert_eq!(audit[0].detail["violations"][0]["path"], "email");
    }
}

/// R71
#[tokio::test]
async fn a_list_has_pages_without_deleted_clients_and_other_records() {
    for on in stores().await {
        let (_, lifecycle) = world(on).await;
        let mut made: Vec<Client> = vec![lifecycle.clients().unwrap().find(MARIA).await.unwrap()];
        for number in 0..6 {
            let new = new(&format!("c{number}@example.com"));
            made.push(
                lifecycle
                    .clients()
                    .unwrap()
                    .create(&Request::create("clients").by(ana()), new)
                    .await
                    .unwrap(),
            );
        }
        made.sort_by_key(Client::user_id);
        let mut page = lifecycle.clients().unwrap().list(&ClientPage::first(3)).await.unwrap();
        let mut listed = page.clients.clone();
        let mut pages = 1;
        while let Some(last) = page.next {
            page = lifecycle.clients().unwrap().list(&ClientPage::first(3).after(last)).await.unwrap();
            listed.extend(page.clients.clone());
            pages += 1;
        }
        assert_eq!((listed, pages), (made, 3), "{on:?}");
        lifecycle
            .clients()
            .unwrap()
            .set_status(&Request::deactivate("clients", MARIA).by(ana()))
            .await
            .unwrap();
        let off =
            lifecycle.clients().unwrap().list(&ClientPage::first(10).with_status(Status::Off)).await.unwrap();
        assert_eq!(
            off.clients.iter().map(|client| client.user_id().to_string()).collect::<Vec<_>>(),
            [MARIA]
        );
    }
}

/// R200: the entry of a soft deletion keeps the previous values of all fields that are not personal. The entry of a mode
/// that erases keeps those that the policy lists.
#[tokio::test]
async fn the_audit_entry_of_a_deletion_keeps_fields_that_are_not_personal() {
    for on in stores().await {
        for mode in [Mode::SoftDelete, Mode::HardDelete] {
            let (backend, lifecycle) = world(on).await;
            lifecycle.execute(&Request::new(mode, "clients", MARIA).by(ana())).await.unwrap();
            let audit = audit_of(&backend, MARIA).await;
            let before = serde_json::to_value(&audit[0].before).unwrap();
            if mode == Mode::SoftDelete {
                assert_eq!(before["status"], "ON", "{on:?}");
                assert_eq!(before["version"], 3);
            } else {
                assert_eq!(before, serde_json::json!({}), "{on:?}");
            }
            let said = serde_json::to_string(&audit[0]).unwrap();
            assert!(!said.contains("maria") && !said.contains("Maria"), "{said}");
        }
    }
}

#[tokio::test]
async fn a_request_must_match_the_mode_of_the_call() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let hard = Request::hard_delete("clients", MARIA).by(ana());
        let errors = [
            lifecycle.clients().unwrap().update(&hard, &ClientPatch::new()).await.unwrap_err(),
            lifecycle.clients().unwrap().set_status(&hard).await.unwrap_err(),
            lifecycle.execute(&update(MARIA)).await.unwrap_err(),
            lifecycle.clients().unwrap().create(&hard, new("x@example.com")).await.unwrap_err(),
        ];
        assert!(errors.iter().all(|error| error.code() == "invalid"), "{errors:?}");
        assert_eq!(backend.rows("clients").await.as_array().unwrap().len(), 3);
        assert_eq!(audit_of(&backend, MARIA).await.len(), errors.len());
    }
}

#[tokio::test]
async fn a_missing_field_of_an_effect_is_found_when_the_store_is_opened() {
    let mut document = serde_json::to_value(policy()).unwrap();
    document["modes"]["hard_delete"]["effects"] =
        json!([{ "topic": "client.gone", "fields": ["email", "user_id", "phone", "loyalty_card"] }]);
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    for on in stores().await {
        let backend = Backend::with(on, &policy, &rows()).await;
        let Err(Error::SchemaMismatch(faults)) = Lifecycle::open(backend.store(), policy.clone()).await
        else {
            panic!("{on:?}: it was opened");
        };
        let faults: Vec<_> = faults.iter().map(|fault| &*fault.path).collect();
        assert_eq!(faults, ["kinds.clients.fields.loyalty_card"], "{on:?}");
    }
}
