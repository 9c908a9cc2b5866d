//! The values of a request about a client: reads them from JSON, and checks them against the rules.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use garde::rules::email::parse_email;
use serde::Serialize;
use serde_json::Value;

use super::field::{ClientField, message};
use crate::clients::{DocumentType, Language};
use crate::domain::{Status, Violation, ViolationCode, Violations};

/// The fields of a client that a request contains; `None` for fields that it does not contain.
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
pub(super) struct GivenFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) birth_date: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) avatar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) document_type: Option<DocumentType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) document_number: Option<String>,
}

impl GivenFields {
    /// Returns the fields that hold free text, in the order of the API's response.
    pub(super) fn texts(&self) -> [(ClientField, Option<&str>); 11] {
        [
            (ClientField::Email, &self.email),
            (ClientField::Name, &self.name),
            (ClientField::Surname, &self.surname),
            (ClientField::Phone, &self.phone),
            (ClientField::Address, &self.address),
            (ClientField::City, &self.city),
            (ClientField::Country, &self.country),
            (ClientField::PostalCode, &self.postal_code),
            (ClientField::Gender, &self.gender),
            (ClientField::Avatar, &self.avatar),
            (ClientField::DocumentNumber, &self.document_number),
        ]
        .map(|(field, text)| (field, text.as_deref()))
    }
}

/// The keys of a JSON object that have not been read yet.
pub(super) struct Unread<'a> {
    keys: BTreeMap<&'a str, &'a Value>,
    found: Found,
}

impl<'a> Unread<'a> {
    pub(super) fn of(value: &'a Value) -> Result<Self, Violations> {
        let object = value.as_object().ok_or_else(Found::not_an_object)?;
        Ok(Self::keys(object))
    }

    pub(super) fn keys(keys: impl IntoIterator<Item = (&'a String, &'a Value)>) -> Self {
        let keys = keys.into_iter().map(|(key, value)| (key.as_str(), value)).collect();
        Self { keys, found: Found::default() }
    }

    /// Reports each of these fields that is missing.
    pub(super) fn require(&mut self, fields: &[ClientField]) {
        for field in fields {
            if !self.keys.contains_key(field.as_str()) {
                self.found.field(*field, ViolationCode::Required);
            }
        }
    }

    /// Reads the fields that a patch may contain.
    pub(super) fn given(&mut self) -> GivenFields {
        GivenFields {
            email: self.text(ClientField::Email),
            name: self.text(ClientField::Name),
            surname: self.text(ClientField::Surname),
            phone: self.text(ClientField::Phone),
            address: self.text(ClientField::Address),
            city: self.text(ClientField::City),
            country: self.text(ClientField::Country),
            postal_code: self.text(ClientField::PostalCode),
            gender: self.text(ClientField::Gender),
            birth_date: self.date(ClientField::BirthDate),
            status: self.one_of(ClientField::Status),
            avatar: None,
            document_type: self.one_of(ClientField::DocumentType),
            document_number: self.text(ClientField::DocumentNumber),
        }
    }

    fn str(&mut self, field: ClientField) -> Option<&'a str> {
        let code = match self.keys.remove(field.as_str())? {
            Value::String(text) => return Some(text),
            Value::Null => ViolationCode::Null,
            _ => ViolationCode::Type,
        };
        self.found.field(field, code);
        None
    }

    pub(super) fn text(&mut self, field: ClientField) -> Option<String> {
        self.str(field).map(Into::into)
    }

    fn one_of<T: FromStr>(&mut self, field: ClientField) -> Option<T> {
        let value = self.str(field)?.parse().ok();
        if value.is_none() {
            self.found.field(field, ViolationCode::OneOf);
        }
        value
    }

    fn date(&mut self, field: ClientField) -> Option<NaiveDate> {
        let date = calendar_day(self.str(field)?);
        if date.is_none() {
            self.found.field(field, ViolationCode::Date);
        }
        date
    }

    /// Rejects the remaining keys. A field of a client that the caller may not set is reported with the code `known`.
    pub(super) fn refuse(mut self, known: ViolationCode) -> Found {
        for name in self.keys.into_keys() {
            match ClientField::named(name) {
                Some(field) => self.found.field(field, known),
                None => self.found.unknown(name),
            }
        }
        self.found
    }
}

/// Parses `YYYY-MM-DD` and nothing else. chrono alone would also accept `1990-5-15` and `+1990-05-15`. There is no
/// year 0.
fn calendar_day(text: &str) -> Option<NaiveDate> {
    let digits = text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let date = if digits && text.len() == 10 { text.parse::<NaiveDate>().ok() } else { None };
    date.filter(|date| date.year() > 0)
}

/// Rules for the values of a client. The defaults are the rules of the clinic's API.
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
    /// default, because the API's own example (`12345678A`) has a wrong letter.
    #[must_use]
    pub fn check_document_letters(mut self) -> Self {
        self.document_letters = true;
        self
    }

    /// Returns the violations of the given fields.
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

/// Lists the rules that a text violates.
fn violated(field: ClientField, text: &str) -> impl Iterator<Item = ViolationCode> {
    let (min, max) = field.limits();
    let count = text.chars().count();
    let length = if count < min {
        Some(ViolationCode::TooShort)
    } else if count > max {
        Some(ViolationCode::TooLong)
    } else {
        // If the field has a minimum length, white space alone counts as empty.
        (min > 0 && text.trim().is_empty()).then_some(ViolationCode::Blank)
    };
    let content = if field == ClientField::Email {
        // A valid address has neither U+0000 nor white space, so it needs no further check.
        parse_email(text).is_err().then_some(ViolationCode::Email)
    } else {
        // PostgreSQL cannot store U+0000 in text.
        text.contains('\0').then_some(ViolationCode::Character)
    };
    [content, length].into_iter().flatten()
}

/// Violations, which are collected first and then sorted by field.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<(Place, ViolationCode)>);

/// The place of a violation. Violations are listed in this order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Field(ClientField),
    Unknown(String),
}

impl Found {
    /// The maximum number of characters of an unknown field's name that a response shows.
    const SHOWN: usize = 64;

    pub(super) fn field(&mut self, field: ClientField, code: ViolationCode) {
        self.0.push((Place::Field(field), code));
    }

    /// Adds an unknown field. Its name comes from the caller, so it is shortened.
    pub(super) fn unknown(&mut self, name: &str) {
        let shown = match name.chars().nth(Self::SHOWN) {
            None => name.into(),
            Some(_) => name.chars().take(Self::SHOWN - 1).chain(['…']).collect(),
        };
        self.0.push((Place::Unknown(shown), ViolationCode::UnknownField));
    }

    pub(super) fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// Returns `value` if there are no violations.
    pub(super) fn or<T>(mut self, value: T) -> Result<T, Violations> {
        self.0.sort();
        self.0.dedup();
        let mut found = self.0.into_iter().map(|(place, code)| {
            let path = match &place {
                Place::Field(field) => field.as_str(),
                Place::Unknown(name) => name,
            };
            Violation::new(path, code, message(path, code, Language::default()))
        });
        match found.next() {
            None => Ok(value),
            Some(first) => Err(Violations::new(first, found)),
        }
    }

    /// Returns the value if there are no violations. In that case, the value exists.
    pub(super) fn or_without<T>(self, value: Option<T>) -> Result<T, Violations> {
        self.or(value)?.ok_or_else(Self::not_an_object)
    }

    pub(super) fn not_an_object() -> Violations {
        let code = ViolationCode::NotAnObject;
        Violations::new(Violation::new("", code, message("", code, Language::default())), [])
    }
}
