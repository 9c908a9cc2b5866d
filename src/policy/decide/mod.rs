//! Deciding: from a request to an inquiry, and from the answers of a store to a plan.

mod adoption;
mod inquiry;
mod obstacles;
mod plan;
mod preconditions;

pub use inquiry::Inquiry;
