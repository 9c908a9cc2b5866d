//! The preset for the VPN.

use client_lifecycle::clients::presets;
use client_lifecycle::domain::{Actor, AuditOutcome, FieldName, Reason, Request};
use serde_json::{Value, json};

use crate::common::backend::{On, on_every_store};
use crate::presets::world::World;

const TABLES: &str = "
CREATE TABLE customers (
  id TEXT PRIMARY KEY NOT NULL, email TEXT NOT NULL UNIQUE, managed_by TEXT NOT NULL, deleted_at TEXT);
CREATE TABLE subscriptions (
  id TEXT PRIMARY KEY NOT NULL, customer_id TEXT NOT NULL REFERENCES customers, status TEXT NOT NULL);
CREATE TABLE transactions (
  id TEXT PRIMARY KEY NOT NULL, customer_id TEXT REFERENCES customers, status TEXT NOT NULL,
  created_at TEXT NOT NULL);
CREATE TABLE logs (
  id TEXT PRIMARY KEY NOT NULL, customer_id TEXT REFERENCES customers, created_at TEXT NOT NULL);
CREATE TABLE vpn_sessions (
  id TEXT PRIMARY KEY NOT NULL, customer_id TEXT NOT NULL REFERENCES customers);
CREATE TABLE devices (
  id TEXT PRIMARY KEY NOT NULL, customer_id TEXT NOT NULL REFERENCES customers)";

/// `user123` can be deleted; `user456` has an active subscription and an open transaction.
fn rows() -> Value {
    json!({
        "customers": [
            { "id": "user123", "email": "u123@example.org", "managed_by": "rob", "deleted_at": null },
            { "id": "user456", "email": "u456@example.org", "managed_by": "eva", "deleted_at": null } ],
        "subscriptions": [
            { "id": "s1", "customer_id": "user123", "status": "ENDED" },
            { "id": "s2", "customer_id": "user456", "status": "ACTIVE" } ],
        "transactions": [
            { "id": "t1", "customer_id": "user123", "status": "PAID", "created_at": "2019-01-01T00:00:00.000Z" },
            { "id": "t2", "customer_id": "user123", "status": "PAID", "created_at": "2026-01-01T00:00:00.000Z" },
            { "id": "t3", "customer_id": "user456", "status": "PENDING", "created_at": "2026-11-19T00:00:00.000Z" } ],
        "logs": [
            { "id": "l1", "customer_id": "user123", "created_at": "2024-01-01T00:00:00.000Z" },
            { "id": "l2", "customer_id": "user123", "created_at": "2026-06-01T00:00:00.000Z" } ],
        "vpn_sessions": [ { "id": "v1", "customer_id": "user123" } ],
        "devices": [ { "id": "d1", "customer_id": "user123" }, { "id": "d2", "customer_id": "user123" } ]
    })
}

async fn vpn(on: On) -> World {
    World::open(on, &presets::vpn().build().unwrap(), TABLES, &rows()).await
}

fn soft_delete(customer: &str, actor: Actor) -> Request {
    Request::soft_delete("customers", customer).by(actor)
}

fn hard_delete(customer: &str, actor: Actor) -> Request {
    Request::hard_delete("customers", customer).by(actor).with_reason(Reason::PrivacyRequest)
}

fn admin() -> Actor {
    Actor::new("ana", "ADMIN")
}

