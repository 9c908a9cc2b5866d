//! What an answer says where a system has no words of its own.

use super::noun::sentence;
use super::{Action, Case, Noun, action};
use crate::domain::{Language, Mode};

pub(super) fn of_case(case: Case, language: Language, noun: &Noun, action: Action) -> String {
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
pub(super) fn done(mode: Mode, language: Language, noun: &Noun) -> String {
    let (english, spanish) = action::past(mode);
    match language {
        Language::Spanish => {
            format!("{} {spanish}{} correctamente", sentence(&noun.spanish), noun.ending())
        }
        Language::English => format!("{} {english} successfully", sentence(&noun.english)),
    }
}

fn english(case: Case, noun: &Noun, action: Action) -> String {
    let (name, action) = (&noun.english, action.english());
    match case {
        Case::MissingId => "ID is required".into(),
        Case::WrongId => "Invalid ID".into(),
        Case::Invalid => "Invalid request".into(),
        Case::Unauthenticated => "Unauthorized".into(),
        Case::MissingRole | Case::WrongScope => "Access denied".into(),
        Case::NotFound => format!("{} not found", sentence(name)),
        Case::Taken => format!("The e-mail address is already used by another {name}"),
        Case::Blocked => format!("Something stands in the way: the {name} cannot be changed now"),
        Case::Conflict => "The data has changed meanwhile".into(),
        Case::Failed => format!("Failed to {action} {name}"),
        Case::Unavailable => "Temporarily unavailable".into(),
    }
}

fn spanish(case: Case, noun: &Noun, action: Action) -> String {
    let (name, ending, action) = (&noun.spanish, noun.ending(), action.spanish());
    match case {
        Case::MissingId => "ID requerido".into(),
        Case::WrongId => "ID inválido".into(),
        Case::Invalid => "Solicitud inválida".into(),
        Case::Unauthenticated => "No autorizado".into(),
        Case::MissingRole | Case::WrongScope => "Acceso denegado".into(),
        Case::NotFound => format!("{} no encontrad{ending}", sentence(name)),
        Case::Taken => format!("El correo electrónico ya está en uso por otr{ending} {name}"),
        Case::Blocked => "Hay datos que lo impiden".into(),
        Case::Conflict => "Los datos han cambiado mientras tanto".into(),
        Case::Failed => format!("Error al {action} {name}"),
        Case::Unavailable => "Servicio no disponible por el momento".into(),
    }
}
