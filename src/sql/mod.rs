//! Stores on SQL databases: [`SqlStore`] over your own connection, and functions that render SQL without a
//! connection.
//!
//! Implement [`SqlConnection`] over your driver (about 150 lines; see the example `own_tables`) and wrap it:
//! `SqlStore::new(my_connection, Dialect::Sqlite)`. For sqlx, use the features `sqlite` and `postgres`.
//!
//! Names are always quoted and values always bound, so tables and columns may have any name. The name of a table may
//! have its schema in front ([`TableName`](crate::domain::TableName)).
//!
//! # How a survey runs
//! A survey is one read transaction. It reads the column types first, and then all counts and the subjects in one
//! statement. Samples and spans follow, for questions that want them and found rows. On PostgreSQL, the column types
//! are cached, and every statement that counts also returns whether they have changed. Sets are common table
//! expressions of that statement. SQLite copies such an expression each time it is used. There, sets that are used
//! often, and the sets of a cycle, are written to a temporary table instead.
//!
//! # How a change set is applied
//! One write transaction runs one script. It records the operation, locks, counts, writes events and audit entries,
//! runs the steps, and corrects the receipt. [`render_changes`] shows the same script. On SQLite, the sets that a
//! step reads are written to the temporary table before the first write, unless the step can find the same rows
//! itself. On PostgreSQL, a small operation is one statement after the locks.
//!
//! The planned numbers of rows are assumed, and then compared with the numbers of rows written. If they differ, the
//! transaction is rolled back and repeated with explicit counts. The number of statements depends on the data map,
//! not on the number of rows or subjects.
//!
//! If a table that the change set writes has triggers or rules, the script also records which rows go before the first
//! step. After the last step, it compares the tables with the plan. Otherwise none of its statements is different.
//!
//! # Where to find things
//! `script` orders the statements, `run` runs them, and `render` writes them. `sqlite` and `postgres` implement
//! `Backend`, which covers the differences between the databases.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod adapter;
mod backend;
mod catalogue;
mod clash;
mod connection;
mod constraint;
mod coverage;
mod dialect;
mod explain;
mod first_policy;
mod list_column;
mod migration;
mod not_null;
mod parent;
mod postgres;
mod pseudonyms;
mod read;
mod receipt;
mod render;
mod run;
mod schema_cache;
mod script;
mod session;
mod sqlite;
mod statement;
mod store;
mod survey;
mod table_schema;
mod table_trigger;
mod trigger_event;
mod triggers;
mod unique_index;
mod verify;
mod watch;

pub use catalogue::Catalogue;
pub use connection::{AccessMode, SqlConnection, SqlError, SqlErrorClass, SqlTransaction, SqlValue};
pub use coverage::{Finding, FindingCode, findings};
pub use dialect::{Dialect, begin_statements};
pub use explain::{render_changes, render_survey};
pub use first_policy::{NoFirstPolicy, first_policy};
pub use migration::schema;
pub use parent::{ParentError, lock_parent, render_lock_parent};
pub use statement::{Prefix, Statement};
pub use store::SqlStore;
