//! What an attack on the use cases of clients found, as sentences.
#![cfg(all(feature = "sqlite", feature = "testing"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use client_lifecycle::clients::{ClientPage, ClientPatch, NewClient, normalised_email};
use client_lifecycle::domain::{
    Actor, AuditEntry, AuditOutcome, DataMap, Fault, Mode, Record, RecordId, Request, Status,
};
use client_lifecycle::protocol::{ChangeSet, Receipt, Survey, SurveyQuery};
use client_lifecycle::sqlite::{SqliteStore, SqliteTransaction, sqlx};
use client_lifecycle::store::{ReadQuery, Reader, Store, StoreError};
use client_lifecycle::testing::{Call, FaultyStore, run};
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
use common::backend::{Backend, On, Whole, stores};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, SqlitePool};
use uuid::Uuid;

const MARIA: &str = "550e8400-e29b-41d4-a716-446655440000";
const EVA: &str = "550e8400-e29b-41d4-a716-446655440001";
const GONE: &str = "550e8400-e29b-41d4-a716-446655440002";

fn document() -> Value {
    json!({
        "subject": "clients",
        "kinds": {
            "clients": {
                "id": "user_id", "status": "status", "deleted_at": "deleted_at",
                "created_at": "created_at", "updated_at": "updated_at", "version": "version",
                "only": { "field": "role", "eq": "USER" },
                "fields": { "birth_date": { "type": "date", "nullable": true } },
                "personal": { "email": "placeholder_email", "name": { "text": "anonymized" } } },
            "bookings": { "fields": { "state": "text" } } },
        "references": [ { "from": "bookings.client_id", "to": "clients" } ],
        "modes": {
            "create": { "allow": [ { "role": "ADMIN" } ] },
            "update": { "allow": [ { "role": "ADMIN" }, { "role": "CLERK" } ] },
            "deactivate": { "allow": [ { "role": "ADMIN" } ], "rules": { "*": "keep" } },
            "reactivate": { "allow": [ { "role": "ADMIN" } ], "rules": { "*": "keep" } },
            "soft_delete": { "allow": [ { "role": "ADMIN" } ], "rules": { "*": "keep" } },
            "anonymize": { "allow": [ { "role": "ADMIN" } ], "rules": { "*": "keep" } },
            "hard_delete": { "allow": [ { "role": "ADMIN" } ], "rules": { "*": "cascade" } } }
    })
}

fn parsed(document: &Value) -> DeletionPolicy {
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn row(id: &str, email: &str) -> Value {
    json!({
        "user_id": id, "email": email, "name": "Maria", "surname": "Garcia", "phone": "+34634567890",
        "address": "Calle Nueva 456", "city": "Madrid", "country": "Spain", "postal_code": "28013",
        "gender": "female", "birth_date": "1990-05-15", "role": "USER", "status": "ON", "avatar": "",
        "document_type": "DNI", "document_number": "12345678A", "created_at": "2024-01-15T10:30:00.000Z",
        "updated_at": "2024-03-05T15:45:00.000Z", "deleted_at": null, "version": 3
    })
}

fn rows() -> Value {
    let mut gone = row(GONE, "gone@example.com");
    gone["deleted_at"] = json!("2025-01-01T00:00:00.000Z");
    json!({
        "clients": [row(MARIA, "maria@example.com"), row(EVA, "eva@example.com"), gone],
        "bookings": [{ "id": "b1", "client_id": MARIA, "state": "DONE" }]
    })
}

fn now() -> chrono::DateTime<chrono::Utc> {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

async fn world_of(on: On, document: &Value, rows: &Value) -> (Backend, Lifecycle<Arc<dyn Whole>>) {
    let policy = parsed(document);
    let backend = Backend::with(on, &policy, rows).await;
    let lifecycle = backend.lifecycle(&policy).await.with_clock(now());
    (backend, lifecycle)
}

async fn world(on: On) -> (Backend, Lifecycle<Arc<dyn Whole>>) {
    world_of(on, &document(), &rows()).await
}

fn ana() -> Actor {
    Actor::new("ana", "ADMIN")
}

fn update(id: &str) -> Request {
    Request::update("clients", id).by(ana())
}

fn create() -> Request {
    Request::create("clients").by(ana())
}

fn named(mut request: Request, id: &str) -> Request {
    request.subjects = vec![id.into()];
    request
}

fn new(email: &str) -> NewClient {
    NewClient::from_json(&json!({
        "email": email, "name": "Diego", "surname": "Ruiz", "phone": "+34600000000",
        "birth_date": "1985-02-28", "document_type": "NIE", "document_number": "X1234567L"
    }))
    .unwrap()
}

fn operation(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

async fn stored(backend: &Backend, id: &str) -> Value {
    let rows = backend.rows("clients").await;
    rows.as_array().unwrap().iter().find(|row| row["user_id"] == id).cloned().unwrap_or_default()
}

async fn audit_of(backend: &Backend, id: &str) -> Vec<AuditEntry> {
    let all = backend.audit().await;
    all.into_iter().filter(|entry| entry.subjects == [RecordId::from(id)]).collect()
}

fn memory(document: &Value) -> (DeletionPolicy, MemoryStore) {
    let policy = parsed(document);
    let store = MemoryStore::from_json(policy.map(), &rows()).unwrap();
    (policy, store)
}

fn contention() -> StoreError {
    StoreError::Contention { source: None, retryable: true }
}

fn off_to(city: &str) -> ClientPatch {
    ClientPatch::new().with_city(city).with_status(Status::Off)
}

// Idempotency.

#[tokio::test]
async fn a_patch_with_a_status_that_is_sent_twice_under_one_operation_is_done_once_and_answered_twice() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let request = update(MARIA).operation(operation(1));
        let first = lifecycle.clients().unwrap().update(&request, &off_to("Cádiz")).await.unwrap();
        let second = lifecycle.clients().unwrap().update(&request, &off_to("Cádiz")).await;
        assert_eq!(second.unwrap_or_else(|error| panic!("{on:?}: {error:?}")), first);
        assert_eq!(stored(&backend, MARIA).await["version"], 4, "{on:?}");
        assert_eq!(audit_of(&backend, MARIA).await.len(), 1);
    }
}

#[test]
fn a_lost_reply_of_a_patch_with_a_status_is_settled_by_the_operation_id() {
    for lost in 1..=3 {
        let (policy, store) = memory(&document());
        let store = (1..=lost).fold(FaultyStore::new(store), FaultyStore::loses_reply);
        let lifecycle = run(Lifecycle::open(&store, policy)).unwrap().with_clock(now());
        let client = run(lifecycle.clients().unwrap().update(&update(MARIA), &off_to("Cádiz")));
        let client = client.unwrap_or_else(|error| panic!("{lost}: {error:?}"));
        assert_eq!((client.city(), client.status()), ("Cádiz", Status::Off));
        let audit = store.store().audit();
        assert_eq!((audit.len(), audit[0].mode, audit[0].outcome), (1, Mode::Deactivate, AuditOutcome::Done));
    }
}

#[tokio::test]
async fn an_operation_of_another_call_is_not_taken_for_this_one() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let off = Request::deactivate("clients", MARIA).by(ana()).operation(operation(1));
        lifecycle.clients().unwrap().set_status(&off).await.unwrap();
        let patch = ClientPatch::new().with_city("Cádiz");
        let error = lifecycle
            .clients()
            .unwrap()
            .update(&update(MARIA).operation(operation(1)), &patch)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "operation_reused", "{on:?}");
        let error = lifecycle
            .clients()
            .unwrap()
            .update(&update(EVA).operation(operation(1)), &off_to("Cádiz"))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "operation_reused", "{on:?}");
        assert_eq!(stored(&backend, MARIA).await["city"], "Madrid");
    }
}

