//! Lookups of referring rows in `MemoryRecords`, compared with a full scan.
#![cfg(feature = "testing")]

use client_lifecycle::domain::{DataMap, Record, RecordId};
use client_lifecycle::memory::MemoryRecords;
use client_lifecycle::store::{Batch, Page, Records, RowChange};
use proptest::prelude::*;
use serde_json::json;

const TARGETS: [i64; 4] = [1, 2, 3, 4];

fn map() -> DataMap {
    serde_json::from_value(json!({
        "kinds": { "clients": {}, "debts": {} },
        "references": [{ "from": "debts.client_id", "to": "clients", "nullable": true }]
    }))
    .unwrap()
}

/// A change of a debt: deletes it, or writes it with a target, which may be null.
fn change() -> impl Strategy<Value = RowChange> {
    let target = prop::option::of(prop::sample::select(&TARGETS[..]));
    (0..8_i64, prop::option::weighted(0.7, target)).prop_map(|(id, written)| match written {
        Some(target) => {
            RowChange::Put { kind: "debts".into(), record: Record::new(id).with("client_id", target) }
        }
        None => RowChange::Delete { kind: "debts".into(), id: id.into() },
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_index_finds_what_a_full_scan_finds(
        batches in prop::collection::vec(prop::collection::vec(change(), 0..4), 1..12),
        first_look in 0..12_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let map = map();
        let kind = map.kind(&"debts".into()).unwrap();
        let reference = map.reference(&"debts.client_id".into()).unwrap();
        let records = MemoryRecords::new();
        records.insert("debts", []);
        for (number, changes) in batches.into_iter().enumerate() {
            let batch = Batch { changes, ..Batch::default() };
            runtime.block_on(records.write(&batch)).unwrap();
            // The first lookup makes the index; later writes keep it up to date.
            if number < first_look {
                continue;
            }
            for target in TARGETS.map(RecordId::from) {
                let page = Page { after: None, limit: usize::MAX };
                let ids = [target.clone()];
                let found = runtime.block_on(records.referrers(kind, reference, &ids, page)).unwrap();
                let mut scanned = records.rows("debts");
                scanned.retain(|row| row.get("client_id").as_id().as_ref() == Some(&target));
                prop_assert!(found == scanned, "{target}: {found:?} instead of {scanned:?}");
            }
        }
    }
}
