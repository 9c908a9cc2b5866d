//! Opens a PostgreSQL database.

use std::fmt::Display;
use std::time::Duration;

use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use client_lifecycle::postgres::sqlx::{self, Connection};
use client_lifecycle::sql::Prefix;

use crate::failure::{Exit, Failure};

/// The timeout for connecting and for locks. It is short because a person is waiting.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) async fn connect(address: &str, prefix: &Prefix, writes: bool) -> Result<PostgresStore, Failure> {
    // Error messages do not contain the address, because it may contain a password.
    let options: PgConnectOptions = address.parse().map_err(|_| {
        Failure::usage("`--store` is not the address of a database")
            .remedy("write it as `postgres://user:password@host:port/database`")
    })?;
    let options = options.application_name("lifecycle");
    let options = if writes { options } else { options.options([("default_transaction_read_only", "on")]) };
    // Connect once without a pool: a pool would retry until its timeout and not report why the server is unreachable.
    let first = tokio::time::timeout(TIMEOUT, PgConnection::connect_with(&options)).await;
    let first = first.map_err(|_| unconnected("the server does not answer"))?;
    let first = first.map_err(|error| match error {
        sqlx::Error::Database(error) => unconnected(error.message()),
        sqlx::Error::Io(error) => unconnected(error),
        error => unconnected(error),
    })?;
    first.close().await.map_err(unconnected)?;
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(TIMEOUT).connect_lazy_with(options);
    Ok(PostgresStore::new(pool).lock_timeout(TIMEOUT).prefix(prefix.as_str())?)
}

fn unconnected(error: impl Display) -> Failure {
    Failure::new(Exit::Other, format!("cannot connect to the database: {error}"))
        .remedy("check that the server is running, and the host, user and database in `--store`")
}
