//! The field that says whether a record is marked as deleted.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{FieldName, FieldType, Value};

/// The field that says whether a record is marked as deleted, and its value on a live record.
///
/// In documents it is the field's name (`"deleted_at"`), if it is null on live records, or an object with the value of
/// live records: `{"field": "removed", "live": false}` for a flag, `{"field": "deleted_at", "live": 0}` or `{"field":
/// "valid_to", "live": "infinity"}` for an instant.
///
/// A flag is a boolean, or an integer that is 0 or 1. A field with another value is an instant: a number is in seconds,
/// unless the field is declared `timestamp_ms`. A mark is written in the same form: a flag gets its other value, and an
/// instant the time of the operation. Null counts as live, whatever the value of `live` is.
///
/// ```
/// use client_lifecycle::domain::DeletedField;
/// let flag: DeletedField = serde_json::from_str(r#"{ "field": "removed", "live": false }"#)?;
/// assert_eq!(flag, DeletedField::new("removed", false));
/// assert_eq!(flag.is_marked().to_string(), "removed <> false");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "DeletedDocument", into = "DeletedDocument")]
#[non_exhaustive]
pub struct DeletedField {
    /// The field.
    pub field: FieldName,
    /// The value of a live record, by default null.
    pub live: Value,
}

/// What a mark writes.
#[derive(Debug, Clone, PartialEq)]
enum Mark {
    /// The other value of a flag.
    Flag(Value),
    /// The time of the operation.
    Now,
}

impl DeletedField {
    /// Makes the field from its name and its value on live records.
    pub fn new(field: impl Into<FieldName>, live: impl Into<Value>) -> Self {
        Self { field: field.into(), live: live.into() }
    }

    /// Returns the type of the field, if it is not declared.
    pub(crate) fn default_type(&self) -> FieldType {
        match self.live {
            Value::Boolean(_) => FieldType::Boolean,
            _ => FieldType::Timestamp,
        }
    }

    /// Returns what a mark writes in a field of this type; `None` if such a field cannot hold a mark.
    fn mark(&self, declared: FieldType) -> Option<Mark> {
        match (declared, &self.live) {
            (declared, live) if declared.is_time() => declared.read(live).is_ok().then_some(Mark::Now),
            (FieldType::Boolean, Value::Boolean(live)) => Some(Mark::Flag((!live).into())),
            (FieldType::Boolean | FieldType::Integer, Value::Integer(live @ (0 | 1))) => {
                Some(Mark::Flag((1 - live).into()))
            }
            _ => None,
        }
    }

    /// Returns whether a field of this type can hold the mark.
    pub(super) fn fits(&self, declared: FieldType) -> bool {
        self.mark(declared).is_some()
    }

    /// Returns the value that marks a record at `now`, in the form of a field of this type.
    pub(crate) fn mark_at(&self, declared: FieldType, now: DateTime<Utc>) -> Value {
        match self.mark(declared) {
            Some(Mark::Flag(value)) => value,
            _ => self.instant(declared, now),
        }
    }

    /// Returns an instant in the form that the field has on live records: as a number, if live records hold a number.
    fn instant(&self, declared: FieldType, at: DateTime<Utc>) -> Value {
        match self.live {
            Value::Integer(_) => declared.epoch_unit().number(at).into(),
            _ => declared.instant(at),
        }
    }
}

impl<T: Into<FieldName>> From<T> for DeletedField {
    fn from(field: T) -> Self {
        Self { field: field.into(), live: Value::Null }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum DeletedDocument {
    Name(FieldName),
    Full(FullDeleted),
}

/// A deleted mark with the value of live records.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FullDeleted"))]
pub(super) struct FullDeleted {
    /// The field that holds the mark.
    field: FieldName,
    /// Its value on a record that is not deleted: `false` or `true` for a flag, and otherwise an instant such as `0`,
    /// `"infinity"` or `"9999-12-31"`. Null also counts as not deleted.
    live: Value,
}

/// Not `untagged`, because every error would then read "did not match any variant".
impl<'de> Deserialize<'de> for DeletedDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrFull;
        impl<'de> Visitor<'de> for NameOrFull {
            type Value = DeletedDocument;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field, or {\"field\": \"removed\", \"live\": false}")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<DeletedDocument, E> {
                Ok(DeletedDocument::Name(name.into()))
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<DeletedDocument, M::Error> {
                FullDeleted::deserialize(de::value::MapAccessDeserializer::new(map))
                    .map(DeletedDocument::Full)
            }
        }
        deserializer.deserialize_any(NameOrFull)
    }
}

impl From<DeletedDocument> for DeletedField {
    fn from(document: DeletedDocument) -> Self {
        match document {
            DeletedDocument::Name(field) => field.into(),
            DeletedDocument::Full(FullDeleted { field, live }) => Self { field, live },
        }
    }
}

impl From<DeletedField> for DeletedDocument {
    fn from(DeletedField { field, live }: DeletedField) -> Self {
        if live.is_null() { Self::Name(field) } else { Self::Full(FullDeleted { field, live }) }
    }
}
