//! Masks, and the key of keyed masks.

use std::fmt::{self, Write};
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use serde::de::{self, Deserializer, EnumAccess, MapAccess, VariantAccess, Visitor};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::words::shortened;
use super::{FieldName, KindName, ParseError};

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
    /// The same value in every row, of the type of the column: a number, a boolean, text for columns of other types
    /// such as `inet` or `uuid`, or JSON. A list is an array or a JSON array. Never null.
    Value(
        #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::not_null"))] serde_json::Value,
    ),
    /// 1 January of the date's year.
    Year,
    /// The first characters of the text. The number is how many.
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
            Self::Text(_) | Self::Value(_) | Self::Year | Self::Truncate(_) => false,
        }
    }
}

/// The names of all masks.
const NAMES: [&str; 7] = ["null", "text", "value", "placeholder_email", "year", "truncate", "hmac"];

/// Every form that a mask has in documents.
const FORMS: &str = "`null`, `year`, `placeholder_email`, `hmac`, {\"text\": \"anonymized\"}, {\"value\": 0} or {\"truncate\": 3}";

/// Written by hand, because a derived reader would report errors about "variants".
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
                    "text" => Err(E::custom(NEEDS_TEXT)),
                    "value" => Err(E::custom(NEEDS_VALUE)),
                    "truncate" => Err(E::custom(NEEDS_LENGTH)),
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
                    "value" => not_null(map.next_value()?)?,
                    "truncate" => Mask::Truncate(map.next_value()?),
                    name => {
                        let mask = without_argument(name).ok_or_else(|| unknown::<M::Error>(name))?;
                        if map.next_value::<Option<de::IgnoredAny>>()?.is_some() {
                            return Err(takes_no_argument(name));
                        }
                        mask
                    }
                };
                match map.next_key::<String>()? {
                    None => Ok(mask),
                    Some(more) => Err(de::Error::custom(format_args!(
                        "`{name}` and `{}` are two masks; a field can have only one",
                        shortened(&more)
                    ))),
                }
            }
            /// Formats other than JSON have their own forms of such values: `!text gone` in YAML.
            fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Mask, A::Error> {
                let (name, argument) = data.variant::<String>()?;
                match name.as_str() {
                    "text" => {
                        let text = argument.newtype_variant().map(Mask::Text);
                        text.map_err(|_| de::Error::custom(NEEDS_TEXT))
                    }
                    "value" => {
                        let value = argument.newtype_variant();
                        not_null(value.map_err(|_| de::Error::custom(NEEDS_VALUE))?)
                    }
                    "truncate" => {
                        let length = argument.newtype_variant().map(Mask::Truncate);
                        length.map_err(|_| de::Error::custom(NEEDS_LENGTH))
                    }
                    name => {
                        let mask = without_argument(name).ok_or_else(|| unknown(name))?;
                        argument.unit_variant().map_err(|_| takes_no_argument(name)).map(|()| mask)
                    }
                }
            }
        }
        deserializer.deserialize_enum("Mask", &NAMES, MaskVisitor)
    }
}

const NEEDS_TEXT: &str = "the mask `text` needs its text; expected {\"text\": \"anonymized\"}";
const NEEDS_VALUE: &str =
    "the mask `value` needs a value that is not null; expected {\"value\": 0}, or `null`";
const NEEDS_LENGTH: &str = "the mask `truncate` needs a length; expected {\"truncate\": 3}";

fn not_null<E: de::Error>(value: serde_json::Value) -> Result<Mask, E> {
    if value.is_null() { Err(E::custom(NEEDS_VALUE)) } else { Ok(Mask::Value(value)) }
}

