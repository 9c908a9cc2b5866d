//! The types of fields, and how stored values are read.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use super::Value;
use super::instant::{EpochUnit, read_instant};
use super::words::words;

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
    /// | `timestamp_ms` | epoch milliseconds, or RFC 3339 text | by instant, to the millisecond |
    /// | `decimal` | number, or text that is one | by value, as a double |
    /// | `json` | anything | only with null |
    ///
    /// Text without a time zone is UTC. `infinity` is later than every instant, and `-infinity` is earlier. A number that
    /// would be an instant after the year 9999 is not an instant: it has another unit.
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
        /// An instant. A number is in seconds since 1970.
        Timestamp = "timestamp",
        /// An instant. A number is in milliseconds since 1970.
        TimestampMs = "timestamp_ms",
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
            (Self::Date | Self::Timestamp | Self::TimestampMs, _) => {
                read_instant(value, self.epoch_unit()).map(Value::Timestamp)
            }
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
        matches!(self, Self::Date | Self::Timestamp | Self::TimestampMs)
    }

    /// Returns an instant in the form in which a field of this type holds it.
    pub(crate) fn instant(self, at: DateTime<Utc>) -> Value {
        match self {
            Self::TimestampMs => self.epoch_unit().number(at).into(),
            _ => Value::Timestamp(at),
        }
    }

    /// Returns what a number counts that is an instant.
    pub(crate) fn epoch_unit(self) -> EpochUnit {
        if self == Self::TimestampMs { EpochUnit::Milliseconds } else { EpochUnit::Seconds }
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
