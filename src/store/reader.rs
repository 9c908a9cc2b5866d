//! Looking records up: what use cases need beside surveys.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::StoreError;
use crate::domain::{Condition, DataMap, FieldName, FieldType, Kind, KindName, Record, RecordId, Value};

/// A store in which records can be looked up.
///
/// A port of its own: planning and deleting need a [`Store`](super::Store) only.
#[async_trait]
pub trait Reader: Send + Sync {
    /// The records that the query asks for, in the order of their ids: integers by value, UUIDs and text by
    /// bytes. Values have the types that the map declares.
    ///
    /// # Errors
    /// [`StoreError`]
    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError>;
}

/// Which records are looked up, and what of them.
///
/// `Debug` hides the text that is looked for.
#[derive(Clone)]
#[allow(clippy::exhaustive_structs, reason = "a new part must fail to compile in every store")]
pub struct ReadQuery {
    /// The kinds and what is known of their fields.
    pub map: Arc<DataMap>,
    /// The kind.
    pub kind: KindName,
    /// The fields that are wanted, beside the id.
    pub fields: Vec<FieldName>,
    /// Which records.
    pub which: Which,
    /// Only those for which this holds.
    pub when: Option<Condition>,
    /// What [`Moment`](crate::domain::Moment)s in the condition are relative to.
    pub now: DateTime<Utc>,
    /// Only those after this id.
    pub after: Option<RecordId>,
    /// How many at most.
    pub limit: u32,
}

/// Which records of a kind are looked up.
#[derive(Clone, PartialEq)]
pub enum Which {
    /// All.
    All,
    /// Those with these ids.
    Ids(Vec<RecordId>),
    /// Those that hold this text in a field, ASCII letters compared without case.
    WithText {
        /// The field.
        field: FieldName,
        /// What it holds.
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

/// A stored value as one of its declared type: instants and days that are held as text or numbers.
pub(crate) fn typed(
    kind: &Kind,
    id: &RecordId,
    field: &FieldName,
    value: &Value,
) -> Result<Value, StoreError> {
    let declared = kind.type_of(field);
    let read = match declared {
        FieldType::Date | FieldType::Timestamp | FieldType::Boolean => declared.read(value),
        _ => Ok(value.clone()),
    };
    match (declared, read) {
        (FieldType::Date, Ok(Value::Timestamp(at))) => Ok(Value::Date(at.date_naive())),
        (_, Ok(value)) => Ok(value),
        (_, Err(bad)) => Err(StoreError::BadValue {
            kind: kind.name.clone(),
            id: Some(id.clone()),
            field: field.clone(),
            expected: bad.expected.to_string(),
        }),
    }
}
