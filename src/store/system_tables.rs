//! The crate's own tables, as ordinary kinds with reserved names.
//!
//! A backend that reads rows stores these tables like any other kind. A record has its id in `id`, a few text fields
//! for lookups, and one structured field with the whole value. A backend without structured values may store that
//! field as JSON text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::domain::words::words;
use crate::domain::{
    AuditEntry, Event, FieldName, Kind, KindName, OperationId, Record, RecordId, Reference, Value,
    instant_text,
};
use crate::protocol::Receipt;

words! {
    /// A table of the crate, which a backend that works by rows stores like any other kind.
    ///
    /// ```
    /// use client_lifecycle::store::SystemTable;
    /// assert_eq!(SystemTable::Audit.as_str(), "lifecycle_audit");
    /// assert!(SystemTable::ALL.iter().all(|table| table.kind().id == "id".into()));
    /// ```
    #[non_exhaustive]
    pub enum SystemTable: "table of the library" {
        /// Applied operations. Each record holds a [`Receipt`].
        Operations = "lifecycle_operations",
        /// Attempts, with one record for each subject. Each record holds an [`AuditEntry`].
        Audit = "lifecycle_audit",
        /// Events to be delivered. Each record holds an [`Event`].
        Outbox = "lifecycle_outbox",
        /// Rows that an operation marked as deleted, redirected or switched OFF. Each record holds a [`Mark`], from which
        /// `restore` and `reactivate` put them back. Their field `operation` refers to the operation.
        Marks = "lifecycle_marks",
        /// The operations that have switched a subject OFF since it was last switched ON, and the last that removed or
        /// restored it. Each record holds [`Switches`].
        Switches = "lifecycle_switches",
    }
}

pub(super) const OPERATIONS: &str = SystemTable::Operations.as_str();
pub(crate) const AUDIT: &str = SystemTable::Audit.as_str();
pub(super) const OUTBOX: &str = SystemTable::Outbox.as_str();
pub(super) const MARKS: &str = SystemTable::Marks.as_str();
pub(super) const SWITCHES: &str = SystemTable::Switches.as_str();

impl SystemTable {
    /// Returns the table as a kind.
    #[must_use]
    pub fn kind(self) -> Kind {
        Kind::named(self.as_str())
    }
}

/// Returns whether the name belongs to one of the crate's own tables.
pub(crate) fn is_reserved(kind: &KindName) -> bool {
    kind.as_str().parse::<SystemTable>().is_ok()
}

/// The kind of the operations.
pub(crate) static OPERATIONS_KIND: LazyLock<Kind> = LazyLock::new(|| SystemTable::Operations.kind());

/// Returns the kind of the marks, and their reference to the operations, by which the marks of an operation are found.
pub(crate) fn marks_of_operations() -> (&'static Kind, &'static Reference) {
    static MARKS_KIND: LazyLock<Kind> = LazyLock::new(|| SystemTable::Marks.kind());
    static REFERENCE: LazyLock<Reference> = LazyLock::new(|| {
        let name = format!("{MARKS}.operation").as_str().into();
        Reference::new(name, MARKS.into(), "operation".into(), OPERATIONS.into())
    });
    (&MARKS_KIND, &REFERENCE)
}

/// A record that an operation marked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mark {
    /// The operation.
    pub operation: OperationId,
    /// The kind of the record.
    pub kind: KindName,
    /// The record.
    pub record: RecordId,
    /// The values of the record's fields before the operation. Values that were masked are left out.
    pub before: BTreeMap<FieldName, Value>,
    /// The values that the same fields got.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub after: BTreeMap<FieldName, Value>,
    /// The fields that held a day or an instant before, which JSON has as text.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub instants: BTreeSet<FieldName>,
}

impl Mark {
    pub(super) fn new(operation: OperationId, kind: &KindName, record: &RecordId) -> Self {
        let (kind, record) = (kind.clone(), record.clone());
        let (before, after, instants) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Self { operation, kind, record, before, after, instants }
    }
}

/// The operations that have switched a subject OFF since it was last switched ON, and the last that removed or restored
/// it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Switches {
    /// The kind of the subject.
    pub kind: KindName,
    /// The subject.
    pub record: RecordId,
    /// The operations that have switched it OFF, in order.
    pub operations: Vec<OperationId>,
    /// The last operation that marked it as deleted, restored it, or erased it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<OperationId>,
}

