//! Concurrent calls from several connections and threads on one database file.
#![cfg(feature = "sqlite")]

use client_lifecycle::clients::ClientPatch;
use client_lifecycle::domain::{Request, Status};

use super::database::{Database, number};
use super::world::{MARIA, ana, create, new, off_to, operation, row, update};

/// Runs two futures concurrently and returns both results.
async fn both<A, B>(one: A, two: B) -> (A::Output, B::Output)
where
    A: Future<Output: Send + 'static> + Send + 'static,
    B: Future<Output: Send + 'static> + Send + 'static,
{
    let (one, two) = (tokio::spawn(one), tokio::spawn(two));
    (one.await.unwrap(), two.await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writers_lose_no_write_and_no_audit_entry() {
    let file = Database::new(4).await;
    let lifecycle = file.lifecycle().await;
    for round in 0..40_u32 {
        let id = operation(1000 + u128::from(round)).to_string();
        let mail = |who: &str| format!("{who}{round}@example.com");
        file.insert(&row(&id, &mail("first"))).await;
        let call = |what: u32| {
            let (lifecycle, id, mail) = (lifecycle.clone(), id.clone(), mail("same"));
            async move {
                match what {
                    0 => lifecycle
                        .clients()
                        .unwrap()
                        .update(&update(&id), &ClientPatch::new().with_city("Cádiz"))
                        .await
                        .map(|_| ()),
                    1 => {
                        let patch = ClientPatch::new().with_phone("+34600000001").with_status(Status::Off);
                        lifecycle.clients().unwrap().update(&update(&id), &patch).await.map(|_| ())
                    }
                    2 => lifecycle
                        .clients()
                        .unwrap()
                        .set_status(&Request::deactivate("clients", &*id).by(ana()))
                        .await
                        .map(|_| ()),
                    3 => {
                        lifecycle.execute(&Request::hard_delete("clients", &*id).by(ana())).await.map(|_| ())
                    }
                    4 => {
                        lifecycle.execute(&Request::soft_delete("clients", &*id).by(ana())).await.map(|_| ())
                    }
                    5 => lifecycle.clients().unwrap().create(&create(), new(&mail)).await.map(|_| ()),
                    6 => lifecycle
                        .clients()
                        .unwrap()
                        .update(&update(&id), &ClientPatch::new().with_email(mail))
                        .await
                        .map(|_| ()),
                    _ => unreachable!(),
                }
            }
        };
        let pairs = [(0, 1), (0, 2), (0, 3), (1, 3), (1, 4), (2, 3), (5, 5), (5, 6), (6, 4), (1, 6)];
        let (a, b) = pairs[round as usize % pairs.len()];
        let (one, two) = both(call(a), call(b)).await;
        let what = format!("{a} and {b}: {one:?} {two:?}");
        for done in [&one, &two] {
            let is_expected = match done {
                Ok(()) => true,
                Err(error) => ["not_found", "taken"].contains(&error.code()),
            };
            assert!(is_expected, "{what}");
        }
        let client = |field: &str| format!("SELECT count(*) FROM clients WHERE user_id = '{id}' AND {field}");
        if a < 3 && b < 3 {
            assert!(one.is_ok() && two.is_ok(), "{what}");
            assert_eq!(number(&file.pool, &client("city = 'Cádiz' AND status = 'OFF'")).await, 1, "{what}");
            // A deactivation that finds the status already OFF does not increment the version.
            assert_eq!(number(&file.pool, &client("version IN (4, 5)")).await, 1, "{what}");
        }
        if (a, b) == (0, 1) {
            assert_eq!(
                number(&file.pool, &client("phone = '+34600000001' AND version = 5")).await,
                1,
                "{what}"
            );
        }
        if b == 3 {
            assert!(two.is_ok(), "{what}");
            assert_eq!(number(&file.pool, &client("true")).await, 0, "{what}");
        }
        if b == 4 {
            assert!(two.is_ok(), "{what}");
            assert_eq!(number(&file.pool, &client("deleted_at IS NOT NULL")).await, 1, "{what}");
        }
        if b == 5 || (a, b) == (5, 6) {
            assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "{what}");
        }
        let holders = format!("SELECT count(*) FROM clients WHERE email = '{}'", mail("same"));
        assert!(number(&file.pool, &holders).await <= 1, "{what}");
    }
    // Each attempt has exactly one audit entry.
    assert_eq!(number(&file.pool, "SELECT count(*) FROM lifecycle_audit").await, 80);
    let failed = "SELECT count(*) FROM lifecycle_audit WHERE outcome = 'failed'";
    assert_eq!(number(&file.pool, failed).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_concurrent_creations_with_one_address_succeeds() {
    let file = Database::new(4).await;
    let lifecycle = file.lifecycle().await;
    let calls = (0..8).map(|number| {
        let lifecycle = lifecycle.clone();
        let mail = if number % 2 == 0 { "one@example.com" } else { "ONE@example.com" };
        tokio::spawn(async move { lifecycle.clients().unwrap().create(&create(), new(mail)).await })
    });
    let mut made = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(_) => made += 1,
            Err(error) => assert_eq!(error.code(), "taken", "{error:?}"),
        }
    }
    assert_eq!(made, 1);
    assert_eq!(number(&file.pool, "SELECT count(*) FROM lifecycle_audit").await, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_operation_sent_concurrently_is_done_once_and_returned_to_all() {
    let file = Database::new(4).await;
    let lifecycle = file.lifecycle().await;
    for round in 0..10_u128 {
        let calls: Vec<_> = (0..4)
            .map(|_| {
                let lifecycle = lifecycle.clone();
                tokio::spawn(async move {
                    let request = create().operation(operation(100 + round));
                    let made = lifecycle
                        .clients()
                        .unwrap()
                        .create(&request, new(&format!("m{round}@example.com")))
                        .await;
                    let made = made.map(|client| client.user_id());
                    let patch = off_to("Cádiz").with_phone(format!("+3460000{round:04}"));
                    (
                        made,
                        lifecycle
                            .clients()
                            .unwrap()
                            .update(&update(MARIA).operation(operation(200 + round)), &patch)
                            .await,
                    )
                })
            })
            .collect();
        let mut ids = std::collections::BTreeSet::new();
        for call in calls {
            let (made, updated) = call.await.unwrap();
            ids.insert(made.unwrap_or_else(|error| panic!("{error:?}")));
            updated.unwrap_or_else(|error| panic!("{error:?}"));
        }
        assert_eq!(ids.len(), 1);
        lifecycle
            .clients()
            .unwrap()
            .set_status(&Request::reactivate("clients", MARIA).by(ana()))
            .await
            .unwrap();
    }
    assert_eq!(
        number(&file.pool, &format!("SELECT version FROM clients WHERE user_id = '{MARIA}'")).await,
        23
    );
}
