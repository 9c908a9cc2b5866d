//! What tests of stores need. Feature `testing`.
//!
//! [`conformance`] is the suite that every store passes; [`model`] is the definition of a deletion that every
//! store is compared with.

pub mod conformance;
pub mod model;
pub mod strategies;
