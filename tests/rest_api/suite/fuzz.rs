//! Compares the service with its own description: sends valid and invalid calls made from the schemas.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use super::start;
use crate::effort;
use crate::generate::{any_text, anything, uuids, value_of};
use crate::schema::{Description, Operation, Parameter, conforms};
use crate::service::{Answer, Call, Service};

/// The minimum number of calls for which every operation must get several different responses.
const ENOUGH: u32 = 1_000;

/// A generated call, and whether the description allows it.
#[derive(Debug, Clone)]
struct Made {
    call: Call,
    allowed: bool,
}

#[test]
fn every_response_is_described() {
    let Some(service) = start() else { return };
    let description = Description::of(&service);
    let (seed, cases) = (effort::seed(), effort::cases());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed.to_le_bytes().repeat(4));
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    let calls: Vec<_> =
        description.operations.iter().map(|operation| (operation, made(&service, operation))).collect();
    let mut answered = std::collections::BTreeSet::new();
    for number in 1..=cases {
        let which = (0..calls.len()).new_tree(&mut runner).unwrap().current();
        let (operation, strategy) = &calls[which];
        let made = strategy.new_tree(&mut runner).unwrap().current();
        let entries = service.entries();
        let answer = service.send(&made.call);
        let details = || format!("call {number} of LIFECYCLE_SEED={seed}: {made:?}\n{answer:?}");
        described(operation, &answer).unwrap_or_else(|why| panic!("{why}\n{}", details()));
        let is_client = operation.path.starts_with("/api/clients");
        assert!(
            !(made.allowed && is_client && answer.status == 400),
            "the description allows it\n{}",
            details()
        );
        let recorded = i64::from(operation.method != "GET");
        assert_eq!(service.entries(), entries + recorded, "{}", details());
        answered.insert((which, answer.status));
    }
    // The test means little unless every operation responds in several ways.
    for (which, (operation, _)) in calls.iter().enumerate() {
        let statuses: Vec<u16> =
            answered.iter().filter(|(of, _)| *of == which).map(|(_, status)| *status).collect();
        let enough = if operation.path == "/healthz" { 1 } else { 3 };
        assert!(
            cases < ENOUGH || statuses.len() >= enough,
            "{} {}: {statuses:?}",
            operation.method,
            operation.path
        );
    }
    assert_eq!(service.database.dangling(), 0);
}

/// Checks that the description of the operation includes this response.
fn described(operation: &Operation, answer: &Answer) -> Result<(), String> {
    let found = operation.answers.iter().find(|(status, _)| *status == answer.status);
    let (status, schema) = found.ok_or_else(|| format!("{} is not described", answer.status))?;
    if *status >= 500 {
        return Err("it failed".into());
    }
    match schema {
        Some(schema) => conforms(schema, &answer.json()),
        None if answer.text.is_empty() => Ok(()),
        None => Err("a body that is not described".into()),
    }
}

/// Generates calls of an operation. Most are valid.
fn made(service: &Service, operation: &Operation) -> BoxedStrategy<Made> {
    let headers = credentials(service, operation.credentials.as_deref());
    let parameters: Vec<_> =
        operation.parameters.iter().map(|parameter| argument(service, parameter)).collect();
    let body = operation.body.as_ref().map_or_else(|| Just((None, true)).boxed(), body);
    let (method, template) = (operation.method.clone(), operation.path.clone());
    let named: Vec<_> = operation.parameters.clone();
    (headers, parameters, body)
        .prop_map(move |(headers, arguments, (body, fits))| {
            let mut call = Call { method: method.clone(), path: template.clone(), headers, body };
            let mut query = Vec::new();
            let mut allowed = fits;
            for (parameter, (values, fits)) in named.iter().zip(arguments) {
                allowed &= fits;
                match &*parameter.place {
                    "path" => {
                        let id = values.first().map_or("", |id| id.as_str());
                        call.path = call.path.replace(&format!("{{{}}}", parameter.name), &encoded(id));
                    }
                    "query" => query
                        .extend(values.iter().map(|value| format!("{}={}", parameter.name, encoded(value)))),
                    _ => call.headers.extend(values.into_iter().map(|value| (parameter.name.clone(), value))),
                }
            }
            if !query.is_empty() {
                call.path = format!("{}?{}", call.path, query.join("&"));
            }
            Made { call, allowed }
        })
        .boxed()
}

