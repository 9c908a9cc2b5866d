//! The preset for the notification system.

use client_lifecycle::clients::presets;
use client_lifecycle::domain::{Actor, AuditOutcome, Reason, Request};
use client_lifecycle::policy::Allow;
use serde_json::{Value, json};

use crate::common::backend::{On, on_every_store};
use crate::presets::world::World;

const TABLES: &str = "
CREATE TABLE users (id TEXT PRIMARY KEY NOT NULL, email TEXT NOT NULL UNIQUE, deleted_at TEXT);
CREATE TABLE preferences (
  id TEXT PRIMARY KEY NOT NULL, user_id TEXT NOT NULL REFERENCES users, channel TEXT NOT NULL);
CREATE TABLE push_tokens (
  id TEXT PRIMARY KEY NOT NULL, user_id TEXT NOT NULL REFERENCES users, token TEXT NOT NULL);
CREATE TABLE notifications (
  id TEXT PRIMARY KEY NOT NULL, user_id TEXT NOT NULL REFERENCES users, text TEXT NOT NULL)";

const ANA: &str = "123e4567-e89b-12d3-a456-426614174000";
const BEN: &str = "123e4567-e89b-12d3-a456-426614174001";

fn rows() -> Value {
    json!({
        "users": [
            { "id": ANA, "email": "ana@example.org", "deleted_at": null },
            { "id": BEN, "email": "ben@example.org", "deleted_at": null } ],
        "preferences": [ { "id": "1", "user_id": ANA, "channel": "push" }, { "id": "2", "user_id": BEN, "channel": "sms" } ],
        "push_tokens": [ { "id": "1", "user_id": ANA, "token": "t1" }, { "id": "2", "user_id": ANA, "token": "t2" } ],
        "notifications": [ { "id": "1", "user_id": ANA, "text": "hello" } ]
    })
}

async fn notifications(on: On) -> World {
    World::open(on, &presets::notifications().build().unwrap(), TABLES, &rows()).await
}

on_every_store! {
    // R48 R49 R55 R59 R60 R61
    async fn the_user_is_deleted_with_all_data(on: On) {
        let world = notifications(on).await;
        let receipt = world.done(&Request::hard_delete("users", ANA).with_reason(Reason::PrivacyRequest)).await;
        assert!(receipt.complete);
        assert_eq!(world.ids("users").await, [BEN]);
        assert_eq!(world.ids("preferences").await, ["2"]);
        assert!(world.ids("push_tokens").await.is_empty());
        assert!(world.ids("notifications").await.is_empty());
        assert_eq!(world.last_entry().await.reason, Some(Reason::PrivacyRequest));
    }

    // R61 R62 R68
    async fn tokens_and_the_user_have_events_and_queues_are_untouched(on: On) {
        for request in [Request::hard_delete("users", ANA), Request::soft_delete("users", ANA)] {
            let world = notifications(on).await;
            world.done(&request).await;
            assert_eq!(world.topics().await, ["push_tokens.remove", "push_tokens.remove", "user.deleted"]);
            let events = world.backend.events().await;
            let mut tokens: Vec<_> = events.iter().filter_map(|event| event.fields.values().next()).map(|token| json!(token)).collect();
            tokens.sort_by_key(ToString::to_string);
            assert_eq!(tokens, [json!("t1"), json!("t2")]);
        }
    }

    // R57 R66 R69 R70 R73 R74 R75
    async fn a_soft_delete_sets_deleted_at_and_keeps_referring_rows(on: On) {
        let world = notifications(on).await;
        world.done(&Request::soft_delete("users", ANA)).await;
        assert_eq!(world.row("users", ANA).await["deleted_at"], "2026-11-20T10:00:00.000Z");
        assert!(world.row("users", BEN).await.get("deleted_at").is_none());
        assert_eq!(world.ids("preferences").await, ["1", "2"]);
        assert_eq!(world.ids("notifications").await, ["1"]);
        assert!(world.ids("push_tokens").await.is_empty());
        // A deleted user is not found by another soft deletion, but can still be deleted permanently.
        assert_eq!(world.refused(&Request::soft_delete("users", ANA)).await, "not_found");
        let entries = world.backend.audit().await;
        let outcomes: Vec<_> = entries.iter().map(|entry| (&*entry.action, entry.outcome)).collect();
        assert_eq!(outcomes, [("USER_SOFT_DELETED", AuditOutcome::Done), ("USER_SOFT_DELETED", AuditOutcome::NotFound)]);
        world.done(&Request::hard_delete("users", ANA)).await;
        assert_eq!(world.ids("users").await, [BEN]);
    }

    // R65 R211
    async fn irreversible_effects_are_shown_and_confirmed_by_digest(on: On) {
        let world = notifications(on).await;
        let request = Request::hard_delete("users", ANA);
        let plan = world.plan(&request).await;
        assert!(plan.to_string().contains("the deletion cannot be undone"), "{plan}");
        world.backend.insert("notifications", json!({ "id": "2", "user_id": ANA, "text": "news" })).await;
        assert!(world.lifecycle.confirm(&request, &plan.digest).await.is_err());
        assert_eq!(world.ids("users").await, [ANA, BEN]);
        let plan = world.plan(&request).await;
        assert!(world.lifecycle.confirm(&request, &plan.digest).await.is_ok());
    }

    // R56 R58
    async fn a_host_can_allow_users_to_delete_themselves_and_administrators_to_delete_any(on: On) {
        let policy = presets::notifications()
            .hard_delete(|mode| mode.allow_only(Allow::oneself()).allow("ADMIN"))
            .build()
            .unwrap();
        let world = World::open(on, &policy, TABLES, &rows()).await;
        let oneself = |id: &str| Actor::with_roles(id, []);
        let ana = Request::hard_delete("users", ANA);
        assert_eq!(world.refused(&ana).await, "unauthenticated");
        assert_eq!(world.refused(&ana.clone().by(oneself(BEN))).await, "missing_role");
        world.done(&ana.by(oneself(ANA)).with_reason(Reason::UserInitiated)).await;
        let cleanup = Request::hard_delete("users", BEN).by(Actor::new("root", "ADMIN"));
        world.done(&cleanup.with_reason(Reason::AdministrativeCleanup)).await;
        assert!(world.ids("users").await.is_empty());
    }
}
