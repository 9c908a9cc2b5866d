//! A lifecycle on a failing store: the caller gets a receipt or an error, the attempt is recorded, and no work is done
//! twice.
#![cfg(feature = "testing")]

use std::time::Duration;

use client_lifecycle::clients::NewClient;
use client_lifecycle::domain::{Actor, Record, Request, Status, Value};
use client_lifecycle::lifecycle::{Error, Retries};
use client_lifecycle::policy::cascade;
use client_lifecycle::store::StoreError;
use client_lifecycle::testing::conformance::{drop_after, join};
use client_lifecycle::testing::{Call, FaultyStore, run};
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
use uuid::Uuid;

/// How often a lifecycle tries an operation under contention.
const ATTEMPTS: usize = 5;

type Faulty = FaultyStore<MemoryStore>;

fn store() -> Faulty {
    FaultyStore::new(
        MemoryStore::new()
            .with("clients", [Record::new("c1"), Record::new("c2")])
            .with("debts", [Record::new("d1").with("client_id", "c1")]),
    )
}

fn open(store: &Faulty) -> Lifecycle<&Faulty> {
    let policy = DeletionPolicy::of("clients")
        .reference("debts.client_id", "clients")
        .hard_delete(|mode| mode.allow("ADMIN").rule("debts.client_id", cascade()))
        .build()
        .unwrap();
    run(Lifecycle::open(store, policy)).unwrap()
}

fn request() -> Request {
    Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN"))
}

fn contention() -> StoreError {
    StoreError::Contention { source: None, retryable: true }
}

/// Returns the outcomes in the audit log.
fn recorded(store: &Faulty) -> Vec<&'static str> {
    let audit = store.store().audit();
    audit.iter().map(|entry| entry.outcome.as_str()).collect()
}

fn is_there(store: &Faulty) -> bool {
    store.store().rows("clients").len() == 2 && store.store().rows("debts").len() == 1
}

#[test]
fn a_lost_reply_is_resolved_by_the_operation_id() {
    let store = store().loses_reply(1);
    let lifecycle = open(&store);
    let plan = run(lifecycle.plan(&request())).unwrap();
    let receipt = run(lifecycle.apply(&request(), &plan)).unwrap();
    assert_eq!(store.store().receipts(), [receipt]);
    assert_eq!((store.calls(Call::Apply), recorded(&store)), (2, vec!["done"]));
    assert_eq!(store.store().rows("clients").len(), 1);
}

#[test]
fn repeatedly_lost_replies_are_resolved_too() {
    let store = (1..=ATTEMPTS).fold(store(), Faulty::loses_reply);
    let lifecycle = open(&store);
    let plan = run(lifecycle.plan(&request())).unwrap();
    let receipt = run(lifecycle.apply(&request(), &plan)).unwrap();
    assert_eq!(store.store().receipts(), [receipt]);
    assert_eq!(recorded(&store), ["done"]);
}

#[test]
fn a_lost_reply_to_execute_is_resolved_although_the_subject_is_deleted() {
    let store = store().loses_reply(1);
    let receipt = run(open(&store).execute(&request())).unwrap();
    assert_eq!(store.store().receipts(), [receipt]);
    assert_eq!(recorded(&store), ["done"]);
}

#[test]
fn an_operation_whose_outcome_is_unknown_and_that_was_not_applied_is_retried() {
    let store = store().fails(Call::Apply, 1, contention()).loses_reply(2);
    run(open(&store).execute(&request())).unwrap();
    assert_eq!((store.calls(Call::Apply), recorded(&store)), (3, vec!["done"]));
}

#[test]
fn contention_is_retried_a_few_times() {
    let failing =
        |times| (1..=times).fold(store(), |store, number| store.fails(Call::Apply, number, contention()));
    for times in 1..ATTEMPTS {
        let store = failing(times);
        let lifecycle = open(&store);
        let plan = run(lifecycle.plan(&request())).unwrap();
        run(lifecycle.apply(&request(), &plan)).unwrap();
        assert_eq!((store.calls(Call::Apply), recorded(&store)), (times + 1, vec!["done"]));
    }
    let store = failing(ATTEMPTS);
    let lifecycle = open(&store);
    let plan = run(lifecycle.plan(&request())).unwrap();
    let error = run(lifecycle.apply(&request(), &plan)).unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), ("contention", true));
    assert!(is_there(&store));
    assert_eq!((store.calls(Call::Apply), recorded(&store)), (ATTEMPTS + 1, vec!["failed"]));
}

