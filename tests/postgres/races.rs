//! Races between a deletion and every insertion and change below its subject.

use std::sync::Arc;

use client_lifecycle::Lifecycle;
use client_lifecycle::domain::Request;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx::{self, AssertSqlSafe, PgPool};
use client_lifecycle::protocol::Receipt;
use uuid::Uuid;

use crate::world::{CLINIC, World, clinic, delete};

pub(crate) fn rounds() -> u128 {
    crate::effort::races().into()
}

/// Repeatedly creates a client with two bookings and a paid debt, and deletes it while `writer` runs. Calls `check`
/// each time. The writer returns whether its row exists.
pub(crate) async fn race<W: Future<Output = bool> + Send + 'static>(
    world: &World,
    request: impl Fn(Uuid) -> Request,
    writer: impl Fn(Uuid, PgPool) -> W,
    check: impl AsyncFn(Uuid, &Result<Receipt, Error>, bool),
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
            let (lifecycle, request) = (lifecycle.clone(), request(id));
            async move { lifecycle.execute(&request).await }
        });
        let writing = writer(id, world.schema.pool.clone());
        let writing = tokio::spawn(async move {
            // The delays spread from before the deletion to after it, even with few rounds.
            let after = u64::try_from(round * 4_397 % 12_000).unwrap();
            tokio::time::sleep(std::time::Duration::from_micros(after)).await;
            writing.await
        });
        let (deleted, written) = (deleting.await.unwrap(), writing.await.unwrap());
        check(id, &deleted, written).await;
    }
    // No row may be left without its parent.
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

