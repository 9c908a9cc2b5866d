//! The host's database, SQLite or PostgreSQL as the address says.

use std::error::Error;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::{self, PgPool, SqlitePool};
use client_lifecycle::store::{Reader, Store, StoreError};

use crate::{postgres, sqlite};

/// A store that can also read clients, on either database.
pub(crate) trait Records: Store + Reader {}

impl<S: Store + Reader> Records for S {}

/// The database with the host's tables for all four systems. The library adds its own tables.
pub(crate) enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Database {
    /// Opens a database, and creates missing tables.
    pub(crate) async fn open(address: &str) -> Result<Self, Box<dyn Error>> {
        match address.split_once(':') {
            Some(("sqlite", _)) => Ok(Self::Sqlite(sqlite::open(address).await?)),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(postgres::open(address).await?)),
            // The message does not repeat the address, which may contain a password.
            _ => Err("unknown store; use `sqlite:FILE` or `postgres://…`".into()),
        }
    }

    /// Creates the library's tables, and returns its store on this database.
    pub(crate) async fn store(&self) -> Result<Arc<dyn Records>, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => Arc::new(SqliteStore::new(pool.clone()).migrate().await?),
            Self::Postgres(pool) => Arc::new(PostgresStore::new(pool.clone()).migrate().await?),
        })
    }

    /// Moves the write-ahead log of SQLite into the file and empties it, because it holds the pages from before an
    /// erasure. Does not wait for it: readers that are in the way would delay the answer.
    pub(crate) fn empty_log(&self) {
        if let Self::Sqlite(pool) = self {
            let pool = pool.clone();
            tokio::spawn(async move { sqlite::empty_log(&pool).await });
        }
    }

    /// Checks the connection.
    pub(crate) async fn ping(&self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(pool) => sqlx::query("SELECT 1").execute(pool).await.map(drop),
            Self::Postgres(pool) => sqlx::query("SELECT 1").execute(pool).await.map(drop),
        }
    }

    /// Returns the user id and the role of a session; `None` if the session has expired or the user's status is OFF.
    pub(crate) async fn session(&self, token: &str) -> Result<Option<(String, String)>, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => sqlite::session(pool, token).await,
            Self::Postgres(pool) => postgres::session(pool, token).await,
        }
    }

    /// Stores a session.
    pub(crate) async fn sign_in(
        &self,
        client: &str,
        token: &str,
        until: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(pool) => sqlite::sign_in(pool, client, token, until).await,
            Self::Postgres(pool) => postgres::sign_in(pool, client, token, until).await,
        }
    }

    /// Adds the sample data if the database is empty. Returns whether the database contains this client afterwards.
    pub(crate) async fn fill(&self, client: &str) -> Result<bool, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => sqlite::fill(pool, client).await,
            Self::Postgres(pool) => postgres::fill(pool, client).await,
        }
    }
}

/// Converts an error of the host's own SQL to an error of the library.
pub(crate) fn failed(doing: &str, error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => {
            StoreError::Unavailable { doing: doing.into(), source: error.into(), retryable: true }
        }
        sqlx::Error::Database(said) if said.code().is_some_and(|code| GONE.contains(&&*code)) => {
            StoreError::Unavailable { doing: doing.into(), source: said.into(), retryable: true }
        }
        error => StoreError::backend(doing, error),
    }
}

/// The PostgreSQL error codes of a server that is shutting down, has crashed, or is starting.
const GONE: [&str; 3] = ["57P01", "57P02", "57P03"];
