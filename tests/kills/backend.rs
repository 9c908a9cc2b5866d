//! Terminates the PostgreSQL backend after each statement of an operation in turn.

use std::time::Duration;

use async_trait::async_trait;
use client_lifecycle::lifecycle::{Error, Retries};
use client_lifecycle::postgres::PoolConnection;
use client_lifecycle::postgres::sqlx::{self, PgPool};
use client_lifecycle::sql::{Dialect, SqlStore};
use client_lifecycle::store::StoreError;

use crate::server::Schema;
use crate::stopping::{Event, Stopping};
use crate::world::{Database, open_with, pool_of, postgres_options, request};

/// Calls `pg_terminate_backend` on another connection, and waits until the backend is gone.
pub(crate) struct Terminate(PgPool);

#[async_trait]
impl Event for Terminate {
    async fn happen(&self, _: &str, backend: Option<i64>) {
        let backend = i32::try_from(backend.unwrap()).unwrap();
        let end = sqlx::query("SELECT pg_terminate_backend($1)").bind(backend);
        end.execute(&self.0).await.unwrap();
        let left = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1";
        while sqlx::query_scalar::<_, i64>(left).bind(backend).fetch_one(&self.0).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

pub(crate) type Terminated = SqlStore<Stopping<PoolConnection, Terminate>>;

/// Makes a store whose backend is terminated after its statement number `at`.
pub(crate) fn store(schema: &Schema, at: usize) -> Terminated {
    let pool = pool_of(postgres_options(&schema.name, "terminated"), 2);
    let mut connection = Stopping::new(PoolConnection::new(pool), at, Terminate(schema.pool.clone()));
    connection.asks_backend = true;
    SqlStore::new(connection, Dialect::Postgres)
}

#[tokio::test]
async fn a_terminated_backend_is_a_documented_error_and_the_operation_can_be_repeated() {
    let Some(database) = Database::postgres().await else { return };
    let (before, after) = database.before_and_after().await;
    let (mut failed, mut unknown, mut done) = (0, 0, 0);
    for at in 1.. {
        let lifecycle = open_with(store(database.schema(), at), Retries::none()).await;
        lifecycle.store().connection().branch();
        let result = lifecycle.execute(&request()).await;
        let found = database.whole().await;
        match result {
            Err(Error::Store(error)) => {
                // If the backend was terminated during COMMIT, nobody knows whether the commit succeeded.
                let is_unknown = matches!(error, StoreError::OutcomeUnknown { .. });
                let is_broken = matches!(error, StoreError::Unavailable { retryable: true, .. });
                assert!((is_broken || is_unknown) && error.is_retryable(), "after {at}: {error:?}");
                unknown += usize::from(is_unknown);
                let (own, rest): (Vec<_>, Vec<_>) =
                    found.into_iter().partition(|line| line.contains("failed"));
                assert_eq!((own.len(), rest), (1, before.clone()), "the attempt is recorded, after {at}");
                failed += 1;
            }
            // The backend was terminated after the COMMIT, or after a statement of a reading transaction.
            Ok(_) => {
                assert_eq!(found, after, "after {at}");
                done += 1;
            }
            Err(error) => panic!("no answer of the contract after {at}: {error:?}"),
        }
        database.finish(&after).await;
        database.reset().await;
        if lifecycle.store().connection().done() < at {
            break;
        }
    }
    assert!(failed >= 5 && unknown <= 1 && done >= 1, "{failed} failed, {unknown} at COMMIT, {done} done");
}

/// With retries, the caller gets a receipt, and nothing is done or recorded twice.
#[tokio::test]
async fn a_terminated_backend_is_hidden_by_retries() {
    let Some(database) = Database::postgres().await else { return };
    let (_, after) = database.before_and_after().await;
    for at in 1.. {
        let lifecycle = open_with(store(database.schema(), at), Retries::default()).await;
        lifecycle.store().connection().branch();
        lifecycle.execute(&request()).await.unwrap_or_else(|error| panic!("after {at}: {error:?}"));
        assert_eq!(database.whole().await, after, "after {at}");
        let done = lifecycle.store().connection().done();
        database.reset().await;
        if done < at {
            assert!(at > 6, "{at}");
            break;
        }
    }
}
