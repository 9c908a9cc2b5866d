//! The host's database.

use std::error::Error;
use std::str::FromStr;
use std::time::Duration;

use client_lifecycle::sqlite::sqlx::raw_sql;
use client_lifecycle::sqlite::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

/// The tables of four systems in one file; the library adds its own.
const TABLES: &str = include_str!("tables.sql");

/// Opens a database, and makes what it lacks.
pub(crate) async fn open(address: &str) -> Result<SqlitePool, Box<dyn Error>> {
    if !address.starts_with("sqlite:") {
        return Err(format!("`{address}` is no store: give `sqlite:FILE`").into());
    }
    let options = SqliteConnectOptions::from_str(address)?
        .create_if_missing(true)
        // Whoever reads does not wait for whoever writes; writers wait for each other.
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(10));
    let pool = SqlitePoolOptions::new().max_connections(8).connect_with(options).await?;
    raw_sql(TABLES).execute(&pool).await?;
    Ok(pool)
}
