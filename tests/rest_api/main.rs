//! Tests the example `rest_api` over a socket, as its callers see it.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]
#![allow(clippy::duplicate_mod, reason = "the suite is run on each database")]

mod away;
mod curl;
mod database;
#[path = "../common/effort.rs"]
mod effort;
#[cfg(feature = "testing")]
mod generate;
#[path = "../../examples/rest_api/hs256.rs"]
mod hs256;
mod load;
#[path = "../common/own_server.rs"]
mod own_server;
mod postgres;
mod same_data;
mod schema;
#[path = "../common/seeds.rs"]
mod seeds;
#[path = "../common/server.rs"]
#[allow(dead_code, reason = "each schema has as many connections as its test says")]
mod server;
mod service;
mod shape;
mod sqlite;
