//! The JSON Schema of values whose deserializers are written by hand.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::condition::MomentDocument;
use super::deleted_field::FullDeleted;
use super::kind::FullStatus;
use super::map_document::{FieldDocument, FieldFacts};
use super::table_name::FullTableName;
use super::{DeletedField, FieldName, FieldType, Period, RecordId, StatusField, TableName, Value};

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
            "description": "The id of a record: an integer or text, or a list of them if several fields identify it.",
            "anyOf": [
                { "type": ["integer", "string"], "minimum": i64::MIN, "maximum": i64::MAX },
                {
                    "type": "array",
                    "items": { "type": ["integer", "string"], "minimum": i64::MIN, "maximum": i64::MAX },
                    "minItems": 2,
                },
            ],
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
            // `now`, or text that begins with a date.
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
            "description": "The declaration of a field: its type alone, or an object.",
            "anyOf": [generator.subschema_for::<FieldType>(), generator.subschema_for::<FieldFacts>()],
        })
    }
}

impl JsonSchema for TableName {
    fn schema_name() -> Cow<'static, str> {
        "TableName".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The name of a table: `clients`, or `crm.clients` for a table in the schema `crm`; or an object \
                            whose parts are taken as they are.",
            "anyOf": [
                // Neither part is empty.
                { "type": "string", "pattern": r#"^(?!""(\.|$))(?!("([^"]|"")*"|[^.]*)\.("")?$)[^.]"# },
                generator.subschema_for::<FullTableName>()
            ],
        })
    }
}

impl JsonSchema for DeletedField {
    fn schema_name() -> Cow<'static, str> {
        "DeletedField".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The name of a field with the instant at which a record was deleted, null on live records; or an object with the field and its value on live records.",
            "anyOf": [generator.subschema_for::<FieldName>(), generator.subschema_for::<FullDeleted>()],
        })
    }
}

impl JsonSchema for StatusField {
    fn schema_name() -> Cow<'static, str> {
        "StatusField".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The name of a field with the values `ON` and `OFF`, or an object with the field and its two values.",
            "anyOf": [generator.subschema_for::<FieldName>(), generator.subschema_for::<FullStatus>()],
        })
    }
}
