//! Access: who may request a mode.

use serde::{Deserialize, Serialize};

use crate::domain::{Actor, Condition, FieldName, FieldType, RecordId, Role, Value};

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

    /// Returns whether the actor meets the permission. The subject's field, if any, is checked later.
    pub(super) fn admits(&self, actor: &Actor, subjects: &[RecordId]) -> bool {
        let role = self.role.as_ref().is_none_or(|role| actor.roles.contains(role));
        let is_subject = || subjects.iter().all(|id| id.to_string() == actor.id);
        role && (!self.oneself || is_subject())
    }

    /// Returns the condition on the subject's row, if there is one.
    pub(super) fn condition(
        &self,
        actor: &Actor,
        type_of: impl Fn(&FieldName) -> FieldType,
    ) -> Option<Condition> {
        let field = self.scope.as_ref()?;
        let values = actor.managed().filter_map(|scope| match type_of(field) {
            FieldType::Integer => scope.parse::<i64>().ok().map(Value::from),
            _ => Some(Value::from(scope)),
        });
        Some(Condition::OneOf { field: field.clone(), values: values.collect() })
    }
}
