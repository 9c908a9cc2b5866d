//! What tests of stores need. Feature `testing`.
//!
//! [`conformance`] is the suite that every store passes.

pub mod conformance;
