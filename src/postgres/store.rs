//! The two stores.

use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};

use super::failure::failed;
use super::pool::PoolConnection;
use super::savepoint::SavepointConnection;
use crate::sql::{Dialect, SqlStore, stores};
use crate::store::StoreError;

/// How long [`PostgresStore::connect`] waits for a server that does not answer at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// A store on a pool of PostgreSQL connections.
#[derive(Debug)]
pub struct PostgresStore {
    store: SqlStore<PoolConnection>,
}

/// A store inside a transaction that the host has open: it lives and dies with it.
///
/// What is applied is a savepoint of that transaction. Nothing is retried and no error
/// [is retryable](StoreError::is_retryable). A call that is given up half way is rolled back before anything
/// else is asked of the connection; the host's transaction stays usable, unless it was given up while the
/// savepoint was being released.
///
/// The transaction has to be READ COMMITTED, which is the default of PostgreSQL: in another, what others
/// commit while it waits for its locks would not be seen. There the answer is [`StoreError::Unsupported`]
/// before anything is written.
///
/// ```no_run
/// # async fn run(pool: sqlx::PgPool, changes: client_lifecycle::protocol::ChangeSet)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// use client_lifecycle::postgres::PostgresTransaction;
/// use client_lifecycle::store::Store;
/// let mut tx = pool.begin().await?;
/// PostgresTransaction::new(&mut tx).apply(&changes).await?;
/// tx.commit().await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct PostgresTransaction<'c> {
    store: SqlStore<SavepointConnection<'c>>,
}

impl PostgresStore {
    /// A store on the host's pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { store: SqlStore::new(PoolConnection::new(pool), Dialect::Postgres) }
    }

    /// A store on a pool of its own. The address is that of sqlx: `postgres://user:password@host/database`.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when the database cannot be reached.
    pub async fn connect(address: &str) -> Result<Self, StoreError> {
        let opening = |error| StoreError::backend("opened the database", failed(error));
        let options: PgConnectOptions = address.parse().map_err(opening)?;
        // A pool would wait for a server that is not there, and then not say what is wrong.
        let first = sqlx_core::rt::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&options)).await;
        let first = first.map_err(|_| opening(sqlx::Error::PoolTimedOut))?.map_err(opening)?;
        first.close().await.map_err(opening)?;
        Ok(Self::new(PgPool::connect_lazy_with(options)))
    }

    /// The same with the schemas in which tables are looked for, the library's in the first of them. Otherwise
    /// it is the search path of the connection.
    #[must_use]
    pub fn schemas<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.set(|settings| settings.schemas = names)
    }

    /// The same with how long a statement waits for the locks of others: after that the answer is
    /// [`StoreError::Contention`], for which a lifecycle tries again a few times. Otherwise it is what the connection
    /// says.
    #[must_use]
    pub fn lock_timeout(self, time: Duration) -> Self {
        self.set(|settings| settings.lock_timeout = Some(time))
    }

    /// The same with how long a statement may take: after that the answer is [`StoreError::Backend`]. Otherwise
    /// it is what the connection says.
    #[must_use]
    pub fn statement_timeout(self, time: Duration) -> Self {
        self.set(|settings| settings.statement_timeout = Some(time))
    }

    /// The same with up to how many rows, as planned, one statement counts, tells, writes and records everything;
    /// 500 unless this says otherwise: see [`SqlStore::at_once`].
    #[must_use]
    pub fn at_once(self, rows: u64) -> Self {
        Self { store: self.store.at_once(rows) }
    }

    fn set(mut self, set: impl FnOnce(&mut super::pool::Settings)) -> Self {
        set(&mut self.store.connection_mut().settings);
        self
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
    pub fn pool(&self) -> &PgPool {
        &self.store.connection().pool
    }
}

impl<'c> PostgresTransaction<'c> {
    /// A store inside the host's transaction, given as `&mut transaction`.
    #[must_use]
    pub fn new(connection: &'c mut PgConnection) -> Self {
        Self { store: SqlStore::new(SavepointConnection::new(connection), Dialect::Postgres) }
    }

    /// The same with up to how many rows, as planned, one statement counts, tells, writes and records everything;
    /// 500 unless this says otherwise: see [`SqlStore::at_once`].
    #[must_use]
    pub fn at_once(self, rows: u64) -> Self {
        Self { store: self.store.at_once(rows) }
    }
}

stores!(PostgresStore, PostgresTransaction<'c>);
