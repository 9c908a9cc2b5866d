//! Seed S0: deletion of the clinic's clients.

use client_lifecycle::domain::{AuditOutcome, instant_text};
use serde_json::json;

use super::start;
use crate::curl::commands;
use crate::seeds::json_after;
use crate::service::Call;

const S0: u8 = 0;
const S3: u8 = 3;

/// R1, R4, R5, R6, R7, R8, R16, R17, R18, R24, R26
#[test]
fn the_documented_deletion_has_the_documented_response_and_deletes_the_client() {
    let Some(service) = start() else { return };
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

/// R2, R19, R25: dependent rows are deleted, kept, or kept without their client. No reference dangles.
#[test]
fn remaining_rows_do_not_refer_to_a_deleted_client() {
    let Some(service) = start() else { return };
    let (sales, bookings) = (
        service.number("SELECT count(*) FROM sales"),
        "SELECT count(*) FROM bookings WHERE status <> 'CANCELLED'",
    );
    let kept = service.number(bookings);
    let path = format!("/api/clients/{}", service.id("client"));
    assert_eq!(service.send(&service.staff("DELETE", &path)).status, 200);
    assert_eq!(service.number("SELECT count(*) FROM sales"), sales);
    assert_eq!(service.number(bookings), kept);
    assert_eq!(service.database.dangling(), 0);
    assert_eq!(service.number("SELECT count(*) FROM bookings WHERE comment = 'came late'"), 0);
}

/// The service empties the log after the answer, so the test waits for it.
#[test]
fn no_byte_of_a_deleted_client_stays_in_the_file_of_the_database() {
    let Some(service) = start() else { return };
    let client = service.id("client").to_owned();
    let secret = "a-surname-that-no-one-else-has";
    service.database.execute(&format!("UPDATE clients SET surname = '{secret}' WHERE user_id = '{client}'"));
    let is_left = || {
        let bytes = service.database.bytes()?;
        Some(bytes.windows(secret.len()).any(|part| part == secret.as_bytes()))
    };
    let Some(before) = is_left() else { return };
    assert!(before);
    assert_eq!(service.send(&service.staff("DELETE", &format!("/api/clients/{client}"))).status, 200);
    let start = std::time::Instant::now();
    while is_left() == Some(true) {
        assert!(start.elapsed().as_secs() < 30, "the value is still there");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// R3, R28, R166
#[test]
fn the_documented_alternative_to_a_deletion_sets_the_status() {
    let Some(service) = start() else { return };
    let off = &commands(S0, service.cookie())[1];
    let answer = service.send(off);
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("OFF")));
    assert_eq!(service.audit("clients", service.id("client"))[0].action, "CLIENT_DEACTIVATED");
    // The same client can be reactivated.
    let on = service.staff("PUT", &off.path).json(&json!({ "status": "ON" }));
    assert_eq!(service.send(&on).json()["status"], "ON");
}

/// R9, R153
#[test]
fn a_missing_id_is_a_400() {
    let Some(service) = start() else { return };
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

/// R10, R11, R12, R13, R15, R22, R23, R158, R159: records of other roles get the same response as unknown ids. Only
/// the audit log has the reason.
#[test]
fn unknown_ids_and_records_of_other_roles_get_the_same_response() {
    let Some(service) = start() else { return };
    let missing = "550e8400-e29b-41d4-a716-44665544ffff";
    let administrator = service.id("admin_user");
    let before = service.rows();
    for id in [missing, administrator, "no-uuid", "x'%20OR%201=1"] {
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
    assert_eq!(why(missing), [None, None]);
    let reason = Some("excluded by the policy's filter: role = \"USER\"".to_owned());
    assert_eq!(why(administrator), [reason.clone(), reason]);
}

/// R14
#[test]
fn a_failure_is_recorded_and_does_not_reveal_database_messages() {
    let Some(service) = start() else { return };
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
    let Some(service) = start() else { return };
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
fn a_warning_can_be_acknowledged_and_a_blocker_cannot() {
    let Some(service) = start() else { return };
    let id = service.id("client");
    let delete = |query: &str| service.staff("DELETE", &format!("/api/clients/{id}{query}"));
    let at = instant_text(chrono::Utc::now() - chrono::TimeDelta::days(2));
    service.execute(&format!("INSERT INTO sales (client_id, cents, issued_at) VALUES ('{id}', 1, '{at}')"));
    service.execute(&format!("INSERT INTO payments (client_id, cents, paid_at) VALUES ('{id}', 1, '{at}')"));
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

#[test]
fn the_digest_of_a_preview_applies_exactly_that_plan() {
    let Some(service) = start() else { return };
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
    // A row is added between the preview and the deletion.
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
