//! Errors of the lifecycle.

use std::fmt;

use crate::domain::{AuditOutcome, BadRecord, Faults, FieldName, OperationId, Violations};
use crate::plan::{Plan, expected_words};
use crate::policy::Refusal;
use crate::protocol::{Difference, Precondition};
use crate::store::StoreError;

/// The error of a request. Nothing has changed, except possibly if the store reports [`StoreError::OutcomeUnknown`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The policy does not fit the store or the use case: the store lacks a table or column, or the subject lacks a
    /// field.
    ///
    /// To handle it: correct the policy's data map or the schema. Every mismatch is listed.
    #[error("the policy does not fit the data:\n{0}")]
    SchemaMismatch(Faults),
    /// The foreign keys of the database have changed since the policy was opened, and the policy no longer fits them.
    ///
    /// To handle it: correct the policy or the schema. Every mismatch is listed. Nothing was written.
    #[error("the schema has changed since the policy was opened, and the policy no longer fits:\n{0}")]
    SchemaChanged(Faults),
    /// The request was refused before there was a plan: the record was not found, or the request is denied or
    /// invalid.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something in the data blocks the request, or a warning is not acknowledged. The plan says which.
    #[error("{} of `{}` is blocked: {}", .0.mode, .0.kind, .0.obstacles())]
    Blocked(Box<Plan>),
    /// The values that came with the request are invalid.
    ///
    /// To handle it: show the violations. Each has a path, a code and a message.
    #[error("invalid values: {0}")]
    Invalid(Violations),
    /// Another record already has a value that must be unique, such as an e-mail address.
    #[error("another record already has this `{field}`")]
    NotUnique {
        /// The field.
        field: FieldName,
    },
    /// A record of the store cannot be read.
    #[error("a record of the store cannot be read")]
    Unreadable(#[from] BadRecord),
    /// The data has changed since the plan was made.
    ///
    /// To handle it: make a new plan and have it confirmed.
    #[error("the data has changed since it was planned: {}", join(.changes))]
    Conflict {
        /// Every difference.
        changes: Vec<Change>,
    },
    /// The plan has changed since it was confirmed: by its digest, or because the foreign keys of the database have changed
    /// since it was made.
    ///
    /// To handle it: show the current plan and have it confirmed.
    #[error("the plan has changed since it was confirmed: its digest is now {}", .0.digest)]
    Changed(Box<Plan>),
    /// The policy masks fields with `hmac`, but the lifecycle has no key. Nothing was read.
    ///
    /// To handle it: set the key with [`with_mask_key`](crate::Lifecycle::with_mask_key).
    #[error("the mask `hmac` needs a key: {}", quoted(.fields))]
    NoMaskKey {
        /// The fields, such as `clients.email`.
        fields: Vec<String>,
    },
    /// The plan was made for another request.
    #[error("the plan was made for another request")]
    PlanMismatch,
    /// The operation id was already used by another request that has been applied.
    #[error("operation {0} has already been used for another request")]
    OperationReused(OperationId),
    /// The store failed. The message is that of the store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The attempt failed, and recording it failed too.
    #[error("the attempt could not be recorded")]
    NotRecorded {
        /// The error of the attempt itself.
        attempt: Box<Error>,
        /// Why it could not be recorded.
        #[source]
        source: StoreError,
    },
}

/// One difference between the plan and the data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What differs, such as ``delete of `debts` over debts.client_id``.
    pub what: String,
    /// What the plan showed.
    pub shown: String,
    /// The number that was found.
    pub found: u64,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} shown, {} found", self.what, self.shown, self.found)
    }
}

fn join(changes: &[Change]) -> String {
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn quoted(fields: &[String]) -> String {
    fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ")
}

impl Change {
    /// Describes the differences of a conflict in the words of the plan.
    pub(super) fn of(
        differences: &[Difference],
        preconditions: &[Precondition],
        names: &[String],
    ) -> Vec<Self> {
        let changes = differences.iter().filter_map(|difference| {
            let precondition = preconditions.get(difference.precondition)?;
            Some(Self {
                what: names.get(difference.precondition)?.clone(),
                shown: expected_words(precondition.expected),
                found: difference.found,
            })
        });
        changes.collect()
    }
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl Error {
    /// Returns a stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SchemaMismatch(_) => "misfit",
            Self::SchemaChanged(_) => "schema_changed",
            Self::Refused(refusal) => refusal.code(),
            Self::Blocked(_) => "blocked",
            Self::Invalid(_) => "invalid_values",
            Self::NotUnique { .. } => "taken",
            Self::Unreadable(_) => "unreadable",
            Self::Conflict { .. } | Self::Changed(_) => "conflict",
            Self::NoMaskKey { .. } => "no_mask_key",
            Self::PlanMismatch => "foreign_plan",
            Self::OperationReused(_) => "operation_reused",
            Self::Store(error) => error.code(),
            Self::NotRecorded { attempt, .. } => attempt.code(),
        }
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn remedy(&self) -> &str {
        match self {
            Self::SchemaMismatch(_) | Self::SchemaChanged(_) => {
                "correct the policy's data map, or the schema"
            }
            Self::Refused(refusal) => refusal.remedy(),
            Self::Blocked(plan) if plan.blockers.is_empty() => {
                "resolve the warnings, or acknowledge them by name"
            }
            Self::Blocked(_) => "do what the plan says must be done first, then plan again",
            Self::Invalid(_) => "correct the values; every violation is listed",
            Self::NotUnique { .. } => "use another value",
            Self::Unreadable(_) => "correct the record; `source` names the field",
            Self::Conflict { .. } => "make a new plan and confirm it again",
            Self::Changed(_) => "review the current plan and confirm it",
            Self::NoMaskKey { .. } => "set the key with `with_mask_key`, or choose another mask",
            Self::PlanMismatch => "apply the plan with the request it was made for",
            Self::OperationReused(_) => "use a new operation id",
            Self::Store(error) => error.remedy(),
            Self::NotRecorded { .. } => "check why the audit log cannot be written",
        }
    }

    /// Returns whether the same request may succeed if it is repeated at once.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }

    /// Returns whether the data has changed since the plan was made. A new plan may then succeed.
    pub(crate) fn is_stale(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Returns the plan that was not applied, if the error holds one.
    #[must_use]
    pub fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Blocked(plan) | Self::Changed(plan) => Some(plan),
            Self::NotRecorded { attempt, .. } => attempt.plan(),
            _ => None,
        }
    }

    /// Returns the outcome to record for the attempt.
    pub(super) fn outcome(&self) -> AuditOutcome {
        match self {
            Self::Refused(refusal) => refusal.outcome(),
            // A column of integers cannot hold this id, so no record has it. A column of text would report it as not
            // found.
            Self::Store(StoreError::WrongId { .. }) => AuditOutcome::NotFound,
            Self::Blocked(_) => AuditOutcome::Blocked,
            Self::Conflict { .. } | Self::Changed(_) | Self::NotUnique { .. } => AuditOutcome::Conflict,
            Self::PlanMismatch | Self::OperationReused(_) | Self::Invalid(_) => AuditOutcome::Invalid,
            Self::SchemaMismatch(_)
            | Self::SchemaChanged(_)
            | Self::NoMaskKey { .. }
            | Self::Unreadable(_)
            | Self::Store(_)
            | Self::NotRecorded { .. } => AuditOutcome::Failed,
        }
    }
}
