//! The store over an SQL connection.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::backend::Backend;
use super::catalogue::{Catalogue, Reach};
use super::connection::{AccessMode, SqlConnection, SqlTransaction};
use super::coverage::Finding;
use super::dialect::Dialect;
use super::schema_cache::SchemaCache;
use super::session::{ErrorContext, Session};
use super::statement::Prefix;
use super::table_schema::{QueryColumns, TableSchema};
use crate::domain::{DataMap, Fault, Kind, Reference, TableName, UndeclaredReferences};
use crate::policy::DeletionPolicy;
use crate::protocol::{
    ChangeSet, Clash, Inconsistency, PlannedWrites, Receipt, ReceiptQuery, Survey, SurveyQuery, VerifyQuery,
};
use crate::store::patience::one_operation;
use crate::store::{Store, StoreError};

/// A [`Store`] on an SQL database, over any [`SqlConnection`].
///
/// Each call is one transaction of the connection. The library's own tables must exist before anything is applied:
/// see [`migrate`](Self::migrate) and [`schema`](super::schema).
pub struct SqlStore<C> {
    pub(super) connection: C,
    pub(super) dialect: Dialect,
    pub(super) prefix: Prefix,
    /// Shared with the stores inside transactions of the host.
    pub(super) cache: Arc<SchemaCache>,
    pub(super) single_statement_limit: u64,
}

/// The default maximum number of planned rows for which an operation on PostgreSQL is a single statement.
pub(super) const SINGLE_STATEMENT_LIMIT: u64 = 500;

impl<C: SqlConnection> SqlStore<C> {
    /// Makes a store over a connection. The names of its own tables start with `lifecycle_`.
    pub fn new(connection: C, dialect: Dialect) -> Self {
        Self {
            connection,
            dialect,
            prefix: Prefix::default(),
            cache: Arc::default(),
            single_statement_limit: SINGLE_STATEMENT_LIMIT,
        }
    }

    /// Sets the prefix of the library's tables.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] if the prefix contains anything but letters, digits and underscores.
    pub fn prefix(mut self, prefix: &str) -> Result<Self, StoreError> {
        self.prefix = Prefix::new(prefix)?;
        Ok(self)
    }

    /// Sets the maximum number of planned rows for which an operation on PostgreSQL is a single statement.
    ///
    /// The default is 500. Above it, each kind has its own statement, which costs the server less and needs more
    /// network round trips. The result is the same. SQLite always uses several statements.
    #[must_use]
    pub fn single_statement_limit(mut self, rows: u64) -> Self {
        self.single_statement_limit = rows;
        self
    }

    /// Returns this store over another connection to the same database, for example inside a transaction of the host.
    ///
    /// Both stores have the same prefix and limit, and share the cached schema. With
    /// [`Lifecycle::with_store`](crate::Lifecycle::with_store), a lifecycle that was opened once can work inside any
    /// transaction of the host:
    ///
    /// ```
    /// # use client_lifecycle::{Error, Lifecycle, Request};
    /// # use client_lifecycle::sql::{SqlConnection, SqlStore};
    /// async fn inside<C: SqlConnection, T: SqlConnection>(
    ///     lifecycle: &Lifecycle<SqlStore<C>>,
    ///     transaction: T,
    ///     request: &Request,
    /// ) -> Result<(), Error> {
    ///     let inside = lifecycle.with_store(lifecycle.store().with_connection(transaction));
    ///     inside.execute(request).await?;
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn with_connection<T: SqlConnection>(&self, connection: T) -> SqlStore<T> {
        SqlStore {
            connection,
            dialect: self.dialect,
            prefix: self.prefix.clone(),
            cache: self.cache.clone(),
            single_statement_limit: self.single_statement_limit,
        }
    }

    /// Returns the connection.
    pub fn connection(&self) -> &C {
        &self.connection
    }

    /// Returns the connection, to configure it.
    #[cfg(feature = "postgres")]
    pub(crate) fn connection_mut(&mut self) -> &mut C {
        &mut self.connection
    }

    /// Reads the catalogue of the database, for [`findings`](super::findings) and
    /// [`first_policy`](super::first_policy).
    ///
    /// # Errors
    /// [`StoreError`] if the catalogue cannot be read.
    pub async fn catalogue(&self) -> Result<Catalogue, StoreError> {
        self.catalogue_for(&DataMap::default(), Reach::EverySchema).await
    }

    /// Returns all mismatches between a policy and the database, and what the policy does not cover.
    ///
    /// Runs the checks of the function [`findings`](super::findings). The catalogue also includes collations on SQLite,
    /// and repeated ids in views. If the list is empty, [`Lifecycle::open`](crate::Lifecycle#method.open) accepts the
    /// policy.
    ///
    /// # Errors
    /// [`StoreError`] if the catalogue cannot be read.
    pub async fn findings(&self, policy: &DeletionPolicy) -> Result<Vec<Finding>, StoreError> {
        let catalogue = self.catalogue_for(&policy.map_to_check(), Reach::EverySchema).await?;
        let (map, _) = super::coverage::effective_map(policy, &catalogue);
        if map.references().all(Reference::is_declared) {
            return Ok(super::findings(policy, &catalogue));
        }
        // The tables of undeclared references need the same further queries as those of declared references.
        Ok(super::findings(policy, &self.catalogue_for(&map, Reach::EverySchema).await?))
    }

