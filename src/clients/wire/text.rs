//! The texts of responses: the name of a service's records, the operations, and the default messages.

use std::borrow::Cow;

use super::ErrorKind;
use crate::clients::Language;
use crate::domain::Mode;

pub(super) fn of_kind(
    kind: ErrorKind,
    language: Language,
    name: &ResourceName,
    operation: Operation,
) -> String {
    match language {
        Language::Spanish => spanish(kind, name, operation),
        Language::English => english(kind, name, operation),
    }
}

/// Renders the hint on how to acknowledge a warning.
pub(super) fn acknowledge(warning: &str, language: Language) -> String {
    match language {
        Language::Spanish => format!("acepte `{warning}`"),
        Language::English => format!("acknowledge `{warning}`"),
    }
}

/// Renders the message of a success: `Union deleted successfully`.
pub(super) fn done(mode: Mode, language: Language, name: &ResourceName) -> String {
    let (english, spanish) = past(mode);
    match language {
        Language::Spanish => {
            format!("{} {spanish}{} correctamente", sentence(&name.spanish), name.ending())
        }
        Language::English => format!("{} {english} successfully", sentence(&name.english)),
    }
}

fn english(kind: ErrorKind, name: &ResourceName, operation: Operation) -> String {
    let (name, action) = (&name.english, operation.english());
    match kind {
        ErrorKind::MissingId => "ID is required".into(),
        ErrorKind::WrongId => "Invalid ID".into(),
        ErrorKind::Invalid => "Invalid request".into(),
        ErrorKind::Unauthenticated => "Unauthorized".into(),
        ErrorKind::MissingRole | ErrorKind::WrongScope => "Access denied".into(),
        ErrorKind::NotFound => format!("{} not found", sentence(name)),
        ErrorKind::NotUnique => format!("The e-mail address is already used by another {name}"),
        ErrorKind::Blocked => format!("The {name} cannot be changed now"),
        ErrorKind::Conflict => "The data has changed in the meantime".into(),
        ErrorKind::Failed => format!("Failed to {action} {name}"),
        ErrorKind::Unavailable => "Temporarily unavailable".into(),
    }
}

fn spanish(kind: ErrorKind, name: &ResourceName, operation: Operation) -> String {
    let (name, ending, action) = (&name.spanish, name.ending(), operation.spanish());
    match kind {
        ErrorKind::MissingId => "ID requerido".into(),
        ErrorKind::WrongId => "ID inválido".into(),
        ErrorKind::Invalid => "Solicitud inválida".into(),
        ErrorKind::Unauthenticated => "No autorizado".into(),
        ErrorKind::MissingRole | ErrorKind::WrongScope => "Acceso denegado".into(),
        ErrorKind::NotFound => format!("{} no encontrad{ending}", sentence(name)),
        ErrorKind::NotUnique => format!("El correo electrónico ya está en uso por otr{ending} {name}"),
        ErrorKind::Blocked => "Hay datos que lo impiden".into(),
        ErrorKind::Conflict => "Los datos han cambiado mientras tanto".into(),
        ErrorKind::Failed => format!("Error al {action} {name}"),
        ErrorKind::Unavailable => "Servicio no disponible por el momento".into(),
    }
}

/// What a request does, for messages such as `Failed to delete union`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Operation {
    /// Creating a record.
    Create,
    /// Reading one record or a list.
    Read,
    /// Changing a record or its status.
    Update,
    /// Reassigning a record.
    Reassign,
    /// Removing a record, in any mode.
    #[default]
    Delete,
}

impl Operation {
    pub(super) fn english(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Reassign => "reassign",
            Self::Delete => "delete",
        }
    }

    pub(super) fn spanish(self) -> &'static str {
        match self {
            Self::Create => "crear",
            Self::Read => "leer",
            Self::Update => "actualizar",
            Self::Reassign => "reasignar",
            Self::Delete => "eliminar",
        }
    }
}

/// Returns the past participle for a message: `deleted`, or `eliminad`, to which the caller adds the Spanish ending.
fn past(mode: Mode) -> (&'static str, &'static str) {
    match mode {
        Mode::Create => ("created", "cread"),
        Mode::Update => ("updated", "actualizad"),
        Mode::Reassign => ("reassigned", "reasignad"),
        Mode::HardDelete | Mode::SoftDelete => ("deleted", "eliminad"),
        Mode::Anonymize => ("anonymized", "anonimizad"),
        Mode::Deactivate => ("deactivated", "desactivad"),
        Mode::Reactivate => ("reactivated", "reactivad"),
        Mode::Restore => ("restored", "restaurad"),
    }
}

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

    /// Returns the last letter of a Spanish adjective that agrees with the name.
    pub(super) fn ending(&self) -> char {
        if self.feminine { 'a' } else { 'o' }
    }
}

/// Returns the text with an upper-case first letter.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
