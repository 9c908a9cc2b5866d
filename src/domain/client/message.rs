//! What people are told, in Spanish and in English. Total: every rule has a message for every field.
//!
//! The clinic's API gives four of the Spanish ones; the others follow their style.

use super::field::ClientField;
use super::violation::{Place, ViolationCode};
use crate::domain::Language;

pub(super) fn message(place: &Place, code: ViolationCode, language: Language) -> String {
    match (place, language) {
        (Place::Whole, Language::Spanish) => "El cuerpo debe ser un objeto JSON".into(),
        (Place::Whole, Language::English) => "The body must be a JSON object".into(),
        (Place::Unknown(name), Language::Spanish) => format!("El campo `{name}` no existe"),
        (Place::Unknown(name), Language::English) => format!("There is no field `{name}`"),
        (Place::Field(field), Language::Spanish) => spanish(*field, code),
        (Place::Field(field), Language::English) => english(*field, code),
    }
}

fn spanish(field: ClientField, code: ViolationCode) -> String {
    use ViolationCode as Code;
    let noun = spanish_noun(field);
    // Adjectives follow the gender of the noun.
    let o = if noun.starts_with("La ") { 'a' } else { 'o' };
    let max = field.limits().max;
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

fn english(field: ClientField, code: ViolationCode) -> String {
    use ViolationCode as Code;
    let noun = english_noun(field);
    let limits = field.limits();
    match code {
        Code::Email => "Invalid email format".into(),
        Code::Required | Code::Blank => format!("{noun} is required"),
        Code::TooShort => format!("{noun} must be at least {} characters", limits.min),
        Code::Null => format!("{noun} must not be null"),
        Code::Type => format!("{noun} must be text"),
        Code::OneOf => format!("{noun} must be {}", allowed(field, "or", "or")),
        Code::Date => format!("{noun} must be a valid date in the form YYYY-MM-DD"),
        Code::TooLong => format!("{noun} must be at most {} characters", limits.max),
        Code::Character => format!("{noun} contains a character that is not allowed"),
        Code::DocumentLetter => format!("{noun} does not have the right check letter"),
        Code::NotUpdatable => format!("{noun} cannot be changed"),
        Code::NotSettable => format!("{noun} cannot be given"),
        Code::UnknownField | Code::NotAnObject => format!("{noun} is not valid"),
    }
}

/// The values that are allowed, with the word for "or": Spanish says `u` before a vowel of the same sound.
fn allowed(field: ClientField, before_o: &str, or: &str) -> String {
    match field {
        ClientField::Status => format!("ON {before_o} OFF"),
        _ => format!("DNI, PASSPORT {or} NIE"),
    }
}

fn spanish_noun(field: ClientField) -> &'static str {
    match field {
        ClientField::UserId => "El identificador",
        ClientField::Email => "El email",
        ClientField::Name => "El nombre",
        ClientField::Surname => "El apellido",
        ClientField::Phone => "El teléfono",
        ClientField::Address => "La dirección",
        ClientField::City => "La ciudad",
        ClientField::Country => "El país",
        ClientField::PostalCode => "El código postal",
        ClientField::Gender => "El género",
        ClientField::BirthDate => "La fecha de nacimiento",
        ClientField::Role => "El rol",
        ClientField::Status => "El estado",
        ClientField::Avatar => "El avatar",
        ClientField::DocumentType => "El tipo de documento",
        ClientField::DocumentNumber => "El número de documento",
        ClientField::CreatedAt => "La fecha de creación",
        ClientField::UpdatedAt => "La fecha de actualización",
        ClientField::Password => "La contraseña",
    }
}

fn english_noun(field: ClientField) -> &'static str {
    match field {
        ClientField::UserId => "User id",
        ClientField::Email => "Email",
        ClientField::Name => "Name",
        ClientField::Surname => "Surname",
        ClientField::Phone => "Phone",
        ClientField::Address => "Address",
        ClientField::City => "City",
        ClientField::Country => "Country",
        ClientField::PostalCode => "Postal code",
        ClientField::Gender => "Gender",
        ClientField::BirthDate => "Birth date",
        ClientField::Role => "Role",
        ClientField::Status => "Status",
        ClientField::Avatar => "Avatar",
        ClientField::DocumentType => "Document type",
        ClientField::DocumentNumber => "Document number",
        ClientField::CreatedAt => "Creation date",
        ClientField::UpdatedAt => "Update date",
        ClientField::Password => "Password",
    }
}
