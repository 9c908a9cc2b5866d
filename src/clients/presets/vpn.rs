//! The customers of a VPN: `DELETE /customer/{userId}`.
//!
//! | | |
//! |---|---|
//! | **subject** | `customers`, whose ids are any text |
//! | **who may** | soft delete: ADMIN, MASTER, and RESALE for customers whose `managed_by` is theirs; hard delete: ADMIN |
//! | **blocks** | subscriptions with status ACTIVE · transactions with status PENDING |
//! | `soft_delete` | `deleted_at` is set; VPN sessions and devices are deleted; subscriptions, transactions and logs stay |
//! | `hard_delete` | needs a reason; sessions, devices and ended subscriptions are deleted; transactions stay for six years and logs for one, without the customer |
//! | **events** | `vpn_sessions.terminate` · `devices.revoke` · `customer.deleted` with the e-mail address |
//!
//! To change how long transactions and logs stay, replace their rules with `overrule`. A host that sends no e-mail
//! removes the event with `without_effect("customer.deleted")`.
//!
//! ```
//! use client_lifecycle::domain::{Actor, Record, Request};
//! use client_lifecycle::clients::presets;
//! use client_lifecycle::policy::{Redirect, retain};
//! use client_lifecycle::{Lifecycle, MemoryStore};
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let policy = presets::vpn()
//!     .hard_delete(|mode| mode.overrule(
//!         "logs.customer_id", retain("P90D").from("created_at").basis("our policy on logs").on_survive(Redirect::SetNull)))
//!     .build()?;
//! let store = MemoryStore::new()
//!     .with("customers", [Record::new("user123").with("managed_by", "rob").with("email", "a@b.c")])
//!     .with("subscriptions", [Record::new(1).with("customer_id", "user123").with("status", "ACTIVE")]);
//! # let store = policy.map().kinds().fold(store, |store, kind| store.with(&kind.name, []));
//! let lifecycle = Lifecycle::open(store, policy).await?;
//! let plan = lifecycle.plan(&Request::soft_delete("customers", "user123").by(Actor::new("rob", "RESALE"))).await?;
//! assert_eq!(plan.obstacles(), "the customer has an active subscription");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::domain::{FieldType, Mask, Role, eq};
use crate::policy::{
    Allow, DeletionPolicy, EffectRule, Guard, KindBuilder, ModeBuilder, PolicyBuilder, Redirect,
    ReferenceBuilder, cascade, delete, keep, retain,
};

/// Returns the policy for the customers of a VPN. See the [module](self).
pub fn vpn() -> PolicyBuilder {
    DeletionPolicy::of("customers")
        .kind("customers", |kind| {
            kind.deleted_at("deleted_at")
                .field("managed_by", FieldType::Text)
                .unique("email")
                .personal("email", Mask::PlaceholderEmail)
        })
        .kind("transactions", |kind| kind.field("created_at", FieldType::Timestamp))
        .kind("logs", |kind| kind.volatile().field("created_at", FieldType::Timestamp))
        .kind("vpn_sessions", KindBuilder::volatile)
        .reference("subscriptions.customer_id", "customers")
        .reference_with("transactions.customer_id", "customers", ReferenceBuilder::nullable)
        .reference_with("logs.customer_id", "customers", ReferenceBuilder::nullable)
        .reference("vpn_sessions.customer_id", "customers")
        .reference("devices.customer_id", "customers")
        .soft_delete(|mode| {
            guarded(mode)
                .allow(Role::ADMIN)
                .allow(Role::MASTER)
                .allow(Allow::from(Role::RESALE).scope("managed_by"))
                .rule("subscriptions.customer_id", keep())
                .rule("transactions.customer_id", keep())
                .rule("logs.customer_id", keep())
                .rule("vpn_sessions.customer_id", delete())
                .rule("devices.customer_id", delete())
        })
        .hard_delete(|mode| {
            guarded(mode)
                .allow(Role::ADMIN)
                .reason_required()
                .rule("subscriptions.customer_id", cascade())
                .rule(
                    "transactions.customer_id",
                    retain("P6Y")
                        .from("created_at")
                        .basis("retention of financial records")
                        .on_survive(Redirect::SetNull),
                )
                .rule(
                    "logs.customer_id",
                    retain("P1Y").from("created_at").basis("retention of logs").on_survive(Redirect::SetNull),
                )
                .rule("vpn_sessions.customer_id", delete())
                .rule("devices.customer_id", delete())
        })
}

/// Adds the guards and events that both modes share.
fn guarded(mode: ModeBuilder) -> ModeBuilder {
    mode.guard(
        Guard::block("active_subscription", "subscriptions")
            .when(eq("status", "ACTIVE"))
            .message("the customer has an active subscription")
            .remedy("cancel the subscription, or wait for its end"),
    )
    .guard(
        Guard::block("pending_transactions", "transactions")
            .when(eq("status", "PENDING"))
            .message("the customer has transactions that are not settled")
            .remedy("settle or cancel the transactions"),
    )
    .effect(EffectRule::topic("vpn_sessions.terminate").on("vpn_sessions"))
    .effect(EffectRule::topic("devices.revoke").on("devices"))
    .effect(EffectRule::topic("customer.deleted").fields(["email"]))
}
