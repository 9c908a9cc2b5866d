//! Errors and timeouts that come from the database.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use client_lifecycle::Lifecycle;
use client_lifecycle::lifecycle::{Error, Retries};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx;
use client_lifecycle::postgres::sqlx::postgres::PgPoolOptions;
use client_lifecycle::store::StoreError;
use uuid::Uuid;

use crate::role::Role;
use crate::world::{CLINIC, World, clinic, delete};

const ANA: Uuid = Uuid::from_u128(1);

async fn world(more: &str) -> Option<World> {
    let world = World::new(CLINIC, &clinic()).await?;
    world
        .run(&format!(
            "INSERT INTO clients VALUES ('{ANA}', 'ana@example.org');
             INSERT INTO debts (client_id, status) VALUES ('{ANA}', 'PAID'); {more}"
        ))
        .await;
    Some(world)
}

fn whole(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[tokio::test]
async fn an_undeclared_foreign_key_blocks_the_deletion_and_is_named() {
    let more = format!(
        "CREATE TABLE notes (id serial PRIMARY KEY, owner uuid CONSTRAINT notes_owner REFERENCES clients);
         INSERT INTO notes (owner) VALUES ('{ANA}')"
    );
    let Some(world) = world(&more).await else { return };
    let error = world.lifecycle().await.execute(&delete(ANA)).await.unwrap_err();
    assert!(matches!(error, Error::Blocked(_)), "{error:?}");
    let text = whole(&error);
    assert!(text.contains("1 row of `notes` needs the record that `notes.owner` refers to"), "{text}");
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 1, "nothing has changed");
    assert_eq!(world.text("SELECT outcome FROM lifecycle_audit").await, "blocked");
}

#[tokio::test]
async fn a_trigger_that_keeps_rows_is_interference() {
    let more = "CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER kept BEFORE DELETE ON debts FOR EACH ROW EXECUTE FUNCTION kept()";
    let Some(world) = world(more).await else { return };
    let error = world.lifecycle().await.execute(&delete(ANA)).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Interference { .. })), "{error:?}");
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 1);
}

/// Tests each missing privilege, on the host's tables and on the library's.
#[tokio::test]
async fn a_table_without_permission_is_named() {
    let Some(world) = world("").await else { return };
    let role = Role::new(&world).await;
    let (schema, name) = (&world.schema.name, &role.name);
    let lacking = [
        ("debts", "ALL"),
        ("debts", "SELECT"),
        ("debts", "DELETE"),
        ("clients", "UPDATE"),
        ("clients", "DELETE"),
        ("bookings", "SELECT"),
        ("lifecycle_operations", "INSERT"),
        ("lifecycle_audit", "INSERT"),
    ];
    for (table, privilege) in lacking {
        world
            .run(&format!(
                "GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {name}; REVOKE {privilege} ON {table} FROM {name}"
            ))
            .await;
        let store = PostgresStore::new(role.pool.clone());
        let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
        let error = lifecycle.execute(&delete(ANA)).await.unwrap_err();
        let text = whole(&error);
        assert!(text.contains(&format!("`{table}`")) && text.contains("permission"), "{privilege}: {text}");
        assert!(!error.is_retryable(), "{error:?}");
        assert_eq!(world.number("SELECT count(*) FROM clients").await, 1, "nothing has changed");
        assert_eq!(world.number("SELECT count(*) FROM debts").await, 1, "nothing has changed");
    }
    role.gone(&world).await;
}

