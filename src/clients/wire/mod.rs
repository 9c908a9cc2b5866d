//! Responses over a network: a status code and a body, in the formats of four systems.
//!
//! This module does not depend on a web framework. A handler converts the [`Response`]:
//!
//! ```
//! # use client_lifecycle::clients::wire::{Response, Wire};
//! # use client_lifecycle::domain::{Actor, Record, Request};
//! # use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! # let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow("ADMIN")).build()?;
//! # let store = MemoryStore::new().with("clients", [Record::new("c1")]);
//! # let lifecycle = Lifecycle::open(store, policy).await?;
//! # let (path, admin) = ("c1", Actor::new("ana", "ADMIN"));
//! # struct Reply(u16, String);
//! let wire = Wire::clinic();
//! let response = match wire.id(path) {
//!     Ok(id) => wire.respond(&lifecycle.execute(&Request::hard_delete("clients", id).by(admin)).await),
//!     Err(response) => response,
//! };
//! let reply = Reply(response.status, response.json());
//! assert_eq!((reply.0, &*reply.1), (200, r#"{"success":true}"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | | clinic | notifications | VPN | credit unions |
//! |---|---|---|---|---|
//! | done | `{success}` | 204, no body | `{success, message, deletedAt}` | `{success, message}` |
//! | not done | `{statusCode, statusMessage}` | `{statusCode, message, errors}` | `{success, message}` | `{success, message}` |
//! | language | Spanish | English | English | English |
//!
//! Other services use the format that fits best and set the name of their records: see [`Wire::with_resource`].

mod error_kind;
mod response;
mod systems;
mod text;
#[allow(clippy::module_inception, reason = "the wire is what this module is named after")]
mod wire;

pub use error_kind::ErrorKind;
pub use response::{Body, ErrorList, Response, StatusMessage, Success};
pub use text::{Operation, ResourceName};
pub use wire::Wire;
