//! Clause 10: neither the number of statements nor the memory of the client grows with the number of rows.
//!
//! These cases form the level `scale`, for stores that work by sets. Each compares the [`Traffic`] of the same request
//! on a client with few rows and on a client with many, as [`Host::traffic`] reports it.
//!
//! Keyed pseudonyms are not tested here: the library computes them, so it reads the values to mask, page by page.

use super::change::{Change, all, branch, referrers, update};
use super::world::{client, debt, item, kind, meal, seat, sign_up};
use super::{Host, Traffic};
use crate::domain::{Record, Value};
use crate::protocol::{Branch, Expected, Question, Write};

/// The numbers of debts, bookings, pairs of items and invoices of each client. The first client only warms up caches.
/// "Few" is already hundreds, because a store may treat small operations differently.
const FIRST: i64 = 1;
const FEW: i64 = 200;
const MANY: i64 = 800;

/// The number of bytes by which the traffic may differ, because larger counts have more digits.
const DIGITS: u64 = 256;

async fn load(host: &dyn Host) {
    for (id, count, first) in [("first", FIRST, 0), ("few", FEW, 1000), ("many", MANY, 10_000)] {
        let numbered = |number: i64| format!("{id}{number}");
        let of_client = |number| Record::new(numbered(number)).with("client_id", id);
        // The ids of items are integers, so each client needs its own range.
        let items = (0..count).flat_map(|number| {
            let (top, part) = (first + 2 * number, first + 2 * number + 1);
            let booking = numbered(number);
            [item(top, &booking, None), item(part, &booking, Some(top))]
        });
        let invoice = |number| {
            of_client(number).with("number", numbered(number)).with("issued_at", "2025-12-01T08:30:00.000Z")
        };
        host.load(&kind("clients"), vec![client(id)]).await;
        host.load(&kind("debts"), (0..count).map(|number| debt(&numbered(number), id, "PENDING")).collect())
            .await;
        let booking = |number| of_client(number).with("notes", Value::Null);
        host.load(&kind("bookings"), (0..count).map(booking).collect()).await;
        host.load(&kind("items"), items.collect()).await;
        host.load(&kind("invoices"), (0..count).map(invoice).collect()).await;
    }
}

fn traffic(host: &dyn Host) -> Traffic {
    host.traffic().expect("the level `scale` needs a host that reports the traffic of its store")
}

fn same(few: Traffic, many: Traffic) {
    assert!(few.statements > 0, "no statements: the host does not count");
    assert_eq!(few.statements, many.statements, "the number of statements depends on the number of rows");
    assert_eq!(few.rows, many.rows, "the number of returned rows depends on the number of rows");
    assert!(
        many.bytes <= few.bytes + DIGITS,
        "the traffic depends on the number of rows: {} bytes and {}",
        few.bytes,
        many.bytes
    );
}

async fn asked(host: &dyn Host, change: &Change) -> Traffic {
    let before = traffic(host);
    host.store().survey(&change.query()).await.expect("answers");
    traffic(host).since(before)
}

async fn applied(host: &dyn Host, change: &Change) -> Traffic {
    let before = traffic(host);
    host.store().apply(&change.build()).await.expect("nothing blocks it");
    traffic(host).since(before)
}

/// Deletes all dependents of a client, and asks for counts and samples of them.
fn erased(client: &str, count: i64) -> Change {
    let count = u64::try_from(count).expect("a count");
    let sampled = |set| Question { sample: 5, ..Question::count(all(set)) };
    Change::erase(client)
        .question(sampled(1))
        .question(sampled(3))
        .expect(all(1), Expected::Exactly(count))
        .expect(all(3), Expected::Exactly(2 * count))
        .event("debts.gone", 1, &["amount"])
}

/// The answer consists of counts and a few samples, however many rows there are.
pub async fn clause_10_a_survey_sends_the_same_for_many_rows_as_for_few(host: &dyn Host) {
    load(host).await;
    asked(host, &erased("first", FIRST)).await;
    let few = asked(host, &erased("few", FEW)).await;
    same(few, asked(host, &erased("many", MANY)).await);
}

