//! The JSON Schema of policy documents accepts what `from_json` reads, and describes every key.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use client_lifecycle::DeletionPolicy;
use client_lifecycle::clients::{Language, presets};
use client_lifecycle::domain::FaultCode;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::wrong_values::{places_of, rich, wrong_values};

const GUIDE: &str = include_str!("../../src/guide/policy_document.md");

fn validator() -> Validator {
    jsonschema::draft202012::new(&DeletionPolicy::json_schema()).unwrap()
}

/// Returns every policy document in the repository, by file name.
fn files() -> BTreeMap<String, Value> {
    fn add(folder: &Path, found: &mut BTreeMap<String, Value>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                let value: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
                if value.get("subject").is_some() && value.get("modes").is_some() {
                    found.insert(path.display().to_string(), value);
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    for folder in ["src", "examples", "tests"] {
        add(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    assert!(found.len() > 40, "{}", found.len());
    found
}

/// Returns the documents of `files`, the presets, and the documents that other tests modify.
fn documents() -> BTreeMap<String, Value> {
    let mut found = files();
    let presets = [
        presets::clinic(Language::English),
        presets::clinic(Language::Spanish),
        presets::notifications(),
        presets::vpn(),
        presets::unions(),
    ];
    for (index, preset) in presets.into_iter().enumerate() {
        found.insert(format!("preset {index}"), serde_json::to_value(preset.build().unwrap()).unwrap());
    }
    found.insert("document.rs".into(), crate::document::base());
    found.insert("wrong_values.rs".into(), rich());
    let mut with_schema = rich();
    with_schema["$schema"] = json!("policy.schema.json");
    found.insert("wrong_values.rs with a schema".into(), with_schema);
    found
}

/// Returns whether the document has a fault that a JSON Schema can detect, such as a wrong key, type or word. A schema
/// cannot detect faults across the document, such as an undeclared name. Returns `None` if the document is valid.
fn has_wrong_form(document: &Value) -> Option<bool> {
    let faults = DeletionPolicy::from_json(&document.to_string()).err()?;
    let of_form = [FaultCode::Form, FaultCode::UnknownMode, FaultCode::ReferenceName, FaultCode::MissingMode];
    Some(faults.iter().any(|fault| of_form.contains(&fault.code)))
}

/// Checks that the schema and `from_json` agree. Returns whether the schema refuses the document. A JSON Schema
/// accepts `3.0` as an integer and `from_json` does not, so no document here contains such a number.
#[track_caller]
fn agree(validator: &Validator, document: &Value, what: &str) -> bool {
    let refused = validator.validate(document).err().map(|error| error.to_string());
    match (has_wrong_form(document), &refused) {
        (None, Some(why)) => panic!("from_json reads what the schema refuses: {what}: {why}"),
        (Some(true), None) => {
            let faults = DeletionPolicy::from_json(&document.to_string()).unwrap_err();
            panic!("the schema takes what has a wrong form: {what}: {faults}")
        }
        _ => refused.is_some(),
    }
}

/// Changes every `step`th value of a document in several wrong ways: replaces it, removes it, renames its key, adds an
/// unknown key. Checks that schema and `from_json` agree each time. Returns how often the schema refuses.
fn agree_on_mistakes(validator: &Validator, document: &Value, step: usize, name: &str) -> usize {
    let mut refused = 0;
    for place in places_of(document).iter().step_by(step).map(|place| place.pointer.as_str()) {
        for wrong in wrong_values() {
            let mut changed = document.clone();
            *changed.pointer_mut(place).unwrap() = wrong.clone();
            refused += usize::from(agree(validator, &changed, &format!("{name}: {wrong} at {place}")));
        }
        let mut changed = document.clone();
        if let Value::Object(object) = changed.pointer_mut(place).unwrap() {
            object.insert("unheard_of".into(), json!(7));
            refused += usize::from(agree(validator, &changed, &format!("{name}: unknown key in {place}")));
        }
        let Some((parent, key)) = place.rsplit_once('/') else { continue };
        let mut changed = document.clone();
        if let Value::Object(object) = changed.pointer_mut(parent).unwrap() {
            let value = object.remove(key).unwrap();
            refused += usize::from(agree(validator, &changed, &format!("{name}: without {place}")));
            changed.pointer_mut(parent).unwrap()["unheard_of"] = value;
            refused += usize::from(agree(validator, &changed, &format!("{name}: {place} renamed")));
        }
    }
    refused
}

#[test]
fn the_schema_is_a_schema_of_draft_2020_12() {
    let schema = DeletionPolicy::json_schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let errors = jsonschema::draft202012::meta::validate(&schema).map_err(|error| error.to_string());
    assert_eq!(errors, Ok(()));
}

#[test]
fn every_policy_document_that_builds_is_valid() {
    let validator = validator();
    let mut valid = 0;
    for (name, document) in documents() {
        if !agree(&validator, &document, &name) {
            valid += 1;
        }
        if let Ok(policy) = DeletionPolicy::from_json(&document.to_string()) {
            assert!(validator.is_valid(&document), "{name}");
            // The document that the policy is written as is valid too.
            let written = serde_json::to_value(&policy).unwrap();
            assert!(validator.is_valid(&written), "{name}: {written}");
        }
    }
    assert!(valid > 40, "{valid}");
}

#[test]
fn the_schema_and_from_json_both_refuse_a_mistake_at_any_place() {
    let validator = validator();
    let refused = agree_on_mistakes(&validator, &rich(), 1, "wrong_values.rs");
    assert!(refused > 1_000, "{refused}");
    for (name, document) in documents() {
        let step = places_of(&document).len() / 8;
        agree_on_mistakes(&validator, &document, step.max(1), &name);
    }
}

#[cfg(feature = "testing")]
#[test]
fn the_schema_accepts_random_policies_and_refuses_their_mistakes() {
    use client_lifecycle::testing::strategies::random_worlds;
    use proptest::strategy::{Strategy, ValueTree};

    let validator = validator();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for number in 0..crate::effort::cases() {
        let document = random_worlds().new_tree(&mut runner).unwrap().current().document;
        assert!(!agree(&validator, &document, &document.to_string()), "{document}");
        agree_on_mistakes(&validator, &document, 31, &format!("world {number}"));
    }
}

/// Forms that few documents contain, each with whether it is valid.
#[test]
fn the_schema_and_from_json_agree_on_rare_forms() {
    let validator = validator();
    let rule = "/modes/hard_delete/rules/items.debt_id";
    let condition = "/kinds/clients/filter";
    for (pointer, value, taken) in [
        (rule, json!({ "then": { "then": { "then": "set_null" } } }), true),
        (rule, json!({ "then": { "set_default": 7 } }), true),
        (rule, json!({ "then": { "then": "keep", "when": null }, "when": null }), true),
        (rule, json!({ "then": { "then": "keep", "when": { "field": "x", "eq": 1 } } }), false),
        (rule, json!({ "then": { "then": "keep", "because": "no" } }), false),
        (rule, json!({ "then": "keep", "set_default": null }), false),
        (rule, json!({ "then": "keep", "retain": null }), true),
        (rule, json!({ "then": "keep", "anonymize": null }), false),
        (rule, json!({ "then": "keep", "on_survive": { "then": "set_null" } }), true),
        (rule, json!({ "then": "keep", "on_survive": { "then": { "set_default": 7 } } }), true),
        (rule, json!({ "then": "keep", "on_survive": { "reassign": { "to": 7 } } }), true),
        (rule, json!({ "then": "keep", "on_survive": { "reassign": { "to": 7.5 } } }), false),
        (rule, json!({ "then": "keep", "on_survive": { "then": "keep" } }), false),
        (rule, json!({ "then": "keep", "on_survive": { "anonymize": { "x": "null" } } }), false),
        (rule, json!({ "then": "keep", "on_survive": { "set_default": 7, "because": "no" } }), false),
        (rule, json!({ "then": "keep", "on_survive": null }), true),
        (rule, json!({ "then": "keep", "link": "set_null" }), true),
        (rule, json!({ "then": "keep", "link": "set_null", "on_survive": "set_null" }), false),
        (rule, json!({ "then": "keep", "link": null, "on_survive": null }), false),
        (rule, json!("retain"), false),
        (rule, json!([]), false),
        (condition, json!({ "field": "x", "lt": 1, "gt": null }), true),
        (condition, json!({ "field": "x", "lt": null }), false),
        (condition, json!({ "field": "x", "eq": 1, "ne": 2 }), false),
        (condition, json!({ "field": "x", "eq": null, "lt": 2 }), false),
        (condition, json!({ "field": "x", "all": [] }), false),
        (condition, json!({ "field": null, "all": [] }), true),
        (condition, json!({ "all": [], "eq": 1 }), false),
        (condition, json!({ "all": [], "any": [] }), false),
        (condition, json!({ "eq": 1 }), false),
        (condition, json!({ "field": "x" }), false),
        (condition, json!({}), false),
        (condition, json!({ "field": "x", "in": [1, null] }), false),
        (condition, json!({ "field": "x", "before": "now" }), true),
        (condition, json!({ "field": "x", "before": "2026-01-01T00:00:00+01:00" }), true),
        (condition, json!({ "field": "x", "before": "soon" }), false),
        (condition, json!({ "field": "x", "within": "P0D" }), false),
        (condition, json!({ "field": "x", "within": "P1DT" }), false),
        (condition, json!({ "field": "x", "within": "P2W3DT4H" }), true),
        ("/kinds/items/personal", json!({ "x": { "null": null } }), true),
        ("/kinds/items/personal", json!({ "x": { "hmac": 1 } }), false),
        ("/kinds/items/personal", json!({ "x": { "truncate": -1 } }), false),
        ("/kinds/items/personal", json!({ "x": { "text": "a", "truncate": 1 } }), false),
    ] {
        let mut document = crate::document::base();
        document["references"][0]["nullable"] = json!(true);
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = value;
        let what = format!("{pointer}: {}", document.pointer(pointer).unwrap());
        assert_eq!(!agree(&validator, &document, &what), taken, "{what}");
    }
}

/// Calls `visit` for each key that the schema declares, with the schema of its value.
fn keys<'a>(schema: &'a Value, visit: &mut impl FnMut(&'a str, &'a Value)) {
    match schema {
        Value::Object(object) => {
            // A schema without a type only adds conditions to keys that are declared elsewhere.
            if schema["type"] == "object"
                && let Some(properties) = object.get("properties").and_then(Value::as_object)
            {
                properties.iter().for_each(|(key, property)| visit(key, property));
            }
            object.values().for_each(|inner| keys(inner, visit));
        }
        Value::Array(list) => list.iter().for_each(|inner| keys(inner, visit)),
        _ => {}
    }
}

#[test]
fn every_key_and_word_has_a_description_and_is_in_the_guide() {
    let schema = DeletionPolicy::json_schema();
    let mut names = BTreeSet::new();
    keys(&schema, &mut |key, property| {
        let description = property["description"].as_str().unwrap_or_default();
        assert!(description.ends_with(['.', '`']), "`{key}` is not described: {description:?}");
        assert!(!description.contains("]("), "`{key}`: a link that no editor follows: {description}");
        names.insert(key);
    });
    assert!(names.len() > 60, "{names:?}");
    // Fixed words, such as the names of rules, are constants in the schema.
    let mut stack = vec![&schema];
    while let Some(value) = stack.pop() {
        if let Some(word) = value.get("const").and_then(Value::as_str) {
            assert!(value["description"].as_str().is_some_and(|text| !text.is_empty()), "{word}");
            names.insert(word);
        }
        match value {
            Value::Object(object) => stack.extend(object.values()),
            Value::Array(list) => stack.extend(list),
            _ => {}
        }
    }
    let lacking: Vec<_> = names.into_iter().filter(|name| !GUIDE.contains(&format!("`{name}`"))).collect();
    assert!(lacking.is_empty(), "not in the guide: {lacking:?}");
}

#[test]
fn a_policy_can_be_a_part_of_the_schema_of_the_host() {
    #[derive(schemars::JsonSchema)]
    #[allow(dead_code, reason = "only its schema is asked for")]
    struct Settings {
        policy: DeletionPolicy,
    }
    let schema = schemars::schema_for!(Settings).to_value();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    assert!(validator.is_valid(&json!({ "policy": rich() })));
    assert!(!validator.is_valid(&json!({ "policy": { "subject": "clients" } })));
}
