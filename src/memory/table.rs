//! The rows of one kind, with lookups by id and by reference.

use std::collections::{BTreeMap, HashMap, btree_map};
use std::ops::Bound;

use super::index::Index;
use crate::domain::{FieldName, KeyReader, KindName, Record, RecordId};
use crate::store::by_row::RowNumber;
use crate::store::{StoreError, TUPLES};

/// Rows keep their number until they are deleted. Then the number is used again.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Option<Record>>,
    free: Vec<RowNumber>,
    numbers: BTreeMap<RecordId, RowNumber>,
    /// An index for each reference that was looked up before. Writes keep it up to date.
    indexes: HashMap<KeyReader, Index>,
}

impl Table {
    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Returns the rows, sorted by id.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Record> {
        self.numbers.values().filter_map(|number| self.row(*number))
    }

    pub(super) fn row(&self, number: RowNumber) -> Option<&Record> {
        self.rows.get(number.0)?.as_ref()
    }

    /// Returns the rows after an id, or all rows if there is none, sorted by id.
    pub(super) fn after<'a>(&'a self, id: Option<&'a RecordId>) -> impl Iterator<Item = &'a Record> {
        let from = id.map_or(Bound::Unbounded, Bound::Excluded);
        let after = self.numbers.range::<RecordId, _>((from, Bound::Unbounded));
        after.filter_map(|(_, number)| self.row(*number))
    }

    /// Returns the numbers of the rows with this text in a field, sorted by id. ASCII letters are compared without
    /// case.
    pub(super) fn find_by_text(&self, field: &FieldName, text: &str) -> impl Iterator<Item = RowNumber> {
        self.numbers.values().copied().filter(move |number| {
            let held = self.row(*number).and_then(|row| row.get(field).as_text());
            held.is_some_and(|held| held.eq_ignore_ascii_case(text))
        })
    }

    /// Returns whether all ids are integers; `None` if there are no rows. Integers sort first, so the last id decides.
    pub(super) fn has_integer_ids(&self) -> Option<bool> {
        let (last, _) = self.numbers.last_key_value()?;
        Some(last.as_integer().is_some())
    }

    /// Returns whether some ids are integers and others are not.
    pub(super) fn has_mixed_ids(&self) -> bool {
        let is_integer = |id: Option<(&RecordId, _)>| id.is_some_and(|(id, _)| id.as_integer().is_some());
        is_integer(self.numbers.first_key_value()) != is_integer(self.numbers.last_key_value())
    }

    /// Returns the number of the row with exactly this id.
    pub(super) fn number(&self, id: &RecordId) -> Option<RowNumber> {
        self.numbers.get(id).copied()
    }

    /// Returns the number of the row with this id. Text finds the integer with the same digits, and vice versa.
    pub(super) fn find(&self, kind: &KindName, id: &RecordId) -> Result<Option<RowNumber>, StoreError> {
        if let Some(number) = self.number(id) {
            return Ok(Some(number));
        }
        let read = id.parts().iter().enumerate().map(|(position, part)| {
            let text = part.to_string();
            match part.as_integer() {
                Some(_) if self.starts_with_text(position) => return Ok(text.into()),
                None if self.holds_integers(position) => {}
                _ => return Ok(part.clone()),
            }
            // `007` and `+7` are not the text of 7.
            let integer = text.parse().ok().filter(|integer: &i64| integer.to_string() == text);
            let expected = if id.parts().len() == 1 { "integers" } else { TUPLES };
            let wrong = || StoreError::WrongId { kind: kind.clone(), id: id.clone(), expected };
            integer.map(RecordId::from).ok_or_else(wrong)
        });
        Ok(self.number(&RecordId::tuple(read.collect::<Result<Vec<_>, _>>()?)))
    }

    /// Returns whether the first row has text at this position of its id.
    fn starts_with_text(&self, position: usize) -> bool {
        let first = self.numbers.keys().next().and_then(|id| id.parts().get(position));
        first.is_some_and(|part| part.as_integer().is_none())
    }

    /// Returns whether there are rows, and all have an integer at this position of their ids.
    fn holds_integers(&self, position: usize) -> bool {
        let integer =
            |id: &RecordId| id.parts().get(position).is_some_and(|part| part.as_integer().is_some());
        // Integers sort first, so if the last id starts with one, all ids do.
        let last = self.numbers.keys().next_back();
        last.is_some_and(integer) && (position == 0 || self.numbers.keys().all(integer))
    }

    pub(super) fn put(&mut self, record: Record) {
        let number = match self.number(&record.id) {
            Some(number) => number,
            None => self.free.pop().unwrap_or(RowNumber(self.rows.len())),
        };
        for (key, index) in &mut self.indexes {
            if let Some(old) = self.rows.get(number.0).and_then(Option::as_ref) {
                index.remove(key, old);
            }
            index.add(key, &record, number);
        }
        self.numbers.insert(record.id.clone(), number);
        match self.rows.get_mut(number.0) {
            Some(place) => *place = Some(record),
            None => self.rows.push(Some(record)),
        }
    }

    pub(super) fn delete(&mut self, number: RowNumber) {
        let Some(record) = self.rows.get_mut(number.0).and_then(Option::take) else {
            return;
        };
        self.numbers.remove(&record.id);
        for (key, index) in &mut self.indexes {
            index.remove(key, &record);
        }
        self.free.push(number);
    }

    pub(super) fn is_indexed(&self, key: &KeyReader) -> bool {
        self.indexes.contains_key(key)
    }

    /// Makes an index on the key that rows hold, unless there is one.
    pub(super) fn index(&mut self, key: &KeyReader) {
        if self.is_indexed(key) {
            return;
        }
        let mut index = Index::default();
        for number in self.numbers.values() {
            if let Some(record) = self.row(*number) {
                index.add(key, record, *number);
            }
        }
        self.indexes.insert(key.clone(), index);
    }

    /// Returns the index on the key that rows hold, if there is one.
    pub(super) fn index_on(&self, key: &KeyReader) -> Option<&Index> {
        self.indexes.get(key)
    }

    /// Returns the rows that hold this key, by an index, in the order of their ids.
    pub(super) fn referrers(
        &self,
        key: &KeyReader,
        target: &RecordId,
    ) -> btree_map::Iter<'_, RecordId, RowNumber> {
        self.indexes.get(key).map(|index| index.get(target)).unwrap_or_default()
    }
}
