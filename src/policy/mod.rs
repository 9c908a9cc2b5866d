//! Policies: who may remove what, what stops it, and what happens along each reference. Pure and synchronous.
//!
//! [`guide::policy_document`](crate::guide::policy_document) describes every key of a policy document, with the
//! corresponding call of the builder.

mod access;
mod adapt;
mod builder;
mod compile;
mod conditions;
mod content;
mod decide;
mod document;
mod effect;
mod graph;
mod guard;
#[cfg(feature = "schema")]
mod json_schema;
mod map_to_check;
mod masks;
mod mode_policy;
#[allow(clippy::module_inception, reason = "the policy is what this module is named after")]
mod policy;
mod reference_builder;
mod rule;
mod rule_build;
mod rule_document;
#[cfg(feature = "schema")]
mod rule_schema;
#[cfg(feature = "schema")]
mod schema;
mod undeclared;
mod validate;
mod written;

use document::PolicyDocument;

use crate::domain::plain_errors::PlainErrors;
use crate::domain::{Fault, FaultCode, Faults, KindName};

pub use access::{Allow, Refusal};
pub use builder::{KindBuilder, ModeBuilder, PolicyBuilder};
use conditions::ConditionUse;
pub use decide::Inquiry;
pub(crate) use decide::{marked_again, never_removed, several_operations};
pub use effect::EffectRule;
#[cfg(feature = "sql")]
pub(crate) use graph::reached_paths;
pub use guard::{Guard, Severity};
#[cfg(feature = "sql")]
pub(crate) use masks::MaskUse;
pub use mode_policy::{Access, ModePolicy, ReasonRule};
pub use policy::DeletionPolicy;
pub use reference_builder::ReferenceBuilder;
pub use rule::{Entry, OnClash, OnSurvive, Parent, Redirect, Retention, Rule, Rules};
pub use rule_build::{
    EntryBuilder, anonymize, cascade, delete, keep, leave, protect, reassign, restrict, retain, set_default,
    set_null, soft_delete,
};
pub(crate) use written::WrittenKinds;

/// The two ways to make a policy. Both call `DeletionPolicy::assemble`, which checks and compiles it.
impl DeletionPolicy {
    /// Starts a policy for records of a kind.
    pub fn of(subject: impl Into<KindName>) -> PolicyBuilder {
        PolicyBuilder::new(subject.into())
    }

    /// Reads a policy from JSON. For other formats, use `serde`, whose errors speak of Rust's types.
    ///
    /// # Errors
    /// Returns every fault of the policy, or the position of the syntax error.
    pub fn from_json(text: &str) -> Result<Self, Faults> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let document: PolicyDocument =
            serde_path_to_error::deserialize(PlainErrors(&mut reader)).map_err(|error| {
                let inner = &error.inner().0;
                if inner.is_data() {
                    Fault::new(FaultCode::Form, error.path().to_string(), inner.to_string())
                } else {
                    not_json(inner)
                }
            })?;
        reader.end().map_err(|error| not_json(&error))?;
        document.try_into()
    }
}

/// A syntax error has a line and column, but no path.
fn not_json(error: &serde_json::Error) -> Fault {
    Fault::new(FaultCode::Form, ".", format!("not JSON: {error}")).remedy("correct the syntax there")
}