fn takes_no_argument<E: de::Error>(name: &str) -> E {
    E::custom(format_args!("the mask `{name}` takes no argument; write \"{name}\""))
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

/// The host's key for the mask [`Hmac`](super::Mask::Hmac): at least 32 random bytes, stored with the host's other
/// secrets.
///
/// A pseudonym is the HMAC-SHA-256 of the kind, the field and the value, as 64 lower-case hexadecimal digits. Equal
/// values of one field have equal pseudonyms, so rows can still be joined by the field. Equal values of different
/// fields have different pseudonyms. With the key, the value of a pseudonym can be found by trying values; without the
/// key it cannot.
///
/// The pseudonyms change with the key, and with the name of the kind or field in the data map.
///
/// The key is never in a document, plan, digest, audit entry or error, and `Debug` does not show it.
///
/// ```
/// use client_lifecycle::domain::MaskKey;
/// let key = MaskKey::new([7; 32])?;
/// let pseudonym = key.pseudonym(&"clients".into(), &"phone".into(), "600123456");
/// assert_eq!(pseudonym.len(), 64);
/// assert_eq!(format!("{key:?}"), "MaskKey(..)");
/// assert!(MaskKey::new("too short").is_err());
/// # Ok::<(), client_lifecycle::domain::ParseError>(())
/// ```
#[derive(Clone)]
pub struct MaskKey(Arc<Hmac<Sha256>>);

impl MaskKey {
    /// The minimum number of bytes, which is the output size of SHA-256.
    pub const LENGTH: usize = 32;

    /// Makes a key of these bytes.
    ///
    /// # Errors
    /// Returns a [`ParseError`] for fewer than 32 bytes. It does not show them.
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, ParseError> {
        let bytes = bytes.as_ref();
        let (least, found) = (Self::LENGTH, bytes.len());
        let short =
            || ParseError::new(format!("a mask key needs at least {least} bytes; this one has {found}"));
        if found < least {
            return Err(short());
        }
        // HMAC accepts keys of any length.
        let keyed = Hmac::new_from_slice(bytes).map_err(|_| short())?;
        Ok(Self(Arc::new(keyed)))
    }

    /// Returns the replacement for a text in a field of a kind.
    #[must_use]
    pub fn pseudonym(&self, kind: &KindName, field: &FieldName, text: &str) -> String {
        let mut mac = (*self.0).clone();
        for name in [kind.as_str(), field.as_str()] {
            // The length is hashed too, so that two different pairs of names never hash the same bytes.
            mac.update(&(name.len() as u64).to_be_bytes());
            mac.update(name.as_bytes());
        }
        mac.update(text.as_bytes());
        let code = mac.finalize().into_bytes();
        code.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '\0\0\0\0\0\0\0\7clients\0\0\0\0\0\0\0\5emaila@x' | openssl dgst -sha256 -mac HMAC -macopt hexkey:07…`
    #[test]
    fn a_pseudonym_is_the_hmac_of_kind_field_and_value() {
        let key = MaskKey::new([7; 32]).unwrap();
        let found = key.pseudonym(&"clients".into(), &"email".into(), "a@x");
        assert_eq!(found, "eea6962402121ed300703296939217cb3d7bfd4c632527d90b348c501c8e8c9b");
    }

    #[test]
    fn fields_kinds_and_keys_have_different_pseudonyms() {
        let (key, other) = (MaskKey::new([7; 32]).unwrap(), MaskKey::new([7; 33]).unwrap());
        let made = [
            key.pseudonym(&"clients".into(), &"email".into(), "a@x"),
            key.pseudonym(&"clients".into(), &"phone".into(), "a@x"),
            key.pseudonym(&"users".into(), &"email".into(), "a@x"),
            key.pseudonym(&"client".into(), &"semail".into(), "a@x"),
            key.pseudonym(&"clients".into(), &"email".into(), "A@x"),
            other.pseudonym(&"clients".into(), &"email".into(), "a@x"),
        ];
        let distinct: std::collections::BTreeSet<_> = made.iter().collect();
        assert_eq!(distinct.len(), made.len());
    }

    /// As in YAML, where a plain `null` is a word if a word is expected.
    #[test]
    fn a_format_that_has_words_of_its_own_reads_masks() {
        use serde::de::value::{Error, StrDeserializer};
        let read = |name| Mask::deserialize(StrDeserializer::<Error>::new(name));
        assert_eq!(read("null"), Ok(Mask::Null));
        assert_eq!(read("hmac"), Ok(Mask::Hmac));
        assert!(read("hash").unwrap_err().to_string().starts_with("unknown mask `hash`; expected `null`"));
        assert!(read("text").is_err());
    }

    #[test]
    fn a_key_of_fewer_than_32_bytes_is_refused() {
        assert_eq!(
            MaskKey::new([7; 31]).unwrap_err().to_string(),
            "a mask key needs at least 32 bytes; this one has 31"
        );
    }
}
