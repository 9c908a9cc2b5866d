//! Documents with the old keys `only`, `key` and `link` are read as the same policy.

use std::fs;
use std::path::Path;

use client_lifecycle::DeletionPolicy;
use client_lifecycle::clients::{Language, presets};
use client_lifecycle::policy::PolicyBuilder;
use serde_json::{Map, Value, json};

/// The old and the new name of each renamed key, in kinds and in entries of rules.
const OF_KINDS: [(&str, &str); 2] = [("only", "filter"), ("key", "shard_key")];
const OF_ENTRIES: [(&str, &str); 1] = [("link", "on_survive")];

fn rename(object: &mut Map<String, Value>, names: &[(&str, &str)]) -> usize {
    let mut renamed = 0;
    for (from, to) in names {
        if let Some(value) = object.remove(*from) {
            object.insert((*to).to_owned(), value);
            renamed += 1;
        }
    }
    renamed
}

/// Renames keys in every kind and every entry. Returns the number of renamed keys.
fn rename_all(document: &mut Value, of_kinds: &[(&str, &str)], of_entries: &[(&str, &str)]) -> usize {
    let mut renamed = 0;
    for kind in document["kinds"].as_object_mut().unwrap().values_mut() {
        renamed += rename(kind.as_object_mut().unwrap(), of_kinds);
    }
    for mode in document["modes"].as_object_mut().unwrap().values_mut() {
        let Some(rules) = mode.get_mut("rules") else { continue };
        for rule in rules.as_object_mut().unwrap().values_mut() {
            let entries = match rule {
                Value::Array(entries) => entries.iter_mut().collect(),
                one => vec![one],
            };
            let objects = entries.into_iter().filter_map(Value::as_object_mut);
            renamed += objects.map(|entry| rename(entry, of_entries)).sum::<usize>();
        }
    }
    renamed
}

fn swapped<'a>(names: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    names.iter().map(|(old, new)| (*new, *old)).collect()
}

#[track_caller]
fn read(text: &str) -> DeletionPolicy {
    DeletionPolicy::from_json(text).unwrap_or_else(|faults| panic!("{faults}\n{text}"))
}

#[test]
fn a_document_with_old_keys_is_the_same_policy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/documents");
    let mut renamed = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let old = read(&text);
        let mut document: Value = serde_json::from_str(&text).unwrap();
        renamed += rename_all(&mut document, &OF_KINDS, &OF_ENTRIES);
        assert_eq!(old, read(&document.to_string()), "{text}");
        // The policy is written with the new keys, and reads back as an equal policy.
        let mut written = serde_json::to_value(&old).unwrap();
        assert_eq!(old, read(&written.to_string()));
        assert_eq!(rename_all(&mut written, &OF_KINDS, &OF_ENTRIES), 0, "{written}");
    }
    assert!(renamed > 4, "the documents have no old keys");
}

#[test]
fn presets_load_with_the_old_keys_too() {
    let presets: [PolicyBuilder; 5] = [
        presets::clinic(Language::English),
        presets::clinic(Language::Spanish),
        presets::notifications(),
        presets::vpn(),
        presets::unions(),
    ];
    let mut renamed = 0;
    for preset in presets {
        let policy = preset.build().unwrap();
        let mut document = serde_json::to_value(&policy).unwrap();
        renamed += rename_all(&mut document, &swapped(&OF_KINDS), &swapped(&OF_ENTRIES));
        assert_eq!(policy, read(&document.to_string()));
    }
    assert!(renamed > 4, "the presets have none of the renamed keys");
}

#[test]
fn an_old_key_and_its_new_name_are_duplicates() {
    let mut document: Value = serde_json::from_str(include_str!("documents/clinic.json")).unwrap();
    document["kinds"]["clients"]["filter"] = json!({ "field": "role", "eq": "USER" });
    let faults = DeletionPolicy::from_json(&document.to_string()).unwrap_err();
    assert!(faults.to_string().contains("kinds.clients: duplicate key `filter`"), "{faults}");
}
