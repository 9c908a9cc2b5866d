//! Reading and writing rows as JSON, and the faults that the memory store finds in them.

use client_lifecycle::domain::{DataMap, Record, Value};
use client_lifecycle::memory::MemoryStore;
use client_lifecycle::store::Store;
use serde_json::json;

fn map() -> DataMap {
    serde_json::from_value(json!({
        "kinds": {
            "clients": { "id": "user_id", "status": "status", "deleted_at": "deleted_at",
                         "fields": { "role": "text", "nickname": { "type": "text", "nullable": true } },
                         "personal": { "email": "placeholder_email" } },
            "debts": { "fields": { "due_at": "timestamp" } },
            "sessions": {}
        },
        "references": [
            { "from": "debts.client_id", "to": "clients" },
            { "from": "sessions.client_id", "to": "clients", "nullable": true }
        ]
    }))
    .unwrap()
}

#[test]
fn rows_are_written_as_read_in_the_order_of_ids() {
    let data = json!({
        "clients": [ { "user_id": 10, "name": "Ana", "score": 1.5, "tags": ["a", { "b": null }] }, { "user_id": 9 } ],
        "unmapped": [ { "whatever": true }, { "no": "id" } ]
    });
    let store = MemoryStore::from_json(&map(), &data).unwrap();
    assert_eq!(store.rows("clients").len(), 2);
    assert!(store.rows("clients")[0].fields.is_empty(), "the id is not a field");
    assert!(store.rows("clients")[1].get("name") == &Value::from("Ana"));
    let written = store.to_json();
    assert_eq!(written["clients"][0], json!({ "user_id": 9 }));
    assert_eq!(written["clients"][1], data["clients"][0]);
    assert_eq!(written["unmapped"], data["unmapped"]);
    assert_eq!(written.as_object().unwrap().len(), 2, "no tables of the library");
}

#[test]
fn a_store_built_in_code_is_written_too() {
    let store = MemoryStore::new().with("clients", [Record::new("c1").with("name", "Ana")]);
    assert_eq!(store.to_json(), json!({ "clients": [ { "id": "c1", "name": "Ana" } ] }));
}

#[test]
fn every_fault_names_its_place() {
    let data = json!({
        "clients": { "user_id": 1 },
        "debts": [ { "id": "d1" }, 7, { "id": "d1" }, { "amount": 3 }, { "id": null }, { "id": "" },
                   { "id": 1.5 }, { "id": [1] }, { "id": 18_446_744_073_709_551_615_u64 } ],
        "lifecycle_audit": []
    });
    let faults = MemoryStore::from_json(&map(), &data).unwrap_err();
    let places: Vec<&str> = faults.iter().map(|fault| &*fault.path).collect();
    let expected = [
        "clients",
        "debts[1]",
        "debts[2].id",
        "debts[3].id",
        "debts[4].id",
        "debts[5].id",
        "debts[6].id",
        "debts[7].id",
        "debts[8].id",
        "lifecycle_audit",
    ];
    assert_eq!(places, expected);
    let not_an_object = MemoryStore::from_json(&map(), &json!([])).unwrap_err();
    assert_eq!(not_an_object.len(), 1);
}

#[test]
fn a_json_syntax_error_has_its_line() {
    let text = "{\n  \"clients\": [ {\"user_id\": \"secret\" ]\n}";
    let faults = MemoryStore::from_reader(&map(), text.as_bytes()).unwrap_err();
    assert!(faults.to_string().starts_with("line 2, "), "{faults}");
    assert!(!faults.to_string().contains("secret"));
    let store = MemoryStore::from_reader(&map(), &b"{\"debts\": []}"[..]).unwrap();
    assert!(store.rows("debts").is_empty());
}

async fn faults(data: serde_json::Value) -> Vec<String> {
    let store = MemoryStore::from_json(&map(), &data).unwrap();
    let faults = store.check(&map()).await.unwrap();
    faults.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn rows_that_fit_have_no_faults() {
    let data = json!({
        "clients": [ { "user_id": "c1", "email": "a@example.org", "role": "USER" }, { "user_id": "c2" } ],
        "debts": [], "sessions": [ { "id": 1 } ]
    });
    assert_eq!(faults(data).await, Vec::<String>::new());
}

#[tokio::test]
async fn all_misfits_are_reported_at_once() {
    let data = json!({
        "clients": [ { "user_id": 1, "email": null }, { "user_id": "x" } ],
        "debts": [ { "id": "d1", "client_id": 1 }, { "id": "d2" }, { "id": "d3", "client_id": true },
                   { "id": "d4", "client_id": null } ]
    });
    let faults = faults(data).await;
    let expected = [
        "kinds.clients.fields.role: no row of `clients` has the field `role`",
        "kinds.clients.id: 1 of 2 ids are integers, the others are text",
        "kinds.debts.fields.due_at: no row of `debts` has the field `due_at`",
        "kinds.sessions: the store has no kind `sessions`",
        "references.debts.client_id: the reference is not nullable, but there are 2 rows (`d2`, `d4`) without a value",
    ];
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (fault, start) in faults.iter().zip(expected) {
        assert!(fault.starts_with(start), "{fault}");
    }
}

#[tokio::test]
async fn references_of_another_type_than_the_ids_are_reported() {
    let data = json!({
        "clients": [ { "user_id": 1, "email": null, "role": "USER" } ],
        "debts": [ { "id": "d1", "client_id": 1, "due_at": null }, { "id": "d2", "client_id": "1" },
                   { "id": "d3", "client_id": true } ],
        "sessions": []
    });
    let expected = "references.debts.client_id: the ids of `clients` are integers, \
                    but there are 2 rows (`d2`, `d3`) with another type \
                    (store references in the same form as the ids they refer to)";
    assert_eq!(faults(data).await, [expected]);
}

#[test]
fn rows_in_json_under_a_duplicate_key_are_a_fault() {
    for data in [
        r#"{"clients": [{"user_id": "c1"}], "clients": []}"#,
        r#"{"clients": [{"user_id": "c1", "user_id": "c2"}]}"#,
    ] {
        let faults = MemoryStore::from_reader(&map(), data.as_bytes()).unwrap_err();
        assert!(faults.to_string().contains("duplicate key"), "{faults}");
    }
}

/// As a floating-point number, this value would become 18446744073709552000.
#[test]
fn numbers_above_64_bits_stay_unchanged() {
    let rows = json!({ "clients": [ { "user_id": "c1", "n": u64::MAX } ], "debts": [], "sessions": [] });
    let store = MemoryStore::from_json(&map(), &rows).unwrap();
    assert_eq!(store.to_json(), rows);
}
