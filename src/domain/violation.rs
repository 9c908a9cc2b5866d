//! Violations: the problems with the values of a request.

use std::fmt;

use serde::{Serialize, Serializer};

use super::words::words;

words! {
    /// The kind of a violation. The violations of one field are listed in this order.
    ///
    /// ```
    /// use client_lifecycle::domain::ViolationCode;
    /// assert_eq!(ViolationCode::TooLong.as_str(), "too_long");
    /// ```
    #[non_exhaustive]
    pub enum ViolationCode: "violation code" {
        /// The body is not a JSON object.
        NotAnObject = "not_an_object",
        /// The field must be given.
        Required = "required",
        /// The field was given as `null`.
        Null = "null",
        /// The value is not text.
        Type = "type",
        /// The text is not one of the allowed values.
        OneOf = "one_of",
        /// The text is not a calendar day in the form `1990-05-15`.
        Date = "date",
        /// The text is not an e-mail address.
        Email = "email",
        /// The text has too few characters.
        TooShort = "too_short",
        /// The text has too many characters.
        TooLong = "too_long",
        /// The text is empty or white space only.
        Blank = "blank",
        /// The text contains U+0000, which not every database can store.
        Character = "character",
        /// The number of an identity document does not match the format and check letter of its type.
        DocumentLetter = "document_letter",
        /// The field cannot be changed.
        NotUpdatable = "not_updatable",
        /// The caller cannot choose this field.
        NotSettable = "not_settable",
        /// The field does not exist.
        UnknownField = "unknown_field",
    }
}

/// A problem with one value of a request: the field, the code and a message for people.
///
/// Neither the path nor the message repeats the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Violation {
    /// The name of the field; empty if the violation concerns the whole body.
    pub path: String,
    /// What is wrong.
    pub code: ViolationCode,
    /// A message for people.
    pub message: String,
}

impl Violation {
    /// Makes a violation. The message must not repeat the value.
    pub fn new(path: impl Into<String>, code: ViolationCode, message: impl Into<String>) -> Self {
        Self { path: path.into(), code, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The caller chooses the name of an unknown field, so line breaks and control characters are removed before
        // it is logged.
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path.escape_debug())?;
        }
        write!(f, "{}", self.message.escape_debug())
    }
}

/// All problems with the values of a request: at least one violation.
///
/// ```
/// use client_lifecycle::domain::{Violation, ViolationCode, Violations};
/// let colour = Violation::new("colour", ViolationCode::OneOf, "the colour must be red or green");
/// let violations = Violations::new(colour, []);
/// assert_eq!(violations.first().path, "colour");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations {
    first: Violation,
    rest: Vec<Violation>,
}

impl Violations {
    /// Makes a list of violations, with at least one.
    pub fn new(first: Violation, rest: impl IntoIterator<Item = Violation>) -> Self {
        Self { first, rest: rest.into_iter().collect() }
    }

    /// Returns the first violation, for an API that answers with one message.
    #[must_use]
    pub fn first(&self) -> &Violation {
        &self.first
    }

    /// Returns all violations, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    pub(crate) fn map(&self, change: impl Fn(&Violation) -> Violation) -> Self {
        Self { first: change(&self.first), rest: self.rest.iter().map(&change).collect() }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        self.rest.iter().try_for_each(|violation| write!(f, "; {violation}"))
    }
}

impl std::error::Error for Violations {}

impl Serialize for Violations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