#[tokio::test]
async fn an_operation_that_made_another_client_than_the_request_names_is_reused() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let (one, two) = (operation(11).to_string(), operation(12).to_string());
        let request = create().operation(operation(1));
        lifecycle
            .clients()
            .unwrap()
            .create(&named(request.clone(), &one), new("one@example.com"))
            .await
            .unwrap();
        let again = lifecycle
            .clients()
            .unwrap()
            .create(&named(request.clone(), &one), new("one@example.com"))
            .await
            .unwrap();
        assert_eq!(again.user_id().to_string(), one);
        let error = lifecycle
            .clients()
            .unwrap()
            .create(&named(request, &two), new("two@example.com"))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "operation_reused", "{on:?}");
        assert_eq!(audit_of(&backend, &two).await.len(), 1, "the attempt is recorded");
    }
}

#[tokio::test]
async fn an_id_for_a_new_client_may_be_spelt_in_any_way() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let id = operation(0xABC).to_string();
        for (number, spelt) in
            [id.to_uppercase(), format!("{{{id}}}"), id.replace('-', ""), format!("urn:uuid:{id}")]
                .iter()
                .enumerate()
        {
            let mail = format!("one{number}@example.com");
            let made = lifecycle.clients().unwrap().create(&named(create(), spelt), new(&mail)).await;
            if number == 0 {
                assert_eq!(made.unwrap().user_id().to_string(), id, "{on:?}");
            } else {
                assert_eq!(made.unwrap_err().code(), "conflict", "{on:?} {spelt}");
            }
        }
        assert_eq!(audit_of(&backend, &id).await.len(), 4, "{on:?}");
    }
}

// Faults at every call.

