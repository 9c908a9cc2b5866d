//! The writer's look at a parent inside the host's own transaction.

use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;

use crate::domain::{DataMap, KindName, RecordId};
use crate::sql::{self, Dialect, ParentError, host_transaction};

/// Refuses a record that a row is about to refer to where it is not there or marked as deleted: for references
/// that are declared `"lock": "writer"` because no foreign key protects them.
///
/// It stays true until the host's transaction ends, because that keeps other writers out from its beginning. It
/// should have begun with `BEGIN IMMEDIATE`; otherwise another writer is found only when the row is inserted. With
/// no transaction at all nothing is protected.
///
/// ```no_run
/// # async fn run(
/// #     pool: sqlx::SqlitePool,
/// #     lifecycle: client_lifecycle::Lifecycle<client_lifecycle::sqlite::SqliteStore>,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use client_lifecycle::sqlite::lock_parent;
/// let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
/// lock_parent(&mut tx, lifecycle.policy().map(), "clients", 42).await?;
/// sqlx::query("INSERT INTO debts (client_id, amount) VALUES (42, 20)").execute(&mut *tx).await?;
/// tx.commit().await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ParentError`]
pub async fn lock_parent(
    connection: &mut SqliteConnection,
    map: &Arc<DataMap>,
    kind: impl Into<KindName>,
    id: impl Into<RecordId>,
) -> Result<(), ParentError> {
    sql::lock_parent(&mut Host(connection), Dialect::Sqlite, map, kind, id).await
}

host_transaction!(SqliteConnection);