/// Runs the statements of a writer. Returns whether they succeeded; only a foreign key may refuse them.
pub(crate) async fn runs(pool: PgPool, sql: String) -> bool {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await;
    if let Err(error) = &done {
        let code = error.as_database_error().and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("23503"), "nothing but the foreign key objects: {error}");
    }
    done.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_update_of_the_client_comes_before_the_deletion_or_finds_no_row() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    let update =
        |id, pool| runs(pool, format!("UPDATE clients SET email = 'new@example.org' WHERE id = '{id}'"));
    race(&world, delete, update, async |id, deleted, written| {
        deleted.as_ref().unwrap_or_else(|error| panic!("{error:?}"));
        assert!(written);
        assert_eq!(world.number(&format!("SELECT count(*) FROM clients WHERE id = '{id}'")).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reassigned_debt_is_never_lost() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    let other = Uuid::from_u128(u128::MAX);
    world.run(&format!("INSERT INTO clients VALUES ('{other}', 'other')")).await;
    let moving = move |id, pool| {
        runs(pool, format!("UPDATE debts SET client_id = '{other}' WHERE client_id = '{id}'"))
    };
    let before = std::sync::atomic::AtomicI64::new(0);
    race(&world, delete, moving, async |id, deleted, _| {
        let receipt = deleted.as_ref().unwrap_or_else(|error| panic!("{error:?}"));
        let step = receipt.steps.iter().find(|step| step.kind == "debts").map_or(0, |step| step.actual);
        let moved = world.number(&format!("SELECT count(*) FROM debts WHERE client_id = '{other}'")).await;
        let last = before.swap(moved, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(step + u64::try_from(moved - last).unwrap(), 1, "deleted or moved: {id}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_two_deletions_of_one_client_finds_it() {
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
            tokio::spawn(async move { lifecycle.execute(&delete(id)).await })
        };
        let (a, b) = (run(lifecycle.clone()), run(lifecycle.clone()));
        let (a, b) = (a.await.unwrap(), b.await.unwrap());
        let done = [&a, &b].iter().filter(|result| result.is_ok()).count();
        assert_eq!(done, 1, "{a:?} {b:?}");
        let other = if a.is_ok() { b } else { a };
        assert!(matches!(other, Err(Error::Refused(_))), "{other:?}");
    }
}

/// The deletion waits for a paid debt that becomes pending. The debt must be judged again, whether one or two
/// references lead to it, and whether the deletion is one statement or several.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_whose_condition_changes_during_the_wait_is_not_lost() {
    let id = Uuid::from_u128(7);
    for (at_once, twice) in [(u64::MAX, false), (0, false), (u64::MAX, true), (0, true)] {
        let rows = format!(
            "{CLINIC} ALTER TABLE debts ADD COLUMN booking_id bigint REFERENCES bookings; CREATE INDEX ON debts (booking_id);
             INSERT INTO clients VALUES ('{id}', 'x'); INSERT INTO bookings (client_id) VALUES ('{id}');
             INSERT INTO debts (client_id, status, booking_id) VALUES ('{id}', 'PAID', 1)"
        );
        let mut document = clinic();
        let booked = serde_json::json!({ "from": "debts.booking_id", "to": "bookings", "nullable": true });
        if twice {
            document["references"].as_array_mut().unwrap().push(booked);
            document["modes"]["hard_delete"]["rules"]["debts.booking_id"] = "cascade".into();
            document["modes"]["hard_delete"]["rules"]["debts.client_id"][0]["then"] = "protect".into();
        }
        let Some(world) = World::new(&rows, &document).await else { return };
        if !twice {
            world.run("UPDATE debts SET booking_id = NULL").await;
        }
        let answer = change_during_the_wait(&world, at_once, id).await;
        let left = world.number("SELECT count(*) FROM debts WHERE status = 'PENDING'").await;
        assert_eq!(left, 1, "{at_once} {twice}: {answer:?}");
        assert!(matches!(answer, Err(Error::Blocked(_) | Error::Conflict { .. })), "{answer:?}");
    }
}

/// The deletion waits for a paid debt whose state becomes unknown. An unknown condition does not hold, so the debt would
/// stay among the rows to delete; the warning about it must be noticed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_whose_protecting_condition_becomes_unknown_during_the_wait_stops_the_deletion() {
    let id = Uuid::from_u128(7);
    for at_once in [u64::MAX, 0] {
        let rows = format!(
            "{CLINIC} ALTER TABLE debts ALTER COLUMN status DROP NOT NULL;
             INSERT INTO clients VALUES ('{id}', 'x'); INSERT INTO debts (client_id, status) VALUES ('{id}', 'PAID')"
        );
        let Some(world) = World::new(&rows, &clinic()).await else { return };
        let answer = write_during_the_wait(&world, at_once, id, "UPDATE debts SET status = NULL").await;
        assert!(matches!(answer, Err(Error::Blocked(_) | Error::Conflict { .. })), "{at_once}: {answer:?}");
        assert_eq!(world.number("SELECT count(*) FROM debts").await, 1);
    }
}

/// A guard counts debts, which are deleted by a rule without a condition. A debt that matches the guard after the wait
/// stops the deletion.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_matches_a_guard_after_the_wait_stops_the_deletion() {
    let id = Uuid::from_u128(7);
    for at_once in [u64::MAX, 0] {
        let mut document = clinic();
        document["modes"]["hard_delete"]["rules"]["debts.client_id"] = "cascade".into();
        document["modes"]["hard_delete"]["guards"] = serde_json::json!([
            { "name": "unsettled", "on": "debts", "when": { "field": "status", "eq": "PENDING" },
              "severity": "block", "message": "there are unsettled debts", "remedy": "settle them" } ]);
        let rows = format!(
            "{CLINIC} INSERT INTO clients VALUES ('{id}', 'x'); INSERT INTO debts (client_id, status) VALUES ('{id}', 'PAID')"
        );
        let Some(world) = World::new(&rows, &document).await else { return };
        let answer = change_during_the_wait(&world, at_once, id).await;
        assert!(matches!(answer, Err(Error::Blocked(_) | Error::Conflict { .. })), "{answer:?}");
        assert_eq!(world.number("SELECT count(*) FROM debts").await, 1);
    }
}

/// Deletes the client while another transaction makes its debts pending. The deletion has to wait for that
/// transaction.
async fn change_during_the_wait(world: &World, at_once: u64, id: Uuid) -> Result<Receipt, Error> {
    write_during_the_wait(world, at_once, id, "UPDATE debts SET status = 'PENDING'").await
}

/// Deletes the client while another transaction has run `sql`. The deletion has to wait for that transaction.
async fn write_during_the_wait(
    world: &World,
    at_once: u64,
    id: Uuid,
    sql: &'static str,
) -> Result<Receipt, Error> {
    let store = world.store().single_statement_limit(at_once);
    let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
    let mut other = world.schema.pool.begin().await.unwrap();
    sqlx::query(sql).execute(&mut *other).await.unwrap();
    let deleting = tokio::spawn(async move { lifecycle.execute(&delete(id)).await });
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')
        AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'debts'::regclass)";
    world.until_counted(waiting).await;
    other.commit().await.unwrap();
    deleting.await.unwrap()
}

/// The reference deletes some rows and keeps others, so the DELETE selects its rows by id. It must still check them
/// again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_a_mixed_reference_is_checked_again_after_the_wait() {
    let id = Uuid::from_u128(7);
    let mut document = clinic();
    document["references"][2]["nullable"] = true.into();
    document["modes"]["hard_delete"]["rules"]["debts.client_id"] = serde_json::json!([
        { "when": { "field": "status", "eq": "PENDING" }, "then": "restrict" },
        { "when": { "field": "status", "eq": "OLD" }, "then": { "anonymize": { "status": { "text": "GONE" } } } },
        { "then": "cascade" } ]);
    for at_once in [u64::MAX, 0] {
        for (change, left) in [
            ("UPDATE debts SET status = 'PENDING' WHERE id = 1", "PENDING 7, OLD 7"),
            (
                "UPDATE debts SET client_id = '00000000-0000-0000-0000-000000000008' WHERE id = 1",
                "PAID 8, GONE 0",
            ),
            ("UPDATE debts SET client_id = '00000000-0000-0000-0000-000000000008' WHERE id = 2", "OLD 8"),
        ] {
            let rows = format!(
                "{CLINIC} ALTER TABLE debts ALTER COLUMN client_id DROP NOT NULL;
                 INSERT INTO clients VALUES ('{id}', 'x'), ('00000000-0000-0000-0000-000000000008', 'y');
                 INSERT INTO debts (client_id, status) VALUES ('{id}', 'PAID'), ('{id}', 'OLD')"
            );
            let Some(world) = World::new(&rows, &document).await else { return };
            let answer = write_during_the_wait(&world, at_once, id, change).await;
            let found = world
                .text("SELECT coalesce(string_agg(status || ' ' || coalesce(right(client_id::text, 1), '0'), ', ' ORDER BY id), '') FROM debts")
                .await;
            assert_eq!(found, left, "{at_once} {change}: {answer:?}");
        }
    }
}

