//! Looking up records. Use cases such as finding a client need this in addition to surveys.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::StoreError;
use crate::domain::{
    Condition, DataMap, FieldName, FieldType, Kind, KindName, Record, RecordId, Value, infinity_text,
};

/// A store in which records can be looked up.
///
/// It is a separate trait, because planning and deleting need only a [`Store`](super::Store).
#[async_trait]
pub trait Reader: Send + Sync {
    /// Returns the records that the query selects, in the order of their ids: integers by value, UUIDs and text by
    /// bytes. Values have the types that the map declares.
    ///
    /// # Errors
    /// [`StoreError`]
    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError>;
}

/// A query for records.
///
/// `Debug` hides the text that is searched for.
#[derive(Clone)]
#[allow(clippy::exhaustive_structs, reason = "a new part must fail to compile in every store")]
pub struct ReadQuery {
    /// The kinds and the types of their fields.
    pub map: Arc<DataMap>,
    /// The kind.
    pub kind: KindName,
    /// The fields to return, in addition to the id.
    pub fields: Vec<FieldName>,
    /// Which records.
    pub which: Which,
    /// A condition that the records must meet.
    pub when: Option<Condition>,
    /// [`Moment`](crate::domain::Moment)s in the condition are relative to this instant.
    pub now: DateTime<Utc>,
    /// Returns only records with ids after this id.
    pub after: Option<RecordId>,
    /// The maximum number of records.
    pub limit: u32,
}

/// Which records of a kind to look up.
#[derive(Clone, PartialEq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "a new way to look records up must fail to compile in every store"
)]
pub enum Which {
    /// Every record.
    All,
    /// The records with these ids.
    Ids(Vec<RecordId>),
    /// The records with this text in a field. ASCII letters are compared without case.
    WithText {
        /// The field.
        field: FieldName,
        /// The text.
        text: String,
    },
}

impl fmt::Debug for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("All"),
            Self::Ids(ids) => f.debug_tuple("Ids").field(ids).finish(),
            Self::WithText { field, .. } => {
                f.debug_struct("WithText").field("field", field).finish_non_exhaustive()
            }
        }
    }
}

impl fmt::Debug for ReadQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadQuery")
            .field("kind", &self.kind)
            .field("fields", &self.fields)
            .field("which", &self.which)
            .field("when", &self.when)
            .field("after", &self.after)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// Converts a stored value to its declared type: instants and days may be stored as text or numbers.
pub(crate) fn typed(
    kind: &Kind,
    id: &RecordId,
    field: &FieldName,
    value: &Value,
) -> Result<Value, StoreError> {
    let declared = kind.type_of(field);
    let read = match declared {
        FieldType::Date | FieldType::Timestamp | FieldType::TimestampMs | FieldType::Boolean => {
            declared.read(value)
        }
        _ => Ok(value.clone()),
    };
    match (declared, read) {
        (FieldType::Date, Ok(Value::Timestamp(at))) if infinity_text(at).is_none() => {
            Ok(Value::Date(at.date_naive()))
        }
        (_, Ok(value)) => Ok(value),
        (_, Err(bad)) => Err(StoreError::bad_value(&kind.name, Some(id), field, &bad.expected)),
    }
}
