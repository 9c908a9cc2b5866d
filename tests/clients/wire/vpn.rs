//! The responses of `DELETE /customer/{userId}`.

use client_lifecycle::clients::wire::{ErrorKind, Wire};

use super::document::{body_after, text};
use super::world::{answer, answers, response};

const SEED: u8 = 2;

// R86 R87 R88 R89 R90
#[tokio::test]
async fn a_successful_deletion_has_its_instant() {
    let expected = (200, body_after(SEED, "Error Response (409)"));
    assert!(expected.1.contains("2024-01-20T14:45:00.000Z"));
    assert_eq!(response(&answer(&Wire::vpn(), "done").await), expected);
    assert_eq!(response(&answer(&Wire::vpn(), "soft deleted").await), expected);
    let deactivated = answer(&Wire::vpn(), "deactivated").await;
    assert_eq!(deactivated.json(), r#"{"success":true,"message":"Customer deactivated successfully"}"#);
}

// R91 R92 R93 R95 R96
#[tokio::test]
async fn every_error_has_the_documented_description_and_solution() {
    let table = text(SEED);
    for (what, status) in [("not signed in", 401), ("wrong role", 403), ("not found", 404), ("broken", 500)] {
        let answer = answer(&Wire::vpn(), what).await;
        assert_eq!(answer.status, status);
        let row = format!("{status} {} {}", answer.message(), answer.remedy);
        assert!(table.contains(&row), "{row}");
    }
}

// R94
#[tokio::test]
async fn a_blocker_is_a_conflict_with_message_and_remedy() {
    let blocked = answer(&Wire::vpn(), "blocked").await;
    assert_eq!(response(&blocked), (409, r#"{"success":false,"message":"there are open debts"}"#.into()));
    assert_eq!(blocked.remedy, "settle the debts");
    let case = Wire::vpn().error_kind(ErrorKind::Blocked);
    assert!(text(SEED).contains(&format!("409 {} {}", case.message(), case.remedy)));
    let warned = answer(&Wire::vpn(), "warned").await;
    assert_eq!((warned.status, warned.message()), (409, "there are sessions (acknowledge `active`)"));
    assert_eq!(warned.remedy, "wait a day, or acknowledge `active`");
}

// R111
#[tokio::test]
async fn a_wrong_role_differs_from_a_wrong_scope() {
    let role = answer(&Wire::vpn(), "wrong role").await;
    let scope = answer(&Wire::vpn(), "wrong scope").await;
    assert_eq!((role.status, scope.status), (403, 403));
    assert_ne!(role.remedy, scope.remedy);
    assert!(text(SEED).contains(&scope.remedy["Verify ".len()..]));
}

// R214
#[tokio::test]
async fn errors_have_the_format_of_successes() {
    for (what, answer) in answers(&Wire::vpn()).await {
        let body: serde_json::Value = serde_json::from_str(&answer.json()).unwrap();
        assert_eq!(body["success"], answer.status < 300, "{what}");
        assert!(body["message"].as_str().is_some_and(|text| !text.is_empty()), "{what}");
    }
}
