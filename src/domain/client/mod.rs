//! Clients: the checked record of a person, how one is made, changed, read and written.
//!
//! Shape, limits and messages are those of the clinic's API (`PUT /api/clients/{id}`).

#[allow(clippy::module_inception, reason = "the client is what this module is named after")]
mod client;
mod email;
mod field;
mod message;
mod new_client;
mod parts;
mod patch;
mod read;
mod record;
mod rules;
mod violation;
mod violations;

pub use client::Client;
pub use email::normalised_email;
pub use new_client::NewClient;
pub use patch::ClientPatch;
pub use record::BadRecord;
pub use rules::ClientRules;
pub use violation::{Violation, ViolationCode};
pub use violations::Violations;
