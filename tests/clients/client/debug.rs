//! Personal data does not appear in `Debug`, `Display` or errors.

use client_lifecycle::clients::{Client, ClientPatch, ClientRules, NewClient};
use client_lifecycle::domain::Status;
use serde_json::{Value, json};

use super::{maria, new_client};

/// Returns the personal values of the test client.
fn personal() -> Vec<String> {
    let answer = serde_json::to_value(maria()).unwrap();
    let fields = answer.as_object().unwrap().iter();
    let shown = ["user_id", "role", "status", "created_at", "updated_at", "avatar", "document_type"];
    fields
        .filter(|(name, _)| !shown.contains(&name.as_str()))
        .map(|(_, value)| value.as_str().unwrap().into())
        .collect()
}

fn hides(text: &str) {
    for value in personal() {
        assert!(!value.is_empty() && !text.contains(&value), "`{value}` in {text}");
    }
}

#[test]
fn debug_shows_no_personal_value() {
    let client = maria();
    assert_eq!(
        format!("{client:?}"),
        "Client { user_id: 550e8400-e29b-41d4-a716-446655440000, status: On, .. }"
    );
    hides(&format!("{client:#?} {:?}", client.to_record()));
    let mut body = serde_json::to_value(&client).unwrap();
    for name in ["user_id", "role", "created_at", "updated_at"] {
        body.as_object_mut().unwrap().remove(name);
    }
    hides(&format!("{:#?}", NewClient::from_json(&body).unwrap()));
    body.as_object_mut().unwrap().remove("avatar");
    let patch = ClientPatch::from_json(&body).unwrap();
    hides(&format!("{patch:#?} {:?}", patch.values()));
    let small = ClientPatch::new().with_status(Status::Off).with_phone("600000000");
    assert_eq!(format!("{small:?}"), "ClientPatch { status: Off, fields: [`phone`], .. }");
}

/// R165: every violation is reported, and no report contains the invalid value.
#[test]
fn violations_and_bad_records_do_not_repeat_values() {
    let secret = "s3cr3t-value-\u{301}\0";
    let names = [
        "email",
        "name",
        "surname",
        "phone",
        "address",
        "city",
        "country",
        "postal_code",
        "gender",
        "birth_date",
        "status",
        "document_type",
        "document_number",
        "avatar",
        "role",
        "password",
    ];
    let body: Value = names.iter().map(|name| ((*name).to_owned(), json!(secret))).collect();
    for violations in [ClientPatch::from_json(&body).unwrap_err(), NewClient::from_json(&body).unwrap_err()] {
        let shown = format!("{violations} {violations:?} {}", serde_json::to_string(&violations).unwrap());
        assert!(!shown.contains("s3cr3t"), "{shown}");
        for name in names.iter().filter(|name| **name != "document_number") {
            assert!(violations.iter().any(|violation| violation.path == *name), "{name} in {violations}");
        }
    }
    let strict = ClientRules::default().check_document_letters();
    let letter = NewClient::from_json_under(&new_client(&json!({})), &strict).unwrap_err();
    hides(&format!("{letter} {letter:?}"));
    for name in Client::FIELDS.into_iter().filter(|name| *name != "user_id") {
        let record = maria().to_record().with(name, client_lifecycle::domain::Value::Json(json!(secret)));
        let error = Client::from_record(&record.id, &record).unwrap_err();
        assert_eq!(error.field, name);
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    }
}
