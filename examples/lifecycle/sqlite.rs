//! Opens a SQLite database.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use client_lifecycle::sql::Prefix;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::query_as;
use client_lifecycle::sqlite::sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use client_lifecycle::store::StoreError;

use crate::failure::Failure;
use crate::output;

/// The timeout for another writer. It is short because a person is waiting.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// The bytes at the start of every SQLite file.
const HEADER: &[u8] = b"SQLite format 3\0";

/// Returns whether the file is a SQLite database. An empty file is a database without tables.
pub(crate) fn is_database(file: impl Read) -> bool {
    let mut start = Vec::new();
    let read = file.take(HEADER.len() as u64).read_to_end(&mut start);
    read.is_ok() && (start.is_empty() || start == HEADER)
}

/// Moves the write-ahead log into the file and empties it, because it holds the pages from before an erasure. Without
/// such a log, it does nothing. The operation is done, so a failure is only reported.
pub(crate) async fn empty_log(pool: &SqlitePool) {
    let emptied = query_as::<_, (i64, i64, i64)>("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(pool).await;
    if !matches!(emptied, Ok((0, _, _))) {
        output::message(
            "note: the write-ahead log still holds erased values, because another connection is in use; \
             run `PRAGMA wal_checkpoint(TRUNCATE)` later",
        );
    }
}

pub(crate) async fn connect(file: &Path, prefix: &Prefix, writes: bool) -> Result<SqliteStore, Failure> {
    // Set the file name instead of parsing a URL, so any file name works. The file is never created.
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .read_only(!writes)
        // Erased values are overwritten in the file, and not only marked as free.
        .pragma("secure_delete", "ON")
        .busy_timeout(BUSY_TIMEOUT);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(BUSY_TIMEOUT * 2)
        .connect_with(options)
        .await
        .map_err(|error| StoreError::backend("opened the database", error))?;
    Ok(SqliteStore::new(pool).prefix(prefix.as_str())?)
}
