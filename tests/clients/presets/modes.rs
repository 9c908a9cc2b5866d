//! What each mode does to the subject, and that it changes nothing else.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, FieldType, Mask, Mode, Request, eq};
use client_lifecycle::policy::{Redirect, keep, retain};
use serde_json::{Value, json};

use crate::common::backend::{On, on_every_store};
use crate::presets::world::{NOW, World};

const TABLES: &str = "
CREATE TABLE clients (
  id TEXT PRIMARY KEY NOT NULL, role TEXT NOT NULL, email TEXT NOT NULL, city TEXT, status TEXT NOT NULL,
  deleted_at TEXT);
CREATE TABLE sales (
  id TEXT PRIMARY KEY NOT NULL, client_id TEXT REFERENCES clients, issued_at TEXT NOT NULL)";

/// A policy with every documented mode, for a client with a sale that must be retained.
fn policy() -> DeletionPolicy {
    let books = || retain("P6Y").from("issued_at").basis("books");
    DeletionPolicy::of("clients")
        .kind("clients", |kind| {
            kind.status("status")
                .deleted_at("deleted_at")
                .filter(eq("role", "USER"))
                .personal("email", Mask::PlaceholderEmail)
        })
        .kind("sales", |kind| kind.field("issued_at", FieldType::Timestamp))
        .reference_with("sales.client_id", "clients", |reference| reference.nullable())
        .deactivate(|mode| mode.allow_any().others(keep()))
        .reactivate(|mode| mode.allow_any().others(keep()))
        .soft_delete(|mode| mode.allow_any().others(keep()))
        .anonymize(|mode| mode.allow_any().rule("sales.client_id", books()))
        .hard_delete(|mode| mode.allow_any().rule("sales.client_id", books().on_survive(Redirect::SetNull)))
        .build()
        .unwrap()
}

fn client(id: &str, status: &str) -> Value {
    json!({ "id": id, "role": "USER", "email": format!("{id}@example.org"), "city": "Soria", "status": status })
}

fn rows() -> Value {
    json!({
        "clients": [client("ana", "ON"), client("ben", "OFF")],
        "sales": [
            { "id": "1", "client_id": "ana", "issued_at": "2026-01-01T00:00:00.000Z" },
            { "id": "2", "client_id": "ben", "issued_at": "2026-01-01T00:00:00.000Z" } ]
    })
}

fn with(mut client: Value, changes: &Value) -> Value {
    for (field, value) in changes.as_object().unwrap() {
        client[field] = value.clone();
    }
    client
}

on_every_store! {
    // R203
    async fn each_mode_changes_only_what_its_name_says(on: On) {
        let (ana, ben) = (client("ana", "ON"), client("ben", "OFF"));
        let deleted_at = NOW.replace('Z', ".000Z");
        let without = with(ana.clone(), &json!({
            "email": "ana@anonymized.invalid", "status": "OFF", "deleted_at": deleted_at
        }));
        let marked = with(ana.clone(), &json!({ "deleted_at": deleted_at }));
        for (mode, id, expected) in [
            (Mode::Deactivate, "ana", vec![client("ana", "OFF"), ben.clone()]),
            (Mode::Reactivate, "ben", vec![ana.clone(), client("ben", "ON")]),
            (Mode::SoftDelete, "ana", vec![marked, ben.clone()]),
            (Mode::Anonymize, "ana", vec![without, ben.clone()]),
            (Mode::HardDelete, "ana", vec![ben.clone()]),
        ] {
            let world = World::open(on, &policy(), TABLES, &rows()).await;
            let request = Request::new(mode, "clients", id).by(Actor::new("eva", "ADMIN"));
            let receipt = world.done(&request).await;
            assert_eq!(world.backend.rows("clients").await, json!(expected), "{mode}");
            // The sale stays. After a hard deletion it has no reference to the client.
            let mut sales = rows()["sales"].clone();
            if mode == Mode::HardDelete {
                sales[0].as_object_mut().unwrap().remove("client_id");
            }
            assert_eq!(world.backend.rows("sales").await, sales, "{mode}");
            assert_eq!((receipt.mode, world.last_entry().await.mode), (mode, mode));
        }
        assert_eq!(Mode::REMOVALS.len(), 5);
    }

    // R203
    async fn a_reactivation_restores_the_row_completely(on: On) {
        let world = World::open(on, &policy(), TABLES, &rows()).await;
        let before = world.backend.rows("clients").await;
        world.done(&Request::deactivate("clients", "ana")).await;
        assert_ne!(world.backend.rows("clients").await, before);
        world.done(&Request::reactivate("clients", "ana")).await;
        assert_eq!(world.backend.rows("clients").await, before);
    }
}
