//! The benchmark's policy: invoices outlive their client, everything else is deleted with it, and debts block the
//! deletion.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Mode, Request};
use serde_json::{Map, Value, json};

use crate::by_hand::Subjects;
use crate::tables::{RELATIONS, SURVIVING};

pub(crate) fn policy() -> DeletionPolicy {
    let mut kinds = Map::from_iter([("clients".to_owned(), json!({}))]);
    let mut references = Vec::new();
    let mut rules = Map::new();
    for relation in &RELATIONS {
        let name = format!("{}.{}", relation.table, relation.field);
        let survives = relation.table == SURVIVING;
        kinds.insert(relation.table.to_owned(), json!({ "fields": { "status": "text" } }));
        references.push(json!({ "from": name, "to": relation.to, "nullable": survives }));
        rules.insert(name, json!(if survives { "set_null" } else { "cascade" }));
    }
    let document = json!({
        "subject": "clients",
        "kinds": Value::Object(kinds),
        "references": references,
        "modes": { "hard_delete": {
            "allow": [{ "role": "ADMIN" }],
            "guards": [{ "name": "outstanding_debts", "on": "debts", "when": { "field": "status", "eq": "PENDING" },
                         "severity": "block", "message": "the client has unsettled debts" }],
            "rules": Value::Object(rules),
            "effects": [{ "topic": "email.account_deleted" }]
        } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

pub(crate) fn request(subjects: &Subjects) -> Request {
    let ids = subjects.ids.iter().map(String::as_str);
    Request::batch(Mode::HardDelete, "clients", ids).by(Actor::new("ana", "ADMIN"))
}
