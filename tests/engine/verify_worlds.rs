//! `verify` on random worlds that lost some rows: every store finds what the model finds.
#![cfg(feature = "testing")]

use std::collections::BTreeMap;

use crate::common::compare::opened;
use crate::common::random::on_random_worlds;
use client_lifecycle::MemoryStore;
use client_lifecycle::domain::{RecordId, ReferenceName};
use client_lifecycle::memory::MemoryRecords;
use client_lifecycle::protocol::Inconsistent;
use client_lifecycle::store::{ByRow, Store};
use client_lifecycle::testing::model::{self, Rows};
use client_lifecycle::testing::strategies::{RandomWorld, rows_document};
use proptest::prelude::*;
use serde_json::Value;

/// The rows that were found by reference: their number, whether there are more, and the first ids.
type Found = BTreeMap<ReferenceName, (usize, bool, Vec<RecordId>)>;

const LIMIT: u16 = 2;

/// Returns the world's rows without every third row.
fn incomplete(case: &RandomWorld) -> Rows {
    let mut rows = case.rows.clone();
    let mut position = 0;
    for rows in rows.values_mut() {
        rows.retain(|_, _| {
            position += 1;
            position % 3 != 0
        });
    }
    rows
}

fn expected(case: &RandomWorld, rows: &Rows, limit: u16) -> Found {
    let found = model::dangling(&case.policy, rows).into_iter();
    let limit = usize::from(limit);
    let counted = found.map(|(reference, ids)| {
        let sample = ids.iter().take(limit.min(5)).cloned().collect();
        (reference, (ids.len().min(limit), ids.len() > limit, sample))
    });
    counted.collect()
}

async fn found<S: Store>(case: &RandomWorld, store: S, limit: u16) -> Result<Found, TestCaseError> {
    let lifecycle = opened(case, store).await?;
    let found = lifecycle.verify(limit).await.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
    let mut all = Found::new();
    for one in found {
        if let Inconsistent::Dangling(reference) = one.what {
            all.insert(reference, (one.count, one.more, one.sample));
        }
    }
    Ok(all)
}

/// Leaves out the ids of rows that have none: stores name them differently.
fn comparable(case: &RandomWorld, mut found: Found) -> Found {
    let map = case.policy.map();
    for (name, (_, _, sample)) in &mut found {
        let reference = map.reference(name).unwrap();
        if map.kind(&reference.from).unwrap().id.is_none() {
            sample.clear();
        }
    }
    found
}

fn document(case: &RandomWorld, rows: &Rows) -> Value {
    rows_document(case.policy.map(), rows)
}

#[test]
fn the_memory_store_and_a_store_by_rows_find_what_the_model_finds() {
    on_random_worlds(async |case, _| {
        let rows = incomplete(case);
        for limit in [LIMIT, 1_000] {
            let store = MemoryStore::from_json(case.policy.map(), &document(case, &rows)).unwrap();
            let records = MemoryRecords::new();
            for kind in store.records().kinds() {
                records.insert(&kind, store.rows(kind.as_str()));
            }
            let expected = comparable(case, expected(case, &rows, limit));
            prop_assert_eq!(&comparable(case, found(case, store, limit).await?), &expected);
            prop_assert_eq!(&comparable(case, found(case, ByRow::new(records), limit).await?), &expected);
        }
        Ok(())
    });
}

#[cfg(feature = "sqlite")]
#[test]
fn sqlite_finds_what_the_model_finds() {
    on_random_worlds(async |case, _| {
        let rows = incomplete(case);
        // The columns have the types of all rows.
        let file = crate::common::sqlite::File::with(case.policy.map(), &document(case, &case.rows)).await;
        file.run("PRAGMA foreign_keys = OFF").await;
        let left = document(case, &rows);
        for (kind, rows) in left.as_object().unwrap() {
            file.run(&format!("DELETE FROM \"{kind}\"")).await;
            for row in rows.as_array().unwrap() {
                file.insert(kind, row).await;
            }
        }
        for limit in [LIMIT, 1_000] {
            let expected = comparable(case, expected(case, &rows, limit));
            prop_assert_eq!(&comparable(case, found(case, file.store(), limit).await?), &expected);
        }
        Ok(())
    });
}
