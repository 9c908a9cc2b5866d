//! The values of keys: ids, unique fields to which references lead, and the references that hold them.

use std::collections::BTreeMap;

use chrono::{TimeDelta, TimeZone, Utc};
use uuid::Uuid;

use crate::domain::{
    DataMap, FieldName, FieldType, KeyComparison, Kind, KindName, TableName, Value, instant_text,
};

/// A table and a column. Kinds that are parts of one table share its columns.
type Column = (TableName, String);

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
        let mut keys = Self { groups: BTreeMap::new(), types: Vec::new() };
        let subject = map.kind(subject);
        let subject_id = subject.and_then(|kind| Some(column(kind, kind.id.only()?)));
        for kind in map.kinds() {
            for field in kind.id.fields() {
                keys.join(&[column(kind, field)]);
            }
            if let Some(key) = &kind.shard_key {
                let columns: Vec<Column> = subject_id.iter().cloned().chain([column(kind, key)]).collect();
                keys.join(&columns);
            }
        }
        for reference in map.references() {
            let (Some(from), Some(to)) = (map.kind(&reference.from), map.kind(&reference.to)) else {
                continue;
            };
            for (held, key) in reference.fields.iter().zip(map.key_of(reference)) {
                keys.join(&[column(from, held), column(to, key)]);
            }
        }
        let count = keys.groups.values().max().map_or(0, |last| last + 1);
        keys.types = vec![None; count];
        for kind in map.kinds() {
            // The type of a list says nothing about its elements.
            let is_list = |field: &FieldName| {
                map.references_from(&kind.name).any(|one| one.each && one.fields.contains(field))
            };
            for field in map.fields_of(kind).filter(|field| !is_list(field)) {
                if let Some(known) = keys.known_type(kind, field) {
                    *known = known.or(kind.declared_type(field));
                }
            }
        }
        for reference in map.references().filter(|one| one.compare == KeyComparison::IgnoreAsciiCase) {
            let Some(from) = map.kind(&reference.from) else { continue };
            for field in &reference.fields {
                if let Some(known) = keys.known_type(from, field) {
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

    fn known_type(&mut self, kind: &Kind, field: &FieldName) -> Option<&mut Option<FieldType>> {
        let group = self.groups.get(&column(kind, field))?;
        self.types.get_mut(*group)
    }

    /// Returns whether a field holds a key.
    pub(super) fn contains(&self, kind: &Kind, field: &FieldName) -> bool {
        self.groups.contains_key(&column(kind, field))
    }

    /// Returns the number of groups.
    pub(super) fn count(&self) -> usize {
        self.types.len()
    }

    /// Returns the type of a field. `choices` has the types of the groups whose type is not declared.
    pub(super) fn type_of(&self, kind: &Kind, field: &FieldName, choices: &[usize]) -> FieldType {
        let Some(group) = self.groups.get(&column(kind, field)) else { return kind.type_of(field) };
        let chosen = choices.get(*group).and_then(|choice| ID_TYPES.get(*choice)).copied();
        self.types.get(*group).copied().flatten().or(chosen).unwrap_or(FieldType::Text)
    }
}

fn column(kind: &Kind, field: &FieldName) -> Column {
    (kind.table_name().into_owned(), kind.column(field).to_owned())
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
        FieldType::Date | FieldType::Timestamp | FieldType::TimestampMs => {
            let epoch = Utc.timestamp_opt(0, 0).single().unwrap_or_default();
            let day = epoch + TimeDelta::days(small.into());
            match key_type {
                FieldType::Date => day.date_naive().format("%Y-%m-%d").to_string().into(),
                FieldType::TimestampMs => day.timestamp_millis().into(),
                _ => instant_text(day).into(),
            }
        }
    }
}
