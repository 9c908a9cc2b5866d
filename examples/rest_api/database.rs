//! The host's database: SQLite or PostgreSQL, as the address says.

use std::error::Error;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::{self, PgPool, SqlitePool};
use client_lifecycle::store::{Reader, Store, StoreError};

use crate::{postgres, sqlite};

/// A store in which clients can be looked up, whatever holds it.
pub(crate) trait Records: Store + Reader {}

impl<S: Store + Reader> Records for S {}

/// The tables of four systems in one database; the library adds its own.
pub(crate) enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Database {
    /// Opens a database, and makes what it lacks.
    pub(crate) async fn open(address: &str) -> Result<Self, Box<dyn Error>> {
        match address.split_once(':') {
            Some(("sqlite", _)) => Ok(Self::Sqlite(sqlite::open(address).await?)),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(postgres::open(address).await?)),
            // An address may hold a password.
            _ => Err("this is no store: give `sqlite:FILE` or `postgres://…`".into()),
        }
    }

    /// The library's store on it, its own tables included.
    pub(crate) async fn store(&self) -> Result<Arc<dyn Records>, StoreError> {
        Ok(match self {
            Self::Sqlite(pool) => Arc::new(SqliteStore::new(pool.clone()).migrate().await?),
            Self::Postgres(pool) => Arc::new(PostgresStore::new(pool.clone()).migrate().await?),
        })
    }

    /// Asks it for nothing.
    pub(crate) async fn ping(&self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(pool) => sqlx::query("SELECT 1").execute(pool).await.map(drop),
            Self::Postgres(pool) => sqlx::query("SELECT 1").execute(pool).await.map(drop),
        }
    }

    /// Returns the client and the role of a session. `None` if it has expired or the client is OFF.
    pub(crate) async fn session(&self, token: &str) -> Result<Option<(String, String)>, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => sqlite::session(pool, token).await,
            Self::Postgres(pool) => postgres::session(pool, token).await,
        }
    }

    /// Keeps a session.
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

    /// Adds data to a database without any; what is there already stays as it is. Whether the database holds
    /// this client then.
    pub(crate) async fn fill(&self, client: &str) -> Result<bool, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => sqlite::fill(pool, client).await,
            Self::Postgres(pool) => postgres::fill(pool, client).await,
        }
    }
}

/// A failure of the host's own statements, as those of the library are told.
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

/// The server of PostgreSQL is going down, has crashed, or is coming up.
const GONE: [&str; 3] = ["57P01", "57P02", "57P03"];
