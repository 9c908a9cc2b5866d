//! A policy over a store. Every policy has the same verbs: plan, apply, confirm, execute and reject.

mod effective;
mod error;
mod execute;
#[allow(clippy::module_inception, reason = "the lifecycle is what this module is named after")]
mod lifecycle;
mod record;
mod recorded;
mod restore;
mod settings;
mod verify;
mod write;

pub use error::{Change, Error};
pub use lifecycle::Lifecycle;
pub(crate) use record::{entry, is_receipt_of, note_fields, nothing_to_do};
pub use settings::{ActionNames, Clock, Environment, OperationIds, Retries};
use settings::{RandomIds, SystemClock};
pub(crate) use write::conflict_in_words;
