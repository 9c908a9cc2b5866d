//! PostgreSQL over sqlx: [`PostgresStore`] on your pool, [`PostgresTransaction`] inside your open transaction.
//!
//! sqlx comes without runtime and TLS features: those are the host's choice. The sqlx this was built with is
//! re-exported, so that both speak of the same pool.
//!
//! ```no_run
//! # async fn run() -> Result<(), client_lifecycle::store::StoreError> {
//! use client_lifecycle::postgres::PostgresStore;
//! let store = PostgresStore::connect("postgres://app@db.internal/app").await?.migrate().await?;
//! # drop(store); Ok(()) }
//! ```
//!
//! A table is found as the search path of the connection finds it; `"table": "billing.invoices"` names its schema.
//! A name that has a full stop itself stands in quotes, as in SQL: `"table": "\"in.voices\""`.
//! Names are quoted, so they are written as the database holds them, in lower case unless they were quoted
//! when they were created.
//!
//! # What is locked
//! The [guide](crate::guide::transactions) tells it at length.
//!
//! An operation runs in one transaction, READ COMMITTED. It notes the operation's id, locks the subject and then,
//! kind by kind from there outwards, every row that goes and could be referred to (`FOR UPDATE`), and counts
//! what else the plan rests on. A row that is inserted below one of them has to wait, and is then refused by
//! its foreign key. Where a reference has none, `"lock": "table"` keeps all writers out of its table while the
//! operation runs, and with `"lock": "writer"` the host's writers call [`lock_parent`] before they refer to a row.
//!
//! # What is tried again
//! Deadlocks, serialization failures, locks that were not given in time and connections that broke: a few times, with
//! pauses in between, as [`Retries`](crate::lifecycle::Retries) say. A COMMIT of which nobody knows what became is looked
//! up by the operation's id. Inside the host's own transaction nothing is tried again.
//!
//! An operation on up to 500 rows ([`at_once`](PostgresStore::at_once)) is one statement after the locks; above that each
//! kind has its own. What was planned is compared with what was written before anything is committed.
//!
//! Where a reference or an id is indexed by a B-tree, rows are found by `= ANY(ARRAY(SELECT …))`, which leaves nothing to be
//! estimated; without an index by a join.
//!
//! No statement makes a temporary table, calls a volatile function or needs a trigger.

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
pub use store::{PostgresStore, PostgresTransaction};
