//! Random values that match JSON schemas.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Generates values that match a schema.
pub(crate) fn value_of(schema: &Value) -> BoxedStrategy<Value> {
    if let Some(one) = schema.get("oneOf").and_then(|alternatives| alternatives.get(0)) {
        return value_of(one);
    }
    if let Some(offered) = schema["enum"].as_array() {
        return select(offered.clone()).boxed();
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
        return proptest::string::string_regex(pattern).unwrap().prop_map(Value::from).boxed();
    }
    let number = |name: &str, default: u64| schema[name].as_u64().unwrap_or(default);
    let types = &schema["type"];
    match types.as_str().or_else(|| types[0].as_str()) {
        Some("string") => match schema["format"].as_str() {
            Some("uuid") => uuids().prop_map(Value::from).boxed(),
            Some("date") => (1900..2020, 1..13u32, 1..29u32)
                .prop_map(|(y, m, d)| json!(format!("{y}-{m:02}-{d:02}")))
                .boxed(),
            Some("email") => "[a-z]{1,10}@[a-z]{1,10}\\.com".prop_map(Value::from).boxed(),
            _ => {
                let (min, max) = (number("minLength", 0), number("maxLength", 40));
                texts(min, max)
            }
        },
        Some("integer") => (number("minimum", 0)..=number("maximum", 1000)).prop_map(Value::from).boxed(),
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        Some("object") => object_of(schema),
        other => panic!("no values of type {other:?}"),
    }
}

fn object_of(schema: &Value) -> BoxedStrategy<Value> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut all = Just(Map::new()).boxed();
    for (name, schema) in schema["properties"].as_object().unwrap() {
        let name = name.clone();
        let value = if required.contains(&&*name) {
            value_of(schema).prop_map(Some).boxed()
        } else {
            prop::option::weighted(0.3, value_of(schema)).boxed()
        };
        all = (all, value)
            .prop_map(move |(mut fields, value)| {
                fields.extend(value.map(|value| (name.clone(), value)));
                fields
            })
            .boxed();
    }
    all.prop_map(Value::Object).boxed()
}

/// Generates any JSON value.
pub(crate) fn anything() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
        (0usize..300).prop_map(|length| json!("ñ".repeat(length))),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(any_text(), inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
    .boxed()
}

pub(crate) fn any_text() -> BoxedStrategy<String> {
    prop::collection::vec(any::<char>(), 0..12).prop_map(|chars| chars.into_iter().collect()).boxed()
}

pub(crate) fn uuids() -> BoxedStrategy<String> {
    any::<u128>().prop_map(|number| uuid::Uuid::from_u128(number).to_string()).boxed()
}

/// Generates text of `min` to `max` characters from several scripts.
fn texts(min: u64, max: u64) -> BoxedStrategy<Value> {
    let lengths = usize::try_from(min).unwrap()..=usize::try_from(max).unwrap();
    let letters = vec!['a', 'Z', 'ñ', 'é', '😀', 'م', '李'];
    prop::collection::vec(select(letters), lengths)
        .prop_map(|letters| json!(letters.iter().collect::<String>()))
        .boxed()
}
