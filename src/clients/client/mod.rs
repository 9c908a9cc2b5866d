//! The client as data: its fields, rules and messages, how it is created, changed, read and stored.
//!
//! Shape, limits and messages are those of the clinic's API (`PUT /api/clients/{id}`).

#[allow(clippy::module_inception, reason = "the client is what this module is named after")]
mod client;
mod email;
mod field;
mod found;
mod given;
mod message;
mod new_client;
mod patch;
mod read;
mod record;
mod rules;

pub use client::Client;
pub use email::normalised_email;
pub use new_client::NewClient;
pub use patch::ClientPatch;
pub use rules::ClientRules;
