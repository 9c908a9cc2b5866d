//! Waiting for locks: the lock timeout of the store is that of the whole operation, in all its attempts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use client_lifecycle::Lifecycle;
use client_lifecycle::clients::{ClientPatch, NewClient};
use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::lifecycle::{Error, Retries};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use client_lifecycle::postgres::sqlx::{self, AssertSqlSafe, Postgres, Transaction};
use client_lifecycle::store::StoreError;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::clients_on_postgres::{TABLES, document};
use crate::server::Schema;
use crate::world::{CLINIC, World, clinic, delete};

const ANA: Uuid = Uuid::from_u128(1);
const PATIENCE: Duration = Duration::from_millis(500);

async fn world() -> Option<World> {
    let world = World::new(CLINIC, &clinic()).await?;
    world
        .run(&format!(
            "INSERT INTO clients VALUES ('{ANA}', 'a'); INSERT INTO bookings (client_id) VALUES ('{ANA}');
             INSERT INTO debts (client_id, status) VALUES ('{ANA}', 'PAID')"
        ))
        .await;
    Some(world)
}

async fn patient(world: &World) -> Lifecycle<PostgresStore> {
    let store = world.store().lock_timeout(PATIENCE);
    Lifecycle::open(store, world.policy.clone()).await.unwrap()
}

/// Begins a transaction that holds the locks of a statement until it is dropped.
async fn holding(schema: &Schema, sql: &str) -> Transaction<'static, Postgres> {
    let mut other = schema.pool.begin().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *other).await.unwrap();
    other
}

/// Releases the locks of a transaction after a time.
fn release(other: Transaction<'static, Postgres>, after: Duration) {
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        other.rollback().await.unwrap();
    });
}

/// Returns the error of a call and how long the call took.
async fn failing<T>(call: impl Future<Output = Result<T, Error>>) -> (Error, Duration) {
    let start = Instant::now();
    let Err(error) = call.await else { panic!("the lock is held, but the call succeeded") };
    (error, start.elapsed())
}

/// Checks that a call gave up after its patience, and said so.
fn gave_up((error, time): (Error, Duration), what: &str) {
    let Error::Store(StoreError::LockTimeout { waited, source }) = &error else {
        panic!("{what}: {error:?}");
    };
    assert!(time >= PATIENCE * 9 / 10 && time < PATIENCE * 3 / 2, "{what} took {time:?}");
    assert!(*waited >= PATIENCE * 9 / 10 && *waited <= time, "{what} waited {waited:?} of {time:?}");
    assert!(source.source().unwrap().to_string().contains("55P03"), "{what}: {source:?}");
    assert_eq!((error.code(), error.is_retryable()), ("lock_timeout", false), "{what}");
    assert!(error.remedy().contains("raise the lock timeout"), "{what}: {}", error.remedy());
}

#[tokio::test]
async fn a_locked_row_is_waited_for_once_whatever_retries_are_set() {
    let Some(world) = world().await else { return };
    let lifecycle = patient(&world).await.with_retries(Retries::new(50));
    let plan = lifecycle.plan(&delete(ANA)).await.unwrap();
    let other = holding(&world.schema, "SELECT 1 FROM clients FOR UPDATE").await;
    gave_up(failing(lifecycle.execute(&delete(ANA))).await, "execute");
    gave_up(failing(lifecycle.apply(&delete(ANA), &plan)).await, "apply");
    gave_up(failing(lifecycle.confirm(&delete(ANA), &plan.digest)).await, "confirm");
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_audit WHERE outcome = 'failed'").await, 3);
    other.rollback().await.unwrap();
    lifecycle.apply(&delete(ANA), &plan).await.unwrap();
}

/// Also the record of the failed attempt waits no longer, if the table of the audit log is the one that is locked.
#[tokio::test]
async fn a_locked_table_is_waited_for_once() {
    let Some(world) = world().await else { return };
    let lifecycle = patient(&world).await;
    let other = holding(&world.schema, "LOCK TABLE clients IN ACCESS EXCLUSIVE MODE").await;
    gave_up(failing(lifecycle.plan(&delete(ANA))).await, "plan");
    gave_up(failing(lifecycle.execute(&delete(ANA))).await, "execute");
    other.rollback().await.unwrap();
    let other = holding(&world.schema, "LOCK TABLE lifecycle_audit").await;
    gave_up(failing(lifecycle.execute(&delete(ANA))).await, "execute with the audit log locked");
    other.rollback().await.unwrap();
    lifecycle.execute(&delete(ANA)).await.unwrap();
}

