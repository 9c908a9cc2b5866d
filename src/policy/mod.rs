//! Policies: who may remove what, what stops it, and what happens along each reference. Pure and synchronous.
//!
//! [`guide::policy_document`](crate::guide::policy_document) describes every key of a policy document, with the call of the
//! builder that says the same.

mod access;
mod adapt;
mod builder;
mod compile;
mod decide;
mod document;
mod effect;
mod graph;
mod guard;
#[cfg(feature = "schema")]
mod json_schema;
mod masks;
mod mode_policy;
#[allow(clippy::module_inception, reason = "the policy is what this floor is named after")]
mod policy;
mod refusal;
mod rule;
mod rule_build;
mod rule_document;
#[cfg(feature = "schema")]
mod rule_schema;
#[cfg(feature = "schema")]
mod schema;
mod validate;

pub use access::Allow;
pub use builder::{KindBuilder, ModeBuilder, PolicyBuilder, ReferenceBuilder};
pub use decide::Inquiry;
pub use effect::EffectRule;
pub use guard::{Guard, Severity};
#[cfg(feature = "sql")]
pub(crate) use masks::MaskUse;
pub use mode_policy::{Access, ModePolicy, ReasonRule};
pub use policy::DeletionPolicy;
pub use refusal::Refusal;
pub use rule::{Entry, OnSurvive, Parent, Redirect, Retention, Rule, Rules};
pub use rule_build::{
    EntryBuilder, anonymize, cascade, delete, keep, protect, reassign, restrict, retain, set_default,
    set_null, soft_delete,
};
