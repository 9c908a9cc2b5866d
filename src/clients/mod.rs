//! Clients: people with an e-mail address and an identity document. This module creates, finds and updates clients,
//! and has the policies and API responses of four systems.
//!
//! This module is one layer above the [lifecycle](crate::lifecycle), which knows nothing about the fields of a client.

mod client;
mod create;
mod facade;
mod find;
pub mod presets;
mod unique;
mod update;
pub mod wire;

pub use client::{Client, ClientPatch, ClientRules, DocumentType, Language, NewClient};
pub use facade::Clients;
pub use find::{ClientList, ClientPage};
pub use unique::normalised_email;
