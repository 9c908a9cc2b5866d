//! Clients: their fields, the use cases, the presets of the four systems, and the responses of their APIs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod client;
#[path = "../common/mod.rs"]
mod common;
mod presets;
mod use_cases;
mod wire;
