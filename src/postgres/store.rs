//! The two stores, and locking a parent for the host's writers.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};

use super::connection::{HostTransaction, PoolConnection, SavepointConnection, error};
use crate::domain::{DataMap, KindName, RecordId};
use crate::lifecycle::Lifecycle;
use crate::sql;
use crate::sql::adapter::stores;
use crate::sql::{Dialect, ParentError, SqlStore};
use crate::store::StoreError;

/// How long [`PostgresStore::connect`] waits for a server that does not respond.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// A store on a pool of PostgreSQL connections.
///
/// A plan of a usual request is one statement, without a transaction around it. It is a transaction, with two more round
/// trips, if `jit` is on for the connections, or if schemas or timeouts are set here. To save them, turn `jit` off and
/// set `search_path` and the timeouts in the options of the connections.
#[derive(Debug)]
pub struct PostgresStore {
    store: SqlStore<PoolConnection>,
}

/// A store inside the host's open transaction. Its writes are committed or rolled back with it.
///
/// Each call is a savepoint of that transaction. Nothing is retried, and no error [is
/// retryable](StoreError::is_retryable). A cancelled call is rolled back before the connection runs anything else.
/// The host's transaction remains usable, unless the call was cancelled while its savepoint was being released.
///
/// The transaction must be READ COMMITTED, the default of PostgreSQL. At other isolation levels, it would not see
/// rows that other transactions commit while it waits for its locks. The result is then [`StoreError::Unsupported`],
/// and nothing is written.
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
    /// Makes a store on the host's pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { store: SqlStore::new(PoolConnection::new(pool), Dialect::Postgres) }
    }

    /// Opens a store on its own pool. The address is a sqlx connection URL: `postgres://user:password@host/database`.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if the database cannot be reached.
    pub async fn connect(address: &str) -> Result<Self, StoreError> {
        let opening = |source| StoreError::backend("opened the database", error(source));
        let options: PgConnectOptions = address.parse().map_err(opening)?;
        // A pool would keep waiting for a server that does not exist, and would not report the cause.
        let first = sqlx_core::rt::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&options)).await;
        let first = first.map_err(|_| opening(sqlx::Error::PoolTimedOut))?.map_err(opening)?;
        first.close().await.map_err(opening)?;
        // Compiling a statement takes longer than the operations of this crate on few rows.
        Ok(Self::new(PgPool::connect_lazy_with(options.options([("jit", "off")]))))
    }

    /// Sets the schemas in which to look for tables. The library's tables are in the first schema. The default is the
    /// search path of the connection.
    #[must_use]
    pub fn schemas<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.set(|connection| connection.schemas = names)
    }

    /// Sets how long an operation waits for locks before it fails with [`StoreError::LockTimeout`]. The default is the
    /// `lock_timeout` of the connection; if there is none, an operation waits without limit.
    ///
    /// It is the patience of the whole operation: of all its statements, and of all its attempts. After a wait, the
    /// next one may take only the rest, but at least a tenth of the timeout. The error is not retried. A deadlock, or
    /// a lock that is released in time, is not an error.
    ///
    /// The time of statements that lock rows counts as waiting, because the server does not tell waiting from work.
    /// PostgreSQL applies the timeout to each lock that a statement takes. Of several operations that wait for the
    /// same row, the first in the queue may therefore wait twice: for its turn, and for the row.
    #[must_use]
    pub fn lock_timeout(self, time: Duration) -> Self {
        self.set(|connection| connection.lock_timeout = Some(time))
    }

    /// Sets how long each statement may take before it fails with [`StoreError::Backend`], which is not retried. The
    /// default is the setting of the connection.
    #[must_use]
    pub fn statement_timeout(self, time: Duration) -> Self {
        self.set(|connection| connection.statement_timeout = Some(time))
    }

    /// Sets the maximum number of planned rows for which an operation is one statement. The default is 500: see
    /// [`SqlStore::single_statement_limit`].
    #[must_use]
    pub fn single_statement_limit(self, rows: u64) -> Self {
        Self { store: self.store.single_statement_limit(rows) }
    }

    fn set(mut self, set: impl FnOnce(&mut PoolConnection)) -> Self {
        set(self.store.connection_mut());
        self
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
    ///
    /// It looks for tables in the [`schemas`](Self::schemas) of this store or, if there are none, in the search path
    /// of the transaction. It uses the transaction's timeouts.
    #[must_use]
    pub fn in_transaction<'c>(&self, connection: &'c mut PgConnection) -> PostgresTransaction<'c> {
        let schemas = self.store.connection().schemas.clone();
        let connection = SavepointConnection::new(connection).schemas(schemas);
        PostgresTransaction { store: self.store.with_connection(connection) }
    }

    /// Returns the pool.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.store.connection().pool
    }
}

impl Lifecycle<PostgresStore> {
    /// Returns this lifecycle inside the host's open transaction, given as `&mut transaction`.
    ///
    /// Its writes are committed or rolled back with the transaction: see [`PostgresTransaction`]. The tables are not
    /// checked again, so this is cheap.
    ///
    /// ```no_run
    /// # use client_lifecycle::{Lifecycle, Request, postgres::PostgresStore};
    /// # async fn run(lifecycle: Lifecycle<PostgresStore>, request: Request) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut tx = lifecycle.store().pool().begin().await?;
    /// lifecycle.in_transaction(&mut tx).execute(&request).await?;
    /// sqlx::query("UPDATE seats SET taken = taken - 1").execute(&mut *tx).await?;
    /// tx.commit().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn in_transaction<'c>(&self, connection: &'c mut PgConnection) -> Lifecycle<PostgresTransaction<'c>> {
        self.with_store(self.store().in_transaction(connection))
    }
}

impl<'c> PostgresTransaction<'c> {
    /// Makes a store inside the host's transaction, given as `&mut transaction`.
    #[must_use]
    pub fn new(connection: &'c mut PgConnection) -> Self {
        Self { store: SqlStore::new(SavepointConnection::new(connection), Dialect::Postgres) }
    }

    /// Sets the maximum number of planned rows for which an operation is one statement. The default is 500: see
    /// [`SqlStore::single_statement_limit`].
    #[must_use]
    pub fn single_statement_limit(self, rows: u64) -> Self {
        Self { store: self.store.single_statement_limit(rows) }
    }
}

stores!(PostgresStore, PostgresTransaction<'c>);

/// Locks the record that a row is about to refer to, until the host's transaction ends. Fails if the record does not
/// exist or is marked as deleted. Use it for references that are declared `"lock": "writer"` because they have no
/// foreign key.
///
/// A foreign key takes the same lock (`FOR KEY SHARE`). Several writers can hold it at once, the parent can be
/// updated, and a deletion waits. It requires the privilege SELECT on the parent's table, and UPDATE on at least one
/// of its columns. In a REPEATABLE READ or SERIALIZABLE transaction, the result is [`StoreError::Contention`] if the
/// parent has changed since the transaction began.
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
/// [`ParentError`]. Outside a transaction, the lock would be released at once, so the result is
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
    sql::lock_parent(&mut HostTransaction(connection), Dialect::Postgres, map, kind, id).await
}
