//! Clients: people with an e-mail address and an identity document. Creating, finding and updating them, the policies
//! of four systems, and the answers of their APIs.
//!
//! Everything here is one floor above the [lifecycle](crate::lifecycle), which knows no field of a client.

mod client;
mod create;
mod document_type;
mod facade;
mod find;
mod language;
pub mod presets;
mod stored;
mod unique;
mod update;
pub mod wire;

pub use client::{Client, ClientPatch, ClientRules, NewClient, normalised_email};
pub use document_type::DocumentType;
pub use facade::Clients;
pub use find::{ClientList, ClientPage};
pub use language::Language;