fn credentials(service: &Service, name: Option<&str>) -> BoxedStrategy<Vec<(String, String)>> {
    let header = |name: &str, value: String| Just(vec![(name.to_owned(), value)]);
    match name {
        None => Just(Vec::new()).boxed(),
        Some("session") => prop_oneof![
            8 => header("Cookie", format!("session={}", service.cookie())),
            1 => Just(Vec::new()),
            1 => header("Cookie", "session=nobody".into()),
        ]
        .boxed(),
        Some(_) => prop_oneof![
            6 => header("Authorization", service.bearer("ADMIN")),
            2 => header("Authorization", service.bearer("RESALE")),
            1 => header("Authorization", service.bearer("USER")),
            1 => Just(Vec::new()),
            1 => header("Authorization", "Bearer x.y.z".into()),
        ]
        .boxed(),
    }
}

/// Generates values of a parameter, each with whether it is valid.
fn argument(service: &Service, parameter: &Parameter) -> BoxedStrategy<(Vec<String>, bool)> {
    let fitting = |text: BoxedStrategy<String>| text.prop_map(|text| (vec![text], true));
    let schema = &parameter.schema;
    if parameter.place == "path" {
        let mut ids: Vec<String> = service.line["ids"]
            .as_object()
            .unwrap()
            .values()
            .filter_map(Value::as_str)
            .map(Into::into)
            .collect();
        ids.extend((1..=30).map(|n| format!("00000000-0000-4000-8000-{n:012}")));
        ids.extend((1..=20).map(|n| format!("123e4567-e89b-12d3-a456-{n:012}")));
        ids.extend((1001..=1020).map(|n| format!("user{n}")));
        return prop_oneof![
            8 => fitting(select(ids).boxed()),
            1 => fitting(uuids()),
            1 => "\\PC{1,40}".prop_map(|text| (vec![text], false)),
        ]
        .boxed();
    }
    let values = match schema["type"].as_str() {
        Some("array") => prop::collection::vec(any_text(), 0..3).prop_map(|values| (values, true)).boxed(),
        _ => fitting(
            value_of(schema)
                .prop_map(|value| value.as_str().map_or_else(|| value.to_string(), Into::into))
                .boxed(),
        )
        .boxed(),
    };
    // A header cannot contain every character.
    let any = if parameter.place == "header" { "[ -~]{0,20}".boxed() } else { any_text() };
    prop_oneof![
        8 => Just((Vec::new(), true)),
        4 => values,
        1 => any.prop_map(|text| (vec![text], false)),
    ]
    .boxed()
}

/// Generates bodies, each with whether it is valid.
fn body(schema: &Value) -> BoxedStrategy<(Option<Vec<u8>>, bool)> {
    let names: Vec<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    let text = |value: Value| Some(value.to_string().into_bytes());
    let broken = (value_of(schema), select(names), anything(), any_text(), 0..4).prop_map(
        move |(mut value, name, other, unknown, how)| {
            let fields = value.as_object_mut().unwrap();
            match how {
                0 => drop(fields.insert(name, other)),
                1 => drop(fields.insert(unknown, other)),
                2 => drop(fields.remove(&name)),
                _ => return (text(other), false),
            }
            (text(value), false)
        },
    );
    let bytes = prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| (Some(bytes), false));
    let large = (16_000usize..20_000).prop_map(|length| (Some(vec![b' '; length]), false));
    prop_oneof![
        6 => value_of(schema).prop_map(move |value| (text(value), true)),
        4 => broken,
        1 => bytes,
        1 => large,
    ]
    .boxed()
}

/// Percent-encodes a text for a URL.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || byte == b'-' {
                (byte as char).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
