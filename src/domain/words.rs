//! Enums with one word for each variant. One declaration gives the variants, the texts and the serde names.

use std::fmt;

/// The error for text that cannot be parsed, such as a word that names no variant.
///
/// ```
/// use client_lifecycle::Status;
/// use client_lifecycle::domain::Period;
/// let error = "on".parse::<Status>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown status `on`; expected `ON` or `OFF`");
/// let error = "6 years".parse::<Period>().unwrap_err();
/// assert!(error.to_string().starts_with("`6 years` is not an ISO 8601 period"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(String);

impl ParseError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// Returns the error for a word that is not among the expected words.
    pub(crate) fn unknown(what: &str, found: &str, expected: &[&str]) -> Self {
        Self(format!("unknown {what} `{}`; expected {}", shortened(found), choice(expected)))
    }
}

/// The maximum number of characters of a text that an error repeats.
const SHOWN: usize = 64;

/// Cuts a text to 64 characters for an error message.
pub(crate) fn shortened(text: &str) -> String {
    if text.chars().nth(SHOWN).is_some() {
        text.chars().take(SHOWN - 1).chain(['…']).collect()
    } else {
        text.to_owned()
    }
}

/// Renders words as a choice: `` `a`, `b` or `c` ``.
pub(crate) fn choice(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
    }
}

/// A serde visitor that reads a word.
pub(crate) struct WordVisitor<T> {
    pub(crate) what: &'static str,
    pub(crate) expected: &'static [&'static str],
    pub(crate) read: fn(&str) -> Result<T, ParseError>,
}

impl<T> serde::de::Visitor<'_> for WordVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {}: {}", self.what, choice(self.expected))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).map_err(E::custom)
    }
}

/// Declares an enum of words: its variants, `ALL`, `as_str`, `Display`, `FromStr`, `Serialize` and `Deserialize`.
///
/// The string after the name is what errors call a value of the enum.
macro_rules! words {
    (
        $(#[$attribute:meta])*
        $vis:vis enum $name:ident: $what:literal {
            $($(#[$of_variant:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        $vis enum $name {
            $($(#[$of_variant])* #[cfg_attr(feature = "schema", schemars(rename = $word))] $variant,)+
        }

        impl $name {
            /// Every value, in declaration order.
            #[allow(dead_code, reason = "the crate itself need not list every enum")]
            $vis const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The words of all values, in declaration order.
            pub(crate) const WORDS: &'static [&'static str] = &[$($word,)+];

            /// Returns the word for the value in documents and tables.
            #[must_use]
            $vis const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::domain::ParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::domain::ParseError::unknown($what, text, Self::WORDS)),
                }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::domain::words::WordVisitor {
                    what: $what,
                    expected: Self::WORDS,
                    read: <Self as ::std::str::FromStr>::from_str,
                })
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use crate::domain::{Mode, Reason, Status};

    #[test]
    fn serde_and_parse_read_the_same_words() {
        for mode in Mode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(*mode));
            let json = serde_json::to_string(mode).unwrap();
            assert_eq!(json, format!("\"{mode}\""));
            assert_eq!(serde_json::from_str::<Mode>(&json).unwrap(), *mode);
        }
    }

    #[test]
    fn an_unknown_word_is_an_error_with_all_expected_words() {
        let by_serde = serde_json::from_str::<Status>("\"on\"").unwrap_err();
        assert!(by_serde.to_string().starts_with("unknown status `on`; expected `ON` or `OFF`"));
        let other_type = serde_json::from_str::<Status>("7").unwrap_err().to_string();
        assert!(
            other_type.starts_with("invalid type: integer `7`, expected a status: `ON` or `OFF`"),
            "{other_type}"
        );
        let long = "x".repeat(1_000).parse::<Reason>().unwrap_err().to_string();
        assert!(long.starts_with(&format!("unknown reason `{}…`; expected", "x".repeat(63))), "{long}");
    }
}
