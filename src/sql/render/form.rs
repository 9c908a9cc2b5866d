//! How a column holds ids and instants: what only the database knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::postgres::{ColumnType, TableFacts};
use super::set::unknown;
use crate::domain::{FieldName, Kind, KindName, RecordId, instant_text};
use crate::sql::SqlValue;
use crate::store::StoreError;

/// How a column holds its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Form {
    /// As whole numbers: ids, or seconds since 1970.
    Integer,
    /// As text.
    #[default]
    Text,
    /// As bytes: the 16 of a UUID.
    Blob,
}

/// What is known of the columns of a query.
#[derive(Debug, Clone, Default)]
pub(crate) struct Forms {
    columns: BTreeMap<(KindName, FieldName), Form>,
    /// Kinds no row of which lacks an id, so that no statement has to look.
    complete: BTreeSet<KindName>,
    /// On PostgreSQL the columns of the kinds' tables, by their names; none where nobody has looked.
    tables: Option<BTreeMap<KindName, Arc<TableFacts>>>,
}

impl Form {
    /// The form, by the type a column is declared with and the sort of one of its values.
    ///
    /// The first part is SQLite's rule of type affinity: `INT` anywhere makes whole numbers, `CHAR`, `CLOB`
    /// and `TEXT` make text, and in all other columns a value stays what it was.
    pub(crate) fn of(declared: &str, sample: Option<&str>) -> Self {
        let declared = declared.to_ascii_uppercase();
        let says = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        match sample {
            Some("blob") => Self::Blob,
            Some("integer") => Self::Integer,
            None if says(&["INT"]) => Self::Integer,
            None if says(&["BLOB"]) && !says(&["CHAR", "CLOB", "TEXT"]) => Self::Blob,
            _ => Self::Text,
        }
    }

    /// The ids in this form, as JSON and, where JSON cannot hold them, as bytes one after the other.
    ///
    /// An id that no row can have is left out: `"042"` finds no 42.
    pub(crate) fn ids(self, kind: &KindName, ids: &[RecordId]) -> Result<Ids, StoreError> {
        let wrong =
            |id: &RecordId, expected| StoreError::WrongId { kind: kind.clone(), id: id.clone(), expected };
        let mut json = Vec::new();
        let mut bytes = Vec::new();
        for id in ids {
            match self {
                Self::Integer => {
                    let number = match id.as_integer() {
                        Some(number) => number,
                        None => id.to_string().parse().map_err(|_| wrong(id, "whole numbers"))?,
                    };
                    if number.to_string() == id.to_string() {
                        json.push(number.into());
                    }
                }
                Self::Text => json.push(id.to_string().into()),
                Self::Blob => {
                    let uuid = id.asked_uuid().ok_or_else(|| wrong(id, "UUIDs"))?;
                    json.push(serde_json::Value::Null);
                    bytes.extend_from_slice(uuid.as_bytes());
                }
            }
        }
        Ok(Ids {
            json: serde_json::Value::Array(json).to_string(),
            bytes: (self == Self::Blob).then_some(bytes),
        })
    }

    /// One id in this form, as a value to be written.
    pub(crate) fn id(self, kind: &KindName, id: &RecordId) -> Result<SqlValue, StoreError> {
        let wrong = |expected| StoreError::WrongId { kind: kind.clone(), id: id.clone(), expected };
        Ok(match self {
            Self::Text => SqlValue::Text(id.to_string()),
            Self::Integer => {
                let number = id.to_string().parse().map_err(|_| wrong("whole numbers"))?;
                SqlValue::Integer(number)
            }
            Self::Blob => {
                let uuid = Uuid::try_parse(&id.to_string()).map_err(|_| wrong("UUIDs"))?;
                SqlValue::Blob(uuid.as_bytes().to_vec())
            }
        })
    }

    /// An instant in this form.
    pub(crate) fn instant(self, at: DateTime<Utc>) -> SqlValue {
        match self {
            Self::Integer => SqlValue::Integer(at.timestamp()),
            Self::Text | Self::Blob => SqlValue::Text(instant_text(at)),
        }
    }
}

/// Ids, as they are bound: one or two values, however many they are.
pub(crate) struct Ids {
    pub(crate) json: String,
    /// 16 bytes for each element of `json`.
    pub(crate) bytes: Option<Vec<u8>>,
}

impl Forms {
    pub(crate) fn set(&mut self, kind: KindName, field: FieldName, form: Form) {
        self.columns.insert((kind, field), form);
    }

    pub(crate) fn set_complete(&mut self, kind: KindName) {
        self.complete.insert(kind);
    }

    /// The form of a column; text where nobody asked.
    pub(crate) fn of(&self, kind: &KindName, field: &FieldName) -> Form {
        let key = (kind.clone(), field.clone());
        self.columns.get(&key).copied().unwrap_or_default()
    }

    /// The columns of all tables; a kind that is not among them has none.
    pub(crate) fn set_tables(&mut self, tables: BTreeMap<KindName, Arc<TableFacts>>) {
        self.tables = Some(tables);
    }

    /// The type of a column of a kind's table; `None` where nobody has looked.
    pub(crate) fn column(&self, kind: &Kind, field: &FieldName) -> Result<Option<&ColumnType>, StoreError> {
        let Some(tables) = &self.tables else {
            return Ok(None);
        };
        let table = tables.get(&kind.name).ok_or_else(|| unknown("kind", kind.name.as_str()))?;
        let column = table.get(kind.column(field));
        let name = || format!("{}.{field}", kind.name);
        column.map(Some).ok_or_else(|| unknown("field", &name()))
    }

    pub(crate) fn is_complete(&self, kind: &KindName) -> bool {
        self.complete.contains(kind)
    }
}
