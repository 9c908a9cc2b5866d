//! One thing that is wrong with what was given for a client.

use std::fmt;

use serde::{Serialize, Serializer};

use super::field::ClientField;
use super::message::message;
use crate::domain::Language;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal,)*) => {
        /// What sort of thing is wrong. More may come.
        ///
        /// ```
        /// use client_lifecycle::domain::ViolationCode;
        /// assert_eq!(ViolationCode::TooLong.as_str(), "too_long");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ViolationCode {
            $($(#[$doc])* $code,)*
        }

        impl ViolationCode {
            /// All codes, in the order in which the violations of one field are listed.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// The name in answers.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }
        }
    };
}

codes! {
    /// What was given is no JSON object.
    NotAnObject = "not_an_object",
    /// The field must be given.
    Required = "required",
    /// The field was given as `null`.
    Null = "null",
    /// The value is of another type than text.
    Type = "type",
    /// The text is none of the values that are allowed.
    OneOf = "one_of",
    /// The text is no calendar day in the form `1990-05-15`.
    Date = "date",
    /// The text is no e-mail address.
    Email = "email",
    /// The text has too few characters.
    TooShort = "too_short",
    /// The text has too many characters.
    TooLong = "too_long",
    /// The text is nothing but white space.
    Blank = "blank",
    /// The text has a character that not every database can store: U+0000.
    Character = "character",
    /// The document number has not the form and the check letter of its type.
    DocumentLetter = "document_letter",
    /// The field of a client can not be changed in this way.
    NotUpdatable = "not_updatable",
    /// The field is not the caller's to choose.
    NotSettable = "not_settable",
    /// A client has no such field.
    UnknownField = "unknown_field",
}

impl fmt::Display for ViolationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for ViolationCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Where something is wrong. The order is that in which violations are listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Whole,
    Field(ClientField),
    Unknown(String),
}

impl Place {
    /// The longest name of an unknown field that is repeated in an answer, in characters.
    const SHOWN: usize = 64;

    /// An unknown field. Its name is the caller's: it is cut to a length that can be shown.
    pub(super) fn unknown(name: &str) -> Self {
        if name.chars().nth(Self::SHOWN).is_none() {
            return Self::Unknown(name.into());
        }
        Self::Unknown(name.chars().take(Self::SHOWN - 1).chain(['…']).collect())
    }

    pub(super) fn path(&self) -> &str {
        match self {
            Self::Whole => "",
            Self::Field(field) => field.as_str(),
            Self::Unknown(name) => name,
        }
    }
}

/// One thing that is wrong with what was given for a client: where, what, and how to tell people.
///
/// Neither the path nor the message repeats the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The name of the field; empty where the whole is at fault. That of an unknown field is cut to 64 characters.
    pub path: String,
    /// What sort of thing is wrong.
    pub code: ViolationCode,
    /// A sentence for people.
    pub message: String,
    #[serde(skip)]
    place: Place,
}

impl Violation {
    pub(super) fn new(place: Place, code: ViolationCode, language: Language) -> Self {
        Self { path: place.path().into(), code, message: message(&place, code, language), place }
    }

    /// The same, told in another language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> Self {
        Self { message: message(&self.place, self.code, language), ..self.clone() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name of an unknown field is the caller's: no line breaks or other control characters into logs.
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path.escape_debug())?;
        }
        write!(f, "{}", self.message.escape_debug())
    }
}