#[test]
fn whatever_call_of_an_update_fails_it_is_done_once_or_not_at_all_and_recorded_once() {
    let broken = || StoreError::backend("read", "no route");
    for patch in [ClientPatch::new().with_city("Cádiz"), off_to("Cádiz")] {
        for call in [Call::Read, Call::Survey, Call::Apply] {
            for number in 1..=3 {
                for lost in [false, true] {
                    if lost && call != Call::Apply {
                        continue;
                    }
                    let (policy, store) = memory(&document());
                    let store = FaultyStore::new(store);
                    let store =
                        if lost { store.loses_reply(number) } else { store.fails(call, number, broken()) };
                    let lifecycle = run(Lifecycle::open(&store, policy)).unwrap().with_clock(now());
                    let request = update(MARIA).operation(operation(1));
                    let done = run(lifecycle.clients().unwrap().update(&request, &patch));
                    let what = format!("{call:?} {number} {lost} {done:?}");
                    let rows = store.store().rows("clients");
                    let maria = rows.iter().find(|row| row.id == RecordId::from(MARIA)).unwrap();
                    let written = maria.get("city").as_text() == Some("Cádiz");
                    assert_eq!(done.is_ok(), written, "{what}");
                    let outcomes: Vec<_> = store.store().audit().iter().map(|entry| entry.outcome).collect();
                    let expected = if written { AuditOutcome::Done } else { AuditOutcome::Failed };
                    assert_eq!(outcomes, [expected], "{what}");
                    run(lifecycle.clients().unwrap().update(&request, &patch)).unwrap();
                    let rows = store.store().rows("clients");
                    let maria = rows.iter().find(|row| row.id == RecordId::from(MARIA)).unwrap();
                    assert!(*maria.get("version") == client_lifecycle::domain::Value::from(4), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_new_client_is_tried_again_like_every_other_write() {
    let (policy, store) = memory(&document());
    let store = FaultyStore::new(store).fails(Call::Apply, 1, contention()).loses_reply(2);
    let lifecycle = run(Lifecycle::open(&store, policy)).unwrap();
    let client = run(lifecycle.clients().unwrap().create(&create(), new("diego@example.com"))).unwrap();
    assert_eq!(client.email(), "diego@example.com");
    let outcomes: Vec<_> = store.store().audit().iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [AuditOutcome::Done]);
    assert_eq!(store.store().rows("clients").len(), 4);
}

#[test]
fn whatever_call_of_a_creation_fails_there_is_one_client_or_none_and_the_same_operation_makes_no_second() {
    let broken = || StoreError::backend("wrote", "no route");
    for (call, lost) in
        [(Call::Read, false), (Call::Survey, false), (Call::Apply, false), (Call::Apply, true)]
    {
        for (number, is_named) in [(1, false), (1, true), (2, false), (2, true)] {
            let (policy, store) = memory(&document());
            let store = FaultyStore::new(store);
            let store = if lost { store.loses_reply(number) } else { store.fails(call, number, broken()) };
            let lifecycle = run(Lifecycle::open(&store, policy)).unwrap();
            let request = create().operation(operation(1));
            let request = if is_named { named(request, &operation(77).to_string()) } else { request };
            let answers: Vec<_> = (0..4)
                .map(|_| run(lifecycle.clients().unwrap().create(&request, new("diego@example.com"))))
                .collect();
            let what = format!("{call:?} {number} {lost} {is_named} {answers:?}");
            let there = store.store().rows("clients");
            assert_eq!(there.len(), 4, "{what}");
            let answered = answers.iter().flatten();
            assert!(answers[3].is_ok(), "{what}");
            for client in answered {
                assert!(there.iter().any(|row| row.id == RecordId::from(client.user_id())), "{what}");
            }
            let done = store.store().audit();
            let done = done.iter().filter(|entry| entry.outcome == AuditOutcome::Done);
            assert_eq!(done.count(), 1, "{what}");
        }
    }
}

// Audit.

#[tokio::test]
async fn an_attempt_on_nobody_is_recorded() {
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
async fn who_may_not_set_a_client_off_is_recorded_as_having_tried_that() {
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
async fn who_may_not_create_is_told_so_and_not_what_is_wrong_with_the_values() {
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

// What is written.

#[tokio::test]
async fn a_patch_with_a_status_is_written_to_the_client_and_not_to_those_who_go_off_with_it() {
    for on in stores().await {
        for rule in ["keep", "cascade"] {
            let mut document = document();
            let reference = json!({ "from": "clients.referred_by", "to": "clients", "nullable": true });
            document["references"].as_array_mut().unwrap().push(reference);
            document["modes"]["deactivate"]["rules"] = json!({ "*": "keep", "clients.referred_by": rule });
            let mut rows = rows();
            rows["clients"][0]["referred_by"] = json!(EVA);
            rows["clients"][1]["referred_by"] = json!(MARIA);
            rows["clients"][2]["referred_by"] = json!(null);
            let (backend, lifecycle) = world_of(on, &document, &rows).await;
            lifecycle.clients().unwrap().update(&update(MARIA), &off_to("Cádiz")).await.unwrap();
            let (maria, eva) = (stored(&backend, MARIA).await, stored(&backend, EVA).await);
            assert_eq!((&maria["city"], &maria["status"]), (&json!("Cádiz"), &json!("OFF")), "{on:?} {rule}");
            let with_it = if rule == "cascade" { "OFF" } else { "ON" };
            assert_eq!((&eva["city"], &eva["status"]), (&json!("Madrid"), &json!(with_it)), "{on:?} {rule}");
            lifecycle
                .clients()
                .unwrap()
                .update(&update(EVA), &ClientPatch::new().with_city("Zafra"))
                .await
                .unwrap();
            let (maria, eva) = (stored(&backend, MARIA).await, stored(&backend, EVA).await);
            assert_eq!((&maria["city"], &eva["city"]), (&json!("Cádiz"), &json!("Zafra")), "{on:?} {rule}");
        }
    }
}

#[tokio::test]
async fn a_status_that_is_held_as_true_and_false_in_a_field_of_another_name_is_read_and_written() {
    for on in stores().await {
        let mut document = document();
        document["kinds"]["clients"]["status"] = json!({ "field": "active", "on": true, "off": false });
        document["kinds"]["clients"]["fields"]["active"] = json!("boolean");
        let mut rows = rows();
        for row in rows["clients"].as_array_mut().unwrap() {
            row.as_object_mut().unwrap().remove("status");
            row["active"] = json!(true);
        }
        let (backend, lifecycle) = world_of(on, &document, &rows).await;
        let client = lifecycle.clients().unwrap().find(MARIA).await;
        assert_eq!(client.unwrap_or_else(|error| panic!("{on:?} {error:?}")).status(), Status::On);
        lifecycle.clients().unwrap().update(&update(MARIA), &off_to("Cádiz")).await.unwrap();
        assert_eq!(lifecycle.clients().unwrap().find(MARIA).await.unwrap().status(), Status::Off);
        let made = lifecycle.clients().unwrap().create(&create(), new("diego@example.com")).await.unwrap();
        assert_eq!(lifecycle.clients().unwrap().find(made.user_id()).await.unwrap().status(), Status::On);
        let row = stored(&backend, &made.user_id().to_string()).await;
        assert!(row["active"] == json!(true) || row["active"] == json!(1), "{row}");
        assert!(row["status"].is_null());
        let off =
            lifecycle.clients().unwrap().list(&ClientPage::first(9).with_status(Status::Off)).await.unwrap();
        assert_eq!(off.clients.len(), 1);
    }
}

#[tokio::test]
async fn instants_that_the_policy_calls_otherwise_are_the_clients() {
    for on in stores().await {
        let mut document = document();
        document["kinds"]["clients"]["created_at"] = json!("since");
        document["kinds"]["clients"]["updated_at"] = json!("touched");
        let mut rows = rows();
        for row in rows["clients"].as_array_mut().unwrap() {
            for (old, new) in [("created_at", "since"), ("updated_at", "touched")] {
                let held = row.as_object_mut().unwrap().remove(old).unwrap();
                row[new] = held;
            }
        }
        let (backend, lifecycle) = world_of(on, &document, &rows).await;
        let client =
            lifecycle.clients().unwrap().update(&update(MARIA), &ClientPatch::new().with_city("Cádiz")).await;
        let client = client.unwrap_or_else(|error| panic!("{on:?} {error:?}"));
        assert_eq!(client.updated_at(), now());
        let made = lifecycle.clients().unwrap().create(&create(), new("diego@example.com")).await.unwrap();
        let row = stored(&backend, &made.user_id().to_string()).await;
        assert_eq!(
            (&row["since"], &row["touched"]),
            (&json!("2026-11-24T09:00:00.000Z"), &json!("2026-11-24T09:00:00.000Z"))
        );
        assert!(row["created_at"].is_null() && row["updated_at"].is_null());
    }
}

#[tokio::test]
async fn a_version_that_is_null_counts_from_one() {
    for on in stores().await {
        let mut rows = rows();
        rows["clients"][1]["version"] = json!(null);
        let (backend, lifecycle) = world_of(on, &document(), &rows).await;
        lifecycle
            .clients()
            .unwrap()
            .update(&update(EVA), &ClientPatch::new().with_city("Cádiz"))
            .await
            .unwrap();
        assert_eq!(stored(&backend, EVA).await["version"], 1, "{on:?}");
    }
}

#[tokio::test]
async fn a_policy_that_says_little_of_its_clients_reads_and_writes_them_all_the_same() {
    for on in stores().await {
        let document = json!({
            "subject": "clients", "kinds": { "clients": { "id": "user_id", "status": "status" } },
            "modes": { "create": { "allow": "any" }, "update": { "allow": "any" }, "deactivate": { "allow": "any" } } });
        let (backend, lifecycle) = world_of(on, &document, &json!({ "clients": rows()["clients"] })).await;
        let client = lifecycle.clients().unwrap().create(&create(), new("diego@example.com")).await.unwrap();
        assert_eq!(lifecycle.clients().unwrap().find(client.user_id()).await.unwrap(), client, "{on:?}");
        let day = "1991-01-02".parse().unwrap();
        let patch = ClientPatch::new().with_birth_date(day).with_status(Status::Off);
        let client = lifecycle.clients().unwrap().update(&update(MARIA), &patch).await.unwrap();
        assert_eq!((client.birth_date(), client.updated_at()), (Some(day), now()), "{on:?}");
        assert_eq!(stored(&backend, MARIA).await["birth_date"], "1991-01-02");
    }
}

#[tokio::test]
async fn ids_as_bytes_instants_as_seconds_and_columns_of_other_names_make_the_same_clients() {
    let mut document = document();
    document["kinds"]["clients"]["table"] = json!("people");
    let fields = &mut document["kinds"]["clients"]["fields"];
    for (field, column) in [
        ("user_id", "pk"),
        ("email", "mail"),
        ("status", "state"),
        ("version", "rev"),
        ("updated_at", "upd"),
        ("deleted_at", "del"),
    ] {
        fields[field] = json!({ "column": column });
    }
    let policy = parsed(&document);
    let pool = pool(
        "CREATE TABLE people (pk BLOB PRIMARY KEY NOT NULL, mail TEXT, name TEXT, surname TEXT, phone TEXT, address TEXT,
           city TEXT, country TEXT, postal_code TEXT, gender TEXT, birth_date INTEGER, role TEXT, state TEXT, avatar TEXT,
           document_type TEXT, document_number TEXT, created_at INTEGER, upd INTEGER, del INTEGER, rev INTEGER);
         CREATE TABLE bookings (id INTEGER PRIMARY KEY, client_id BLOB NOT NULL REFERENCES people (pk), state TEXT)",
    )
    .await;
    let store = SqliteStore::new(pool.clone()).migrate().await.unwrap();
    let lifecycle =
        Lifecycle::open(store, policy).await.unwrap_or_else(|error| panic!("{error}")).with_clock(now());
    let made = lifecycle.clients().unwrap().create(&create(), new("diego@example.com")).await.unwrap();
    let id = made.user_id().to_string();
    assert_eq!(lifecycle.clients().unwrap().find(&*id).await.unwrap(), made);
    assert_eq!(lifecycle.clients().unwrap().find(id.to_uppercase()).await.unwrap(), made);
    let seconds: (i64, i64, String) =
        sqlx::query_as("SELECT upd, birth_date, typeof(pk) FROM people").fetch_one(&pool).await.unwrap();
    assert_eq!(seconds, (now().timestamp(), 478_396_800, "blob".into()));
    let patch = off_to("Cádiz").with_email("DIEGO@example.com");
    let client = lifecycle.clients().unwrap().update(&update(&id.to_uppercase()), &patch).await.unwrap();
    assert_eq!((client.city(), client.status(), client.updated_at()), ("Cádiz", Status::Off, now()));
    let error = lifecycle.clients().unwrap().create(&create(), new("diego@EXAMPLE.com")).await.unwrap_err();
    assert_eq!(error.code(), "taken");
    let error = lifecycle
        .clients()
        .unwrap()
        .create(&named(create(), &id.to_uppercase()), new("x@example.com"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "conflict");
    let page = lifecycle.clients().unwrap().list(&ClientPage::first(9)).await.unwrap();
    assert_eq!(page.clients, [client]);
    assert!(
        lifecycle
            .clients()
            .unwrap()
            .list(&ClientPage::first(9).after(made.user_id()))
            .await
            .unwrap()
            .clients
            .is_empty()
    );
    lifecycle.execute(&Request::hard_delete("clients", made.user_id()).by(ana())).await.unwrap();
    let audit = lifecycle.store().audit(&"clients".into(), &made.user_id().into()).await.unwrap();
    assert_eq!(
        audit.iter().map(|entry| &*entry.action).collect::<Vec<_>>(),
        ["CLIENT_CREATED", "CLIENT_DEACTIVATED", "CLIENT_CREATED", "CLIENT_DELETED"]
    );
}

async fn pool(sql: &str) -> SqlitePool {
    let options = SqliteConnectOptions::new().in_memory(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
    pool
}

// Addresses.

/// `K` is the Kelvin sign, whose lower case is an ASCII letter: whoever asks with it asks for nobody.
#[tokio::test]
async fn an_address_that_only_unicode_takes_for_another_is_another() {
    assert_ne!(normalised_email("\u{212A}ate@example.com"), "kate@example.com");
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        backend.set("clients", EVA, "email", json!("kate@example.com")).await;
        assert!(lifecycle.clients().unwrap().find_by_email("KATE@example.com").await.unwrap().is_some());
        assert!(
            lifecycle.clients().unwrap().find_by_email("\u{212A}ATE@example.com").await.unwrap().is_none(),
            "{on:?}"
        );
        // Older addresses than the rules, with other letters.
        backend.set("clients", EVA, "email", json!("ÑANDÚ@example.com")).await;
        assert!(
            lifecycle.clients().unwrap().find_by_email("ÑANDÚ@EXAMPLE.com").await.unwrap().is_some(),
            "{on:?}"
        );
    }
}

#[tokio::test]
async fn nobody_has_no_address() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        backend.set("clients", EVA, "email", json!("")).await;
        assert!(lifecycle.clients().unwrap().find_by_email(" ").await.unwrap().is_none(), "{on:?}");
    }
}

// Pages.

#[tokio::test]
async fn pages_of_any_size_after_any_id_are_answered() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let all = lifecycle.clients().unwrap().list(&ClientPage::first(u32::MAX)).await.unwrap();
        assert_eq!((all.clients.len(), all.next), (2, None));
        let page = lifecycle.clients().unwrap().list(&ClientPage::first(1)).await.unwrap();
        backend.remove("bookings", "b1").await;
        backend.remove("clients", MARIA).await;
        let rest =
            lifecycle.clients().unwrap().list(&ClientPage::first(1).after(page.next.unwrap())).await.unwrap();
        assert_eq!((rest.clients.len(), rest.next), (1, None), "{on:?}");
        for after in ["", "~", "not a uuid", &MARIA.to_uppercase()] {
            lifecycle.clients().unwrap().list(&ClientPage::first(1).after(after)).await.unwrap();
        }
        let none = lifecycle.clients().unwrap().list(&ClientPage::first(0)).await.unwrap();
        assert!(none.clients.is_empty());
    }
}

// Privacy.

/// A store that notes how everything it is given looks in `Debug`.
struct Spy(MemoryStore, Mutex<String>);

impl Spy {
    fn note(&self, what: impl std::fmt::Debug) {
        self.1.lock().unwrap().extend([format!("{what:?} {what:#?}\n")]);
    }
}

#[async_trait]
impl Reader for Spy {
    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
        self.note(query);
        let found = self.0.read(query).await;
        self.note(&found);
        found
    }
}

#[async_trait]
impl Store for Spy {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.0.check(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        self.note(query);
        let found = self.0.survey(query).await;
        self.note(&found);
        found
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        self.note(changes);
        let found = self.0.apply(changes).await;
        self.note(&found);
        found
    }
}

#[tokio::test]
async fn nothing_that_a_store_is_given_shows_personal_data_in_debug() {
    let mut document = document();
    document["modes"]["create"]["effects"] =
        json!([{ "topic": "client.created", "fields": ["email", "name"] }]);
    document["modes"]["update"]["effects"] = json!([{ "topic": "client.updated", "fields": ["email"] }]);
    let (policy, store) = memory(&document);
    let spy = Spy(store, Mutex::default());
    let lifecycle = Lifecycle::open(&spy, policy).await.unwrap();
    let request = create().note("called by Zacharias");
    let mut made = new("zacharias@secret.example");
    made.city = "Zwolle".into();
    let client = lifecycle.clients().unwrap().create(&request, made.clone()).await.unwrap();
    lifecycle.clients().unwrap().find_by_email("zacharias@secret.example").await.unwrap();
    let patch = ClientPatch::new().with_email("zoe@secret.example").with_name("Zoë").with_city("Zeist");
    let id = client.user_id().to_string();
    spy.note(lifecycle.clients().unwrap().update(&update(&id), &patch).await);
    spy.note(lifecycle.clients().unwrap().update(&update(MARIA), &patch).await);
    spy.note(lifecycle.clients().unwrap().create(&create(), new("ZOE@secret.example")).await);
    spy.note((&client, &patch, &made));
    let said = spy.1.lock().unwrap();
    for secret in ["secret.example", "zacharias", "Zacharias", "Zwolle", "Zeist", "Zoë", "zoe"] {
        let at = said.find(secret).map(|at| &said[at.saturating_sub(200)..at + 20]);
        assert_eq!(at, None, "{secret}");
    }
}

// Plans and reassignment.

/// An update without its values is no operation of its own, however its plan was come by.
#[tokio::test]
async fn a_plan_of_a_mode_that_brings_values_is_not_applied_without_them() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let policy = parsed(&document());
        for mode in [Mode::Update, Mode::Create] {
            let request = Request::new(mode, "clients", MARIA).by(ana());
            let survey = backend.store().survey(&policy.query(&request, now()).unwrap()).await.unwrap();
            let Ok(plan) = policy.plan(&request, &survey, now()) else { continue };
            assert!(lifecycle.plan(&request).await.is_err());
            let error = lifecycle.apply(&request, &plan).await;
            assert_eq!(error.unwrap_err().code(), "invalid", "{on:?} {mode}");
            let error = lifecycle.confirm(&request, &plan.digest).await;
            assert_eq!(error.unwrap_err().code(), "invalid", "{on:?} {mode}");
        }
        assert_eq!(stored(&backend, MARIA).await["version"], 3);
        assert!(backend.outcomes().await.iter().all(|outcome| *outcome == "invalid"));
    }
}

fn unions() -> Value {
    json!({
        "subject": "unions",
        "kinds": { "unions": { "fields": { "state": { "type": "text", "nullable": true } } }, "members": {} },
        "references": [
            { "from": "members.union_id", "to": "unions" },
            { "from": "unions.parent_id", "to": "unions", "nullable": true } ],
        "modes": { "reassign": { "allow": [{ "role": "ADMIN" }], "rules": {
            "members.union_id": { "then": "reassign", "qualifies": { "not": { "field": "state", "eq": "CLOSED" } } },
            "unions.parent_id": "reassign" } } }
    })
}

fn union_rows() -> Value {
    json!({
        "unions": [
            { "id": "u1", "state": "OPEN", "parent_id": null }, { "id": "u2", "state": "OPEN", "parent_id": "u1" },
            { "id": "u3", "state": "OPEN", "parent_id": "u1" }, { "id": "u4", "state": null, "parent_id": null } ],
        "members": [{ "id": "m1", "union_id": "u1" }, { "id": "m2", "union_id": "u2" }, { "id": "m3", "union_id": "u3" }]
    })
}

#[tokio::test]
async fn a_plan_that_moves_to_one_union_is_not_applied_with_a_request_for_another() {
    for on in stores().await {
        let (backend, lifecycle) = world_of(on, &unions(), &union_rows()).await;
        let to = |target: &str| {
            Request::reassigning("unions", "u1").reassign("members.union_id", target).by(ana())
        };
        let plan = lifecycle.plan(&to("u2")).await.unwrap();
        assert_eq!(lifecycle.apply(&to("u3"), &plan).await.unwrap_err().code(), "foreign_plan", "{on:?}");
        assert_eq!(
            lifecycle.confirm(&to("u3"), &plan.digest).await.unwrap_err().code(),
            "conflict",
            "{on:?}"
        );
        assert_eq!(backend.rows("members").await[0]["union_id"], "u1");
    }
}

#[tokio::test]
async fn a_target_of_which_it_is_unknown_whether_it_qualifies_does_not() {
    for on in stores().await {
        let (_, lifecycle) = world_of(on, &unions(), &union_rows()).await;
        let request = Request::reassigning("unions", "u1").reassign("members.union_id", "u4").by(ana());
        assert_eq!(lifecycle.execute(&request).await.unwrap_err().code(), "blocked", "{on:?}");
    }
}

#[tokio::test]
async fn a_batch_of_unions_is_reassigned_at_once_and_to_none_of_them() {
    for on in stores().await {
        let (backend, lifecycle) = world_of(on, &unions(), &union_rows()).await;
        let batch = |target: &str| {
            Request::batch(Mode::Reassign, "unions", ["u1", "u2"])
                .reassign("members.union_id", target)
                .by(ana())
        };
        assert_eq!(lifecycle.execute(&batch("u2")).await.unwrap_err().code(), "blocked", "{on:?}");
        lifecycle.execute(&batch("u3")).await.unwrap();
        let members = backend.rows("members").await;
        assert!(members.as_array().unwrap().iter().all(|member| member["union_id"] == "u3"), "{on:?}");
        assert_eq!(backend.outcomes().await, ["blocked", "blocked", "done", "done"]);
        let many = Request::batch(Mode::Update, "unions", ["u1", "u2"]).by(ana());
        assert_eq!(
            lifecycle.clients().unwrap().update(&many, &ClientPatch::new()).await.unwrap_err().code(),
            "invalid"
        );
    }
}

#[tokio::test]
async fn a_row_is_not_moved_below_itself() {
    for on in stores().await {
        let (backend, lifecycle) = world_of(on, &unions(), &union_rows()).await;
        let request = |target: &str| {
            Request::reassigning("unions", "u1").reassign("unions.parent_id", target).by(ana())
        };
        let error = lifecycle.execute(&request("u2")).await;
        assert!(error.is_err(), "{on:?} {}", backend.rows("unions").await);
        lifecycle.execute(&request("u4")).await.unwrap();
        let unions = backend.rows("unions").await;
        assert_eq!((&unions[1]["parent_id"], &unions[2]["parent_id"]), (&json!("u4"), &json!("u4")));
    }
}

// Who is gone.

#[tokio::test]
async fn who_is_deleted_or_anonymized_is_neither_found_nor_written_and_keeps_the_address() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        lifecycle.execute(&Request::anonymize("clients", MARIA).by(ana())).await.unwrap();
        lifecycle.execute(&Request::soft_delete("clients", EVA).by(ana())).await.unwrap();
        for id in [MARIA, EVA] {
            let before = stored(&backend, id).await;
            let patch = ClientPatch::new().with_city("Cádiz").with_status(Status::On);
            assert_eq!(
                lifecycle.clients().unwrap().update(&update(id), &patch).await.unwrap_err().code(),
                "not_found",
                "{on:?}"
            );
            let on_again = Request::reactivate("clients", id).by(ana());
            assert_eq!(
                lifecycle.clients().unwrap().set_status(&on_again).await.unwrap_err().code(),
                "not_found"
            );
            assert_eq!(stored(&backend, id).await, before);
            assert_eq!(audit_of(&backend, id).await.len(), 3);
        }
        assert!(lifecycle.clients().unwrap().list(&ClientPage::first(9)).await.unwrap().clients.is_empty());
        // The address of who is anonymized is free again; that of who may come back is not.
        lifecycle.clients().unwrap().create(&create(), new("maria@example.com")).await.unwrap();
        assert_eq!(
            lifecycle.clients().unwrap().create(&create(), new("eva@example.com")).await.unwrap_err().code(),
            "taken"
        );
    }
}

