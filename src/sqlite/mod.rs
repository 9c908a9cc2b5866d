//! SQLite over sqlx: [`SqliteStore`] on your pool, [`SqliteTransaction`] inside your open transaction.
//!
//! sqlx is included without runtime and TLS features; the host chooses them. This module re-exports its sqlx, so that
//! both use the same pool type.
//!
//! ```no_run
//! # async fn run() -> Result<(), client_lifecycle::store::StoreError> {
//! use client_lifecycle::sqlite::SqliteStore;
//! let store = SqliteStore::connect("sqlite:app.db").await?.migrate().await?;
//! # drop(store); Ok(()) }
//! ```

mod connection;
mod store;

pub use connection::{PoolConnection, SavepointConnection};
pub use sqlx;
pub use store::{SqliteStore, SqliteTransaction, lock_parent};
