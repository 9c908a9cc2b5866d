//! Credit unions: `DELETE /api/unions/:id`.
//!
//! | | |
//! |---|---|
//! | **subject** | `unions`, whose ids are any text |
//! | **who may** | ADMIN |
//! | **blocks** | members that are still assigned · loans with status ACTIVE |
//! | `soft_delete` | `deletedAt` is set; members and loans stay unchanged |
//! | `reassign` | moves the members to another union, or the union to another credit officer |
//!
//! ```
//! use client_lifecycle::domain::{Actor, Record, Request};
//! use client_lifecycle::clients::presets;
//! use client_lifecycle::{Lifecycle, MemoryStore};
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let policy = presets::unions().build()?;
//! let store = MemoryStore::new()
//!     .with("unions", [Record::new("clx9876543210").with("name", "North")])
//!     .with("members", [Record::new("m1").with("union_id", "clx9876543210")]);
//! # let store = policy.map().kinds().fold(store, |store, kind| store.with(&kind.name, []));
//! let lifecycle = Lifecycle::open(store, policy).await?;
//! let plan = lifecycle.plan(&Request::soft_delete("unions", "clx9876543210").by(Actor::new("ana", "ADMIN"))).await?;
//! assert_eq!(plan.blockers[0].remedy, "reassign the members to another union first");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::domain::{FieldType, Role, eq};
use crate::policy::{DeletionPolicy, Guard, PolicyBuilder, ReferenceBuilder, keep, reassign};

/// Returns the policy for credit unions. See the [module](self).
pub fn unions() -> PolicyBuilder {
    DeletionPolicy::of("unions")
        // The audit log records the declared fields of a deleted union.
        .kind("unions", |kind| kind.deleted_at("deletedAt").field("name", FieldType::Text))
        .reference("members.union_id", "unions")
        .reference("loans.union_id", "unions")
        .reference_with("unions.officer_id", "officers", ReferenceBuilder::nullable)
        .soft_delete(|mode| {
            mode.allow(Role::ADMIN)
                .guard(
                    Guard::block("assigned_members", "members")
                        .message("the union still has members")
                        .remedy("reassign the members to another union first"),
                )
                .guard(
                    Guard::block("active_loans", "loans")
                        .when(eq("status", "ACTIVE"))
                        .message("the union has active loans")
                        .remedy("wait until the loans are paid back, or close them"),
                )
                .rule("members.union_id", keep())
                .rule("loans.union_id", keep())
                .rule("unions.officer_id", keep())
        })
        .reassign(|mode| {
            mode.allow(Role::ADMIN).rule("members.union_id", reassign()).rule("unions.officer_id", reassign())
        })
}
