//! The audit trail: every attempt, with who, why and how it ended.

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
        /// It was done.
        Done = "done",
        /// Something in the data stands in its way, or a warning was not acknowledged.
        Blocked = "blocked",
        /// The actor may not do this.
        Denied = "denied",
        /// There is no such record.
        NotFound = "not_found",
        /// The request made no sense.
        Invalid = "invalid",
        /// The data was not what the plan had shown.
        Conflict = "conflict",
        /// The store failed.
        Failed = "failed",
    }
}

/// One attempt, as it is recorded for each of its subjects. Holds nothing personal of the subject but its id.
///
/// `Debug` hides the note, the address and the user agent.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditEntry {
    /// What was attempted: kind and verb, such as `CLIENT_DELETED`.
    pub action: String,
    /// The operation.
    pub operation: OperationId,
    /// The subject's kind.
    pub kind: KindName,
    /// The subjects: one entry each in the log.
    pub subjects: Vec<RecordId>,
    /// When.
    pub at: DateTime<Utc>,
    /// What was to become of the subject.
    pub mode: Mode,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Who; `None`, or an [anonymous](Actor::anonymous) one, where nobody had signed in.
    pub actor: Option<Actor>,
    /// Why.
    pub reason: Option<Reason>,
    /// What else was said.
    pub note: Option<String>,
    /// The digest of the plan, where there was one.
    pub digest: Option<String>,
    /// What the plan counted or what went wrong: names and numbers, no values.
    pub detail: serde_json::Value,
    /// What the subject held before it was removed, as far as the data map declares it. Personal fields are left
    /// out: a log that is kept for ever would bring back what is to be erased.
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

    /// The name of an action: `CLIENT_DELETED` for kind `clients` and a deletion.
    ///
    /// The kind's last letter goes where it is the plural's `s`.
    ///
    /// ```
    /// use client_lifecycle::domain::{AuditEntry, Mode};
    /// assert_eq!(AuditEntry::action(&"clients".into(), Mode::HardDelete), "CLIENT_DELETED");
    /// assert_eq!(AuditEntry::action(&"unions".into(), Mode::SoftDelete), "UNION_DELETED");
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
