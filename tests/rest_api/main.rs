//! The example `rest_api`, as whoever calls it over a socket sees it.
#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod audit;
mod bad_input;
mod client_deletion;
mod client_update;
mod clients;
mod credentials;
mod curl;
mod customers;
mod description;
#[cfg(feature = "testing")]
mod fuzz;
#[cfg(feature = "testing")]
mod generate;
mod idempotency;
mod races;
mod schema;
#[path = "../common/seeds.rs"]
mod seeds;
mod service;
mod shape;
mod stop;
mod unions;
mod users;
