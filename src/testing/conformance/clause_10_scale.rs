//! Clause 10: the number of statements does not depend on the number of rows, and client memory stays flat.
//!
//! The level `scale`, for stores that work by sets. It compares the [`Traffic`] of the same request on a client
//! with few rows and on one with many, which a host has to tell ([`Host::traffic`]).
//!
//! Keyed pseudonyms are the exception, and not asked for here: their key is the client's, so that the values go
//! through it, page by page.

use super::change::{Change, all, branch, referrers, update};
use super::world::{client, debt, item, kind};
use super::{Host, Traffic};
use crate::domain::{Record, Value};
use crate::protocol::{Branch, Expected, Question, Write};

/// How many debts, bookings, pairs of items and invoices each client has. The first is for what a store learns once. A
/// store may well do small operations in another way, so the few are hundreds already.
const FIRST: i64 = 1;
const FEW: i64 = 200;
const MANY: i64 = 800;

/// By how much numbers may be longer when they count more.
const DIGITS: u64 = 256;

async fn load(host: &dyn Host) {
    for (id, count, first) in [("first", FIRST, 0), ("few", FEW, 1000), ("many", MANY, 10_000)] {
        let numbered = |number: i64| format!("{id}{number}");
        let of_client = |number| Record::new(numbered(number)).with("client_id", id);
        // Ids of items are numbers.
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

fn told(host: &dyn Host) -> Traffic {
    host.traffic().expect("the level `scale` needs a host that tells the traffic of its store")
}

fn same(few: Traffic, many: Traffic) {
    assert!(few.statements > 0, "nothing was asked: the host does not count");
    assert_eq!(few.statements, many.statements, "statements depend on the number of rows");
    assert_eq!(few.rows, many.rows, "the rows that come back depend on the number of rows");
    assert!(
        many.bytes <= few.bytes + DIGITS,
        "what goes back and forth depends on the number of rows: {} bytes and {}",
        few.bytes,
        many.bytes
    );
}

async fn asked(host: &dyn Host, change: &Change) -> Traffic {
    let before = told(host);
    host.store().survey(&change.query()).await.expect("answers");
    told(host).since(before)
}

async fn applied(host: &dyn Host, change: &Change) -> Traffic {
    let before = told(host);
    host.store().apply(&change.build()).await.expect("nothing stands in the way");
    told(host).since(before)
}

/// Everything that hangs on a client, with questions about it.
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

/// Counts and a few samples come back, however many rows they are about.
pub async fn clause_10_a_survey_asks_as_much_about_many_rows_as_about_few(host: &dyn Host) {
    load(host).await;
    asked(host, &erased("first", FIRST)).await;
    let few = asked(host, &erased("few", FEW)).await;
    same(few, asked(host, &erased("many", MANY)).await);
}

/// Rows are deleted, updated and told of where they are.
pub async fn clause_10_a_change_set_sends_as_much_for_many_rows_as_for_few(host: &dyn Host) {
    load(host).await;
    applied(host, &erased("first", FIRST).operation(3)).await;
    let few = applied(host, &erased("few", FEW)).await;
    same(few, applied(host, &erased("many", MANY).operation(2)).await);
    assert_eq!(host.rows(&kind("items")).await.len(), 0, "all of it was done");
    assert_eq!(i64::try_from(host.events().await.len()), Ok(FIRST + FEW + MANY));
}

/// Rows that hang on rows of their own kind are found where they are, too.
pub async fn clause_10_a_cycle_sends_as_much_for_many_rows_as_for_few(host: &dyn Host) {
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

/// What was done before is not counted again.
pub async fn clause_10_a_repetition_asks_for_the_receipt_alone(host: &dyn Host) {
    load(host).await;
    let (few, many) = (erased("few", FEW), erased("many", MANY).operation(2));
    applied(host, &few).await;
    applied(host, &many).await;
    same(applied(host, &few).await, applied(host, &many).await);
}
