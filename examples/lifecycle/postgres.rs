//! A database on a server.

use std::time::Duration;

use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use client_lifecycle::postgres::sqlx::{self, Connection};
use client_lifecycle::sql::Prefix;
use client_lifecycle::store::{Store, StoreError};
use client_lifecycle::{DeletionPolicy, Error};

use crate::failure::Failure;

/// How long to wait for a connection, and for the locks of others: a person is waiting too.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the store so that nothing can be written.
pub(crate) async fn to_read(address: &str, prefix: &Prefix) -> Result<PostgresStore, Failure> {
    connect(address, prefix, true).await
}

/// The tables of the library are created only in a database that the policy fits: not in one that was
/// opened by mistake.
pub(crate) async fn to_write(
    address: &str,
    prefix: &Prefix,
    policy: &DeletionPolicy,
) -> Result<PostgresStore, Failure> {
    let store = connect(address, prefix, false).await?;
    let mut faults = client_lifecycle::domain::Faults::none();
    faults.extend(store.check(policy.map()).await?);
    faults.or(()).map_err(Error::SchemaMismatch)?;
    Ok(store.migrate().await?)
}

async fn connect(address: &str, prefix: &Prefix, reads: bool) -> Result<PostgresStore, Failure> {
    // The address is in no message, because it may hold a password.
    let options: PgConnectOptions = address.parse().map_err(|_| {
        Failure::usage("the address of the database cannot be read")
            .remedy("write it as `postgres://user:password@host:port/database`")
    })?;
    let options = options.application_name("lifecycle");
    let options = if reads { options.options([("default_transaction_read_only", "on")]) } else { options };
    let opening = |error| StoreError::backend("opened the database", error);
    // A pool would wait for a server that is not there, and then not say what is wrong.
    let first = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
    let first = first.map_err(|_| opening(sqlx::Error::PoolTimedOut))?.map_err(opening)?;
    first.close().await.map_err(opening)?;
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_lazy_with(options);
    Ok(PostgresStore::new(pool).lock_timeout(PATIENCE).prefix(prefix.as_str())?)
}
