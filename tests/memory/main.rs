//! The memory store, `ByRow`, and the conformance suite on correct, faulty and hand-written stores.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod by_row;
mod conformance;
#[cfg(feature = "testing")]
mod conformance_host;
mod indexes;
mod json;
mod own_tables;
mod wrong_keys;
mod wrong_stores;
