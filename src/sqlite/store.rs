//! The two stores.

use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool};

use super::failure::failed;
use super::pool::PoolConnection;
use super::savepoint::SavepointConnection;
use crate::sql::{Dialect, SqlStore, stores};
use crate::store::StoreError;

/// How long a connection of [`SqliteStore::connect`] waits for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A store on a pool of SQLite connections.
#[derive(Debug)]
pub struct SqliteStore {
    store: SqlStore<PoolConnection>,
}

/// A store inside a transaction that the host has open: it lives and dies with it.
///
/// What is applied is a savepoint of that transaction. Nothing is retried and no error
/// [is retryable](StoreError::is_retryable). A call that is given up half way is rolled back at once; the
/// host's transaction stays usable.
///
/// The host should have begun with `BEGIN IMMEDIATE`: another writer is otherwise found only at the first
/// write, as [`StoreError::Contention`].
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
    /// A store on the host's pool.
    #[must_use]
    pub fn new(pool: SqlitePool) -> Self {
        Self { store: SqlStore::new(PoolConnection(pool), Dialect::Sqlite) }
    }

    /// A store on a pool of its own. The address is that of sqlx: `sqlite:app.db`, and
    /// `sqlite:app.db?mode=rwc` creates the file.
    ///
    /// Foreign keys are enforced, and a connection waits five seconds for another writer.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database cannot be opened.
    pub async fn connect(address: &str) -> Result<Self, StoreError> {
        let opening = |error| StoreError::backend("opened the database", failed(error));
        let options = SqliteConnectOptions::from_str(address).map_err(opening)?.busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePool::connect_with(options).await.map_err(opening)?;
        Ok(Self::new(pool))
    }

    /// Creates the library's tables where they are not there yet.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] when the tables are those of a later version of the library.
    pub async fn migrate(self) -> Result<Self, StoreError> {
        self.store.migrate().await?;
        Ok(self)
    }

    /// The pool.
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        &self.store.connection().0
    }
}

impl<'c> SqliteTransaction<'c> {
    /// A store inside the host's transaction, given as `&mut transaction`.
    #[must_use]
    pub fn new(connection: &'c mut SqliteConnection) -> Self {
        Self { store: SqlStore::new(SavepointConnection::new(connection), Dialect::Sqlite) }
    }
}

stores!(SqliteStore, SqliteTransaction<'c>);
