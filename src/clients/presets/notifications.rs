//! The users of a notification system: `DELETE /api/v1/users/{id}`.
//!
//! | | |
//! |---|---|
//! | **subject** | `users` |
//! | **who may** | anyone: the system documents no authentication, so the host decides first; restrict it with `allow_only` |
//! | **blocks** | nothing |
//! | **notes** | a hard delete cannot be undone |
//! | `hard_delete` | preferences, push tokens and notifications are deleted |
//! | `soft_delete` | `deleted_at` is set; push tokens are deleted; preferences and notifications stay |
//! | **events** | `push_tokens.remove` with each token · `user.deleted` |
//!
//! Notifications that are already queued stay. When the worker does not find the user, it moves them to the failed
//! queue, as the system documents.
//!
//! ```
//! use client_lifecycle::domain::{Actor, Record, Request};
//! use client_lifecycle::clients::presets;
//! use client_lifecycle::policy::Allow;
//! use client_lifecycle::{Lifecycle, MemoryStore};
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! // Users delete their own accounts, and administrators clean up.
//! let policy = presets::notifications()
//!     .hard_delete(|mode| mode.allow_only(Allow::oneself()).allow("ADMIN"))
//!     .build()?;
//! let store = MemoryStore::new()
//!     .with("users", [Record::new("u1")])
//!     .with("push_tokens", [Record::new(1).with("user_id", "u1").with("token", "t")]);
//! # let store = policy.map().kinds().fold(store, |store, kind| store.with(&kind.name, []));
//! let lifecycle = Lifecycle::open(store, policy).await?;
//! let plan = lifecycle.plan(&Request::hard_delete("users", "u1").by(Actor::with_roles("u1", []))).await?;
//! assert!(plan.is_executable());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::domain::FieldType;
use crate::policy::{DeletionPolicy, EffectRule, Guard, ModeBuilder, PolicyBuilder, cascade, delete, keep};

/// Returns the policy for the users of a notification system. See the [module](self).
pub fn notifications() -> PolicyBuilder {
    DeletionPolicy::of("users")
        .kind("users", |kind| kind.deleted_at("deleted_at"))
        .kind("push_tokens", |kind| kind.volatile().field("token", FieldType::Text))
        .reference("preferences.user_id", "users")
        .reference("push_tokens.user_id", "users")
        .reference("notifications.user_id", "users")
        .hard_delete(|mode| {
            events(mode)
                .guard(
                    Guard::note("irreversible", "users")
                        .message("the deletion cannot be undone")
                        .remedy("a soft delete can be undone, and keeps the rows that refer to the user"),
                )
                .rule("preferences.user_id", cascade())
                .rule("push_tokens.user_id", cascade())
                .rule("notifications.user_id", cascade())
        })
        .soft_delete(|mode| {
            events(mode)
                .rule("preferences.user_id", keep())
                // Deleted users get no push messages. A restored user must register the device again.
                .rule("push_tokens.user_id", delete())
                .rule("notifications.user_id", keep())
        })
}

fn events(mode: ModeBuilder) -> ModeBuilder {
    mode.allow_any()
        .effect(EffectRule::topic("push_tokens.remove").on("push_tokens").fields(["token"]))
        .effect(EffectRule::topic("user.deleted"))
}
