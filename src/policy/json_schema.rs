//! The JSON Schema of the policy document.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value as Json;

use super::document::PolicyDocument;
use super::{Access, Allow, DeletionPolicy};

impl DeletionPolicy {
    /// Returns the JSON Schema (draft 2020-12) of the documents that [`from_json`](Self::from_json) reads.
    ///
    /// Editors use it to complete and check a policy. It is generated from the Rust types that are deserialized.
    /// `from_json` rejects everything that the schema rejects, and checks more: whether names are declared, whether
    /// every reference has a rule, and whether rules are valid in their mode.
    ///
    /// ```
    /// use client_lifecycle::DeletionPolicy;
    /// let schema = DeletionPolicy::json_schema();
    /// assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    /// assert_eq!(schema["properties"]["subject"]["$ref"], "#/$defs/KindName");
    /// ```
    #[must_use]
    pub fn json_schema() -> Json {
        let settings = SchemaSettings::draft2020_12().with_transform(ForReaders);
        settings.into_generator().into_root_schema_for::<PolicyDocument>().to_value()
    }
}

/// The schema for a type of the host that contains a policy.
impl JsonSchema for DeletionPolicy {
    fn schema_name() -> Cow<'static, str> {
        "DeletionPolicy".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = PolicyDocument::json_schema(generator);
        ForReaders.transform(&mut schema);
        schema
    }
}

impl JsonSchema for Access {
    fn schema_name() -> Cow<'static, str> {
        "Access".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Who may request a mode.",
            "anyOf": [
                { "const": "any", "description": "Every caller. The host has already checked permissions." },
                { "const": "authenticated", "description": "Every actor who is signed in." },
                { "type": "array", "items": generator.subschema_for::<Allow>(), "minItems": 1,
                  "description": "Every actor to whom one of these permissions applies." },
            ],
        })
    }
}

/// Rewrites rustdoc comments as descriptions: without links and examples, each paragraph on one line.
#[derive(Debug, Clone)]
struct ForReaders;

impl Transform for ForReaders {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(Json::String(text)) = schema.get_mut("description") {
            *text = plain(text);
        }
        // `"default": null` adds nothing to the type.
        if schema.get("default").is_some_and(Json::is_null) {
            schema.remove("default");
        }
        // Formats such as `uint16` are specific to schemars. Strict validators reject a schema that contains them.
        schema.remove("format");
        describe_only_key(schema);
        transform_subschemas(self, schema);
    }
}

/// Copies the description of an object with a single key to that key, unless the key has a description.
fn describe_only_key(schema: &mut Schema) {
    let Some(description) = schema.get("description").cloned() else { return };
    let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) else { return };
    if properties.len() == 1
        && let Some(property) = properties.values_mut().next().and_then(Json::as_object_mut)
    {
        property.entry("description").or_insert(description);
    }
}

fn plain(text: &str) -> String {
    let text = text.split("```").next().unwrap_or_default();
    let text = text.split("\n\n").take_while(|paragraph| !paragraph.starts_with('|'));
    text.map(|paragraph| unlinked(&paragraph.replace('\n', " ")))
        .collect::<Vec<_>>()
        .join("\n\n")
        .trim()
        .into()
}

/// Replaces ``[`text`](path)`` by its text.
fn unlinked(text: &str) -> String {
    let mut rest = text;
    let mut plain = Vec::new();
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((label, target)) = after.split_once("`](") else { break };
        let Some((_, behind)) = target.split_once(')') else { break };
        plain.extend([before, "`", label, "`"]);
        rest = behind;
    }
    plain.push(rest);
    plain.concat()
}
