//! An index on a reference: for each value, the rows that hold it.

use std::collections::{BTreeMap, HashMap, btree_map};

use crate::domain::{KeyReader, Record, RecordId};
use crate::store::by_row::RowNumber;

#[derive(Debug, Default)]
pub(super) struct Index {
    referrers: HashMap<RecordId, Referrers>,
}

/// The rows that refer to one target, in the order of their ids.
type Referrers = BTreeMap<RecordId, RowNumber>;

impl Index {
    /// Returns the rows that refer to a target, in the order of their ids.
    pub(super) fn get(&self, target: &RecordId) -> btree_map::Iter<'_, RecordId, RowNumber> {
        self.referrers.get(target).map(BTreeMap::iter).unwrap_or_default()
    }

    pub(super) fn add(&mut self, key: &KeyReader, record: &Record, number: RowNumber) {
        if let Some(target) = key.read(record) {
            self.referrers.entry(target).or_default().insert(record.id.clone(), number);
        }
    }

    pub(super) fn remove(&mut self, key: &KeyReader, record: &Record) {
        let Some(target) = key.read(record) else {
            return;
        };
        if let Some(referrers) = self.referrers.get_mut(&target) {
            referrers.remove(&record.id);
            if referrers.is_empty() {
                self.referrers.remove(&target);
            }
        }
    }
}
