//! Opening the store: to read it, or to write into it.

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

/// A store, and the rows it holds where they are in memory.
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

/// What the database says of its tables.
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
        Location::Memory(_) => Err(no_catalogue()),
    }
}

/// Returns everything in which a policy and the database do not agree, or on which the policy is silent.
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
        Location::Memory(_) => Err(no_catalogue()),
    }
}

fn no_catalogue() -> Failure {
    Failure::usage("rows in memory say nothing of references")
        .remedy("name a database, such as `--store sqlite:app.db`")
}

fn opened(store: impl Store + 'static) -> Opened {
    Opened { store: Arc::new(store), memory: None }
}

fn memory(file: &Path, policy: &DeletionPolicy) -> Result<Opened, Failure> {
    let reader = BufReader::new(open(file)?);
    let store = MemoryStore::from_reader(policy.map(), reader).map_err(|faults| {
        let what = format!("the data in `{}` is not right", file.display());
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

/// The file, which must be there: a database that is opened by a wrong name must not come into being.
fn open(file: &Path) -> Result<File, Failure> {
    let shown = file.display();
    let opened = File::open(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Failure::usage(format!("there is no file `{shown}`")).remedy("correct `--store`")
        }
        _ => Failure::new(Exit::Other, format!("`{shown}` cannot be opened: {error}")),
    })?;
    match opened.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            Err(Failure::usage(format!("`{shown}` is a directory")).remedy("correct `--store`"))
        }
        _ => Ok(opened),
    }
}
