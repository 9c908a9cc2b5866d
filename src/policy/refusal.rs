//! Refusals: requests that get no plan at all.

use crate::domain::{AuditOutcome, KindName, Mode, RecordId, Role};

/// Why a request gets no plan at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No record is named, or an id is empty.
    #[error("no record is named, or an id is empty")]
    MissingId,
    /// There is no such record, or none that this policy may touch.
    #[error("no `{kind}` {}", list_ids(.ids))]
    NotFound {
        /// The kind.
        kind: KindName,
        /// The ids that were not found.
        ids: Vec<RecordId>,
    },
    /// Nobody has signed in, and not everybody may ask for this.
    #[error("{mode} of `{kind}` needs somebody who has signed in")]
    Unauthenticated {
        /// The kind.
        kind: KindName,
        /// What was asked for.
        mode: Mode,
    },
    /// The actor has none of the roles that may ask for this.
    #[error("{mode} of `{kind}` is for {}", list_roles(.roles))]
    MissingRole {
        /// The kind.
        kind: KindName,
        /// What was asked for.
        mode: Mode,
        /// The roles that may.
        roles: Vec<Role>,
    },
    /// The actor's role would do, but the subject is not within its scope.
    #[error("{mode} of `{kind}` {} is outside the actor's scope", list_ids(.ids))]
    WrongScope {
        /// The kind.
        kind: KindName,
        /// What was asked for.
        mode: Mode,
        /// The subjects of the request.
        ids: Vec<RecordId>,
    },
    /// The request makes no sense under this policy.
    #[error("the request is invalid: {message}")]
    Invalid {
        /// What is wrong with it.
        message: String,
        /// What to ask for instead.
        remedy: String,
    },
}

impl Refusal {
    pub(crate) fn invalid(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), remedy: remedy.into() }
    }

    /// A request was given to a call that is for another.
    pub(crate) fn wrong_mode(mode: Mode, wanted: &str) -> Self {
        Self::invalid(format!("this is a request of mode {mode}"), format!("give {wanted}"))
    }

    /// A name for programs.
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

    /// What can be done about it.
    #[must_use]
    pub fn remedy(&self) -> &str {
        match self {
            Self::MissingId => "name the id of a record",
            Self::NotFound { .. } => "verify that the id exists",
            Self::Unauthenticated { .. } => "sign in, and give the request its actor",
            Self::MissingRole { .. } => "ask as an actor with one of these roles",
            Self::WrongScope { .. } => "ask as an actor whose scope holds the subject",
            Self::Invalid { remedy, .. } => remedy,
        }
    }

    /// How the attempt is recorded.
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

/// The first ids, and how many more there are.
fn list_ids(ids: &[RecordId]) -> String {
    let shown: Vec<_> = ids.iter().take(5).map(|id| format!("`{id}`")).collect();
    let more = ids.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}

fn list_roles(roles: &[Role]) -> String {
    match roles {
        [] => "nobody but the subject".into(),
        roles => roles.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", "),
    }
}
