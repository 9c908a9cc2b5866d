//! Kinds: their fields, and the types of fields.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::words::words;
use super::{
    Condition, FieldName, Identity, KindName, Mask, Record, RecordId, TableName, Value, to_milliseconds,
};

/// A table or collection of the host.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Kind {
    /// The name in policies, plans and errors.
    pub name: KindName,
    /// The table, if its name differs from that of the kind. Stores that read rows use the kind's name.
    pub table: Option<TableName>,
    /// The fields that identify a row.
    pub id: Identity,
    /// The field that holds whether a record is ON or OFF.
    pub status: Option<StatusField>,
    /// The field that holds when the record was marked as deleted; null if it is not deleted.
    pub deleted_at: Option<FieldName>,
    /// The field that holds when the record was created. Set once, when the library creates it.
    pub created_at: Option<FieldName>,
    /// The field that holds when the record was last written. Every write of the library sets it.
    pub updated_at: Option<FieldName>,
    /// The version field, an integer that every write increments.
    pub version: Option<FieldName>,
    /// Whether a row may stay, masked, when surviving rows must keep referring to it.
    pub tombstone: bool,
    /// Whether rows are added and removed all the time (sessions, logs). Plans do not depend on the number of these
    /// rows.
    pub volatile: bool,
    /// The records of the subject's kind that the policy may touch.
    pub filter: Option<Condition>,
    /// The declared fields.
    pub fields: BTreeMap<FieldName, Field>,
    /// The personal fields and their masks.
    pub personal: BTreeMap<FieldName, Mask>,
    /// The field that holds the subject's id on every row of this kind, if there is one.
    pub shard_key: Option<FieldName>,
}

/// The declaration of a field.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Field {
    /// The type; `None` if neither the map nor a condition of the policy gives it.
    pub field_type: Option<FieldType>,
    /// Whether it can be null. For a reference, this is declared with the reference.
    pub nullable: bool,
    /// Whether its values are unique.
    pub unique: bool,
    /// The column, if its name differs from that of the field. Stores that read rows use the field's name.
    pub column: Option<String>,
    /// The value that `set_default` writes.
    pub default: Option<Value>,
}

/// The field that holds whether a record is ON or OFF, and its two values.
///
/// In documents it is the field's name (`"status"`) or `{"field": "active", "on": true, "off": false}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "StatusDocument", into = "StatusDocument")]
#[non_exhaustive]
pub struct StatusField {
    /// The field.
    pub field: FieldName,
    /// The value of an active record, by default `ON`.
    pub on: Value,
    /// The value of an inactive record, by default `OFF`.
    pub off: Value,
}

impl<T: Into<FieldName>> From<T> for StatusField {
    fn from(field: T) -> Self {
        Self { field: field.into(), on: "ON".into(), off: "OFF".into() }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum StatusDocument {
    Name(FieldName),
    Full(FullStatus),
}

/// A status with its two values.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FullStatus"))]
pub(super) struct FullStatus {
    /// The field that holds the status.
    field: FieldName,
    /// The value of an active record.
    on: Value,
    /// The value of an inactive record.
    off: Value,
}

/// Not `untagged`, because every error would then read "did not match any variant".
impl<'de> Deserialize<'de> for StatusDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrFull;
        impl<'de> Visitor<'de> for NameOrFull {
            type Value = StatusDocument;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field, or {\"field\": \"active\", \"on\": true, \"off\": false}")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<StatusDocument, E> {
                Ok(StatusDocument::Name(name.into()))
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<StatusDocument, M::Error> {
                FullStatus::deserialize(de::value::MapAccessDeserializer::new(map)).map(StatusDocument::Full)
            }
        }
        deserializer.deserialize_any(NameOrFull)
    }
}

impl From<StatusDocument> for StatusField {
    fn from(document: StatusDocument) -> Self {
        match document {
            StatusDocument::Name(field) => field.into(),
            StatusDocument::Full(FullStatus { field, on, off }) => Self { field, on, off },
        }
    }
}

impl From<StatusField> for StatusDocument {
    fn from(status: StatusField) -> Self {
        if status == StatusField::from(status.field.clone()) {
            return Self::Name(status.field);
        }
        let StatusField { field, on, off } = status;
        Self::Full(FullStatus { field, on, off })
    }
}

impl Kind {
    /// Makes a kind from its name alone: the table has the same name, and the id is in `id`.
    #[must_use]
    pub fn named(name: impl Into<KindName>) -> Self {
        Self {
            name: name.into(),
            table: None,
            id: Identity::default(),
            status: None,
            deleted_at: None,
            created_at: None,
            updated_at: None,
            version: None,
            tombstone: false,
            volatile: false,
            filter: None,
            fields: BTreeMap::new(),
            personal: BTreeMap::new(),
            shard_key: None,
        }
    }

