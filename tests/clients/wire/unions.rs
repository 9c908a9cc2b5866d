//! The responses of `DELETE /api/unions/:id`.

use client_lifecycle::clients::Language;
use client_lifecycle::clients::wire::{ErrorKind, Operation, Wire};

use super::document::body_after;
use super::world::{answer, response};

const SEED: u8 = 4;

// R177 R178 R179
#[tokio::test]
async fn a_successful_deletion_is_confirmed() {
    let expected = (200, body_after(SEED, "Example Response"));
    assert_eq!(response(&answer(&Wire::unions(), "soft deleted").await), expected);
}

// R180 R181 R182 R184
#[tokio::test]
async fn errors_are_as_documented() {
    for (what, status, heading) in [
        ("not signed in", 401, "401 Unauthorized"),
        ("wrong role", 403, "403 Forbidden"),
        ("not found", 404, "404 Not Found"),
    ] {
        assert_eq!(
            response(&answer(&Wire::unions(), what).await),
            (status, body_after(SEED, heading)),
            "{what}"
        );
    }
}

// R183
#[tokio::test]
async fn every_failed_deletion_is_the_documented_400() {
    let expected = (400, body_after(SEED, "400 Bad Request"));
    for what in ["blocked", "warned", "broken", "busy", "changed"] {
        assert_eq!(response(&answer(&Wire::unions(), what).await), expected, "{what}");
    }
    // The response has no field for the remedy, but the host can log it.
    assert_eq!(answer(&Wire::unions(), "blocked").await.remedy, "settle the debts");
}

#[tokio::test]
async fn other_operations_are_not_documented() {
    let updating = Wire::unions().for_operation(Operation::Update);
    assert_eq!(answer(&updating, "broken").await.status, 500);
    assert_eq!(answer(&updating, "busy").await.status, 409);
    let blocked = answer(&updating, "blocked").await;
    assert_eq!(response(&blocked), (409, r#"{"success":false,"message":"there are open debts"}"#.into()));
    let spanish = Wire::unions().in_language(Language::Spanish);
    assert_eq!(spanish.error_kind(ErrorKind::NotFound).message(), "Unión no encontrada");
}
