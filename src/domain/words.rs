//! Enums that are words in documents: one list from which the variants, the texts and serde's names are made.

use std::fmt;

/// A word that stands for none of the values it was read as.
///
/// ```
/// use client_lifecycle::Status;
/// let error = "on".parse::<Status>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown status `on`; expected `ON` or `OFF`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{found}`; expected {}", choice(.expected))]
pub struct UnknownWord {
    what: &'static str,
    found: String,
    expected: &'static [&'static str],
}

impl UnknownWord {
    pub(crate) fn new(what: &'static str, found: &str, expected: &'static [&'static str]) -> Self {
        Self { what, found: shortened(found), expected }
    }

    /// The word that was found, cut to 64 characters.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }

    /// The words that were expected.
    #[must_use]
    pub fn expected(&self) -> &'static [&'static str] {
        self.expected
    }
}

/// The longest text that an error repeats, in characters.
const SHOWN: usize = 64;

/// Returns a text of the caller's as an error repeats it: cut to 64 characters.
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

/// Reads a word from a document.
pub(crate) struct WordVisitor<T> {
    pub(crate) what: &'static str,
    pub(crate) expected: &'static [&'static str],
    pub(crate) read: fn(&str) -> Result<T, UnknownWord>,
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
/// The text after the name is what errors call a value of the enum.
macro_rules! words {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident: $what:literal {
            $($(#[$of_variant:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$of_variant])* #[cfg_attr(feature = "schema", schemars(rename = $word))] $variant,)+
        }

        impl $name {
            /// Every value, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The words of all values, in the same order.
            pub(crate) const WORDS: &'static [&'static str] = &[$($word,)+];

            /// Returns the word that stands for the value in documents and tables.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
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
            type Err = $crate::domain::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::domain::UnknownWord::new($what, text, Self::WORDS)),
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
    fn every_value_is_read_from_its_word_alike_by_serde_and_by_parse() {
        for mode in Mode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(*mode));
            let json = serde_json::to_string(mode).unwrap();
            assert_eq!(json, format!("\"{mode}\""));
            assert_eq!(serde_json::from_str::<Mode>(&json).unwrap(), *mode);
        }
    }

    #[test]
    fn a_word_of_none_names_the_word_and_all_that_are_expected() {
        let by_serde = serde_json::from_str::<Status>("\"on\"").unwrap_err();
        assert!(by_serde.to_string().starts_with("unknown status `on`; expected `ON` or `OFF`"));
        let other_type = serde_json::from_str::<Status>("7").unwrap_err().to_string();
        assert!(
            other_type.starts_with("invalid type: integer `7`, expected a status: `ON` or `OFF`"),
            "{other_type}"
        );
        let found = "x".repeat(1_000).parse::<Reason>().unwrap_err();
        assert_eq!(found.found().chars().count(), 64);
        assert_eq!(found.expected().len(), Reason::ALL.len());
    }
}
