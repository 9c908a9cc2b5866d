//! PostgreSQL over sqlx: [`PostgresStore`] on your pool, [`PostgresTransaction`] inside your open transaction.
//!
//! sqlx comes without runtime and TLS features: the host chooses those. The sqlx that this was built with is
//! re-exported, so that both use the same pool type.
//!
//! ```no_run
//! # async fn run() -> Result<(), client_lifecycle::store::StoreError> {
//! use client_lifecycle::postgres::PostgresStore;
//! let store = PostgresStore::connect("postgres://app@db.internal/app").await?.migrate().await?;
//! # drop(store); Ok(()) }
//! ```
//!
//! A table is found as the search path of the connection finds it; `"table": "billing.invoices"` names its schema. A
//! name that itself has a dot is written in quotes, as in SQL: `"table": "\"in.voices\""`. Names are quoted, so write
//! them as the database holds them: in lower case unless they were quoted when they were created.
//!
//! # What is locked
//! The [guide](crate::guide::transactions) has the details.
//!
//! An operation runs in one transaction, READ COMMITTED. It notes its id and locks the subject. Then, kind by kind
//! from there outwards, it locks every row that is deleted and could be referred to (`FOR UPDATE`), and counts what
//! else the plan depends on. A row that is inserted below one of them has to wait, and is then refused by its foreign
//! key. For a reference without one, `"lock": "table"` keeps all writers out of its table while the operation runs;
//! with `"lock": "writer"` the host's writers call [`lock_parent`] before they refer to a row.
//!
//! # What is retried
//! Deadlocks, serialization failures, locks that were not granted in time and broken connections are retried, with
//! pauses in between, as [`Retries`](crate::lifecycle::Retries) say. A COMMIT with an unknown outcome is looked up by
//! the id of the operation. Inside the host's own transaction nothing is retried.
//!
//! An operation on up to 500 rows ([`single_statement_limit`](PostgresStore::single_statement_limit)) is one
//! statement after the locks; above that each kind has its own. What was planned is compared with what was written
//! before anything is committed.
//!
//! With a B-tree index on a reference or an id, rows are found by `= ANY(ARRAY(SELECT …))`, for which the planner has
//! nothing to estimate; without an index by a join.
//!
//! No statement calls a volatile function or needs a trigger; only keyed masks use a temporary table.

mod connection;
mod rows;
mod store;

pub use connection::{PoolConnection, SavepointConnection};
pub use sqlx;
pub use store::{PostgresStore, PostgresTransaction, lock_parent};
