//! The rules that values of a client keep, told to garde.

use garde::rules::email::parse_email;
use garde::rules::length::chars::HasChars;

use super::field::{ClientField, Limits};
use super::violation::ViolationCode;
use crate::domain::DocumentType;

/// Which rules the values of a client keep. The default is what the clinic's API asks for.
///
/// ```
/// use client_lifecycle::domain::{ClientPatch, ClientRules, DocumentType};
/// let patch = ClientPatch::new().with_document_type(DocumentType::Dni).with_document_number("12345678A");
/// assert!(patch.validate(&ClientRules::default()).is_ok());
/// assert!(patch.validate(&ClientRules::default().check_document_letters()).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientRules {
    pub(super) document_letters: bool,
}

impl ClientRules {
    /// The same, and numbers of a DNI or NIE need their [check letter](DocumentType::letter_fits). Off by
    /// default: the API's own example (`12345678A`) would not pass.
    #[must_use]
    pub fn check_document_letters(mut self) -> Self {
        self.document_letters = true;
        self
    }
}

fn violated(code: ViolationCode) -> garde::Error {
    garde::Error::new(code.as_str())
}

/// An e-mail address as garde has it: ASCII, without white space.
pub(super) fn valid_email(text: &str, _: &ClientRules) -> garde::Result {
    parse_email(text).map_err(|_| violated(ViolationCode::Email))
}

/// The limits of the field. Where there is a lower one, white space alone is nothing.
pub(super) fn characters(field: ClientField) -> impl Fn(&str, &ClientRules) -> garde::Result {
    move |text, _| {
        let Limits { min, max } = field.limits();
        let count = text.num_chars();
        if count < min {
            Err(violated(ViolationCode::TooShort))
        } else if count > max {
            Err(violated(ViolationCode::TooLong))
        } else if min > 0 && text.trim().is_empty() {
            Err(violated(ViolationCode::Blank))
        } else {
            Ok(())
        }
    }
}

/// No U+0000: PostgreSQL keeps none in text.
pub(super) fn storable(text: &str, _: &ClientRules) -> garde::Result {
    if text.contains('\0') { Err(violated(ViolationCode::Character)) } else { Ok(()) }
}

/// The check letter, where the type is known.
pub(super) fn letter(of: Option<DocumentType>) -> impl Fn(&str, &ClientRules) -> garde::Result {
    move |number, _| match of {
        Some(of) if !of.letter_fits(number) => Err(violated(ViolationCode::DocumentLetter)),
        _ => Ok(()),
    }
}
