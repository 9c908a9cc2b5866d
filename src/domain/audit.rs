//! Audit entries, and events for other systems.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::words::words;
use super::{Actor, FieldName, KindName, Mode, OperationId, Reason, RecordId, Value};

words! {
    /// How an attempt ended.
    #[non_exhaustive]
    pub enum AuditOutcome: "outcome" {
        /// The operation was carried out.
        Done = "done",
        /// The data blocks the operation, or a warning was not acknowledged.
        Blocked = "blocked",
        /// The actor is not allowed to do this.
        Denied = "denied",
        /// The record does not exist.
        NotFound = "not_found",
        /// The request is invalid.
        Invalid = "invalid",
        /// The data no longer matches the plan.
        Conflict = "conflict",
        /// The store failed.
        Failed = "failed",
    }
}

/// One attempt, written to the log once for each subject. It holds the subject's id and none of its personal fields.
///
/// `Debug` hides the note, the address and the user agent.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditEntry {
    /// The action: kind and verb, such as `CLIENT_DELETED`.
    pub action: String,
    /// The operation.
    pub operation: OperationId,
    /// The subject's kind.
    pub kind: KindName,
    /// The subjects: one entry each in the log.
    pub subjects: Vec<RecordId>,
    /// The instant of the attempt.
    pub at: DateTime<Utc>,
    /// The instant as of which the request was judged, if it is not that of the attempt: see
    /// [`Lifecycle::as_of`](crate::Lifecycle::as_of).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<DateTime<Utc>>,
    /// The requested mode.
    pub mode: Mode,
    /// How the attempt ended.
    pub outcome: AuditOutcome,
    /// The actor; `None` or [anonymous](Actor::anonymous) if the caller was not signed in.
    pub actor: Option<Actor>,
    /// The reason.
    pub reason: Option<Reason>,
    /// The note of the request.
    pub note: Option<String>,
    /// The digest of the plan, if the attempt had a plan.
    pub digest: Option<String>,
    /// The counts of the plan, or the error. It holds names and numbers, never values.
    pub detail: serde_json::Value,
    /// Fields of the subject before it was removed: in a mode that erases, those that the policy lists under `before`;
    /// otherwise all declared fields. Personal fields are left out, because the audit log is kept longer than the
    /// erased data.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<FieldName, Value>,
}

impl AuditEntry {
    /// Makes an entry without an actor, a reason, a note, a digest or details.
    ///
    /// ```
    /// use client_lifecycle::domain::{AuditEntry, AuditOutcome, Mode};
    /// # use client_lifecycle::domain::OperationId;
    /// # let (operation, now) = (OperationId::from(uuid::Uuid::nil()), chrono::Utc::now());
    /// let subjects = vec!["c1".into()];
    /// let entry = AuditEntry::new(operation, Mode::HardDelete, "clients", subjects, now, AuditOutcome::Done);
    /// assert_eq!(entry.action, "CLIENT_DELETED");
    /// ```
    #[must_use]
    pub fn new(
        operation: OperationId,
        mode: Mode,
        kind: impl Into<KindName>,
        subjects: Vec<RecordId>,
        at: DateTime<Utc>,
        outcome: AuditOutcome,
    ) -> Self {
        let kind = kind.into();
        Self {
            action: Self::action(&kind, mode),
            operation,
            kind,
            subjects,
            at,
            as_of: None,
            mode,
            outcome,
            actor: None,
            reason: None,
            note: None,
            digest: None,
            detail: serde_json::Value::Null,
            before: BTreeMap::new(),
        }
    }

    /// Returns the name of an action: `CLIENT_DELETED` for kind `clients` and mode `hard_delete`.
    ///
    /// A trailing `s` of the kind is dropped as the plural ending.
    ///
    /// ```
    /// use client_lifecycle::domain::{AuditEntry, Mode};
    /// assert_eq!(AuditEntry::action(&"clients".into(), Mode::HardDelete), "CLIENT_DELETED");
    /// assert_eq!(AuditEntry::action(&"unions".into(), Mode::SoftDelete), "UNION_SOFT_DELETED");
    /// ```
    #[must_use]
    pub fn action(kind: &KindName, mode: Mode) -> String {
        let name = kind.as_str();
        let singular = match name.strip_suffix('s') {
            Some(stem) if !stem.is_empty() && !stem.ends_with('s') => stem,
            _ => name,
        };
        format!("{}_{}", singular.to_uppercase(), mode.past())
    }
}

impl fmt::Debug for AuditEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditEntry")
            .field("action", &self.action)
            .field("operation", &self.operation)
            .field("subjects", &self.subjects)
            .field("outcome", &self.outcome)
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}

/// An event for other systems. The store writes it in the transaction of the operation.
///
/// Operation, topic and record identify an event. `Debug` hides the values of the fields.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// The operation that caused it.
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
