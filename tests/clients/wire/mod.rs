//! The answers of the four systems, compared with what their documents say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod clinic;
mod document;
mod every;
mod notifications;
mod unions;
mod vpn;
mod world;
