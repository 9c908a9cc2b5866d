//! Seed S1: deletion of the notification system's users.

use client_lifecycle::domain::AuditOutcome;

use super::start;
use crate::curl::commands;
use crate::seeds::json_after;
use crate::service::Call;

const S1: u8 = 1;

/// R48, R49, R50, R51
#[test]
fn the_documented_deletion_has_no_content_and_deletes_all_data_of_the_user() {
    let Some(service) = start() else { return };
    let delete = &commands(S1, "")[0];
    let answer = service.send(delete);
    assert_eq!((answer.status, &*answer.text), (204, ""));
    let user = service.id("user");
    for table in [
        "users WHERE id",
        "preferences WHERE user_id",
        "push_tokens WHERE user_id",
        "notifications WHERE user_id",
    ] {
        assert_eq!(service.number(&format!("SELECT count(*) FROM {table} = '{user}'")), 0, "{table}");
    }
}

/// R52
#[test]
fn a_missing_user_is_not_found() {
    let Some(service) = start() else { return };
    let delete = Call::new("DELETE", "/api/v1/users/123e4567-e89b-12d3-a456-42661417ffff");
    service.send(&delete).is(404, &json_after(S1, "404 Not Found"));
    assert_eq!(service.last_entry().outcome, AuditOutcome::NotFound);
}

/// R53, R54
#[test]
fn an_id_that_is_not_a_uuid_fails_validation_and_is_recorded() {
    let Some(service) = start() else { return };
    let before = service.rows();
    for id in [
        "",
        "%20",
        "user123",
        "123e4567-e89b-12d3-a456-42661417400",
        "123e4567-e89b-12d3-a456-42661417400g",
        "%FF%FE",
    ] {
        let entries = service.entries();
        service
            .send(&Call::new("DELETE", &format!("/api/v1/users/{id}")))
            .is(400, &json_after(S1, "400 Bad Request"));
        assert_eq!(service.entries(), entries + 1, "{id}");
        assert_eq!(service.last_entry().outcome, AuditOutcome::Invalid);
    }
    assert_eq!(service.rows(), before);
}
