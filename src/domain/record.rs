//! Records: rows of a kind.

use std::collections::BTreeMap;
use std::fmt;

use super::{FieldName, RecordId, Value};

/// One row of a kind. `Debug` shows the id and the names of the fields, never a value.
///
/// ```
/// use client_lifecycle::domain::{Record, Value};
/// let record = Record::new("d1").with("status", "PENDING").with("client_id", "c1");
/// assert_eq!(record.get("status"), &Value::from("PENDING"));
/// assert!(record.get("missing").is_null());
/// assert!(!format!("{record:?}").contains("PENDING"));
/// ```
#[derive(Clone, PartialEq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "a row is an id and fields; stores build rows and take them apart"
)]
pub struct Record {
    /// The id.
    pub id: RecordId,
    /// The other fields. A missing field is null.
    pub fields: BTreeMap<FieldName, Value>,
}

impl Record {
    /// Makes a record without fields.
    #[must_use]
    pub fn new(id: impl Into<RecordId>) -> Self {
        Self { id: id.into(), fields: BTreeMap::new() }
    }

    /// Sets a field.
    #[must_use]
    pub fn with(mut self, field: impl Into<FieldName>, value: impl Into<Value>) -> Self {
        self.fields.insert(field.into(), value.into());
        self
    }

    /// Returns the value of a field; null if the record does not have it.
    #[must_use]
    pub fn get(&self, field: impl AsRef<str>) -> &Value {
        self.fields.get(field.as_ref()).unwrap_or(&Value::Null)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("id", &self.id).field("fields", &self.fields.keys()).finish()
    }
}

/// A record that cannot be read. The error names the field, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record cannot be read: `{field}` is not {expected}")]
#[non_exhaustive]
pub struct BadRecord {
    /// The field at fault.
    pub field: &'static str,
    /// What was expected there.
    pub expected: &'static str,
}
