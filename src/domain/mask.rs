//! Masks: replacements for personal values.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::words::shortened;

/// The replacement for a personal value when its row is anonymized. Masks are computed from the row; `hmac` also
/// needs the host's key.
///
/// ```
/// use client_lifecycle::domain::Mask;
/// let mask: Mask = serde_json::from_str(r#"{"text": "anonymized"}"#)?;
/// assert_eq!(mask, Mask::Text("anonymized".into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "snake_case", transform = super::schema::masks_as_objects))]
pub enum Mask {
    /// Null.
    Null,
    /// The same text in every row.
    Text(String),
    /// 1 January of the date's year.
    Year,
    /// The first characters only.
    Truncate(u16),
    /// `<record id>@anonymized.invalid`, which is unique and can never receive mail (RFC 2606).
    PlaceholderEmail,
    /// A pseudonym of a text under a [`MaskKey`](super::MaskKey) of the host: 64 hexadecimal digits. Equal values
    /// have equal pseudonyms, and null stays null. There is no unkeyed hash, because guessing reverses it for
    /// low-entropy values.
    Hmac,
}

impl Mask {
    /// Returns whether different values stay different, or become null.
    pub(crate) fn keeps_unique(&self) -> bool {
        match self {
            Self::Null | Self::PlaceholderEmail | Self::Hmac => true,
            Self::Text(_) | Self::Year | Self::Truncate(_) => false,
        }
    }
}

/// Every form that a mask has in documents.
const FORMS: &str =
    "`null`, `year`, `placeholder_email`, `hmac`, {\"text\": \"anonymized\"} or {\"truncate\": 3}";

/// Not derived: that would speak of variants.
impl<'de> Deserialize<'de> for Mask {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MaskVisitor;
        impl<'de> Visitor<'de> for MaskVisitor {
            type Value = Mask;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a mask: {FORMS}")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Mask, E> {
                match name {
                    "text" => {
                        Err(E::custom("the mask `text` needs its text; expected {\"text\": \"anonymized\"}"))
                    }
                    "truncate" => {
                        Err(E::custom("the mask `truncate` needs a length; expected {\"truncate\": 3}"))
                    }
                    name => without_argument(name).ok_or_else(|| unknown(name)),
                }
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Mask, M::Error> {
                let Some(name) = map.next_key::<String>()? else {
                    return Err(de::Error::custom(format_args!(
                        "the object is empty; expected a mask: {FORMS}"
                    )));
                };
                let mask = match name.as_str() {
                    "text" => Mask::Text(map.next_value()?),
                    "truncate" => Mask::Truncate(map.next_value()?),
                    name => {
                        let mask = without_argument(name).ok_or_else(|| unknown::<M::Error>(name))?;
                        if map.next_value::<Option<de::IgnoredAny>>()?.is_some() {
                            return Err(de::Error::custom(format_args!(
                                "the mask `{name}` stands alone; write \"{name}\""
                            )));
                        }
                        mask
                    }
                };
                match map.next_key::<String>()? {
                    None => Ok(mask),
                    Some(more) => Err(de::Error::custom(format_args!(
                        "`{name}` and `{}` are two masks; a field has one",
                        shortened(&more)
                    ))),
                }
            }
        }
        deserializer.deserialize_any(MaskVisitor)
    }
}

fn without_argument(name: &str) -> Option<Mask> {
    Some(match name {
        "null" => Mask::Null,
        "year" => Mask::Year,
        "placeholder_email" => Mask::PlaceholderEmail,
        "hmac" => Mask::Hmac,
        _ => return None,
    })
}

fn unknown<E: de::Error>(name: &str) -> E {
    E::custom(format_args!("unknown mask `{}`; expected {FORMS}", shortened(name)))
}
