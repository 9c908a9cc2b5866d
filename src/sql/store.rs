//! The store over a SQL connection.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::failure::Doing;
use super::known::Known;
use super::schema::{VERSION, schema};
use super::statement::Statement;
use super::{Access, Catalogue, Dialect, Finding, Prefix, SqlConnection, SqlError, SqlTransaction, SqlValue};
use crate::domain::{DataMap, Fault};
use crate::policy::DeletionPolicy;
use crate::protocol::{ChangeSet, Receipt, Survey, SurveyQuery};
use crate::store::{Store, StoreError};

/// A [`Store`] on a SQL database, over any [`SqlConnection`].
///
/// Everything one call does is one transaction of the connection. The library's own tables must be there
/// before something is applied: see [`migrate`](Self::migrate) and [`schema`](super::schema).
pub struct SqlStore<C> {
    pub(super) connection: C,
    pub(super) dialect: Dialect,
    pub(super) prefix: Prefix,
    pub(super) known: Known,
    pub(super) at_once: u64,
}

/// Up to how many rows an operation on PostgreSQL is one statement.
const AT_ONCE: u64 = 500;

impl<C: SqlConnection> SqlStore<C> {
    /// A store over a connection, whose own tables begin with `lifecycle_`.
    pub fn new(connection: C, dialect: Dialect) -> Self {
        Self { connection, dialect, prefix: Prefix::default(), known: Known::default(), at_once: AT_ONCE }
    }

    /// The same with another prefix.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] for a prefix that is not made of letters, digits and underscores.
    pub fn prefix(mut self, prefix: &str) -> Result<Self, StoreError> {
        self.prefix = Prefix::new(prefix)?;
        Ok(self)
    }

    /// The same with up to how many rows, as planned, PostgreSQL is given one statement that counts, tells, writes and
    /// records; 500 unless this says otherwise. Above that each kind has a statement of its own, which takes less
    /// of the server and more of the network. What comes of an operation is the same either way.
    #[must_use]
    pub fn at_once(mut self, rows: u64) -> Self {
        self.at_once = rows;
        self
    }

    /// The connection.
    pub fn connection(&self) -> &C {
        &self.connection
    }

    /// The connection, to be set up.
    #[cfg(feature = "postgres")]
    pub(crate) fn connection_mut(&mut self) -> &mut C {
        &mut self.connection
    }

    /// Creates the library's tables where they are not there yet. May be called any number of times.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] when the tables are those of a later version of the library.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let doing = self.doing("created the library's tables");
        let mut tx = self.begin(Access::Write, doing).await?;
        if self.dialect == Dialect::Postgres {
            // `IF NOT EXISTS` is no protection from another process that does the same now.
            let lock = "SELECT pg_advisory_xact_lock(7811887520106867) IS NULL, current_schema() NOT LIKE 'pg@_temp%' ESCAPE '@'";
            let rows = tx.query(lock, &[]).await.map_err(|error| doing.failed(error))?;
            // They would be temporary, and gone with the connection.
            if rows.first().and_then(|row| row.get(1)).and_then(SqlValue::as_integer) != Some(1) {
                return Err(StoreError::Unsupported(
                    "creating the library's tables where no schema of the search path is there".into(),
                ));
            }
        }
        for statement in schema(self.dialect, &self.prefix) {
            tx.execute(&statement, &[]).await.map_err(|error| doing.failed(error))?;
        }
        let table = self.dialect.quote(&self.prefix.table("schema"));
        let rows = tx
            .query(&format!("SELECT max(version) FROM {table}"), &[])
            .await
            .map_err(|error| doing.failed(error))?;
        let version = rows.iter().flatten().find_map(SqlValue::as_integer);
        if version.is_some_and(|version| version > VERSION) {
            return Err(StoreError::Unsupported(format!(
                "tables of schema {} with the prefix `{}`: this version of the library knows schema {VERSION}",
                version.unwrap_or_default(),
                self.prefix
            )));
        }
        tx.commit().await.map_err(|error| doing.not_committed(error))
    }

    /// Reads the catalogue of the database, for [`findings`](super::findings) and [`first_policy`](super::first_policy).
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub async fn catalogue(&self) -> Result<Catalogue, StoreError> {
        self.catalogue_for(&DataMap::default()).await
    }

    /// Returns everything in which a policy and the database differ, and what the policy does not cover.
    ///
    /// It judges as the function [`findings`](super::findings), by a catalogue read for the policy: tables outside the
    /// search path, collations on SQLite and repeated ids in views included. It is empty only if
    /// [`Lifecycle::open`](crate::Lifecycle#method.open) refuses nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the catalogue cannot be read.
    pub async fn findings(&self, policy: &DeletionPolicy) -> Result<Vec<Finding>, StoreError> {
        Ok(super::findings(policy, &self.catalogue_for(&policy.map_to_check()).await?))
    }

    async fn catalogue_for(&self, map: &DataMap) -> Result<Catalogue, StoreError> {
        let doing = self.doing("read the catalogue");
        let mut tx = self.begin(Access::Read, doing).await?;
        let read = Catalogue::read_for(&mut *tx, self.dialect, &self.prefix, map).await;
        read.map_err(|error| doing.failed(error))
    }

    pub(super) fn doing<'a>(&'a self, what: &'a str) -> Doing<'a> {
        Doing { what, kind: None, map: None, prefix: &self.prefix, retryable: self.connection.retryable() }
    }

    pub(super) async fn begin(
        &self,
        access: Access,
        doing: Doing<'_>,
    ) -> Result<Box<dyn SqlTransaction + '_>, StoreError> {
        let begun = self.connection.begin(access).await;
        begun.map_err(|error| doing.failed(error))
    }
}

#[async_trait]
impl<C: SqlConnection> Store for SqlStore<C> {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        let found = super::coverage::refused(map, &self.catalogue_for(map).await?);
        Ok(found.into_iter().map(Finding::into_fault).collect())
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        super::survey::run(self, query).await
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        super::apply::run(self, changes).await
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

/// Runs a statement for its rows.
pub(super) async fn query(
    tx: &mut (dyn SqlTransaction + '_),
    statement: &Statement,
) -> Result<Vec<Vec<SqlValue>>, SqlError> {
    tx.query(&statement.sql, &statement.params).await
}

/// Runs a statement for what it does.
pub(super) async fn execute(
    tx: &mut (dyn SqlTransaction + '_),
    statement: &Statement,
) -> Result<u64, SqlError> {
    tx.execute(&statement.sql, &statement.params).await
}
