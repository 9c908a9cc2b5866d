//! Stores on SQL databases: rendering without a connection, and [`SqlStore`] over a connection of yours.
//!
//! Implement [`SqlConnection`] over the driver you have (about 150 lines; the example `own_tables` has one) and wrap it:
//! `SqlStore::new(my_connection, Dialect::Sqlite)`. For sqlx there is the feature `sqlite`.
//!
//! Names are always quoted and values always bound, so tables and columns may be called anything. A table's
//! name is one identifier: `"sales.invoices"` is a table with a full stop in its name.
//!
//! # How a survey runs
//! One read transaction: what form the ids have, then all counts and the subjects in one statement, then samples
//! and spans of those questions that ask for some and found rows. On PostgreSQL the columns are asked for once; each
//! statement that counts tells whether the tables still are what they were, so that an altered one is asked for
//! again. Sets are common table expressions of that statement. The database copies
//! such an expression for each reference to it, so sets that are read again and again are written into a
//! temporary table instead, and so are the sets of a cycle.
//!
//! # How a change set is applied
//! One write transaction: sets that a step reads are written into the temporary table before the first
//! write, except those whose step can find the same rows by itself; then counts, events, steps, records. What is
//! planned to be written is not counted beforehand: the number is compared with that of the rows written, and where
//! anything is other than planned, all is rolled back and done again with everything counted first. The
//! number of statements depends on the data map, never on the rows or the number of subjects.

mod apply;
mod begin;
pub mod catalogue;
mod connection;
mod coverage;
mod dialect;
mod error;
mod failure;
mod first_policy;
mod foreseen;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod host;
mod keyed;
mod known;
mod locked;
mod log;
mod parent;
mod prefix;
mod read;
mod render;
mod schema;
mod shown;
mod statement;
mod store;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod stores;
mod survey;
mod value;

pub use begin::begin_statements;
pub use catalogue::Catalogue;
pub use connection::{Access, SqlConnection, SqlTransaction};
pub use coverage::{Finding, FindingCode, findings};
pub use dialect::Dialect;
pub use error::{SqlError, SqlErrorClass};
pub use first_policy::{NoFirstPolicy, first_policy};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use host::host_transaction;
pub use parent::{ParentError, lock_parent, render_lock_parent};
pub use prefix::Prefix;
pub use render::{render_changes, render_survey};
pub use schema::schema;
pub use statement::Statement;
pub use store::SqlStore;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use stores::stores;
pub use value::SqlValue;
