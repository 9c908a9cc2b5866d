//! Who may request a mode, and why a request is refused before a plan is made.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Actor, AuditOutcome, Condition, FieldName, FieldType, KindName, Mode, RecordId, Role, Value,
};

/// A permission. All of its conditions must be true.
///
/// ```
/// use client_lifecycle::policy::Allow;
/// let admin = Allow::from("ADMIN");
/// let reseller = Allow::from("RESALE").scope("managed_by");
/// let oneself = Allow::oneself();
/// # let _ = (admin, reseller, oneself);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object such as {\"role\": \"ADMIN\"}")]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Allow {
    /// The actor has this role, such as `ADMIN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The subject's field holds one of the actor's scopes, or the actor's id if it has no scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<FieldName>,
    /// With `true`, the actor is the subject. Default: `false`.
    #[serde(default, rename = "self", skip_serializing_if = "std::ops::Not::not")]
    pub oneself: bool,
}

impl<R: Into<Role>> From<R> for Allow {
    fn from(role: R) -> Self {
        Self { role: Some(role.into()), scope: None, oneself: false }
    }
}

impl Allow {
    /// Allows the subject itself.
    #[must_use]
    pub fn oneself() -> Self {
        Self { role: None, scope: None, oneself: true }
    }

    /// Restricts the permission to subjects whose field holds one of the actor's scopes.
    #[must_use]
    pub fn scope(mut self, field: impl Into<FieldName>) -> Self {
        self.scope = Some(field.into());
        self
    }

    /// Returns whether the actor has the role and is the subject if that is required. The scope is checked later.
    pub(super) fn admits(&self, actor: &Actor, subjects: &[RecordId]) -> bool {
        let role = self.role.as_ref().is_none_or(|role| actor.roles.contains(role));
        let is_subject = || subjects.iter().all(|id| id.to_string() == actor.id);
        role && (!self.oneself || is_subject())
    }

    /// Returns the condition that the actor's scope puts on the subject's row, if the permission has a scope.
    pub(super) fn condition(
        &self,
        actor: &Actor,
        type_of: impl Fn(&FieldName) -> FieldType,
    ) -> Option<Condition> {
        let field = self.scope.as_ref()?;
        let values = actor.managed().filter_map(|scope| match type_of(field) {
            // `+7` and `07` are no spellings of 7, on no store.
            FieldType::Integer => {
                scope.parse().ok().filter(|id: &i64| id.to_string() == scope).map(Value::from)
            }
            _ => Some(Value::from(scope)),
        });
        Some(Condition::OneOf { field: field.clone(), values: values.collect() })
    }
}

/// Which rows of the subject's kind an actor may touch, apart from the subjects of its request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reach {
    /// Every row: a permission without a scope applies.
    Everything,
    /// The rows within the actor's scopes. `None` is no row: the actor may only act on itself.
    Within(Option<Condition>),
}

/// The reason why a request is refused before a plan is made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The request has no id, or an id is empty.
    #[error("the request has no id, or an id is empty")]
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
    /// There is no soft deletion to take back: the operation is not one, or its subjects were restored or erased since.
    #[error("there is nothing to restore: {why}")]
    NothingToRestore {
        /// Why.
        why: String,
        /// The remedy.
        remedy: String,
    },
    /// The policy does not accept the request.
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

    /// Makes the refusal of a request whose mode does not fit the call.
    pub(crate) fn wrong_mode(mode: Mode, wanted: &str) -> Self {
        Self::invalid(format!("the request has mode {mode}"), format!("pass {wanted}"))
    }

    /// Returns a stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingId => "missing_id",
            Self::NotFound { .. } => "not_found",
            Self::Unauthenticated { .. } => "unauthenticated",
            Self::MissingRole { .. } => "missing_role",
            Self::WrongScope { .. } => "wrong_scope",
            Self::NothingToRestore { .. } => "nothing_to_restore",
            Self::Invalid { .. } => "invalid",
        }
    }

    /// Returns the remedy.
    #[must_use]
    pub fn remedy(&self) -> &str {
        match self {
            Self::MissingId => "pass the id of a record",
            Self::NotFound { .. } => "verify that the id exists",
            Self::Unauthenticated { .. } => "sign in, and set the actor of the request",
            Self::MissingRole { .. } => "use an actor with one of these roles",
            Self::WrongScope { .. } => "use an actor whose scope includes the subject",
            Self::Invalid { remedy, .. } | Self::NothingToRestore { remedy, .. } => remedy,
        }
    }

    /// Returns the outcome to record for the attempt.
    #[must_use]
    pub fn outcome(&self) -> AuditOutcome {
        match self {
            Self::NotFound { .. } => AuditOutcome::NotFound,
            Self::Unauthenticated { .. } | Self::MissingRole { .. } | Self::WrongScope { .. } => {
                AuditOutcome::Denied
            }
            Self::NothingToRestore { .. } => AuditOutcome::Blocked,
            Self::MissingId | Self::Invalid { .. } => AuditOutcome::Invalid,
        }
    }
}

/// Renders the first ids and how many more there are.
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