#[tokio::test]
async fn an_unreachable_address_is_reported_without_the_password() {
    if world("").await.is_none() {
        return;
    }
    let there: sqlx::postgres::PgConnectOptions = crate::server::address().parse().unwrap();
    let (host, port) = (there.get_host(), there.get_port());
    let unused_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let addresses = [
        (format!("postgres://postgres:hunter2@127.0.0.1:{unused_port}/test"), "refused"),
        (format!("postgres://postgres:hunter2@{host}:{port}/there_is_no_such_database"), "does not exist"),
        (format!("postgres://there_is_no_such_role:hunter2@{host}:{port}/test"), "there_is_no_such_role"),
        ("postgres://postgres:hunter2@no.such.host.invalid/test".into(), "lookup"),
        ("postgres://postgres:hunter2@127.0.0.1:port/test".into(), "port"),
        ("hunter2".into(), "URL"),
    ];
    for (address, said) in addresses {
        let error = PostgresStore::connect(&address).await.unwrap_err();
        assert!(matches!(error, StoreError::Backend { .. }) && !error.is_retryable(), "{error:?}");
        let error = Error::from(error);
        let text = whole(&error);
        assert!(text.contains("opened the database") && text.contains(said), "{address}: {text}");
        assert!(!text.contains("hunter2") && !format!("{error:?}").contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_stopped_and_changes_nothing() {
    let Some(world) = world("").await else { return };
    let mut other = world.schema.pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM clients FOR UPDATE").execute(&mut *other).await.unwrap();
    let store = world.store().statement_timeout(Duration::from_secs(2));
    let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
    let began = std::time::Instant::now();
    let error = lifecycle.execute(&delete(ANA)).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_millis(3900), "it is not begun again");
    assert!(matches!(error, Error::Store(StoreError::Backend { .. })), "{error:?}");
    assert!(!error.is_retryable(), "it would take as long again");
    assert!(whole(&error).contains("statement timeout"), "{}", whole(&error));
    other.rollback().await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 1);
    assert_eq!(world.text("SELECT string_agg(outcome, ' ') FROM lifecycle_audit").await, "failed");
    lifecycle.execute(&delete(ANA)).await.unwrap();
}

/// The error names what was altered between the plan and its execution, and nothing changes.
#[tokio::test]
async fn a_table_altered_after_the_plan_is_named_and_nothing_changes() {
    for (alter, named) in [
        ("ALTER TABLE debts RENAME TO owed", "debts"),
        ("ALTER TABLE debts RENAME COLUMN client_id TO owner", "client_id"),
        ("ALTER TABLE debts DROP COLUMN status", "debts.status"),
        ("ALTER TABLE debts ALTER COLUMN status TYPE integer USING 1", "status"),
        ("ALTER TABLE lifecycle_audit RENAME TO elsewhere", "lifecycle_audit"),
    ] {
        let Some(world) = world("").await else { return };
        let lifecycle = world.lifecycle().await;
        let plan = lifecycle.plan(&delete(ANA)).await.unwrap();
        world.run(alter).await;
        let error = lifecycle.apply(&delete(ANA), &plan).await.unwrap_err();
        let text = whole(&error);
        assert!(text.contains(&format!("`{named}`")), "{alter}: {text} {error:?}");
        assert!(!error.is_retryable());
        assert_eq!(world.number("SELECT count(*) FROM clients").await, 1, "{alter}");
    }
}

/// The deletion waits for a booking whose transaction waits for the client. The server aborts the deletion, and the
/// lifecycle retries it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_contention_and_retried() {
    let Some(world) = world(&format!("INSERT INTO bookings (client_id) VALUES ('{ANA}')")).await else {
        return;
    };
    // PostgreSQL aborts the transaction that first checks for deadlocks. A short timeout makes that the deletion.
    let options = (*world.schema.pool.connect_options()).clone().options([("deadlock_timeout", "300")]);
    for retries in [Retries::none(), Retries::default()] {
        let pool = PgPoolOptions::new().connect_with(options.clone()).await.unwrap();
        let lifecycle = Lifecycle::open(PostgresStore::new(pool), world.policy.clone()).await.unwrap();
        let lifecycle = lifecycle.with_retries(retries);
        let mut other =
            world.schema.pool.begin_with("BEGIN; SET LOCAL deadlock_timeout TO '20s'").await.unwrap();
        sqlx::query("UPDATE bookings SET client_id = client_id").execute(&mut *other).await.unwrap();
        let deleting = tokio::spawn(async move { lifecycle.execute(&delete(ANA)).await });
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_locks
            WHERE relation = 'bookings'::regclass) AND locktype IN ('transactionid', 'tuple')";
        world.until_counted(waiting).await;
        let sql = "UPDATE clients SET email = 'new' WHERE id IS NOT NULL";
        sqlx::query(sql).execute(&mut *other).await.unwrap();
        other.commit().await.unwrap();
        let deleted = deleting.await.unwrap();
        if retries == Retries::none() {
            let error = deleted.unwrap_err();
            assert!(
                matches!(error, Error::Store(StoreError::Contention { retryable: true, .. })),
                "{error:?}"
            );
            assert!(whole(&error).contains("deadlock"), "{}", whole(&error));
            assert_eq!(world.number("SELECT count(*) FROM debts").await, 1, "nothing has changed");
        } else {
            deleted.unwrap();
            assert_eq!(world.number("SELECT count(*) FROM clients").await, 0);
        }
    }
}

