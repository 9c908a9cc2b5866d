//! Clause 2: preconditions are checked in the transaction that writes.

use super::change::{Change, all, branch, ranked, update};
use super::observed::{Observed, rows};
use super::world::{client, debt, load, load_all, load_keyed, meal, seat};
use super::{Host, join, yield_now};
use crate::domain::Record;
use crate::protocol::{ChangeSet, Difference, Expected, Receipt, Source, Write};
use crate::store::StoreError;

fn differences(result: Result<Receipt, StoreError>) -> Vec<Difference> {
    match result {
        Err(StoreError::Conflict { differences }) => differences,
        Err(error) => panic!("not a conflict: {error}"),
        Ok(_) => panic!("it was applied despite its preconditions"),
    }
}

/// A change set whose preconditions hold is applied.
pub async fn clause_2_satisfied_preconditions_stop_nothing(host: &dyn Host) {
    load_all(host).await;
    let change = Change::erase("c1")
        .expect(all(1), Expected::Exactly(3))
        .expect(all(2), Expected::Some)
        .expect(ranked(1, 9), Expected::Exactly(0));
    host.store().apply(&change.build()).await.expect("all hold");
    assert_eq!(Observed::by(host).await.ids("debts"), ["d4"]);
}

/// Every failed precondition is reported, with the number of rows found.
pub async fn clause_2_every_difference_is_reported_with_what_was_found(host: &dyn Host) {
    load_all(host).await;
    let change = Change::erase("c1")
        .expect(all(1), Expected::Exactly(3))
        .expect(all(2), Expected::Exactly(5))
        .expect(all(4), Expected::Some)
        .expect(ranked(1, 9), Expected::Some);
    let before = Observed::by(host).await;
    let found = differences(host.store().apply(&change.build()).await);
    let expected = [(1, 2), (3, 0)].map(|(precondition, found)| Difference { precondition, found });
    assert_eq!(found, expected);
    before.assert_same(&Observed::by(host).await, "after a conflict");
}

/// A row that was added after the plan makes its precondition fail.
pub async fn clause_2_a_row_added_later_is_found(host: &dyn Host) {
    load_all(host).await;
    let change = Change::erase("c1").expect(all(1), Expected::Exactly(3));
    load(host, "debts", vec![debt("d9", "c1", "PENDING")]).await;
    let found = differences(host.store().apply(&change.build()).await);
    let expected = Difference { precondition: 0, found: 4 };
    assert_eq!(found, [expected]);
}

/// Each of two change sets expects three debts and deletes one. The second finds two and fails.
pub async fn clause_2_of_two_racing_change_sets_one_wins(host: &dyn Host) {
    load_all(host).await;
    let one = |debt: &str, operation| {
        Change::of(&["c1"])
            .referrers("debts.client_id", 0)
            .set("debts", vec![branch(Source::Ids(vec![debt.into()]))])
            .expect(all(1), Expected::Exactly(3))
            .step(2, Write::Delete)
            .operation(operation)
            .build()
    };
    let (a, b) = (one("d1", 1), one("d2", 2));
    let (a, b) = join(patiently(host, &a), patiently(host, &b)).await;
    let won = [&a, &b].iter().filter(|result| result.is_ok()).count();
    assert_eq!(won, 1, "both expect three debts, so only one can be applied");
    let lost = if a.is_ok() { b } else { a };
    let expected = Difference { precondition: 0, found: 2 };
    assert_eq!(differences(lost), [expected]);
    let after = Observed::by(host).await;
    assert_eq!(after.ids("debts").len(), 3);
    assert_eq!(after.operations, 1);
}

/// Applies the change set, and retries while the store reports a retryable error.
async fn patiently(host: &dyn Host, changes: &ChangeSet) -> Result<Receipt, StoreError> {
    for _ in 0..100 {
        match host.store().apply(changes).await {
            Err(error) if error.is_retryable() => yield_now().await,
            result => return result,
        }
    }
    panic!("a hundred retries did not help");
}

/// Lets other tasks run this many times.
async fn wait(turns: u128) {
    for _ in 0..turns {
        yield_now().await;
    }
}

