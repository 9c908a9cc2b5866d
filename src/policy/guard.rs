//! Guards and effects: conditions on rows that depend on the subject, and events about them for other systems.

use serde::{Deserialize, Serialize};

use crate::domain::words::words;
use crate::domain::{Condition, FieldName, KindName, ReferenceName};

words! {
    /// What a guard does when rows match.
    #[non_exhaustive]
    pub enum Severity: "severity" {
        /// Blocks the operation.
        Block = "block",
        /// Blocks the operation until the request acknowledges the guard by name.
        Warn = "warn",
        /// Is only shown.
        Note = "note",
    }
}

/// A condition on the rows of a kind that depend on the subject.
///
/// ```
/// use client_lifecycle::domain::eq;
/// use client_lifecycle::policy::Guard;
/// let guard = Guard::block("outstanding_debts", "debts")
///     .when(eq("status", "PENDING"))
///     .message("the client has unsettled debts")
///     .remedy("settle or write off the debts");
/// assert_eq!(guard.name, "outstanding_debts");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a guard, such as {\"name\": \"open_debts\", \"on\": \"debts\", \"severity\": \"block\"}"
)]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Guard {
    /// Its name, such as `outstanding_debts`: the rule of its blocker, and what a request acknowledges.
    pub name: String,
    /// The kind whose rows it looks at. The subject's own kind means the subject itself.
    pub on: KindName,
    /// The references from the subject to the rows, from the subject outwards: `["debts.client_id"]`. Default: every
    /// chain of declared references.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<ReferenceName>,
    /// Which of the rows count. Default: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// What it does when such rows exist.
    pub severity: Severity,
    /// The problem, in words for people. Default: empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The remedy, in words for people. Default: empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

impl Guard {
    fn new(name: impl Into<String>, on: impl Into<KindName>, severity: Severity) -> Self {
        Self {
            name: name.into(),
            on: on.into(),
            via: Vec::new(),
            when: None,
            severity,
            message: String::new(),
            remedy: String::new(),
        }
    }

    /// Makes a guard that blocks the operation.
    #[must_use]
    pub fn block(name: impl Into<String>, on: impl Into<KindName>) -> Self {
        Self::new(name, on, Severity::Block)
    }

    /// Makes a guard that must be acknowledged.
    #[must_use]
    pub fn warn(name: impl Into<String>, on: impl Into<KindName>) -> Self {
        Self::new(name, on, Severity::Warn)
    }

    /// Makes a guard that is only shown.
    #[must_use]
    pub fn note(name: impl Into<String>, on: impl Into<KindName>) -> Self {
        Self::new(name, on, Severity::Note)
    }

    /// Restricts the guard to these rows.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.when = Some(condition);
        self
    }

    /// Restricts the guard to rows on this chain of references from the subject.
    #[must_use]
    pub fn via<R: Into<ReferenceName>>(mut self, references: impl IntoIterator<Item = R>) -> Self {
        self.via = references.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the description of the problem.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Sets the remedy.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }
}

/// An event for each row of a kind that depends on the subject, or for the subject itself.
///
/// ```
/// use client_lifecycle::policy::EffectRule;
/// let revoke = EffectRule::topic("sessions.revoke").on("sessions").fields(["token_id"]);
/// let email = EffectRule::topic("email.account_deleted");
/// # let _ = (revoke, email);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an effect, such as {\"topic\": \"sessions.revoke\", \"on\": \"sessions\"}"
)]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EffectRule {
    /// The topic of the event, such as `sessions.revoke`. Receivers choose by it what they listen to.
    pub topic: String,
    /// The kind whose rows get an event each. Default: only the subject gets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<KindName>,
    /// The references from the subject to the rows, from the subject outwards. Default: every chain of declared
    /// references.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<ReferenceName>,
    /// Which of the rows count. Default: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// The fields of the row that the event carries, read before the row goes. Default: none, only the id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldName>,
}

impl EffectRule {
    /// Makes an event about the subject.
    #[must_use]
    pub fn topic(topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), on: None, via: Vec::new(), when: None, fields: Vec::new() }
    }

    /// Sets the kind: one event for each of its rows.
    #[must_use]
    pub fn on(mut self, kind: impl Into<KindName>) -> Self {
        self.on = Some(kind.into());
        self
    }

    /// Restricts the events to these rows.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.when = Some(condition);
        self
    }

    /// Restricts the events to rows on this chain of references from the subject.
    #[must_use]
    pub fn via<R: Into<ReferenceName>>(mut self, references: impl IntoIterator<Item = R>) -> Self {
        self.via = references.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the fields of the event.
    #[must_use]
    pub fn fields<F: Into<FieldName>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.fields = fields.into_iter().map(Into::into).collect();
        self
    }
}
