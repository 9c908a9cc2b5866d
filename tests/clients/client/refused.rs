//! Request bodies that are refused.

use client_lifecycle::clients::{ClientPatch, NewClient};
use serde_json::{Value, json};

use super::{codes, new_client, seeds};

/// R212: the API returns these fields but does not accept them.
#[test]
fn protected_fields_are_refused_by_name() {
    let names = ["user_id", "role", "avatar", "created_at", "updated_at", "password"];
    for value in [json!("x"), json!(null), json!({ "a": [1] })] {
        let body: Value = names.iter().map(|name| ((*name).to_owned(), value.clone())).collect();
        let violations = ClientPatch::from_json(&body).unwrap_err();
        assert_eq!(codes(&violations), names.map(|name| (name, "not_updatable")));
    }
    let taken = seeds::json_after(3, super::BODY);
    let answered = seeds::json_after(3, super::ANSWER);
    let mut refused: Vec<&String> =
        answered.as_object().unwrap().keys().filter(|name| taken.get(name).is_none()).collect();
    refused.sort_by_key(|name| names.iter().position(|one| one == name));
    assert_eq!(refused, names[..5]);
}

/// R133, R145: a request cannot set a password or a role.
#[test]
fn a_new_client_sets_no_id_role_timestamps_or_password() {
    let body = new_client(&json!({
        "user_id": "550e8400-e29b-41d4-a716-446655440000", "role": "ADMIN", "password": "secret",
        "created_at": "2024-01-15T10:30:00Z", "updated_at": "2024-01-15T10:30:00Z", "avatar": "https://example.org/a.png"
    }));
    let violations = NewClient::from_json(&body).unwrap_err();
    let names = ["user_id", "role", "created_at", "updated_at", "password"];
    assert_eq!(codes(&violations), names.map(|name| (name, "not_settable")));
}

#[test]
fn a_new_client_needs_the_required_fields_and_the_rest_is_empty() {
    let violations = NewClient::from_json(&json!({})).unwrap_err();
    let needed = ["email", "name", "surname", "phone", "birth_date", "document_type", "document_number"];
    assert_eq!(codes(&violations), needed.map(|name| (name, "required")));
    let new = NewClient::from_json(&new_client(&json!({}))).unwrap();
    assert_eq!([&new.address, &new.city, &new.country, &new.postal_code, &new.gender, &new.avatar], [""; 6]);
    let back: NewClient = serde_json::from_value(serde_json::to_value(&new).unwrap()).unwrap();
    assert_eq!(back, new);
}

/// R165: only JSON strings are accepted, and null does not remove a field.
#[test]
fn null_and_other_types_are_refused_for_every_field() {
    let shape = seeds::json_after(3, super::BODY);
    let mut names: Vec<&str> = shape.as_object().unwrap().keys().map(String::as_str).collect();
    names
        .sort_by_key(|name| client_lifecycle::clients::Client::FIELDS.iter().position(|field| field == name));
    assert_eq!(names.len(), 13);
    let wrong = [
        (json!(null), "null"),
        (json!(0), "type"),
        (json!(1e300), "type"),
        (json!(true), "type"),
        (json!([]), "type"),
        (json!(["ON"]), "type"),
        (json!({}), "type"),
        (json!({ "$ne": "" }), "type"),
    ];
    for (value, code) in wrong {
        let body: Value = names.iter().map(|name| ((*name).to_owned(), value.clone())).collect();
        let expected: Vec<_> = names.iter().map(|name| (*name, code)).collect();
        assert_eq!(codes(&ClientPatch::from_json(&body).unwrap_err()), expected);
        assert_eq!(codes(&NewClient::from_json(&body).unwrap_err()), expected);
    }
    let avatar = NewClient::from_json(&new_client(&json!({ "avatar": 7 }))).unwrap_err();
    assert_eq!(codes(&avatar), [("avatar", "type")]);
}

#[test]
fn a_body_that_is_not_an_object_is_refused() {
    for body in [json!(null), json!("OFF"), json!([]), json!([{ "status": "OFF" }]), json!(3), json!(true)] {
        assert_eq!(codes(&ClientPatch::from_json(&body).unwrap_err()), [("", "not_an_object")]);
        assert_eq!(codes(&NewClient::from_json(&body).unwrap_err()), [("", "not_an_object")]);
        assert!(serde_json::from_value::<ClientPatch>(body.clone()).is_err());
        assert!(serde_json::from_value::<NewClient>(body).is_err());
    }
}

#[test]
fn unknown_fields_come_last_by_name() {
    let body = json!({ "zip": "x", "Email": "a@b.es", "": 1, "status": "on", "éa": null, "e-mail": {} });
    let violations = ClientPatch::from_json(&body).unwrap_err();
    let expected = [
        ("status", "one_of"),
        ("", "unknown_field"),
        ("Email", "unknown_field"),
        ("e-mail", "unknown_field"),
        ("zip", "unknown_field"),
        ("éa", "unknown_field"),
    ];
    assert_eq!(codes(&violations), expected);
}

/// The name of an unknown field is shortened and escaped, so it cannot forge a line in a log.
#[test]
fn names_of_unknown_fields_are_escaped_and_shortened() {
    let long = "x".repeat(1_000_000);
    let violations = ClientPatch::from_json(&json!({ long: "" })).unwrap_err();
    assert_eq!(violations.first().path.chars().count(), 64);
    let violations = ClientPatch::from_json(&json!({ "a\nERROR all is lost\u{202e}": "" })).unwrap_err();
    let shown = violations.to_string();
    assert!(!shown.contains('\n') && !shown.contains('\u{202e}'), "{shown}");
}

/// PostgreSQL cannot store U+0000 in text, so the library refuses it before it reaches a store.
#[test]
fn a_nul_character_is_refused_in_every_text() {
    let texts = [
        "name",
        "surname",
        "phone",
        "address",
        "city",
        "country",
        "postal_code",
        "gender",
        "document_number",
    ];
    for name in texts {
        let violations = ClientPatch::from_json(&json!({ name: "abc\0defg" })).unwrap_err();
        assert_eq!(codes(&violations), [(name, "character")]);
    }
    let avatar = NewClient::from_json(&new_client(&json!({ "avatar": "\0" }))).unwrap_err();
    assert_eq!(codes(&avatar), [("avatar", "character")]);
}

#[test]
fn serde_refuses_what_from_json_refuses_and_duplicate_fields() {
    let error =
        serde_json::from_str::<ClientPatch>(r#"{ "phone": "1", "fax": "2", "role": "ADMIN" }"#).unwrap_err();
    let said = error.to_string();
    for part in ["phone: Phone must be", "role: Role cannot be changed", "fax: Unknown field `fax`"] {
        assert!(said.contains(part), "{said}");
    }
    let twice = serde_json::from_str::<ClientPatch>(r#"{ "status": "OFF", "status": "ON" }"#).unwrap_err();
    assert!(twice.to_string().contains("duplicate key `status`"));
}
