//! Clause 7: readers see the state before or after a change set, never a state in between.

use std::sync::atomic::{AtomicBool, Ordering};

use super::change::{Change, all};
use super::world::load_all;
use super::{Host, join, yield_now};
use crate::store::StoreError;

const BEFORE: [u64; 4] = [1, 3, 2, 4];
const AFTER: [u64; 4] = [0, 0, 0, 0];

/// Surveys repeatedly until the writer has finished, then once more.
async fn read_while(host: &dyn Host, done: &AtomicBool) {
    let query = Change::erase("c1").ask(all(0)).ask(all(1)).ask(all(2)).ask(all(3));
    let query = query.query();
    // Items depend on bookings, so a reader of a partial state would count items without bookings.
    loop {
        let is_last = done.load(Ordering::SeqCst);
        match host.store().survey(&query).await {
            Ok(survey) => {
                let seen: Vec<u64> = survey.answers.iter().map(|answer| answer.count).collect();
                assert!(seen == BEFORE || seen == AFTER, "a partial change was seen: {seen:?}");
                assert!(!is_last || seen == AFTER, "the change is not seen: {seen:?}");
            }
            Err(error) => assert!(error.is_retryable(), "a reader failed: {error}"),
        }
        if is_last {
            return;
        }
        yield_now().await;
    }
}

async fn write(host: &dyn Host, done: &AtomicBool) {
    let changes = Change::erase("c1").build();
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
    let done = AtomicBool::new(false);
    join(write(host, &done), read_while(host, &done)).await;
}

/// Polls the reader first, then the writer, in turn.
pub async fn clause_7_a_reader_before_a_writer_sees_whole_states(host: &dyn Host) {
    load_all(host).await;
    let done = AtomicBool::new(false);
    join(read_while(host, &done), write(host, &done)).await;
}
