//! The values of fields.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize, Serializer};

use super::{RecordId, instant_text};

/// The value of a field, as a store holds it.
///
/// The [`FieldType`](super::FieldType) of the field gives it a meaning: text in a field of type `timestamp` is an RFC
/// 3339 instant. `Debug` shows the type of a value, never the value.
///
/// ```
/// use client_lifecycle::domain::Value;
/// assert_eq!(serde_json::to_string(&Value::from("PENDING"))?, "\"PENDING\"");
/// assert_eq!(format!("{:?}", Value::from("Maria")), "text");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Default)]
#[allow(clippy::exhaustive_enums, reason = "a new type of value must fail to compile in every store")]
pub enum Value {
    /// Null, as in SQL: unknown in every comparison.
    #[default]
    Null,
    /// True or false.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text. Ids that are not integers are also text.
    Text(String),
    /// A calendar day.
    Date(NaiveDate),
    /// An instant.
    Timestamp(DateTime<Utc>),
    /// Structured data. It can be stored and tested for null, but not compared.
    Json(serde_json::Value),
}

impl Value {
    /// Returns whether the value is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the text, if the value is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the id that this value holds, if it is an integer, text, or a JSON array of them.
    #[must_use]
    pub fn as_id(&self) -> Option<RecordId> {
        match self {
            Self::Integer(id) => Some((*id).into()),
            Self::Text(id) => Some(id.as_str().into()),
            Self::Json(list) if list.is_array() => RecordId::deserialize(list).ok(),
            _ => None,
        }
    }

    /// Renders the value for conditions, with text in quotes.
    pub(crate) fn literal(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Real(value) => value.to_string(),
            Self::Text(value) => format!("\"{value}\""),
            Self::Date(value) => value.to_string(),
            Self::Timestamp(value) => instant_text(*value),
            Self::Json(value) => value.to_string(),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean(_) => "boolean",
            Self::Integer(_) => "integer",
            Self::Real(_) => "real",
            Self::Text(_) => "text",
            Self::Date(_) => "date",
            Self::Timestamp(_) => "timestamp",
            Self::Json(_) => "json",
        })
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Real(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Date(value) => serializer.collect_str(value),
            Self::Timestamp(value) => serializer.serialize_str(&instant_text(*value)),
            Self::Json(value) => value.serialize(serializer),
        }
    }
}

/// Reads an optional key and distinguishes `null` from a missing key. Therefore `"eq": null` gets an error with a
/// remedy, and `"set_default": null` sets null.
pub(crate) fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::Value::deserialize(deserializer).map(Self::from)
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Boolean(value),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Self::Integer(integer),
                (None, Some(real)) if number.is_f64() => Self::Real(real),
                // Integers above 2^63 would lose precision as doubles.
                (None, _) => Self::Json(number.into()),
            },
            serde_json::Value::String(text) => Self::Text(text),
            other => Self::Json(other),
        }
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from!(bool => Boolean, i32 => Integer, i64 => Integer, f64 => Real, &str => Text, String => Text,
      NaiveDate => Date, DateTime<Utc> => Timestamp);

impl From<&RecordId> for Value {
    fn from(id: &RecordId) -> Self {
        match id.as_integer() {
            Some(integer) => Self::Integer(integer),
            None if id.parts().len() != 1 => serde_json::to_value(id).map_or(Self::Null, Self::Json),
            None => Self::Text(id.to_string()),
        }
    }
}

impl From<RecordId> for Value {
    fn from(id: RecordId) -> Self {
        Self::from(&id)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
