//! The store used together with the host's own code: locks, transactions of the host, cancelled futures.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::policy::{cascade, restrict};
use client_lifecycle::protocol::Write;
use client_lifecycle::sqlite::sqlx::{Connection, SqliteConnection, raw_sql};
use client_lifecycle::sqlite::{SqliteStore, SqliteTransaction, lock_parent};
use client_lifecycle::store::{Store, StoreError};
use client_lifecycle::{DeletionPolicy, Lifecycle};

use crate::world::*;

const DDL: &str = "
    CREATE TABLE clients (id INTEGER PRIMARY KEY, boss INTEGER);
    CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL);
    INSERT INTO clients VALUES (1, NULL), (2, NULL);
    INSERT INTO debts VALUES (1, 1), (2, 1), (3, 2);";
const MAP: &str = r#"{"kinds": {"clients": {}, "debts": {}},
    "references": [{"from": "debts.client_id", "to": "clients"}, {"from": "clients.boss", "to": "clients", "nullable": true}]}"#;

fn delete(operation: u128) -> client_lifecycle::protocol::ChangeSet {
    let sets = [set(0, "clients", [subjects()]), set(1, "debts", [below("debts.client_id", 0)])];
    let query = query(&map(MAP), "clients", 1, sets, [count(all(1))]);
    let debts = step("debts", all(1), Write::Delete, 0);
    changes(operation, query, [debts, step("clients", all(0), Write::Delete, 1)])
}

const ALL: &str = "SELECT (SELECT count(*) FROM clients) * 100 + (SELECT count(*) FROM debts) * 10 + (SELECT count(*) FROM lifecycle_audit)";

#[tokio::test]
async fn a_locked_database_is_waited_for_until_the_busy_timeout() {
    let world = World::new(DDL).await;
    let mut other = SqliteConnection::connect_with(&options(&world.path)).await.unwrap();
    raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let found = world.store.apply(&delete(1)).await.unwrap_err();
    assert!(matches!(found, StoreError::LockTimeout { .. }) && !found.is_retryable(), "{found}");
    raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    world.store.apply(&delete(1)).await.unwrap();
}

#[tokio::test]
async fn a_change_set_in_the_hosts_transaction_is_committed_or_rolled_back_with_it() {
    let world = World::new(DDL).await;
    let mut tx = world.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    raw_sql("INSERT INTO clients VALUES (9, NULL)").execute(&mut *tx).await.unwrap();
    let store = SqliteTransaction::new(&mut tx);
    store.apply(&delete(1)).await.unwrap();
    assert_eq!(store.audit(&"clients".into(), &1.into()).await.unwrap().len(), 1);
    drop(store);
    tx.rollback().await.unwrap();
    assert_eq!(world.number(ALL).await, 230);
    let mut tx = world.pool().begin().await.unwrap();
    SqliteTransaction::new(&mut tx).apply(&delete(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.number(ALL).await, 111);
}

#[tokio::test]
async fn a_failure_in_the_hosts_transaction_leaves_it_usable_and_is_not_retried() {
    let world = World::new(DDL).await;
    world.run("CREATE TRIGGER t BEFORE DELETE ON clients BEGIN SELECT raise(ABORT, 'never'); END").await;
    let mut tx = world.pool().begin().await.unwrap();
    let found = SqliteTransaction::new(&mut tx).apply(&delete(1)).await.unwrap_err();
    assert!(!found.is_retryable());
    raw_sql("INSERT INTO clients VALUES (9, NULL)").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.number(ALL).await, 330);
}

#[tokio::test]
async fn contention_in_the_hosts_transaction_is_not_retried() {
    let world = World::new(DDL).await;
    let mut other = SqliteConnection::connect_with(&options(&world.path)).await.unwrap();
    raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let mut tx = world.pool().begin().await.unwrap();
    let found = SqliteTransaction::new(&mut tx).apply(&delete(1)).await.unwrap_err();
    assert!(matches!(found, StoreError::Contention { retryable: false, .. }), "{found:?}");
    assert_eq!(found.remedy(), "roll back your transaction and try again");
}

#[tokio::test]
async fn a_lifecycle_opened_once_works_in_each_transaction_of_the_host() {
    let world = World::new(DDL).await;
    let policy = DeletionPolicy::of("clients")
        .reference("debts.client_id", "clients")
        .reference_with("clients.boss", "clients", |reference| reference.nullable())
        .hard_delete(|mode| {
            mode.allow_any().rule("debts.client_id", cascade()).rule("clients.boss", restrict())
        })
        .build()
        .unwrap();
    let lifecycle = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy).await.unwrap();
    let lifecycle = lifecycle.with_clock(now());
    let request = Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN"));

    let mut tx = world.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    let receipt = lifecycle.in_transaction(&mut tx).execute(&request).await.unwrap();
    assert_eq!(receipt.at, now(), "the clock is that of the lifecycle");
    tx.rollback().await.unwrap();
    assert_eq!(world.number(ALL).await, 230);

    let mut tx = world.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    let inside = lifecycle.in_transaction(&mut tx);
    let plan = inside.plan(&request).await.unwrap();
    inside.apply(&request, &plan).await.unwrap();
    raw_sql("INSERT INTO clients VALUES (9, NULL)").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.number(ALL).await, 211);
}

