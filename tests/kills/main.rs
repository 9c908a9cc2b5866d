//! Kills processes, terminates backends, cuts connections and drops futures after each statement in turn: all of the
//! work is done or none, and repeating the operation id completes it once.

#![cfg(all(feature = "sqlite", feature = "postgres", feature = "testing"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a panic is how a test fails"
)]

mod backend;
mod clients;
#[path = "../common/clients_on_postgres.rs"]
mod clients_on_postgres;
mod commit;
mod dropped;
#[path = "../common/effort.rs"]
mod effort;
mod process;
mod proxy;
mod restart;
#[path = "../common/server.rs"]
mod server;
mod stopping;
mod world;
