//! Plans: what an operation would do, set by set, and their texts. Pure data, no I/O.

mod blocker;
mod digest;
mod markdown;
mod mermaid;
#[allow(clippy::module_inception, reason = "the plan is what this floor is named after")]
mod plan;
mod receipt_text;
mod step;
mod text;

pub use blocker::{Blocker, Effect, Warning};
pub use plan::Plan;
pub(crate) use plan::{ExecutablePlan, Execution, Strictness, expected_words};
pub use step::{Forced, Ground, Step, StepKey, Until};
