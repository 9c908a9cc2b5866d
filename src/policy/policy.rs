//! The policy. A value of this type is always valid.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compile::CompiledMode;
use super::content::Content;
use super::{ModePolicy, compile, validate};
use crate::domain::{DataMap, Faults, KindName, Mode};

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
    /// The version that the host sets.
    pub(super) version: Option<String>,
    pub(super) subject: KindName,
    pub(super) map: Arc<DataMap>,
    pub(super) modes: BTreeMap<Mode, ModePolicy>,
    pub(super) compiled: BTreeMap<Mode, Arc<CompiledMode>>,
    pub(super) content: Content,
}

impl DeletionPolicy {
    /// Checks the parts and compiles every mode.
    pub(super) fn assemble(
        version: Option<String>,
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
        let policy = Self { version, subject, map, modes, compiled, content: Content::default() };
        Ok(Self { content: Content::of(&policy), ..policy })
    }

    /// Returns the version, as the host numbers it. If the host sets none, it is a hash of the policy's document without
    /// rationales: it differs whenever the policy does, and does not depend on the order of declarations.
    #[must_use]
    pub fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(&self.content.version)
    }

    /// Returns the hash of everything that decides what a mode writes: the data map, and the guards, rules and effects of
    /// the mode.
    pub(super) fn content_of(&self, mode: Mode) -> &str {
        self.content.modes.get(&mode).map_or("", String::as_str)
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
            .field("version", &self.version())
            .field("subject", &self.subject)
            .field("map", &self.map)
            .field("modes", &self.modes)
            .finish_non_exhaustive()
    }
}