/// Rows are deleted, updated and copied into events inside the store.
pub async fn clause_10_a_change_set_sends_the_same_for_many_rows_as_for_few(host: &dyn Host) {
    load(host).await;
    applied(host, &erased("first", FIRST).operation(3)).await;
    let few = applied(host, &erased("few", FEW)).await;
    same(few, applied(host, &erased("many", MANY).operation(2)).await);
    assert_eq!(host.rows(&kind("items")).await.len(), 0, "all of it was done");
    assert_eq!(i64::try_from(host.events().await.len()), Ok(FIRST + FEW + MANY));
}

/// Rows below rows of their own kind are found inside the store too.
pub async fn clause_10_a_cycle_sends_the_same_for_many_rows_as_for_few(host: &dyn Host) {
    load(host).await;
    let parts = |client: &str| {
        let on_bookings: Vec<Branch> =
            vec![branch(referrers("items.booking_id", all(1))), branch(referrers("items.part_of", all(2)))];
        Change::of(&[client])
            .referrers("bookings.client_id", 0)
            .cycle("items", on_bookings)
            .step(2, Write::Delete)
            .step(1, update("notes", "none"))
    };
    applied(host, &parts("first").operation(3)).await;
    let few = applied(host, &parts("few")).await;
    same(few, applied(host, &parts("many").operation(2)).await);
    assert_eq!(host.rows(&kind("items")).await.len(), 0, "all of it was done");
}

/// Rows with ids of several fields or none, and rows found by a value, are counted and deleted inside the store too.
pub async fn clause_10_other_keys_send_the_same_for_many_rows_as_for_few(host: &dyn Host) {
    for (id, count, first) in [("first", FIRST, 0), ("few", FEW, 1000), ("many", MANY, 10_000)] {
        host.load(&kind("clients"), vec![client(id)]).await;
        host.load(&kind("bookings"), vec![Record::new(id).with("client_id", id)]).await;
        host.load(&kind("seats"), (0..count).map(|number| seat(id, number, "first")).collect()).await;
        let meals = (0..count).map(|number| meal(first + number, id, Some(number), None, "soup"));
        host.load(&kind("meals"), meals.collect()).await;
        let email = format!("{id}@EXAMPLE.org");
        let sign_ups = (0..count).map(|number| sign_up(&format!("{id}{number}"), &email, None));
        host.load(&kind("sign_ups"), sign_ups.collect()).await;
    }
    let erased = |client: &str, count: i64| {
        let count = Expected::Exactly(u64::try_from(count).expect("a count"));
        Change::of(&[client])
            .referrers("bookings.client_id", 0)
            .referrers("seats.booking_id", 1)
            .referrers("meals.booking_id+seat", 2)
            .referrers("sign_ups.email", 0)
            .question(Question { sample: 5, ..Question::count(all(2)) })
            .question(Question { sample: 5, ..Question::count(all(3)) })
            .expect(all(2), count)
            .expect(all(3), count)
            .expect(all(4), count)
            .step(3, Write::Delete)
            .step(2, Write::Delete)
            .step(4, Write::Delete)
    };
    asked(host, &erased("first", FIRST)).await;
    let few = asked(host, &erased("few", FEW)).await;
    same(few, asked(host, &erased("many", MANY)).await);
    applied(host, &erased("first", FIRST).operation(3)).await;
    let few = applied(host, &erased("few", FEW)).await;
    same(few, applied(host, &erased("many", MANY).operation(2)).await);
    for name in ["seats", "meals", "sign_ups"] {
        assert_eq!(host.rows(&kind(name)).await.len(), 0, "all of it was done");
    }
}

/// The repeated operation returns the stored receipt and does not count rows again.
pub async fn clause_10_a_repetition_reads_only_the_receipt(host: &dyn Host) {
    load(host).await;
    let (few, many) = (erased("few", FEW), erased("many", MANY).operation(2));
    applied(host, &few).await;
    applied(host, &many).await;
    same(applied(host, &few).await, applied(host, &many).await);
}
