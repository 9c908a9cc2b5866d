//! Faults of data maps built in Rust that no document can have.

use client_lifecycle::domain::{DataMap, Fault, Kind, Reference};
use serde_json::json;

use crate::case;

fn reference() -> Reference {
    let map: DataMap = serde_json::from_value(json!({
        "kinds": { "clients": {}, "debts": {} }, "references": [{ "from": "debts.client_id", "to": "clients" }]
    }))
    .unwrap();
    map.reference(&"debts.client_id".into()).unwrap().clone()
}

#[track_caller]
fn map<const K: usize, const R: usize>(kinds: [&str; K], references: [Reference; R]) -> Vec<Fault> {
    case::of(DataMap::new(kinds.map(Kind::named), references))
}

faulty! {
    a_kind_that_is_declared_twice_is_reported:
        map(["clients", "debts", "clients"], [])
        => "kinds.clients", "the kind is declared twice", "give each kind its own name, and set `table` if its table has another name";
    a_reference_that_is_declared_twice_is_reported:
        map(["clients", "debts"], [reference(), reference()])
        => "references.debts.client_id", "the reference is declared twice", "give one of them another `name`, and both an `if` if they have the same fields";
    a_reference_from_an_unknown_kind_is_reported:
        map(["clients"], [reference()])
        => "references.debts.client_id", "unknown kind `debts`", "declare it under `kinds`";
}
