//! PostgreSQL over sqlx: [`PostgresStore`] on your pool, [`PostgresTransaction`] inside your open transaction.
//!
//! sqlx comes without runtime and TLS features: the host chooses them. This module re-exports its sqlx, so that both
//! use the same pool type.
//!
//! ```no_run
//! # async fn run() -> Result<(), client_lifecycle::store::StoreError> {
//! use client_lifecycle::postgres::PostgresStore;
//! let store = PostgresStore::connect("postgres://app@db.internal/app").await?.migrate().await?;
//! # drop(store); Ok(()) }
//! ```
//!
//! Table names follow the search path of the connection; `"table": "billing.invoices"` names the schema. A name that
//! contains a dot is written in quotes, as in SQL: `"table": "\"in.voices\""`. Names are quoted, so write them as the
//! database stores them: in lower case unless they were quoted when they were created.
//!
//! # What is locked
//! The [guide](crate::guide::transactions) has the details.
//!
//! An operation runs in one READ COMMITTED transaction. It records its id and locks the subject. From there outwards,
//! kind by kind, it locks every deleted row that could be referred to (`FOR UPDATE`). It counts the other rows that
//! the plan depends on. A transaction that inserts a row below one of them has to wait, and its foreign key then
//! refuses the row. For a reference without a foreign key, `"lock": "table"` keeps all writers out of its table while
//! the operation runs. With `"lock": "writer"` the host's writers call [`lock_parent`] before they refer to a row.
//!
//! # What is retried
//! Deadlocks, serialization failures, lock timeouts and broken connections are retried with pauses, as configured by
//! [`Retries`](crate::lifecycle::Retries). A COMMIT with an unknown outcome is looked up by the id of the operation.
//! Inside the host's own transaction nothing is retried.
//!
//! An operation on up to 500 rows ([`single_statement_limit`](PostgresStore::single_statement_limit)) is one
//! statement after the locks; above that, each kind has its own. The planned counts are compared with the rows
//! written before anything is committed.
//!
//! With a B-tree index on a reference or an id, rows are found by `= ANY(ARRAY(SELECT …))`, which needs no estimate
//! of the planner; without an index by a join.
//!
//! No statement calls a volatile function or needs a trigger; only keyed masks use a temporary table.

mod connection;
mod store;

pub use connection::{PoolConnection, SavepointConnection};
pub use sqlx;
pub use store::{PostgresStore, PostgresTransaction, lock_parent};
