//! Requests that a policy refuses without reading data, each with its error.

use chrono::DateTime;
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Mode, Reason, RecordId, Request};
use serde_json::json;

fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "unions", "kinds": { "unions": { "deleted_at": "deleted_at" } },
        "references": [ { "from": "members.union_id", "to": "unions" }, { "from": "loans.union_id", "to": "unions" },
                        { "from": "notes.union_id", "to": "unions" } ],
        "modes": {
            "hard_delete": { "allow": [ { "role": "ADMIN" } ], "reason": "required", "rules": {
                "members.union_id": "reassign", "loans.union_id": { "reassign": { "to": "u9" } },
                "notes.union_id": "cascade" } },
            "soft_delete": { "allow": [ { "role": "ADMIN" }, { "self": true } ], "rules": { "*": "keep" } } }
    });
    let mut document = document;
    for kind in ["members", "loans", "notes"] {
        document["kinds"][kind] = json!({});
    }
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Returns the code and the message of a refused request; `None` if the request is accepted.
fn refused(request: &Request) -> Option<(&'static str, String)> {
    let refusal = policy().inquire(request, DateTime::UNIX_EPOCH).err()?;
    Some((refusal.code(), refusal.to_string()))
}

#[allow(clippy::unnecessary_wraps, reason = "compared with what `refused` answers")]
fn invalid(said: &str) -> Option<(&'static str, String)> {
    Some(("invalid", format!("the request is invalid: {said}")))
}

fn admin(request: Request) -> Request {
    request.by(Actor::new("ana", "ADMIN"))
}

fn hard_delete() -> Request {
    admin(Request::hard_delete("unions", "u1")).with_reason(Reason::PrivacyRequest)
}

#[test]
fn a_complete_request_is_accepted() {
    assert_eq!(refused(&hard_delete()), None);
    assert_eq!(refused(&admin(Request::soft_delete("unions", "u1"))), None, "no reason is required there");
}

#[test]
fn a_request_must_have_a_kind_and_a_mode_of_the_policy() {
    let other = admin(Request::hard_delete("clients", "u1"));
    assert_eq!(refused(&other), invalid("the policy is for `unions`, not for `clients`"));
    let other = admin(Request::new(Mode::Anonymize, "unions", "u1"));
    assert_eq!(refused(&other), invalid("the policy does not offer anonymize"));
}

#[test]
fn a_request_must_name_records() {
    let empty = Request::batch(Mode::SoftDelete, "unions", Vec::<RecordId>::new());
    let missing = Some(("missing_id", "the request has no id, or an id is empty".to_owned()));
    assert_eq!(refused(&admin(empty)), missing);
    assert_eq!(refused(&admin(Request::soft_delete("unions", ""))), missing);
}

#[test]
fn a_request_needs_a_reason_if_required_and_a_note_for_other_reasons() {
    let silent = admin(Request::hard_delete("unions", "u1"));
    assert_eq!(refused(&silent), invalid("a reason is required"));
    let other = || silent.clone().with_reason(Reason::Other);
    assert_eq!(refused(&other()), invalid("the reason `other` needs a note"));
    assert_eq!(refused(&other().note("  ")), invalid("the reason `other` needs a note"));
    assert_eq!(refused(&other().note("moved away")), None);
}

#[test]
fn a_request_reassigns_only_references_without_a_target_in_the_policy() {
    assert_eq!(refused(&hard_delete().reassign("members.union_id", "u2")), None);
    for other in ["members.union", "loans.union_id", "notes.union_id"] {
        let said = format!("`{other}` is not reassigned by the request in mode hard_delete");
        assert_eq!(refused(&hard_delete().reassign(other, "u2")), invalid(&said));
    }
}

