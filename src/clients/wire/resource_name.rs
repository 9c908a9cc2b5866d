//! The name of a service's records.

use std::borrow::Cow;

/// The name of a service's records, in English and Spanish.
///
/// ```
/// use client_lifecycle::clients::wire::{ErrorKind, ResourceName, Wire};
/// let wire = Wire::clinic().with_resource(ResourceName::new("patient", "paciente"));
/// assert_eq!(wire.error_kind(ErrorKind::NotFound).json(), r#"{"statusCode":404,"statusMessage":"Paciente no encontrado"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceName {
    pub(super) english: Cow<'static, str>,
    pub(super) spanish: Cow<'static, str>,
    feminine: bool,
}

impl ResourceName {
    /// Makes a name that is masculine in Spanish.
    #[must_use]
    pub fn new(english: impl Into<Cow<'static, str>>, spanish: impl Into<Cow<'static, str>>) -> Self {
        Self { english: english.into(), spanish: spanish.into(), feminine: false }
    }

    /// Makes the name feminine in Spanish.
    ///
    /// ```
    /// use client_lifecycle::clients::Language;
    /// use client_lifecycle::clients::wire::{ErrorKind, ResourceName, Wire};
    /// let wire = Wire::clinic().with_resource(ResourceName::new("clinic", "clínica").feminine());
    /// assert_eq!(wire.error_kind(ErrorKind::NotFound).message(), "Clínica no encontrada");
    /// ```
    #[must_use]
    pub fn feminine(mut self) -> Self {
        self.feminine = true;
        self
    }

    /// Returns the last letter of Spanish adjectives that agree with the name.
    pub(super) fn ending(&self) -> char {
        if self.feminine { 'a' } else { 'o' }
    }
}

/// Returns the text with its first letter in upper case.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