on_every_store! {
    // R85 R97 R99 R207
    async fn a_soft_delete_marks_the_customer_and_keeps_the_records(on: On) {
        let world = vpn(on).await;
        world.done(&soft_delete("user123", admin())).await;
        assert_eq!(world.row("customers", "user123").await["deleted_at"], "2026-11-20T10:00:00.000Z");
        for (kind, count) in [("subscriptions", 2), ("transactions", 3), ("logs", 2)] {
            assert_eq!(world.backend.rows(kind).await, json!(rows()[kind]), "{kind}");
            assert_eq!(world.ids(kind).await.len(), count);
        }
    }

    // R77 R78 R79 R99
    async fn a_hard_delete_keeps_retained_rows_without_the_customer(on: On) {
        let world = vpn(on).await;
        let receipt = world.done(&hard_delete("user123", admin())).await;
        assert_eq!(world.ids("customers").await, ["user456"]);
        assert_eq!(world.ids("subscriptions").await, ["s2"]);
        assert_eq!(world.ids("transactions").await, ["t2", "t3"]);
        assert_eq!(world.ids("logs").await, ["l2"]);
        assert!(world.row("transactions", "t2").await.get("customer_id").is_none());
        assert!(world.row("logs", "l2").await.get("customer_id").is_none());
        let until: Vec<_> = receipt.open.iter().map(|item| item.until.unwrap().date_naive().to_string()).collect();
        assert!(until.contains(&"2032-01-02".into()) && until.contains(&"2027-06-02".into()), "{until:?}");
    }

    // R100 R101 R102 R109 R211
    async fn sessions_devices_and_the_customer_have_events(on: On) {
        for request in [soft_delete("user123", admin()), hard_delete("user123", admin())] {
            let world = vpn(on).await;
            world.done(&request).await;
            assert!(world.ids("vpn_sessions").await.is_empty());
            assert!(world.ids("devices").await.is_empty());
            let topics = ["customer.deleted", "devices.revoke", "devices.revoke", "vpn_sessions.terminate"];
            assert_eq!(world.topics().await, topics);
            let events = world.backend.events().await;
            let letter = events.iter().find(|event| event.topic == "customer.deleted").unwrap();
            assert_eq!(json!(letter.fields[&FieldName::from("email")]), "u123@example.org");
        }
    }

    // R102
    async fn a_host_without_email_can_drop_the_event(on: On) {
        let policy = presets::vpn().soft_delete(|mode| mode.without_effect("customer.deleted")).build().unwrap();
        let world = World::open(on, &policy, TABLES, &rows()).await;
        world.done(&soft_delete("user123", admin())).await;
        assert_eq!(world.topics().await, ["devices.revoke", "devices.revoke", "vpn_sessions.terminate"]);
    }

    // R80 R81 R82 R83 R84 R105 R111 R208
    async fn administrators_masters_and_managing_resellers_may_delete(on: On) {
        let world = vpn(on).await;
        let anonymous = Request::soft_delete("customers", "user123");
        assert_eq!(world.refused(&anonymous).await, "unauthenticated");
        for role in ["USER", "SUPPORT"] {
            assert_eq!(world.refused(&soft_delete("user123", Actor::new("bob", role))).await, "missing_role");
        }
        for actor in [Actor::new("eva", "RESALE"), Actor::new("bob", "RESALE").scope("eva")] {
            assert_eq!(world.refused(&soft_delete("user123", actor)).await, "wrong_scope");
        }
        for actor in [
            admin(),
            Actor::new("max", "MASTER"),
            Actor::new("rob", "RESALE"),
            Actor::new("bob", "RESALE").scope("rob"),
        ] {
            assert!(world.plan(&soft_delete("user123", actor)).await.is_executable());
        }
    }

    // R77 R82 R98 R208
    async fn a_hard_delete_is_for_administrators_only(on: On) {
        let world = vpn(on).await;
        for actor in [Actor::new("max", "MASTER"), Actor::new("rob", "RESALE")] {
            assert_eq!(world.refused(&hard_delete("user123", actor)).await, "missing_role");
        }
        world.done(&hard_delete("user123", admin())).await;
    }

    // R108 R112
    async fn an_active_subscription_and_an_open_transaction_block_by_name(on: On) {
        let world = vpn(on).await;
        for request in [soft_delete("user456", admin()), hard_delete("user456", admin())] {
            assert_eq!(world.refused(&request).await, "active_subscription, pending_transactions");
            let plan = world.plan(&request).await;
            let blockers: Vec<_> =
                plan.blockers.iter().map(|blocker| (blocker.kind.as_str(), blocker.count, json!(blocker.sample))).collect();
            assert_eq!(blockers, [("subscriptions", 1, json!(["s2"])), ("transactions", 1, json!(["t3"]))]);
        }
        world.backend.set("subscriptions", "s2", "status", json!("ENDED")).await;
        assert_eq!(world.refused(&soft_delete("user456", admin())).await, "pending_transactions");
        world.backend.set("transactions", "t3", "status", json!("PAID")).await;
        world.done(&soft_delete("user456", admin())).await;
    }

    // R103 R104 R106 R210
    async fn every_attempt_is_recorded_with_actor_and_time(on: On) {
        let world = vpn(on).await;
        let eva = Actor::new("eva", "RESALE").ip("203.0.113.9").user_agent("curl");
        world.refused(&soft_delete("user123", eva.clone())).await;
        world.refused(&soft_delete("user789", admin())).await;
        world.refused(&soft_delete("user456", eva.clone())).await;
        world.done(&soft_delete("user123", admin())).await;
        let entries = world.backend.audit().await;
        let outcomes: Vec<_> = entries.iter().map(|entry| entry.outcome).collect();
        assert_eq!(outcomes, [AuditOutcome::Denied, AuditOutcome::NotFound, AuditOutcome::Blocked, AuditOutcome::Done]);
        for entry in &entries {
            assert_eq!(entry.at, crate::presets::world::NOW.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
            assert_eq!(entry.action, "CUSTOMER_SOFT_DELETED");
        }
        assert_eq!(entries[0].actor, Some(eva));
        assert_eq!(entries[3].actor, Some(admin()));
    }

    // R110 R209
    async fn a_hard_delete_needs_a_reason(on: On) {
        let world = vpn(on).await;
        let bare = Request::hard_delete("customers", "user123").by(admin());
        assert_eq!(world.refused(&bare).await, "invalid");
        assert_eq!(world.refused(&bare.clone().with_reason(Reason::Other)).await, "invalid");
        world.done(&bare.with_reason(Reason::Other).note("court order")).await;
        let entry = world.last_entry().await;
        assert_eq!((entry.reason, entry.note.as_deref()), (Some(Reason::Other), Some("court order")));
    }
}
