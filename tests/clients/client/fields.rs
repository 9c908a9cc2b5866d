//! Rules of fields other than their length.

use client_lifecycle::clients::{ClientPatch, DocumentType, NewClient, normalised_email};
use client_lifecycle::domain::Status;
use serde_json::json;

use super::{codes, new_client};

/// R118
#[test]
fn an_email_must_be_valid() {
    for email in ["a@b.es", "Maria.Garcia+clinic@example.co.uk", "o'brien@example.org", "1@2.com"] {
        let patch = ClientPatch::from_json(&json!({ "email": email })).unwrap();
        assert_eq!(patch.email(), Some(email));
    }
    let wrong = [
        "",
        " ",
        "maria",
        "@",
        "maria@",
        "@example.org",
        "a@b@c.org",
        "maria@exam_ple.org",
        "maria@example..org",
        "maria@.org",
        "maria garcia@example.org",
        "[email protected]",
        "maria@example.org\n",
        "mar\0ia@example.org",
        "Maria <maria@example.org>",
        "maría@example.org",
        "maria@-example.org",
        "\u{202e}maria@example.org",
    ];
    for email in wrong {
        let violations = ClientPatch::from_json(&json!({ "email": email })).unwrap_err();
        assert_eq!(codes(&violations), [("email", "email")], "{email:?}");
        assert_eq!(
            violations.in_language(client_lifecycle::clients::Language::Spanish).first().message,
            "Email inválido"
        );
    }
}

/// R120: addresses are compared in normalized form but stored as given. White space around an address is refused, not
/// trimmed.
#[test]
fn an_email_is_normalised_only_for_comparison() {
    let patch = ClientPatch::from_json(&json!({ "email": "Maria@Example.ORG" })).unwrap();
    assert_eq!(patch.email(), Some("Maria@Example.ORG"));
    assert!(ClientPatch::from_json(&json!({ "email": " maria@example.org" })).is_err());
    assert!(ClientPatch::from_json(&json!({ "email": "maria@example.org " })).is_err());
    assert_eq!(normalised_email("Maria@Example.ORG"), normalised_email(" maria@example.org\t"));
    assert_ne!(normalised_email("maria@example.org"), normalised_email("mario@example.org"));
}

/// R129
#[test]
fn a_birth_date_is_an_existing_calendar_day() {
    for day in ["1990-05-15", "2000-02-29", "2024-02-29", "0001-01-01", "9999-12-31"] {
        let patch = ClientPatch::from_json(&json!({ "birth_date": day })).unwrap();
        assert_eq!(serde_json::to_value(&patch).unwrap()["birth_date"], day);
    }
    let wrong = [
        "",
        "1990-02-30",
        "1990-02-29",
        "1900-02-29",
        "1990-13-01",
        "1990-00-10",
        "1990-01-00",
        "1990-04-31",
        "0000-01-01",
        "1990-5-15",
        "1990-05-15 ",
        " 1990-05-15",
        "+1990-05-15",
        "-1990-05-15",
        "19900515",
        "1990/05/15",
        "15-05-1990",
        "1990-05-15T00:00:00.000Z",
        "199\u{664}-05-15",
        "1990\u{2010}05-15",
        "aaaa-bb-cc",
        "1990-0a-15",
        "19900-05-15",
        "ééééé",
        "yesterday",
        "1990-W20-2",
        "1990-135",
    ];
    for day in wrong {
        let violations = ClientPatch::from_json(&json!({ "birth_date": day })).unwrap_err();
        assert_eq!(codes(&violations), [("birth_date", "date")], "{day:?}");
    }
}

/// R130
#[test]
fn a_document_type_is_dni_passport_or_nie() {
    for (text, of) in
        [("DNI", DocumentType::Dni), ("PASSPORT", DocumentType::Passport), ("NIE", DocumentType::Nie)]
    {
        let new = NewClient::from_json(&new_client(&json!({ "document_type": text }))).unwrap();
        assert_eq!(new.document_type, of);
        assert!(ClientPatch::from_json(&json!({ "document_type": text })).is_ok());
    }
    for text in ["", "dni", "DNI ", "CIF", "NIF", "PASAPORTE", "Ð\u{301}NI"] {
        let violations = ClientPatch::from_json(&json!({ "document_type": text })).unwrap_err();
        assert_eq!(codes(&violations), [("document_type", "one_of")], "{text:?}");
    }
}

/// R132
#[test]
fn a_status_is_on_or_off() {
    for (text, status) in [("ON", Status::On), ("OFF", Status::Off)] {
        assert_eq!(ClientPatch::from_json(&json!({ "status": text })).unwrap().status(), Some(status));
        assert_eq!(NewClient::from_json(&new_client(&json!({ "status": text }))).unwrap().status, status);
    }
    assert_eq!(NewClient::from_json(&new_client(&json!({}))).unwrap().status, Status::On);
    for text in ["", "on", "off", "ON ", "ACTIVE", "true", "1"] {
        let violations = ClientPatch::from_json(&json!({ "status": text })).unwrap_err();
        assert_eq!(codes(&violations), [("status", "one_of")], "{text:?}");
    }
}
