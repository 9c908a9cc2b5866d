//! An operation adds up its waits, and does not repeat a wait that was as long as the host's patience.
#![cfg(feature = "testing")]

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use client_lifecycle::domain::{Actor, DataMap, Fault, Record, Request};
use client_lifecycle::lifecycle::Retries;
use client_lifecycle::protocol::{ChangeSet, Receipt, Survey, SurveyQuery};
use client_lifecycle::store::{StoreError, add_wait, patience_left, waited};
use client_lifecycle::testing::{Call, FaultyStore, run};
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore, Store};

/// How long each call of the store waits. No time passes.
const WAIT: Duration = Duration::from_millis(600);

/// A store that waits in each call, and remembers how long its operation had waited before.
struct Slow<S> {
    store: S,
    before: Mutex<Vec<Duration>>,
}

impl<S> Slow<S> {
    fn wait(&self) {
        self.before.lock().unwrap().push(waited());
        add_wait(WAIT);
    }
}

#[async_trait]
impl<S: Store> Store for Slow<S> {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.store.check(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        self.wait();
        self.store.survey(query).await
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        self.wait();
        self.store.apply(changes).await
    }
}

fn memory() -> FaultyStore<MemoryStore> {
    FaultyStore::new(MemoryStore::new().with("clients", [Record::new("c1"), Record::new("c2")]))
}

fn open<S: Store>(store: S) -> Lifecycle<S> {
    let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow("ADMIN")).build().unwrap();
    run(Lifecycle::open(store, policy)).unwrap()
}

fn delete(id: &str) -> Request {
    Request::hard_delete("clients", id).by(Actor::new("ana", "ADMIN"))
}

fn lock_timeout() -> StoreError {
    StoreError::LockTimeout { waited: WAIT, source: "the row is locked".into() }
}

/// Two attempts, each with a survey and a change set. The next operation begins with a new patience.
#[test]
fn the_attempts_of_an_operation_add_up_their_waits() {
    let deadlock = StoreError::Contention { source: None, retryable: true };
    let store = Slow { store: memory().fails(Call::Apply, 1, deadlock), before: Mutex::default() };
    let lifecycle = open(&store);
    run(lifecycle.execute(&delete("c1"))).unwrap();
    let plan = run(lifecycle.plan(&delete("c2"))).unwrap();
    run(lifecycle.apply(&delete("c2"), &plan)).unwrap();
    let waits = [0, 1, 2, 3, 0, 0].map(|waits| WAIT * waits);
    assert_eq!(store.before.lock().unwrap()[..4], waits[..4], "an execution with two attempts");
    assert_eq!(store.before.lock().unwrap()[5], waits[5], "an application");
    assert_eq!(waited(), Duration::ZERO, "outside an operation");
}

/// With a patience of a second, the second wait of 600 ms may take only 400 ms.
#[test]
fn a_part_of_the_patience_is_left_after_a_wait() {
    let second = Duration::from_secs(1);
    let left = [0, 1, 2].map(|waits| patience_left(second, WAIT * waits).as_millis());
    assert_eq!(left, [1000, 400, 100], "at least a tenth");
}

#[test]
fn a_lock_timeout_is_not_retried() {
    let store = memory().fails(Call::Apply, 1, lock_timeout());
    let lifecycle = open(&store).with_retries(Retries::new(50));
    let error = run(lifecycle.execute(&delete("c1"))).unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), ("lock_timeout", false));
    assert!(error.to_string().contains("waited 600 ms in total"), "{error}");
    // The second change set records the failure.
    assert_eq!((store.calls(Call::Apply), store.pauses().len()), (2, 0));
    assert_eq!(store.store().audit().len(), 1);
}