    async fn catalogue_for(&self, map: &DataMap, reach: Reach) -> Result<Catalogue, StoreError> {
        let context = self.context("read the catalogue");
        let mut tx = self.begin(AccessMode::Read, context).await?;
        let read = Catalogue::read_for(&mut *tx, self.dialect, &self.prefix, map, reach).await;
        let catalogue = read.map_err(|error| context.error(error))?;
        self.end_read(tx, context).await?;
        Ok(catalogue)
    }

    /// Ends a transaction that has only read. A transaction of the library is dropped. A savepoint is released: one that
    /// is only rolled back stays open, and slows down everything after it in the host's transaction.
    pub(super) async fn end_read(
        &self,
        tx: Box<dyn SqlTransaction + '_>,
        context: ErrorContext<'_>,
    ) -> Result<(), StoreError> {
        if context.retryable {
            return Ok(());
        }
        tx.commit().await.map_err(|error| context.error(error))
    }

    pub(super) fn backend(&self) -> &'static dyn Backend {
        self.dialect.backend()
    }

    pub(super) fn context<'a>(&'a self, doing: &'a str) -> ErrorContext<'a> {
        let retryable = self.connection.retryable();
        ErrorContext { doing, kind: None, map: None, prefix: &self.prefix, retryable, triggers: &[] }
    }

    pub(super) async fn begin(
        &self,
        access: AccessMode,
        context: ErrorContext<'_>,
    ) -> Result<Box<dyn SqlTransaction + '_>, StoreError> {
        let begun = self.connection.begin(access).await;
        begun.map_err(|error| context.error(error))
    }

    pub(super) fn session<'t, 'c>(
        &self,
        tx: &'t mut (dyn SqlTransaction + 'c),
        context: ErrorContext<'t>,
    ) -> Session<'t, 'c> {
        Session { tx, backend: self.backend(), context }
    }

    /// Returns the cached schema, or reads the columns if it is not cached.
    pub(super) async fn schema(
        &self,
        session: &mut Session<'_, '_>,
        columns: &QueryColumns<'_>,
        cached: Option<&Arc<TableSchema>>,
    ) -> Result<Arc<TableSchema>, StoreError> {
        if let Some(cached) = cached {
            return Ok(cached.clone());
        }
        let schema = Arc::new(session.read_schema(columns).await?);
        self.cache.insert(columns, &schema);
        Ok(schema)
    }

    /// Returns whether an operation may have failed because the cached schema is outdated.
    pub(super) async fn is_outdated(
        &self,
        columns: &QueryColumns<'_>,
        cached: &TableSchema,
        error: &StoreError,
    ) -> bool {
        let may_be = matches!(
            error,
            StoreError::Backend { .. }
                | StoreError::Unknown { .. }
                | StoreError::BadValue { .. }
                | StoreError::WrongId { .. }
                | StoreError::Unsupported(_)
        );
        if !may_be {
            return false;
        }
        let context = self.context("read the catalogue");
        let Ok(mut tx) = self.begin(AccessMode::Read, context).await else {
            return false;
        };
        // Compare the full schema, because renaming a type does not change the schema version.
        let found = self.session(&mut *tx, context).read_schema(columns).await;
        // Even if the savepoint cannot be released, the columns have been read.
        self.end_read(tx, context).await.ok();
        match found {
            Ok(schema) => schema != *cached,
            Err(error) => matches!(
                error,
                StoreError::Unknown { .. } | StoreError::BadValue { .. } | StoreError::SchemaChanged
            ),
        }
    }
}

#[async_trait]
impl<C: SqlConnection> Store for SqlStore<C> {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        let found = super::coverage::refused(map, &self.catalogue_for(map, Reach::Connected).await?);
        Ok(found.into_iter().map(Finding::into_fault).collect())
    }

    async fn undeclared(&self, map: &DataMap) -> Result<UndeclaredReferences, StoreError> {
        let context = self.context("read the foreign keys");
        let mut tx = self.begin(AccessMode::Read, context).await?;
        let read = Catalogue::read_for(&mut *tx, self.dialect, &self.prefix, map, Reach::Connected).await;
        let catalogue = read.map_err(|error| context.error(error))?;
        let mut found = super::coverage::undeclared(map, &catalogue);
        let kinds = map.kinds().chain(&found.kinds).map(Kind::table_name).map(Cow::into_owned);
        // The role cannot name tables of schemas that it may not use. The check of the map reports them.
        let can_look = |name: &TableName| catalogue.table(name).is_some_and(|table| !table.is_hidden);
        let tables: Vec<TableName> = kinds.filter(can_look).collect();
        let keys = self.session(&mut *tx, context).read_keys(&tables).await?;
        self.end_read(tx, context).await?;
        found.keys = Some(Arc::new(keys));
        Ok(found)
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        one_operation(super::survey::run(self, query)).await
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        let done = one_operation(super::run::run(self, changes)).await;
        done.map_err(|error| error.of_kind(&changes.query.kind))
    }

    async fn clashes(&self, writes: PlannedWrites<'_>) -> Result<Vec<Clash>, StoreError> {
        one_operation(self.find_clashes(writes)).await
    }

    async fn receipt(&self, query: &ReceiptQuery) -> Result<Option<Receipt>, StoreError> {
        self.read_receipt(query).await
    }

    async fn verify(&self, query: &VerifyQuery) -> Result<Vec<Inconsistency>, StoreError> {
        one_operation(self.find_inconsistencies(query)).await
    }

    async fn pause(&self, time: Duration) {
        self.connection.pause(time).await;
    }
}

impl<C> fmt::Debug for SqlStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore")
            .field("dialect", &self.dialect)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
