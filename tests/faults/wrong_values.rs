//! Puts wrong values at every place of a policy document. The error must name the place, in words for people.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{DataMap, FaultCode};
use serde_json::{Value, json};

/// A policy document that uses every key.
pub(crate) fn rich() -> Value {
    json!({
        "version": "7",
        "subject": "clients",
        "kinds": {
            "clients": {
                "table": "people", "id": "user_id", "status": { "field": "active", "on": true, "off": false },
                "deleted_at": "deleted_at", "created_at": "created_at", "updated_at": "updated_at",
                "version": "version", "tombstone": true, "volatile": false,
                "filter": { "all": [ { "field": "role", "eq": "USER" }, { "not": { "field": "age", "lt": 18 } } ] },
                "fields": {
                    "email": { "type": "text", "unique": true, "nullable": true, "column": "mail" },
                    "age": "integer", "seen": "timestamp"
                },
                "personal": { "email": "placeholder_email", "name": { "text": "gone" }, "city": { "truncate": 2 },
                              "born": "year", "phone": "null", "doc": "hmac" },
                "shard_key": "tenant"
            },
            "debts": {
                "fields": { "status": "text", "at": "timestamp", "client_id": { "default": "nobody" } },
                "personal": { "note": "null" }, "status": "status", "deleted_at": "deleted_at"
            },
            "items": { "personal": { "note": "null" } },
            "sales": {}
        },
        "references": [
            { "from": "debts.client_id", "to": "clients", "nullable": true, "lock": "table" },
            { "from": "items.debt_id", "to": "debts", "nullable": true },
            { "from": "sales.client_id", "to": "clients", "nullable": true, "lock": "writer" }
        ],
        "excluded": [ { "table": "logs", "because": "no person is named there" },
                      { "table": { "schema": "crm", "table": "old.logs" }, "because": "no person is named there" },
                      { "reference": "logs.client_id", "because": "no person is named there" } ],
        "modes": {
            "hard_delete": {
                "allow": [ { "role": "ADMIN", "scope": "tenant" }, { "self": true } ],
                "reason": "required",
                "guards": [
                    { "name": "open", "on": "debts", "via": ["debts.client_id"], "severity": "block",
                      "when": { "any": [ { "field": "status", "in": ["OPEN"] }, { "field": "at", "after": "now" } ] },
                      "message": "there are debts", "remedy": "settle them" },
                    { "name": "recent", "on": "clients", "severity": "warn",
                      "when": { "field": "seen", "within": "P30D" } },
                    { "name": "old", "on": "debts", "severity": "note",
                      "when": { "all": [ { "field": "at", "older_than": "P1Y" }, { "field": "at", "is_null": false },
                                         { "field": "at", "before": "2024-01-20T00:00:00Z" },
                                         { "field": "status", "ne": "X" } ] } }
                ],
                "rules": {
                    "debts.client_id": [
                        { "when": { "field": "status", "eq": "OPEN" }, "then": "restrict", "because": "unsettled" },
                        { "when": { "field": "status", "eq": "LATE" }, "anonymize": { "memo": { "text": "-" } },
                          "on_survive": "tombstone" },
                        { "when": { "field": "status", "eq": "SET" }, "set_default": "nobody" },
                        { "parent": "retain", "then": "keep" },
                        { "reassign": { "to": "house" }, "qualifies": { "field": "age", "gt": 17 } }
                    ],
                    "items.debt_id": "set_null",
                    "sales.client_id": { "retain": { "for": "P6Y", "from": "at", "basis": "a law" },
                                         "on_survive": { "set_default": "nobody" } }
                },
                "effects": [ { "topic": "t", "on": "debts", "via": ["debts.client_id"],
                               "when": { "field": "status", "ge": "A" }, "fields": ["status"] } ]
            },
            "deactivate": { "allow": "any", "rules": { "*": "keep" } }
        }
    })
}

/// A place in a document: its JSON pointer, the path that faults show for it, and the path of the value that contains
/// it.
pub(crate) struct Place {
    pub(crate) pointer: String,
    path: String,
    parent: String,
}

fn places() -> Vec<Place> {
    places_of(&rich())
}

