//! What tests of stores need. Feature `testing`.
//!
//! [`conformance`] is the suite that every store passes; [`model`] is the definition of a deletion that every
//! store is compared with.

pub mod conformance;
#[allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a world that cannot be judged is a mistake of the test"
)]
pub mod model;
#[allow(
    clippy::indexing_slicing,
    clippy::similar_names,
    reason = "documents are indexed by the keys they were made with"
)]
pub mod strategies;