/// One call moves a debt to a client while another deletes the client with all its debts. Whichever comes first, no
/// debt of the deleted client remains.
pub async fn clause_2_a_row_inserted_during_the_decision_is_not_missed(host: &dyn Host) {
    for turns in 0..32 {
        let (from, to) = (format!("from{turns}"), format!("to{turns}"));
        load(host, "clients", vec![client(&from), client(&to)]).await;
        let own = debt(&format!("own{turns}"), &to, "PENDING");
        let late = debt(&format!("late{turns}"), &from, "PENDING");
        load(host, "debts", vec![own, late.clone()]).await;
        let delete = Change::of(&[&to])
            .referrers("debts.client_id", 0)
            .step(1, Write::Delete)
            .step(0, Write::Delete)
            .operation(2 * turns + 1)
            .build();
        let give = Change::of(&[&from])
            .set("debts", vec![branch(Source::Ids(vec![late.id.clone()]))])
            .step(1, update("client_id", to.as_str()))
            .operation(2 * turns + 2)
            .build();
        let giving = async {
            wait(turns).await;
            // The move fails if foreign keys are enforced and the client is already deleted.
            let given = patiently(host, &give).await;
            given.is_ok() && rows(host, "clients").await.contains_key(&to.as_str().into())
        };
        let (deleted, came_first) = join(patiently(host, &delete), giving).await;
        deleted.expect("nothing blocks it");
        let left = rows(host, "debts").await.contains_key(&late.id);
        assert!(
            !(came_first && left),
            "after {turns} turns: the debt was there before the client was deleted, and is left behind"
        );
    }
}

/// One call inserts a seat into a booking while another deletes the booking with all its seats. Whichever comes first,
/// no seat of the deleted booking remains.
pub async fn clause_2_a_link_row_inserted_during_the_decision_is_not_missed(host: &dyn Host) {
    load(host, "clients", vec![client("c1")]).await;
    for turns in 0..32 {
        let booking = format!("booking{turns}");
        let booked = Record::new(&*booking).with("client_id", "c1");
        load(host, "bookings", vec![booked]).await;
        load(host, "seats", vec![seat(&booking, 1, "first")]).await;
        let delete = Change::of_kind("bookings", [booking.as_str().into()])
            .referrers("seats.booking_id", 0)
            .step(1, Write::Delete)
            .step(0, Write::Delete)
            .operation(2 * turns + 1)
            .build();
        let insert =
            Change::of(&["c1"]).insert("seats", seat(&booking, 2, "first")).operation(2 * turns + 2).build();
        let deleting = async {
            wait(turns % 8).await;
            patiently(host, &delete).await
        };
        let inserting = async {
            wait(turns / 8).await;
            // The insert fails if foreign keys are enforced and the booking is already deleted.
            let inserted = patiently(host, &insert).await;
            inserted.is_ok() && rows(host, "bookings").await.contains_key(&booking.as_str().into())
        };
        let (deleted, came_first) = join(deleting, inserting).await;
        deleted.expect("nothing blocks it");
        let left = rows(host, "seats").await.contains_key(&(booking.as_str(), 2).into());
        assert!(
            !(came_first && left),
            "after {turns} turns: the seat was there before the booking was deleted, and is left behind"
        );
    }
}

/// A row without an id that was added after the plan makes its precondition fail, although an equal row was there.
pub async fn clause_2_an_equal_row_added_later_is_found(host: &dyn Host) {
    load_keyed(host).await;
    let change = Change::of_kind("seats", [("b1", 2).into()])
        .referrers("meals.booking_id+seat", 0)
        .expect(all(1), Expected::Exactly(3))
        .step(1, Write::Delete);
    load(host, "meals", vec![meal(8, "b1", Some(2), None, "soup")]).await;
    let before = Observed::by(host).await;
    let found = differences(host.store().apply(&change.build()).await);
    assert_eq!(found, [Difference { precondition: 0, found: 4 }]);
    before.assert_same(&Observed::by(host).await, "after a conflict");
}

