//! The values that `rows_for` generates around everything that a policy compares.
#![cfg(feature = "testing")]

use std::collections::{BTreeMap, BTreeSet};

use client_lifecycle::DeletionPolicy;
use serde_json::json;

use crate::populations::{populations, read};

/// Returns the number of populations in which a field of some row has each value.
fn occurrences(policy: &DeletionPolicy, kind: &str, field: &str, count: u32) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for rows in populations(policy, count) {
        let declared = policy.map().kind(&kind.into()).unwrap();
        let values = rows.rows(kind).map(|row| json!(declared.value_of(row, &field.into())).to_string());
        for value in values.collect::<BTreeSet<_>>() {
            *found.entry(value).or_insert(0) += 1;
        }
    }
    found
}

/// Every comparison has a field of its own, in every place of a policy that compares: the filter, the condition of a
/// reference, entries, a retention, the target of a redirect, guards and effects.
#[test]
fn every_boundary_value_occurs_in_one_of_twenty_populations() {
    let policy = read(&json!({
        "subject": "clients",
        "kinds": {
            "clients": { "deleted_at": "gone", "tombstone": true, "filter": { "field": "role", "in": ["USER", "GUEST"] },
                         "fields": { "birth": { "type": "date", "nullable": true }, "region": "integer" },
                         "personal": { "name": { "truncate": 3 }, "phone": "null" } },
            "debts": { "fields": { "amount": "decimal", "n": "integer", "code": "text", "open": "boolean", "day": "date" } },
            "logs": { "fields": { "uid": "uuid" } }
        },
        "references": [
            { "from": "debts.client_id", "to": "clients", "if": { "field": "sort", "eq": "Client" } },
            { "from": "logs.client_id", "to": "clients", "nullable": true }
        ],
        "modes": {
            "hard_delete": {
                "allow": [{ "role": "RESALE", "scope": "region" }],
                "guards": [
                    { "name": "seen", "on": "logs", "severity": "warn", "when": { "field": "seen", "within": "PT12H" } },
                    { "name": "last", "on": "clients", "left_without": "debts.client_id", "severity": "block",
                      "when": { "field": "open", "eq": true } } ],
                "rules": {
                    "debts.client_id": [
                        { "when": { "all": [{ "field": "amount", "ge": 10 }, { "not": { "field": "n", "lt": 5 } }] }, "then": "restrict" },
                        { "when": { "any": [{ "field": "code", "gt": "K" }, { "field": "paid", "is_null": true }] }, "then": "cascade" },
                        { "retain": { "for": "P10Y", "from": "issued", "basis": "law" } } ],
                    "logs.client_id": [
                        { "when": { "field": "uid", "eq": "550e8400-e29b-41d4-a716-446655440000" }, "then": "set_null" },
                        { "when": { "field": "at", "before": "2020-05-05T05:05:05Z" }, "then": "cascade" },
                        { "when": { "field": "later", "after": "now" }, "then": "cascade" },
                        { "then": "delete" } ] },
                "effects": [{ "topic": "t", "on": "debts", "when": { "field": "day", "older_than": "P1M" } }]
            },
            "soft_delete": { "allow": "any", "rules": { "*": "keep" },
                "guards": [{ "name": "minor", "on": "clients", "severity": "note", "when": { "field": "birth", "within": "P18Y" } }] }
        }
    }));
    let expected: [(&str, &str, &[serde_json::Value]); 18] = [
        ("clients", "role", &[json!("USER"), json!("GUEST"), json!("a")]),
        ("clients", "region", &[json!(0), json!(1)]),
        ("clients", "name", &[json!("a"), json!("xx"), json!("xxx"), json!("xxxx")]),
        ("clients", "phone", &[json!("a"), json!(null)]),
        ("clients", "birth", &["2008-02-26", "2008-02-27", "2008-02-28", "2008-02-29"].map(|day| json!(day))),
        ("clients", "birth", &[json!(null)]),
        ("debts", "sort", &[json!("Client"), json!("a")]),
        ("debts", "amount", &[json!(9.99), json!(10), json!(10.01)]),
        ("debts", "n", &[json!(4), json!(5), json!(6)]),
        ("debts", "code", &[json!(""), json!("K"), json!("K ")]),
        ("debts", "paid", &[json!("a"), json!(null)]),
        ("debts", "open", &[json!(true), json!(false)]),
        (
            "debts",
            "issued",
            &[
                "2016-02-26T00:00:00.000Z",
                "2016-02-27T00:00:00.000Z",
                "2016-02-27T11:59:59.000Z",
                "2016-02-27T12:00:00.000Z",
                "2016-02-27T12:00:01.000Z",
                "2016-02-27T23:59:59.000Z",
                "2016-02-28T00:00:00.000Z",
                "2016-02-28T00:00:01.000Z",
                "2016-02-28T12:00:00.000Z",
                "2016-02-29T00:00:00.000Z",
            ]
            .map(|at| json!(at)),
        ),
        ("debts", "day", &["2026-01-26", "2026-01-27", "2026-01-28", "2026-01-29"].map(|day| json!(day))),
        (
            "logs",
            "seen",
            &["2026-02-27T23:59:59.000Z", "2026-02-28T00:00:00.000Z", "2026-02-28T00:00:01.000Z"]
                .map(|at| json!(at)),
        ),
        ("logs", "uid", &[json!("550e8400-e29b-41d4-a716-446655440000")]),
        (
            "logs",
            "at",
            &["2020-05-05T05:05:04.000Z", "2020-05-05T05:05:05.000Z", "2020-05-05T05:05:06.000Z"]
                .map(|at| json!(at)),
        ),
        (
            "logs",
            "later",
            &["2026-02-28T11:59:59.000Z", "2026-02-28T12:00:00.000Z", "2026-02-28T12:00:01.000Z"]
                .map(|at| json!(at)),
        ),
    ];
    for (kind, field, values) in expected {
        let found = occurrences(&policy, kind, field, 400);
        for value in values {
            let worlds = found.get(&value.to_string()).copied().unwrap_or_default();
            assert!(worlds >= 20, "{kind}.{field} is {value} in {worlds} of 400 populations: {found:?}");
        }
    }
}
