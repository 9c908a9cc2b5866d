//! Invalid input gets an error in the format of its system, changes nothing, and is recorded.

use client_lifecycle::domain::AuditOutcome;
use serde_json::{Value, json};

use super::start;
use crate::service::{Call, Service, new_client};
use crate::shape::Shape;

/// Checks the status and the format of an error response, that no row has changed, and that the audit log has one new
/// entry with this outcome.
fn refused(service: &Service, call: &Call, status: u16, shape: Shape, outcome: AuditOutcome) {
    let (before, entries) = (service.rows(), service.entries());
    let answer = service.send(call);
    assert_eq!(answer.status, status, "{call:?}: {answer:?}");
    shape.of_error(&answer);
    assert_eq!(service.rows(), before, "{call:?}");
    assert_eq!(service.entries(), entries + 1, "{call:?}");
    assert_eq!(service.last_entry().outcome, outcome, "{call:?}");
}

fn invalid(service: &Service, call: &Call, shape: Shape) {
    refused(service, call, 400, shape, AuditOutcome::Invalid);
}

fn update(service: &Service) -> Call {
    service.staff("PUT", &format!("/api/clients/{}", service.id("client")))
}

#[test]
fn a_body_that_is_not_a_json_object() {
    let Some(service) = start() else { return };
    let deep = "[".repeat(10_000);
    for body in [
        "",
        " ",
        "{",
        "nul",
        "null",
        "[]",
        "7",
        "\"text\"",
        "{\"city\":\"Soria\"",
        "city=Soria",
        "{city:1}",
        "{\"city\":\"Soria\",\"city\":\"Leon\"}",
        "{\"city\":\"Soria\",\"\\u0063ity\":\"Leon\"}",
        "{\"city\":{\"a\":1,\"a\":2}}",
        &deep,
    ] {
        for call in [update(&service), service.staff("POST", "/api/clients")] {
            let call = call.header("Content-Type", "application/json").body(body);
            invalid(&service, &call, Shape::Clinic);
            assert_eq!(service.send(&call).message(), "El cuerpo debe ser un objeto JSON");
        }
    }
    invalid(&service, &update(&service).body(b"{\"city\":\"\xff\"}".to_vec()), Shape::Clinic);
}

/// R212
#[test]
fn unknown_and_protected_fields() {
    let Some(service) = start() else { return };
    for field in [
        "colour",
        "Email",
        "",
        "user_id",
        "role",
        "avatar",
        "password",
        "created_at",
        "updated_at",
        "\u{202e}name",
    ] {
        invalid(&service, &update(&service).json(&json!({ "city": "Soria", field: "x" })), Shape::Clinic);
    }
    for field in ["colour", "user_id", "role", "password", "created_at", "updated_at"] {
        let mut body = new_client("zoe@example.com");
        body[field] = json!("x");
        invalid(&service, &service.staff("POST", "/api/clients").json(&body), Shape::Clinic);
    }
}

#[test]
fn values_that_are_missing_null_of_another_type_or_too_long() {
    let Some(service) = start() else { return };
    let limits = [
        ("email", 50),
        ("name", 50),
        ("surname", 50),
        ("phone", 20),
        ("address", 255),
        ("city", 50),
        ("country", 50),
        ("postal_code", 20),
        ("gender", 10),
        ("birth_date", 10),
        ("document_type", 8),
        ("document_number", 20),
        ("status", 3),
    ];
    let long = |max: usize| json!("ñ".repeat(max + 1));
    for (field, max) in limits {
        for value in [Value::Null, json!(7), json!(true), json!(["x"]), json!({ "x": 1 }), long(max)] {
            invalid(&service, &update(&service).json(&json!({ field: value })), Shape::Clinic);
        }
    }
    for field in new_client("zoe@example.com").as_object().unwrap().keys() {
        let mut body = new_client("zoe@example.com");
        body.as_object_mut().unwrap().remove(field);
        invalid(&service, &service.staff("POST", "/api/clients").json(&body), Shape::Clinic);
    }
}

#[test]
fn invalid_dates_and_unknown_words() {
    let Some(service) = start() else { return };
    for date in [
        "2023-02-29",
        "1900-02-29",
        "1990-13-01",
        "1990-00-10",
        "1990-04-31",
        "1990-5-15",
        "15/05/1990",
        "1990-05-15T00:00:00Z",
        "0000-01-01",
        "",
    ] {
        invalid(&service, &update(&service).json(&json!({ "birth_date": date })), Shape::Clinic);
    }
    for body in [
        json!({ "status": "on" }),
        json!({ "status": "" }),
        json!({ "document_type": "dni" }),
        json!({ "document_type": "CIF" }),
    ] {
        invalid(&service, &update(&service).json(&body), Shape::Clinic);
    }
}