/// Polls a future this often, then drops it. Waits between polls, so the connection's thread can reply.
fn give_up_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if future.as_mut().poll(&mut context).is_ready() {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    false
}

#[tokio::test]
async fn a_call_cancelled_at_any_point_leaves_nothing_behind() {
    let world = World::new(DDL).await;
    for polls in 0..200 {
        let done = give_up_after(polls, world.store.apply(&delete(1)));
        let found = world.number(ALL).await;
        if done || found == 111 {
            assert_eq!(found, 111);
            // On a busy machine, several replies may arrive between two polls.
            assert!(polls > 0);
            return;
        }
        assert_eq!(found, 230, "after {polls} polls");
    }
    panic!("never done");
}

#[tokio::test]
async fn a_cancelled_call_in_the_hosts_transaction_is_undone_and_the_host_can_commit() {
    let world = World::new(DDL).await;
    for polls in 0..200 {
        let mut tx = world.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
        raw_sql("INSERT INTO clients VALUES (9, NULL)").execute(&mut *tx).await.unwrap();
        let store = SqliteTransaction::new(&mut tx);
        let done = give_up_after(polls, store.apply(&delete(1)));
        drop(store);
        tx.commit().await.unwrap();
        let found = world.number(ALL).await;
        if done || found == 211 {
            assert_eq!(found, 211);
            // On a busy machine, several replies may arrive between two polls.
            assert!(polls > 0);
            return;
        }
        assert_eq!(found, 330, "after {polls} polls");
        world.run("DELETE FROM clients WHERE id = 9").await;
    }
    panic!("never done");
}

#[tokio::test]
async fn foreign_keys_with_any_action_change_nothing() {
    let actions = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL"];
    for (a, b) in actions.into_iter().flat_map(|a| actions.map(|b| (a, b))) {
        let world = World::new(&format!(
            "CREATE TABLE clients (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES clients (id) ON DELETE {a});
             CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id) ON DELETE {b});
             INSERT INTO clients VALUES (1, NULL), (2, 1), (3, 2), (4, NULL);
             INSERT INTO debts VALUES (1, 1), (2, 2), (3, 3), (4, 4);"
        ))
        .await;
        let walk = |set| {
            branch(
                client_lifecycle::protocol::Source::Referrers {
                    reference: "clients.boss".into(),
                    of: all(set),
                },
                [client_lifecycle::protocol::RankCase::always(0)],
            )
        };
        let mut query = query(&map(MAP), "clients", 1, [], []);
        query.sets = [
            client_lifecycle::protocol::Stratum::Cycle(vec![set(0, "clients", [subjects(), walk(0)])]),
            client_lifecycle::protocol::Stratum::Set(set(1, "debts", [below("debts.client_id", 0)])),
        ]
        .into_iter()
        .collect();
        let steps = [step("debts", all(1), Write::Delete, 0), step("clients", all(0), Write::Delete, 1)];
        let receipt = world.store.apply(&changes(1, query, steps)).await;
        let receipt = receipt.unwrap_or_else(|error| panic!("{a} {b}: {error:?}"));
        assert_eq!(actual(&receipt), [3, 3], "{a} {b}");
        assert_eq!(world.number(ALL).await, 111, "{a} {b}");
    }
}

#[tokio::test]
async fn lock_parent_reports_missing_and_marked_parents_and_blocks_deletions() {
    let world = World::new(DDL).await;
    world
        .run("ALTER TABLE clients ADD COLUMN gone TEXT; UPDATE clients SET gone = '2026-01-01' WHERE id = 2")
        .await;
    let map = map(r#"{"kinds": {"clients": {"deleted_at": "gone"}, "debts": {}},
            "references": [{"from": "debts.client_id", "to": "clients", "lock": "writer"}]}"#);
    let mut tx = world.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    for (kind, id, code) in [
        ("clients", RecordId::from(2), "parent_deleted"),
        ("clients", 3.into(), "parent_missing"),
        ("clients", "ana@example.org".into(), "parent_missing"),
        ("visits", 1.into(), "unknown_name"),
    ] {
        let error = lock_parent(&mut tx, &map, kind, id).await.unwrap_err();
        assert_eq!(error.code(), code, "{error:?}");
        assert!(!format!("{error:?}").contains("ana@"), "the id is not shown: {error:?}");
    }
    lock_parent(&mut tx, &map, "clients", 1).await.unwrap();
    raw_sql("INSERT INTO debts VALUES (4, 1)").execute(&mut *tx).await.unwrap();
    let found = world.store.apply(&delete(1)).await.unwrap_err();
    assert!(matches!(found, StoreError::LockTimeout { .. }), "{found:?}");
    tx.commit().await.unwrap();
    world.store.apply(&delete(1)).await.unwrap();
    assert_eq!(world.number(ALL).await, 111, "with the debt that came first");
    let mut tx = world.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(lock_parent(&mut tx, &map, "clients", 1).await.unwrap_err().code(), "parent_missing");
}
