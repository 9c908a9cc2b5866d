//! Deciding: from a request to an inquiry, and from the answers of a store to a plan.

mod admission;
mod adoption;
mod inquiry;
mod obstacles;
mod plan;
mod preconditions;
mod restore;

pub use inquiry::Inquiry;
pub(crate) use restore::{marked_again, never_removed, several_operations};
