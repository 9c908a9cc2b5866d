//! Clause 5: the receipt reports how many rows each step affected.

use super::Host;
use super::change::{Change, all, branch, referrers, update};
use super::observed::Observed;
use super::world::{load_all, load_keyed};
use crate::domain::Value;
use crate::protocol::{Expected, Receipt, Write};

async fn receipt(host: &dyn Host, change: Change) -> Receipt {
    load_all(host).await;
    let result = host.store().apply(&change.build()).await;
    result.expect("nothing blocks it")
}

fn actual(receipt: &Receipt) -> Vec<u64> {
    receipt.steps.iter().map(|step| step.actual).collect()
}

/// The receipt counts items, debts, bookings, invoices and the client.
pub async fn clause_5_every_step_reports_its_number_of_rows(host: &dyn Host) {
    let change = Change::erase("c1");
    let expected = change.build().receipt(&[4, 3, 2, 2, 1]);
    let receipt = receipt(host, change).await;
    assert_eq!(actual(&receipt), [4, 3, 2, 2, 1]);
    assert_eq!(receipt, expected, "the rest is as planned");
}

/// A step without a line in the receipt is not counted, and lines need not have the order of the steps.
pub async fn clause_5_steps_without_a_line_do_not_shift_the_others(host: &dyn Host) {
    let change = Change::of(&["c1"])
        .referrers("debts.client_id", 0)
        .referrers("invoices.client_id", 0)
        .step(2, Write::Keep)
        .step(1, Write::Keep);
    // The receipt has two lines by now. The new steps below report to these lines in reverse order.
    let change = change
        .refused(crate::domain::AuditOutcome::Done)
        .bare_step(all(1), update("status", "SETTLED"), None)
        .bare_step(all(1), update("amount", 0), Some(1))
        .bare_step(all(2), update("client_id", Value::Null), Some(0));
    assert_eq!(actual(&receipt(host, change).await), [2, 3]);
}

/// Rows that a step keeps or updates are counted too.
pub async fn clause_5_kept_rows_are_counted(host: &dyn Host) {
    let change = Change::of(&["c1"])
        .referrers("invoices.client_id", 0)
        .referrers("debts.client_id", 0)
        .step(1, Write::Keep)
        .step(2, update("status", "SETTLED"));
    assert_eq!(actual(&receipt(host, change).await), [2, 3]);
}

/// A step on an empty set succeeds.
pub async fn clause_5_a_step_without_rows_reports_zero(host: &dyn Host) {
    let change = Change::erase("c3");
    assert_eq!(actual(&receipt(host, change).await), [0, 0, 0, 0, 1]);
}

/// Equal rows without an id count each, and a row that is found over two references counts once.
pub async fn clause_5_every_row_without_an_id_is_counted_once(host: &dyn Host) {
    load_keyed(host).await;
    let meals = [referrers("meals.booking_id+seat", all(2)), referrers("meals.client_id", all(0))];
    let change = Change::of(&["c1"])
        .referrers("bookings.client_id", 0)
        .referrers("seats.booking_id", 1)
        .set("meals", meals.map(branch).into())
        .expect(all(3), Expected::Exactly(5))
        .step(3, Write::Delete)
        .step(2, Write::Delete);
    let result = host.store().apply(&change.build()).await;
    assert_eq!(actual(&result.expect("nothing blocks it")), [5, 3]);
    assert_eq!(Observed::by(host).await.texts("meals", "course"), ["cake", "tea"]);
}
