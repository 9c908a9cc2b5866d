//! Clause 9: an operation id that is applied twice returns the first receipt and writes nothing. Receipts can be read.

use super::change::{Change, all, operation, update};
use super::observed::Observed;
use super::world::load_all;
use super::{Host, join, yield_now};
use crate::domain::{AuditOutcome, Mode};
use crate::protocol::{ChangeSet, Expected, Receipt, ReceiptQuery, Write};

fn erase() -> Change {
    Change::erase("c1").expect(all(0), Expected::Exactly(1)).event("client.gone", 0, &["name"])
}

async fn first(host: &dyn Host) -> Receipt {
    load_all(host).await;
    host.store().apply(&erase().build()).await.expect("applied")
}

async fn answers_with(host: &dyn Host, changes: &ChangeSet, receipt: &Receipt) {
    let before = Observed::by(host).await;
    let again = host.store().apply(changes).await;
    assert_eq!(&again.expect("the first receipt"), receipt);
    before.assert_same(&Observed::by(host).await, "after a repetition");
}

/// A repeated operation succeeds although its preconditions now fail, because the subject is already deleted.
pub async fn clause_9_a_repetition_returns_the_first_receipt(host: &dyn Host) {
    let receipt = first(host).await;
    answers_with(host, &erase().build(), &receipt).await;
    answers_with(host, &erase().build(), &receipt).await;
}

/// The operation id decides, not the content of the change set.
pub async fn clause_9_another_change_under_the_same_id_is_not_made(host: &dyn Host) {
    let receipt = first(host).await;
    let other = Change::of(&["c2"]).step(0, Write::Keep).build();
    answers_with(host, &other, &receipt).await;
}

/// A caller repeats its request after the subject was deleted. It gets the first receipt instead of a refusal.
pub async fn clause_9_a_refused_repetition_returns_the_first_receipt(host: &dyn Host) {
    let receipt = first(host).await;
    let refused = erase().refused(AuditOutcome::NotFound).build();
    answers_with(host, &refused, &receipt).await;
}

/// A different operation id is applied on its own.
pub async fn clause_9_another_operation_is_applied(host: &dyn Host) {
    first(host).await;
    let other = Change::erase("c2").operation(2).build();
    let receipt = host.store().apply(&other).await.expect("applied");
    assert_eq!(receipt.operation, other.operation);
    let after = Observed::by(host).await;
    assert_eq!(after.ids("clients"), ["c3"]);
    assert_eq!(after.operations, 2);
}

/// Two concurrent calls with the same operation id apply the operation once.
pub async fn clause_9_two_concurrent_calls_do_the_work_once(host: &dyn Host) {
    load_all(host).await;
    let changes = erase().build();
    let apply = || async {
        for _ in 0..100 {
            match host.store().apply(&changes).await {
                Err(error) if error.is_retryable() => yield_now().await,
                result => return result.expect("applied by one of them"),
            }
        }
        panic!("a hundred retries did not help");
    };
    let (a, b) = join(apply(), apply()).await;
    assert_eq!(a, b);
    let after = Observed::by(host).await;
    assert_eq!(after.audit.len(), 1);
    assert_eq!(after.events.len(), 1);
    assert_eq!(after.operations, 1);
}

/// Receipts are found by their operations, and by the records that these removed or restored last.
pub async fn clause_9_receipts_are_found(host: &dyn Host) {
    load_all(host).await;
    let find = async |query: ReceiptQuery| {
        let found = host.store().receipt(&query).await.expect("readable");
        found.map(|receipt| receipt.operation)
    };
    let last = |record: &str| ReceiptQuery::LastRemoval { kind: "clients".into(), record: record.into() };
    assert_eq!(find(ReceiptQuery::Operation(operation(1))).await, None);
    assert_eq!(find(last("c1")).await, None);
    for (number, mode) in [(1, Mode::SoftDelete), (2, Mode::Restore), (3, Mode::Deactivate)] {
        let change = Change::of(&["c1"]).operation(number).mode(mode).step(0, update("status", "OFF"));
        host.store().apply(&change.build()).await.expect("applied");
        assert_eq!(find(ReceiptQuery::Operation(operation(number))).await, Some(operation(number)));
        let removal = if mode == Mode::Deactivate { 2 } else { number };
        assert_eq!(find(last("c1")).await, Some(operation(removal)));
        assert_eq!(find(last("c2")).await, None);
    }
}
