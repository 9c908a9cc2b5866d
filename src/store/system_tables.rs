//! The crate's own tables, as ordinary kinds with reserved names.
//!
//! A backend that works by rows keeps them like any other kind: each has its id in `id`, a few fields of
//! text to find records by, and one structured field with the whole. A backend that cannot keep structured
//! values may keep them as JSON text: both forms are read.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::domain::{
    AuditEntry, Event, FieldName, Kind, KindName, OperationId, Record, RecordId, Value, instant_text,
};
use crate::protocol::Receipt;

/// Operations that were applied, each with its receipt.
pub const OPERATIONS: &str = "lifecycle_operations";
/// Attempts, one record for each subject.
pub const AUDIT: &str = "lifecycle_audit";
/// Events that are to be delivered.
pub const OUTBOX: &str = "lifecycle_outbox";
/// Records that an operation marked, with what it changed, so that it can be taken back.
pub const MARKS: &str = "lifecycle_marks";

/// The kinds of the crate's own tables.
#[must_use]
pub fn kinds() -> [Kind; 4] {
    [OPERATIONS, AUDIT, OUTBOX, MARKS].map(Kind::named)
}

/// Whether the name belongs to one of the crate's own tables.
///
/// ```
/// use client_lifecycle::store::system_tables;
/// assert!(system_tables::is_reserved(&"lifecycle_audit".into()));
/// assert!(!system_tables::is_reserved(&"clients".into()));
/// ```
#[must_use]
pub fn is_reserved(kind: &KindName) -> bool {
    [OPERATIONS, AUDIT, OUTBOX, MARKS].contains(&kind.as_str())
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
    /// What its marked fields held before. Values that were masked are not kept.
    pub before: BTreeMap<FieldName, Value>,
}

impl Mark {
    pub(super) fn new(operation: OperationId, kind: &KindName, record: &RecordId) -> Self {
        Self { operation, kind: kind.clone(), record: record.clone(), before: BTreeMap::new() }
    }
}

/// The receipt in a record of [`OPERATIONS`].
///
/// # Errors
/// [`StoreError::BadValue`] when the record holds none.
pub fn receipt(record: &Record) -> Result<Receipt, StoreError> {
    structured(OPERATIONS, record, "receipt")
}

/// The entry in a record of [`AUDIT`]; its only subject is the one it was recorded for.
///
/// # Errors
/// [`StoreError::BadValue`] when the record holds none.
pub fn audit_entry(record: &Record) -> Result<AuditEntry, StoreError> {
    structured(AUDIT, record, "entry")
}

/// The event in a record of [`OUTBOX`].
///
/// # Errors
/// [`StoreError::BadValue`] when the record holds none.
pub fn event(record: &Record) -> Result<Event, StoreError> {
    structured(OUTBOX, record, "event")
}

/// The mark in a record of [`MARKS`].
///
/// # Errors
/// [`StoreError::BadValue`] when the record holds none.
pub fn mark(record: &Record) -> Result<Mark, StoreError> {
    structured(MARKS, record, "mark")
}

pub(super) fn operation_record(receipt: &Receipt) -> Result<Record, StoreError> {
    Ok(Record::new(receipt.operation.as_uuid())
        .with("at", instant_text(receipt.at))
        .with("kind", receipt.kind.as_str())
        .with("receipt", json(OPERATIONS, receipt)?))
}

/// The id of the attempt with this number on a subject under an operation. Refused attempts leave the
/// operation's id free for another try, so there can be several.
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

pub(super) fn mark_record(mark: &Mark) -> Result<Record, StoreError> {
    let id = format!("{}:{}:{}", mark.operation, mark.kind, mark.record);
    Ok(Record::new(id)
        .with("operation", mark.operation.to_string())
        .with("kind", mark.kind.as_str())
        .with("record", &mark.record)
        .with("mark", json(MARKS, mark)?))
}

fn json(kind: &str, whole: &impl Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(whole)
        .map(Value::Json)
        .map_err(|source| StoreError::backend(format!("wrote `{kind}`"), source))
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
    whole.ok_or_else(|| StoreError::BadValue {
        kind: kind.into(),
        id: Some(record.id.clone()),
        field: field.into(),
        expected: format!("whole {field}"),
    })
}
