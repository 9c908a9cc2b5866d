//! PostgreSQL over sqlx: [`PostgresStore`] on your pool, [`PostgresTransaction`] inside your open transaction.
//!
//! sqlx is included without runtime and TLS features; the host chooses them. This module re-exports its sqlx, so that
//! both use the same pool type.
//!
//! ```no_run
//! # async fn run() -> Result<(), client_lifecycle::store::StoreError> {
//! use client_lifecycle::postgres::PostgresStore;
//! let store = PostgresStore::connect("postgres://app@db.internal/app").await?.migrate().await?;
//! # drop(store); Ok(()) }
//! ```
//!
//! Table names follow the search path of the connection; `"table": "billing.invoices"` names the schema
//! ([`TableName`](crate::domain::TableName)). A name that contains a dot is written as
//! `"table": { "table": "in.voices" }`. Names are quoted, so write them as the database stores them: in lower case
//! unless they were quoted when they were created.
//!
//! # What is locked
//! The [guide](crate::guide::transactions) has the details.
//!
//! An operation runs in one READ COMMITTED transaction. It first records its id and locks the subject. Then, kind by
//! kind from the subject outwards, it locks every row that it will delete and that other rows could refer to (`FOR
//! UPDATE`). The other rows that the plan depends on are counted. A transaction that inserts a row referring to a
//! locked row has to wait, and its foreign key then rejects the insert. For a reference without a foreign key,
//! `"lock": "table"` keeps all writers out of the referring table while the operation runs. With `"lock": "writer"`,
//! the host's writers call [`lock_parent`] before they refer to a row.
//!
//! # What is retried
//! Deadlocks, serialization failures and broken connections are retried with pauses, as configured by
//! [`Retries`](crate::lifecycle::Retries). If the outcome of a COMMIT is unknown, the store looks up the operation
//! id. Inside the host's own transaction, nothing is retried.
//!
//! An operation on up to 500 rows ([`single_statement_limit`](PostgresStore::single_statement_limit)) runs as one
//! statement after the locks. Above that, each kind has its own statement. Before the commit, the planned counts are
//! compared with the numbers of rows written.
//!
//! With a B-tree index on a reference or an id, statements find rows with `= ANY(ARRAY(SELECT …))`, which does not
//! depend on the planner's estimate. Without an index they use a join.
//!
//! No statement calls a volatile function or needs a trigger. Only keyed masks use a temporary table.

mod connection;
mod store;

pub use connection::{PoolConnection, SavepointConnection};
pub use sqlx;
pub use store::{PostgresStore, PostgresTransaction, lock_parent};
