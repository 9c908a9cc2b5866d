#![doc = include_str!("../README.md")]
// On docs.rs each item names the feature that it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod clients;
pub mod domain;
pub mod guide;
pub mod lifecycle;
pub mod memory;
pub mod plan;
pub mod policy;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod protocol;
#[cfg(feature = "sql")]
pub mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use clients::{Client, DocumentType};
pub use domain::{Request, Status};
pub use lifecycle::{Error, Lifecycle};
pub use memory::MemoryStore;
pub use plan::Plan;
pub use policy::DeletionPolicy;
pub use store::Store;
