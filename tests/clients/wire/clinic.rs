//! The responses of `DELETE` and `PUT /api/clients/{id}`.

use client_lifecycle::clients::wire::{ErrorKind, Operation, Wire};
use client_lifecycle::clients::{ClientPatch, Language};
use client_lifecycle::lifecycle::Error;
use serde_json::json;

use super::document::{body_after, text};
use super::world::{answer, response};

const DELETE: u8 = 0;
const UPDATE: u8 = 3;

// R7 R8
#[tokio::test]
async fn a_successful_deletion_has_no_message() {
    let done = answer(&Wire::clinic(), "done").await;
    assert_eq!(response(&done), (200, body_after(DELETE, "Example Response")));
    assert_eq!(response(&answer(&Wire::clinic(), "soft deleted").await), response(&done));
    assert_eq!(response(&answer(&Wire::clinic(), "deactivated").await), response(&done));
}

// R6 R117
#[test]
fn an_id_is_a_uuid_and_other_text_is_not_found() {
    let id = "550e8400-e29b-41d4-a716-446655440000";
    assert!(text(DELETE).contains(id) && text(UPDATE).contains(id));
    for spelt in [id, &id.to_uppercase()] {
        assert_eq!(Wire::clinic().id(spelt).unwrap().as_uuid(), Some(id.parse().unwrap()));
    }
    // Text that is not a UUID is kept as it is. The response is the same as for an unknown id.
    for other in ["not-a-uuid", &id[1..], &id.replace('-', ""), &format!("{{{id}}}"), &format!(" {id}")] {
        let taken = Wire::clinic().id(other).unwrap();
        assert_eq!((taken.as_uuid(), taken.to_string()), (None, other.to_string()));
    }
    assert_eq!(
        response(&Wire::clinic().error_kind(ErrorKind::WrongId)),
        (404, body_after(DELETE, "Client Not Found"))
    );
}

// R9 R15 R153
#[tokio::test]
async fn a_request_without_an_id_is_refused() {
    let expected = (400, body_after(DELETE, "Missing ID"));
    assert_eq!(response(&Wire::clinic().id("").unwrap_err()), expected);
    assert_eq!(response(&Wire::clinic().id(" ").unwrap_err()), expected);
    assert_eq!(response(&answer(&Wire::clinic(), "no id").await), expected);
    assert_eq!(body_after(UPDATE, "Missing ID"), expected.1);
}

// R10 R11 R12 R13 R158 R159
#[tokio::test]
async fn unknown_ids_and_other_records_get_the_same_response() {
    let expected = (404, body_after(DELETE, "Client Not Found"));
    for what in ["not found", "no client", "wrong id"] {
        assert_eq!(response(&answer(&Wire::clinic(), what).await), expected, "{what}");
    }
    assert_eq!(body_after(UPDATE, "Client Not Found"), expected.1);
}

// R14
#[tokio::test]
async fn internal_errors_are_a_500_without_their_cause() {
    let expected = (500, body_after(DELETE, "500 Internal Server Error"));
    assert_eq!(response(&answer(&Wire::clinic(), "broken").await), expected);
    let updating = Wire::clinic().for_operation(Operation::Update).error_kind(ErrorKind::Failed);
    assert_eq!((updating.status, updating.message()), (500, "Error al actualizar cliente"));
}

// R154 R155 R156 R157
#[test]
fn an_invalid_body_gets_the_first_violation() {
    let response = |body: serde_json::Value| {
        response(&Wire::clinic().error(&ClientPatch::from_json(&body).unwrap_err().into()))
    };
    let expected = body_after(UPDATE, "Validation Error");
    assert_eq!(response(json!({ "email": "maria" })), (400, expected.clone()));
    assert_eq!(response(json!({ "phone": "12", "name": "M", "email": "maria" })), (400, expected.clone()));
    for (field, value) in [("name", "M"), ("surname", "G"), ("phone", "+3463")] {
        let (status, body) = response(json!({ field: value }));
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let message = body["statusMessage"].as_str().unwrap();
        assert_eq!(status, 400);
        let listed = format!("{message} - {}{} must be at least", field[..1].to_uppercase(), &field[1..]);
        assert!(text(UPDATE).contains(&listed), "{listed}");
    }
    for body in [json!({ "password": "secret" }), json!({ "nickname": "mari" })] {
        assert_eq!(response(body).0, 400);
    }
}

// R160
#[test]
fn the_email_address_of_another_client_is_a_conflict() {
    let expected = (409, body_after(UPDATE, "Duplicate Email"));
    let taken = Error::NotUnique { field: "email".into() };
    assert_eq!(response(&Wire::clinic().for_operation(Operation::Update).error(&taken)), expected);
    assert_eq!(response(&Wire::clinic().error_kind(ErrorKind::NotUnique)), expected);
}

#[tokio::test]
async fn undocumented_errors_have_the_documented_shape() {
    let wire = Wire::clinic();
    for (what, status, message) in [
        ("not signed in", 401, "No autorizado"),
        ("wrong role", 403, "Acceso denegado"),
        ("wrong scope", 403, "Acceso denegado"),
        ("no reason", 400, "Solicitud inválida"),
        ("blocked", 409, "there are open debts"),
        ("warned", 409, "there are sessions (acepte `active`)"),
        ("changed", 409, "Los datos han cambiado mientras tanto"),
        ("busy", 409, "Los datos han cambiado mientras tanto"),
    ] {
        let expected = format!(r#"{{"statusCode":{status},"statusMessage":"{message}"}}"#);
        assert_eq!(response(&answer(&wire, what).await), (status, expected), "{what}");
    }
}

#[test]
fn messages_are_documented_in_spanish_and_translated_to_english() {
    let english = Wire::clinic().in_language(Language::English);
    assert_eq!(english.error_kind(ErrorKind::NotFound).message(), "Client not found");
    assert_eq!(english.error_kind(ErrorKind::Failed).message(), "Failed to delete client");
    assert!(text(DELETE).contains("Cliente no encontrado"));
    assert_eq!(english.in_language(Language::Spanish), Wire::clinic());
}
