//! Values that go into a statement and come out of a row.

use std::fmt;

use uuid::Uuid;

use crate::domain::{RecordId, Value};

/// A value as SQL has it. `Debug` shows the type of a value, never the value.
///
/// ```
/// use client_lifecycle::sql::SqlValue;
/// assert_eq!(format!("{:?}", SqlValue::from("Maria")), "text");
/// ```
#[derive(Clone, PartialEq, Default)]
#[allow(clippy::exhaustive_enums, reason = "connections of hosts convert each of them")]
pub enum SqlValue {
    /// Nothing.
    #[default]
    Null,
    /// An integer; booleans are 0 and 1.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl SqlValue {
    /// Returns the value as an id, if it can be one: an integer, text, or the 16 bytes of a UUID.
    #[must_use]
    pub fn as_id(&self) -> Option<RecordId> {
        match self {
            Self::Integer(id) => Some((*id).into()),
            Self::Text(id) => Some(id.as_str().into()),
            Self::Blob(bytes) => Uuid::from_slice(bytes).ok().map(RecordId::from),
            Self::Null | Self::Real(_) => None,
        }
    }

    /// Returns the text, if it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the integer, if it is one.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl fmt::Debug for SqlValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Integer(_) => "integer",
            Self::Real(_) => "real",
            Self::Text(_) => "text",
            Self::Blob(_) => "blob",
        })
    }
}

/// Timestamps and dates become text. Where a column holds epoch seconds, the back end converts them.
impl From<&Value> for SqlValue {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(value) => Self::Integer(i64::from(*value)),
            Value::Integer(value) => Self::Integer(*value),
            Value::Real(value) => Self::Real(*value),
            Value::Text(value) => Self::Text(value.clone()),
            Value::Date(value) => Self::Text(value.to_string()),
            Value::Timestamp(value) => Self::Text(crate::domain::instant_text(*value)),
            Value::Json(value) => Self::Text(value.to_string()),
        }
    }
}

impl From<&str> for SqlValue {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for SqlValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<i64> for SqlValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}
