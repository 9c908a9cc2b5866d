//! Messages of responses, unless a system has its own.

use super::resource_name::sentence;
use super::{ErrorKind, Operation, ResourceName, operation};
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

/// Renders how to acknowledge a warning.
pub(super) fn acknowledge(warning: &str, language: Language) -> String {
    match language {
        Language::Spanish => format!("acepte `{warning}`"),
        Language::English => format!("acknowledge `{warning}`"),
    }
}

/// Renders a success: `Union deleted successfully`.
pub(super) fn done(mode: Mode, language: Language, name: &ResourceName) -> String {
    let (english, spanish) = operation::past(mode);
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
