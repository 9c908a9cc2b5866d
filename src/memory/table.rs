//! The rows of one kind, with lookups by id and by reference.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use crate::domain::{FieldName, KindName, Record, RecordId};
use crate::store::StoreError;

/// For each value of a field, the ids of the rows that hold it.
type Index = HashMap<RecordId, BTreeSet<RecordId>>;

#[derive(Debug, Default)]
pub(super) struct Table {
    rows: BTreeMap<RecordId, Record>,
    /// An index for each field that was looked up before. Writes keep it up to date.
    indexes: HashMap<FieldName, Index>,
}

impl Table {
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &Record> {
        self.rows.values()
    }

    /// Returns the rows after an id, or all rows if there is none, sorted by id.
    pub(super) fn after<'a>(&'a self, id: Option<&'a RecordId>) -> impl Iterator<Item = &'a Record> {
        let from = id.map_or(Bound::Unbounded, Bound::Excluded);
        self.rows.range::<RecordId, _>((from, Bound::Unbounded)).map(|(_, row)| row)
    }

    /// Returns the rows with this text in a field, sorted by id. ASCII letters are compared without case.
    pub(super) fn find_by_text<'a>(
        &'a self,
        field: &'a FieldName,
        text: &'a str,
    ) -> impl Iterator<Item = &'a Record> {
        let holds =
            move |row: &&Record| row.get(field).as_text().is_some_and(|held| held.eq_ignore_ascii_case(text));
        self.rows.values().filter(holds)
    }

    pub(super) fn get(&self, id: &RecordId) -> Option<&Record> {
        self.rows.get(id)
    }

    /// Returns whether all ids are integers; `None` if there are no rows. Integers sort first, so the last id decides.
    pub(super) fn has_integer_ids(&self) -> Option<bool> {
        let (last, _) = self.rows.last_key_value()?;
        Some(last.as_integer().is_some())
    }

    /// Returns whether some ids are integers and others are not.
    pub(super) fn has_mixed_ids(&self) -> bool {
        let is_integer = |id: Option<(&RecordId, _)>| id.is_some_and(|(id, _)| id.as_integer().is_some());
        is_integer(self.rows.first_key_value()) != is_integer(self.rows.last_key_value())
    }

    /// Returns the row with this id. Text finds the integer with the same digits.
    pub(super) fn find(&self, kind: &KindName, id: &RecordId) -> Result<Option<&Record>, StoreError> {
        match self.has_integer_ids() {
            Some(true) if id.as_integer().is_none() => {
                let text = id.to_string();
                let integer = text.parse::<i64>().ok();
                match integer.filter(|integer| integer.to_string() == text) {
                    Some(integer) => Ok(self.get(&integer.into())),
                    None => {
                        Err(StoreError::WrongId { kind: kind.clone(), id: id.clone(), expected: "integers" })
                    }
                }
            }
            _ => Ok(self.get(id)),
        }
    }

    pub(super) fn put(&mut self, record: Record) {
        self.delete(&record.id);
        for (field, index) in &mut self.indexes {
            if let Some(target) = record.get(field).as_id() {
                index.entry(target).or_default().insert(record.id.clone());
            }
        }
        self.rows.insert(record.id.clone(), record);
    }

    pub(super) fn delete(&mut self, id: &RecordId) {
        let Some(record) = self.rows.remove(id) else {
            return;
        };
        for (field, index) in &mut self.indexes {
            let Some(target) = record.get(field).as_id() else {
                continue;
            };
            if let Some(referrers) = index.get_mut(&target) {
                referrers.remove(id);
                if referrers.is_empty() {
                    index.remove(&target);
                }
            }
        }
    }

    pub(super) fn is_indexed(&self, field: &FieldName) -> bool {
        self.indexes.contains_key(field)
    }

    pub(super) fn index(&mut self, field: &FieldName) {
        let mut index = Index::new();
        for record in self.rows.values() {
            if let Some(target) = record.get(field).as_id() {
                index.entry(target).or_default().insert(record.id.clone());
            }
        }
        self.indexes.insert(field.clone(), index);
    }

    /// Returns the ids of the rows whose indexed field holds this target, in order.
    pub(super) fn referrers<'a>(
        &'a self,
        field: &FieldName,
        target: &RecordId,
    ) -> impl Iterator<Item = &'a RecordId> {
        let index = self.indexes.get(field);
        index.and_then(|index| index.get(target)).into_iter().flatten()
    }
}