#[test]
fn contention_inside_the_hosts_transaction_is_not_retried() {
    let error = StoreError::Contention { source: None, retryable: false };
    let store = store().fails(Call::Apply, 1, error);
    let error = run(open(&store).execute(&request())).unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), ("contention", false));
    assert_eq!((store.calls(Call::Apply), recorded(&store)), (2, vec!["failed"]));
}

#[test]
fn a_failure_of_the_backend_is_recorded_and_its_operation_may_be_repeated() {
    let store = store().fails(Call::Apply, 1, StoreError::backend("wrote `debts`", "disk full"));
    let lifecycle = open(&store);
    let request = request().operation(uuid::Uuid::from_u128(1));
    let error = run(lifecycle.execute(&request)).unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Backend { .. })), "{error:?}");
    assert!(is_there(&store));
    assert_eq!(recorded(&store), ["failed"]);
    run(lifecycle.execute(&request)).unwrap();
    assert_eq!(recorded(&store), ["failed", "done"]);
}

#[test]
fn a_failure_that_cannot_be_recorded_is_returned() {
    let broken = || StoreError::backend("wrote `debts`", "disk full");
    let store = store().fails(Call::Apply, 1, broken()).fails(Call::Apply, 2, broken());
    let error = run(open(&store).execute(&request())).unwrap_err();
    assert_eq!(error.code(), "backend");
    assert!(is_there(&store) && recorded(&store).is_empty());
}

#[test]
fn a_refusal_that_cannot_be_recorded_returns_both_errors() {
    let store = store().fails(Call::Apply, 1, StoreError::backend("wrote the audit log", "disk full"));
    let missing = Request::hard_delete("clients", "nobody").by(Actor::new("ana", "ADMIN"));
    let error = run(open(&store).execute(&missing)).unwrap_err();
    assert!(matches!(error, Error::NotRecorded { .. }), "{error:?}");
    assert_eq!(error.code(), "not_found");
}

#[test]
fn a_survey_with_contention_is_retried_only_by_execute() {
    let store = store().fails(Call::Survey, 1, contention()).fails(Call::Survey, 2, contention());
    let lifecycle = open(&store);
    assert_eq!(run(lifecycle.plan(&request())).unwrap_err().code(), "contention");
    run(lifecycle.execute(&request())).unwrap();
    assert_eq!((store.calls(Call::Survey), recorded(&store)), (3, vec!["done"]));
}

#[test]
fn an_unreadable_store_is_not_opened() {
    let store = store().fails(Call::Check, 1, StoreError::backend("connected", "no route"));
    let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow("ADMIN")).build().unwrap();
    let error = run(Lifecycle::open(&store, policy)).unwrap_err();
    assert_eq!((error.code(), store.calls(Call::Check)), ("backend", 1));
}

#[test]
fn a_delayed_call_completes_or_may_be_cancelled() {
    let store = store().delays(Call::Apply, 1, 3);
    let lifecycle = open(&store);
    assert!(run(drop_after(2, lifecycle.execute(&request()))).is_none());
    assert!(is_there(&store) && recorded(&store).is_empty());
    run(lifecycle.execute(&request())).unwrap();
    assert_eq!((store.calls(Call::Apply), recorded(&store)), (2, vec!["done"]));
}

fn broken_off() -> StoreError {
    StoreError::Unavailable { doing: "wrote".into(), source: "the server went away".into(), retryable: true }
}

fn failing(error: impl Fn() -> StoreError, times: usize) -> Faulty {
    (1..=times).fold(store(), |store, number| store.fails(Call::Apply, number, error()))
}

#[test]
fn a_broken_connection_is_retried_except_inside_the_hosts_transaction() {
    let store = failing(broken_off, 2);
    run(open(&store).execute(&request())).unwrap();
    assert_eq!((store.calls(Call::Apply), recorded(&store)), (3, vec!["done"]));

    let gone = || StoreError::Unavailable {
        doing: "wrote".into(),
        source: "the server went away".into(),
        retryable: false,
    };
    let store = failing(gone, 1);
    let error = run(open(&store).execute(&request())).unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), ("unavailable", false));
    assert_eq!((store.calls(Call::Apply), store.pauses().len()), (2, 0));
}

