//! The SQLite store, on its own file and inside transactions of a host.

#![cfg(feature = "sqlite")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::wildcard_imports,
    clippy::too_many_lines,
    reason = "a test that panics fails, and says where"
)]

mod altered;
mod apply;
mod bad_data;
mod cascading_keys;
mod check;
mod conditions;
#[cfg(feature = "testing")]
mod conformance;
#[cfg(feature = "testing")]
mod conformance_host;
mod constraints;
mod cost;
mod coverage;
mod cycles;
#[path = "../common/effort.rs"]
mod effort;
mod first_policy;
mod first_policy_keys;
mod host;
mod identities;
mod ids;
mod keyed;
#[cfg(feature = "testing")]
#[path = "../common/keyed_worlds.rs"]
mod keyed_worlds;
mod labels;
mod lists;
#[path = "../common/many_tables.rs"]
mod many_tables;
mod names;
mod prepared;
mod quickstart;
#[cfg(feature = "testing")]
mod random_keys;
mod rendering;
mod scale;
mod schemas;
mod sixty_tables;
mod strange_tables;
mod survey;
mod triggers;
mod undeclared_keys;
mod waiting;
mod wide;
mod world;
mod writes;
#[cfg(feature = "testing")]
mod wrong_scale;