/// Both references delete the debt without a condition. The debt leaves both during the wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_two_references_moved_during_the_wait_is_not_lost() {
    let id = Uuid::from_u128(7);
    let mut document = clinic();
    let booked = serde_json::json!({ "from": "debts.booking_id", "to": "bookings", "nullable": true });
    document["references"].as_array_mut().unwrap().push(booked);
    document["modes"]["hard_delete"]["rules"]["debts.booking_id"] = "cascade".into();
    document["modes"]["hard_delete"]["rules"]["debts.client_id"] = "cascade".into();
    for at_once in [u64::MAX, 0] {
        let rows = format!(
            "{CLINIC} ALTER TABLE debts ADD COLUMN booking_id bigint REFERENCES bookings; CREATE INDEX ON debts (booking_id);
             INSERT INTO clients VALUES ('{id}', 'x'), ('00000000-0000-0000-0000-000000000008', 'y');
             INSERT INTO bookings (client_id) VALUES ('{id}');
             INSERT INTO debts (client_id, status, booking_id) VALUES ('{id}', 'PAID', 1)"
        );
        let Some(world) = World::new(&rows, &document).await else { return };
        let move_away =
            "UPDATE debts SET client_id = '00000000-0000-0000-0000-000000000008', booking_id = NULL";
        let answer = write_during_the_wait(&world, at_once, id, move_away).await;
        assert_eq!(world.number("SELECT count(*) FROM debts").await, 1, "{at_once}: {answer:?}");
        assert_eq!(world.number("SELECT count(*) FROM clients").await, 1, "{at_once}: {answer:?}");
    }
}

/// Each deleted row has an event, and no other row has one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_sent_only_for_deleted_rows() {
    let id = Uuid::from_u128(7);
    let mut document = clinic();
    document["modes"]["hard_delete"]["effects"] = serde_json::json!([
        { "topic": "debt.gone", "on": "debts", "fields": ["status"] } ]);
    for at_once in [u64::MAX, 0] {
        let rows = format!(
            "{CLINIC} INSERT INTO clients VALUES ('{id}', 'x'), ('00000000-0000-0000-0000-000000000008', 'y');
             INSERT INTO debts (client_id, status) VALUES ('{id}', 'PAID')"
        );
        let Some(world) = World::new(&rows, &document).await else { return };
        let answer = write_during_the_wait(&world, at_once, id, "UPDATE debts SET status = 'LATE'").await;
        let topics =
            world.text("SELECT string_agg(payload::jsonb ->> 'status', ' ') FROM lifecycle_outbox").await;
        assert_eq!(topics, "LATE", "{at_once}: {answer:?}");
    }
}

/// Tests a reference with two redirects, and a reference with a redirect and a deletion.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_moved_away_during_the_wait_is_not_redirected() {
    let (id, other) = (Uuid::from_u128(7), Uuid::from_u128(8));
    let rules = [
        serde_json::json!([ { "when": { "field": "status", "eq": "OLD" }, "then": "set_null" }, { "then": "cascade" } ]),
        serde_json::json!([ { "when": { "field": "status", "eq": "OLD" }, "then": "set_null" },
                            { "then": { "reassign": { "to": "00000000-0000-0000-0000-000000000009" } } } ]),
    ];
    for (rule, at_once) in [(0, u64::MAX), (0, 0), (1, u64::MAX), (1, 0)] {
        let mut document = clinic();
        document["references"][2]["nullable"] = true.into();
        document["modes"]["hard_delete"]["rules"]["debts.client_id"] = rules[rule].clone();
        let rows = format!(
            "{CLINIC} ALTER TABLE debts ALTER COLUMN client_id DROP NOT NULL;
             INSERT INTO clients VALUES ('{id}', 'x'), ('{other}', 'y'), ('{}', 'z');
             INSERT INTO debts (client_id, status) VALUES ('{id}', 'PAID'), ('{id}', 'OLD')",
            Uuid::from_u128(9)
        );
        let Some(world) = World::new(&rows, &document).await else { return };
        let change =
            "UPDATE debts SET client_id = '00000000-0000-0000-0000-000000000008' WHERE status = 'OLD'";
        let answer = write_during_the_wait(&world, at_once, id, change).await;
        let kept = world
            .number(&format!("SELECT count(*) FROM debts WHERE status = 'OLD' AND client_id = '{other}'"))
            .await;
        assert_eq!(kept, 1, "{rule} {at_once}: {answer:?}");
    }
}
