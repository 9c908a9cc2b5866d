//! Types of fields: how a stored value is read and compared.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

use super::words::words;
use super::{Value, to_milliseconds};

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

/// A value that does not have the declared type of its field. The value itself is not shown.
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
    /// Converts a value to the form that values of this type are compared in: instants for dates and timestamps,
    /// doubles for decimals.
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

/// Parses RFC 3339, and the two forms that databases print: `2024-01-20 14:45:00` (UTC) and `2024-01-20`.
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