#[tokio::test]
async fn what_created_a_client_answers_not_found_once_it_is_deleted_and_makes_no_other() {
    for on in stores().await {
        let (backend, lifecycle) = world(on).await;
        let request = create().operation(operation(7));
        let made = lifecycle.clients().unwrap().create(&request, new("diego@example.com")).await.unwrap();
        lifecycle.execute(&Request::hard_delete("clients", made.user_id()).by(ana())).await.unwrap();
        let error =
            lifecycle.clients().unwrap().create(&request, new("diego@example.com")).await.unwrap_err();
        assert_eq!(error.code(), "not_found", "{on:?}");
        assert_eq!(backend.rows("clients").await.as_array().unwrap().len(), 3);
    }
}

// The host's own transaction.

#[tokio::test]
async fn in_the_hosts_transaction_a_refusal_leaves_it_usable_and_what_is_done_dies_with_it() {
    let file = Database::new(1).await;
    let mut tx = file.pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    {
        let lifecycle = Lifecycle::open(SqliteTransaction::new(&mut tx), parsed(&document())).await.unwrap();
        assert_eq!(
            lifecycle.clients().unwrap().create(&create(), new("EVA@example.com")).await.unwrap_err().code(),
            "taken"
        );
        let patch = ClientPatch::new().with_email("eva@example.com");
        assert_eq!(
            lifecycle.clients().unwrap().update(&update(MARIA), &patch).await.unwrap_err().code(),
            "taken"
        );
        assert_eq!(
            lifecycle.clients().unwrap().update(&update(GONE), &patch).await.unwrap_err().code(),
            "not_found"
        );
        lifecycle.clients().unwrap().update(&update(MARIA), &off_to("Cádiz")).await.unwrap();
        lifecycle.clients().unwrap().create(&create(), new("diego@example.com")).await.unwrap();
    }
    assert_eq!(number(&mut *tx, "SELECT count(*) FROM lifecycle_audit").await, 5);
    assert_eq!(number(&mut *tx, "SELECT count(*) FROM clients").await, 4);
    tx.rollback().await.unwrap();
    assert_eq!(number(&file.pool, "SELECT count(*) FROM lifecycle_audit").await, 0);
    assert_eq!(number(&file.pool, "SELECT count(*) FROM clients WHERE city = 'Madrid'").await, 3);
}

