//! The rationale of a rule: it can be built, written and read, blockers show it, and it changes nothing else.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use client_lifecycle::domain::{Actor, Record, eq};
use client_lifecycle::policy::{restrict, set_null};
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore, Plan, Request};
use serde_json::{Value, json};

const AUDITOR: &str = "the auditor wants to see them settled first";

fn policy(rules: &Value) -> Result<DeletionPolicy, client_lifecycle::domain::Faults> {
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "debts.client_id": rules } } }
    });
    DeletionPolicy::from_json(&document.to_string())
}

#[test]
fn the_builder_and_the_document_are_equal() {
    let built = DeletionPolicy::of("clients")
        .reference_with("debts.client_id", "clients", |reference| reference.nullable())
        .hard_delete(|mode| {
            mode.allow_any().rule(
                "debts.client_id",
                restrict().rationale(AUDITOR).when(eq("status", "PENDING")).otherwise(set_null()),
            )
        })
        .build();
    let read = policy(&json!([
        { "when": { "field": "status", "eq": "PENDING" }, "then": "restrict", "because": AUDITOR },
        { "then": "set_null" } ]));
    assert_eq!(built, read);
}

#[test]
fn a_rule_is_written_as_it_was_read() {
    for rules in [
        json!({ "then": "restrict", "because": AUDITOR }),
        json!({ "then": "cascade" }),
        json!({ "retain": { "for": "P6Y", "from": "paid_at", "basis": "tax" }, "on_survive": "set_null", "because": "x" }),
        json!([ { "when": { "field": "status", "eq": "A" }, "then": "keep", "because": "a" },
                { "then": "delete", "because": "b" } ]),
    ] {
        let read = policy(&rules).unwrap();
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(written["modes"]["hard_delete"]["rules"]["debts.client_id"], rules);
        assert_eq!(policy(&rules).unwrap(), read);
    }
}

#[test]
fn the_rationale_is_a_key_beside_the_rule() {
    for rules in [
        json!({ "then": { "then": "restrict", "because": "x" } }),
        json!({ "then": "keep", "on_survive": { "set_default": 1, "because": "x" } }),
    ] {
        let faults = policy(&rules).unwrap_err().to_string();
        assert!(faults.contains("belong beside `then`"), "{faults}");
    }
}

async fn plan(policy: DeletionPolicy) -> Plan {
    let store = MemoryStore::new()
        .with("clients", [Record::new("c1")])
        .with("debts", [Record::new("d1").with("client_id", "c1")]);
    let request = Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN"));
    let lifecycle = Lifecycle::open(store, policy).await.unwrap();
    lifecycle.plan(&request).await.unwrap()
}

#[tokio::test]
async fn blockers_show_the_rationale_and_the_digest_ignores_it() {
    let silent = plan(policy(&json!("restrict")).unwrap()).await;
    let telling = plan(policy(&json!({ "then": "restrict", "because": AUDITOR })).unwrap()).await;
    assert!(telling.to_string().contains(AUDITOR), "{telling}");
    assert_eq!(silent.digest, telling.digest);

    let silent = plan(policy(&json!("cascade")).unwrap()).await;
    let telling = plan(policy(&json!({ "then": "cascade", "because": AUDITOR })).unwrap()).await;
    assert_eq!(
        silent.to_string().replace(char::is_numeric, ""),
        telling.to_string().replace(char::is_numeric, "")
    );
    assert_eq!(silent.digest, telling.digest);
}
