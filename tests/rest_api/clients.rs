//! Seeds S0 and S3: the clinic's clients.

use client_lifecycle::domain::{AuditOutcome, Client};
use serde_json::json;

use crate::curl::commands;
use crate::seeds::{self, json_after, json_text_after};
use crate::service::{Call, Service, new_client};
use crate::shape::{is_instant, keys_as_written};

const S0: u8 = 0;
const S3: u8 = 3;

/// R1, R4, R5, R6, R7, R8, R16, R17, R18, R24, R26
#[test]
fn the_documented_deletion_is_answered_as_documented_and_the_client_is_gone() {
    let service = Service::start();
    let delete = &commands(S0, service.cookie())[0];
    service.send(delete).is(200, &json_after(S0, "Example Response"));
    let client = service.id("client");
    for table in [
        "clients WHERE user_id",
        "consents WHERE client_id",
        "questionnaires WHERE client_id",
        "revokes WHERE client_id",
    ] {
        assert_eq!(service.number(&format!("SELECT count(*) FROM {table} = '{client}'")), 0, "{table}");
    }
    assert_eq!(service.send(delete).status, 404);
}

/// R2, R19, R25: what refers to the client goes, stays or stays without it; nothing is left dangling.
#[test]
fn rows_that_stay_refer_to_nobody_who_is_gone() {
    let service = Service::start();
    let (sales, bookings) = (
        service.number("SELECT count(*) FROM sales"),
        "SELECT count(*) FROM bookings WHERE status <> 'CANCELLED'",
    );
    let kept = service.number(bookings);
    let path = format!("/api/clients/{}", service.id("client"));
    assert_eq!(service.send(&service.staff("DELETE", &path)).status, 200);
    assert_eq!(service.number("SELECT count(*) FROM sales"), sales);
    assert_eq!(service.number(bookings), kept);
    assert_eq!(service.number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(service.number("SELECT count(*) FROM bookings WHERE comment = 'came late'"), 0);
}

/// R3, R28, R166
#[test]
fn the_documented_alternative_to_a_deletion_sets_the_status() {
    let service = Service::start();
    let off = &commands(S0, service.cookie())[1];
    let answer = service.send(off);
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("OFF")));
    assert_eq!(service.audit("clients", service.id("client"))[0].action, "CLIENT_DEACTIVATED");
    // It can be undone.
    let on = service.staff("PUT", &off.path).json(&json!({ "status": "ON" }));
    assert_eq!(service.send(&on).json()["status"], "ON");
}

/// R9, R153
#[test]
fn an_id_that_is_missing_is_required() {
    let service = Service::start();
    for (number, method) in [(S0, "DELETE"), (S3, "PUT")] {
        for path in ["/api/clients/", "/api/clients/%20", "/api/clients/%09%20"] {
            let call = service.staff(method, path).json(&json!({ "city": "Madrid" }));
            let call = if method == "DELETE" { Call { body: None, ..call } } else { call };
            service.send(&call).is(400, &json_after(number, "Missing ID"));
            assert_eq!(service.last_entry().outcome, AuditOutcome::Invalid);
        }
    }
    assert_eq!(service.entries(), 6);
}

