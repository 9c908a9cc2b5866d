//! Rows that `rows_for` generates: valid for the policy, on every store, and at every boundary.
#![cfg(feature = "testing")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use client_lifecycle::DeletionPolicy;
use client_lifecycle::clients::{Language, presets};
use client_lifecycle::domain::{
    Actor, KeyComparison, Mode, Reason, Record, RecordId, Reference, Request, Value,
};
use client_lifecycle::testing::{Population, Scenario, rows_for};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use crate::common::effort;
use crate::common::random::on_random_worlds;
use crate::properties::turned;

fn now() -> DateTime<Utc> {
    "2026-02-28T12:00:00Z".parse().unwrap()
}

fn runner(seed: u8) -> TestRunner {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng)
}

/// Generates populations, always the same.
pub(crate) fn populations(policy: &DeletionPolicy, count: u32) -> Vec<Population> {
    let (strategy, mut runner) = (rows_for(policy, now()), runner(26));
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

pub(crate) fn read(document: &serde_json::Value) -> DeletionPolicy {
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// A policy with ids and references of every form.
fn every_form() -> serde_json::Value {
    json!({
        "subject": "clients",
        "kinds": {
            "clients": { "id": "user_id", "deleted_at": "deleted_at", "status": { "field": "active", "on": true, "off": false },
                         "filter": { "field": "role", "eq": "USER" }, "version": "version", "updated_at": "updated_at",
                         "fields": { "active": "boolean", "role": "text", "email": { "type": "text", "unique": true, "nullable": true },
                                     "birth": "date", "uid": "uuid" },
                         "personal": { "email": "hmac", "birth": "year", "phone": "null" }, "tombstone": true },
            "admins": { "table": "people", "filter": { "field": "sort", "eq": "admin" } },
            "guests": { "table": "people", "filter": { "field": "sort", "eq": "guest" } },
            "profiles": {},
            "tenants": { "fields": { "id": "integer" } },
            "orders": { "id": ["tenant_id", "number"], "fields": { "number": "integer" } },
            "lines": { "id": ["tenant_id", "order_number", "line"],
                       "fields": { "amount": "decimal", "parent_line": { "type": "text", "nullable": true } } },
            "memberships": { "id": ["client_id", "tenant_id"], "fields": { "role": "text" } },
            "logs": { "id": [] },
            "copies": {},
            "comments": {}, "threads": {}, "files": { "deleted_at": "deleted_at", "personal": { "title": "null" } },
            "categories": {},
            "pages": {}, "versions": {},
            "bills": { "key": "owner_id" }, "payments": { "key": "owner_id" }
        },
        "references": [
            { "from": "profiles.id", "to": "clients" },
            { "from": "orders.tenant_id", "to": "tenants" },
            { "from": "orders.client_id", "to": "clients", "nullable": true },
            { "from": ["lines.tenant_id", "lines.order_number"], "to": "orders" },
            { "from": ["lines.tenant_id", "lines.order_number", "lines.parent_line"], "to": "lines", "nullable": true },
            { "from": "memberships.client_id", "to": "clients" },
            { "from": "memberships.tenant_id", "to": "tenants" },
            { "from": "logs.client_id", "to": "clients" },
            { "from": "copies.email", "to": "clients.email", "compare": "ignore_ascii_case" },
            { "from": "copies.uid", "to": "clients.uid", "nullable": true },
            { "from": "threads.member_ids", "to": "clients", "each": true },
            { "from": "copies.file_id", "to": "files", "owned": true },
            { "name": "of_client", "from": "comments.owner_id", "to": "clients", "if": { "field": "owner", "eq": "Client" } },
            { "name": "of_tenant", "from": "comments.owner_id", "to": "copies", "if": { "field": "owner", "in": ["Copy", "Old"] } },
            { "from": "categories.parent_id", "to": "categories" },
            { "from": "categories.client_id", "to": "clients" },
            { "from": "pages.version_id", "to": "versions" },
            { "from": "versions.page_id", "to": "pages" },
            { "from": "pages.client_id", "to": "clients" },
            { "from": "admins.client_id", "to": "clients" },
            { "from": "guests.client_id", "to": "clients" },
            { "from": "bills.owner_id", "to": "clients" },
            { "from": "payments.bill_id", "to": "bills" }
        ],
        "modes": {
            "hard_delete": { "allow": [{ "role": "ADMIN" }],
                "guards": [{ "name": "sole_owner", "on": "tenants", "left_without": "memberships.tenant_id",
                             "when": { "field": "role", "eq": "owner" }, "severity": "block" }],
                "rules": { "*": "cascade", "lines.tenant_id+order_number+parent_line": "set_null" } },
            "anonymize": { "allow": "any", "rules": { "*": "delete", "lines.tenant_id+order_number+parent_line": "keep" } },
            "deactivate": { "allow": "any", "rules": { "*": "keep" } }
        }
    })
}

pub(crate) fn policies() -> Vec<(&'static str, DeletionPolicy)> {
    let clinic = || presets::clinic(Language::English);
    vec![
        ("clinic", clinic().build().unwrap()),
        ("consent proof", presets::keep_consent_proof(clinic()).build().unwrap()),
        ("notifications", presets::notifications().build().unwrap()),
        ("vpn", presets::vpn().build().unwrap()),
        ("unions", presets::unions().build().unwrap()),
        ("every form", read(&every_form())),
    ]
}

fn holds(policy: &DeletionPolicy, reference: &Reference, row: &Record) -> bool {
    let kind = policy.map().kind(&reference.from).unwrap();
    reference.when.as_ref().is_none_or(|when| when.holds(kind, row, now()).unwrap() == Some(true))
}

/// Returns the rows to which a row refers over a reference. `None` if a field is null.
fn targets(policy: &DeletionPolicy, rows: &Population, reference: &Reference, row: &Record) -> Option<usize> {
    let (from, to) = (policy.map().kind(&reference.from)?, policy.map().kind(&reference.to)?);
    let held = reference.held_by(from, row).unwrap();
    let key = policy.map().key_of(reference);
    let read = |row: &Record| -> Option<RecordId> {
        let parts = key.iter().map(|field| to.value_of(row, field).as_id());
        let key = RecordId::tuple(parts.collect::<Option<Vec<_>>>()?);
        let folds = reference.compare != KeyComparison::Exact;
        Some(if folds { key.to_string().to_ascii_lowercase().into() } else { key })
    };
    let found =
        |held: &RecordId| rows.rows(to.name.as_str()).filter(|row| read(row).as_ref() == Some(held)).count();
    held.iter().map(found).min()
}

/// Checks that references lead to rows, that unique values are unique, and that values have their types.
fn assert_valid(name: &str, policy: &DeletionPolicy, rows: &Population) {
    let map = policy.map();
    for reference in map.references() {
        for row in rows.rows(reference.from.as_str()).filter(|row| holds(policy, reference, row)) {
            let found = targets(policy, rows, reference, row);
            let can_be_absent = reference.nullable || reference.each;
            let expected = if can_be_absent && found.is_none() { None } else { Some(1) };
            assert_eq!(found, expected, "{name}: {} of {row:?}: {rows:?}", reference.name);
        }
    }
    for kind in map.kinds() {
        for (field, declared) in &kind.fields {
            let held: Vec<Value> =
                rows.rows(kind.name.as_str()).map(|row| kind.value_of(row, field).into_owned()).collect();
            for value in &held {
                let fits = declared.field_type.is_none_or(|declared| declared.read(value).is_ok());
                assert!(fits, "{name}: {}.{field}: {rows:?}", kind.name);
            }
            let texts: Vec<_> =
                held.iter().filter(|value| !value.is_null()).map(|value| json!(value).to_string()).collect();
            let different: BTreeSet<&String> = texts.iter().collect();
            assert!(
                !declared.unique || different.len() == texts.len(),
                "{name}: {}.{field}: {rows:?}",
                kind.name
            );
        }
    }
}

/// Makes the request for one subject, with all warnings acknowledged. Returns whether it was carried out.
fn request_one(policy: &DeletionPolicy, rows: &Population, mode: Mode, subject: &RecordId) -> bool {
    let request = Request::new(mode, policy.subject().clone(), subject.clone())
        .by(Actor::new("ana", "ADMIN"))
        .with_reason(Reason::PrivacyRequest);
    let scenario = Scenario::of(policy).given_all(rows);
    let first = scenario.clone().when(&request).then_matches_model();
    let warnings = first.plan().map(|plan| plan.warnings.clone()).unwrap_or_default();
    let request = warnings.iter().fold(request, |request, warning| request.acknowledge(&warning.name));
    scenario.when(&request).then_matches_model().receipt().is_some()
}

fn removals(policy: &DeletionPolicy) -> impl Iterator<Item = Mode> {
    policy.modes().filter(|mode| Mode::REMOVALS.contains(mode))
}

#[test]
fn rows_are_valid_and_every_request_gives_the_result_of_the_model() {
    for (name, policy) in policies() {
        let mut carried_out: BTreeMap<Mode, u32> = removals(&policy).map(|mode| (mode, 0)).collect();
        for rows in populations(&policy, effort::cases() / 2) {
            assert_valid(name, &policy, &rows);
            for mode in removals(&policy) {
                for subject in rows.subjects() {
                    *carried_out.get_mut(&mode).unwrap() +=
                        u32::from(request_one(&policy, &rows, mode, &subject));
                }
            }
        }
        assert!(carried_out.values().all(|count| *count >= effort::cases() / 10), "{name}: {carried_out:?}");
    }
}

/// Random policies have ids and references of every form, and rules that no one would write.
#[test]
fn rows_for_random_policies_are_valid_and_give_the_result_of_the_model() {
    on_random_worlds(async |case, _| {
        let policy = &case.policy;
        for rows in populations(policy, 2) {
            assert_valid("random", policy, &rows);
            for subject in rows.subjects() {
                request_one(policy, &rows, case.request.mode, &subject);
            }
        }
        Ok(())
    });
}

#[test]
fn every_kind_has_rows_and_every_reference_is_held() {
    for (name, policy) in policies() {
        let (mut kinds, mut held, mut null) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let all = populations(&policy, 100);
        for rows in &all {
            for kind in policy.map().kinds() {
                *kinds.entry(&kind.name).or_insert(0) +=
                    usize::from(rows.rows(kind.name.as_str()).next().is_some());
            }
            for reference in policy.map().references() {
                let mut own = rows.rows(reference.from.as_str()).filter(|row| holds(&policy, reference, row));
                let found: Vec<_> = own.by_ref().map(|row| targets(&policy, rows, reference, row)).collect();
                *held.entry(&reference.name).or_insert(0) += usize::from(found.contains(&Some(1)));
                *null.entry(&reference.name).or_insert(0) += usize::from(found.contains(&None));
            }
        }
        assert!(kinds.values().all(|worlds| *worlds >= 25), "{name}: {kinds:?}");
        assert!(held.values().all(|worlds| *worlds >= 15), "{name}: {held:?}");
        for reference in policy.map().references() {
            let can_be_absent = reference.nullable || reference.each;
            assert_eq!(null[&reference.name] > 0, can_be_absent, "{name}: {}", reference.name);
        }
        assert!(all.iter().all(|rows| !rows.subjects().is_empty()), "{name}");
    }
}

#[test]
fn the_order_of_declarations_changes_no_row() {
    let document = every_form();
    let (policy, same) = (read(&document), DeletionPolicy::from_json(&turned(&document)).unwrap());
    for (rows, again) in populations(&policy, 50).iter().zip(populations(&same, 50)) {
        assert_eq!(rows.to_json(), again.to_json());
    }
    on_random_worlds(async |case, _| {
        let same = DeletionPolicy::from_json(&turned(&case.document)).unwrap();
        let both = [&case.policy, &same].map(|policy| populations(policy, 1).remove(0).to_json());
        proptest::prop_assert_eq!(&both[0], &both[1]);
        Ok(())
    });
}

#[test]
fn ids_have_every_type_unless_the_map_declares_one() {
    let ids = |policy: &DeletionPolicy, kind: &str| {
        let rows = populations(policy, 40);
        let ids: Vec<RecordId> =
            rows.iter().flat_map(|rows| rows.rows(kind).map(|row| row.id.clone())).collect();
        let integers = ids.iter().filter(|id| id.as_integer().is_some()).count();
        let uuids = ids.iter().filter(|id| id.as_uuid().is_some()).count();
        [integers, uuids, ids.len() - integers - uuids]
    };
    let policy = read(&every_form());
    assert!(ids(&policy, "clients").iter().all(|rows| *rows > 5), "{:?}", ids(&policy, "clients"));
    let [integers, uuids, texts] = ids(&policy, "tenants");
    assert!(integers > 20 && uuids + texts == 0);
}

#[test]
fn the_last_kind_of_a_long_chain_of_mandatory_references_has_rows() {
    let kinds: serde_json::Map<String, serde_json::Value> =
        (0..40).map(|number| (format!("k{number}"), json!({}))).collect();
    let references =
        (1..40).map(|number| json!({ "from": format!("k{number}.up"), "to": format!("k{}", number - 1) }));
    let policy = read(&json!({
        "subject": "k0", "kinds": kinds, "references": references.collect::<Vec<_>>(),
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    }));
    let all = populations(&policy, 40);
    let with_rows = all.iter().filter(|rows| rows.rows("k39").next().is_some()).count();
    assert!(with_rows >= 25, "{with_rows} of 40");
}

#[test]
fn lists_hold_one_id_or_several() {
    let policy = read(&every_form());
    let reference = policy.map().reference(&"threads.member_ids".into()).unwrap();
    let threads = policy.map().kind(&"threads".into()).unwrap();
    let mut counts = BTreeMap::new();
    for rows in populations(&policy, 100) {
        for row in rows.rows("threads") {
            *counts.entry(reference.held_by(threads, row).unwrap().len()).or_insert(0) += 1;
        }
    }
    assert!([0, 1, 2].iter().all(|count| counts.get(count).is_some_and(|lists| *lists >= 10)), "{counts:?}");
}
