//! Code that both sqlx adapters use.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::connection::{SqlError, SqlErrorClass};

/// A connection with an open transaction of the host, which one call at a time may use.
pub(crate) struct HostConnection<'c, C>(Mutex<Option<&'c mut C>>);

impl<'c, C> HostConnection<'c, C> {
    pub(crate) fn new(connection: &'c mut C) -> Self {
        Self(Mutex::new(Some(connection)))
    }

    // A panic while the lock is held cannot leave the value half changed.
    fn lock(&self) -> MutexGuard<'_, Option<&'c mut C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the connection. It is returned when the result is dropped.
    pub(crate) fn take(&self) -> Result<TakenConnection<'_, 'c, C>, SqlError> {
        match self.lock().take() {
            Some(connection) => Ok(TakenConnection { host: self, connection: Some(connection) }),
            None => Err(SqlError::new(SqlErrorClass::Busy, "the transaction is in use by another call")),
        }
    }
}

impl<C> fmt::Debug for HostConnection<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostConnection")
    }
}

/// The connection of the host while a call uses it.
pub(crate) struct TakenConnection<'h, 'c, C> {
    host: &'h HostConnection<'c, C>,
    connection: Option<&'c mut C>,
}

impl<C> TakenConnection<'_, '_, C> {
    pub(crate) fn get(&mut self) -> Result<&mut C, SqlError> {
        let connection = self.connection.as_deref_mut();
        connection.ok_or_else(|| SqlError::new(SqlErrorClass::Lost, "the savepoint is no longer open"))
    }
}

impl<C> Drop for TakenConnection<'_, '_, C> {
    fn drop(&mut self) {
        *self.host.lock() = self.connection.take();
    }
}

/// Writes the functions `query` and `execute` for the connections of a database. `bind` binds one value, and `value`
/// reads one. A statement takes `at_most` so many values.
macro_rules! statements {
    ($database:ty, $bind:ident, $value:ident, $error:ident, at_most: $limit:expr) => {
        /// Runs a statement and returns its rows.
        async fn query(
            connection: &mut <$database as sqlx::Database>::Connection,
            sql: &str,
            params: &[SqlValue],
        ) -> Result<Vec<Vec<SqlValue>>, SqlError> {
            let rows = bound(sql, params)?.fetch_all(connection).await.map_err($error)?;
            let values = |row: &<$database as sqlx::Database>::Row| {
                (0..row.len()).map(|index| $value(row.try_get_raw(index).map_err($error)?)).collect()
            };
            rows.iter().map(values).collect()
        }

        /// Runs a statement and returns the number of affected rows.
        async fn execute(
            connection: &mut <$database as sqlx::Database>::Connection,
            sql: &str,
            params: &[SqlValue],
        ) -> Result<u64, SqlError> {
            let done = bound(sql, params)?.execute(connection).await;
            Ok(done.map_err($error)?.rows_affected())
        }

        type Bound = sqlx::query::Query<'static, $database, <$database as sqlx::Database>::Arguments>;

        /// The text is safe, because the library renders it: names are quoted, values are bound.
        fn bound(sql: &str, params: &[SqlValue]) -> Result<Bound, SqlError> {
            if params.len() > $limit {
                let what = format!(
                    "a statement with {} values, because the database takes at most {}; use fewer conditions",
                    params.len(),
                    $limit
                );
                return Err(SqlError::new(SqlErrorClass::Unsupported(what.clone()), what));
            }
            let query = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()));
            Ok(params.iter().fold(query, |query, value| $bind(query, value.clone())))
        }
    };
}

/// Implements `SqlTransaction` with the functions of [`statements`], for a connection and a way to commit.
macro_rules! transaction {
    ($transaction:ty, $self:ident, connection: $connection:expr, commit: $commit:expr) => {
        #[async_trait::async_trait]
        impl $crate::sql::SqlTransaction for $transaction {
            async fn query(
                &mut $self,
                sql: &str,
                params: &[$crate::sql::SqlValue],
            ) -> Result<Vec<Vec<$crate::sql::SqlValue>>, $crate::sql::SqlError> {
                query($connection, sql, params).await
            }

            async fn execute(
                &mut $self,
                sql: &str,
                params: &[$crate::sql::SqlValue],
            ) -> Result<u64, $crate::sql::SqlError> {
                execute($connection, sql, params).await
            }

            async fn commit($self: Box<Self>) -> Result<(), $crate::sql::SqlError> {
                $commit
            }
        }
    };
}

