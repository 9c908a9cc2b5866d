//! The two stores, and checking a parent for the host's writers.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool};

use super::connection::{HostTransaction, PoolConnection, SavepointConnection, error};
use crate::domain::{DataMap, KindName, RecordId};
use crate::lifecycle::Lifecycle;
use crate::sql;
use crate::sql::adapter::stores;
use crate::sql::{Dialect, ParentError, SqlStore};
use crate::store::StoreError;

/// How long a connection of [`SqliteStore::connect`] waits for another writer, at most.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A store on a pool of SQLite connections.
///
/// The `busy_timeout` of the pool's connections is how long an operation waits for other writers: all its
/// transactions and attempts together. Then it fails with [`StoreError::LockTimeout`], which is not retried. After a
/// wait, the connection has a shorter timeout until the transaction ends. Without a timeout, the result is
/// [`StoreError::Contention`], which is retried.
#[derive(Debug)]
pub struct SqliteStore {
    store: SqlStore<PoolConnection>,
}

/// A store inside the host's open transaction. Its writes are committed or rolled back with it.
///
/// Each call is a savepoint of that transaction. Nothing is retried, and no error [is
/// retryable](StoreError::is_retryable). A cancelled call is rolled back at once, and the host's transaction remains
/// usable.
///
/// Begin the transaction with `BEGIN IMMEDIATE`. Otherwise another writer is detected only at the first write, as
/// [`StoreError::Contention`].
///
/// ```no_run
/// # async fn run(pool: sqlx::SqlitePool, changes: client_lifecycle::protocol::ChangeSet)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// use client_lifecycle::sqlite::SqliteTransaction;
/// use client_lifecycle::store::Store;
/// let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
/// SqliteTransaction::new(&mut tx).apply(&changes).await?;
/// tx.commit().await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct SqliteTransaction<'c> {
    store: SqlStore<SavepointConnection<'c>>,
}

impl SqliteStore {
    /// Makes a store on the host's pool.
    #[must_use]
    pub fn new(pool: SqlitePool) -> Self {
        Self { store: SqlStore::new(PoolConnection::new(pool), Dialect::Sqlite) }
    }

    /// Opens a store on its own pool. The address is a sqlx connection URL, such as `sqlite:app.db`. With
    /// `sqlite:app.db?mode=rwc`, the file is created.
    ///
    /// Foreign keys are enforced. An operation waits up to five seconds for other writers.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if the database cannot be opened.
    pub async fn connect(address: &str) -> Result<Self, StoreError> {
        let opening = |source| StoreError::backend("opened the database", error(source));
        let options = SqliteConnectOptions::from_str(address).map_err(opening)?.busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePool::connect_with(options).await.map_err(opening)?;
        Ok(Self::new(pool))
    }

    /// Creates the library's tables if they do not exist.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] if the tables were created by a later version of the library.
    pub async fn migrate(self) -> Result<Self, StoreError> {
        self.store.migrate().await?;
        Ok(self)
    }

    /// Returns this store inside the host's open transaction, given as `&mut transaction`.
    #[must_use]
    pub fn in_transaction<'c>(&self, connection: &'c mut SqliteConnection) -> SqliteTransaction<'c> {
        SqliteTransaction { store: self.store.with_connection(SavepointConnection::new(connection)) }
    }

    /// Returns the pool.
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        &self.store.connection().0
    }
}

impl Lifecycle<SqliteStore> {
    /// Returns this lifecycle inside the host's open transaction, given as `&mut transaction`.
    ///
    /// Its writes are committed or rolled back with the transaction: see [`SqliteTransaction`]. The tables are not
    /// checked again, so this is cheap.
    ///
    /// ```no_run
    /// # use client_lifecycle::{Lifecycle, Request, sqlite::SqliteStore};
    /// # async fn run(lifecycle: Lifecycle<SqliteStore>, request: Request) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut tx = lifecycle.store().pool().begin_with("BEGIN IMMEDIATE").await?;
    /// lifecycle.in_transaction(&mut tx).execute(&request).await?;
    /// sqlx::query("UPDATE seats SET taken = taken - 1").execute(&mut *tx).await?;
    /// tx.commit().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn in_transaction<'c>(
        &self,
        connection: &'c mut SqliteConnection,
    ) -> Lifecycle<SqliteTransaction<'c>> {
        self.with_store(self.store().in_transaction(connection))
    }
}

impl<'c> SqliteTransaction<'c> {
    /// Makes a store inside the host's transaction, given as `&mut transaction`.
    #[must_use]
    pub fn new(connection: &'c mut SqliteConnection) -> Self {
        Self { store: SqlStore::new(SavepointConnection::new(connection), Dialect::Sqlite) }
    }
}

stores!(SqliteStore, SqliteTransaction<'c>);

/// Checks the record that a row is about to refer to. Fails if the record does not exist or is marked as deleted. Use
/// it for references that are declared `"lock": "writer"` because they have no foreign key.
///
/// The result holds until the host's transaction ends, because the transaction locks out other writers. Begin the
/// transaction with `BEGIN IMMEDIATE`; otherwise another writer is noticed only when the row is inserted. Without a
/// transaction there is no protection.
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
    sql::lock_parent(&mut HostTransaction(connection), Dialect::Sqlite, map, kind, id).await
}