/// A booking is left without a seat if all its seats go, and not if another stays.
pub async fn clause_2_rows_that_are_left_without_a_referring_row_are_found(host: &dyn Host) {
    load_all(host).await;
    let seats = [("b1", 2), ("b1", 10), ("b2", 2)].map(|(booking, number)| seat(booking, number, "first"));
    load(host, "seats", seats.into()).await;
    let gone = |seats: &[(&str, i64)], operation| {
        let change = Change::bookings_without_seats(seats).expect(all(4), Expected::Exactly(0));
        change.operation(operation).build()
    };
    let before = Observed::by(host).await;
    for (seats, left) in [(&[("b1", 2), ("b2", 2)][..], 1), (&[("b1", 2), ("b1", 10), ("b2", 2)], 2)] {
        let found = differences(host.store().apply(&gone(seats, 1)).await);
        assert_eq!(found, [Difference { precondition: 0, found: left }]);
    }
    before.assert_same(&Observed::by(host).await, "after a conflict");
    host.store().apply(&gone(&[("b1", 2)], 2)).await.expect("another seat stays");
    let found = differences(host.store().apply(&gone(&[("b1", 10)], 3)).await);
    assert_eq!(found, [Difference { precondition: 0, found: 1 }], "it is the last now");
}

/// Two changes delete the last two seats of a booking at the same time. Each of them relies on the other seat, so only
/// one may succeed.
pub async fn clause_2_of_two_last_referring_rows_one_stays(host: &dyn Host) {
    load_all(host).await;
    load(host, "seats", vec![seat("b1", 2, "first"), seat("b1", 10, "first")]).await;
    let gone = |number, operation| {
        let change = Change::bookings_without_seats(&[("b1", number)]).expect(all(4), Expected::Exactly(0));
        change.operation(operation).build()
    };
    let (a, b) = (gone(2, 1), gone(10, 2));
    let (a, b) = join(patiently(host, &a), patiently(host, &b)).await;
    let won = [&a, &b].iter().filter(|result| result.is_ok()).count();
    assert_eq!(won, 1, "each is the last when the other is gone");
    let lost = if a.is_ok() { b } else { a };
    assert_eq!(differences(lost), [Difference { precondition: 0, found: 1 }]);
    assert_eq!(Observed::by(host).await.ids("seats").len(), 1);
}

/// A precondition finds other rows with a text, ignoring case; the subjects do not count. A store without lookups by
/// text reports them as unsupported.
pub async fn clause_2_a_taken_text_is_a_difference(host: &dyn Host) {
    load_all(host).await;
    let before = Observed::by(host).await;
    let claim = |email: &str, operation| {
        let change = Change::of(&["c1"]).holding(email).expect(all(1), Expected::Exactly(0));
        change.step(0, update("email", email)).operation(operation).build()
    };
    match host.store().apply(&claim("C2@Example.org", 1)).await {
        Err(StoreError::Unsupported(_)) => {
            return before.assert_same(&Observed::by(host).await, "an unsupported lookup");
        }
        taken => assert_eq!(differences(taken), [Difference { precondition: 0, found: 1 }]),
    }
    before.assert_same(&Observed::by(host).await, "a text that is taken");
    host.store().apply(&claim("C1@example.org", 2)).await.expect("its own address");
    host.store().apply(&claim("new@example.org", 3)).await.expect("the address is free");
    assert!(Observed::by(host).await.value("clients", "c1", "email") == "new@example.org".into());
}

/// Two clients claim the same e-mail address at the same time.
pub async fn clause_2_one_of_two_claims_to_a_text_wins(host: &dyn Host) {
    load_all(host).await;
    let claim = |client: &str, operation| {
        let change = Change::of(&[client]).holding("same@example.org").expect(all(1), Expected::Exactly(0));
        change.step(0, update("email", "same@example.org")).operation(operation).build()
    };
    let (a, b) = (claim("c1", 1), claim("c2", 2));
    let (a, b) = join(patiently(host, &a), patiently(host, &b)).await;
    if matches!((&a, &b), (Err(StoreError::Unsupported(_)), Err(StoreError::Unsupported(_)))) {
        return;
    }
    let lost = match (a, b) {
        (Ok(_), lost) | (lost, Ok(_)) => lost,
        (a, b) => panic!("neither was applied: {a:?}, {b:?}"),
    };
    assert_eq!(differences(lost), [Difference { precondition: 0, found: 1 }]);
}
