//! What an update changes.

use client_lifecycle::clients::{Client, ClientPatch, ClientRules};
use client_lifecycle::domain::{Mode, Status};
use serde_json::{Map, Value, json};

use super::{maria, seeds};

fn after(client: &Client, body: &Value) -> Client {
    let patch = ClientPatch::from_json(body).unwrap_or_else(|violations| panic!("{violations}"));
    client.patched(&patch, "2024-03-05T15:45:00Z".parse().unwrap(), &ClientRules::default()).unwrap()
}

/// Returns a client as JSON, without these fields and without `updated_at`.
fn without(client: &Client, fields: &Map<String, Value>) -> Value {
    let mut answer = serde_json::to_value(client).unwrap();
    answer.as_object_mut().unwrap().retain(|name, _| !fields.contains_key(name) && name != "updated_at");
    answer
}

/// R213, R166, R167: the documented updates change their fields. R114: other fields stay unchanged.
#[test]
fn the_updates_of_the_seed_change_only_the_named_fields() {
    let headings = [
        "cURL - Update phone and address",
        "cURL - Update status",
        "cURL - Update multiple fields",
        "You can update a single field:",
        "Or multiple fields at once:",
    ];
    for heading in headings {
        let body = seeds::with_email(seeds::json_after(3, heading));
        let updated = after(&maria(), &body);
        let answer = serde_json::to_value(&updated).unwrap();
        let fields = body.as_object().unwrap();
        assert!(!fields.is_empty());
        for (name, value) in fields {
            assert_eq!(&answer[name], value, "{heading}");
        }
        assert_eq!(without(&updated, fields), without(&maria(), fields), "{heading}");
    }
}

/// R114: every field can be updated alone, and the update changes nothing else.
#[test]
fn each_field_can_be_updated_alone() {
    let values = json!({
        "email": "eva@example.org", "name": "Eva", "surname": "Ruiz", "phone": "600000000", "address": "Sol 1",
        "city": "Lugo", "country": "France", "postal_code": "27001", "gender": "other",
        "birth_date": "2000-02-29", "document_type": "NIE", "document_number": "X1", "status": "OFF"
    });
    let shape = seeds::json_after(3, super::BODY);
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&values), names(&shape));
    for (name, value) in values.as_object().unwrap() {
        let body = json!({ name: value });
        let updated = after(&maria(), &body);
        assert_eq!(&serde_json::to_value(&updated).unwrap()[name], value);
        assert_ne!(serde_json::to_value(maria()).unwrap()[name], *value);
        let fields = body.as_object().unwrap();
        assert_eq!(without(&updated, fields), without(&maria(), fields), "{name}");
    }
}

/// R114: an update without fields changes nothing, not even `updated_at`.
#[test]
fn an_empty_update_changes_nothing() {
    let patch = ClientPatch::from_json(&json!({})).unwrap();
    assert!(patch.is_empty());
    assert!(patch.values().is_empty());
    assert_eq!(after(&maria(), &json!({})), maria());
}

/// R163: a date of birth is written as a date, not as text.
#[test]
fn the_given_fields_are_written_in_order_without_the_status() {
    let body =
        json!({ "status": "OFF", "birth_date": "1991-01-02", "address": "", "email": "Eva@Example.org" });
    let patch = ClientPatch::from_json(&body).unwrap();
    let values: Vec<(String, String)> =
        patch.values().iter().map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    let expected = [("email", "text"), ("address", "text"), ("birth_date", "date")];
    assert_eq!(values, expected.map(|(name, sort)| (name.to_owned(), sort.to_owned())));
    let written = serde_json::to_value(patch.values()).unwrap();
    assert_eq!(written, json!([["email", "Eva@Example.org"], ["address", ""], ["birth_date", "1991-01-02"]]));
}

/// R168, R169, R170: status ON means active, OFF means inactive, and each change of status has its own mode.
#[test]
fn a_changed_status_deactivates_or_reactivates() {
    assert_eq!(maria().status(), Status::On);
    let patch = ClientPatch::from_json(&json!({ "status": "OFF", "city": "Lugo" })).unwrap();
    let wanted = patch.status().unwrap();
    assert_eq!(maria().status().change_to(wanted), Some(Mode::Deactivate));
    let off = after(&maria(), &json!({ "status": "OFF" }));
    assert_eq!(off.status(), Status::Off);
    assert_eq!(off.status().change_to(wanted), None);
    assert_eq!(off.status().change_to(Status::On), Some(Mode::Reactivate));
    let rest = patch.without_status();
    assert_eq!(rest.status(), None);
    assert_eq!(rest, ClientPatch::new().with_city("Lugo"));
}

/// R165: values from Rust setters are checked like values from JSON.
#[test]
fn setters_and_json_are_equivalent() {
    let body = json!({
        "email": "eva@example.org", "name": "Eva", "surname": "Ruiz", "phone": "600000000", "address": "Sol 1",
        "city": "Lugo", "country": "France", "postal_code": "27001", "gender": "other",
        "birth_date": "2000-02-29", "document_type": "NIE", "document_number": "X1", "status": "OFF"
    });
    let built = ClientPatch::new()
        .with_email("eva@example.org")
        .with_name("Eva")
        .with_surname("Ruiz")
        .with_phone("600000000")
        .with_address("Sol 1")
        .with_city("Lugo")
        .with_country("France")
        .with_postal_code("27001")
        .with_gender("other")
        .with_birth_date("2000-02-29".parse().unwrap())
        .with_document_type("NIE".parse().unwrap())
        .with_document_number("X1")
        .with_status(Status::Off);
    assert_eq!(ClientPatch::from_json(&body).unwrap(), built);
    assert_eq!(serde_json::to_value(&built).unwrap(), body);
    assert_eq!(serde_json::from_value::<ClientPatch>(body).unwrap(), built);
    let wrong = ClientPatch::new().with_phone("1").with_name("");
    let violations = wrong.validate(&ClientRules::default()).unwrap_err();
    assert_eq!(super::codes(&violations), [("name", "too_short"), ("phone", "too_short")]);
    let now = "2024-03-05T15:45:00Z".parse().unwrap();
    assert_eq!(maria().patched(&wrong, now, &ClientRules::default()).unwrap_err(), violations);
}
