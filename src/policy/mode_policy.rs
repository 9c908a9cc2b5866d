//! The policy of one mode.

use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::{Allow, EffectRule, Guard, Rules};
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
    /// Who may ask: `"any"`, `"authenticated"`, or a list such as `[{"role": "ADMIN"}]`. A mode without it does not
    /// build.
    #[cfg_attr(feature = "schema", schemars(required))]
    pub allow: Option<Access>,
    /// Whether a reason must be given. Default: `optional`.
    #[serde(default, skip_serializing_if = "ReasonRule::is_optional")]
    pub reason: ReasonRule,
    /// What stops the operation, needs to be acknowledged, or is only shown. Default: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<Guard>,
    /// What becomes of rows, by reference: `{"debts.client_id": "cascade"}`. In a mode that removes, every declared
    /// reference needs a rule, its own or that under `*`.
    #[serde(default)]
    pub rules: Rules,
    /// What other systems are told. Default: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<EffectRule>,
}

impl Default for ModePolicy {
    fn default() -> Self {
        Self {
            allow: None,
            reason: ReasonRule::Optional,
            guards: Vec::new(),
            rules: Rules::default(),
            effects: Vec::new(),
        }
    }
}

/// Who may request a mode.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Every caller: the host has already decided.
    Any,
    /// Every caller who is signed in.
    Authenticated,
    /// Every caller that one of these permissions admits.
    Some(Vec<Allow>),
}

words! {
    /// Whether a reason must be given.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum ReasonRule: "rule for reasons" {
        /// It may be left out.
        #[default]
        Optional = "optional",
        /// It must be given, and `other` needs a note.
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
