//! Which combinations are valid in a policy: rules by mode and parent, comparisons and masks by field type. Tables
//! list valid and invalid combinations.
#![allow(clippy::match_bool, reason = "what is true and what is false stand side by side")]

use std::collections::BTreeMap;

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::eq;
use client_lifecycle::policy::{cascade, keep};
use serde_json::{Value, json};

/// Returns the faults of a policy as `path: message`; empty if the policy is valid.
fn faults(document: &Value) -> Vec<String> {
    match DeletionPolicy::from_json(&document.to_string()) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect(),
    }
}

/// Returns a policy with this rule, in which any rule finds the fields it needs.
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
fn rules_are_valid_in_these_modes() {
    let senseless = [
        ("anonymize", "reactivate"),
        ("cascade", "anonymize"),
        ("delete", "reactivate"),
        ("retain", "deactivate"),
        ("retain", "reactivate"),
        ("retain", "soft_delete"),
        ("soft_delete", "reactivate"),
    ];
    for (name, rule) in rules() {
        for mode in MODES {
            let said = format!("modes.{mode}.rules.debts.client_id: `{name}` is not valid in mode {mode}");
            let expected = if senseless.contains(&(name, mode)) { vec![said] } else { Vec::new() };
            assert_eq!(faults(&with(mode, &rule)), expected, "{name} in {mode}");
        }
    }
}

