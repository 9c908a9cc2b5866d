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
mod refusal;
mod rule;
mod rule_build;
mod rule_document;
mod validate;

pub use access::Allow;
pub use builder::{KindBuilder, ModeBuilder, PolicyBuilder, ReferenceBuilder};
pub use decide::Inquiry;
pub use guard::{EffectRule, Guard, Severity};
#[cfg(feature = "sql")]
pub(crate) use masks::MaskUse;
pub use mode_policy::{Access, ModePolicy, ReasonRule};
pub use policy::DeletionPolicy;
pub use refusal::Refusal;
pub use rule::{Entry, OnSurvive, Parent, Redirect, Retention, Rule, Rules};
pub use rule_build::{
    EntryBuilder, anonymize, anonymize_with, cascade, delete, keep, protect, reassign, reassign_to, restrict,
    retain, set_default, set_default_to, set_null, soft_delete,
};
