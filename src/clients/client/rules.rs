//! Rules for the values of a client.

use garde::rules::email::parse_email;

use super::field::ClientField;
use super::found::Found;
use super::given::GivenFields;
use crate::domain::ViolationCode;

/// Rules for the values of a client. The defaults are those of the clinic's API.
///
/// ```
/// use client_lifecycle::DocumentType;
/// use client_lifecycle::clients::{ClientPatch, ClientRules};
/// let patch = ClientPatch::new().with_document_type(DocumentType::Dni).with_document_number("12345678A");
/// assert!(patch.validate(&ClientRules::default()).is_ok());
/// assert!(patch.validate(&ClientRules::default().check_document_letters()).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientRules {
    pub(super) document_letters: bool,
}

impl ClientRules {
    /// Also requires the [check letter](crate::clients::DocumentType::letter_fits) in DNI and NIE numbers. Off by
    /// default, because the API's own example (`12345678A`) would be invalid.
    #[must_use]
    pub fn check_document_letters(mut self) -> Self {
        self.document_letters = true;
        self
    }

    /// Collects the rules that the given fields break.
    pub(super) fn check(&self, given: &GivenFields) -> Found {
        let mut found = Found::default();
        for (field, text) in given.texts() {
            for code in text.into_iter().flat_map(|text| violated(field, text)) {
                found.field(field, code);
            }
        }
        if self.document_letters
            && let (Some(of), Some(number)) = (given.document_type, &given.document_number)
            && !of.letter_fits(number)
        {
            found.field(ClientField::DocumentNumber, ViolationCode::DocumentLetter);
        }
        found
    }
}

/// Lists the rules that a text breaks.
fn violated(field: ClientField, text: &str) -> impl Iterator<Item = ViolationCode> {
    let (min, max) = field.limits();
    let count = text.chars().count();
    let length = if count < min {
        Some(ViolationCode::TooShort)
    } else if count > max {
        Some(ViolationCode::TooLong)
    } else {
        // If there is a minimum, white space alone counts as empty.
        (min > 0 && text.trim().is_empty()).then_some(ViolationCode::Blank)
    };
    let content = if field == ClientField::Email {
        // An address is ASCII without white space.
        parse_email(text).is_err().then_some(ViolationCode::Email)
    } else {
        // PostgreSQL cannot store U+0000 in text.
        text.contains('\0').then_some(ViolationCode::Character)
    };
    [content, length].into_iter().flatten()
}
