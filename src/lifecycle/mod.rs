//! A policy over a store: plan, apply, confirm, execute and reject, the same verbs for every policy.

pub(crate) mod audit;
mod clock;
mod environment;
mod error;
mod execute;
#[allow(clippy::module_inception, reason = "the lifecycle is what this floor is named after")]
mod lifecycle;
mod not_found;
mod plan;
mod record;
mod retries;
mod write;

pub use clock::{Clock, OperationIds};
use clock::{RandomIds, SystemClock};
pub use environment::Environment;
pub use error::{Change, Error};
pub use lifecycle::Lifecycle;
pub(crate) use record::is_receipt_of;
pub use retries::Retries;
pub(crate) use write::conflict_in_words;
