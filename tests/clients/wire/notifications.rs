//! The responses of `DELETE /api/v1/users/{id}`.

use client_lifecycle::clients::ClientPatch;
use client_lifecycle::clients::wire::{ErrorKind, Wire};
use serde_json::json;

use super::document::body_after;
use super::world::{answer, response};

const SEED: u8 = 1;

// R51
#[tokio::test]
async fn a_successful_deletion_has_no_body() {
    let done = answer(&Wire::notifications(), "done").await;
    assert_eq!(response(&done), (204, String::new()));
    assert_eq!(done.body, None);
}

// R52
#[tokio::test]
async fn an_unknown_user_is_not_found() {
    let expected = (404, body_after(SEED, "404 Not Found"));
    assert_eq!(response(&answer(&Wire::notifications(), "not found").await), expected);
}

// R50 R53 R207
#[tokio::test]
async fn an_id_is_a_uuid() {
    let wire = Wire::notifications();
    let expected = (400, body_after(SEED, "400 Bad Request"));
    for text in ["", "user123", "123e4567-e89b-12d3-a456", "123e4567e89b12d3a456426614174000"] {
        assert_eq!(response(&wire.id(text).unwrap_err()), expected, "{text}");
    }
    assert_eq!(response(&answer(&wire, "wrong id").await), expected);
    let id = "123e4567-e89b-12d3-a456-426614174000";
    assert_eq!(wire.id(&id.to_uppercase()).unwrap().to_string(), id);
}

// R54
#[tokio::test]
async fn all_problems_are_returned_at_once() {
    let blocked = answer(&Wire::notifications(), "blocked").await;
    assert_eq!(
        response(&blocked),
        (
            409,
            r#"{"statusCode":409,"message":"there are open debts","errors":["there are open debts","there are disputed debts"]}"#
                .into()
        )
    );
    let no_reason = answer(&Wire::notifications(), "no reason").await;
    assert_eq!(
        no_reason.json(),
        r#"{"statusCode":400,"message":"Validation failed","errors":["a reason is required"]}"#
    );
    let violations = ClientPatch::from_json(&json!({ "name": "M", "phone": "12" })).unwrap_err();
    assert_eq!(
        Wire::notifications().violations(&violations).json(),
        r#"{"statusCode":400,"message":"Validation failed","errors":["Name must be at least 2 characters","Phone must be at least 6 characters"]}"#
    );
}

#[test]
fn undocumented_errors_have_the_documented_shape() {
    let response = |case| response(&Wire::notifications().error_kind(case));
    assert_eq!(
        response(ErrorKind::Unauthenticated),
        (401, r#"{"statusCode":401,"message":"Unauthorized"}"#.into())
    );
    assert_eq!(
        response(ErrorKind::MissingRole),
        (403, r#"{"statusCode":403,"message":"Access denied"}"#.into())
    );
    assert_eq!(
        response(ErrorKind::Failed),
        (500, r#"{"statusCode":500,"message":"Failed to delete user"}"#.into())
    );
}
