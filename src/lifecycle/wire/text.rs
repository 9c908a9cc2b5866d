//! What an answer says where a system has no words of its own.

use super::resource_name::sentence;
use super::{ErrorKind, Operation, ResourceName, operation};
use crate::domain::{Language, Mode};

pub(super) fn of_case(case: ErrorKind, language: Language, noun: &ResourceName, action: Operation) -> String {
    match language {
        Language::Spanish => spanish(case, noun, action),
        Language::English => english(case, noun, action),
    }
}

/// What to do about a warning.
pub(super) fn acknowledge(warning: &str, language: Language) -> String {
    match language {
        Language::Spanish => format!("acepte `{warning}`"),
        Language::English => format!("acknowledge `{warning}`"),
    }
}

/// `Union deleted successfully`
pub(super) fn done(mode: Mode, language: Language, noun: &ResourceName) -> String {
    let (english, spanish) = operation::past(mode);
    match language {
        Language::Spanish => {
            format!("{} {spanish}{} correctamente", sentence(&noun.spanish), noun.ending())
        }
        Language::English => format!("{} {english} successfully", sentence(&noun.english)),
    }
}

fn english(case: ErrorKind, noun: &ResourceName, action: Operation) -> String {
    let (name, action) = (&noun.english, action.english());
    match case {
        ErrorKind::MissingId => "ID is required".into(),
        ErrorKind::WrongId => "Invalid ID".into(),
        ErrorKind::Invalid => "Invalid request".into(),
        ErrorKind::Unauthenticated => "Unauthorized".into(),
        ErrorKind::MissingRole | ErrorKind::WrongScope => "Access denied".into(),
        ErrorKind::NotFound => format!("{} not found", sentence(name)),
        ErrorKind::NotUnique => format!("The e-mail address is already used by another {name}"),
        ErrorKind::Blocked => format!("Something stands in the way: the {name} cannot be changed now"),
        ErrorKind::Conflict => "The data has changed meanwhile".into(),
        ErrorKind::Failed => format!("Failed to {action} {name}"),
        ErrorKind::Unavailable => "Temporarily unavailable".into(),
    }
}

fn spanish(case: ErrorKind, noun: &ResourceName, action: Operation) -> String {
    let (name, ending, action) = (&noun.spanish, noun.ending(), action.spanish());
    match case {
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
