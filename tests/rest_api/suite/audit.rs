//! What the audit log records about requests.

use client_lifecycle::domain::{AuditOutcome, FieldName};
use serde_json::json;

use super::start;
use crate::service::Call;

/// R197, R198, R199, R200, R201, R202, R189
#[test]
fn the_audit_entry_of_a_deletion_is_complete() {
    let Some(service) = start() else { return };
    let id = service.id("union");
    let before = chrono::Utc::now().timestamp_millis();
    let delete = service
        .with_token("ADMIN", "DELETE", &format!("/api/unions/{id}?reason=administrative_cleanup&note=merged"))
        .header("User-Agent", "the office/7");
    assert_eq!(service.send(&delete).status, 200);
    let entries = service.audit("unions", id);
    let [entry] = &*entries else { panic!("{entries:?}") };
    assert_eq!((&*entry.action, entry.outcome), ("UNION_DELETED", AuditOutcome::Done));
    let actor =
        json!({ "id": "admin-1", "roles": ["ADMIN"], "ip": "127.0.0.1", "user_agent": "the office/7" });
    assert_eq!(json!(entry.actor), actor);
    assert!((before..=chrono::Utc::now().timestamp_millis()).contains(&entry.at.timestamp_millis()));
    assert_eq!(json!(entry.before[&FieldName::from("name")]), "Riverside");
    assert_eq!(
        (json!(entry.reason), entry.note.as_deref()),
        (json!("administrative_cleanup"), Some("merged"))
    );
}

/// R215: a request without credentials is recorded with its address and user agent.
#[test]
fn attempts_without_credentials_are_recorded_with_their_address() {
    let Some(service) = start() else { return };
    for (path, kind, id, status) in [
        (format!("/api/clients/{}", service.id("client")), "clients", "client", 401),
        (format!("/customer/{}", service.id("customer")), "customers", "customer", 401),
        (format!("/api/unions/{}", service.id("union")), "unions", "union", 401),
        (format!("/api/v1/users/{}", service.id("user")), "users", "user", 204),
    ] {
        let call = Call::new("DELETE", &path).header("User-Agent", "somebody/1");
        assert_eq!(service.send(&call).status, status);
        let entries = service.audit(kind, service.id(id));
        let [entry] = &*entries else { panic!("{entries:?}") };
        assert_eq!(entry.outcome, if status == 401 { AuditOutcome::Denied } else { AuditOutcome::Done });
        let actor = json!({ "id": "", "roles": [], "ip": "127.0.0.1", "user_agent": "somebody/1" });
        assert_eq!(json!(entry.actor), actor);
    }
}

#[test]
fn the_log_has_no_personal_data_of_a_client() {
    let Some(service) = start() else { return };
    let path = format!("/api/clients/{}", service.id("client"));
    let body =
        json!({ "phone": "+34999888777", "address": "Calle Secreta 9", "email": "maria.nueva@example.com" });
    assert_eq!(service.send(&service.staff("PUT", &path).json(&body)).status, 200);
    let wrong = json!({ "phone": "+34 999", "email": "calle secreta" });
    assert_eq!(service.send(&service.staff("PUT", &path).json(&wrong)).status, 400);
    assert_eq!(service.send(&service.staff("DELETE", &path)).status, 200);
    let all = service.database.texts("SELECT CAST(entry AS text) FROM lifecycle_audit").join("\n");
    assert_eq!(service.entries(), 3);
    // `999888` is unlikely to occur in a timestamp or an operation id.
    for personal in ["999888", "+34", "ecreta", "nueva", "Garcia", "1990-05-15", "12345678A"] {
        assert!(!all.contains(personal), "{personal} in {all}");
    }
}