#[test]
fn rules_are_valid_below_these_parents() {
    for (name, mut rule) in rules() {
        for parent in ["retain", "anonymize"] {
            rule["parent"] = json!(parent);
            let expected = match name {
                "cascade" | "restrict" => vec![format!(
                    "modes.hard_delete.rules.debts.client_id[0]: `{name}` applies to removed parents, but this \
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

const TYPES: [&str; 8] = ["text", "integer", "boolean", "decimal", "date", "timestamp", "uuid", "json"];

/// Returns a policy with a guard that tests the field `f` of `debts`.
fn tested(test: &Value) -> Value {
    let mut document = with("hard_delete", &json!("keep"));
    let mut when = test.clone();
    when["field"] = json!("f");
    document["modes"]["hard_delete"]["guards"] =
        json!([{ "name": "g", "on": "debts", "severity": "block", "when": when }]);
    document
}

#[test]
fn comparisons_are_valid_for_these_types() {
    let tests: [(Value, &[&str]); 15] = [
        (json!({ "is_null": true }), &TYPES),
        (json!({ "eq": "x" }), &["text", "uuid"]),
        (json!({ "lt": "x" }), &["text", "uuid"]),
        (json!({ "in": ["x"] }), &["text", "uuid"]),
        (json!({ "eq": 1 }), &["integer", "boolean", "decimal", "date", "timestamp"]),
        (json!({ "ge": 1 }), &["integer", "decimal", "date", "timestamp"]),
        (json!({ "in": [2, 3] }), &["integer", "decimal", "date", "timestamp"]),
        (json!({ "in": [1, "x"] }), &[]),
        (json!({ "eq": 1.5 }), &["decimal"]),
        (json!({ "eq": true }), &["boolean"]),
        (json!({ "ne": true }), &["boolean"]),
        (json!({ "gt": true }), &[]),
        (json!({ "eq": "2024-02-29" }), &["text", "uuid", "date", "timestamp"]),
        (json!({ "within": "P1D" }), &["date", "timestamp"]),
        (json!({ "before": "now" }), &["date", "timestamp"]),
    ];
    for (test, types) in &tests {
        for field_type in TYPES {
            let mut document = tested(test);
            document["kinds"]["debts"]["fields"] = json!({ "f": field_type });
            let found = faults(&document);
            assert_eq!(found.is_empty(), types.contains(&field_type), "{test} on {field_type}: {found:?}");
            assert!(found.iter().all(|fault| fault.starts_with("modes.hard_delete.guards[0].when: ")));
        }
    }
}

#[test]
fn an_undeclared_field_has_the_type_of_its_first_comparison() {
    let tests = [
        (json!({ "eq": "x" }), "text"),
        (json!({ "eq": 1 }), "integer"),
        (json!({ "eq": 1.5 }), "decimal"),
        (json!({ "eq": true }), "boolean"),
        (json!({ "in": [1, 2] }), "integer"),
        (json!({ "within": "P1D" }), "timestamp"),
        (json!({ "is_null": true }), "text"),
    ];
    for (test, expected) in tests {
        let policy = DeletionPolicy::from_json(&tested(&test).to_string()).unwrap();
        let debts = policy.map().kind(&"debts".into()).unwrap();
        assert_eq!(debts.type_of(&"f".into()).to_string(), expected, "{test}");
    }
    let date = client_lifecycle::domain::Value::Date("2024-02-29".parse().unwrap());
    let moment = client_lifecycle::domain::Value::Timestamp("2024-02-29T10:00:00Z".parse().unwrap());
    for (value, expected) in [(date, "date"), (moment, "timestamp")] {
        let built = DeletionPolicy::of("clients")
            .reference_with("debts.client_id", "clients", |reference| reference.nullable());
        let rule = keep().when(eq("f", value)).otherwise(cascade());
        let built = built.hard_delete(|mode| mode.allow_any().rule("debts.client_id", rule));
        let policy = built.build().unwrap();
        let debts = policy.map().kind(&"debts".into()).unwrap();
        assert_eq!(debts.type_of(&"f".into()).to_string(), expected);
    }
}

#[test]
fn a_field_cannot_have_two_types() {
    let mut document = tested(&json!({ "eq": 1 }));
    let list = json!([{ "when": { "field": "f", "eq": "x" }, "then": "keep" }, "cascade"]);
    document["modes"]["hard_delete"]["rules"]["debts.client_id"] = list;
    assert_eq!(faults(&document), ["modes.hard_delete.guards[0].when: 1 is not a value of type text"]);
}

#[test]
fn a_condition_names_a_field() {
    let mut document = tested(&json!({ "is_null": true }));
    document["modes"]["hard_delete"]["guards"][0]["when"]["field"] = json!("");
    assert_eq!(faults(&document), ["modes.hard_delete.guards[0].when: a condition needs a field"]);
}

#[test]
fn conditions_are_checked_everywhere() {
    let bad = json!({ "field": "f", "gt": true });
    let last = json!({ "then": "cascade" });
    let named = json!([{ "when": bad, "then": "keep" }, last]);
    let places: [(&str, Value, &str); 5] = [
        ("/kinds/clients/filter", bad.clone(), "kinds.clients.filter"),
        (
            "/modes/hard_delete/rules/debts.client_id",
            named.clone(),
            "modes.hard_delete.rules.debts.client_id[0].when",
        ),
        ("/modes/hard_delete/rules", json!({ "*": named }), "modes.hard_delete.rules.*[0].when"),
        (
            "/modes/hard_delete/effects",
            json!([{ "topic": "t", "on": "debts", "when": bad }]),
            "modes.hard_delete.effects[0].when",
        ),
        (
            "/modes/hard_delete/effects",
            json!([{ "topic": "t", "when": bad }]),
            "modes.hard_delete.effects[0].when",
        ),
    ];
    for (pointer, value, path) in places {
        let mut document = with("hard_delete", &json!("keep"));
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = value;
        assert_eq!(faults(&document), [format!("{path}: booleans have no order; use eq or ne")]);
    }
    // A single entry is not in a list, so its path has no index.
    let mut alone = last.clone();
    alone["when"] = bad;
    let document = with("hard_delete", &alone);
    assert_eq!(
        faults(&document),
        [
            "modes.hard_delete.rules.debts.client_id: no entry applies to rows that meet none of the conditions",
            "modes.hard_delete.rules.debts.client_id.when: booleans have no order; use eq or ne",
        ]
    );
}

#[test]
fn a_rule_for_all_others_does_not_apply_to_named_references() {
    let mut document = with("hard_delete", &json!("keep"));
    let others = json!([{ "when": { "field": "f", "eq": 1 }, "then": "keep" }, "cascade"]);
    document["modes"]["hard_delete"]["rules"]["*"] = others;
    document["kinds"]["debts"]["fields"] = json!({ "f": "text" });
    assert_eq!(faults(&document), Vec::<String>::new());
}

/// Returns the faults of a rule that masks `debts`, whose field `f` is declared as `field`.
fn masked(field: &Value, masks: &Value) -> Vec<String> {
    let mut document = with("hard_delete", &json!({ "anonymize": masks }));
    document["kinds"]["debts"]["fields"] = json!({ "f": field });
    let path = "modes.hard_delete.rules.debts.client_id";
    let faults = faults(&document);
    faults.iter().map(|fault| fault.strip_prefix(path).unwrap_or(fault).to_owned()).collect()
}

#[test]
fn masks_are_valid_for_these_types() {
    let masks: [(Value, &[&str]); 5] = [
        (json!("null"), &TYPES),
        (json!({ "text": "gone" }), &["text"]),
        (json!({ "truncate": 2 }), &["text"]),
        (json!("placeholder_email"), &["text"]),
        (json!("year"), &["date", "timestamp"]),
    ];
    for (mask, types) in &masks {
        for field_type in TYPES {
            let said = format!(".anonymize.f: the mask does not fit a field of type {field_type}");
            let expected = if types.contains(&field_type) { Vec::new() } else { vec![said] };
            let found = masked(&json!({ "type": field_type, "nullable": true }), &json!({ "f": mask }));
            assert_eq!(found, expected, "{mask} on {field_type}");
        }
    }
}

#[test]
fn a_mask_with_equal_values_does_not_fit_a_unique_field() {
    let alike = ".anonymize.f: the field is unique, and the mask may give two rows the same value";
    for (field_type, mask, expected) in [
        ("text", json!("null"), vec![]),
        ("text", json!("placeholder_email"), vec![]),
        ("text", json!({ "text": "gone" }), vec![alike]),
        ("text", json!({ "truncate": 2 }), vec![alike]),
        ("date", json!("year"), vec![alike]),
    ] {
        let field = json!({ "type": field_type, "unique": true, "nullable": true });
        assert_eq!(masked(&field, &json!({ "f": mask })), expected, "{mask}");
        let field = json!({ "type": field_type, "nullable": true });
        assert_eq!(masked(&field, &json!({ "f": mask })), Vec::<String>::new(), "{mask}");
    }
}

#[test]
fn a_rule_cannot_mask_ids_or_references_or_contradict_its_kind() {
    let field = json!({ "type": "text", "nullable": true });
    assert_eq!(
        masked(&field, &json!({ "id": "null" })),
        [".anonymize.id: ids and references cannot be masked"]
    );
    assert_eq!(
        masked(&field, &json!({ "client_id": "null" })),
        [".anonymize.client_id: ids and references cannot be masked"]
    );
    assert_eq!(masked(&field, &json!({ "name": "null" })), Vec::<String>::new(), "the kind says the same");
    assert_eq!(
        masked(&field, &json!({ "name": { "text": "x" } })),
        [".anonymize.name: the kind declares a different mask for this field"]
    );
}

#[test]
fn a_kind_without_personal_fields_can_be_anonymized_by_a_rule_with_masks() {
    let mut document = with("hard_delete", &json!({ "anonymize": { "f": "null" } }));
    document["kinds"]["debts"] = json!({ "fields": { "f": { "type": "text", "nullable": true } } });
    assert_eq!(faults(&document), Vec::<String>::new());
    document["modes"]["hard_delete"]["rules"]["debts.client_id"] = json!("anonymize");
    assert_eq!(
        faults(&document),
        ["modes.hard_delete.rules.debts.client_id: `debts` has no personal fields to mask"]
    );
}

#[test]
fn a_period_runs_from_a_date() {
    let rule = json!({ "retain": { "for": "P1Y", "from": "f", "basis": "law" } });
    for field_type in TYPES {
        let mut document = with("hard_delete", &rule);
        document["kinds"]["debts"]["fields"] = json!({ "f": field_type });
        let expected = match field_type {
            "date" | "timestamp" => Vec::new(),
            _ => vec![format!(
                "modes.hard_delete.rules.debts.client_id.retain.from: `f` is {field_type}; expected a date or \
                 timestamp"
            )],
        };
        assert_eq!(faults(&document), expected);
    }
}

#[test]
fn events_carry_sendable_fields_and_guards_and_events_have_names() {
    let mut document = with("hard_delete", &json!("keep"));
    document["kinds"]["debts"]["fields"] = json!({ "extra": "json", "state": "text" });
    document["modes"]["hard_delete"]["effects"] = json!([
        { "topic": "a", "on": "debts", "fields": ["state"] },
        { "topic": "b", "on": "debts", "fields": ["extra"] },
        { "topic": "c", "on": "debts", "fields": [""] },
        { "topic": " ", "on": "debts" }
    ]);
    document["modes"]["hard_delete"]["guards"] = json!([{ "name": " ", "on": "debts", "severity": "note" }]);
    assert_eq!(
        faults(&document),
        [
            "modes.hard_delete.effects[1].fields: `extra` cannot be sent",
            "modes.hard_delete.effects[2].fields: `` cannot be sent",
            "modes.hard_delete.effects[3].topic: an effect needs a topic",
            "modes.hard_delete.guards[0].name: a guard needs a name",
        ]
    );
}

#[test]
fn a_chain_connects_the_subject_with_the_kind_over_declared_references() {
    let chain = |via: &[&str], on: &str| {
        let mut document = with("hard_delete", &json!("keep"));
        document["kinds"]["items"] = json!({});
        let items = json!({ "from": "items.debt_id", "to": "debts", "nullable": true });
        document["references"].as_array_mut().unwrap().push(items);
        document["modes"]["hard_delete"]["rules"]["items.debt_id"] = json!("keep");
        document["modes"]["hard_delete"]["guards"] =
            json!([{ "name": "g", "on": on, "via": via, "severity": "note" }]);
        faults(&document)
    };
    let none: [String; 0] = [];
    assert_eq!(chain(&["debts.client_id", "items.debt_id"], "items"), none);
    assert_eq!(chain(&["debts.client_id"], "debts"), none);
    let path = "modes.hard_delete.guards[0].via: ";
    assert_eq!(
        chain(&["items.debt_id"], "items"),
        [format!("{path}`items.debt_id` does not refer to `clients`")]
    );
    assert_eq!(chain(&["debts.client"], "debts"), [format!("{path}unknown reference `debts.client`")]);
    assert_eq!(
        chain(&["debts.client_id"], "items"),
        [format!("{path}the chain ends at `debts`, not at `items`")]
    );
}

#[test]
fn a_rule_needs_the_field_that_it_writes() {
    for (rule, mode, field) in [
        ("cascade", "soft_delete", Some("deleted_at")),
        ("cascade", "deactivate", Some("status")),
        ("cascade", "reactivate", Some("status")),
        ("cascade", "hard_delete", None),
        ("soft_delete", "soft_delete", Some("deleted_at")),
        ("soft_delete", "hard_delete", Some("deleted_at")),
        ("soft_delete", "deactivate", Some("deleted_at")),
        ("keep", "soft_delete", None),
        ("delete", "soft_delete", None),
        ("restrict", "soft_delete", None),
    ] {
        let mut document = with(mode, &json!(rule));
        document["kinds"]["debts"] = json!({});
        let missing =
            |field| vec![format!("modes.{mode}.rules.debts.client_id: `{rule}` needs `{field}` of `debts`")];
        assert_eq!(faults(&document), field.map_or_else(Vec::new, missing), "{rule} in {mode}");
    }
}

#[test]
fn a_mode_needs_the_field_of_the_subject_that_it_writes() {
    for mode in MODES {
        let mut document = with(mode, &json!("keep"));
        assert_eq!(faults(&document), Vec::<String>::new(), "{mode}");
        document["kinds"]["clients"] = json!({});
        let expected = match mode {
            "deactivate" | "reactivate" => Some("status"),
            "soft_delete" => Some("deleted_at"),
            "anonymize" => Some("personal"),
            _ => None,
        };
        let missing = |field| vec![format!("modes.{mode}: the mode needs `{field}` of `clients`")];
        assert_eq!(faults(&document), expected.map_or_else(Vec::new, missing), "{mode}");
    }
}

#[test]
fn entries_apply_in_order_below_their_parents() {
    let when = json!({ "field": "f", "eq": 1 });
    let if_one = |rule: &str| json!({ "when": when, "then": rule });
    let below = |rule: &str| json!({ "parent": "retain", "then": rule });
    let path = "modes.hard_delete.rules.debts.client_id";
    let unreached = |at: usize| vec![format!("{path}[{at}]: the entry is never reached")];
    let open = || vec![format!("{path}: no entry applies to rows that meet none of the conditions")];
    for (entries, expected) in [
        (json!([if_one("keep"), if_one("delete"), "cascade"]), vec![]),
        (json!([if_one("keep"), "cascade", if_one("delete")]), unreached(2)),
        (json!(["cascade", below("delete")]), vec![]),
        (json!([below("delete"), "cascade"]), vec![]),
        (json!([below("delete"), below("keep"), "cascade"]), unreached(1)),
        (json!([if_one("keep"), below("delete")]), open()),
        (json!([below("delete")]), open()),
    ] {
        assert_eq!(faults(&with("hard_delete", &entries)), expected, "{entries}");
    }
}
