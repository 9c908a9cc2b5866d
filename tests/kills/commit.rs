//! Cuts the connection at COMMIT: the operation id tells whether the commit succeeded, and nothing is done twice.

use client_lifecycle::lifecycle::{Error, Retries};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::store::StoreError;

use crate::proxy::{Cut, Proxy};
use crate::world::{Database, open_with, pool_of, postgres_options, request};

/// Opens a store whose connections go through a proxy. The proxy cuts the first `times` connections.
async fn behind(database: &Database, cut: Cut, times: usize) -> (Proxy, PostgresStore) {
    let options = postgres_options(&database.schema().name, "cut");
    let proxy = Proxy::new((options.get_host().to_owned(), options.get_port()), cut, times).await;
    let options = options.host("127.0.0.1").port(proxy.port);
    (proxy, PostgresStore::new(pool_of(options, 2)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_commit_is_resolved_by_the_operation_id() {
    let Some(database) = Database::postgres().await else { return };
    let (before, after) = database.before_and_after().await;
    for _ in 0..crate::effort::races().div_ceil(25) {
        for (cut, times) in
            [Cut::BeforeIt, Cut::WhileItIsDone, Cut::AfterIt].into_iter().flat_map(|cut| [(cut, 1), (cut, 3)])
        {
            let (proxy, store) = behind(&database, cut, times).await;
            let lifecycle = open_with(store, Retries::default()).await;
            let receipt = lifecycle.execute(&request()).await;
            let receipt = receipt.unwrap_or_else(|error| panic!("{cut:?} {times}: {error:?}"));
            assert_eq!(database.whole().await, after, "{cut:?} {times}");
            assert!(proxy.left() < times, "the cut was made");
            assert_eq!(lifecycle.execute(&request()).await.unwrap(), receipt);
            assert_eq!(database.whole().await, after, "{cut:?} {times}: asked for again");
            database.reset().await;
        }
    }
    // Without retries in the lifecycle, the caller can repeat the operation.
    let (_, store) = behind(&database, Cut::AfterIt, 1).await;
    open_with(store, Retries::none()).await.execute(&request()).await.unwrap();
    assert_eq!(database.whole().await, after);
    database.reset().await;
    let (_, store) = behind(&database, Cut::BeforeIt, 1).await;
    let error = open_with(store, Retries::none()).await.execute(&request()).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::OutcomeUnknown { .. })), "{error:?}");
    assert!(error.is_retryable(), "because the operation id settles it");
    assert_eq!(database.whole_of_done().await, before);
    database.finish(&after).await;
}