/// Pauses double up to a maximum. Half of each pause is fixed; the other half depends on the operation id.
#[test]
fn pauses_double_up_to_a_maximum_and_differ_between_operations() {
    let (first, longest) = (Duration::from_millis(8), Duration::from_millis(50));
    let pauses = |operation: u128| {
        let store = failing(contention, 6);
        let lifecycle = open(&store).with_retries(Retries::new(7).waiting(first, longest));
        run(lifecycle.execute(&request().operation(Uuid::from_u128(operation)))).unwrap();
        store.pauses()
    };
    let mut seen = Vec::new();
    for operation in 1..=50 {
        let found = pauses(operation);
        assert_eq!(found, pauses(operation), "the same operation, the same pauses");
        let whole = [8, 16, 32, 50, 50, 50].map(Duration::from_millis);
        assert_eq!(found.len(), whole.len());
        for (pause, whole) in found.iter().zip(whole) {
            assert!(*pause >= whole / 2 && *pause <= whole, "{pause:?} of {whole:?}");
        }
        seen.extend(found);
    }
    let (least, most) = (seen.iter().min().unwrap(), seen.iter().max().unwrap());
    assert!(*least < Duration::from_micros(4400) && *most > Duration::from_millis(47), "{least:?} {most:?}");
    seen.sort();
    seen.dedup();
    assert!(seen.len() > 290, "as it falls out: {} different pauses of 300", seen.len());
}

#[test]
fn the_number_of_retries_is_configurable() {
    for attempts in 0..4 {
        let store = failing(contention, 20);
        let error = run(open(&store).with_retries(Retries::new(attempts)).execute(&request())).unwrap_err();
        assert_eq!(error.code(), "contention");
        let tried = attempts.max(1) as usize;
        // The operation is tried `tried` times, and so is writing the audit entry of its failure.
        assert_eq!((store.calls(Call::Apply), store.pauses().len()), (2 * tried, 2 * (tried - 1)));
        assert!(is_there(&store));
    }
}

#[test]
fn replanning_after_a_change_does_not_wait() {
    let store = failing(|| StoreError::Conflict { differences: Vec::new() }, 2);
    run(open(&store).execute(&request())).unwrap();
    assert_eq!((store.calls(Call::Survey), store.pauses().len()), (3, 0));
}

/// Both deactivations read the status ON. The second to write has nothing left to do.
#[test]
fn one_of_two_concurrent_deactivations_writes_and_the_other_finds_it_done() {
    let policy = DeletionPolicy::of("clients")
        .kind("clients", |kind| kind.id("user_id").status("status").version("version"))
        .create(|mode| mode.allow("ADMIN"))
        .deactivate(|mode| mode.allow("ADMIN"))
        .build()
        .unwrap();
    let new = NewClient::from_json(&serde_json::json!({
        "email": "maria@example.com", "name": "Maria", "surname": "Garcia", "phone": "+34634567890",
        "birth_date": "1990-05-15", "document_type": "DNI", "document_number": "12345678A"
    }));
    let ana = || Actor::new("ana", "ADMIN");
    // Call 1 of `apply` creates the client. Call 2 is delayed until call 3 has completed.
    let store = FaultyStore::new(MemoryStore::new().with("clients", [])).delays(Call::Apply, 2, 20);
    let lifecycle = run(Lifecycle::open(&store, policy)).unwrap();
    let client =
        run(lifecycle.clients().unwrap().create(&Request::create("clients").by(ana()), new.unwrap()))
            .unwrap();
    let off = || Request::deactivate("clients", client.user_id()).by(ana());
    let (one, other) = (off(), off());
    let (one, other) = run(join(
        lifecycle.clients().unwrap().set_status(&one),
        lifecycle.clients().unwrap().set_status(&other),
    ));
    assert_eq!((one.unwrap().status(), other.unwrap().status()), (Status::Off, Status::Off));
    let row = &store.store().rows("clients")[0];
    assert_eq!(row.get("version"), &Value::Integer(2), "written once");
    assert_eq!(recorded(&store), ["done", "done", "done"]);
    assert_eq!(store.calls(Call::Apply), 4, "the creation, both, and the one that was planned again");
}