/// Reads the value that a record of one of the crate's own tables holds.
macro_rules! read_from_record {
    ($($what:ty: $table:ident, $field:literal;)*) => {$(
        impl TryFrom<&Record> for $what {
            type Error = StoreError;

            /// Reads the value from a record of the crate's own table. Returns [`StoreError::BadValue`] if the record
            /// does not hold one.
            fn try_from(record: &Record) -> Result<Self, StoreError> {
                structured($table, record, $field)
            }
        }
    )*};
}

read_from_record! {
    Receipt: OPERATIONS, "receipt";
    AuditEntry: AUDIT, "entry";
    Event: OUTBOX, "event";
    Mark: MARKS, "mark";
    Switches: SWITCHES, "switches";
}

pub(super) fn operation_record(receipt: &Receipt) -> Result<Record, StoreError> {
    Ok(Record::new(receipt.operation.as_uuid())
        .with("at", instant_text(receipt.at))
        .with("kind", receipt.kind.as_str())
        .with("receipt", json(OPERATIONS, receipt)?))
}

/// Returns the id of the audit record of an attempt. A refused attempt does not use up its operation id, so there may
/// be several attempts on a subject under one operation; they are numbered.
pub(super) fn audit_id(operation: OperationId, subject: &RecordId, number: usize) -> RecordId {
    format!("{operation}:{subject}:{number}").into()
}

pub(super) fn audit_record(
    entry: &AuditEntry,
    subject: &RecordId,
    before: BTreeMap<FieldName, Value>,
    number: usize,
) -> Result<Record, StoreError> {
    let own = AuditEntry { subjects: vec![subject.clone()], before, ..entry.clone() };
    Ok(Record::new(audit_id(entry.operation, subject, number))
        .with("operation", entry.operation.to_string())
        .with("kind", entry.kind.as_str())
        .with("subject", subject)
        .with("number", i64::try_from(number).unwrap_or(i64::MAX))
        .with("outcome", entry.outcome.as_str())
        .with("at", instant_text(entry.at))
        .with("entry", json(AUDIT, &own)?))
}

pub(super) fn event_record(event: &Event) -> Result<Record, StoreError> {
    let id = format!("{}:{}:{}:{}", event.operation, event.topic, event.kind, event.record);
    Ok(Record::new(id)
        .with("operation", event.operation.to_string())
        .with("topic", event.topic.as_str())
        .with("kind", event.kind.as_str())
        .with("record", &event.record)
        .with("at", instant_text(event.at))
        .with("event", json(OUTBOX, event)?))
}

/// Returns the id of the record of a mark.
pub(super) fn mark_id(operation: OperationId, kind: &KindName, record: &RecordId) -> RecordId {
    format!("{operation}:{kind}:{record}").into()
}

/// Returns the id of the record of the operations that have switched a subject.
pub(crate) fn switches_id(kind: &KindName, subject: &RecordId) -> RecordId {
    format!("{kind}:{subject}").into()
}

pub(super) fn switches_record(switches: &Switches) -> Result<Record, StoreError> {
    Ok(Record::new(switches_id(&switches.kind, &switches.record))
        .with("kind", switches.kind.as_str())
        .with("record", &switches.record)
        .with("switches", json(SWITCHES, switches)?))
}

pub(super) fn mark_record(mark: &Mark) -> Result<Record, StoreError> {
    Ok(Record::new(mark_id(mark.operation, &mark.kind, &mark.record))
        .with("operation", mark.operation.to_string())
        .with("kind", mark.kind.as_str())
        .with("record", &mark.record)
        .with("mark", json(MARKS, mark)?))
}

fn json(kind: &str, whole: &impl Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(whole)
        .map(Value::Json)
        .map_err(|source| StoreError::backend(format!("writing `{kind}`"), source))
}

fn structured<T: DeserializeOwned>(
    kind: &str,
    record: &Record,
    field: &'static str,
) -> Result<T, StoreError> {
    let whole = match record.get(field) {
        Value::Json(json) => T::deserialize(json).ok(),
        Value::Text(text) => serde_json::from_str(text).ok(),
        _ => None,
    };
    let expected = || format!("{field} as JSON");
    whole.ok_or_else(|| StoreError::bad_value(&kind.into(), Some(&record.id), &field.into(), &expected()))
}
