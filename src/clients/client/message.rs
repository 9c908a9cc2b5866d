//! Messages of violations in Spanish and English, for every rule and field.
//!
//! The clinic's API defines four of the Spanish messages; the others follow their style.

use super::field::ClientField;
use crate::clients::Language;
use crate::domain::{Violation, ViolationCode, Violations};

impl Violations {
    /// Returns the violations with their messages in another language. Messages that are not about a client's fields
    /// are unchanged.
    #[must_use]
    pub fn in_language(&self, language: Language) -> Self {
        self.map(|violation| violation.in_language(language))
    }
}

impl Violation {
    /// Returns the violation with its message in another language, if it is about a client's fields.
    #[must_use]
    pub fn in_language(&self, language: Language) -> Self {
        let told = [Language::Spanish, Language::English].map(|one| message(&self.path, self.code, one));
        if told.contains(&self.message) {
            Self { message: message(&self.path, self.code, language), ..self.clone() }
        } else {
            self.clone()
        }
    }
}

pub(super) fn message(path: &str, code: ViolationCode, language: Language) -> String {
    let spanish = language == Language::Spanish;
    match (code, ClientField::named(path)) {
        (ViolationCode::NotAnObject, _) if spanish => "El cuerpo debe ser un objeto JSON".into(),
        (ViolationCode::NotAnObject, _) => "The body must be a JSON object".into(),
        (_, None) if spanish => format!("El campo `{path}` no existe"),
        (_, None) => format!("There is no field `{path}`"),
        (_, Some(field)) if spanish => in_spanish(field, code),
        (_, Some(field)) => in_english(field, code),
    }
}

fn in_spanish(field: ClientField, code: ViolationCode) -> String {
    use ViolationCode as Code;
    let noun = field.noun(Language::Spanish);
    // Adjectives agree with the gender of the noun.
    let o = if noun.starts_with("La ") { 'a' } else { 'o' };
    let (_, max) = field.limits();
    match code {
        Code::Email => "Email inválido".into(),
        Code::Required | Code::TooShort | Code::Blank => format!("{noun} es obligatori{o}"),
        Code::Null => format!("{noun} no puede ser nul{o}"),
        Code::Type => format!("{noun} debe ser un texto"),
        Code::OneOf => format!("{noun} debe ser {}", allowed(field, "u", "o")),
        Code::Date => format!("{noun} debe ser una fecha válida con el formato AAAA-MM-DD"),
        Code::TooLong => format!("{noun} no puede tener más de {max} caracteres"),
        Code::Character => format!("{noun} contiene un carácter no permitido"),
        Code::DocumentLetter => format!("{noun} no lleva la letra que le corresponde"),
        Code::NotUpdatable => format!("{noun} no se puede modificar"),
        Code::NotSettable => format!("{noun} no se puede indicar"),
        Code::UnknownField | Code::NotAnObject => format!("{noun} no es válid{o}"),
    }
}

fn in_english(field: ClientField, code: ViolationCode) -> String {
    use ViolationCode as Code;
    let noun = field.noun(Language::English);
    let (min, max) = field.limits();
    match code {
        Code::Email => "Invalid email format".into(),
        Code::Required | Code::Blank => format!("{noun} is required"),
        Code::TooShort => format!("{noun} must be at least {min} characters"),
        Code::Null => format!("{noun} must not be null"),
        Code::Type => format!("{noun} must be text"),
        Code::OneOf => format!("{noun} must be {}", allowed(field, "or", "or")),
        Code::Date => format!("{noun} must be a valid date in the form YYYY-MM-DD"),
        Code::TooLong => format!("{noun} must be at most {max} characters"),
        Code::Character => format!("{noun} contains a character that is not allowed"),
        Code::DocumentLetter => format!("{noun} does not have the right check letter"),
        Code::NotUpdatable => format!("{noun} cannot be changed"),
        Code::NotSettable => format!("{noun} cannot be given"),
        Code::UnknownField | Code::NotAnObject => format!("{noun} is not valid"),
    }
}

/// Lists the allowed values. Spanish uses `u` for "or" before an `o` sound.
fn allowed(field: ClientField, before_o: &str, or: &str) -> String {
    match field {
        ClientField::Status => format!("ON {before_o} OFF"),
        _ => format!("DNI, PASSPORT {or} NIE"),
    }
}
