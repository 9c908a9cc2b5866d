//! Everything that is wrong with what was given for a client.

use std::fmt;

use serde::{Serialize, Serializer};

use super::field::ClientField;
use super::violation::{Place, Violation, ViolationCode};
use crate::domain::Language;

/// Everything that is wrong with what was given for a client: at least one violation.
///
/// They are in the order in which a client's fields are declared, unknown fields after them by name. The
/// messages are in English until another [language](Self::in_language) is asked for.
///
/// ```
/// use client_lifecycle::domain::{ClientPatch, Language};
/// let violations = ClientPatch::from_json(&serde_json::json!({ "phone": "", "email": "maria" })).unwrap_err();
/// let paths: Vec<&str> = violations.iter().map(|violation| violation.path.as_str()).collect();
/// assert_eq!(paths, ["email", "phone"]);
/// assert_eq!(violations.in_language(Language::Spanish).first().message, "Email inválido");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations {
    first: Violation,
    rest: Vec<Violation>,
}

impl Violations {
    /// The first one, which is what an API that answers with one message tells.
    #[must_use]
    pub fn first(&self) -> &Violation {
        &self.first
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// The same, told in another language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> Self {
        Self {
            first: self.first.in_language(language),
            rest: self.rest.iter().map(|violation| violation.in_language(language)).collect(),
        }
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

/// Violations on the way to being listed.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<(Place, ViolationCode)>);

impl Found {
    pub(super) fn field(&mut self, field: ClientField, code: ViolationCode) {
        self.0.push((Place::Field(field), code));
    }

    pub(super) fn unknown(&mut self, name: &str) {
        self.0.push((Place::unknown(name), ViolationCode::UnknownField));
    }

    pub(super) fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// `value` where nothing was found.
    pub(super) fn or<T>(mut self, value: T) -> Result<T, Violations> {
        self.0.sort();
        self.0.dedup();
        let mut found =
            self.0.into_iter().map(|(place, code)| Violation::new(place, code, Language::default()));
        match found.next() {
            None => Ok(value),
            Some(first) => Err(Violations { first, rest: found.collect() }),
        }
    }

    /// The same for a value that is there unless something was found.
    pub(super) fn or_without<T>(self, value: Option<T>) -> Result<T, Violations> {
        self.or(value)?.ok_or_else(Self::not_an_object)
    }

    /// What was given is no object at all.
    pub(super) fn not_an_object() -> Violations {
        let first = Violation::new(Place::Whole, ViolationCode::NotAnObject, Language::default());
        Violations { first, rest: Vec::new() }
    }
}
