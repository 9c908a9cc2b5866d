//! Requests with the same `Idempotency-Key` are carried out once.

use serde_json::json;

use super::start;
use crate::service::new_client;

const KEY: &str = "6f1b2a34-0000-4000-8000-000000000001";

#[test]
fn a_repeated_deletion_has_the_first_response() {
    let Some(service) = start() else { return };
    let delete = service
        .staff("DELETE", &format!("/api/clients/{}", service.id("client")))
        .header("Idempotency-Key", KEY);
    let first = service.send(&delete);
    assert_eq!(first.status, 200);
    let second = service.send(&delete);
    assert_eq!((second.status, second.text), (200, first.text));
    assert_eq!(service.entries(), 1);
    let customer = service
        .with_token("ADMIN", "DELETE", "/customer/user123")
        .header("Idempotency-Key", "6f1b2a34-0000-4000-8000-000000000002");
    assert_eq!(service.send(&customer).text, service.send(&customer).text, "the time of the deletion too");
}

#[test]
fn a_repeated_creation_makes_one_client() {
    let Some(service) = start() else { return };
    let create = service
        .staff("POST", "/api/clients")
        .json(&new_client("zoe@example.com"))
        .header("Idempotency-Key", KEY);
    let first = service.send(&create);
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(service.send(&create).json(), first.json());
    assert_eq!(service.number("SELECT count(*) FROM clients WHERE email = 'zoe@example.com'"), 1);
}

#[test]
fn a_reused_or_invalid_key_changes_nothing() {
    let Some(service) = start() else { return };
    let path = format!("/api/clients/{}", service.id("client"));
    let update = service.staff("PUT", &path).json(&json!({ "city": "Soria" })).header("Idempotency-Key", KEY);
    assert_eq!(service.send(&update).status, 200);
    let before = service.rows();
    let reused = service.send(&service.staff("DELETE", &path).header("Idempotency-Key", KEY));
    assert_eq!(reused.status, 409, "{reused:?}");
    for wrong in ["", "7", "6f1b2a34"] {
        let entries = service.entries();
        let answer = service.send(&service.staff("DELETE", &path).header("Idempotency-Key", wrong));
        assert_eq!(answer.status, 400, "{answer:?}");
        assert_eq!(service.entries(), entries + 1);
    }
    assert_eq!(service.rows(), before);
}
