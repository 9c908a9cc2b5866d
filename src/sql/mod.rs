//! Stores on SQL databases: rendering without a connection, and [`SqlStore`] over a connection of yours.
//!
//! Implement [`SqlConnection`] over the driver you have (about 150 lines; the example `own_tables` has one) and wrap
//! it: `SqlStore::new(my_connection, Dialect::Sqlite)`. For sqlx there are the features `sqlite` and `postgres`.
//!
//! Names are always quoted and values always bound, so tables and columns may have any name. On SQLite the name of a
//! table is one identifier: `"sales.invoices"` is a table with a dot in its name.
//!
//! # How a survey runs
//! One read transaction: the types of the columns, then all counts and the subjects in one statement, then the
//! samples and spans of those questions that ask for some and found rows. PostgreSQL is asked for the columns once;
//! each statement that counts tells whether they are still the same. Sets are common table expressions of that
//! statement. SQLite copies such an expression for each reference to it, so sets that are read many times are written
//! to a temporary table instead, and so are the sets of a cycle.
//!
//! # How a change set is applied
//! One write transaction runs one script: it notes the operation, locks, counts, writes events and audit entries,
//! carries out the steps, and corrects the receipt. [`render_changes`] shows the same script. On SQLite the sets that
//! a step reads are written to the temporary table before the first write, unless the step can find the same rows
//! itself. On PostgreSQL a small operation is one statement after the locks.
//!
//! The planned number of rows is assumed and compared with the number that is written. Where anything differs from
//! the plan, all is rolled back and repeated with everything counted first. The number of statements depends on the
//! data map, never on the rows or the number of subjects.
//!
//! # Where things stand
//! `script` has the order of the statements, `run` runs them, `render` writes them, and a `Backend` for each database
//! says what differs: `sqlite` and `postgres`.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod adapter;
mod backend;
mod catalogue;
mod connection;
mod coverage;
mod dialect;
mod error;
mod explain;
mod first_policy;
mod log;
mod parent;
mod postgres;
mod prefix;
mod pseudonyms;
mod query;
mod read;
mod render;
mod run;
mod schema_cache;
mod script;
mod session;
mod sqlite;
mod statement;
mod store;
mod survey;
mod system_tables;
mod table_schema;

pub use catalogue::Catalogue;
pub use connection::{AccessMode, SqlConnection, SqlTransaction, SqlValue};
pub use coverage::{Finding, FindingCode, findings};
pub use dialect::{Dialect, begin_statements};
pub use error::{SqlError, SqlErrorClass};
pub use explain::{render_changes, render_survey};
pub use first_policy::{NoFirstPolicy, first_policy};
pub use parent::{ParentError, lock_parent, render_lock_parent};
pub use prefix::Prefix;
pub use statement::Statement;
pub use store::SqlStore;
pub use system_tables::schema;
