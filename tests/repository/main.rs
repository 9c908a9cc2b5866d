//! Rules for the crate's own sources.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod builder_calls;
mod layers;
mod requirements;
mod rust_version;