    /// Returns the name of the table. If none is declared, the kind's name is read as the name of a table.
    #[must_use]
    pub fn table_name(&self) -> Cow<'_, TableName> {
        if let Some(table) = &self.table {
            return Cow::Borrowed(table);
        }
        let read = TableName::from(self.name.as_str());
        let unread = || TableName::new(self.name.as_str());
        Cow::Owned(if read.has_empty_part() { unread() } else { read })
    }

    /// Returns the column of a field.
    #[must_use]
    pub fn column<'a>(&'a self, field: &'a FieldName) -> &'a str {
        self.fields
            .get(field)
            .and_then(|declared| declared.column.as_deref())
            .unwrap_or_else(|| field.as_str())
    }

    /// Returns the value of a field of a row. A field that identifies the row is read from its id.
    #[must_use]
    pub fn value_of<'r>(&self, record: &'r Record, field: &FieldName) -> Cow<'r, Value> {
        let part = self.id.position(field).map(|position| record.id.parts().get(position));
        match part {
            Some(part) => Cow::Owned(part.map(Value::from).unwrap_or_default()),
            None => Cow::Borrowed(record.get(field)),
        }
    }

    /// Returns the id of a row; `None` if rows of the kind have no id. A backend may then use internal ids, which mean
    /// nothing to people.
    pub(crate) fn id_of<'r>(&self, record: &'r Record) -> Option<&'r RecordId> {
        (!self.id.is_none()).then_some(&record.id)
    }

    /// Returns the type of a field. Instants are timestamps, a version is an integer, and undeclared fields are text.
    #[must_use]
    pub fn type_of(&self, field: &FieldName) -> FieldType {
        self.declared_type(field).unwrap_or(FieldType::Text)
    }

    /// Returns the type of a field, if it is known.
    #[must_use]
    pub fn declared_type(&self, field: &FieldName) -> Option<FieldType> {
        let declared = self.fields.get(field).and_then(|field| field.field_type);
        let instants = [&self.deleted_at, &self.created_at, &self.updated_at];
        let by_role = if instants.into_iter().flatten().any(|instant| instant == field) {
            Some(FieldType::Timestamp)
        } else {
            (self.version.as_ref() == Some(field)).then_some(FieldType::Integer)
        };
        declared.or(by_role)
    }
}

words! {
    /// How a reference without a foreign key is protected while a record it refers to is removed.
    #[non_exhaustive]
    pub enum Lock: "lock" {
        /// The referring table is locked against writers while an operation removes records that its rows may refer
        /// to (`"table"`). A writer that checks by itself whether the parent exists must check it after `LOCK TABLE …
        /// IN ROW EXCLUSIVE MODE`.
        Table = "table",
        /// The host's writers call `lock_parent` in their own transaction before they refer to a record (`"writer"`).
        /// The database cannot check this.
        Writer = "writer",
    }
}

