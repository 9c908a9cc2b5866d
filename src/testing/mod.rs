//! Tools for tests of stores and policies. Feature `testing`.
//!
//! * [`Scenario`] tests a policy: given these rows, when this request is made, then check the result.
//! * [`rows_for`] generates rows for a policy, at the boundaries of its conditions and periods, for property tests.
//! * [`conformance`] is the suite that every store passes.
//! * [`FaultyStore`] fails on purpose, at chosen calls.
//! * [`model`] is the definition of a deletion, row by row. Every store is compared with it on the random worlds of
//!   [`strategies`].

pub mod conformance;
mod faulty;
#[allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a world that cannot be judged is an error in the test"
)]
pub mod model;
mod population;
mod run;
#[allow(clippy::panic, reason = "a panic is how a scenario fails")]
mod scenario;
#[allow(clippy::panic, reason = "a panic is how a scenario fails")]
mod scenario_result;
#[allow(
    clippy::indexing_slicing,
    clippy::similar_names,
    reason = "documents are indexed by the keys they were made with"
)]
pub mod strategies;

pub use faulty::{Call, FaultyStore};
pub use population::{Population, rows_for};
pub use run::run;
pub use scenario::Scenario;
pub use scenario_result::ScenarioResult;