/// Implements `Store` and the store's own methods for types that wrap an `SqlStore` in a field `store`.
macro_rules! stores {
    ($($name:ident $(<$lifetime:lifetime>)?),*) => {
        const _: () = {
            use $crate::domain::{
                AuditEntry, DataMap, Event, Fault, KindName, OperationId, Record, RecordId,
            };
            use $crate::protocol::{
                ChangeSet, Clash, Inconsistency, PlannedWrites, Receipt, Survey, SurveyQuery, VerifyQuery,
            };
            use $crate::plan::Plan;
            use $crate::policy::DeletionPolicy;
            use $crate::sql::{Catalogue, Finding, Statement};
            use $crate::store::{ReadQuery, Reader, Store, StoreError};

            $(
                impl$(<$lifetime>)? $name$(<$lifetime>)? {
                    /// Sets the prefix of the library's tables.
                    ///
                    /// # Errors
                    /// [`StoreError::Unsupported`] if the prefix contains anything but letters, digits and
                    /// underscores.
                    pub fn prefix(self, prefix: &str) -> Result<Self, StoreError> {
                        Ok(Self { store: self.store.prefix(prefix)? })
                    }

                    /// Reads the catalogue of the database, for [`findings`](crate::sql::findings) and
                    /// [`first_policy`](crate::sql::first_policy).
                    ///
                    /// # Errors
                    /// [`StoreError`] if the catalogue cannot be read.
                    pub async fn catalogue(&self) -> Result<Catalogue, StoreError> {
                        self.store.catalogue().await
                    }

                    /// Returns all differences between a policy and the database, and what the policy does not cover:
                    /// see [`SqlStore::findings`](crate::sql::SqlStore::findings).
                    ///
                    /// # Errors
                    /// [`StoreError`] if the database cannot be queried.
                    pub async fn findings(&self, policy: &DeletionPolicy) -> Result<Vec<Finding>, StoreError> {
                        self.store.findings(policy).await
                    }

                    /// Renders the SQL of a plan for this database: see [`SqlStore::sql`](crate::sql::SqlStore::sql).
                    ///
                    /// # Errors
                    /// [`StoreError`] if the columns cannot be read, or if SQL cannot express the plan.
                    pub async fn sql(&self, plan: &Plan) -> Result<Vec<Statement>, StoreError> {
                        self.store.sql(plan).await
                    }

                    /// Reads the audit entries of a subject, in the order they were written.
                    ///
                    /// # Errors
                    /// [`StoreError`] if the log cannot be read.
                    pub async fn audit(
                        &self,
                        kind: &KindName,
                        id: &RecordId,
                    ) -> Result<Vec<AuditEntry>, StoreError> {
                        self.store.audit(kind, id).await
                    }

                    /// Reads the events of an operation, in the order they were written.
                    ///
                    /// # Errors
                    /// [`StoreError`] if the outbox cannot be read.
                    pub async fn events(&self, operation: OperationId) -> Result<Vec<Event>, StoreError> {
                        self.store.events(operation).await
                    }
                }

                #[async_trait::async_trait]
                impl$(<$lifetime>)? Reader for $name$(<$lifetime>)? {
                    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
                        self.store.read(query).await
                    }
                }

                #[async_trait::async_trait]
                impl$(<$lifetime>)? Store for $name$(<$lifetime>)? {
                    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
                        self.store.check(map).await
                    }

                    async fn undeclared(
                        &self,
                        map: &DataMap,
                    ) -> Result<crate::domain::UndeclaredReferences, StoreError> {
                        self.store.undeclared(map).await
                    }

                    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
                        self.store.survey(query).await
                    }

                    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
                        self.store.apply(changes).await
                    }

                    async fn clashes(&self, writes: PlannedWrites<'_>) -> Result<Vec<Clash>, StoreError> {
                        self.store.clashes(writes).await
                    }

                    async fn receipt(
                        &self,
                        query: &crate::protocol::ReceiptQuery,
                    ) -> Result<Option<Receipt>, StoreError> {
                        self.store.receipt(query).await
                    }

                    async fn verify(&self, query: &VerifyQuery) -> Result<Vec<Inconsistency>, StoreError> {
                        self.store.verify(query).await
                    }

                    async fn pause(&self, time: std::time::Duration) {
                        self.store.pause(time).await;
                    }
                }
            )*
        };
    };
}

pub(crate) use {statements, stores, transaction};
