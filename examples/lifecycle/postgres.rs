//! A database on a server.

use std::fmt::Display;
use std::time::Duration;

use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use client_lifecycle::postgres::sqlx::{self, Connection};
use client_lifecycle::sql::Prefix;
use client_lifecycle::store::Store;
use client_lifecycle::{DeletionPolicy, Error};

use crate::failure::{Exit, Failure};

/// The timeout for a connection and for locks: a person is waiting.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Opens the store in read-only transactions.
pub(crate) async fn to_read(address: &str, prefix: &Prefix) -> Result<PostgresStore, Failure> {
    connect(address, prefix, true).await
}

/// Opens the store to write. The library's tables are created only in a database that the policy fits, and not in
/// one that was opened by mistake.
pub(crate) async fn to_write(
    address: &str,
    prefix: &Prefix,
    policy: &DeletionPolicy,
) -> Result<PostgresStore, Failure> {
    let store = connect(address, prefix, false).await?;
    let mut faults = client_lifecycle::domain::Faults::none();
    faults.extend(store.check(policy.map()).await?);
    faults.or(()).map_err(Error::Misfit)?;
    Ok(store.migrate().await?)
}

async fn connect(address: &str, prefix: &Prefix, reads: bool) -> Result<PostgresStore, Failure> {
    // No message repeats the address, because it may hold a password.
    let options: PgConnectOptions = address.parse().map_err(|_| {
        Failure::usage("`--store` is not the address of a database")
            .remedy("write it as `postgres://user:password@host:port/database`")
    })?;
    let options = options.application_name("lifecycle");
    let options = if reads { options.options([("default_transaction_read_only", "on")]) } else { options };
    // A pool would wait for an absent server, and would not report what is wrong.
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
