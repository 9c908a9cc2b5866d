//! Seed S2: deletion of the VPN's customers.

use client_lifecycle::domain::AuditOutcome;
use serde_json::json;

use super::start;
use crate::curl::commands;
use crate::seeds::{json_after, text};
use crate::service::{Answer, Call};
use crate::shape::{Shape, is_instant, keys_as_written};

const S2: u8 = 2;

/// R77, R80, R82, R85, R86, R87, R88, R89, R90
#[test]
fn the_documented_deletion_has_the_documented_response() {
    let Some(service) = start() else { return };
    let before = chrono::Utc::now();
    let delete = &commands(S2, &service.bearer("ADMIN"))[0];
    let answer = service.send(delete);
    let documented = json_after(S2, "Error Response (409)");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(keys_as_written(&answer.text), ["success", "message", "deletedAt"]);
    let mut expected = documented.clone();
    expected["deletedAt"] = answer.json()["deletedAt"].clone();
    assert_eq!(answer.json(), expected);
    is_instant(&documented["deletedAt"]);
    is_instant(&answer.json()["deletedAt"]);
    let at: chrono::DateTime<chrono::Utc> = expected["deletedAt"].as_str().unwrap().parse().unwrap();
    assert!(at.timestamp_millis() >= before.timestamp_millis() && at <= chrono::Utc::now());
    let stored = service.database.instant("deleted_at");
    let stored = service.text(&format!("SELECT {stored} FROM customers WHERE id = 'user123'"));
    assert_eq!(expected["deletedAt"], stored);
}

/// R81, R82, R83, R84, R92
#[test]
fn role_and_manager_decide_who_may_delete_a_customer() {
    for (role, customer, status) in [
        ("ADMIN", "customer_other_reseller", 200),
        ("MASTER", "customer_other_reseller", 200),
        ("RESALE", "customer", 200),
        ("RESALE", "customer_other_reseller", 403),
        ("USER", "customer", 403),
        ("USER", "customer_other_reseller", 403),
    ] {
        let Some(service) = start() else { return };
        let before = service.rows();
        let path = format!("/customer/{}", service.id(customer));
        let answer = service.send(&service.with_token(role, "DELETE", &path));
        assert_eq!(answer.status, status, "{role} {customer}: {answer:?}");
        if status == 403 {
            documented(&answer);
            assert_eq!(service.rows(), before);
            assert_eq!(service.last_entry().outcome, AuditOutcome::Denied);
        }
    }
}

/// R78, R79, R97, R98
#[test]
fn a_hard_delete_needs_an_administrator_and_a_reason() {
    let Some(service) = start() else { return };
    let path = format!("/customer/{}?mode=hard_delete", service.id("customer"));
    for role in ["MASTER", "RESALE", "USER"] {
        let denied = service.send(&service.with_token(role, "DELETE", &format!("{path}&reason=fraud")));
        assert_eq!(denied.status, 403, "{role}");
    }
    let unexplained = service.send(&service.with_token("ADMIN", "DELETE", &path));
    assert_eq!((unexplained.status, &*unexplained.message()), (400, "A reason is required"));
    let done = service.send(&service.with_token(
        "ADMIN",
        "DELETE",
        &format!("{path}&reason=privacy_request&note=letter%20of%20May"),
    ));
    assert_eq!(done.json()["message"], "Customer deleted successfully");
    is_instant(&done.json()["deletedAt"]);
    assert_eq!(service.number("SELECT count(*) FROM customers WHERE id = 'user123'"), 0);
    let entry = service.last_entry();
    assert_eq!(entry.reason.unwrap().as_str(), "privacy_request");
    assert_eq!(entry.note.as_deref(), Some("letter of May"));
}

/// R91, R92, R93, R94, R95, R96, R206, R214: each error has the message in the documented table of errors.
#[test]
fn every_documented_error_has_its_description() {
    let Some(service) = start() else { return };
    let send = |role: &str, customer: &str| {
        service.send(&service.with_token(role, "DELETE", &format!("/customer/{customer}")))
    };
    let unauthorized = service.send(&Call::new("DELETE", "/customer/user123"));
    assert_eq!(unauthorized.status, 401);
    documented(&unauthorized);
    for (answer, status) in [(send("USER", "user123"), 403), (send("ADMIN", "user000"), 404)] {
        assert_eq!(answer.status, status);
        documented(&answer);
    }
    // The message names the blocker instead of saying "Conflict" as in the table.
    let conflict = send("ADMIN", service.id("customer_with_subscription"));
    assert_eq!((conflict.status, &*conflict.message()), (409, "the customer has an active subscription"));
    Shape::Success.of_error(&conflict);
    service.execute("ALTER TABLE devices RENAME TO elsewhere");
    let failed = send("ADMIN", "user123");
    assert_eq!(failed.status, 500);
    documented(&failed);
}

#[test]
fn a_missing_id_is_a_400() {
    let Some(service) = start() else { return };
    for path in ["/customer/", "/customer/%20"] {
        service
            .send(&service.with_token("ADMIN", "DELETE", path))
            .is(400, &json!({ "success": false, "message": "ID is required" }));
    }
}

/// Checks that the status and the message are a row of the documented table.
fn documented(answer: &Answer) {
    Shape::Success.of_error(answer);
    let row = format!("{} {} ", answer.status, answer.message());
    assert!(text(S2).contains(&row), "`{row}`");
}
