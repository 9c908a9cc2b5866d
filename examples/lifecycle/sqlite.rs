//! A database in a file.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use client_lifecycle::sql::Prefix;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use client_lifecycle::store::{Store, StoreError};
use client_lifecycle::{DeletionPolicy, Error};

use crate::failure::Failure;

/// The timeout for another writer: a person is waiting.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// The first bytes of a database file.
const HEADER: &[u8] = b"SQLite format 3\0";

pub(crate) async fn to_read(file: &Path, prefix: &Prefix) -> Result<SqliteStore, Failure> {
    connect(file, prefix, |options| options.read_only(true)).await
}

/// Opens the store to write. The library's tables are created only in a database that the policy fits, and not in
/// one that was opened by mistake.
pub(crate) async fn to_write(
    file: &Path,
    prefix: &Prefix,
    policy: &DeletionPolicy,
) -> Result<SqliteStore, Failure> {
    let store = connect(file, prefix, |options| options).await?;
    let mut faults = client_lifecycle::domain::Faults::none();
    faults.extend(store.check(policy.map()).await?);
    faults.or(()).map_err(Error::Misfit)?;
    Ok(store.migrate().await?)
}

/// Returns whether the file is a database. An empty file is one without tables.
pub(crate) fn is_database(file: impl Read) -> bool {
    let mut start = Vec::new();
    let read = file.take(HEADER.len() as u64).read_to_end(&mut start);
    read.is_ok() && (start.is_empty() || start == HEADER)
}

async fn connect(
    file: &Path,
    prefix: &Prefix,
    set: impl FnOnce(SqliteConnectOptions) -> SqliteConnectOptions,
) -> Result<SqliteStore, Failure> {
    // By its name and not as a URL, so that any file name will do. The file is never created.
    let options =
        SqliteConnectOptions::new().filename(file).create_if_missing(false).busy_timeout(BUSY_TIMEOUT);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(BUSY_TIMEOUT * 2)
        .connect_with(set(options))
        .await
        .map_err(|error| StoreError::backend("opened the database", error))?;
    Ok(SqliteStore::new(pool).prefix(prefix.as_str())?)
}
