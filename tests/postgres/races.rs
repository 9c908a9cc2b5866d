//! Races: a deletion against everything that could slip in below it.

use std::sync::Arc;

use client_lifecycle::Lifecycle;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx::{self, AssertSqlSafe};
use uuid::Uuid;

use crate::world::{CLINIC, World, clinic, delete, policy};

/// How often each race is run, where `LIFECYCLE_RACES` says nothing else.
const ROUNDS: u128 = 60;

fn rounds() -> u128 {
    std::env::var("LIFECYCLE_RACES").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS)
}

/// Runs a deletion of a new client with two bookings and a paid debt beside `other`, many times, and looks at
/// what is left each time.
async fn race(
    world: &World,
    other: impl Fn(Uuid) -> String,
    check: impl AsyncFn(Uuid, &Result<client_lifecycle::plan::Receipt, Error>, bool),
) {
    let lifecycle = Arc::new(world.lifecycle().await);
    for round in 0..rounds() {
        let id = Uuid::from_u128(round + 1);
        world
            .run(&format!(
                "INSERT INTO clients VALUES ('{id}', 'x');
                 INSERT INTO bookings (client_id) VALUES ('{id}'), ('{id}');
                 INSERT INTO items (booking_id) SELECT id FROM bookings WHERE client_id = '{id}';
                 INSERT INTO debts (client_id, status) VALUES ('{id}', 'PAID')"
            ))
            .await;
        let deleting = tokio::spawn({
            let lifecycle = lifecycle.clone();
            async move { lifecycle.delete(&delete(id)).await }
        });
        let writing = tokio::spawn({
            let (pool, sql) = (world.schema.pool.clone(), other(id));
            async move {
                // From before the deletion to after it.
                tokio::time::sleep(std::time::Duration::from_micros(
                    u64::try_from(round * 397 % 12_000).unwrap(),
                ))
                .await;
                let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await;
                if let Err(error) = &done {
                    let code = error.as_database_error().and_then(|error| error.code().map(String::from));
                    assert_ne!(code.as_deref(), Some("40P01"), "a deadlock surfaced at the writer");
                }
                done.is_ok()
            }
        });
        let (deleted, written) = (deleting.await.unwrap(), writing.await.unwrap());
        check(id, &deleted, written).await;
    }
    // No orphans, whatever happened.
    for (child, field, parent) in [
        ("bookings", "client_id", "clients"),
        ("items", "booking_id", "bookings"),
        ("debts", "client_id", "clients"),
    ] {
        let orphans = format!("SELECT count(*) FROM {child} WHERE {field} NOT IN (SELECT id FROM {parent})");
        assert_eq!(world.number(&orphans).await, 0, "{child}");
    }
    let answers = world.number("SELECT count(*) FROM lifecycle_audit").await;
    assert!(answers >= rounds().try_into().unwrap(), "every attempt is recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_debt_that_is_inserted_stops_the_deletion_or_is_refused() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    let insert = |id| format!("INSERT INTO debts (client_id, status) VALUES ('{id}', 'PENDING')");
    race(&world, insert, async |id, deleted, written| {
        let debts = world.number(&format!("SELECT count(*) FROM debts WHERE client_id = '{id}'")).await;
        match deleted {
            Ok(_) => assert!(!written && debts == 0, "the debt came after the deletion and is refused"),
            Err(Error::Blocked(_)) => assert!(written && debts == 2, "the debt stopped the deletion"),
            Err(error) => panic!("no answer of the contract: {error:?}"),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_item_below_a_booking_goes_with_it_or_is_refused() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    let insert = |id| {
        format!(
            "INSERT INTO items (booking_id) SELECT id FROM bookings WHERE client_id = '{id}' ORDER BY id LIMIT 1"
        )
    };
    race(&world, insert, async |_, deleted, _| {
        deleted.as_ref().unwrap_or_else(|error| panic!("{error:?}"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_update_of_the_client_comes_before_the_deletion_or_finds_nobody() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    let update = |id| format!("UPDATE clients SET email = 'new@example.org' WHERE id = '{id}'");
    race(&world, update, async |id, deleted, written| {
        deleted.as_ref().unwrap_or_else(|error| panic!("{error:?}"));
        assert!(written);
        assert_eq!(world.number(&format!("SELECT count(*) FROM clients WHERE id = '{id}'")).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_debt_that_is_reassigned_is_never_lost() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    let other = Uuid::from_u128(u128::MAX);
    world.run(&format!("INSERT INTO clients VALUES ('{other}', 'other')")).await;
    let moving = |id| format!("UPDATE debts SET client_id = '{other}' WHERE client_id = '{id}'");
    let before = std::sync::atomic::AtomicI64::new(0);
    race(&world, moving, async |id, deleted, _| {
        let receipt = deleted.as_ref().unwrap_or_else(|error| panic!("{error:?}"));
        let step = receipt.steps.iter().find(|step| step.kind == "debts").map_or(0, |step| step.actual);
        let moved = world.number(&format!("SELECT count(*) FROM debts WHERE client_id = '{other}'")).await;
        let last = before.swap(moved, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(step + u64::try_from(moved - last).unwrap(), 1, "deleted or moved: {id}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_deletions_of_one_client_one_finds_it() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    let lifecycle = Arc::new(world.lifecycle().await);
    for round in 0..rounds() {
        let id = Uuid::from_u128(round + 1);
        world
            .run(&format!(
                "INSERT INTO clients VALUES ('{id}', 'x'); INSERT INTO bookings (client_id) VALUES ('{id}')"
            ))
            .await;
        let run = |lifecycle: Arc<Lifecycle<PostgresStore>>| {
            tokio::spawn(async move { lifecycle.delete(&delete(id)).await })
        };
        let (a, b) = (run(lifecycle.clone()), run(lifecycle.clone()));
        let (a, b) = (a.await.unwrap(), b.await.unwrap());
        let done = [&a, &b].iter().filter(|result| result.is_ok()).count();
        assert_eq!(done, 1, "{a:?} {b:?}");
        let other = if a.is_ok() { b } else { a };
        assert!(matches!(other, Err(Error::Refused(_))), "{other:?}");
    }
}

/// Without a foreign key, `"lock": "table"` protects the reference.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_table_lock_protects_a_reference_without_a_foreign_key() {
    let ddl = CLINIC
        .replace("client_id uuid NOT NULL REFERENCES clients, status", "client_id uuid NOT NULL, status");
    let mut document = clinic();
    document["references"][2]["lock"] = "table".into();
    let Some(mut world) = World::new(&ddl, &document).await else { return };
    world.policy = policy(&document);
    // What the host's own check of the parent would be: the lock makes it see the deletion.
    let insert = |id| {
        format!(
            "BEGIN; LOCK TABLE debts IN ROW EXCLUSIVE MODE;
             INSERT INTO debts (client_id, status) SELECT id, 'PENDING' FROM clients WHERE id = '{id}'; COMMIT"
        )
    };
    race(&world, insert, async |id, deleted, _| {
        let debts = world.number(&format!("SELECT count(*) FROM debts WHERE client_id = '{id}'")).await;
        match deleted {
            Ok(_) => assert_eq!(debts, 0, "never an orphan"),
            Err(Error::Blocked(_)) => assert_eq!(debts, 2),
            Err(error) => panic!("no answer of the contract: {error:?}"),
        }
    })
    .await;
}
