//! Plans: what an operation would do, set by set, and what it writes. Pure data, no I/O.

mod blocker;
mod change;
mod digest;
mod disposition;
mod markdown;
mod mermaid;
#[allow(clippy::module_inception, reason = "the plan is what this floor is named after")]
mod plan;
mod receipt;
mod receipt_text;
mod set;
mod step;
mod survey;
mod text;

pub use blocker::{Blocker, Effect, Warning};
pub use change::{
    ChangeSet, ChangeStep, Difference, EventDraft, Expected, LockRows, NewRow, NewValue, Precondition, Write,
};
pub use digest::Digest;
pub use disposition::Disposition;
pub(crate) use plan::{Binding, ExecutablePlan, Execution, expected_words};
pub use plan::{NotExecutable, Outcome, Plan};
pub use receipt::{OpenItem, Receipt, ReceiptStep};
pub use set::{Arm, Case, Members, NamedSet, Rank, Ranks, Rows, SetId, Source, Stratum};
pub use step::{Forced, Ground, Step, StepKey, Until};
pub(crate) use survey::widen;
pub use survey::{Answer, Question, Survey, SurveyQuery};
