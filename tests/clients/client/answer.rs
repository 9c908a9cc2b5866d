//! Responses that contain a client.

use client_lifecycle::clients::{Client, ClientPatch, ClientRules};
use serde_json::Value;

use super::{maria, seeds};

/// R152, R113: the documented example update returns the documented example response, byte for byte.
/// R133: the response contains no password.
#[test]
fn the_example_response_is_equal_byte_for_byte() {
    let patch = seeds::json_after(3, "cURL - Update phone and address");
    let patch = ClientPatch::from_json(&patch).unwrap();
    let at = "2024-03-05T15:45:00Z".parse().unwrap();
    let updated = maria().patched(&patch, at, &ClientRules::default()).unwrap();
    let expected = seeds::json_text_after(3, "Example Response");
    let expected = expected.replace(seeds::MANGLED_EMAIL, seeds::EMAIL);
    assert_eq!(serde_json::to_string_pretty(&updated).unwrap(), expected);
}

/// R134, R135, R136, R137, R138, R139, R140, R141, R142, R143, R144, R145, R146, R147, R148, R149, R150, R151: the
/// response has exactly the documented fields, each as text, in the documented order.
#[test]
fn every_field_of_the_response_is_text() {
    let shape = seeds::json_text_after(3, super::ANSWER);
    let names: Vec<&str> = shape.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert_eq!(names, Client::FIELDS);
    let answer = serde_json::to_string_pretty(&maria()).unwrap();
    let answered: Vec<&str> = answer.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert_eq!(answered, names);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert!(answer.as_object().unwrap().values().all(Value::is_string));
}

/// R134, R144, R145, R146, R147, R150, R151: ids, dates, timestamps and enumerations have their documented format.
#[test]
fn ids_dates_and_timestamps_have_their_documented_format() {
    let answer = serde_json::to_value(maria()).unwrap();
    assert_eq!(answer["user_id"], "550e8400-e29b-41d4-a716-446655440000");
    assert_eq!(answer["birth_date"], "1990-05-15");
    assert_eq!(answer["role"], "USER");
    assert_eq!(answer["status"], "ON");
    assert_eq!(answer["avatar"], "");
    assert_eq!(answer["created_at"], "2024-01-15T10:30:00.000Z");
    assert_eq!(answer["updated_at"], "2024-01-15T10:30:00.000Z");
}

/// R164: an update sets `updated_at`, with milliseconds.
#[test]
fn an_update_has_a_timestamp_in_milliseconds() {
    let patch = ClientPatch::new().with_city("Sevilla");
    let at = "2024-03-05T15:45:00.123999Z".parse().unwrap();
    let client = maria().patched(&patch, at, &ClientRules::default()).unwrap();
    assert_eq!(
        client.updated_at(),
        "2024-03-05T15:45:00.124Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap()
    );
    assert_eq!(client.created_at(), maria().created_at());
}
