//! Opens the store for reading or for writing.

use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use client_lifecycle::domain::Faults;
use client_lifecycle::plan::Plan;
#[cfg(feature = "postgres")]
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::sql::{Catalogue, Dialect, Finding, Statement};
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::sqlite::SqlitePool;
use client_lifecycle::{DeletionPolicy, Error, MemoryStore, Store};

use crate::arguments::Shared;
use crate::failure::{Exit, Failure};
use crate::location::Location;
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::sqlite;

/// An open store.
pub(crate) enum Opened {
    Memory(Arc<MemoryStore>),
    Sqlite(SqliteStore),
    #[cfg(feature = "postgres")]
    Postgres(PostgresStore),
}

/// Opens the store. If `writes` is false, nothing can be written, not even the library's own tables.
pub(crate) async fn open(shared: &Shared, policy: &DeletionPolicy, writes: bool) -> Result<Opened, Failure> {
    let location = shared.store()?;
    if let Location::Memory(file) = &location {
        return memory(file, policy);
    }
    database(shared, location, writes).await
}

/// Reads the catalogue of the database.
pub(crate) async fn catalogue(shared: &Shared) -> Result<Catalogue, Failure> {
    match database(shared, shared.store()?, false).await? {
        Opened::Sqlite(store) => Ok(store.catalogue().await?),
        #[cfg(feature = "postgres")]
        Opened::Postgres(store) => Ok(store.catalogue().await?),
        Opened::Memory(_) => Err(no_catalogue()),
    }
}

impl Opened {
    pub(crate) fn into_store(self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => store,
            Self::Sqlite(store) => Arc::new(store),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => Arc::new(store),
        }
    }

    /// Returns the store if its rows are in memory, otherwise `None`.
    pub(crate) fn memory(&self) -> Option<Arc<MemoryStore>> {
        if let Self::Memory(store) = self { Some(store.clone()) } else { None }
    }

    /// Returns the connections to a SQLite database, otherwise `None`.
    pub(crate) fn sqlite(&self) -> Option<SqlitePool> {
        if let Self::Sqlite(store) = self { Some(store.pool().clone()) } else { None }
    }

    /// Creates those of the library's tables that are missing. First checks that the policy fits the database, in case `--store` names the wrong
    /// database.
    pub(crate) async fn migrate(self, policy: &DeletionPolicy) -> Result<Self, Failure> {
        match self {
            Self::Memory(store) => Ok(Self::Memory(store)),
            Self::Sqlite(store) => {
                check(&store, policy).await?;
                Ok(Self::Sqlite(store.migrate().await?))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => {
                check(&store, policy).await?;
                Ok(Self::Postgres(store.migrate().await?))
            }
        }
    }

    /// Returns the statements of a plan. Rows in memory have no columns, so these are the statements for SQLite.
    pub(crate) async fn sql(&self, plan: &Plan) -> Result<Vec<Statement>, Failure> {
        Ok(match self {
            Self::Memory(_) => plan.sql(Dialect::Sqlite)?,
            Self::Sqlite(store) => store.sql(plan).await?,
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.sql(plan).await?,
        })
    }

    /// Reports where the policy and the store differ, and what the policy does not cover.
    pub(crate) async fn findings(&self, policy: &DeletionPolicy) -> Result<Vec<Finding>, Failure> {
        match self {
            Self::Sqlite(store) => Ok(store.findings(policy).await?),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => Ok(store.findings(policy).await?),
            // Rows in memory have no schema, so the check finds only values that contradict the policy.
            Self::Memory(store) => {
                let faults = store.check(policy.map()).await?;
                Ok(faults.into_iter().map(Finding::from).collect())
            }
        }
    }
}

async fn check(store: &impl Store, policy: &DeletionPolicy) -> Result<(), Failure> {
    let mut faults = Faults::none();
    faults.extend(store.check(policy.map()).await?);
    Ok(faults.or(()).map_err(Error::SchemaMismatch)?)
}

fn memory(file: &Path, policy: &DeletionPolicy) -> Result<Opened, Failure> {
    let reader = BufReader::new(existing(file)?);
    let store = MemoryStore::from_reader(policy.map(), reader).map_err(|faults| {
        let what = format!("the data in `{}` is invalid", file.display());
        Failure::faults(&what, &faults).remedy("correct every line above; nothing has been changed")
    })?;
    Ok(Opened::Memory(Arc::new(store)))
}

async fn database(shared: &Shared, location: Location, writes: bool) -> Result<Opened, Failure> {
    match location {
        Location::Sqlite(file) => {
            if !sqlite::is_database(existing(&file)?) {
                let message = format!("`{}` is not a SQLite database", file.display());
                return Err(Failure::usage(message).remedy("correct `--store`"));
            }
            Ok(Opened::Sqlite(sqlite::connect(&file, &shared.prefix, writes).await?))
        }
        #[cfg(feature = "postgres")]
        Location::Postgres(address) => {
            Ok(Opened::Postgres(postgres::connect(&address, &shared.prefix, writes).await?))
        }
        Location::Memory(_) => Err(no_catalogue()),
    }
}

fn no_catalogue() -> Failure {
    Failure::usage("rows in memory have no catalogue")
        .remedy("use a database, such as `--store sqlite:app.db`")
}

/// Opens an existing file. A mistyped name must not create a database.
fn existing(file: &Path) -> Result<File, Failure> {
    let shown = file.display();
    let opened = File::open(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Failure::usage(format!("the file `{shown}` does not exist")).remedy("correct `--store`")
        }
        _ => Failure::new(Exit::Other, format!("`{shown}` cannot be opened: {error}"))
            .remedy("check its permissions"),
    })?;
    match opened.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            Err(Failure::usage(format!("`{shown}` is a directory")).remedy("correct `--store`"))
        }
        _ => Ok(opened),
    }
}
