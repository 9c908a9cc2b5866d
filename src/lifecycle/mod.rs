//! Bringing a policy and a store together: plan, apply, delete.

mod audit;
mod clock;
mod environment;
mod error;
#[allow(clippy::module_inception, reason = "the lifecycle is what this floor is named after")]
mod lifecycle;
pub mod wire;

pub use clock::{Clock, OperationIds, RandomIds, SystemClock};
pub use environment::Environment;
pub use error::{Change, Error};
pub use lifecycle::Lifecycle;
