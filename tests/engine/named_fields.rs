//! Fields that only a condition, a scope or an event names must exist when a lifecycle is opened, not when it first plans.

use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore, Store};
use serde_json::{Value, json};

/// A policy that names the fields in `names` in different places.
fn policy(names: &Value) -> DeletionPolicy {
    let is_null = |name: &str| json!({ "field": names[name], "is_null": true });
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [{ "from": "debts.client_id", "to": "clients" }],
        "modes": { "hard_delete": {
            "allow": [{ "role": "RESALE", "scope": names["scope"] }],
            "guards": [{ "name": "open", "on": "debts", "severity": "warn", "when": is_null("guard") }],
            "rules": { "debts.client_id": [{ "when": is_null("rule"), "then": "restrict" }, { "then": "cascade" }] },
            "effects": [{ "topic": "gone", "on": "debts", "when": is_null("effect"), "fields": [names["event"]] }]
        } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap()
}

fn right() -> Value {
    json!({ "scope": "region", "guard": "paid_at", "rule": "paid_at", "effect": "sent_at", "event": "sent_at" })
}

fn rows() -> Value {
    json!({ "clients": [{ "id": 1, "region": "north" }],
            "debts": [{ "id": 1, "client_id": 1, "paid_at": null, "sent_at": null }] })
}

async fn open<S: Store>(store: S, policy: &DeletionPolicy) -> Result<(), String> {
    Lifecycle::open(store, policy.clone()).await.map(|_| ()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_misspelt_field_is_found_when_the_policy_is_opened() {
    let mut cases = vec![(right(), None)];
    for name in ["scope", "guard", "rule", "effect", "event"] {
        let mut names = right();
        names[name] = json!("misspelt");
        cases.push((names, Some(if name == "scope" { "clients" } else { "debts" })));
    }
    for (names, fault) in cases {
        let policy = policy(&names);
        let memory = MemoryStore::from_json(policy.map(), &rows()).unwrap();
        let found = vec![open(memory, &policy).await];
        #[cfg(feature = "sqlite")]
        let found = {
            let tables = "CREATE TABLE clients (id INTEGER PRIMARY KEY, region TEXT);
                CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id), paid_at TEXT, sent_at TEXT)";
            let file = crate::common::sqlite::File::with_tables(policy.map(), tables, &rows()).await;
            [found, vec![open(file.store(), &policy).await]].concat()
        };
        for found in found {
            match fault {
                None => assert_eq!(found, Ok(())),
                Some(kind) => {
                    let message = found.unwrap_err();
                    assert!(message.contains(&format!("kinds.{kind}.fields.misspelt")), "{names}: {message}");
                }
            }
        }
    }
}
