//! The PostgreSQL store: types and names, what the catalogue says, the host's transaction, and races.

#![cfg(feature = "postgres")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a panic is how a test fails"
)]

mod catalogue;
mod cost;
mod host;
mod known;
mod races;
mod rendering;
#[path = "../common/server.rs"]
mod server;
mod trouble;
mod types;
mod world;
