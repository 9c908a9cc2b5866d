//! Parses the `OpenAPI` description of the service, and checks values against its schemas.
#![cfg_attr(not(feature = "testing"), allow(dead_code, reason = "the fuzz needs proptest"))]

use serde_json::{Map, Value};

use crate::service::{Call, Service};

/// The parsed `/openapi.json`.
pub(crate) struct Description {
    pub(crate) document: Value,
    pub(crate) operations: Vec<Operation>,
}

/// A method of a path.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) parameters: Vec<Parameter>,
    /// The schema of the request body, with references resolved.
    pub(crate) body: Option<Value>,
    /// The schema of each response, by status; `None` for a response without a body.
    pub(crate) answers: Vec<(u16, Option<Value>)>,
    /// The name of the credentials that the operation requires, if any.
    pub(crate) credentials: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    /// `path`, `query` or `header`.
    pub(crate) place: String,
    pub(crate) schema: Value,
}

impl Description {
    pub(crate) fn of(service: &Service) -> Self {
        let answer = service.send(&Call::new("GET", "/openapi.json"));
        assert_eq!(answer.status, 200);
        let document = answer.json();
        let mut operations = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                operations.push(Operation::of(&document, path, method, operation));
            }
        }
        Self { document, operations }
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &String> {
        self.document["paths"].as_object().unwrap().keys()
    }

    pub(crate) fn methods(&self, path: &str) -> Vec<&str> {
        self.operations.iter().filter(|one| one.path == path).map(|one| &*one.method).collect()
    }
}

impl Operation {
    fn of(document: &Value, path: &str, method: &str, operation: &Value) -> Self {
        let json = |at: &Value| {
            at.pointer("/content/application~1json/schema").map(|schema| resolved(document, schema))
        };
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let parameters = parameters.iter().map(|parameter| Parameter {
            name: parameter["name"].as_str().unwrap().into(),
            place: parameter["in"].as_str().unwrap().into(),
            schema: resolved(document, &parameter["schema"]),
        });
        let answers = operation["responses"].as_object().unwrap().iter();
        let credentials = operation.pointer("/security/0").and_then(Value::as_object);
        Self {
            method: method.to_uppercase(),
            path: path.into(),
            parameters: parameters.collect(),
            body: operation.get("requestBody").and_then(json),
            answers: answers.map(|(status, answer)| (status.parse().unwrap(), json(answer))).collect(),
            credentials: credentials.and_then(|names| names.keys().next().cloned()),
        }
    }
}

/// Resolves every `$ref` in a schema.
fn resolved(document: &Value, schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => match fields.get("$ref").and_then(Value::as_str) {
            Some(reference) => resolved(document, document.pointer(&reference[1..]).expect(reference)),
            None => fields
                .iter()
                .map(|(name, value)| (name.clone(), resolved(document, value)))
                .collect::<Map<_, _>>()
                .into(),
        },
        Value::Array(items) => items.iter().map(|item| resolved(document, item)).collect(),
        other => other.clone(),
    }
}

/// Checks that a value matches the schema. Supports the parts of JSON Schema that the description uses.
pub(crate) fn conforms(schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(alternatives) = schema.get("oneOf").and_then(Value::as_array) {
        let fits = alternatives.iter().any(|one| conforms(one, value).is_ok());
        return if fits { Ok(()) } else { Err(format!("{value} is none of the alternatives")) };
    }
    if let Some(offered) = schema.get("enum").and_then(Value::as_array) {
        return if offered.contains(value) { Ok(()) } else { Err(format!("{value} is not offered")) };
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::Null => return Ok(()),
        one => vec![one.clone()],
    };
    let is = |name: &Value| match name.as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("null") => value.is_null(),
        _ => false,
    };
    if !types.iter().any(is) {
        return Err(format!("{value} is no {types:?}"));
    }
    if let (Some(text), Some(format)) = (value.as_str(), schema["format"].as_str()) {
        let fits = match format {
            "uuid" => text.parse::<uuid::Uuid>().is_ok(),
            "date" => text.parse::<chrono::NaiveDate>().is_ok(),
            "date-time" => text.parse::<chrono::DateTime<chrono::Utc>>().is_ok(),
            _ => true,
        };
        return if fits { Ok(()) } else { Err(format!("{value} is no {format}")) };
    }
    if let Some(items) = value.as_array() {
        return items.iter().try_for_each(|item| conforms(&schema["items"], item));
    }
    let Some(fields) = value.as_object() else { return Ok(()) };
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(required) {
            return Err(format!("{value} lacks {required}"));
        }
    }
    let Some(properties) = schema.get("properties") else { return Ok(()) };
    fields.iter().try_for_each(|(name, value)| match properties.get(name) {
        Some(schema) => conforms(schema, value).map_err(|why| format!("{name}: {why}")),
        None if value.is_object() || value.is_array() || value.is_string() => Ok(()),
        None => Err(format!("{name} is not described")),
    })
}
