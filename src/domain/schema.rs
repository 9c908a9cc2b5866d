//! The JSON Schema of documents, where no derive can say what their readers demand.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value as Json, json};

use super::map_document::{FieldDocument, FieldFacts};
use super::{FieldName, FieldType, Period, RecordId, StatusField, Value};

/// What every moment begins with that a condition reads: `now`, or the date of an instant.
pub(super) const MOMENT: &str = r"^(now$|\s*[+-]?[0-9]+\s*-\s*[0-9]+\s*-\s*[0-9]+)";

/// Returns the schema of everything but null.
pub(crate) fn no_null() -> Json {
    json!({ "not": { "type": "null" } })
}

/// Returns the schema of every value but null.
pub(super) fn not_null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "not": { "type": "null" } })
}

/// Returns what demands that a key is there and not null.
pub(crate) fn given(key: &str) -> Json {
    json!({ "properties": { key: no_null() }, "required": [key] })
}

/// Allows a key under its old name, but not under both.
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

/// Demands of a condition `field` with exactly one test, or exactly one of `all`, `any` and `not`.
pub(super) fn one_test(schema: &mut Schema) {
    let properties = schema.get("properties").and_then(Json::as_object);
    let keys = properties.into_iter().flat_map(|properties| properties.keys()).filter(|key| *key != "field");
    let alternatives: Vec<Json> = keys
        .map(|key| match key.as_str() {
            "all" | "any" | "not" => {
                let without_field = json!({ "type": "null" });
                json!({ "properties": { key: no_null(), "field": without_field }, "required": [key] })
            }
            _ => json!({ "properties": { key: no_null(), "field": no_null() }, "required": ["field", key] }),
        })
        .collect();
    // No second test beside the one, whether `field` is there or not.
    schema.insert("oneOf".into(), alternatives.into());
}

impl JsonSchema for Value {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::default()
    }
}

impl JsonSchema for RecordId {
    fn schema_name() -> Cow<'static, str> {
        "RecordId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The id of a record: an integer or text.",
            "type": ["integer", "string"],
            "minimum": i64::MIN,
            "maximum": i64::MAX,
        })
    }
}

impl JsonSchema for Period {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An ISO 8601 period of whole units, such as `P6Y`, `P1Y6M`, `P30D` or `PT12H`.",
            "type": "string",
            "pattern": "^P(?=.*[1-9])([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?\
                        (T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$",
            "examples": ["P6Y", "P30D", "PT12H"],
        })
    }
}

impl JsonSchema for FieldDocument {
    fn schema_name() -> Cow<'static, str> {
        "FieldOrType".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What is known of a field: its type alone, or an object.",
            "anyOf": [generator.subschema_for::<FieldType>(), generator.subschema_for::<FieldFacts>()],
        })
    }
}

impl JsonSchema for StatusField {
    fn schema_name() -> Cow<'static, str> {
        "StatusField".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let name = generator.subschema_for::<FieldName>();
        json_schema!({
            "description": "The field's name, where its values are `ON` and `OFF`; or the field with its two values.",
            "anyOf": [name, {
                "type": "object",
                "properties": {
                    "field": { "description": "The field that holds the status.", "$ref": "#/$defs/FieldName" },
                    "on": { "description": "The value of an active record." },
                    "off": { "description": "The value of an inactive record." },
                },
                "required": ["field", "off", "on"],
                "additionalProperties": false,
            }],
        })
    }
}
