//! The policy. A value of this type is always valid.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compile::CompiledMode;
use super::{Access, ConditionUse, ModePolicy, compile, validate};
use crate::domain::{DataMap, Faults, FieldName, KindName, Mode};

/// Who may remove a subject, what stops it, and what happens along each reference, for each mode.
///
/// Make it with [`of`](Self::of), or read it from a document; both give the same value. A policy holds no data and
/// does no I/O. A [`Lifecycle`](crate::Lifecycle) combines it with a store.
///
/// ```
/// use client_lifecycle::DeletionPolicy;
/// use client_lifecycle::domain::eq;
/// use client_lifecycle::policy::{cascade, restrict};
///
/// let built = DeletionPolicy::of("clients")
///     .reference("debts.client_id", "clients")
///     .hard_delete(|mode| mode
///         .allow("ADMIN")
///         .rule("debts.client_id", restrict().when(eq("status", "PENDING")).otherwise(cascade())))
///     .build()?;
/// let read = DeletionPolicy::from_json(r#"{
///     "subject": "clients",
///     "kinds": { "clients": {}, "debts": {} },
///     "references": [ { "from": "debts.client_id", "to": "clients" } ],
///     "modes": { "hard_delete": {
///         "allow": [ { "role": "ADMIN" } ],
///         "rules": { "debts.client_id": [
///             { "when": { "field": "status", "eq": "PENDING" }, "then": "restrict" },
///             { "then": "cascade" } ] } } }
/// }"#)?;
/// assert_eq!(built, read);
/// # Ok::<(), client_lifecycle::domain::Faults>(())
/// ```
#[derive(Clone)]
pub struct DeletionPolicy {
    pub(super) version: String,
    pub(super) subject: KindName,
    pub(super) map: Arc<DataMap>,
    pub(super) modes: BTreeMap<Mode, ModePolicy>,
    pub(super) compiled: BTreeMap<Mode, Arc<CompiledMode>>,
}

/// The version of a policy that does not set one.
pub(super) const FIRST_VERSION: &str = "1";

impl DeletionPolicy {
    /// Checks the parts and compiles every mode.
    pub(super) fn assemble(
        version: String,
        subject: KindName,
        mut map: DataMap,
        modes: BTreeMap<Mode, ModePolicy>,
    ) -> Result<Self, Faults> {
        validate::policy(&subject, &mut map, &modes)?;
        let map = Arc::new(map);
        let compiled = modes
            .iter()
            .map(|(mode, said)| (*mode, Arc::new(compile::compile(&subject, &map, *mode, said))))
            .collect();
        Ok(Self { version, subject, map, modes, compiled })
    }

    /// Returns the version, as the host numbers it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the kind of the subjects.
    #[must_use]
    pub fn subject(&self) -> &KindName {
        &self.subject
    }

    /// Returns the kinds and references. Fields that conditions compare have the type that the condition implies.
    #[must_use]
    pub fn map(&self) -> &Arc<DataMap> {
        &self.map
    }

    /// Returns the map, extended by the foreign keys that the policy does not declare, and by fields that need not be declared but must exist in the store. Effects send these
    /// fields, they limit the scope of actors, or conditions only test them for null.
    pub(crate) fn map_to_check(&self) -> DataMap {
        let mut map = (*self.map).clone();
        map.set_subject(self.subject.clone());
        self.add_undeclared(&mut map);
        for ConditionUse { kind, condition, .. } in self.conditions() {
            condition.visit(&mut |leaf| {
                if let Some(field) = leaf.field() {
                    map.name_field(kind, field);
                }
            });
        }
        map.set_named_values(self.named_values());
        for field in self.scopes() {
            map.name_field(&self.subject, field);
        }
        for effect in self.modes.values().flat_map(|mode| &mode.effects) {
            for field in &effect.fields {
                map.name_field(effect.on.as_ref().unwrap_or(&self.subject), field);
            }
        }
        map
    }

    /// Returns the fields of the subject that limit the scope of actors.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &FieldName> {
        let allowed = self.modes.values().filter_map(|mode| match &mode.allow {
            Some(Access::Some(allow)) => Some(allow),
            _ => None,
        });
        allowed.flatten().filter_map(|allow| allow.scope.as_ref())
    }

    /// Returns the policy of a mode; `None` if the mode is not offered.
    #[must_use]
    pub fn mode(&self, mode: Mode) -> Option<&ModePolicy> {
        self.modes.get(&mode)
    }

    /// Returns the modes that are offered.
    pub fn modes(&self) -> impl Iterator<Item = Mode> {
        self.modes.keys().copied()
    }
}

/// Compares what was declared, and ignores what was compiled from it.
impl PartialEq for DeletionPolicy {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version
            && self.subject == other.subject
            && self.map == other.map
            && self.modes == other.modes
    }
}

impl std::fmt::Debug for DeletionPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeletionPolicy")
            .field("version", &self.version)
            .field("subject", &self.subject)
            .field("map", &self.map)
            .field("modes", &self.modes)
            .finish_non_exhaustive()
    }
}
