//! SQLite over sqlx: [`SqliteStore`] on your pool, [`SqliteTransaction`] inside your open transaction.
//!
//! sqlx comes without runtime and TLS features: those are the host's choice. The sqlx this was built with is
//! re-exported, so that both speak of the same pool.
//!
//! ```no_run
//! # async fn run() -> Result<(), client_lifecycle::store::StoreError> {
//! use client_lifecycle::sqlite::SqliteStore;
//! let store = SqliteStore::connect("sqlite:app.db").await?.migrate().await?;
//! # drop(store); Ok(()) }
//! ```

mod failure;
mod parent;
mod pool;
mod rows;
mod savepoint;
mod store;

pub use parent::lock_parent;
pub use pool::PoolConnection;
pub use savepoint::SavepointConnection;
pub use sqlx;
pub use store::{SqliteStore, SqliteTransaction};
