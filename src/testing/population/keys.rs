//! The values of keys: ids, unique fields to which references lead, and the references that hold them.

use std::collections::BTreeMap;

use chrono::{TimeDelta, TimeZone, Utc};
use uuid::Uuid;

use crate::domain::{DataMap, FieldName, FieldType, KeyComparison, KindName, Value, instant_text};

/// A field of a kind.
pub(super) type Column = (KindName, FieldName);

/// The columns of keys, in groups of one type: each reference has the type of the key that it holds.
pub(super) struct KeyColumns {
    groups: BTreeMap<Column, usize>,
    /// The type of each group; `None` if the map does not declare it.
    types: Vec<Option<FieldType>>,
}

/// The types of ids whose type is not declared, the simplest first.
pub(super) const ID_TYPES: [FieldType; 3] = [FieldType::Text, FieldType::Integer, FieldType::Uuid];

impl KeyColumns {
    /// Groups the columns of a map. Shard keys hold the id of the subject.
    pub(super) fn of(map: &DataMap, subject: &KindName) -> Self {
        let subject_id = map.kind(subject).and_then(|kind| kind.id.only());
        let mut keys = Self { groups: BTreeMap::new(), types: Vec::new() };
        for kind in map.kinds() {
            for field in kind.id.fields() {
                keys.join(&[(kind.name.clone(), field.clone())]);
            }
            if let Some(key) = &kind.shard_key {
                let id = subject_id.map(|id| (subject.clone(), id.clone()));
                let columns: Vec<Column> = id.into_iter().chain([(kind.name.clone(), key.clone())]).collect();
                keys.join(&columns);
            }
        }
        for reference in map.references() {
            for (held, key) in reference.fields.iter().zip(map.key_of(reference)) {
                keys.join(&[(reference.from.clone(), held.clone()), (reference.to.clone(), key.clone())]);
            }
        }
        let count = keys.groups.values().max().map_or(0, |last| last + 1);
        keys.types = vec![None; count];
        for ((kind, field), group) in &keys.groups {
            let declared = map.kind(kind).and_then(|kind| kind.declared_type(field));
            if let Some(known) = keys.types.get_mut(*group) {
                *known = known.or(declared);
            }
        }
        for reference in map.references().filter(|one| one.compare == KeyComparison::IgnoreAsciiCase) {
            let columns = reference.fields.iter().map(|field| (reference.from.clone(), field.clone()));
            for column in columns {
                let group = keys.groups.get(&column).and_then(|group| keys.types.get_mut(*group));
                if let Some(known) = group {
                    *known = Some(FieldType::Text);
                }
            }
        }
        keys
    }

    /// Puts columns into one group, with all other columns of their groups.
    fn join(&mut self, columns: &[Column]) {
        let new = self.groups.values().max().map_or(0, |last| last + 1);
        let known: Vec<usize> = columns.iter().filter_map(|one| self.groups.get(one).copied()).collect();
        let group = known.first().copied().unwrap_or(new);
        for other in self.groups.values_mut().filter(|other| known.contains(other)) {
            *other = group;
        }
        self.groups.extend(columns.iter().map(|column| (column.clone(), group)));
    }

    /// Returns whether a column holds a key.
    pub(super) fn contains(&self, kind: &KindName, field: &FieldName) -> bool {
        self.groups.contains_key(&(kind.clone(), field.clone()))
    }

    /// Returns the number of groups.
    pub(super) fn count(&self) -> usize {
        self.types.len()
    }

    /// Returns the type of a column, if `choices` stand for the types of the groups that are not declared.
    pub(super) fn type_of(&self, kind: &KindName, field: &FieldName, choices: &[usize]) -> FieldType {
        let Some(group) = self.groups.get(&(kind.clone(), field.clone())) else { return FieldType::Text };
        let chosen = choices.get(*group).and_then(|choice| ID_TYPES.get(*choice)).copied();
        self.types.get(*group).copied().flatten().or(chosen).unwrap_or(FieldType::Text)
    }
}

/// Returns the value of a key for a row of a kind with this number.
pub(super) fn key_value(key_type: FieldType, kind: &KindName, number: usize) -> Value {
    let small = u32::try_from(number).unwrap_or_default();
    match key_type {
        FieldType::Text | FieldType::Json => format!("{kind}-{number}").into(),
        FieldType::Integer | FieldType::Decimal => Value::Integer(small.into()),
        FieldType::Boolean => Value::Integer((small % 2).into()),
        FieldType::Uuid => {
            Uuid::from_u128(u128::from(small) << 96 | 0x4000_8000_0000_0000_0000).to_string().into()
        }
        FieldType::Date | FieldType::Timestamp => {
            let epoch = Utc.timestamp_opt(0, 0).single().unwrap_or_default();
            let day = epoch + TimeDelta::days(small.into());
            match key_type {
                FieldType::Date => day.date_naive().format("%Y-%m-%d").to_string().into(),
                _ => instant_text(day).into(),
            }
        }
    }
}
