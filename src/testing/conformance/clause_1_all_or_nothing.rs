//! Clause 1: after an error, or if the caller drops the future before it completes, nothing has changed.

use super::change::{Change, all, branch, pseudonyms, update};
use super::observed::{Observed, rows};
use super::world::{client, debt, load, load_all, world};
use super::{Host, drop_after, yield_now};
use crate::domain::{DataMap, Kind, RecordId};
use crate::protocol::{ChangeSet, Expected, Source, Write};

async fn fails_unrecorded(host: &dyn Host, changes: &ChangeSet) {
    let before = Observed::by(host).await;
    let result = host.store().apply(changes).await;
    assert!(result.is_err(), "the change set cannot be applied");
    before.assert_same(&Observed::by(host).await, "after an error");
}

/// The last step fails because the store does not have its kind. The steps before it are undone.
pub async fn clause_1_a_step_on_an_unknown_kind_changes_nothing(host: &dyn Host) {
    load_all(host).await;
    let kinds = world().kinds().cloned().collect::<Vec<_>>();
    let more = kinds.into_iter().chain([Kind::named("ghosts")]);
    let references = world().references().cloned().collect::<Vec<_>>();
    let map = DataMap::new(more, references).expect("a map");
    let change = Change::erase("c1")
        .map(map)
        .event("client.gone", 0, &["name"])
        .set("ghosts", vec![branch(Source::Ids(vec!["g1".into()]))])
        .step(5, Write::Delete);
    fails_unrecorded(host, &change.build()).await;
}

/// The last step fails because the store does not have its field. The steps before it are undone.
pub async fn clause_1_a_step_with_an_unknown_field_changes_nothing(host: &dyn Host) {
    load_all(host).await;
    let change = Change::erase("c1")
        .event("client.gone", 0, &["name"])
        .set("clients", vec![branch(Source::Ids(vec!["c2".into()]))])
        .step(5, update("ghost_field", "boo"));
    fails_unrecorded(host, &change.build()).await;
}

/// A failed precondition prevents all steps.
pub async fn clause_1_a_failed_precondition_changes_nothing(host: &dyn Host) {
    load_all(host).await;
    let change = Change::erase("c1").event("client.gone", 0, &["name"]).expect(all(1), Expected::Exactly(4));
    fails_unrecorded(host, &change.build()).await;
}

/// The call is dropped after its first poll, then after its second, and so on. A second call completes the operation.
pub async fn clause_1_a_dropped_call_changes_everything_or_nothing(host: &dyn Host) {
    let mut polls = 0;
    let mut number = 100;
    loop {
        let id = format!("dropped{polls}");
        load(host, "clients", vec![client(&id)]).await;
        let debts = [1, 2].map(|debt_number| debt(&format!("{id}-{debt_number}"), &id, "PENDING"));
        load(host, "debts", debts.into()).await;
        let changes = Change::of(&[&id])
            .referrers("debts.client_id", 0)
            .step(1, Write::Delete)
            .step(0, Write::Delete)
            .event("client.gone", 0, &["name"])
            .operation(number)
            .build();

        let done = drop_after(polls, host.store().apply(&changes)).await;
        let is_done = done.is_some();
        if let Some(result) = done {
            result.expect("nothing blocks it");
        }
        assert_whole(host, &id, &changes).await;
        let receipt = host.store().apply(&changes).await;
        let receipt = receipt.expect("completed now or before");
        let actual: Vec<u64> = receipt.steps.iter().map(|step| step.actual).collect();
        assert_eq!(actual, [2, 1], "after it was dropped at poll {polls}");
        assert_eq!(trace(host, &id, &changes).await, GONE);
        if is_done {
            return;
        }
        number += 1;
        polls += 1 + polls / 32;
        assert!(polls < 100_000, "the call never completes");
    }
}

/// The number of clients, debts, audit entries and events that belong to one deletion.
type Trace = (usize, usize, usize, usize);

const THERE: Trace = (1, 2, 0, 0);
const GONE: Trace = (0, 0, 1, 1);

async fn trace(host: &dyn Host, id: &str, changes: &ChangeSet) -> Trace {
    let clients = rows(host, "clients").await;
    let debts = rows(host, "debts").await;
    let audit = host.audit().await.into_iter();
    let events = host.events().await.into_iter();
    let own = RecordId::from(id);
    (
        clients.keys().filter(|client| **client == own).count(),
        debts.values().filter(|debt| debt["client_id"].as_id() == Some(own.clone())).count(),
        audit.filter(|entry| entry.operation == changes.operation).count(),
        events.filter(|event| event.operation == changes.operation).count(),
    )
}

/// A dropped commit may still complete between two readings, so a partial state fails only if it stays partial.
async fn assert_whole(host: &dyn Host, id: &str, changes: &ChangeSet) {
    let mut found = trace(host, id, changes).await;
    for _ in 0..20 {
        if found == THERE || found == GONE {
            return;
        }
        yield_now().await;
        found = trace(host, id, changes).await;
    }
    panic!("partial change: {found:?} clients, debts, audit entries, events");
}

/// The last step needs a mask key and there is none. The steps before it are undone.
pub async fn clause_1_a_keyed_mask_without_a_key_changes_nothing(host: &dyn Host) {
    load_all(host).await;
    let change = Change::erase("c2").step(0, pseudonyms(&["email"]));
    fails_unrecorded(host, &change.build()).await;
}