#[tokio::test]
async fn clients_are_waited_for_once() {
    let Some(world) = World::new(TABLES, &document()).await else { return };
    let id = Uuid::from_u128(0x4000_8000_0000_0000_0001);
    world.run(&format!("INSERT INTO clients (user_id, email) VALUES ('{id}', 'ana@example.org')")).await;
    let lifecycle = patient(&world).await;
    let clients = lifecycle.clients().unwrap();
    let by = || Actor::new("ana", "ADMIN");
    let other = holding(&world.schema, "SELECT 1 FROM clients FOR UPDATE").await;
    let patch = ClientPatch::new().with_email("new@example.org");
    let update = Request::update("clients", id).by(by());
    gave_up(failing(clients.update(&update, &patch)).await, "update");
    gave_up(failing(clients.set_status(&Request::deactivate("clients", id).by(by()))).await, "set_status");
    other.rollback().await.unwrap();
    let other = holding(&world.schema, "LOCK TABLE clients").await;
    let new = NewClient::from_json(&json!({
        "email": "diego@example.org", "name": "Diego", "surname": "Ruiz", "phone": "+34600000000",
        "birth_date": "1985-02-28", "document_type": "NIE", "document_number": "X1234567L"
    }));
    let create = Request::create("clients").by(by());
    gave_up(failing(clients.create(&create, new.unwrap())).await, "create");
    other.rollback().await.unwrap();
    clients.update(&update, &patch).await.unwrap();
}

#[tokio::test]
async fn a_lock_that_is_released_in_time_is_waited_for() {
    let Some(world) = world().await else { return };
    let lifecycle = patient(&world).await;
    release(holding(&world.schema, "SELECT 1 FROM clients FOR UPDATE").await, PATIENCE / 3);
    let start = Instant::now();
    lifecycle.execute(&delete(ANA)).await.unwrap();
    assert!(start.elapsed() >= PATIENCE / 4, "it waited");
}

/// The timeout may be a setting of the store, or one of the connection, which only the server knows.
#[tokio::test]
async fn the_waits_of_one_attempt_share_the_timeout() {
    let Some(world) = world().await else { return };
    let options = (*world.schema.pool.connect_options()).clone();
    let options = options.options([("lock_timeout", format!("{}ms", PATIENCE.as_millis()))]);
    let store = PostgresStore::new(PgPoolOptions::new().connect_lazy_with(options));
    let by_connection = Lifecycle::open(store, world.policy.clone()).await.unwrap();
    for (what, lifecycle) in [("store", patient(&world).await), ("connection", by_connection)] {
        let bookings = holding(&world.schema, "SELECT 1 FROM bookings FOR UPDATE").await;
        let client = holding(&world.schema, "SELECT 1 FROM clients FOR UPDATE").await;
        release(client, PATIENCE * 6 / 10);
        gave_up(failing(lifecycle.execute(&delete(ANA))).await, what);
        bookings.rollback().await.unwrap();
    }
}