async fn number<'e>(executor: impl sqlx::Executor<'e, Database = sqlx::Sqlite>, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(executor).await.unwrap()
}

/// A database in a file, with several connections.
struct Database {
    pool: SqlitePool,
    path: std::path::PathBuf,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Database {
    async fn new(connections: u32) -> Self {
        let name = format!("attack-{}-{}.db", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::remove_file(&path).ok();
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .busy_timeout(std::time::Duration::from_secs(5));
        let pool = SqlitePoolOptions::new().max_connections(connections).connect_with(options).await.unwrap();
        let columns: Vec<String> = row(MARIA, "")
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| match name.as_str() {
                "user_id" => "user_id TEXT PRIMARY KEY NOT NULL".into(),
                name => format!("{name} {}", if value.is_number() { "INTEGER" } else { "TEXT" }),
            })
            .collect();
        let tables = format!(
            "CREATE TABLE clients ({});
             CREATE TABLE bookings (id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients (user_id), state TEXT)",
            columns.join(", ")
        );
        sqlx::raw_sql(AssertSqlSafe(tables)).execute(&pool).await.unwrap();
        SqliteStore::new(pool.clone()).migrate().await.unwrap();
        let made = Self { pool, path };
        for client in rows()["clients"].as_array().unwrap() {
            made.insert(client).await;
        }
        made
    }

    async fn insert(&self, client: &Value) {
        let client = client.as_object().unwrap();
        let names: Vec<_> = client.keys().cloned().collect();
        let values: Vec<_> = client
            .values()
            .map(|value| match value {
                Value::Null => "NULL".into(),
                Value::String(text) => format!("'{text}'"),
                other => other.to_string(),
            })
            .collect();
        let sql = format!("INSERT INTO clients ({}) VALUES ({})", names.join(", "), values.join(", "));
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.unwrap();
    }

    async fn lifecycle(&self) -> Arc<Lifecycle<SqliteStore>> {
        let store = SqliteStore::new(self.pool.clone());
        Arc::new(Lifecycle::open(store, parsed(&document())).await.unwrap().with_clock(now()))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).ok();
    }
}

