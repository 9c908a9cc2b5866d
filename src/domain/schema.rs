//! The JSON Schema of documents: constraints that readers enforce and `derive` cannot express.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value as Json, json};

/// Returns a schema that accepts every JSON value except null.
pub(crate) fn no_null() -> Json {
    json!({ "not": { "type": "null" } })
}

/// Returns a schema that accepts every JSON value except null.
pub(super) fn not_null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "not": { "type": "null" } })
}

/// Returns a schema that requires a key with a value other than null.
pub(crate) fn given(key: &str) -> Json {
    json!({ "properties": { key: no_null() }, "required": [key] })
}

/// Allows a key under its old name, but not under both names at once.
pub(crate) fn old_key(schema: &mut Schema, old: &str, new: &str) {
    let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) else { return };
    let mut property = properties.get(new).cloned().unwrap_or_default();
    if let Some(property) = property.as_object_mut() {
        property.insert("deprecated".into(), true.into());
        property.insert("description".into(), format!("The old name of `{new}`.").into());
    }
    properties.insert(old.into(), property);
    let not_both = json!({ "not": { "required": [old, new] } });
    match schema.get_mut("allOf").and_then(Json::as_array_mut) {
        Some(all) => all.push(not_both),
        None => _ = schema.insert("allOf".into(), json!([not_both])),
    }
}

pub(super) fn old_keys_of_kinds(schema: &mut Schema) {
    old_key(schema, "only", "filter");
    old_key(schema, "key", "shard_key");
}

/// Allows a mask without an argument to be written as an object with the mask as its only key: `{"year": null}`.
pub(super) fn masks_as_objects(schema: &mut Schema) {
    let Some(forms) = schema.get_mut("oneOf").and_then(Json::as_array_mut) else { return };
    let names: Vec<Json> = forms.iter().filter_map(|form| form.get("const").cloned()).collect();
    forms.push(json!({
        "description": "The name of a mask as the key of an object. It means the same as the name alone.",
        "deprecated": true,
        "type": "object",
        "propertyNames": { "enum": names },
        "additionalProperties": { "type": "null" },
        "minProperties": 1,
        "maxProperties": 1,
    }));
}

/// The keys of a condition whose values are conditions.
const OF_CONDITIONS: [&str; 4] = ["all", "any", "not", "unknown"];

/// Requires exactly one of `all`, `any`, `not` and `unknown`, or else a test of `field`.
pub(super) fn one_test(schema: &mut Schema) {
    let properties = schema.get("properties").and_then(Json::as_object);
    let keys = properties.into_iter().flat_map(|properties| properties.keys()).filter(|key| *key != "field");
    let one: Json = keys.map(|key| given(key)).collect();
    let absent = OF_CONDITIONS.map(|key| (key, json!({ "type": "null" })));
    schema.insert("oneOf".into(), one);
    schema.insert("if".into(), given("field"));
    schema.insert("then".into(), json!({ "properties": Json::from_iter(absent) }));
    schema.insert("else".into(), json!({ "anyOf": OF_CONDITIONS.map(given) }));
}
