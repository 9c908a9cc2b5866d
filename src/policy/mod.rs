//! Policies: who may remove what, what stops it, and what happens along each reference. Pure and synchronous.

mod access;
mod adapt;
mod builder;
mod compile;
mod decide;
mod document;
mod graph;
mod guard;
mod masks;
mod mode_policy;
#[allow(clippy::module_inception, reason = "the policy is what this floor is named after")]
mod policy;
mod rule;
mod rule_build;
mod rule_document;
mod validate;

use document::PolicyDocument;

use crate::domain::{Fault, FaultCode, Faults, KindName};

pub use access::{Allow, Refusal};
pub use builder::{KindBuilder, ModeBuilder, PolicyBuilder, ReferenceBuilder};
pub use decide::Inquiry;
pub use guard::{EffectRule, Guard, Severity};
#[cfg(feature = "sql")]
pub(crate) use masks::MaskUse;
pub use mode_policy::{Access, ModePolicy, ReasonRule};
pub use policy::DeletionPolicy;
pub use rule::{Entry, OnSurvive, Parent, Redirect, Retention, Rule, Rules};
pub use rule_build::{
    EntryBuilder, anonymize, anonymize_with, cascade, delete, keep, protect, reassign, reassign_to, restrict,
    retain, set_default, set_default_to, set_null, soft_delete,
};

/// The two ways to a policy. Both lead to `DeletionPolicy::assemble`, which checks and compiles it.
impl DeletionPolicy {
    /// Starts a policy for records of a kind.
    pub fn of(subject: impl Into<KindName>) -> PolicyBuilder {
        PolicyBuilder::new(subject.into())
    }

    /// Reads a policy from JSON. For other formats, use `serde`.
    ///
    /// # Errors
    /// Every fault of the policy, or the place of the syntax error.
    pub fn from_json(text: &str) -> Result<Self, Faults> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let document: PolicyDocument = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            // Text that is not JSON has a line but no path.
            let path = error.inner().is_data().then(|| error.path().to_string());
            Fault::new(FaultCode::Form, path.as_deref().unwrap_or("."), error.inner().to_string())
        })?;
        reader.end().map_err(|error| Fault::new(FaultCode::Form, ".", error.to_string()))?;
        document.try_into()
    }
}