// Races: a file, several connections, several threads.

/// Runs both at once and says what came of them.
async fn both<A, B>(one: A, two: B) -> (A::Output, B::Output)
where
    A: Future<Output: Send + 'static> + Send + 'static,
    B: Future<Output: Send + 'static> + Send + 'static,
{
    let (one, two) = (tokio::spawn(one), tokio::spawn(two));
    (one.await.unwrap(), two.await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_pair_of_writers_loses_a_write_or_an_entry() {
    let file = Database::new(4).await;
    let lifecycle = file.lifecycle().await;
    for round in 0..40_u32 {
        let id = operation(1000 + u128::from(round)).to_string();
        let mail = |who: &str| format!("{who}{round}@example.com");
        file.insert(&row(&id, &mail("first"))).await;
        let call = |what: u32| {
            let (lifecycle, id, mail) = (lifecycle.clone(), id.clone(), mail("same"));
            async move {
                match what {
                    0 => lifecycle
                        .clients()
                        .unwrap()
                        .update(&update(&id), &ClientPatch::new().with_city("Cádiz"))
                        .await
                        .map(|_| ()),
                    1 => {
                        let patch = ClientPatch::new().with_phone("+34600000001").with_status(Status::Off);
                        lifecycle.clients().unwrap().update(&update(&id), &patch).await.map(|_| ())
                    }
                    2 => lifecycle
                        .clients()
                        .unwrap()
                        .set_status(&Request::deactivate("clients", &*id).by(ana()))
                        .await
                        .map(|_| ()),
                    3 => {
                        lifecycle.execute(&Request::hard_delete("clients", &*id).by(ana())).await.map(|_| ())
                    }
                    4 => {
                        lifecycle.execute(&Request::soft_delete("clients", &*id).by(ana())).await.map(|_| ())
                    }
                    5 => lifecycle.clients().unwrap().create(&create(), new(&mail)).await.map(|_| ()),
                    6 => lifecycle
                        .clients()
                        .unwrap()
                        .update(&update(&id), &ClientPatch::new().with_email(mail))
                        .await
                        .map(|_| ()),
                    _ => unreachable!(),
                }
            }
        };
        let pairs = [(0, 1), (0, 2), (0, 3), (1, 3), (1, 4), (2, 3), (5, 5), (5, 6), (6, 4), (1, 6)];
        let (a, b) = pairs[round as usize % pairs.len()];
        let (one, two) = both(call(a), call(b)).await;
        let what = format!("{a} and {b}: {one:?} {two:?}");
        for done in [&one, &two] {
            let is_expected = match done {
                Ok(()) => true,
                Err(error) => ["not_found", "taken"].contains(&error.code()),
            };
            assert!(is_expected, "{what}");
        }
        let client = |field: &str| format!("SELECT count(*) FROM clients WHERE user_id = '{id}' AND {field}");
        if a < 3 && b < 3 {
            assert!(one.is_ok() && two.is_ok(), "{what}");
            assert_eq!(number(&file.pool, &client("city = 'Cádiz' AND status = 'OFF'")).await, 1, "{what}");
            // Who finds the client OFF already has nothing to write.
            assert_eq!(number(&file.pool, &client("version IN (4, 5)")).await, 1, "{what}");
        }
        if (a, b) == (0, 1) {
            assert_eq!(
                number(&file.pool, &client("phone = '+34600000001' AND version = 5")).await,
                1,
                "{what}"
            );
        }
        if b == 3 {
            assert!(two.is_ok(), "{what}");
            assert_eq!(number(&file.pool, &client("true")).await, 0, "{what}");
        }
        if b == 4 {
            assert!(two.is_ok(), "{what}");
            assert_eq!(number(&file.pool, &client("deleted_at IS NOT NULL")).await, 1, "{what}");
        }
        if b == 5 || (a, b) == (5, 6) {
            assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "{what}");
        }
        let holders = format!("SELECT count(*) FROM clients WHERE email = '{}'", mail("same"));
        assert!(number(&file.pool, &holders).await <= 1, "{what}");
    }
    // One entry for each attempt.
    assert_eq!(number(&file.pool, "SELECT count(*) FROM lifecycle_audit").await, 80);
    let failed = "SELECT count(*) FROM lifecycle_audit WHERE outcome = 'failed'";
    assert_eq!(number(&file.pool, failed).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_create_with_one_address_at_once_one_does() {
    let file = Database::new(4).await;
    let lifecycle = file.lifecycle().await;
    let calls = (0..8).map(|number| {
        let lifecycle = lifecycle.clone();
        let mail = if number % 2 == 0 { "one@example.com" } else { "ONE@example.com" };
        tokio::spawn(async move { lifecycle.clients().unwrap().create(&create(), new(mail)).await })
    });
    let mut made = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(_) => made += 1,
            Err(error) => assert_eq!(error.code(), "taken", "{error:?}"),
        }
    }
    assert_eq!(made, 1);
    assert_eq!(number(&file.pool, "SELECT count(*) FROM lifecycle_audit").await, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_operation_sent_by_many_at_once_is_done_once_and_answers_all() {
    let file = Database::new(4).await;
    let lifecycle = file.lifecycle().await;
    for round in 0..10_u128 {
        let calls: Vec<_> = (0..4)
            .map(|_| {
                let lifecycle = lifecycle.clone();
                tokio::spawn(async move {
                    let request = create().operation(operation(100 + round));
                    let made = lifecycle
                        .clients()
                        .unwrap()
                        .create(&request, new(&format!("m{round}@example.com")))
                        .await;
                    let made = made.map(|client| client.user_id());
                    let patch = off_to("Cádiz").with_phone(format!("+3460000{round:04}"));
                    (
                        made,
                        lifecycle
                            .clients()
                            .unwrap()
                            .update(&update(MARIA).operation(operation(200 + round)), &patch)
                            .await,
                    )
                })
            })
            .collect();
        let mut ids = std::collections::BTreeSet::new();
        for call in calls {
            let (made, updated) = call.await.unwrap();
            ids.insert(made.unwrap_or_else(|error| panic!("{error:?}")));
            updated.unwrap_or_else(|error| panic!("{error:?}"));
        }
        assert_eq!(ids.len(), 1);
        lifecycle
            .clients()
            .unwrap()
            .set_status(&Request::reactivate("clients", MARIA).by(ana()))
            .await
            .unwrap();
    }
    assert_eq!(
        number(&file.pool, &format!("SELECT version FROM clients WHERE user_id = '{MARIA}'")).await,
        23
    );
}