/// Lengths are counted in characters, not bytes.
#[test]
fn text_of_any_script() {
    let Some(service) = start() else { return };
    let emoji = "😀".repeat(50);
    let combining = "e\u{301}".repeat(25);
    let family = "👩\u{200d}👧".repeat(16);
    for name in ["Ñuño", "مريم", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}", "李雷", &emoji, &combining, &family]
    {
        let answer = service.send(&update(&service).json(&json!({ "name": name })));
        assert_eq!((answer.status, &answer.json()["name"]), (200, &json!(name)));
        let found = service.send(&service.staff("GET", &update(&service).path));
        assert_eq!(found.json()["name"], name);
    }
    for name in [
        format!("{emoji}😀"),
        format!("{combining}e\u{301}"),
        "😀".into(),
        "a\u{0}b".into(),
        " \u{2003}\t".into(),
    ] {
        invalid(&service, &update(&service).json(&json!({ "name": name })), Shape::Clinic);
    }
}

/// R117, R207: ids of any form and length, in every system.
#[test]
fn unknown_ids() {
    let Some(service) = start() else { return };
    let long = "x".repeat(5_000);
    let body = json!({ "city": "Soria" });
    for id in [
        "no-uuid",
        "550e8400-e29b-41d4-a716-44665544ffff",
        "%00",
        "%2e%2e",
        "%F0%9F%98%80",
        "a%2Fb",
        "%FF",
        "1%20OR%201",
        &long,
    ] {
        let clinic = format!("/api/clients/{id}");
        refused(&service, &service.staff("DELETE", &clinic), 404, Shape::Clinic, AuditOutcome::NotFound);
        refused(
            &service,
            &service.staff("PUT", &clinic).json(&body),
            404,
            Shape::Clinic,
            AuditOutcome::NotFound,
        );
        let vpn = service.with_token("MASTER", "DELETE", &format!("/customer/{id}"));
        refused(&service, &vpn, 404, Shape::Success, AuditOutcome::NotFound);
        let union = service.with_token("ADMIN", "DELETE", &format!("/api/unions/{id}"));
        refused(&service, &union, 404, Shape::Success, AuditOutcome::NotFound);
        let user = Call::new("DELETE", &format!("/api/v1/users/{id}"));
        match id.parse::<uuid::Uuid>() {
            Ok(_) => refused(&service, &user, 404, Shape::Notifications, AuditOutcome::NotFound),
            Err(_) => invalid(&service, &user, Shape::Notifications),
        }
    }
}

#[test]
fn bodies_that_are_too_large() {
    let Some(service) = start() else { return };
    let large = |bytes: usize| format!("{{\"city\":\"{}\"}}", "x".repeat(bytes));
    let members = format!("/api/unions/{}/reassign-members", service.id("union_with_members"));
    for bytes in [17_000, 200_000, 1_200_000] {
        let post = service.staff("POST", "/api/clients");
        for call in [update(&service), post] {
            refused(&service, &call.body(large(bytes)), 413, Shape::Clinic, AuditOutcome::Invalid);
        }
        let call = service.with_token("ADMIN", "POST", &members).body(large(bytes));
        refused(&service, &call, 413, Shape::Success, AuditOutcome::Invalid);
    }
    // For an actor without permission, that error comes first.
    let anonymous = Call { headers: Vec::new(), ..update(&service) }.body(large(17_000));
    refused(&service, &anonymous, 401, Shape::Clinic, AuditOutcome::Denied);
}

#[test]
fn invalid_queries() {
    let Some(service) = start() else { return };
    let long = format!("note={}", "x".repeat(1_001));
    for query in [
        &*long,
        "reason=because",
        "reason=",
        "reason=fraud&reason=fraud",
        "note=a&note=b",
        "acknowlege=x",
        "digest=a&digest=b",
        "mode=hard_delete",
    ] {
        let clinic = service.staff("DELETE", &format!("/api/clients/{}?{query}", service.id("client")));
        invalid(&service, &clinic, Shape::Clinic);
        let users = Call::new("DELETE", &format!("/api/v1/users/{}?{query}", service.id("user")));
        invalid(&service, &users, Shape::Notifications);
        let union =
            service.with_token("ADMIN", "DELETE", &format!("/api/unions/{}?{query}", service.id("union")));
        invalid(&service, &union, Shape::Success);
    }
    for query in ["mode=soft", "mode=", "mode=hard_delete&mode=hard_delete", "reason=x", "Mode=hard_delete"] {
        let vpn = service.with_token("ADMIN", "DELETE", &format!("/customer/user123?{query}"));
        invalid(&service, &vpn, Shape::Success);
    }
    let update = Call { path: format!("{}?digest=x", update(&service).path), ..update(&service) };
    invalid(&service, &update.json(&json!({ "city": "Soria" })), Shape::Clinic);
}