/// The first attempt waits for a booking, and ends in a deadlock. The second attempt waits for the client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_attempts_of_an_operation_share_the_timeout() {
    let Some(world) = world().await else { return };
    // PostgreSQL looks for a deadlock after this time.
    let deadlock = (PATIENCE * 6 / 10).as_millis().to_string();
    let options = (*world.schema.pool.connect_options()).clone().options([("deadlock_timeout", deadlock)]);
    let store = PostgresStore::new(PgPoolOptions::new().connect_lazy_with(options)).lock_timeout(PATIENCE);
    let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
    let mut other = world.schema.pool.begin_with("BEGIN; SET LOCAL deadlock_timeout TO '20s'").await.unwrap();
    sqlx::query("UPDATE bookings SET client_id = client_id").execute(&mut *other).await.unwrap();
    let deleting = tokio::spawn(async move { failing(lifecycle.execute(&delete(ANA))).await });
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_locks
        WHERE relation = 'bookings'::regclass) AND locktype IN ('transactionid', 'tuple')";
    world.until_counted(waiting).await;
    // Waits for the client that the deletion has locked, and gets it when the deletion is stopped.
    sqlx::query("UPDATE clients SET email = 'new'").execute(&mut *other).await.unwrap();
    gave_up(deleting.await.unwrap(), "after a deadlock");
    other.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_deletions_of_a_locked_client_soon_give_their_connections_back() {
    const CONNECTIONS: u32 = 4;
    const DELETIONS: u32 = 10;
    let Some(world) = world().await else { return };
    let options = (*world.schema.pool.connect_options()).clone();
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_lazy_with(options);
    let store = PostgresStore::new(pool).lock_timeout(PATIENCE);
    let lifecycle = Arc::new(Lifecycle::open(store, world.policy.clone()).await.unwrap());
    let other = holding(&world.schema, "SELECT 1 FROM clients FOR UPDATE").await;
    let start = Instant::now();
    let all: Vec<_> = (0..DELETIONS)
        .map(|_| {
            let lifecycle = lifecycle.clone();
            tokio::spawn(async move { failing(lifecycle.execute(&delete(ANA))).await.0 })
        })
        .collect();
    for deleting in all {
        let error = deleting.await.unwrap();
        assert_eq!(error.code(), "lock_timeout", "{error:?}");
    }
    let time = start.elapsed();
    let least = PATIENCE * DELETIONS.div_ceil(CONNECTIONS);
    println!("{time:?} for {DELETIONS} deletions on {CONNECTIONS} connections with {PATIENCE:?}");
    // PostgreSQL lets the first in the queue for a row wait again, for the transaction that holds the row.
    assert!(time < least + PATIENCE * 2, "{time:?}");
    other.rollback().await.unwrap();
    lifecycle.execute(&delete(ANA)).await.unwrap();
}

#[tokio::test]
async fn a_usual_operation_has_the_same_statements_with_a_timeout() {
    const SET: [(&str, &str); 1] = [("lock_timeout", "5s")];
    let Some(world) = world().await else { return };
    let mut counted = Vec::new();
    for (of_connection, of_store) in [(false, false), (true, false), (false, true)] {
        let options = (*world.schema.pool.connect_options()).clone().options([("jit", "off")]);
        let options = if of_connection { options.options(SET) } else { options };
        let (options, answers) = counting(options).await;
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        let store = PostgresStore::new(pool);
        let store = if of_store { store.lock_timeout(Duration::from_secs(5)) } else { store };
        let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
        let mut round_trips = Vec::new();
        for id in (2..20).map(Uuid::from_u128) {
            world.run(&format!("INSERT INTO clients VALUES ('{id}', 'x')")).await;
            let before = answers.load(Ordering::SeqCst);
            lifecycle.execute(&delete(id)).await.unwrap();
            round_trips.push(answers.load(Ordering::SeqCst) - before);
        }
        // The first operations also prepare the statements.
        counted.push(*round_trips.iter().min().unwrap());
    }
    let [without, of_connection, of_store] = *counted else { panic!("{counted:?}") };
    assert!(without > 0, "the operations were counted");
    assert_eq!(of_connection, without);
    assert!(of_store > without, "the plan is a transaction, which sets the timeout");
}

/// Returns options that connect through a proxy, which counts how often the server is ready for the next statement.
async fn counting(options: PgConnectOptions) -> (PgConnectOptions, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = (options.get_host().to_owned(), options.get_port());
    let answers = Arc::new(AtomicUsize::new(0));
    let counted = answers.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(server.clone()).await.unwrap();
            let (mut from_client, to_client) = client.into_split();
            let (from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(pass_on(from_server, to_client, counted.clone()));
        }
    });
    (options.host("127.0.0.1").port(port).ssl_mode(PgSslMode::Disable), answers)
}

/// Passes messages on. Each has a letter, its length, and its content.
async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    answers: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    loop {
        let letter = from.read_u8().await?;
        let length = from.read_u32().await?;
        let mut message = vec![letter];
        message.extend(length.to_be_bytes());
        let mut content = vec![0; length as usize - 4];
        from.read_exact(&mut content).await?;
        message.extend(content);
        // ReadyForQuery
        if letter == b'Z' {
            answers.fetch_add(1, Ordering::SeqCst);
        }
        to.write_all(&message).await?;
    }
}
