//! Rows that refer to records that do not exist, row by row.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rows, elements};
use crate::domain::{
    DataMap, KeyComparison, Kind, KindName, Record, RecordId, Reference, ReferenceName, Value,
};
use crate::policy::DeletionPolicy;

/// Returns the rows that refer to a record that does not exist, by reference. References without such rows are left
/// out.
///
/// A row of the subject's kind refers to others whatever its filter says. A reference of several fields of which one is
/// null refers to nothing.
///
/// # Panics
/// On a value that is not of its declared type.
#[must_use]
pub fn dangling(policy: &DeletionPolicy, rows: &Rows) -> BTreeMap<ReferenceName, BTreeSet<RecordId>> {
    let map: &DataMap = policy.map();
    let mut found: BTreeMap<ReferenceName, BTreeSet<RecordId>> = BTreeMap::new();
    for reference in map.references() {
        let from = map.kind(&reference.from).expect("a kind of the map");
        for (id, row) in rows.get(&reference.from).into_iter().flatten() {
            if refers(policy.subject(), from, row, reference) && lacks_target(map, rows, from, row, reference)
            {
                found.entry(reference.name.clone()).or_default().insert(id.clone());
            }
        }
    }
    found
}

fn refers(subject: &KindName, from: &Kind, row: &Record, reference: &Reference) -> bool {
    let filter = from.filter.as_ref().filter(|_| from.name != *subject);
    let mut conditions = filter.into_iter().chain(&reference.when);
    let now = chrono::DateTime::UNIX_EPOCH;
    conditions.all(|when| when.holds(from, row, now).expect("values of their types") == Some(true))
}

/// Returns whether the row holds a key that no record has; of a list, any of its elements.
fn lacks_target(map: &DataMap, rows: &Rows, from: &Kind, row: &Record, reference: &Reference) -> bool {
    let to = map.kind(&reference.to).expect("a kind of the map");
    let held: Vec<Value> =
        reference.fields.iter().map(|field| from.value_of(row, field).into_owned()).collect();
    let keys: Vec<Vec<Value>> = match &*held {
        [list] if reference.each => elements(list).into_iter().map(|element| vec![element]).collect(),
        _ => vec![held],
    };
    let is_equal = |held: &Value, key: &Value| match (held, key) {
        (Value::Text(held), Value::Text(key)) if reference.compare == KeyComparison::IgnoreAsciiCase => {
            held.eq_ignore_ascii_case(key)
        }
        (held, key) => held == key,
    };
    let is_there = |key: &Vec<Value>| {
        rows.get(&reference.to).into_iter().flatten().any(|(_, target)| {
            let mut pairs = key.iter().zip(map.key_of(reference));
            pairs.all(|(held, field)| is_equal(held, &to.value_of(target, field)))
        })
    };
    let full = keys.iter().filter(|key| key.iter().all(|held| !held.is_null()));
    full.into_iter().any(|key| !is_there(key))
}