#[test]
fn a_request_needs_an_allowed_actor() {
    let refusal = |request: &Request| refused(request).unwrap_or_default();
    let denied = ("missing_role", "soft_delete of `unions` is for `ADMIN`".to_owned());
    let unauthenticated =
        ("unauthenticated", "soft_delete of `unions` requires a caller who is signed in".to_owned());
    assert_eq!(refusal(&Request::soft_delete("unions", "u1")), unauthenticated);
    let by = |id: &str| Request::soft_delete("unions", "u1").by(Actor::new(id, "USER"));
    assert_eq!(refusal(&by("u2")), denied);
    assert_eq!(refused(&by("u1")), None, "the union itself");
    let both = Request::batch(Mode::SoftDelete, "unions", ["u1", "u2"]).by(Actor::new("u1", "USER"));
    assert_eq!(refusal(&both), denied, "and another one with it");
}

#[test]
fn a_refusal_names_roles_records_and_remedy() {
    use client_lifecycle::domain::AuditOutcome;
    use client_lifecycle::policy::Refusal;
    let ids = |count: usize| (1..=count).map(|id| RecordId::from(format!("c{id}"))).collect::<Vec<_>>();
    let (kind, mode) = ("clients".into(), Mode::HardDelete);
    let not_found = |count| Refusal::NotFound { kind: "clients".into(), ids: ids(count) };
    assert_eq!(not_found(5).to_string(), "no `clients` `c1`, `c2`, `c3`, `c4`, `c5`");
    assert_eq!(not_found(7).to_string(), "no `clients` `c1`, `c2`, `c3`, `c4`, `c5` and 2 more");
    let restricted = Refusal::MissingRole { kind: "clients".into(), mode, roles: Vec::new() };
    assert_eq!(restricted.to_string(), "hard_delete of `clients` is for the subject only");
    let roles = vec!["ADMIN".into(), "STAFF".into()];
    let denied = Refusal::MissingRole { kind: "clients".into(), mode, roles };
    assert_eq!(denied.to_string(), "hard_delete of `clients` is for `ADMIN`, `STAFF`");
    let outside = Refusal::WrongScope { kind, mode, ids: ids(1) };
    assert_eq!(outside.to_string(), "hard_delete of `clients` `c1` is outside the actor's scope");
    let senseless = policy().inquire(&hard_delete().reassign("x.y", "u2"), DateTime::UNIX_EPOCH).unwrap_err();
    for (refusal, code, outcome, remedy) in [
        (not_found(1), "not_found", AuditOutcome::NotFound, "verify that the id exists"),
        (denied, "missing_role", AuditOutcome::Denied, "use an actor with one of these roles"),
        (outside, "wrong_scope", AuditOutcome::Denied, "use an actor whose scope includes the subject"),
        (
            senseless,
            "invalid",
            AuditOutcome::Invalid,
            "use a reference whose rule is `reassign` without a target",
        ),
    ] {
        assert_eq!((refusal.code(), refusal.outcome(), refusal.remedy()), (code, outcome, remedy));
    }
}

#[tokio::test]
async fn a_scope_is_compared_in_the_type_of_the_field() {
    use client_lifecycle::{Lifecycle, MemoryStore};
    for (field_type, managed_by) in [("integer", json!(7)), ("text", json!("7"))] {
        let document = json!({
            "subject": "clients", "kinds": { "clients": { "fields": { "managed_by": field_type } } },
            "modes": { "hard_delete": { "allow": [ { "role": "RESALE", "scope": "managed_by" } ] } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let rows = json!({ "clients": [ { "id": "c1", "managed_by": managed_by } ] });
        let store = MemoryStore::from_json(policy.map(), &rows).unwrap();
        let lifecycle = Lifecycle::open(store, policy).await.unwrap();
        let by = |scope: &str| {
            let reseller = Actor::new("bob", "RESALE").scope(scope).scope("none");
            Request::hard_delete("clients", "c1").by(reseller)
        };
        assert!(lifecycle.plan(&by("7")).await.is_ok(), "{field_type}");
        let refusal = lifecycle.plan(&by("8")).await.unwrap_err().to_string();
        assert!(refusal.contains("outside the actor's scope"), "{refusal}");
    }
}