#[tokio::test]
async fn after_a_lock_timeout_the_operation_may_be_repeated() {
    let Some(world) = world("").await else { return };
    let mut other = world.schema.pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM clients FOR UPDATE").execute(&mut *other).await.unwrap();
    let store = world.store().lock_timeout(Duration::from_millis(50));
    let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
    let error = lifecycle.execute(&delete(ANA)).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::LockTimeout { .. })), "{error:?}");
    other.rollback().await.unwrap();
    lifecycle.execute(&delete(ANA)).await.unwrap();
}

/// Each call needs only one connection at a time, even if many calls run concurrently.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_of_one_connection_is_enough() {
    let Some(world) = world("").await else { return };
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(20))
        .connect_with((*world.schema.pool.connect_options()).clone())
        .await
        .unwrap();
    let store = PostgresStore::new(pool.clone()).migrate().await.unwrap();
    let lifecycle = Arc::new(Lifecycle::open(store, world.policy.clone()).await.unwrap());
    let plan = lifecycle.plan(&delete(ANA)).await.unwrap();
    lifecycle.apply(&delete(ANA), &plan).await.unwrap();
    let ids: Vec<Uuid> = (100..140).map(Uuid::from_u128).collect();
    for id in &ids {
        world.run(&format!("INSERT INTO clients VALUES ('{id}', 'x')")).await;
    }
    let all = ids.iter().chain(&ids).map(|id| {
        let (lifecycle, request) = (lifecycle.clone(), delete(*id));
        tokio::spawn(async move { lifecycle.execute(&request).await })
    });
    let all: Vec<_> = all.collect();
    let mut done = 0;
    for deleting in all {
        match deleting.await.unwrap() {
            Ok(_) => done += 1,
            Err(Error::Refused(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(done, ids.len(), "each once");
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_audit").await, 81, "every attempt is recorded");
    // The host holds the only connection.
    let tx = pool.begin().await.unwrap();
    let short = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(2));
    let short = short.connect_with((*pool.connect_options()).clone()).await.unwrap();
    let store = PostgresStore::new(short.clone());
    let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
    let kept = short.acquire().await.unwrap();
    let error = lifecycle.execute(&delete(ANA)).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Unavailable { .. })), "{error:?}");
    assert!(!error.is_retryable(), "it has been waited for");
    drop((kept, tx));
}

/// Terminates the backend while the operation waits for a lock. Nothing changes, and repeating the operation does the
/// work once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_connection_changes_nothing_and_the_operation_can_be_repeated() {
    let Some(world) = world("").await else { return };
    let mut other = world.schema.pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM clients FOR UPDATE").execute(&mut *other).await.unwrap();
    let lifecycle = Arc::new(world.lifecycle().await.with_retries(Retries::none()));
    let request = delete(ANA).operation(Uuid::from_u128(7));
    let running = tokio::spawn({
        let (lifecycle, request) = (lifecycle.clone(), request.clone());
        async move { lifecycle.execute(&request).await }
    });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
         AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'clients'::regclass)";
    world.until_counted(waiting).await;
    world.number(&waiting.replace("count(*)", "count(pg_terminate_backend(pid))")).await;
    let error = running.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Unavailable { retryable: true, .. })), "{error:?}");
    other.rollback().await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_operations").await, 0);
    let receipt = lifecycle.execute(&request).await.unwrap();
    assert_eq!(lifecycle.execute(&request).await.unwrap(), receipt, "the same operation, done once");
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_operations").await, 1);
}
