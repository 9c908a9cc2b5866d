//! An index on a reference: for each value, the rows that hold it.

use std::collections::{BTreeMap, HashMap, btree_map};

use crate::domain::{KeyReader, Record, RecordId};
use crate::store::by_row::RowNumber;

#[derive(Debug, Default)]
pub(super) struct Index {
    referrers: HashMap<RecordId, Referrers>,
    /// The rows whose list of ids cannot be read.
    unreadable: Referrers,
    /// The rows whose list holds an integer.
    integers: Referrers,
    /// The rows whose list holds text.
    texts: Referrers,
}

/// Rows in the order of their ids.
type Referrers = BTreeMap<RecordId, RowNumber>;

impl Index {
    /// Returns the rows that refer to a target, in the order of their ids.
    pub(super) fn get(&self, target: &RecordId) -> btree_map::Iter<'_, RecordId, RowNumber> {
        self.referrers.get(target).map(BTreeMap::iter).unwrap_or_default()
    }

    /// Returns the rows whose list of ids cannot be read, in the order of their ids.
    pub(super) fn unreadable(&self) -> btree_map::Iter<'_, RecordId, RowNumber> {
        self.unreadable.iter()
    }

    /// Returns the rows whose list holds an id of another type: text where ids are integers, or vice versa.
    pub(super) fn of_other_type(&self, are_integers: bool) -> btree_map::Iter<'_, RecordId, RowNumber> {
        if are_integers { self.texts.iter() } else { self.integers.iter() }
    }

    pub(super) fn add(&mut self, key: &KeyReader, record: &Record, number: RowNumber) {
        let Ok(targets) = key.read_all(record) else {
            self.unreadable.insert(record.id.clone(), number);
            return;
        };
        if key.list().is_some() {
            for target in &targets {
                let of_type =
                    if target.as_integer().is_some() { &mut self.integers } else { &mut self.texts };
                of_type.insert(record.id.clone(), number);
            }
        }
        for target in targets {
            self.referrers.entry(target).or_default().insert(record.id.clone(), number);
        }
    }

    pub(super) fn remove(&mut self, key: &KeyReader, record: &Record) {
        for rows in [&mut self.unreadable, &mut self.integers, &mut self.texts] {
            rows.remove(&record.id);
        }
        for target in key.read_all(record).unwrap_or_default() {
            if let Some(referrers) = self.referrers.get_mut(&target) {
                referrers.remove(&record.id);
                if referrers.is_empty() {
                    self.referrers.remove(&target);
                }
            }
        }
    }
}
