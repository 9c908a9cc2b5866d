//! Collecting violations.

use super::field::ClientField;
use super::message::message;
use crate::clients::Language;
use crate::domain::{Violation, ViolationCode, Violations};

/// Violations being collected, to be listed in the order of the fields.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<(Place, ViolationCode)>);

/// The place of a violation. Violations are listed in this order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Field(ClientField),
    Unknown(String),
}

impl Found {
    /// The maximum number of characters of an unknown field's name that a response repeats.
    const SHOWN: usize = 64;

    pub(super) fn field(&mut self, field: ClientField, code: ViolationCode) {
        self.0.push((Place::Field(field), code));
    }

    /// Adds an unknown field. The caller chose its name, so it is cut to a length that can be shown.
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

    /// Returns `value` if nothing was found.
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

    /// Returns the value if nothing was found; then it exists.
    pub(super) fn or_without<T>(self, value: Option<T>) -> Result<T, Violations> {
        self.or(value)?.ok_or_else(Self::not_an_object)
    }

    /// Returns the violation of a body that is not an object.
    pub(super) fn not_an_object() -> Violations {
        let code = ViolationCode::NotAnObject;
        Violations::new(Violation::new("", code, message("", code, Language::default())), [])
    }
}
