//! Events for other systems.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{FieldName, KindName, OperationId, RecordId, Value};

/// An event for other systems, written in the transaction of the operation.
///
/// Its key is operation, topic and record. `Debug` hides the values of the fields.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// The operation it came from.
    pub operation: OperationId,
    /// The topic, such as `sessions.revoke`.
    pub topic: String,
    /// The kind of the record.
    pub kind: KindName,
    /// The record.
    pub record: RecordId,
    /// The instant at which the request was judged.
    pub at: DateTime<Utc>,
    /// The fields the receiver needs, as they were before the operation.
    pub fields: BTreeMap<FieldName, Value>,
}

impl Event {
    /// Makes an event without fields.
    #[must_use]
    pub fn new(
        operation: OperationId,
        topic: impl Into<String>,
        kind: impl Into<KindName>,
        record: impl Into<RecordId>,
        at: DateTime<Utc>,
    ) -> Self {
        let (topic, kind, record) = (topic.into(), kind.into(), record.into());
        Self { operation, topic, kind, record, at, fields: BTreeMap::new() }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("operation", &self.operation)
            .field("topic", &self.topic)
            .field("record", &self.record)
            .field("fields", &self.fields.keys())
            .finish_non_exhaustive()
    }
}
