//! Guards: conditions on rows that depend on the subject, which block, warn or note.

use serde::{Deserialize, Serialize};

use crate::domain::words::words;
use crate::domain::{Condition, KindName, ReferenceName};

words! {
    /// What a guard does when rows match.
    #[non_exhaustive]
    pub enum Severity: "severity" {
        /// Blocks the operation.
        Block = "block",
        /// Blocks the operation until the request acknowledges the guard by name.
        Warn = "warn",
        /// Only shows a note.
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
    /// Its name, such as `outstanding_debts`. A blocker shows it, and a request acknowledges a warning by it.
    pub name: String,
    /// The kind whose rows the guard watches. The subject's own kind stands for the subject itself.
    pub on: KindName,
    /// The references from the subject to the rows, from the subject outwards: `["debts.client_id"]`. Default: every
    /// chain of declared references.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<ReferenceName>,
    /// A reference to the kind, from rows that the operation may remove: `memberships.organisation_id`. The guard then
    /// applies to the rows that such a row refers to now, but no row will refer to after the operation. `on` need not
    /// depend on the subject, and `when` is a condition on the rows that refer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_without: Option<ReferenceName>,
    /// The rows to which the guard applies. Default: all rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// What the guard does if such rows exist.
    pub severity: Severity,
    /// The problem, as text for people. Default: empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The remedy, as text for people. Default: empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

impl Guard {
    fn new(name: impl Into<String>, on: impl Into<KindName>, severity: Severity) -> Self {
        Self {
            name: name.into(),
            on: on.into(),
            via: Vec::new(),
            left_without: None,
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

    /// Makes a guard that the request must acknowledge.
    #[must_use]
    pub fn warn(name: impl Into<String>, on: impl Into<KindName>) -> Self {
        Self::new(name, on, Severity::Warn)
    }

    /// Makes a guard that only shows a note.
    #[must_use]
    pub fn note(name: impl Into<String>, on: impl Into<KindName>) -> Self {
        Self::new(name, on, Severity::Note)
    }

    /// Restricts the guard to rows that meet the condition.
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

    /// Applies the guard to rows that will be left without a row that refers to them over this reference and meets
    /// [`when`](Self::when).
    ///
    /// ```
    /// use client_lifecycle::domain::eq;
    /// use client_lifecycle::policy::Guard;
    /// let guard = Guard::block("sole_owner", "organisations")
    ///     .left_without("memberships.organisation_id")
    ///     .when(eq("role", "owner"))
    ///     .message("no one else owns the organisation");
    /// assert!(guard.left_without.is_some());
    /// ```
    #[must_use]
    pub fn left_without(mut self, reference: impl Into<ReferenceName>) -> Self {
        self.left_without = Some(reference.into());
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
