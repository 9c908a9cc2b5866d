//! Deciding: from a request to an inquiry, and from the answers of a store to a plan.

mod create;
mod inquiry;
mod obstacles;
mod plan;
mod preconditions;
mod refuse;
mod retained;
mod steps;

pub use inquiry::Inquiry;
