#![doc = include_str!("guide.md")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a panic is how a case fails"
)]

mod change;
mod host;
mod list;
mod observed;
mod polling;
#[cfg(feature = "sql")]
mod session;
#[cfg(feature = "sql")]
mod sql_host;
mod traffic;
mod watched;
mod world;

pub mod clause_10_scale;
pub mod clause_1_all_or_nothing;
pub mod clause_2_preconditions;
pub mod clause_3_keys;
pub mod clause_3_restore;
pub mod clause_3_steps;
pub mod clause_4_unknown_names;
pub mod clause_5_affected;
pub mod clause_6_audit_and_events;
pub mod clause_7_readers;
pub mod clause_8_errors;
pub mod clause_9_same_operation;

pub use host::{Host, Recorded, Sent};
pub use list::{CaseFuture, ConformanceCase, cases, scale_cases};
pub use polling::{drop_after, join, yield_now};
#[cfg(feature = "sql")]
pub use sql_host::SqlHost;
#[cfg(feature = "sql")]
pub use traffic::Counted;
pub use traffic::Traffic;
pub use watched::Watched;
pub use world::world;
