//! The SQLite store, on files of its own and inside transactions of a host.

#![cfg(feature = "sqlite")]
#![allow(
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
mod cost;
mod coverage;
mod cycles;
mod first_policy;
mod host;
mod ids;
mod keyed;
mod names;
mod rendering;
mod survey;
mod wide;
mod world;
mod writes;
