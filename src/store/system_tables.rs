//! The crate's own tables, as ordinary kinds with reserved names.
//!
//! A backend that reads rows keeps them like any other kind. A record has its id in `id`, a few text fields to find
//! it by, and one structured field with the whole value. A backend without structured values may store that field as
//! JSON text.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::domain::{
    AuditEntry, Event, FieldName, Kind, KindName, OperationId, Record, RecordId, Value, instant_text,
};
use crate::protocol::Receipt;

/// Applied operations, each with its receipt.
pub const OPERATIONS: &str = "lifecycle_operations";
/// Audit entries of attempts, one record for each subject.
pub const AUDIT: &str = "lifecycle_audit";
/// Events to be delivered.
pub const OUTBOX: &str = "lifecycle_outbox";
/// Records that an operation marked, with the values it changed, so that it can be restored.
pub const MARKS: &str = "lifecycle_marks";

/// Returns the kinds of the crate's own tables.
#[must_use]
pub fn kinds() -> [Kind; 4] {
    [OPERATIONS, AUDIT, OUTBOX, MARKS].map(Kind::named)
}

/// Returns whether the name belongs to one of the crate's own tables.
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
    /// The values of its fields before the operation, without values that were masked.
    pub before: BTreeMap<FieldName, Value>,
}

impl Mark {
    pub(super) fn new(operation: OperationId, kind: &KindName, record: &RecordId) -> Self {
        Self { operation, kind: kind.clone(), record: record.clone(), before: BTreeMap::new() }
    }
}

/// Reads the receipt in a record of [`OPERATIONS`].
///
/// # Errors
/// [`StoreError::BadValue`] if the record has none.
pub fn receipt(record: &Record) -> Result<Receipt, StoreError> {
    structured(OPERATIONS, record, "receipt")
}

/// Reads the entry in a record of [`AUDIT`]. Its only subject is the one it was recorded for.
///
/// # Errors
/// [`StoreError::BadValue`] if the record has none.
pub fn audit_entry(record: &Record) -> Result<AuditEntry, StoreError> {
    structured(AUDIT, record, "entry")
}

/// Reads the event in a record of [`OUTBOX`].
///
/// # Errors
/// [`StoreError::BadValue`] if the record has none.
pub fn event(record: &Record) -> Result<Event, StoreError> {
    structured(OUTBOX, record, "event")
}

/// Reads the mark in a record of [`MARKS`].
///
/// # Errors
/// [`StoreError::BadValue`] if the record has none.
pub fn mark(record: &Record) -> Result<Mark, StoreError> {
    structured(MARKS, record, "mark")
}

pub(super) fn operation_record(receipt: &Receipt) -> Result<Record, StoreError> {
    Ok(Record::new(receipt.operation.as_uuid())
        .with("at", instant_text(receipt.at))
        .with("kind", receipt.kind.as_str())
        .with("receipt", json(OPERATIONS, receipt)?))
}

/// Returns the id of an attempt. Refused attempts leave the operation's id free for another attempt, so attempts on a
/// subject under one operation are numbered.
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
