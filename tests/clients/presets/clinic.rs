//! The preset for the clinic.

use client_lifecycle::clients::wire::Wire;
use client_lifecycle::clients::{ClientPatch, Language, NewClient, presets};
use client_lifecycle::domain::{Actor, AuditOutcome, FieldName, Mask, Mode, Reason, Request, Status};
use client_lifecycle::lifecycle::Environment;
use client_lifecycle::policy::retain;
use serde_json::{Value, json};

use crate::common::backend::{On, on_every_store};
use crate::presets::world::World;

const TABLES: &str = include_str!("clinic.sql");

/// A client that can be deleted.
const MARIA: &str = "00000000-0000-4000-a000-000000000001";
/// A client with a debt, an upcoming booking, and recent purchases and payments.
const LUIS: &str = "00000000-0000-4000-a000-000000000002";
/// A user who is not a client.
const ADMINISTRATOR: &str = "00000000-0000-4000-a000-000000000003";

fn person(id: &str, role: &str) -> Value {
    json!({
        "user_id": id, "role": role, "status": "ON", "password": "$2b$10$hash", "email": format!("{id}@example.org"),
        "name": "Maria", "surname": "Garcia", "phone": "+34634567890", "address": "Calle Nueva 456",
        "city": "Madrid", "country": "Spain", "postal_code": "28013", "gender": "female",
        "birth_date": "1990-05-15", "avatar": "https://example.org/maria.png", "document_type": "DNI",
        "document_number": "12345678A", "created_at": "2024-01-15T10:30:00.000Z",
        "updated_at": "2024-03-05T15:45:00.000Z"
    })
}

fn rows() -> Value {
    json!({
        "clients": [person(MARIA, "USER"), person(LUIS, "USER"), person(ADMINISTRATOR, "ADMIN")],
        "consents": [
            { "id": "1", "client_id": MARIA, "document": "signature", "signed_at": "2024-01-15T10:30:00.000Z" },
            { "id": "2", "client_id": LUIS, "document": "signature", "signed_at": "2024-01-15T10:30:00.000Z" } ],
        "questionnaires": [ { "id": "1", "client_id": MARIA, "answers": "none" } ],
        "revokes": [ { "id": "1", "client_id": MARIA, "revoked_at": "2025-01-15T10:30:00.000Z" } ],
        "bookings": [
            { "id": "1", "client_id": MARIA, "starts_at": "2026-03-01T09:00:00.000Z", "status": "BOOKED", "comment": "late" },
            { "id": "2", "client_id": MARIA, "starts_at": "2026-12-24T09:00:00.000Z", "status": "CANCELLED", "comment": "ill" },
            { "id": "3", "client_id": LUIS, "starts_at": "2026-12-24T09:00:00.000Z", "status": "BOOKED", "comment": null } ],
        "debts": [
            { "id": "1", "client_id": MARIA, "status": "PAID" },
            { "id": "2", "client_id": LUIS, "status": "PENDING" } ],
        "sales": [
            { "id": "1", "client_id": MARIA, "issued_at": "2019-05-02T10:00:00.000Z" },
            { "id": "2", "client_id": MARIA, "issued_at": "2025-05-02T10:00:00.000Z" },
            { "id": "3", "client_id": LUIS, "issued_at": "2026-11-10T10:00:00.000Z" } ],
        "payments": [
            { "id": "1", "client_id": MARIA, "paid_at": "2025-05-03T10:00:00.000Z" },
            { "id": "2", "client_id": LUIS, "paid_at": "2026-11-11T10:00:00.000Z" } ],
        "sessions": [ { "id": "1", "client_id": MARIA, "token": "t1" }, { "id": "2", "client_id": MARIA, "token": "t2" } ]
    })
}

async fn clinic(on: On) -> World {
    let policy = presets::any_signed_in(presets::clinic(Language::English)).build().unwrap();
    World::open(on, &policy, TABLES, &rows()).await
}

/// Returns an authenticated actor without roles. S0 requires a valid session, but no role.
fn authenticated() -> Actor {
    Actor::with_roles("ana", [])
}

