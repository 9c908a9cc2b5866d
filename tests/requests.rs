//! Requests that make no sense under a policy: refused before any data is looked at, each with what is wrong.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

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

/// What is wrong with a request, with its code; nothing where it is asked.
fn refused(request: &Request) -> Option<(&'static str, String)> {
    let refusal = policy().query(request, DateTime::UNIX_EPOCH).err()?;
    Some((refusal.code(), refusal.to_string()))
}

fn invalid(said: &str) -> Option<(&'static str, String)> {
    Some(("invalid", format!("the request is invalid: {said}")))
}

fn admin(request: Request) -> Request {
    request.by(Actor::new("ana", "ADMIN"))
}

fn hard_delete() -> Request {
    admin(Request::hard_delete("unions", "u1")).because(Reason::PrivacyRequest)
}

#[test]
fn a_request_that_says_all_it_has_to_is_asked() {
    assert_eq!(refused(&hard_delete()), None);
    assert_eq!(refused(&admin(Request::soft_delete("unions", "u1"))), None, "no reason is required there");
}

#[test]
fn it_is_for_a_kind_and_a_mode_of_the_policy() {
    let other = admin(Request::hard_delete("clients", "u1"));
    assert_eq!(refused(&other), invalid("the policy is for `unions`, not for `clients`"));
    let other = admin(Request::new(Mode::Anonymize, "unions", "u1"));
    assert_eq!(refused(&other), invalid("the policy does not offer anonymize"));
}

#[test]
fn it_names_records() {
    let nobody = Request::batch(Mode::SoftDelete, "unions", Vec::<RecordId>::new());
    assert_eq!(refused(&admin(nobody)), invalid("no record is named"));
    assert_eq!(refused(&admin(Request::soft_delete("unions", ""))), invalid("an id is empty"));
}

#[test]
fn it_says_why_where_that_is_required_and_what_the_other_reason_is() {
    let silent = admin(Request::hard_delete("unions", "u1"));
    assert_eq!(refused(&silent), invalid("a reason is required"));
    let other = || silent.clone().because(Reason::Other);
    assert_eq!(refused(&other()), invalid("the reason `other` needs a note"));
    assert_eq!(refused(&other().note("  ")), invalid("the reason `other` needs a note"));
    assert_eq!(refused(&other().note("moved away")), None);
}

#[test]
fn it_reassigns_only_what_the_policy_leaves_to_it() {
    assert_eq!(refused(&hard_delete().reassign("members.union_id", "u2")), None);
    for other in ["members.union", "loans.union_id", "notes.union_id"] {
        let said = format!("`{other}` is not reassigned by the request in mode hard_delete");
        assert_eq!(refused(&hard_delete().reassign(other, "u2")), invalid(&said));
    }
}

#[test]
fn it_is_asked_by_somebody_who_may() {
    let refusal = |request: &Request| refused(request).unwrap_or_default();
    let denied = ("missing_role", "soft_delete of `unions` is for `ADMIN`".to_owned());
    assert_eq!(refusal(&Request::soft_delete("unions", "u1")), denied, "nobody asks");
    let by = |id: &str| Request::soft_delete("unions", "u1").by(Actor::new(id, "USER"));
    assert_eq!(refusal(&by("u2")), denied);
    assert_eq!(refused(&by("u1")), None, "the union itself");
    let both = Request::batch(Mode::SoftDelete, "unions", ["u1", "u2"]).by(Actor::new("u1", "USER"));
    assert_eq!(refusal(&both), denied, "and another one with it");
}
