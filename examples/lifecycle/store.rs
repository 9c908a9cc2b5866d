//! Opens the store, to read or to write.

use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use client_lifecycle::sql::{Catalogue, Finding};
use client_lifecycle::{DeletionPolicy, MemoryStore, Store};

use crate::arguments::Shared;
use crate::failure::{Exit, Failure};
use crate::location::Location;
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::sqlite;

/// A store, and its rows if they are in memory.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) memory: Option<Arc<MemoryStore>>,
}

/// Opens the store so that nothing can be written, not even the library's own tables.
pub(crate) async fn to_read(shared: &Shared, policy: &DeletionPolicy) -> Result<Opened, Failure> {
    match shared.store()? {
        Location::Sqlite(file) => {
            database(&file)?;
            Ok(opened(sqlite::to_read(&file, &shared.prefix).await?))
        }
        #[cfg(feature = "postgres")]
        Location::Postgres(address) => Ok(opened(postgres::to_read(&address, &shared.prefix).await?)),
        Location::Memory(file) => memory(&file, policy),
    }
}

/// Opens the store with the library's own tables in it.
pub(crate) async fn to_write(shared: &Shared, policy: &DeletionPolicy) -> Result<Opened, Failure> {
    match shared.store()? {
        Location::Sqlite(file) => {
            database(&file)?;
            Ok(opened(sqlite::to_write(&file, &shared.prefix, policy).await?))
        }
        #[cfg(feature = "postgres")]
        Location::Postgres(address) => {
            Ok(opened(postgres::to_write(&address, &shared.prefix, policy).await?))
        }
        Location::Memory(file) => memory(&file, policy),
    }
}

/// Reads the catalogue of the database.
pub(crate) async fn catalogue(shared: &Shared) -> Result<Catalogue, Failure> {
    match shared.store()? {
        Location::Sqlite(file) => {
            database(&file)?;
            let store = sqlite::to_read(&file, &shared.prefix).await?;
            Ok(store.catalogue().await?)
        }
        #[cfg(feature = "postgres")]
        Location::Postgres(address) => {
            Ok(postgres::to_read(&address, &shared.prefix).await?.catalogue().await?)
        }
        Location::Memory(_) => Err(Failure::usage("rows in memory have no catalogue")
            .remedy("name a database, such as `--store sqlite:app.db`")),
    }
}

/// Reports where the policy and the store differ, and what the policy does not cover.
pub(crate) async fn findings(shared: &Shared, policy: &DeletionPolicy) -> Result<Vec<Finding>, Failure> {
    match shared.store()? {
        Location::Sqlite(file) => {
            database(&file)?;
            Ok(sqlite::to_read(&file, &shared.prefix).await?.findings(policy).await?)
        }
        #[cfg(feature = "postgres")]
        Location::Postgres(address) => {
            Ok(postgres::to_read(&address, &shared.prefix).await?.findings(policy).await?)
        }
        // Rows in memory have no schema; only values that contradict the policy are found.
        Location::Memory(file) => {
            let faults = memory(&file, policy)?.store.check(policy.map()).await?;
            Ok(faults.into_iter().map(Finding::from).collect())
        }
    }
}

fn opened(store: impl Store + 'static) -> Opened {
    Opened { store: Arc::new(store), memory: None }
}

fn memory(file: &Path, policy: &DeletionPolicy) -> Result<Opened, Failure> {
    let reader = BufReader::new(open(file)?);
    let store = MemoryStore::from_reader(policy.map(), reader).map_err(|faults| {
        let what = format!("the data in `{}` is invalid", file.display());
        Failure::faults(&what, &faults).remedy("correct every line above; nothing has been changed")
    })?;
    let store = Arc::new(store);
    Ok(Opened { store: store.clone(), memory: Some(store) })
}

fn database(file: &Path) -> Result<(), Failure> {
    if sqlite::is_database(open(file)?) {
        return Ok(());
    }
    let message = format!("`{}` is not a SQLite database", file.display());
    Err(Failure::usage(message).remedy("correct `--store`"))
}

/// Opens a file that exists: a mistyped name must not create a database.
fn open(file: &Path) -> Result<File, Failure> {
    let shown = file.display();
    let opened = File::open(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Failure::usage(format!("there is no file `{shown}`")).remedy("correct `--store`")
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
