//! Messages to people about violations.

use std::collections::BTreeSet;

use client_lifecycle::clients::{ClientPatch, Language, NewClient};
use client_lifecycle::domain::{ViolationCode, Violations};
use serde_json::json;

use super::{new_client, seeds};

fn messages(violations: &Violations, language: Language) -> Vec<String> {
    violations.in_language(language).iter().map(|violation| violation.message.clone()).collect()
}

/// R154, R155, R156, R157: the messages are exactly as documented, and all are reported at once (R165).
#[test]
fn the_messages_are_exactly_as_documented() {
    let body = json!({ "email": "maria", "name": "M", "surname": "", "phone": "12345" });
    let violations = ClientPatch::from_json(&body).unwrap_err();
    let said = messages(&violations, Language::Spanish);
    let expected = [
        "Email inválido",
        "El nombre es obligatorio",
        "El apellido es obligatorio",
        "El teléfono es obligatorio",
    ];
    assert_eq!(said, expected);
    let text = seeds::text(3);
    let english = messages(&violations, Language::English);
    for (spanish, english) in said.iter().zip(&english) {
        assert!(text.contains(&format!("{spanish} - {english}\n")), "{spanish} - {english}");
    }
    let answer = seeds::json_after(3, "400 Bad Request - Validation Error");
    assert_eq!(answer["statusMessage"], said[0].as_str());
}

#[test]
fn a_missing_field_has_the_same_message_as_a_short_one() {
    let body = new_client(&json!({ "name": null, "surname": null, "phone": null, "birth_date": null }));
    let violations = NewClient::from_json(&body).unwrap_err();
    let expected = [
        "El nombre es obligatorio",
        "El apellido es obligatorio",
        "El teléfono es obligatorio",
        "La fecha de nacimiento es obligatoria",
    ];
    assert_eq!(messages(&violations, Language::Spanish), expected);
}

#[test]
fn every_violation_has_a_message_in_both_languages() {
    let bodies = [
        json!({ "name": "x".repeat(51), "city": null, "country": 7, "status": "on", "document_type": "dni" }),
        json!({ "birth_date": "1990-02-30", "address": "a\0", "role": "ADMIN", "fax": "1", "password": "x" }),
        json!([]),
    ];
    let said: Vec<(String, String)> = bodies
        .iter()
        .map(|body| ClientPatch::from_json(body).unwrap_err())
        .flat_map(|violations| {
            messages(&violations, Language::Spanish).into_iter().zip(messages(&violations, Language::English))
        })
        .collect();
    let expected = [
        ("El nombre no puede tener más de 50 caracteres", "Name must be at most 50 characters"),
        ("La ciudad no puede ser nula", "City must not be null"),
        ("El país debe ser un texto", "Country must be text"),
        ("El estado debe ser ON u OFF", "Status must be ON or OFF"),
        ("El tipo de documento debe ser DNI, PASSPORT o NIE", "Document type must be DNI, PASSPORT or NIE"),
        (
            "La dirección contiene un carácter no permitido",
            "Address contains a character that is not allowed",
        ),
        (
            "La fecha de nacimiento debe ser una fecha válida con el formato AAAA-MM-DD",
            "Birth date must be a valid date in the form YYYY-MM-DD",
        ),
        ("El rol no se puede modificar", "Role cannot be changed"),
        ("La contraseña no se puede modificar", "Password cannot be changed"),
        ("El campo `fax` no existe", "Unknown field `fax`"),
        ("El cuerpo debe ser un objeto JSON", "The body must be a JSON object"),
    ];
    assert_eq!(said, expected.map(|(spanish, english)| (spanish.to_owned(), english.to_owned())));
}

#[test]
fn stored_violations_can_be_translated_later() {
    let violations = ClientPatch::from_json(&json!({ "name": "", "fax": 1 })).unwrap_err();
    let spanish = violations.in_language(Language::Spanish);
    assert_eq!(spanish.in_language(Language::English), violations);
    assert_ne!(spanish, violations);
    assert_eq!(spanish.first().in_language(Language::English), *violations.first());
    let answer = serde_json::to_value(&spanish).unwrap();
    let expected = json!([
        { "path": "name", "code": "too_short", "message": "El nombre es obligatorio" },
        { "path": "fax", "code": "unknown_field", "message": "El campo `fax` no existe" }
    ]);
    assert_eq!(answer, expected);
    assert_eq!(spanish.to_string(), "name: El nombre es obligatorio; fax: El campo `fax` no existe");
}

#[test]
fn codes_have_distinct_names() {
    let names: BTreeSet<&str> = ViolationCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), ViolationCode::ALL.len());
}
