//! The JSON Schema of policies: constraints that the readers enforce and `derive` cannot express.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value as Json};

use super::ModePolicy;
use crate::domain::Mode;

/// Returns the schema of `modes`: one key for each mode, and at least one of them present.
pub(super) fn modes(generator: &mut SchemaGenerator) -> Schema {
    let policy = generator.subschema_for::<ModePolicy>();
    let words = Mode::json_schema(generator);
    let meaning = |mode: &Mode| {
        let words = words.get("oneOf").and_then(Json::as_array).into_iter().flatten();
        words.filter(|word| word["const"] == mode.as_str()).find_map(|word| word.get("description"))
    };
    let properties = Mode::ALL.iter().map(|mode| {
        let mut property = policy.clone();
        property.insert("description".into(), meaning(mode).cloned().unwrap_or_default());
        (mode.as_str().to_owned(), property.to_value())
    });
    json_schema!({
        "type": "object",
        "properties": properties.collect::<Map<_, _>>(),
        "additionalProperties": false,
        "minProperties": 1,
    })
}

/// Requires `modes`, because a policy needs at least one mode.
pub(super) fn require_modes(schema: &mut Schema) {
    if let Some(required) = schema.get_mut("required").and_then(Json::as_array_mut) {
        required.push("modes".into());
    }
}
