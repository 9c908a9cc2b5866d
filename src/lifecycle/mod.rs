//! Bringing a policy and a store together: plan, apply, delete; create, find, update.

mod audit;
mod clock;
mod create;
mod environment;
mod error;
mod execute;
mod find;
#[allow(clippy::module_inception, reason = "the lifecycle is what this floor is named after")]
mod lifecycle;
mod not_found;
mod plan;
mod record;
mod retries;
mod stored;
mod unique;
mod update;
pub mod wire;
mod write;

pub use clock::{Clock, OperationIds, RandomIds, SystemClock};
pub use environment::Environment;
pub use error::{Change, Error};
pub use find::{ClientPage, Clients};
pub use lifecycle::Lifecycle;
pub use retries::Retries;
