//! The JSON Schema of rules: a name, an object, or a list of entries.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value as Json, json};

use super::rule_document::{EntryDocument, OnSurviveDocument, RULES, RuleDocument};
use super::{Entry, Rules};
use crate::domain::schema::{given, old_key};

/// The keys that say what happens to a row.
const RULE_KEYS: [&str; 5] = ["then", "anonymize", "retain", "set_default", "reassign"];

/// The keys that an entry may have beside its rule.
const OTHER_KEYS: [&str; 7] = ["when", "parent", "on_survive", "link", "qualifies", "on_clash", "because"];

/// Requires exactly one rule in an entry.
pub(super) fn one_rule(schema: &mut Schema) {
    // `"set_default": null` is a rule too.
    let alternatives = RULE_KEYS.map(|key| match key {
        "set_default" => json!({ "required": [key] }),
        _ => given(key),
    });
    schema.insert("oneOf".into(), Json::from_iter(alternatives));
    old_key(schema, "link", "on_survive");
}

/// Describes a rule that is written as a name.
fn meaning(rule: &str) -> &'static str {
    match rule {
        "cascade" => "The row is treated like its parent: deleted, marked as deleted, or set OFF.",
        "delete" => "The row is deleted, whatever happens to its parent.",
        "soft_delete" => "The row is marked as deleted. Its kind needs `deleted_at`.",
        "restrict" => "The row blocks the operation, unless the operation removes it over another reference.",
        "protect" => "The row blocks the operation.",
        "anonymize" => "The row stays with the masks of its kind.",
        "set_null" => "The row stays, and its reference is set to null.",
        "set_default" => "The row stays, and its reference is set to the default that its field declares.",
        "reassign" => "The row stays, and its reference is set to the record that the request names.",
        "keep" => "The row stays as it is.",
        "leave" => "The record that the row owns stays, and so does the row if that record is removed.",
        "tombstone" => "The parent stays as a masked tombstone.",
        _ => "",
    }
}

fn words<'a>(description: &str, words: impl IntoIterator<Item = &'a &'a str>) -> Json {
    let words = words.into_iter().map(|word| json!({ "const": word, "description": meaning(word) }));
    json!({ "description": description, "type": "string", "oneOf": words.collect::<Json>() })
}

/// The name of a rule. `retain` is not allowed as a name, because it needs a period.
struct RuleName;

impl JsonSchema for RuleName {
    fn schema_name() -> Cow<'static, str> {
        "RuleName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = RULES.iter().filter(|rule| **rule != "retain");
        Schema::try_from(words("The name of a rule.", names)).unwrap_or_default()
    }
}

impl JsonSchema for RuleDocument {
    fn schema_name() -> Cow<'static, str> {
        "Rule".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What happens to a row: the name of a rule, or an object that contains only a rule.",
            "anyOf": [generator.subschema_for::<RuleName>(), rule_alone(generator, json!({}))],
        })
    }
}

/// Returns the schema of an entry that has only a rule. `demands` restricts some of its keys.
fn rule_alone(generator: &mut SchemaGenerator, demands: Json) -> Schema {
    let absent = OTHER_KEYS.map(|key| (key.to_owned(), json!({ "type": "null" })));
    let mut properties = serde_json::Map::from_iter(absent);
    if let Json::Object(demands) = demands {
        properties.extend(demands);
    }
    let mut schema = generator.subschema_for::<EntryDocument>();
    schema.insert("properties".into(), properties.into());
    schema
}

/// A rule that gives a reference a new target, as an object.
struct Redirecting;

impl JsonSchema for Redirecting {
    fn schema_name() -> Cow<'static, str> {
        "Redirect".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let then = json!({ "anyOf": [
            { "enum": ["set_null", "set_default", "reassign", null] },
            generator.subschema_for::<Self>(),
        ] });
        let demands = json!({ "then": then, "anonymize": false, "retain": { "type": "null" } });
        let mut schema = rule_alone(generator, demands);
        let description =
            "The new target of a reference: `{\"set_default\": …}` or `{\"reassign\": {\"to\": …}}`.";
        schema.insert("description".into(), description.into());
        schema
    }
}

impl JsonSchema for OnSurviveDocument {
    fn schema_name() -> Cow<'static, str> {
        "OnSurvive".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let description = "The reference of a row that survives its parent.";
        let names = words(description, &["set_null", "set_default", "reassign", "tombstone"]);
        json_schema!({ "anyOf": [names, generator.subschema_for::<Redirecting>()] })
    }
}

impl JsonSchema for Entry {
    fn schema_name() -> Cow<'static, str> {
        "EntryOrName".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The name of a rule, or an object.",
            "anyOf": [generator.subschema_for::<RuleName>(), generator.subschema_for::<EntryDocument>()],
        })
    }
}

/// The rule of one reference.
struct Entries;

impl JsonSchema for Entries {
    fn schema_name() -> Cow<'static, str> {
        "Entries".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let entry = generator.subschema_for::<Entry>();
        json_schema!({
            "description": "The rule of one reference: the name of a rule, an entry, or a list of entries. \
                            In a list, the first entry whose `when` holds for the row decides. The last has no `when`.",
            "anyOf": [
                generator.subschema_for::<RuleName>(),
                generator.subschema_for::<EntryDocument>(),
                { "type": "array", "items": entry, "minItems": 1 },
            ],
        })
    }
}

impl JsonSchema for Rules {
    fn schema_name() -> Cow<'static, str> {
        "Rules".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let entries = generator.subschema_for::<Entries>();
        let mut others = entries.clone();
        others.insert("description".into(), "The rule of every reference that is not listed.".into());
        json_schema!({
            "description": "The rule of each reference, by its name.",
            "type": "object",
            "properties": { "*": others },
            "additionalProperties": entries,
        })
    }
}
