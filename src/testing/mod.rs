//! What tests of stores and of policies need. Feature `testing`.
//!
//! * [`Scenario`] tests a policy: given rows, when something is asked for, then this comes of it.
//! * [`conformance`] is the suite that every store passes.
//! * [`FaultyStore`] fails on purpose, always at the same place.
//! * [`model`] is the definition of a deletion, row by row, that every store is compared with on the random
//!   worlds of [`strategies`].

pub mod conformance;
mod decided;
mod faulty;
pub mod model;
mod run;
mod scenario;
pub mod strategies;

pub use decided::Decided;
pub use faulty::{Call, FaultyStore};
pub use run::run;
pub use scenario::Scenario;
