//! The writer's lock inside the host's own transaction.

use std::sync::Arc;

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::domain::{DataMap, KindName, RecordId};
use crate::sql::{self, Dialect, ParentError, host_transaction};
use crate::store::StoreError;

/// Locks the record that a row is about to refer to, until the host's transaction ends, and refuses one that is
/// not there or marked as deleted: for references that are declared `"lock": "writer"` because no foreign key
/// protects them.
///
/// The lock is the one that a foreign key takes (`FOR KEY SHARE`): several writers hold it at once, the parent may
/// be updated meanwhile, and a deletion waits. PostgreSQL asks for UPDATE on some column of the parent's table,
/// beside SELECT. In a transaction that is REPEATABLE READ or SERIALIZABLE a parent that was changed since it began
/// is [`StoreError::Contention`].
///
/// ```no_run
/// # async fn run(
/// #     pool: sqlx::PgPool,
/// #     lifecycle: client_lifecycle::Lifecycle<client_lifecycle::postgres::PostgresStore>,
/// #     client: i64,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use client_lifecycle::postgres::lock_parent;
/// let mut tx = pool.begin().await?;
/// lock_parent(&mut tx, lifecycle.policy().map(), "clients", client).await?;
/// sqlx::query("INSERT INTO debts (client_id, amount) VALUES ($1, 20)").bind(client).execute(&mut *tx).await?;
/// tx.commit().await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ParentError`]. Outside a transaction, where the lock would be given up at once, it is
/// [`StoreError::Unsupported`].
pub async fn lock_parent(
    connection: &mut PgConnection,
    map: &Arc<DataMap>,
    kind: impl Into<KindName>,
    id: impl Into<RecordId>,
) -> Result<(), ParentError> {
    if !connection.is_in_transaction() {
        let what = "locking a parent without an open transaction; begin one with sqlx";
        return Err(StoreError::Unsupported(what.into()).into());
    }
    sql::lock_parent(&mut Host(connection), Dialect::Postgres, map, kind, id).await
}

host_transaction!(PgConnection);
