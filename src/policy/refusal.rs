//! Refusals: requests without a plan.

use crate::domain::{AuditOutcome, KindName, Mode, RecordId, Role};

/// The reason why a request gets no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No record is named, or an id is empty.
    #[error("no record is named, or an id is empty")]
    MissingId,
    /// The record does not exist, or the policy may not touch it.
    #[error("no `{kind}` {}", list_ids(.ids))]
    NotFound {
        /// The kind.
        kind: KindName,
        /// The ids that were not found.
        ids: Vec<RecordId>,
    },
    /// The caller is not signed in, but this request requires it.
    #[error("{mode} of `{kind}` requires a caller who is signed in")]
    Unauthenticated {
        /// The kind.
        kind: KindName,
        /// The requested mode.
        mode: Mode,
    },
    /// The actor has none of the required roles.
    #[error("{mode} of `{kind}` is for {}", list_roles(.roles))]
    MissingRole {
        /// The kind.
        kind: KindName,
        /// The requested mode.
        mode: Mode,
        /// The required roles.
        roles: Vec<Role>,
    },
    /// The actor has the role, but the subject is outside its scope.
    #[error("{mode} of `{kind}` {} is outside the actor's scope", list_ids(.ids))]
    WrongScope {
        /// The kind.
        kind: KindName,
        /// The requested mode.
        mode: Mode,
        /// The subjects of the request.
        ids: Vec<RecordId>,
    },
    /// The request is invalid under this policy.
    #[error("the request is invalid: {message}")]
    Invalid {
        /// The problem.
        message: String,
        /// The remedy.
        remedy: String,
    },
}

impl Refusal {
    pub(crate) fn invalid(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), remedy: remedy.into() }
    }

    /// Makes the refusal of a request that was passed to the wrong call.
    pub(crate) fn wrong_mode(mode: Mode, wanted: &str) -> Self {
        Self::invalid(format!("the request has mode {mode}"), format!("pass {wanted}"))
    }

    /// Returns a name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingId => "missing_id",
            Self::NotFound { .. } => "not_found",
            Self::Unauthenticated { .. } => "unauthenticated",
            Self::MissingRole { .. } => "missing_role",
            Self::WrongScope { .. } => "wrong_scope",
            Self::Invalid { .. } => "invalid",
        }
    }

    /// Returns the remedy.
    #[must_use]
    pub fn remedy(&self) -> &str {
        match self {
            Self::MissingId => "name the id of a record",
            Self::NotFound { .. } => "verify that the id exists",
            Self::Unauthenticated { .. } => "sign in, and give the request its actor",
            Self::MissingRole { .. } => "use an actor with one of these roles",
            Self::WrongScope { .. } => "use an actor whose scope includes the subject",
            Self::Invalid { remedy, .. } => remedy,
        }
    }

    /// Returns how the attempt is recorded.
    #[must_use]
    pub fn outcome(&self) -> AuditOutcome {
        match self {
            Self::NotFound { .. } => AuditOutcome::NotFound,
            Self::Unauthenticated { .. } | Self::MissingRole { .. } | Self::WrongScope { .. } => {
                AuditOutcome::Denied
            }
            Self::MissingId | Self::Invalid { .. } => AuditOutcome::Invalid,
        }
    }
}

/// Lists the first ids, and the number of the others.
fn list_ids(ids: &[RecordId]) -> String {
    let shown: Vec<_> = ids.iter().take(5).map(|id| format!("`{id}`")).collect();
    let more = ids.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}

fn list_roles(roles: &[Role]) -> String {
    match roles {
        [] => "the subject only".into(),
        roles => roles.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", "),
    }
}
