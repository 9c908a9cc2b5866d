//! Converting clients to and from records of a store.

use client_lifecycle::clients::Client;
use client_lifecycle::domain::{Record, RecordId, Value};
use serde_json::json;

use super::maria;

fn read(record: &Record) -> Result<Client, &'static str> {
    Client::from_record(&record.id, record).map_err(|error| error.field)
}

#[test]
fn a_written_client_is_read_unchanged() {
    let record = maria().to_record();
    assert_eq!(read(&record), Ok(maria()));
    let mut names: Vec<String> = record.fields.keys().map(ToString::to_string).collect();
    names.push("user_id".into());
    names.sort();
    let mut expected = Client::FIELDS.map(String::from);
    expected.sort();
    assert_eq!(names, expected);
    assert_eq!(record.id, RecordId::from(maria().user_id()));
}

/// R163: a date of birth is stored as a date.
#[test]
fn dates_and_timestamps_are_not_written_as_text() {
    let record = maria().to_record();
    assert_eq!(record.get("birth_date"), &Value::Date("1990-05-15".parse().unwrap()));
    assert_eq!(record.get("created_at"), &Value::Timestamp("2024-01-15T10:30:00Z".parse().unwrap()));
}

#[test]
fn dates_and_timestamps_are_read_in_the_forms_databases_have() {
    for date in [
        json!("1990-05-15"),
        json!("1990-05-15T00:00:00.000Z"),
        json!("1990-05-15 00:00:00"),
        json!(642_729_600),
    ] {
        assert_eq!(read(&maria().to_record().with("birth_date", Value::from(date))), Ok(maria()));
    }
    for at in [
        json!("2024-01-15T10:30:00.000Z"),
        json!("2024-01-15T11:30:00+01:00"),
        json!("2024-01-15 10:30:00"),
        json!(1_705_314_600),
    ] {
        assert_eq!(read(&maria().to_record().with("created_at", Value::from(at))), Ok(maria()));
    }
}

/// Rows from before the library was used can be read even if they exceed limits. Null fields become empty in a
/// response.
#[test]
fn old_rows_are_readable() {
    let bare = Record::new("550e8400-e29b-41d4-a716-446655440000")
        .with("email", "not an address")
        .with("name", "x".repeat(1_000))
        .with("phone", 600_000_000_i64)
        .with("address", Value::Null)
        .with("status", "ON")
        .with("created_at", "2024-01-15T10:30:00Z");
    let client = read(&bare).unwrap();
    assert_eq!(client.phone(), "600000000");
    assert_eq!((client.birth_date(), client.document_type()), (None, None));
    assert_eq!(client.updated_at(), client.created_at());
    let answer = serde_json::to_value(&client).unwrap();
    assert_eq!(answer.as_object().unwrap().len(), Client::FIELDS.len());
    assert!(answer.as_object().unwrap().values().all(serde_json::Value::is_string));
    assert_eq!(read(&client.to_record()), Ok(client));
}

#[test]
fn a_record_that_is_not_a_client_names_the_invalid_field() {
    let id = |id: RecordId| read(&Record { id, ..maria().to_record() });
    assert_eq!(id(7.into()), Err("user_id"));
    assert_eq!(id("user123".into()), Err("user_id"));
    assert_eq!(id("550E8400-E29B-41D4-A716-446655440000".into()), Ok(maria()));
    let wrong = [
        ("email", json!(["a"])),
        ("birth_date", json!("1990-02-30")),
        ("birth_date", json!(true)),
        ("role", json!("ADMIN")),
        ("role", json!("")),
        ("status", json!(null)),
        ("status", json!("on")),
        ("document_type", json!("CIF")),
        ("created_at", json!(null)),
        ("created_at", json!("yesterday")),
        ("updated_at", json!("yesterday")),
    ];
    for (field, value) in wrong {
        assert_eq!(read(&maria().to_record().with(field, Value::from(value))), Err(field));
    }
}
