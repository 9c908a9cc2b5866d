//! The policy of one mode.

use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::{Allow, EffectRule, Guard, Rules};
use crate::domain::FieldName;
use crate::domain::words::words;

/// The policy of one mode: permissions, guards, rules and effects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a mode: an object such as {\"allow\": [{\"role\": \"ADMIN\"}], \"rules\": {\"*\": \"cascade\"}}"
)]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModePolicy {
    /// Who may request the mode: `"any"`, `"authenticated"`, or a list such as `[{"role": "ADMIN"}]`. Required.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub allow: Option<Access>,
    /// Whether a request must have a reason. Default: `optional`.
    #[serde(default, skip_serializing_if = "ReasonRule::is_optional")]
    pub reason: ReasonRule,
    /// What stops the operation, must be acknowledged, or is only shown. Default: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<Guard>,
    /// What happens to rows, by reference: `{"debts.client_id": "cascade"}`. In a mode that removes, every declared
    /// reference needs a rule: its own, or the rule under `*`.
    #[serde(default)]
    pub rules: Rules,
    /// The events that are sent to other systems. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<EffectRule>,
    /// The fields of the subject whose values the audit entry keeps, as they were before. Only for `hard_delete` and
    /// `anonymize`, which erase everything else; no personal field. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<FieldName>,
}

impl Default for ModePolicy {
    fn default() -> Self {
        Self {
            allow: None,
            reason: ReasonRule::Optional,
            guards: Vec::new(),
            rules: Rules::default(),
            effects: Vec::new(),
            before: Vec::new(),
        }
    }
}

/// Who may request a mode.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Every caller. The host has already checked permissions.
    Any,
    /// Every caller who is signed in.
    Authenticated,
    /// Every caller to whom one of these permissions applies.
    Some(Vec<Allow>),
}

words! {
    /// Whether a reason must be given.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum ReasonRule: "rule for reasons" {
        /// A request may leave it out.
        #[default]
        Optional = "optional",
        /// A request must have a reason. The reason `other` needs a note.
        Required = "required",
    }
}

impl ReasonRule {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
    fn is_optional(&self) -> bool {
        *self == Self::Optional
    }
}

impl Serialize for Access {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str("any"),
            Self::Authenticated => serializer.serialize_str("authenticated"),
            Self::Some(allow) => allow.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Access {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AccessVisitor;
        impl<'de> Visitor<'de> for AccessVisitor {
            type Value = Access;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`any`, `authenticated` or a list such as [{\"role\": \"ADMIN\"}]")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Access, E> {
                match text {
                    "any" => Ok(Access::Any),
                    "authenticated" => Ok(Access::Authenticated),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Access, S::Error> {
                let mut allow = Vec::new();
                while let Some(one) = list.next_element::<Allow>()? {
                    allow.push(one);
                }
                Ok(Access::Some(allow))
            }
        }
        deserializer.deserialize_any(AccessVisitor)
    }
}
