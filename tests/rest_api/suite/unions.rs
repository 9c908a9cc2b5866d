//! Seed S4: deletion and reassignment of credit unions.

use client_lifecycle::domain::AuditOutcome;
use serde_json::json;

use super::start;
use crate::curl::commands;
use crate::seeds::json_after;
use crate::service::Call;
use crate::shape::{Shape, is_instant, keys_as_written};

const S4: u8 = 4;

/// R173, R174, R176, R177, R178, R179, R185, R186, R188
#[test]
fn the_documented_deletion_has_the_documented_response_and_marks_the_union() {
    let Some(service) = start() else { return };
    let delete = &commands(S4, &service.bearer("ADMIN"))[0];
    let loans = service.number("SELECT count(*) FROM loans");
    let answer = service.send(delete);
    answer.is(200, &json_after(S4, "Example Response"));
    assert_eq!(keys_as_written(&answer.text), ["success", "message"]);
    let deleted = service.database.instant("\"deletedAt\"");
    is_instant(&json!(service.text(&format!("SELECT {deleted} FROM unions WHERE id = 'clx9876543210'"))));
    assert_eq!(service.number("SELECT count(*) FROM loans"), loans);
}

/// R180, R181, R182, R184, R187
#[test]
fn every_documented_refusal_has_the_documented_response() {
    let Some(service) = start() else { return };
    let path = format!("/api/unions/{}", service.id("union"));
    let before = service.rows();
    service.send(&Call::new("DELETE", &path)).is(401, &json_after(S4, "401 Unauthorized"));
    for role in ["MASTER", "RESALE", "USER"] {
        service.send(&service.with_token(role, "DELETE", &path)).is(403, &json_after(S4, "403 Forbidden"));
    }
    let missing = service.with_token("ADMIN", "DELETE", "/api/unions/clx0000000000");
    service.send(&missing).is(404, &json_after(S4, "404 Not Found"));
    assert_eq!(service.rows(), before);
    // A union that is already deleted is not found either.
    let delete = service.with_token("ADMIN", "DELETE", &path);
    assert_eq!(service.send(&delete).status, 200);
    service.send(&delete).is(404, &json_after(S4, "404 Not Found"));
}

/// R175
#[test]
fn only_administrators_can_delete_unions() {
    let Some(service) = start() else { return };
    let path = format!("/api/unions/{}", service.id("union"));
    let statuses = ["USER", "RESALE", "MASTER", "ADMIN"]
        .map(|role| service.send(&service.with_token(role, "DELETE", &path)).status);
    assert_eq!(statuses, [403, 403, 403, 200]);
}

/// R183
#[test]
fn every_blocked_deletion_has_the_documented_response() {
    let Some(service) = start() else { return };
    let with_members =
        service.with_token("ADMIN", "DELETE", &format!("/api/unions/{}", service.id("union_with_members")));
    let before = service.rows();
    service.send(&with_members).is(400, &json_after(S4, "400 Bad Request"));
    assert_eq!(service.last_entry().outcome, AuditOutcome::Blocked);
    assert_eq!(service.rows(), before);
    service.execute("ALTER TABLE members RENAME TO elsewhere");
    service.send(&with_members).is(400, &json_after(S4, "400 Bad Request"));
    assert_eq!(service.last_entry().outcome, AuditOutcome::Failed);
}

#[test]
fn a_union_is_deleted_after_its_members_are_moved() {
    let Some(service) = start() else { return };
    let from = format!("/api/unions/{}", service.id("union_with_members"));
    let to = service.id("union");
    let reassign =
        service.with_token("ADMIN", "POST", &format!("{from}/reassign-members")).json(&json!({ "to": to }));
    service
        .send(&reassign)
        .is(200, &json!({ "success": true, "message": "Members reassigned successfully" }));
    assert_eq!(service.number(&format!("SELECT count(*) FROM members WHERE union_id <> '{to}'")), 0);
    assert_eq!(service.last_entry().action, "UNION_REASSIGNED");
    assert_eq!(service.send(&service.with_token("ADMIN", "DELETE", &from)).status, 200);
}

#[test]
fn a_union_can_be_reassigned_to_another_officer() {
    let Some(service) = start() else { return };
    let path = format!("/api/unions/{}/reassign", service.id("union"));
    let reassign = service.with_token("ADMIN", "POST", &path).json(&json!({ "to": "officer-2" }));
    service.send(&reassign).is(200, &json!({ "success": true, "message": "Union reassigned successfully" }));
    assert_eq!(service.text("SELECT officer_id FROM unions WHERE id = 'clx9876543210'"), "officer-2");
}

#[test]
fn a_new_owner_must_exist() {
    let Some(service) = start() else { return };
    service
        .execute("UPDATE unions SET \"deletedAt\" = '2026-01-01T00:00:00.000Z' WHERE id = 'clx9876543210'");
    let from = format!("/api/unions/{}", service.id("union_with_members"));
    let before = service.rows();
    for (what, to) in
        [("reassign-members", "clx9876543210"), ("reassign-members", "nobody"), ("reassign", "nobody")]
    {
        let call = service.with_token("ADMIN", "POST", &format!("{from}/{what}")).json(&json!({ "to": to }));
        let answer = service.send(&call);
        assert_eq!(answer.status, 409, "{what} {to}: {answer:?}");
        Shape::Success.of_error(&answer);
    }
    for wrong in [
        json!({}),
        json!({ "to": 7 }),
        json!({ "to": " " }),
        json!({ "to": null }),
        json!({ "to": "a", "b": 1 }),
        json!([]),
        json!("x"),
    ] {
        for what in ["reassign-members", "reassign"] {
            let entries = service.entries();
            let answer =
                service.send(&service.with_token("ADMIN", "POST", &format!("{from}/{what}")).json(&wrong));
            assert_eq!(answer.status, 400, "{wrong}: {answer:?}");
            Shape::Success.of_error(&answer);
            assert_eq!(service.entries(), entries + 1);
        }
    }
    assert_eq!(service.rows(), before);
}
