//! The preset for the credit unions.

use client_lifecycle::clients::presets;
use client_lifecycle::domain::{Actor, FieldName, Request};
use client_lifecycle::policy::ModeBuilder;
use serde_json::{Value, json};

use crate::common::backend::{On, on_every_store};
use crate::presets::world::World;

const TABLES: &str = r#"
CREATE TABLE officers (id TEXT PRIMARY KEY NOT NULL);
CREATE TABLE unions (
  id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, officer_id TEXT REFERENCES officers, "deletedAt" TEXT);
CREATE TABLE members (id TEXT PRIMARY KEY NOT NULL, union_id TEXT NOT NULL REFERENCES unions);
CREATE TABLE loans (
  id TEXT PRIMARY KEY NOT NULL, union_id TEXT NOT NULL REFERENCES unions, status TEXT NOT NULL)"#;

const NORTH: &str = "clx9876543210";
const SOUTH: &str = "clx9876543211";

/// The union North has two members and an active loan, which block its deletion.
fn rows() -> Value {
    json!({
        "officers": [ { "id": "o1" }, { "id": "o2" } ],
        "unions": [
            { "id": NORTH, "name": "North", "officer_id": "o1", "deletedAt": null },
            { "id": SOUTH, "name": "South", "officer_id": null, "deletedAt": null } ],
        "members": [ { "id": "m1", "union_id": NORTH }, { "id": "m2", "union_id": NORTH } ],
        "loans": [
            { "id": "l1", "union_id": NORTH, "status": "ACTIVE" },
            { "id": "l2", "union_id": NORTH, "status": "PAID" } ]
    })
}

async fn unions(on: On) -> World {
    World::open(on, &presets::unions().build().unwrap(), TABLES, &rows()).await
}

fn admin() -> Actor {
    Actor::new("ana", "ADMIN").ip("203.0.113.9").user_agent("curl/8")
}

fn delete(union: &str) -> Request {
    Request::soft_delete("unions", union).by(admin())
}

/// Moves the members of North and settles its loan, so nothing blocks the deletion.
async fn settled(on: On) -> World {
    let world = unions(on).await;
    world.done(&move_members(SOUTH)).await;
    world.backend.set("loans", "l1", "status", json!("PAID")).await;
    world
}

fn move_members(to: &str) -> Request {
    Request::reassigning("unions", NORTH).by(admin()).reassign("members.union_id", to)
}

on_every_store! {
    // R173 R176 R207 R185 R186 R187
    async fn a_union_is_marked_and_keeps_its_loans(on: On) {
        let world = settled(on).await;
        let (members, loans) = (world.backend.rows("members").await, world.backend.rows("loans").await);
        world.done(&delete(NORTH)).await;
        let north = world.row("unions", NORTH).await;
        let expected = json!({ "id": NORTH, "name": "North", "officer_id": "o1", "deletedAt": "2026-11-20T10:00:00.000Z" });
        assert_eq!(north, expected);
        assert_eq!(world.backend.rows("members").await, members);
        assert_eq!(world.backend.rows("loans").await, loans);
        assert_eq!(world.refused(&delete(NORTH)).await, "not_found");
    }

    // R188
    async fn members_and_loans_stay_in_a_deleted_union(on: On) {
        // A policy of a host that deletes unions although they have members and loans.
        let open = |mode: ModeBuilder| mode.without_guard("assigned_members").without_guard("active_loans");
        let policy = presets::unions().soft_delete(open).build().unwrap();
        let world = World::open(on, &policy, TABLES, &rows()).await;
        let before = [world.backend.rows("members").await, world.backend.rows("loans").await];
        let receipt = world.done(&delete(NORTH)).await;
        assert_eq!([world.backend.rows("members").await, world.backend.rows("loans").await], before);
        let kept: Vec<_> = receipt.steps.iter().map(|step| (step.kind.as_str(), step.disposition.as_str(), step.actual)).collect();
        assert_eq!(kept, [("members", "keep", 2), ("loans", "keep", 2), ("unions", "soft_delete", 1)]);
    }

    // R174 R175
    async fn only_an_administrator_may_delete(on: On) {
        let world = settled(on).await;
        assert_eq!(world.refused(&Request::soft_delete("unions", NORTH)).await, "unauthenticated");
        for role in ["MASTER", "RESALE", "USER", "admin"] {
            assert_eq!(world.refused(&delete(NORTH).by(Actor::new("bob", role))).await, "missing_role");
        }
        assert_eq!(world.refused(&Request::hard_delete("unions", NORTH).by(admin())).await, "invalid");
        world.done(&delete(NORTH)).await;
    }

    // R190 R191 R193 R194
    async fn members_and_active_loans_block_until_they_are_resolved(on: On) {
        let world = unions(on).await;
        assert_eq!(world.refused(&delete(NORTH)).await, "assigned_members, active_loans");
        let plan = world.plan(&delete(NORTH)).await;
        assert_eq!(plan.blockers[0].remedy, "reassign the members to another union first");
        world.done(&move_members(SOUTH)).await;
        for member in ["m1", "m2"] {
            assert_eq!(world.row("members", member).await["union_id"], SOUTH);
        }
        assert_eq!(world.refused(&delete(NORTH)).await, "active_loans");
        world.backend.set("loans", "l1", "status", json!("PAID")).await;
        world.done(&delete(NORTH)).await;
    }

    async fn members_are_moved_to_an_existing_union(on: On) {
        let world = settled(on).await;
        world.backend.insert("members", json!({ "id": "m3", "union_id": SOUTH })).await;
        world.done(&delete(NORTH)).await;
        for gone in [NORTH, "clx0"] {
            let request = Request::reassigning("unions", SOUTH).by(admin()).reassign("members.union_id", gone);
            assert_eq!(world.refused(&request).await, "reassign");
        }
        assert_eq!(world.row("members", "m3").await["union_id"], SOUTH);
    }

    // R196
    async fn a_union_is_reassigned_to_another_officer(on: On) {
        let world = unions(on).await;
        let request = Request::reassigning("unions", NORTH).by(admin()).reassign("unions.officer_id", "o2");
        world.done(&request).await;
        assert_eq!(world.row("unions", NORTH).await["officer_id"], "o2");
        assert_eq!(world.ids("members").await, ["m1", "m2"]);
    }

    // R189 R192 R195 R197 R198 R199 R200 R201 R202 R210
    async fn the_audit_log_has_actor_time_address_and_reason(on: On) {
        let world = unions(on).await;
        world.refused(&delete(NORTH)).await;
        world.done(&move_members(SOUTH)).await;
        world.backend.set("loans", "l1", "status", json!("PAID")).await;
        world.done(&delete(NORTH).note("merged with South")).await;
        world.refused(&delete(NORTH)).await;
        let history = world.backend.audit().await;
        let outcomes: Vec<_> = history.iter().map(|entry| (&*entry.action, entry.outcome.as_str())).collect();
        let deletion = "UNION_SOFT_DELETED";
        let expected = [(deletion, "blocked"), ("UNION_REASSIGNED", "done"), (deletion, "done"), (deletion, "not_found")];
        assert_eq!(outcomes, expected);
        let entry = &history[2];
        assert_eq!(json!(entry.before[&FieldName::from("name")]), "North");
        assert_eq!(json!(entry.actor), json!({ "id": "ana", "roles": ["ADMIN"], "ip": "203.0.113.9", "user_agent": "curl/8" }));
        assert_eq!(entry.at, crate::presets::world::NOW.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        assert_eq!(entry.note.as_deref(), Some("merged with South"));
    }
}