words! {
    /// The type of a field, as conditions and masks need to know it.
    ///
    /// | type | stored as | compared |
    /// |---|---|---|
    /// | `text`, `uuid` | text | by UTF-8 bytes |
    /// | `integer` | integer | by value |
    /// | `boolean` | boolean, or 0 and 1 | equal or not |
    /// | `date` | `YYYY-MM-DD`, or epoch seconds | by instant, the day begins at 00:00 UTC |
    /// | `timestamp` | RFC 3339 text, or epoch seconds | by instant, to the millisecond |
    /// | `decimal` | number, or text that is one | by value, as a double |
    /// | `json` | anything | only with null |
    ///
    /// ```
    /// use client_lifecycle::domain::{FieldType, Value};
    /// let a = FieldType::Timestamp.read(&Value::from("2024-01-20T15:45:00+01:00"))?;
    /// let b = FieldType::Timestamp.read(&Value::from(1705761900))?;
    /// assert!(a == b);
    /// # Ok::<(), client_lifecycle::domain::BadValue>(())
    /// ```
    #[non_exhaustive]
    pub enum FieldType: "field type" {
        /// Text.
        Text = "text",
        /// A 64-bit integer.
        Integer = "integer",
        /// True or false.
        Boolean = "boolean",
        /// A calendar day.
        Date = "date",
        /// An instant.
        Timestamp = "timestamp",
        /// A UUID.
        Uuid = "uuid",
        /// A number with a fraction.
        Decimal = "decimal",
        /// Structured data.
        Json = "json",
    }
}

/// A value that does not have the declared type of its field. The error does not show the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a value of type {expected}, found {found}")]
#[non_exhaustive]
pub struct BadValue {
    /// The declared type.
    pub expected: FieldType,
    /// The type of the value that was found.
    pub found: &'static str,
}

impl FieldType {
    /// Converts a value for comparison with values of this type: dates and timestamps become instants, decimals
    /// become doubles.
    ///
    /// # Errors
    /// [`BadValue`] when the value cannot be of this type.
    pub fn read(self, value: &Value) -> Result<Value, BadValue> {
        let read = match (self, value) {
            (_, Value::Null) => Some(Value::Null),
            (Self::Text | Self::Uuid, Value::Text(_))
            | (Self::Integer, Value::Integer(_))
            | (Self::Boolean, Value::Boolean(_))
            | (Self::Decimal, Value::Real(_))
            | (Self::Json, _) => Some(value.clone()),
            (Self::Boolean, Value::Integer(0)) => Some(Value::Boolean(false)),
            (Self::Boolean, Value::Integer(1)) => Some(Value::Boolean(true)),
            #[allow(clippy::cast_precision_loss, reason = "decimals compare as doubles")]
            (Self::Decimal, Value::Integer(number)) => Some(Value::Real(*number as f64)),
            (Self::Decimal, Value::Text(text)) => {
                text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Real)
            }
            (Self::Date | Self::Timestamp, _) => instant(value).map(Value::Timestamp),
            _ => None,
        };
        read.ok_or(BadValue { expected: self, found: sort_of(value) })
    }

    /// Compares two values of this type that [`read`](Self::read) returned; `None` when either is null.
    #[must_use]
    pub fn compare(self, a: &Value, b: &Value) -> Option<Ordering> {
        match (a, b) {
            (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
            (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
            (Value::Real(a), Value::Real(b)) => a.partial_cmp(b),
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// Returns whether values of this type are instants.
    #[must_use]
    pub fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp)
    }
}

fn sort_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Boolean(_) => "boolean",
        Value::Integer(_) => "integer",
        Value::Real(_) => "real",
        Value::Text(_) => "text",
        Value::Date(_) => "date",
        Value::Timestamp(_) => "timestamp",
        Value::Json(_) => "json",
    }
}

fn instant(value: &Value) -> Option<DateTime<Utc>> {
    let at = match value {
        Value::Timestamp(at) => *at,
        Value::Date(day) => day.and_time(NaiveTime::MIN).and_utc(),
        Value::Integer(seconds) => Utc.timestamp_opt(*seconds, 0).single()?,
        Value::Text(text) => instant_of_text(text)?,
        _ => return None,
    };
    Some(to_milliseconds(at))
}

/// Parses RFC 3339 and the two forms that databases print: `2024-01-20 14:45:00` (UTC) and `2024-01-20`.
fn instant_of_text(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        // chrono accepts `2024-1-5`; SQL date functions do not.
        return (text.len() == 10).then(|| day.and_time(NaiveTime::MIN).and_utc());
    }
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|at| at.and_utc())
}
