//! Clients with bookings, a policy for them, and helpers that make requests.
#![allow(dead_code, reason = "without databases some of it has no use")]

use std::sync::Arc;

use client_lifecycle::clients::{ClientPatch, NewClient};
use client_lifecycle::domain::{Actor, AuditEntry, RecordId, Request, Status};
use client_lifecycle::store::StoreError;
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::backend::{Backend, On, Whole};

pub(crate) const MARIA: &str = "550e8400-e29b-41d4-a716-446655440000";
pub(crate) const EVA: &str = "550e8400-e29b-41d4-a716-446655440001";
pub(crate) const GONE: &str = "550e8400-e29b-41d4-a716-446655440002";

pub(crate) fn document() -> Value {
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

pub(crate) fn parsed(document: &Value) -> DeletionPolicy {
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

pub(crate) fn row(id: &str, email: &str) -> Value {
    json!({
        "user_id": id, "email": email, "name": "Maria", "surname": "Garcia", "phone": "+34634567890",
        "address": "Calle Nueva 456", "city": "Madrid", "country": "Spain", "postal_code": "28013",
        "gender": "female", "birth_date": "1990-05-15", "role": "USER", "status": "ON", "avatar": "",
        "document_type": "DNI", "document_number": "12345678A", "created_at": "2024-01-15T10:30:00.000Z",
        "updated_at": "2024-03-05T15:45:00.000Z", "deleted_at": null, "version": 3
    })
}

pub(crate) fn rows() -> Value {
    let mut gone = row(GONE, "gone@example.com");
    gone["deleted_at"] = json!("2025-01-01T00:00:00.000Z");
    json!({
        "clients": [row(MARIA, "maria@example.com"), row(EVA, "eva@example.com"), gone],
        "bookings": [{ "id": "b1", "client_id": MARIA, "state": "DONE" }]
    })
}

pub(crate) fn now() -> chrono::DateTime<chrono::Utc> {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

pub(crate) async fn world_of(on: On, document: &Value, rows: &Value) -> (Backend, Lifecycle<Arc<dyn Whole>>) {
    let policy = parsed(document);
    let backend = Backend::with(on, &policy, rows).await;
    let lifecycle = backend.lifecycle(&policy).await.with_clock(now());
    (backend, lifecycle)
}

pub(crate) async fn world(on: On) -> (Backend, Lifecycle<Arc<dyn Whole>>) {
    world_of(on, &document(), &rows()).await
}

pub(crate) fn ana() -> Actor {
    Actor::new("ana", "ADMIN")
}

pub(crate) fn update(id: &str) -> Request {
    Request::update("clients", id).by(ana())
}

pub(crate) fn create() -> Request {
    Request::create("clients").by(ana())
}

pub(crate) fn named(mut request: Request, id: &str) -> Request {
    request.subjects = vec![id.into()];
    request
}

pub(crate) fn new(email: &str) -> NewClient {
    NewClient::from_json(&json!({
        "email": email, "name": "Diego", "surname": "Ruiz", "phone": "+34600000000",
        "birth_date": "1985-02-28", "document_type": "NIE", "document_number": "X1234567L"
    }))
    .unwrap()
}

pub(crate) fn operation(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) async fn stored(backend: &Backend, id: &str) -> Value {
    let rows = backend.rows("clients").await;
    rows.as_array().unwrap().iter().find(|row| row["user_id"] == id).cloned().unwrap_or_default()
}

pub(crate) async fn audit_of(backend: &Backend, id: &str) -> Vec<AuditEntry> {
    let all = backend.audit().await;
    all.into_iter().filter(|entry| entry.subjects == [RecordId::from(id)]).collect()
}

pub(crate) fn memory(document: &Value) -> (DeletionPolicy, MemoryStore) {
    let policy = parsed(document);
    let store = MemoryStore::from_json(policy.map(), &rows()).unwrap();
    (policy, store)
}

pub(crate) fn contention() -> StoreError {
    StoreError::Contention { source: None, retryable: true }
}

pub(crate) fn off_to(city: &str) -> ClientPatch {
    ClientPatch::new().with_city(city).with_status(Status::Off)
}
