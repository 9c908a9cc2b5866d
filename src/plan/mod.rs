//! Plans: what an operation would do, set by set, and their texts. Pure data, no I/O.

mod clash;
#[allow(clippy::module_inception, reason = "the plan is what this module is named after")]
mod plan;
mod receipt_text;
mod step;
mod text;

pub use plan::Plan;
pub(crate) use plan::{Execution, Strictness, expected_words};
pub use step::{Blocker, Effect, Forced, Ground, Step, StepKey, Until, Warning};
