//! The PostgreSQL store: types and names, the catalogue, transactions of the host, and races.

#![cfg(feature = "postgres")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a panic is how a test fails"
)]

mod altered;
mod cascading_keys;
mod catalogue;
mod clashes;
mod clients;
#[path = "../common/clients_on_postgres.rs"]
mod clients_on_postgres;
mod columns;
#[cfg(feature = "testing")]
mod conformance;
#[cfg(feature = "testing")]
mod conformance_host;
mod constraints;
mod cost;
#[cfg(feature = "testing")]
mod driver;
#[path = "../common/effort.rs"]
mod effort;
mod first_policy;
mod growth;
mod host;
mod identities;
mod in_transaction;
mod key_races;
#[cfg(feature = "testing")]
#[path = "../common/keyed_worlds.rs"]
mod keyed_worlds;
mod keys;
mod known;
mod labels;
mod least_privilege;
mod lists;
#[path = "../common/many_tables.rs"]
mod many_tables;
mod marks;
mod mask_values;
mod names;
mod partitions;
mod prepared;
mod protections;
mod races;
#[cfg(feature = "testing")]
mod random_keys;
mod relations;
mod rendering;
mod role;
mod row_security;
mod schema_lookup;
mod schemas;
#[path = "../common/server.rs"]
mod server;
mod session;
mod sixty_tables;
mod triggers;
mod trouble;
mod types;
mod undeclared_keys;
mod waiting;
mod wide;
mod world;
mod writers;
