//! Random request bodies whose violations are known in advance.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use client_lifecycle::clients::{ClientPatch, NewClient};
use client_lifecycle::domain::{ViolationCode, Violations};
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

use crate::common::effort;

/// A value with the violation codes that are expected for it.
type Tagged = (Value, Vec<&'static str>);

/// The fields in the documented order of the response.
const ORDER: [&str; 19] = [
    "user_id",
    "email",
    "name",
    "surname",
    "phone",
    "address",
    "city",
    "country",
    "postal_code",
    "gender",
    "birth_date",
    "role",
    "status",
    "avatar",
    "document_type",
    "document_number",
    "created_at",
    "updated_at",
    "password",
];
const TAKEN: [&str; 13] = [
    "email",
    "name",
    "surname",
    "phone",
    "address",
    "city",
    "country",
    "postal_code",
    "gender",
    "birth_date",
    "status",
    "document_type",
    "document_number",
];
const NEEDED: [&str; 7] =
    ["email", "name", "surname", "phone", "birth_date", "document_type", "document_number"];

/// Generates text with this number of characters, none of them white space or U+0000.
fn characters(length: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = String> {
    let one = prop_oneof![
        proptest::char::range('!', '~'),
        proptest::char::range('\u{300}', '\u{36f}'),
        proptest::char::range('א', 'ת'),
        proptest::char::range('\u{1f600}', '\u{1f64f}'),
        Just('\u{200d}'),
        Just('\u{202e}'),
    ];
    proptest::collection::vec(one, length).prop_map(|characters| characters.into_iter().collect())
}

fn no_text() -> impl Strategy<Value = Tagged> {
    let values =
        [json!(0), json!(-1.5), json!(true), json!([]), json!(["OFF"]), json!({}), json!({ "set": "x" })];
    prop_oneof![
        Just((Value::Null, vec!["null"])),
        proptest::sample::select(values.to_vec()).prop_map(|value| (value, vec!["type"])),
    ]
}

fn tagged(text: impl Strategy<Value = String> + 'static, codes: &[&'static str]) -> BoxedStrategy<Tagged> {
    let codes = codes.to_vec();
    text.prop_map(move |text| (json!(text), codes.clone())).boxed()
}

fn text(min: usize, max: usize) -> BoxedStrategy<Tagged> {
    let nul = characters(min.max(1)..=max).prop_map(|text| {
        let rest: String = text.chars().skip(1).collect();
        format!("{rest}\0")
    });
    let mut any = vec![
        tagged(characters(min..=max), &[]),
        tagged(characters(max + 1..=max + 30), &["too_long"]),
        tagged(nul, &["character"]),
        no_text().boxed(),
    ];
    if min > 0 {
        any.push(tagged(characters(0..=min - 1), &["too_short"]));
        any.push(tagged((min..=max).prop_map(|length| " ".repeat(length)), &["blank"]));
    }
    Union::new(any).boxed()
}

fn email() -> BoxedStrategy<Tagged> {
    Union::new([
        tagged("[a-z0-9.+]{1,30}@[a-z]{2,8}\\.[a-z]{2,8}", &[]),
        tagged("[a-z]{50,60}@[a-z]{2,8}\\.[a-z]{2,8}", &["too_long"]),
        tagged("[a-z@ ]{0,20}[ @]", &["email"]),
        tagged("[a-z]{51,90}", &["email", "too_long"]),
        no_text().boxed(),
    ])
    .boxed()
}

fn birth_date() -> BoxedStrategy<Tagged> {
    let day =
        (1..=9999, 1..=12, 1..=28).prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"));
    let none =
        (1..=9999, 1..=12, 32..=99).prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"));
    Union::new([
        tagged(day, &[]),
        tagged(none, &["date"]),
        tagged("[0-9-]{0,9}", &["date"]),
        no_text().boxed(),
    ])
    .boxed()
}

fn one_of(allowed: &'static [&'static str]) -> BoxedStrategy<Tagged> {
    let right = proptest::sample::select(allowed).prop_map(String::from);
    Union::new([tagged(right, &[]), tagged("[a-z]{0,4}", &["one_of"]), no_text().boxed()]).boxed()
}

