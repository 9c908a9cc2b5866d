//! The JSON Schema of documents, where no derive can say what their readers demand.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value as Json, json};

use super::condition::MomentDocument;
use super::kind::FullStatus;
use super::map_document::{FieldDocument, FieldFacts};
use super::{FieldName, FieldType, Period, RecordId, StatusField, Value};

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

/// Allows the form in which a mask that has no argument is the only key of an object: `{"year": null}`.
pub(super) fn masks_as_objects(schema: &mut Schema) {
    let Some(forms) = schema.get_mut("oneOf").and_then(Json::as_array_mut) else { return };
    let names: Vec<Json> = forms.iter().filter_map(|form| form.get("const").cloned()).collect();
    forms.push(json!({
        "description": "The name of a mask as the key of an object; the name alone is the same.",
        "deprecated": true,
        "type": "object",
        "propertyNames": { "enum": names },
        "additionalProperties": { "type": "null" },
        "minProperties": 1,
        "maxProperties": 1,
    }));
}

/// The keys of a condition that take conditions.
const OF_CONDITIONS: [&str; 3] = ["all", "any", "not"];

/// Demands of a condition exactly one of its keys: one that takes conditions, or else a test of `field`.
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

impl JsonSchema for MomentDocument {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A moment: `now`, when the request is judged, or an RFC 3339 instant.",
            "type": "string",
            // `now`, or the date that an instant begins with.
            "pattern": r"^(now$|\s*[+-]?[0-9]+\s*-\s*[0-9]+\s*-\s*[0-9]+)",
            "examples": ["now", "2026-01-01T00:00:00Z"],
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
        json_schema!({
            "description": "The field's name, where its values are `ON` and `OFF`; or the field with its two values.",
            "anyOf": [generator.subschema_for::<FieldName>(), generator.subschema_for::<FullStatus>()],
        })
    }
}
