//! Effects: events for other systems.

use serde::{Deserialize, Serialize};

use crate::domain::{Condition, FieldName, KindName, ReferenceName};

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
    /// The topic of the event, such as `sessions.revoke`. Receivers subscribe to topics.
    pub topic: String,
    /// The kind whose rows each get an event. Default: only the subject gets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<KindName>,
    /// The references from the subject to the rows, from the subject outwards. Default: every chain of declared
    /// references.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<ReferenceName>,
    /// The rows to which the effect applies. Default: all rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// The fields that the event carries, with the values from before the operation. Default: none; the event carries
    /// only the id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldName>,
}

impl EffectRule {
    /// Makes an effect that sends an event about the subject.
    #[must_use]
    pub fn topic(topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), on: None, via: Vec::new(), when: None, fields: Vec::new() }
    }

    /// Sets the kind. Each of its rows gets an event.
    #[must_use]
    pub fn on(mut self, kind: impl Into<KindName>) -> Self {
        self.on = Some(kind.into());
        self
    }

    /// Restricts the effect to rows that meet the condition.
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
