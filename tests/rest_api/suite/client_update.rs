//! Seed S3: updates of the clinic's clients.

use client_lifecycle::clients::Client;
use client_lifecycle::domain::AuditOutcome;
use serde_json::json;

use super::start;
use crate::curl::commands;
use crate::seeds::{self, json_after, json_text_after};
use crate::service::new_client;
use crate::shape::{is_instant, keys_as_written};

const S3: u8 = 3;

/// R113, R114, R115, R116, R133 to R152: R134, R135, R136, R137, R138, R139, R140, R141, R142, R143, R144, R145,
/// R146, R147, R148, R149, R150, R151; R213
#[test]
fn the_documented_updates_return_the_documented_client() {
    let Some(service) = start() else { return };
    let documented = json_text_after(S3, "Example Response");
    let before = chrono::Utc::now();
    let calls = commands(S3, service.cookie());
    let answer = service.send(&calls[0]);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(keys_as_written(&answer.text), keys_as_written(&documented));
    assert_eq!(keys_as_written(&answer.text), Client::FIELDS);
    let mut expected = seeds::with_email(serde_json::from_str(&documented).unwrap());
    expected["updated_at"] = answer.json()["updated_at"].clone();
    assert_eq!(answer.json(), expected);
    is_instant(&answer.json()["created_at"]);
    is_instant(&answer.json()["updated_at"]);
    let updated: chrono::DateTime<chrono::Utc> =
        answer.json()["updated_at"].as_str().unwrap().parse().unwrap();
    assert!(updated.timestamp_millis() >= before.timestamp_millis() && updated <= chrono::Utc::now());
    // The second call updates the status, the third several fields at once.
    expected["status"] = json!("OFF");
    let answer = service.send(&calls[1]);
    expected["updated_at"] = answer.json()["updated_at"].clone();
    answer.is(200, &expected);
    for (field, value) in [("phone", "+34645678901"), ("city", "Valencia"), ("postal_code", "46001")] {
        expected[field] = json!(value);
    }
    let answer = service.send(&calls[2]);
    expected["updated_at"] = answer.json()["updated_at"].clone();
    answer.is(200, &expected);
    service.send(&service.staff("GET", &calls[2].path)).is(200, &expected);
}

/// R133
#[test]
fn a_password_is_never_returned_or_changed() {
    let Some(service) = start() else { return };
    service.execute("UPDATE clients SET password = '$2b$10$secret'");
    let path = format!("/api/clients/{}", service.id("client"));
    let answers = [
        service.send(&service.staff("GET", &path)),
        service.send(&service.staff("PUT", &path).json(&json!({ "city": "Madrid" }))),
        service.send(&service.staff("GET", "/api/clients?limit=100")),
        service.send(&service.staff("GET", &format!("{path}/deletion-plan"))),
        service.send(&service.staff("PUT", &path).json(&json!({ "password": "x" }))),
    ];
    assert!(answers.iter().all(|answer| !answer.text.contains("secret")));
    assert_eq!(answers[4].status, 400);
    assert_eq!(service.number("SELECT count(*) FROM clients WHERE password <> '$2b$10$secret'"), 0);
}

/// R167
#[test]
fn the_documented_partial_update_changes_nothing_else() {
    let Some(service) = start() else { return };
    let body = json_after(S3, "Or multiple fields at once:");
    let path = format!("/api/clients/{}", service.id("client"));
    let mut expected = service.send(&service.staff("GET", &path)).json();
    for (field, value) in body.as_object().unwrap() {
        expected[field] = value.clone();
    }
    let answer = service.send(&service.staff("PUT", &path).json(&body));
    expected["updated_at"] = answer.json()["updated_at"].clone();
    answer.is(200, &expected);
}

/// R154, R155, R156, R157
#[test]
fn each_documented_violation_has_its_documented_message() {
    let Some(service) = start() else { return };
    let path = format!("/api/clients/{}", service.id("client"));
    let before = service.rows();
    let email = service.send(&service.staff("PUT", &path).json(&json!({ "email": "maria" })));
    email.is(400, &json_after(S3, "Validation Error"));
    let listed = seeds::text(S3);
    for (body, message) in [
        (json!({ "email": "a@" }), "Email inválido"),
        (json!({ "name": "M" }), "El nombre es obligatorio"),
        (json!({ "surname": "" }), "El apellido es obligatorio"),
        (json!({ "phone": "12345" }), "El teléfono es obligatorio"),
    ] {
        assert!(listed.contains(&format!("• {message} - ")), "{message}");
        let answer = service.send(&service.staff("PUT", &path).json(&body));
        answer.is(400, &json!({ "statusCode": 400, "statusMessage": message }));
    }
    assert_eq!(service.rows(), before);
}

/// R160, R161
#[test]
fn the_address_of_another_user_is_a_conflict_in_any_case_and_the_own_address_is_not() {
    let Some(service) = start() else { return };
    let path = format!("/api/clients/{}", service.id("client"));
    let update = |email: &str| service.send(&service.staff("PUT", &path).json(&json!({ "email": email })));
    let before = service.rows();
    // The address of another client, the same address in another case, and the address of a staff member.
    for taken in ["luis.prieto@example.com", "LUIS.Prieto@EXAMPLE.com", "recepcion@example.com"] {
        update(taken).is(409, &json_after(S3, "Duplicate Email"));
        assert_eq!(service.last_entry().outcome, AuditOutcome::Conflict);
        let create = service.send(&service.staff("POST", "/api/clients").json(&new_client(taken)));
        create.is(409, &json_after(S3, "Duplicate Email"));
    }
    assert_eq!(service.rows(), before);
    for own in [seeds::EMAIL, "Maria.Garcia@example.com"] {
        assert_eq!(update(own).json()["email"], own);
    }
}

/// R163, R164
#[test]
fn a_date_of_birth_is_stored_as_a_date_with_the_time_of_the_update() {
    let Some(service) = start() else { return };
    let id = service.id("client");
    let update =
        service.staff("PUT", &format!("/api/clients/{id}")).json(&json!({ "birth_date": "1988-02-29" }));
    let answer = service.send(&update);
    assert_eq!(answer.json()["birth_date"], "1988-02-29");
    let updated = service.database.instant("updated_at");
    let stored =
        service.text(&format!("SELECT birth_date || ' ' || {updated} FROM clients WHERE user_id = '{id}'"));
    assert_eq!(stored, format!("1988-02-29 {}", answer.json()["updated_at"].as_str().unwrap()));
}
