//! Clause 7: readers see the state before or after a change set, never a state in between.

use std::sync::atomic::{AtomicBool, Ordering};

use super::change::{Change, all};
use super::world::{load_all, load_keyed};
use super::{Host, join, yield_now};
use crate::protocol::Write;
use crate::store::StoreError;

/// A change, the sets that a reader counts, and their numbers of rows before and after it.
struct Seen {
    change: Change,
    counted: [u16; 4],
    before: [u64; 4],
    after: [u64; 4],
}

/// Items depend on bookings, so a reader of a partial state would count items without bookings.
fn erased() -> Seen {
    Seen { change: Change::erase("c1"), counted: [0, 1, 2, 3], before: [1, 3, 2, 4], after: [0; 4] }
}

/// The meals of the seats go before the seats.
fn seats_erased() -> Seen {
    let change = Change::of(&["c1"])
        .referrers("bookings.client_id", 0)
        .referrers("seats.booking_id", 1)
        .referrers("meals.booking_id+seat", 2)
        .step(3, Write::Delete)
        .step(2, Write::Delete);
    Seen { change, counted: [3, 2, 3, 2], before: [5, 3, 5, 3], after: [0; 4] }
}

/// Surveys repeatedly until the writer has finished, then once more.
async fn read_while(host: &dyn Host, seen: &Seen, done: &AtomicBool) {
    let Seen { change, counted, before, after } = seen;
    let query = counted.iter().fold(change.clone(), |change, set| change.ask(all(*set))).query();
    loop {
        let is_last = done.load(Ordering::SeqCst);
        match host.store().survey(&query).await {
            Ok(survey) => {
                let counts: Vec<u64> = survey.answers.iter().map(|answer| answer.count).collect();
                assert!(counts == before || counts == after, "a partial change was seen: {counts:?}");
                assert!(!is_last || counts == after, "the change is not seen: {counts:?}");
            }
            Err(error) => assert!(error.is_retryable(), "a reader failed: {error}"),
        }
        if is_last {
            return;
        }
        yield_now().await;
    }
}

async fn write(host: &dyn Host, seen: &Seen, done: &AtomicBool) {
    let changes = seen.change.build();
    let mut left = 1_000;
    let result = loop {
        left -= 1;
        match host.store().apply(&changes).await {
            Err(StoreError::Contention { retryable: true, .. }) if left > 0 => yield_now().await,
            result => break result,
        }
    };
    // Set `done` after a failure too, because the reader waits for it.
    done.store(true, Ordering::SeqCst);
    result.expect("nothing blocks it permanently");
}

/// Polls the writer first, then the reader, in turn.
pub async fn clause_7_a_reader_beside_a_writer_sees_whole_states(host: &dyn Host) {
    load_all(host).await;
    let (seen, done) = (erased(), AtomicBool::new(false));
    join(write(host, &seen, &done), read_while(host, &seen, &done)).await;
}

/// Polls the reader first, then the writer, in turn.
pub async fn clause_7_a_reader_before_a_writer_sees_whole_states(host: &dyn Host) {
    load_all(host).await;
    let (seen, done) = (erased(), AtomicBool::new(false));
    join(read_while(host, &seen, &done), write(host, &seen, &done)).await;
}

/// Rows with an id of several fields go together with the rows without an id that refer to them.
pub async fn clause_7_a_reader_sees_whole_states_of_link_tables(host: &dyn Host) {
    load_keyed(host).await;
    let (seen, done) = (seats_erased(), AtomicBool::new(false));
    join(write(host, &seen, &done), read_while(host, &seen, &done)).await;
}
