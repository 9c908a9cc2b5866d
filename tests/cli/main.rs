//! The operator's command line: its output, its exit status, and what it changes in the database.
#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod apply;
mod check;
mod init;
mod plan;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
#[path = "../common/server.rs"]
mod server;
mod snapshots;
mod usage;
mod verify;
mod world;