fn value_of(field: &str) -> BoxedStrategy<Tagged> {
    match field {
        "email" => email(),
        "name" | "surname" => text(2, 50),
        "phone" => text(6, 20),
        "address" => text(0, 255),
        "city" | "country" => text(0, 50),
        "postal_code" | "document_number" => text(0, 20),
        "gender" => text(0, 10),
        "birth_date" => birth_date(),
        "status" => one_of(&["ON", "OFF"]),
        "document_type" => one_of(&["DNI", "PASSPORT", "NIE"]),
        "avatar" => Union::new([tagged(characters(0..=300), &[]), no_text().boxed()]).boxed(),
        _ => prop_oneof![no_text(), tagged(characters(0..=5), &[])].boxed(),
    }
}

/// Generates bodies with some of the fields, and sometimes with unknown fields.
fn bodies() -> impl Strategy<Value = BTreeMap<String, Tagged>> {
    let known: Vec<_> = ORDER
        .iter()
        .map(|name| {
            let often = if TAKEN.contains(name) { 0.7 } else { 0.1 };
            (Just((*name).to_owned()), proptest::option::weighted(often, value_of(name)))
        })
        .collect();
    let unknown = proptest::collection::vec(("[A-Zé]{0,3}", no_text()), 0..3);
    (known, unknown).prop_map(|(known, unknown)| {
        let unknown = unknown.into_iter().map(|(name, (value, _))| (name, (value, vec!["unknown_field"])));
        known.into_iter().filter_map(|(name, value)| Some((name, value?))).chain(unknown).collect()
    })
}

/// Returns the violations that are expected for a body, in order.
fn expected(body: &BTreeMap<String, Tagged>, new: bool) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for name in ORDER {
        let taken = TAKEN.contains(&name) || new && name == "avatar";
        let codes = match body.get(name) {
            Some((_, codes)) if taken => codes.clone(),
            Some(_) if new => vec!["not_settable"],
            Some(_) => vec!["not_updatable"],
            None if new && NEEDED.contains(&name) => vec!["required"],
            None => vec![],
        };
        all.extend(codes.into_iter().map(|code| (name.to_owned(), code.to_owned())));
    }
    let unknown = body.keys().filter(|name| !ORDER.contains(&name.as_str()));
    all.extend(unknown.map(|name| (name.clone(), "unknown_field".to_owned())));
    all
}

fn said<T>(read: &Result<T, Violations>) -> Vec<(String, String)> {
    let violations = read.as_ref().err().into_iter().flat_map(Violations::iter);
    violations.map(|violation| (violation.path.clone(), violation.code.to_string())).collect()
}

/// R165, R118, R119, R121, R122, R123, R124, R125, R126, R127, R128, R129, R130, R131, R132, R212: the expected
/// violations are reported, each once, in the order of the fields.
#[test]
fn every_violation_is_listed_in_declared_order() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[26; 32]);
    let config = Config { cases: effort::cases(), failure_persistence: None, ..Config::default() };
    let seen = RefCell::new(BTreeSet::new());
    TestRunner::new_with_rng(config, rng)
        .run(&bodies(), |body| {
            let json =
                Value::Object(body.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect());
            let patch = ClientPatch::from_json(&json);
            prop_assert_eq!(said(&patch), expected(&body, false));
            prop_assert_eq!(said(&NewClient::from_json(&json)), expected(&body, true));
            seen.borrow_mut()
                .extend([false, true].into_iter().flat_map(|new| expected(&body, new)).map(|(_, code)| code));
            // A body of the valid values alone is accepted, and the values are unchanged.
            let right: Map<String, Value> = body
                .iter()
                .filter(|(name, (_, codes))| TAKEN.contains(&name.as_str()) && codes.is_empty())
                .map(|(name, (value, _))| (name.clone(), value.clone()))
                .collect();
            let right = Value::Object(right);
            let patch = ClientPatch::from_json(&right)
                .map_err(|violations| TestCaseError::fail(violations.to_string()))?;
            prop_assert_eq!(serde_json::to_value(&patch).unwrap(), right);
            Ok(())
        })
        .unwrap_or_else(|failed| panic!("{failed}"));
    // `document_letter` and `not_an_object` do not occur here; other tests cover them.
    assert_eq!(seen.into_inner().len(), ViolationCode::ALL.len() - 2);
}