fn hard_delete(client: &str) -> Request {
    Request::hard_delete("clients", client).by(authenticated())
}

on_every_store! {
    // R1 R2 R16 R17 R18 R19 R26 R42 R43 R44
    async fn a_deletion_removes_personal_data_and_keeps_accounting_records(on: On) {
        let world = clinic(on).await;
        let receipt = world.done(&hard_delete(MARIA)).await;
        assert_eq!(world.ids("clients").await, [LUIS, ADMINISTRATOR]);
        assert_eq!(world.ids("consents").await, ["2"]);
        for kind in ["questionnaires", "revokes", "sessions"] {
            assert!(world.ids(kind).await.is_empty(), "{kind}");
        }
        // Bookings stay for statistics, but without the client.
        assert_eq!(world.ids("bookings").await, ["1", "2", "3"]);
        let booking = json!({ "id": "1", "starts_at": "2026-03-01T09:00:00.000Z", "status": "BOOKED" });
        assert_eq!(world.row("bookings", "1").await, booking);
        assert_eq!(world.ids("debts").await, ["2"]);
        // The retention period of six years has passed for sale 1, but not for sale 2.
        assert_eq!(world.ids("sales").await, ["2", "3"]);
        assert_eq!(world.row("sales", "2").await, json!({ "id": "2", "issued_at": "2025-05-02T10:00:00.000Z" }));
        assert_eq!(world.row("payments", "1").await, json!({ "id": "1", "paid_at": "2025-05-03T10:00:00.000Z" }));
        assert!(!receipt.complete);
        let open: Vec<_> = receipt.open.iter().map(|item| (item.kind.as_str(), &*item.why, item.count)).collect();
        let why = "retained: Código de Comercio art. 30";
        assert_eq!(open, [("sales", why, 1), ("payments", why, 1)]);
    }

    async fn the_sessions_of_a_deleted_client_are_revoked(on: On) {
        let world = clinic(on).await;
        world.done(&hard_delete(MARIA)).await;
        let events = world.backend.events().await;
        let tokens: Vec<_> = events.iter().map(|event| json!(event.fields[&FieldName::from("token")])).collect();
        assert_eq!(world.topics().await, ["sessions.revoke", "sessions.revoke"]);
        assert!(tokens.contains(&json!("t1")) && tokens.contains(&json!("t2")));
    }

    // R20 R21 R34 R35 R36 R205
    async fn debts_and_upcoming_bookings_block_and_recent_activity_warns(on: On) {
        let world = clinic(on).await;
        let luis = hard_delete(LUIS);
        let everything = "outstanding_debts, upcoming_bookings, recent_sales, recent_payments";
        assert_eq!(world.refused(&luis).await, everything);
        // Acknowledging a blocker does not help; only warnings can be acknowledged.
        let accepted = ["outstanding_debts", "upcoming_bookings", "recent_sales", "recent_payments"]
            .into_iter()
            .fold(luis.clone(), Request::acknowledge);
        assert_eq!(world.refused(&accepted).await, "outstanding_debts, upcoming_bookings");
        world.backend.set("bookings", "3", "status", json!("CANCELLED")).await;
        assert_eq!(world.refused(&accepted).await, "outstanding_debts");
        world.backend.set("bookings", "3", "status", json!("BOOKED")).await;
        world.backend.set("debts", "2", "status", json!("PAID")).await;
        assert_eq!(world.refused(&accepted).await, "upcoming_bookings");
        world.backend.set("bookings", "3", "status", json!("CANCELLED")).await;
        assert_eq!(world.refused(&luis).await, "recent_sales, recent_payments");
        let luis = luis.acknowledge("recent_sales");
        assert_eq!(world.refused(&luis).await, "recent_payments");
        world.done(&luis.acknowledge("recent_payments")).await;
        assert_eq!(world.ids("clients").await, [MARIA, ADMINISTRATOR]);
    }

    // R22 R23
    async fn an_administrator_is_not_found(on: On) {
        let world = clinic(on).await;
        for request in [
            hard_delete(ADMINISTRATOR),
            Request::anonymize("clients", ADMINISTRATOR).by(authenticated()),
            Request::deactivate("clients", ADMINISTRATOR).by(authenticated()),
        ] {
            assert_eq!(world.refused(&request).await, "not_found");
        }
        assert_eq!(world.ids("clients").await.len(), 3);
    }

    // R4
    async fn only_authenticated_actors_have_permission(on: On) {
        let world = clinic(on).await;
        for request in [
            Request::hard_delete("clients", MARIA),
            Request::anonymize("clients", MARIA),
            Request::deactivate("clients", MARIA),
            Request::reactivate("clients", MARIA),
        ] {
            assert_eq!(world.refused(&request).await, "unauthenticated");
            assert!(world.plan(&request.by(authenticated())).await.is_executable());
        }
    }

    async fn without_the_option_only_administrators_have_permission(on: On) {
        let policy = presets::clinic(Language::English).build().unwrap();
        let world = World::open(on, &policy, TABLES, &rows()).await;
        for mode in policy.modes() {
            let request = Request::new(mode, "clients", MARIA);
            for actor in [authenticated(), Actor::new(MARIA, "USER"), Actor::new(LUIS, "USER")] {
                let refused = match mode {
                    Mode::Create | Mode::Update => {
                        let off = ClientPatch::from_json(&json!({ "status": "OFF" })).unwrap();
                        let update = Request::update("clients", MARIA).by(actor);
                        world.lifecycle.clients().unwrap().update(&update, &off).await.unwrap_err().code().to_owned()
                    }
                    _ => world.refused(&request.clone().by(actor)).await,
                };
                assert_eq!(refused, "missing_role", "{mode}");
            }
        }
        assert!(world.plan(&hard_delete(MARIA).by(Actor::new("ana", "ADMIN"))).await.is_executable());
    }

    // R3 R27 R29 R30 R31 R32 R33
    async fn status_off_keeps_everything_and_can_be_reverted(on: On) {
        let world = clinic(on).await;
        let before = [world.backend.rows("sales").await, world.backend.rows("bookings").await];
        world.done(&Request::deactivate("clients", LUIS).by(authenticated())).await;
        assert_eq!(world.row("clients", LUIS).await["status"], "OFF");
        assert_eq!([world.backend.rows("sales").await, world.backend.rows("bookings").await], before);
        assert_eq!(world.last_entry().await.action, "CLIENT_DEACTIVATED");
        world.done(&Request::reactivate("clients", LUIS).by(authenticated())).await;
        let mut luis = world.row("clients", LUIS).await;
        assert_eq!(luis["updated_at"], "2026-11-20T10:00:00.000Z");
        luis["updated_at"] = json!("2024-03-05T15:45:00.000Z");
        assert_eq!(luis, person(LUIS, "USER"));
    }

    // R28
    async fn any_authenticated_actor_creates_and_updates_clients(on: On) {
        let world = clinic(on).await;
        let new = NewClient::from_json(&json!({
            "email": "nuria@example.org", "name": "Nuria", "surname": "Vega", "phone": "+34634567890",
            "birth_date": "1990-05-15", "document_type": "DNI", "document_number": "12345678A"
        }));
        let created = world.lifecycle.clients().unwrap().create(&Request::create("clients").by(authenticated()), new.unwrap()).await.unwrap();
        assert_eq!(world.lifecycle.clients().unwrap().find(created.user_id()).await.unwrap(), created);
        let off = ClientPatch::from_json(&json!({ "status": "OFF" })).unwrap();
        let update = Request::update("clients", created.user_id());
        assert_eq!(world.lifecycle.clients().unwrap().update(&update, &off).await.unwrap_err().code(), "unauthenticated");
        let updated = world.lifecycle.clients().unwrap().update(&update.by(authenticated()), &off).await.unwrap();
        assert_eq!(updated.status(), Status::Off);
        assert_eq!(world.last_entry().await.action, "CLIENT_DEACTIVATED");
    }

    // R42 R203
    async fn anonymizing_leaves_no_personal_data(on: On) {
        let world = clinic(on).await;
        world.done(&Request::anonymize("clients", MARIA).by(authenticated())).await;
        let maria = world.row("clients", MARIA).await;
        let original = person(MARIA, "USER");
        // All other values are personal and must change.
        let stays = ["user_id", "role", "document_type", "created_at"];
        for (field, value) in original.as_object().unwrap() {
            assert_eq!(maria[field] == *value, stays.contains(&&**field), "{field}: {}", maria[field]);
        }
        assert_eq!(maria["status"], "OFF");
        assert_eq!(maria["email"], format!("{MARIA}@anonymized.invalid"));
        for kind in ["questionnaires", "revokes", "sessions"] {
            assert!(world.ids(kind).await.is_empty(), "{kind}");
        }
        assert_eq!(world.ids("bookings").await, ["1", "2", "3"]);
        assert!(world.row("bookings", "1").await.get("comment").is_none());
        assert_eq!(world.ids("sales").await, ["2", "3"]);
        assert_eq!(world.row("sales", "2").await["client_id"], MARIA);
    }

    async fn anonymizing_has_the_same_blockers_as_deleting(on: On) {
        let world = clinic(on).await;
        let luis = Request::anonymize("clients", LUIS).by(authenticated());
        let everything = "outstanding_debts, upcoming_bookings, recent_sales, recent_payments";
        assert_eq!(world.refused(&luis).await, everything);
    }

    // R37
    async fn the_plan_notes_irreversible_effects_and_alternatives(on: On) {
        let world = clinic(on).await;
        let plan = world.plan(&hard_delete(MARIA)).await;
        let notes: Vec<_> = plan.notes.iter().map(|note| (&*note.name, &*note.remedy)).collect();
        assert_eq!(notes, [
            ("irreversible", "status OFF keeps the history"),
            ("consent_evidence", "the option `keep_consent_proof` keeps a minimal proof"),
        ]);
        let sales = plan.steps.iter().find(|step| step.grounds.iter().any(|ground| ground.count > 0));
        assert_eq!(sales.unwrap().grounds[0].basis, "Código de Comercio art. 30");
    }

    async fn a_proof_of_consent_can_be_kept_without_the_person(on: On) {
        let policy = presets::keep_consent_proof(presets::any_signed_in(presets::clinic(Language::English))).build().unwrap();
        for request in [hard_delete(MARIA), Request::anonymize("clients", MARIA).by(authenticated())] {
            let world = World::open(on, &policy, TABLES, &rows()).await;
            let plan = world.plan(&request).await;
            assert!(plan.notes.iter().all(|note| note.name != "consent_evidence"));
            world.done(&request).await;
            let proof = json!({ "id": "1", "client_id": MARIA, "signed_at": "2024-01-15T10:30:00.000Z" });
            assert_eq!(world.row("consents", "1").await, proof);
            assert_eq!(world.ids("revokes").await, ["1"]);
            let maria = world.row("clients", MARIA).await;
            assert_eq!((&maria["name"], &maria["document_number"]), (&json!("anonymized"), &json!("")));
        }
    }

    // R38 R40 R41 R209
    async fn the_reason_for_a_deletion_is_recorded(on: On) {
        // The mode requires no reason.
        for reason in Reason::ALL.iter().copied().map(Some).chain([None]) {
            let mut world = clinic(on).await;
            world.lifecycle = world.lifecycle.with_environment(Environment::NonProduction);
            let request = reason.into_iter().fold(hard_delete(MARIA), Request::with_reason);
            world.done(&request).await;
            assert_eq!(world.last_entry().await.reason, reason);
        }
    }

    // R6 R9 R11 R117 R153 R158
    async fn an_id_that_is_not_a_uuid_is_not_found_and_recorded(on: On) {
        let world = clinic(on).await;
        let before = world.backend.rows("clients").await;
        let (city, mut attempts) = (ClientPatch::new().with_city("Soria"), 0);
        let wire = Wire::clinic();
        for text in ["1", "not-a-uuid", "%00", "\u{202e}", "1 OR 1", &MARIA[1..], &MARIA.replace('-', ""), "*"] {
            let id = wire.id(text).unwrap();
            let mut errors = vec![world.lifecycle.clients().unwrap().update(&Request::update("clients", &id).by(authenticated()), &city).await.unwrap_err()];
            for request in [Request::hard_delete, Request::anonymize, Request::deactivate] {
                errors.push(world.lifecycle.execute(&request("clients", &id).by(authenticated())).await.unwrap_err());
            }
            attempts += errors.len();
            for error in errors {
                let answer = r#"{"statusCode":404,"statusMessage":"Cliente no encontrado"}"#;
                assert_eq!(wire.error(&error).json(), answer, "{text}");
            }
            let entries = world.backend.audit().await;
            let ours = entries.iter().filter(|entry| entry.outcome == AuditOutcome::NotFound && entry.subjects == [id.clone()]);
            assert_eq!((ours.count(), entries.len()), (4, attempts), "{text}");
        }
        let missing = world.lifecycle.execute(&hard_delete("")).await.unwrap_err();
        assert_eq!(wire.error(&missing).json(), r#"{"statusCode":400,"statusMessage":"ID requerido"}"#);
        assert_eq!(world.last_entry().await.outcome, AuditOutcome::Invalid);
        assert_eq!(world.backend.rows("clients").await, before);
        let maria = wire.id(&MARIA.to_uppercase()).unwrap();
        world.done(&Request::hard_delete("clients", maria).by(authenticated())).await;
        assert_eq!(world.ids("clients").await, [LUIS, ADMINISTRATOR]);
    }

    // R45
    async fn audit_entries_outlive_the_client(on: On) {
        let world = clinic(on).await;
        world.done(&Request::deactivate("clients", MARIA).by(authenticated())).await;
        world.done(&hard_delete(MARIA)).await;
        let actions: Vec<_> = world.backend.audit().await.into_iter().map(|entry| (entry.action, entry.outcome)).collect();
        let done = |action: &str| (action.to_owned(), AuditOutcome::Done);
        assert_eq!(actions, [done("CLIENT_DEACTIVATED"), done("CLIENT_DELETED")]);
        let log = serde_json::to_string(&world.backend.audit().await).unwrap();
        for personal in ["Maria", "Garcia", "example.org", "12345678A", "hash"] {
            assert!(!log.contains(personal), "{personal} in {log}");
        }
    }

    // R46
    async fn the_host_can_change_retention_periods(on: On) {
        let policy = presets::any_signed_in(presets::clinic(Language::English))
            .hard_delete(|mode| mode.overrule("sales.client_id", retain("P10Y").from("issued_at").basis("our auditor")))
            .build()
            .unwrap();
        let world = World::open(on, &policy, TABLES, &rows()).await;
        world.done(&hard_delete(MARIA)).await;
        assert_eq!(world.ids("sales").await, ["1", "2", "3"]);
    }
}

#[test]
fn blockers_are_in_the_language_of_the_clinic() {
    let policy = presets::clinic(Language::Spanish).build().unwrap();
    let mode = policy.mode(Mode::HardDelete).unwrap();
    let debts = mode.guards.iter().find(|guard| guard.name == "outstanding_debts").unwrap();
    assert_eq!(debts.message, "el cliente tiene deudas pendientes");
    let english = presets::clinic(Language::English).build().unwrap();
    assert!(mode.guards.iter().all(|guard| {
        let same = english.mode(Mode::HardDelete).unwrap();
        same.guards.iter().any(|other| other.name == guard.name && other.message != guard.message)
    }));
}

#[test]
fn every_personal_field_of_the_document_is_masked() {
    let policy = presets::clinic(Language::English).build().unwrap();
    let clients = policy.map().kind(&"clients".into()).unwrap();
    for field in [
        "email",
        "name",
        "surname",
        "phone",
        "address",
        "city",
        "country",
        "postal_code",
        "gender",
        "birth_date",
        "avatar",
        "document_number",
    ] {
        let mask = clients.personal.get(field);
        assert!(mask.is_some_and(|mask| *mask != Mask::Hmac), "{field}");
    }
}
