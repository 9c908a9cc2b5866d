//! Creating and updating clients on a failing store: the work is done at most once, and recorded once.
#![cfg(feature = "testing")]

use client_lifecycle::Lifecycle;
use client_lifecycle::clients::ClientPatch;
use client_lifecycle::domain::{AuditOutcome, Mode, RecordId, Status};
use client_lifecycle::store::StoreError;
use client_lifecycle::testing::{Call, FaultyStore, run};

use super::world::{MARIA, contention, create, document, memory, named, new, now, off_to, operation, update};

#[test]
fn a_lost_reply_to_a_patch_with_a_status_is_resolved_by_the_operation_id() {
    for lost in 1..=3 {
        let (policy, store) = memory(&document());
        let store = (1..=lost).fold(FaultyStore::new(store), FaultyStore::loses_reply);
        let lifecycle = run(Lifecycle::open(&store, policy)).unwrap().with_clock(now());
        let client = run(lifecycle.clients().unwrap().update(&update(MARIA), &off_to("Cádiz")));
        let client = client.unwrap_or_else(|error| panic!("{lost}: {error:?}"));
        assert_eq!((client.city(), client.status()), ("Cádiz", Status::Off));
        let audit = store.store().audit();
        assert_eq!((audit.len(), audit[0].mode, audit[0].outcome), (1, Mode::Deactivate, AuditOutcome::Done));
    }
}

#[test]
fn an_update_with_a_failing_call_is_done_at_most_once_and_recorded_once() {
    let broken = || StoreError::backend("read", "no route");
    for patch in [ClientPatch::new().with_city("Cádiz"), off_to("Cádiz")] {
        for call in [Call::Read, Call::Survey, Call::Apply] {
            for number in 1..=3 {
                for lost in [false, true] {
                    if lost && call != Call::Apply {
                        continue;
                    }
                    let (policy, store) = memory(&document());
                    let store = FaultyStore::new(store);
                    let store =
                        if lost { store.loses_reply(number) } else { store.fails(call, number, broken()) };
                    let lifecycle = run(Lifecycle::open(&store, policy)).unwrap().with_clock(now());
                    let request = update(MARIA).operation(operation(1));
                    let done = run(lifecycle.clients().unwrap().update(&request, &patch));
                    let what = format!("{call:?} {number} {lost} {done:?}");
                    let rows = store.store().rows("clients");
                    let maria = rows.iter().find(|row| row.id == RecordId::from(MARIA)).unwrap();
                    let written = maria.get("city").as_text() == Some("Cádiz");
                    assert_eq!(done.is_ok(), written, "{what}");
                    let outcomes: Vec<_> = store.store().audit().iter().map(|entry| entry.outcome).collect();
                    let expected = if written { AuditOutcome::Done } else { AuditOutcome::Failed };
                    assert_eq!(outcomes, [expected], "{what}");
                    run(lifecycle.clients().unwrap().update(&request, &patch)).unwrap();
                    let rows = store.store().rows("clients");
                    let maria = rows.iter().find(|row| row.id == RecordId::from(MARIA)).unwrap();
                    assert!(*maria.get("version") == client_lifecycle::domain::Value::from(4), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_creation_is_retried_like_every_other_write() {
    let (policy, store) = memory(&document());
    let store = FaultyStore::new(store).fails(Call::Apply, 1, contention()).loses_reply(2);
    let lifecycle = run(Lifecycle::open(&store, policy)).unwrap();
    let client = run(lifecycle.clients().unwrap().create(&create(), new("diego@example.com"))).unwrap();
    assert_eq!(client.email(), "diego@example.com");
    let outcomes: Vec<_> = store.store().audit().iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [AuditOutcome::Done]);
    assert_eq!(store.store().rows("clients").len(), 4);
}

#[test]
fn a_creation_with_a_failing_call_makes_at_most_one_client_per_operation() {
    let broken = || StoreError::backend("wrote", "no route");
    for (call, lost) in
        [(Call::Read, false), (Call::Survey, false), (Call::Apply, false), (Call::Apply, true)]
    {
        for (number, is_named) in [(1, false), (1, true), (2, false), (2, true)] {
            let (policy, store) = memory(&document());
            let store = FaultyStore::new(store);
            let store = if lost { store.loses_reply(number) } else { store.fails(call, number, broken()) };
            let lifecycle = run(Lifecycle::open(&store, policy)).unwrap();
            let request = create().operation(operation(1));
            let request = if is_named { named(request, &operation(77).to_string()) } else { request };
            let answers: Vec<_> = (0..4)
                .map(|_| run(lifecycle.clients().unwrap().create(&request, new("diego@example.com"))))
                .collect();
            let what = format!("{call:?} {number} {lost} {is_named} {answers:?}");
            let there = store.store().rows("clients");
            assert_eq!(there.len(), 4, "{what}");
            let answered = answers.iter().flatten();
            assert!(answers[3].is_ok(), "{what}");
            for client in answered {
                assert!(there.iter().any(|row| row.id == RecordId::from(client.user_id())), "{what}");
            }
            let done = store.store().audit();
            let done = done.iter().filter(|entry| entry.outcome == AuditOutcome::Done);
            assert_eq!(done.count(), 1, "{what}");
        }
    }
}
