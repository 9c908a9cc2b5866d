//! What was given for a client, field by field: the one place where the rules of each field stand.

use chrono::NaiveDate;
use garde::Validate;
use serde::Serialize;

use super::field::ClientField;
use super::rules::{ClientRules, characters, letter, storable, valid_email};
use super::violation::ViolationCode;
use super::violations::Found;
use crate::domain::{DocumentType, Status};

/// Fields that were given; `None` where one was not.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Validate)]
#[garde(context(ClientRules as rules))]
pub(super) struct Parts {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(valid_email), custom(characters(ClientField::Email))))]
    pub(super) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(characters(ClientField::Name)), custom(storable)))]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(characters(ClientField::Surname)), custom(storable)))]
    pub(super) surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(characters(ClientField::Phone)), custom(storable)))]
    pub(super) phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(characters(ClientField::Address)), custom(storable)))]
    pub(super) address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(characters(ClientField::City)), custom(storable)))]
    pub(super) city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(characters(ClientField::Country)), custom(storable)))]
    pub(super) country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(characters(ClientField::PostalCode)), custom(storable)))]
    pub(super) postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(characters(ClientField::Gender)), custom(storable)))]
    pub(super) gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub(super) birth_date: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub(super) status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(storable)))]
    pub(super) avatar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub(super) document_type: Option<DocumentType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(inner(
        custom(characters(ClientField::DocumentNumber)),
        custom(storable),
        if(cond = rules.document_letters, custom(letter(self.document_type)))
    ))]
    pub(super) document_number: Option<String>,
}

impl Parts {
    /// What breaks a rule: garde's report in our words. It names the rule in the message, since an error of
    /// garde's has nothing else to say it with.
    pub(super) fn check(&self, rules: &ClientRules) -> Found {
        let mut found = Found::default();
        let Err(report) = self.validate_with(rules) else { return found };
        for (path, error) in report.iter() {
            let field = ClientField::named(&path.to_string());
            let code = ViolationCode::ALL.iter().find(|code| code.as_str() == error.message());
            if let (Some(field), Some(code)) = (field, code) {
                found.field(field, *code);
            }
        }
        found
    }
}