pub(crate) fn places_of(document: &Value) -> Vec<Place> {
    fn add(value: &Value, place: Place, found: &mut Vec<Place>) {
        let inner: Vec<(String, String, &Value)> = match value {
            Value::Object(map) => {
                let dot = if place.path.is_empty() { "" } else { "." };
                map.iter().map(|(key, value)| (key.clone(), format!("{dot}{key}"), value)).collect()
            }
            Value::Array(list) => {
                let list = list.iter().enumerate();
                list.map(|(index, value)| (index.to_string(), format!("[{index}]"), value)).collect()
            }
            _ => Vec::new(),
        };
        for (key, step, value) in inner {
            let pointer = format!("{}/{key}", place.pointer);
            let path = format!("{}{step}", place.path);
            // A fault in an element of a list may be reported for the whole list.
            let within = if step.starts_with('[') { &place.parent } else { &place.path };
            add(value, Place { pointer, path, parent: within.clone() }, found);
        }
        found.push(place);
    }
    let mut found = Vec::new();
    let root = Place { pointer: String::new(), path: String::new(), parent: String::new() };
    add(document, root, &mut found);
    found
}

pub(crate) fn wrong_values() -> [Value; 10] {
    [
        json!(7),
        json!(-1.5),
        json!(true),
        Value::Null,
        json!("wrong"),
        json!(""),
        json!([]),
        json!([7]),
        json!({}),
        json!({ "wrong": 7 }),
    ]
}

/// Words of Rust and serde that mean nothing to the author of a policy.
const JARGON: [&str; 13] = [
    "variant", "variants", "untagged", "newtype", "struct", "sequence", "map", "unit", "tuple", "enum",
    "invalid", "string", "u16",
];

/// Checks the messages about a document that was changed at one place. Returns whether the document was refused.
#[track_caller]
fn check(document: &Value, place: &Place) -> bool {
    let Err(faults) = DeletionPolicy::from_json(&document.to_string()) else { return false };
    for fault in &faults {
        let text = fault.to_string();
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let jargon: Vec<_> = words.filter(|word| JARGON.contains(word)).collect();
        assert!(jargon.is_empty(), "{jargon:?} in: {text}");
        if fault.code == FaultCode::Form {
            let named = fault.path.starts_with(&place.parent) || place.pointer.is_empty();
            assert!(named, "{} is wrong, and the fault says {text}", place.path);
            assert!(fault.path != "." || place.pointer.is_empty(), "{text}");
        }
    }
    true
}

#[test]
fn the_document_with_every_key_builds() {
    let faults = DeletionPolicy::from_json(&rich().to_string()).err().map(|faults| faults.to_string());
    assert_eq!(faults, None);
}

#[test]
fn a_wrong_value_at_any_place_is_reported_there_in_words_for_people() {
    let mut refused = 0;
    for place in places() {
        for wrong in wrong_values() {
            let mut document = rich();
            *document.pointer_mut(&place.pointer).unwrap() = wrong;
            refused += usize::from(check(&document, &place));
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn an_unknown_key_in_any_object_is_reported_with_its_name() {
    for place in places() {
        let mut document = rich();
        let Value::Object(map) = document.pointer_mut(&place.pointer).unwrap() else { continue };
        map.insert("unheard_of".to_owned(), json!(7));
        let inside = Place { parent: place.path.clone(), ..place };
        assert!(check(&document, &inside), "{} takes any key", inside.path);
        let faults = DeletionPolicy::from_json(&document.to_string()).unwrap_err().to_string();
        assert!(faults.contains("unheard_of"), "{faults}");
    }
}

/// serde writes an enum variant without a field in this form, and earlier versions read it.
#[test]
fn a_mask_without_a_value_may_be_an_object_with_null() {
    for mask in ["null", "year", "placeholder_email", "hmac"] {
        let mut document = rich();
        document["kinds"]["items"]["personal"]["note"] = json!(mask);
        let plain = serde_json::from_value::<DataMap>(only_map(&document)).unwrap();
        document["kinds"]["items"]["personal"]["note"] = json!({ mask: null });
        assert_eq!(serde_json::from_value::<DataMap>(only_map(&document)).unwrap(), plain);
    }
}

fn only_map(document: &Value) -> Value {
    json!({ "kinds": document["kinds"], "references": document["references"] })
}

#[test]
fn faults_of_masks_and_maps_have_the_same_messages_in_other_formats() {
    let mut document = rich();
    document["kinds"]["items"]["personal"]["note"] = json!("text");
    let error = serde_json::from_value::<DeletionPolicy>(document).unwrap_err().to_string();
    assert_eq!(error, "the mask `text` needs its text; expected {\"text\": \"anonymized\"}");
    let map = json!({ "kinds": { "clients": { "tombstone": "yes" } } });
    let error = serde_json::from_value::<DataMap>(map).unwrap_err().to_string();
    assert_eq!(error, "found the text `yes`; expected `true` or `false`");
}