/// R10, R11, R12, R13, R15, R22, R23, R158, R159: whoever is no client is not found, and the log tells the truth.
#[test]
fn who_is_not_there_and_who_is_no_client_are_not_found_alike() {
    let service = Service::start();
    let nobody = "550e8400-e29b-41d4-a716-44665544ffff";
    let administrator = service.id("admin_user");
    let before = service.rows();
    for id in [nobody, administrator, "no-uuid", "x'%20OR%201=1"] {
        let path = format!("/api/clients/{id}");
        let delete = service.send(&service.staff("DELETE", &path));
        delete.is(404, &json_after(S0, "Client Not Found"));
        let update = service.send(&service.staff("PUT", &path).json(&json!({ "city": "Madrid" })));
        update.is(404, &json_after(S3, "Client Not Found"));
        let find = service.send(&service.staff("GET", &path));
        find.is(404, &json_after(S0, "Client Not Found"));
    }
    assert_eq!(service.rows(), before);
    let why = |id| {
        service
            .audit("clients", id)
            .iter()
            .map(|entry| entry.detail["why"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    assert_eq!(why(nobody), [None, None]);
    let reason = Some("it is outside what the policy may touch: role = \"USER\"".to_owned());
    assert_eq!(why(administrator), [reason.clone(), reason]);
}

/// R14
#[test]
fn a_failure_is_told_without_what_the_database_said_and_recorded() {
    let service = Service::start();
    service.execute("ALTER TABLE consents RENAME TO elsewhere");
    let path = format!("/api/clients/{}", service.id("client"));
    service.send(&service.staff("DELETE", &path)).is(500, &json_after(S0, "Internal Server Error"));
    assert_eq!(service.last_entry().outcome, AuditOutcome::Failed);
    service.execute("ALTER TABLE elsewhere RENAME TO consents");
    assert_eq!(service.send(&service.staff("DELETE", &path)).status, 200);
}

/// R20, R21, R34
#[test]
fn a_client_with_debts_is_not_deleted_until_they_are_settled() {
    let service = Service::start();
    let id = service.id("client_with_debt");
    let delete = service.staff("DELETE", &format!("/api/clients/{id}"));
    let before = service.rows();
    let expected = json!({ "statusCode": 409, "statusMessage": "el cliente tiene deudas pendientes" });
    service.send(&delete).is(409, &expected);
    assert_eq!(service.rows(), before);
    assert_eq!(service.last_entry().outcome, AuditOutcome::Blocked);
    service.execute("UPDATE debts SET status = 'PAID'");
    assert_eq!(service.send(&delete).status, 200);
}

/// R35, R36, R43, R44
#[test]
fn a_warning_is_acknowledged_by_name_and_an_obstacle_is_not() {
    let service = Service::start();
    let id = service.id("client");
    let delete = |query: &str| service.staff("DELETE", &format!("/api/clients/{id}{query}"));
    service.execute(&format!("INSERT INTO sales (client_id, cents, issued_at) VALUES ('{id}', 1, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-2 days'))"));
    service.execute(&format!("INSERT INTO payments (client_id, cents, paid_at) VALUES ('{id}', 1, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-2 days'))"));
    let warned = service.send(&delete(""));
    assert_eq!(
        (warned.status, &*warned.message()),
        (409, "el cliente ha comprado en los últimos 30 días (acepte `recent_sales`)")
    );
    let warned = service.send(&delete("?acknowledge=recent_sales"));
    assert_eq!(
        (warned.status, &*warned.message()),
        (409, "el cliente ha pagado en los últimos 30 días (acepte `recent_payments`)")
    );
    service.execute(&format!("INSERT INTO bookings (client_id, starts_at, status) VALUES ('{id}', '2999-01-01T00:00:00.000Z', 'BOOKED')"));
    let both = delete("?acknowledge=recent_sales&acknowledge=recent_payments&acknowledge=upcoming_bookings");
    let blocked = service.send(&both);
    assert_eq!((blocked.status, &*blocked.message()), (409, "el cliente tiene citas pendientes"));
    service.execute("UPDATE bookings SET status = 'CANCELLED'");
    service.send(&both).is(200, &json_after(S0, "Example Response"));
}

/// R113, R114, R115, R116, R133 to R152: R134, R135, R136, R137, R138, R139, R140, R141, R142, R143, R144, R145,
/// R146, R147, R148, R149, R150, R151; R213
#[test]
fn the_documented_updates_are_answered_with_the_documented_client() {
    let service = Service::start();
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
    // The status, and several fields at once.
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
fn a_password_is_never_told_and_never_touched() {
    let service = Service::start();
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
fn the_documented_partial_update_leaves_all_else_as_it_was() {
    let service = Service::start();
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
    let service = Service::start();
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
fn an_address_of_another_user_is_taken_in_whatever_case_and_ones_own_is_not() {
    let service = Service::start();
    let path = format!("/api/clients/{}", service.id("client"));
    let update = |email: &str| service.send(&service.staff("PUT", &path).json(&json!({ "email": email })));
    let before = service.rows();
    // A client's, and one of the staff: all users count.
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
fn a_date_of_birth_is_stored_as_a_day_and_the_time_of_the_update_with_it() {
    let service = Service::start();
    let id = service.id("client");
    let update =
        service.staff("PUT", &format!("/api/clients/{id}")).json(&json!({ "birth_date": "1988-02-29" }));
    let answer = service.send(&update);
    assert_eq!(answer.json()["birth_date"], "1988-02-29");
    let stored =
        service.text(&format!("SELECT birth_date || ' ' || updated_at FROM clients WHERE user_id = '{id}'"));
    assert_eq!(stored, format!("1988-02-29 {}", answer.json()["updated_at"].as_str().unwrap()));
}

#[test]
fn a_client_is_created_at_its_location() {
    let service = Service::start();
    let answer = service.send(&service.staff("POST", "/api/clients").json(&new_client("zoe@example.com")));
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(keys_as_written(&answer.text), Client::FIELDS);
    let place = answer.headers["location"].to_str().unwrap();
    service.send(&service.staff("GET", place)).is(200, &answer.json());
    let id = answer.json()["user_id"].as_str().unwrap().to_owned();
    assert_eq!(service.audit("clients", &id)[0].action, "CLIENT_CREATED");
    // Who is made in this way signs in with nothing yet.
    assert_eq!(service.text(&format!("SELECT password FROM clients WHERE user_id = '{id}'")), "");
}

#[test]
fn a_list_comes_in_pages_without_staff_and_without_who_is_gone() {
    let service = Service::start();
    assert_eq!(
        service.send(&service.staff("DELETE", &format!("/api/clients/{}", service.id("client")))).status,
        200
    );
    let list = |query: &str| {
        let mut ids = Vec::new();
        let mut after = String::new();
        loop {
            let answer = service.send(&service.staff("GET", &format!("/api/clients?limit=7{query}{after}")));
            assert_eq!(answer.status, 200, "{answer:?}");
            let page = answer.json();
            let clients = page["clients"].as_array().unwrap();
            assert!(clients.len() <= 7);
            ids.extend(clients.iter().map(|client| client["user_id"].as_str().unwrap().to_owned()));
            match page.get("next") {
                Some(next) => after = format!("&after={}", next.as_str().unwrap()),
                None => return ids,
            }
        }
    };
    let ids = list("");
    assert!(ids.is_sorted() && ids.len() == 61, "{ids:?}");
    assert!(!ids.iter().any(|id| id == service.id("client") || id == service.id("admin_user")));
    assert_eq!((list("&status=ON").len(), list("&status=OFF").len()), (55, 6));
    for wrong in ["limit=0", "limit=101", "limit=x", "status=AWAY", "after=x", "page=2", "limit=1&limit=2"] {
        assert_eq!(
            service.send(&service.staff("GET", &format!("/api/clients?{wrong}"))).status,
            400,
            "{wrong}"
        );
    }
}

#[test]
fn what_the_preview_shows_is_what_its_digest_does() {
    let service = Service::start();
    let path = format!("/api/clients/{}", service.id("client"));
    let (before, entries) = (service.rows(), service.entries());
    let shown = service.send(&service.staff("GET", &format!("{path}/deletion-plan"))).json();
    assert_eq!((shown["executable"].as_bool(), &shown["mode"]), (Some(true), &json!("hard_delete")));
    assert_eq!(
        (service.rows(), service.entries()),
        (before, entries),
        "a preview changes and records nothing"
    );
    let confirm = |digest: &str| service.staff("DELETE", &format!("{path}?digest={digest}"));
    // Something was added meanwhile.
    let digest = shown["digest"].as_str().unwrap();
    service.execute(&format!(
        "INSERT INTO consents (client_id, signed_at) VALUES ('{}', '2026-01-01T00:00:00.000Z')",
        service.id("client")
    ));
    let changed = service.send(&confirm(digest));
    assert_eq!((changed.status, &*changed.message()), (409, "Los datos han cambiado mientras tanto"));
    let shown = service.send(&service.staff("GET", &format!("{path}/deletion-plan"))).json();
    assert_eq!(service.send(&confirm(shown["digest"].as_str().unwrap())).status, 200);
    assert_eq!(service.send(&service.staff("GET", &format!("{path}/deletion-plan"))).status, 404);
}

#[test]
fn an_id_is_the_same_in_upper_case() {
    let service = Service::start();
    let path = format!("/api/clients/{}", service.id("client").to_uppercase());
    for call in [
        service.staff("GET", &path),
        service.staff("PUT", &path).json(&json!({ "city": "Soria" })),
        service.staff("DELETE", &path),
    ] {
        assert_eq!(service.send(&call).status, 200, "{call:?}");
    }
}
