//! All faults of policies, of data, and of data that does not fit a policy. Each has a test of its path, message and
//! remedy.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

#[macro_use]
mod case;

mod builder;
mod complete;
mod data;
mod document;
mod edits;
#[cfg(all(feature = "schema", feature = "testing"))]
#[path = "../common/effort.rs"]
mod effort;
mod forms;
mod map;
mod memory;
mod old_keys;
mod personal_ids;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "schema")]
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod wrong_values;

#[cfg(feature = "postgres")]
#[path = "../common/server.rs"]
#[allow(dead_code, reason = "each test file uses a part")]
mod server;
