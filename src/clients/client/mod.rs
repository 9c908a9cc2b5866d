//! The client as data: its fields, rules and messages, and how it is created, changed, read and stored.
//!
//! The fields, limits and messages follow the clinic's API (`PUT /api/clients/{id}`).

#[allow(clippy::module_inception, reason = "the client is what this module is named after")]
mod client;
mod document_type;
mod field;
mod given;
mod new_client;
mod patch;
mod record;

pub use client::Client;
pub use document_type::DocumentType;
pub use field::Language;
pub use given::ClientRules;
pub use new_client::NewClient;
pub use patch::ClientPatch;
pub(super) use record::{field_of, from_kind, held, to_kind};
