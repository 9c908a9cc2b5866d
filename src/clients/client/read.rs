//! Reading the fields of a client from JSON, with all violations.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde_json::Value;

use super::field::ClientField;
use super::found::Found;
use super::given::GivenFields;
use crate::domain::{ViolationCode, Violations};

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

    /// Records which of these fields are missing.
    pub(super) fn require(&mut self, fields: &[ClientField]) {
        for field in fields {
            if !self.keys.contains_key(field.as_str()) {
                self.found.field(*field, ViolationCode::Required);
            }
        }
    }

    /// Reads the fields that a patch may have.
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

    /// Rejects the remaining keys. Fields of a client that the caller may not set get the code `known`.
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

/// Reads `YYYY-MM-DD` and nothing else: chrono alone accepts `1990-5-15` and `+1990-05-15`. There is no year 0.
fn calendar_day(text: &str) -> Option<NaiveDate> {
    let digits = text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let date = if digits && text.len() == 10 { text.parse::<NaiveDate>().ok() } else { None };
    date.filter(|date| date.year() > 0)
}
