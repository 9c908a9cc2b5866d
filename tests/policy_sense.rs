//! What makes sense in a policy: which rules in which modes and below which parents, which tests and masks on
//! which types. Tables, so that what is allowed is pinned as well as what is reported.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::collections::BTreeMap;

use client_lifecycle::DeletionPolicy;
use serde_json::{Value, json};

/// The faults of a policy, each as `path: message`; none where it builds.
fn faults(document: &Value) -> Vec<String> {
    match DeletionPolicy::from_json(&document.to_string()) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect(),
    }
}

/// A policy in which every rule has all that it needs.
fn with(mode: &str, rule: &Value) -> Value {
    let kind = json!({ "status": "status", "deleted_at": "deleted_at", "personal": { "name": "null" } });
    json!({
        "subject": "clients",
        "kinds": { "clients": kind, "debts": kind },
        "references": [ { "from": "debts.client_id", "to": "clients", "nullable": true } ],
        "modes": { mode: { "allow": "any", "rules": { "debts.client_id": rule } } }
    })
}

const MODES: [&str; 5] = ["deactivate", "reactivate", "soft_delete", "anonymize", "hard_delete"];

fn rules() -> BTreeMap<&'static str, Value> {
    let named = ["cascade", "delete", "soft_delete", "restrict", "protect", "anonymize", "set_null", "keep"];
    let named = named.into_iter().map(|name| (name, json!({ "then": name })));
    let retain = json!({ "retain": { "for": "P1Y", "from": "at", "basis": "law" } });
    named.chain([("retain", retain)]).collect()
}

#[test]
fn every_rule_makes_sense_in_every_mode_but_these() {
    let senseless = [
        ("anonymize", "reactivate"),
        ("cascade", "anonymize"),
        ("delete", "deactivate"),
        ("delete", "reactivate"),
        ("retain", "deactivate"),
        ("retain", "reactivate"),
        ("retain", "soft_delete"),
        ("soft_delete", "reactivate"),
    ];
    for (name, rule) in rules() {
        for mode in MODES {
            let expected = match senseless.contains(&(name, mode)) {
                true => vec![format!(
                    "modes.{mode}.rules.debts.client_id: `{name}` makes no sense in mode {mode}"
                )],
                false => Vec::new(),
            };
            assert_eq!(faults(&with(mode, &rule)), expected, "{name} in {mode}");
        }
    }
}

#[test]
fn every_rule_makes_sense_below_parents_that_stay_but_those_that_speak_of_removed_ones() {
    for (name, mut rule) in rules() {
        for parent in ["retain", "anonymize"] {
            rule["parent"] = json!(parent);
            let expected = match name {
                "cascade" | "restrict" => vec![format!(
                    "modes.hard_delete.rules.debts.client_id[0]: `{name}` speaks of removed parents, and this \
                     parent stays"
                )],
                _ => Vec::new(),
            };
            assert_eq!(
                faults(&with("hard_delete", &json!([rule, "keep"]))),
                expected,
                "{name} below {parent}"
            );
        }
    }
}
