//! Using the store inside an open transaction of the host.

use client_lifecycle::Lifecycle;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::PostgresTransaction;
use client_lifecycle::postgres::sqlx::{self, AssertSqlSafe};
use client_lifecycle::store::StoreError;
use uuid::Uuid;

use crate::world::{CLINIC, World, clinic, delete};

pub(crate) const ANA: Uuid = Uuid::from_u128(1);
pub(crate) const BEN: Uuid = Uuid::from_u128(2);

pub(crate) async fn world() -> Option<World> {
    let world = World::new(CLINIC, &clinic()).await?;
    world
        .run(&format!(
            "INSERT INTO clients VALUES ('{ANA}', 'ana@example.org'), ('{BEN}', 'ben@example.org');
             INSERT INTO debts (client_id, status) VALUES ('{ANA}', 'PAID'), ('{BEN}', 'PENDING')"
        ))
        .await;
    Some(world)
}

#[tokio::test]
async fn a_refusal_leaves_the_transaction_usable_and_commit_keeps_everything() {
    let Some(world) = world().await else { return };
    let mut tx = world.schema.pool.begin().await.unwrap();
    sqlx::query("UPDATE clients SET status = 'SEEN'").execute(&mut *tx).await.unwrap();
    {
        let store = PostgresTransaction::new(&mut tx);
        let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
        let blocked = lifecycle.execute(&delete(BEN)).await.unwrap_err();
        assert!(matches!(blocked, Error::Blocked(_)), "{blocked}");
        lifecycle.execute(&delete(ANA)).await.unwrap();
    }
    sqlx::query("INSERT INTO debts (client_id, status) VALUES ($1, 'NEW')")
        .bind(BEN.to_string())
        .execute(&mut *tx)
        .await
        .unwrap_err();
    drop(tx);
    // The host's own failed statement has rolled back the transaction. Repeat the work without that statement.
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 2, "rolled back with the host's");
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_audit").await, 0, "audit entries too");
    let mut tx = world.schema.pool.begin().await.unwrap();
    {
        let lifecycle =
            Lifecycle::open(PostgresTransaction::new(&mut tx), world.policy.clone()).await.unwrap();
        lifecycle.execute(&delete(ANA)).await.unwrap();
        lifecycle.execute(&delete(BEN)).await.unwrap_err();
    }
    tx.commit().await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 1);
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_audit").await, 2);
}

#[tokio::test]
async fn another_isolation_level_is_refused_before_anything_is_written() {
    let Some(world) = world().await else { return };
    for level in ["REPEATABLE READ", "SERIALIZABLE"] {
        let begin = AssertSqlSafe(format!("BEGIN ISOLATION LEVEL {level}"));
        let mut tx = world.schema.pool.begin_with(begin).await.unwrap();
        {
            let lifecycle =
                Lifecycle::open(PostgresTransaction::new(&mut tx), world.policy.clone()).await.unwrap();
            let error = lifecycle.execute(&delete(ANA)).await.unwrap_err();
            let text = format!("{error:?}");
            assert!(matches!(error, Error::Store(StoreError::Unsupported(_))), "{error:?}");
            assert!(text.contains(&level.to_lowercase()), "{text}");
            assert!(!error.is_retryable());
        }
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM clients").fetch_one(&mut *tx).await.unwrap();
        assert_eq!(count, 2, "usable, and nothing has changed");
    }
}

#[tokio::test]
async fn a_connection_without_a_transaction_is_refused() {
    let Some(world) = world().await else { return };
    let mut connection = world.schema.pool.acquire().await.unwrap();
    let store = PostgresTransaction::new(&mut connection);
    let error = Lifecycle::open(store, world.policy.clone()).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Unsupported(_))), "{error:?}");
}

/// The host's transaction is lost with its connection, so the library does not retry.
#[tokio::test]
async fn a_broken_connection_is_not_retried() {
    let Some(world) = world().await else { return };
    let mut connection = world.schema.pool.acquire().await.unwrap();
    connection.close_on_drop();
    let mut tx = sqlx::Connection::begin(&mut *connection).await.unwrap();
    let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *tx).await.unwrap();
    {
        let store = PostgresTransaction::new(&mut tx);
        let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
        assert_eq!(world.number(&format!("SELECT pg_terminate_backend({backend})::int::bigint")).await, 1);
        let error = lifecycle.execute(&delete(ANA)).await.unwrap_err();
        assert!(matches!(error, Error::Store(StoreError::Unavailable { retryable: false, .. })), "{error:?}");
        assert!(!error.is_retryable());
    }
    tx.commit().await.unwrap_err();
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 2);
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_audit").await, 0, "it dies with the transaction");
}

/// Drops the call after its first poll, then after its second, and so on. The host then commits all of its work or
/// none.
#[tokio::test]
async fn a_cancelled_call_leaves_nothing_to_commit() {
    let Some(world) = world().await else { return };
    let mut finished = false;
    for polls in 1..400 {
        let id = Uuid::from_u128(1000 + polls as u128);
        world
            .run(&format!(
                "INSERT INTO clients VALUES ('{id}', 'x'); INSERT INTO debts (client_id, status) VALUES ('{id}', 'PAID')"
            ))
            .await;
        let mut connection = world.schema.pool.acquire().await.unwrap();
        connection.close_on_drop();
        let mut tx = sqlx::Connection::begin(&mut *connection).await.unwrap();
        let done = {
            let store = PostgresTransaction::new(&mut tx);
            let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
            given_up(polls, async { lifecycle.execute(&delete(id)).await.map(|_| ()) }).await
        };
        // The commit may fail if the savepoint was just being released, but it must not keep part of an operation.
        drop(tx.commit().await);
        drop(connection);
        let clients = world.number(&format!("SELECT count(*) FROM clients WHERE id = '{id}'")).await;
        let debts = world.number(&format!("SELECT count(*) FROM debts WHERE client_id = '{id}'")).await;
        let audit =
            world.number(&format!("SELECT count(*) FROM lifecycle_audit WHERE record = '{id}'")).await;
        let gone = (clients, debts, audit) == (0, 0, 1);
        let nothing = (clients, debts) == (1, 1) && audit == 0;
        assert!(gone || nothing, "after {polls} polls: {clients} clients, {debts} debts, {audit} entries");
        if let Some(result) = done {
            result.unwrap();
            assert!(gone);
            finished = true;
            break;
        }
    }
    assert!(finished, "400 polls are enough");
}

/// Polls a future at most this many times. Returns its result, or drops it and returns `None`.
async fn given_up<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = Box::pin(future);
    let mut left = polls;
    std::future::poll_fn(move |context| {
        left -= 1;
        match future.as_mut().poll(context) {
            std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
            std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(None),
            std::task::Poll::Pending => std::task::Poll::Pending,
        }
    })
    .await
}
