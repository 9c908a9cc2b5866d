//! A small world for tests: references with their rules, rows, one deletion, and the expected result. It runs on every
//! store.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

pub(crate) mod backend;
#[cfg(feature = "testing")]
pub(crate) mod compare;
#[cfg(feature = "testing")]
pub(crate) mod coverage;
pub(crate) mod effort;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "testing")]
pub(crate) mod random;
pub(crate) mod seeds;
#[cfg(feature = "postgres")]
pub(crate) mod server;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use std::collections::{BTreeMap, BTreeSet};

use client_lifecycle::domain::{Actor, DataMap, FieldName, KeyComparison, Kind, Reference, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::plan::Plan;
use client_lifecycle::protocol::Receipt;
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore, Store};
use serde_json::{Value, json};

/// References with their rules, and rows.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) subject: &'static str,
    /// `(name, to, nullable, rule)`
    pub(crate) references: Vec<(&'static str, &'static str, bool, Value)>,
    pub(crate) rows: Value,
}

/// What must happen when the deletion is carried out.
#[derive(Debug)]
pub(crate) enum Expected {
    /// Exactly these rows remain.
    Left(Value),
    /// Nothing changes, and exactly these rows block: `(reference, count, ids)`.
    Refused(Vec<(&'static str, u64, Vec<&'static str>)>),
}

impl World {
    pub(crate) fn policy_document(&self) -> Value {
        let kinds: BTreeMap<&str, Value> =
            self.rows.as_object().unwrap().keys().map(|kind| (kind.as_str(), json!({}))).collect();
        let references: Vec<Value> = self
            .references
            .iter()
            .map(|(from, to, nullable, _)| json!({ "from": from, "to": to, "nullable": nullable }))
            .collect();
        let rules: BTreeMap<&str, &Value> =
            self.references.iter().map(|(from, _, _, rule)| (*from, rule)).collect();
        json!({
            "subject": self.subject, "kinds": kinds, "references": references,
            "modes": { "hard_delete": { "allow": "any", "rules": rules } }
        })
    }

    pub(crate) fn policy(&self) -> DeletionPolicy {
        DeletionPolicy::from_json(&self.policy_document().to_string())
            .unwrap_or_else(|faults| panic!("{faults}"))
    }

    pub(crate) fn memory(&self, map: &DataMap) -> MemoryStore {
        MemoryStore::from_json(map, &self.rows).unwrap()
    }
}

pub(crate) fn request(subject: &str, id: &str) -> Request {
    Request::hard_delete(subject, id).by(Actor::new("ana", "ADMIN"))
}

/// Plans and applies the deletion, and compares the remaining rows with the expected rows.
pub(crate) async fn judge<S: Store>(
    store: S,
    world: &World,
    id: &str,
    expected: &Expected,
    left: impl AsyncFn(&S) -> Value,
) {
    let lifecycle = Lifecycle::open(store, world.policy()).await.unwrap_or_else(|error| panic!("{error}"));
    let request = request(world.subject, id);
    let plan = lifecycle.plan(&request).await.unwrap();
    let done = lifecycle.apply(&request, &plan).await;
    match expected {
        Expected::Left(rows) => {
            let receipt = done.unwrap_or_else(|error| panic!("{error}\n{plan}"));
            assert_eq!(&left(lifecycle.store()).await, &sorted(rows), "{plan}");
            agrees(&plan, &receipt);
        }
        Expected::Refused(blockers) => {
            let error = done.expect_err("the deletion is refused");
            assert!(matches!(error, Error::Blocked(_)), "{error}");
            let found: BTreeSet<(String, u64, Vec<String>)> = plan
                .blockers
                .iter()
                .map(|blocker| {
                    let reference = blocker.reference.as_ref().unwrap().to_string();
                    (reference, blocker.count, blocker.sample.iter().map(ToString::to_string).collect())
                })
                .collect();
            let wanted = blockers
                .iter()
                .map(|(reference, count, ids)| {
                    ((*reference).into(), *count, ids.iter().map(ToString::to_string).collect())
                })
                .collect();
            assert_eq!(found, wanted, "{plan}");
            assert_eq!(&left(lifecycle.store()).await, &sorted(&world.rows));
        }
    }
}

/// Checks that the receipt matches the plan.
pub(crate) fn agrees(plan: &Plan, receipt: &Receipt) {
    assert_eq!(plan.digest, receipt.digest);
    assert_eq!(plan.steps.len(), receipt.steps.len());
    for (step, done) in plan.steps.iter().zip(&receipt.steps) {
        assert_eq!((step.count, step.count), (done.planned, done.actual), "{step:?}");
    }
}

/// Returns the number of rows of each step of a plan: `[["debts", "delete", 2], …]`.
pub(crate) fn steps(plan: &Plan) -> Value {
    plan.steps.iter().map(|step| json!([step.key.kind, step.key.disposition, step.count])).collect()
}

/// Returns the kind and the field of the key that a field holds, if it belongs to a reference.
pub(crate) fn key_of_field<'a>(
    map: &'a DataMap,
    kind: &'a Kind,
    field: &FieldName,
) -> Option<(&'a Kind, &'a FieldName)> {
    map.references_from(&kind.name).find_map(|reference| {
        let position = reference.fields.iter().position(|held| held == field)?;
        let to = map.kind(&reference.to)?;
        Some((to, map.key_of(reference).get(position)?))
    })
}

/// Returns each key that a row holds, with the id of its row if there is one, whether or not the row meets the condition
/// of the reference.
#[cfg(feature = "testing")]
pub(crate) fn referred(
    map: &DataMap,
    rows: &client_lifecycle::testing::model::Rows,
    row: &client_lifecycle::domain::Record,
    reference: &Reference,
) -> Vec<(client_lifecycle::domain::RecordId, Option<client_lifecycle::domain::RecordId>)> {
    let held = reference.held_by(map.kind(&reference.from).unwrap(), row).unwrap();
    let found = held.into_iter().map(|held| {
        let id = row_with_key(map, rows, reference, &held.to_string());
        (held, id)
    });
    found.collect()
}

#[cfg(feature = "testing")]
fn row_with_key(
    map: &DataMap,
    rows: &client_lifecycle::testing::model::Rows,
    reference: &Reference,
    held: &str,
) -> Option<client_lifecycle::domain::RecordId> {
    let to = map.kind(&reference.to)?;
    let key = |target: &client_lifecycle::domain::Record| {
        let parts = map.key_of(reference).iter().map(|field| to.value_of(target, field).as_id());
        let key = client_lifecycle::domain::RecordId::tuple(parts.collect::<Option<Vec<_>>>()?).to_string();
        Some(if reference.compare == KeyComparison::Exact { key } else { key.to_ascii_lowercase() })
    };
    let mut found = rows.get(&reference.to)?.iter();
    found.find(|(_, target)| key(target).is_some_and(|key| key == held)).map(|(id, _)| id.clone())
}

/// Returns whether a field can never be null: it belongs to the id, or to a reference that every row has.
pub(crate) fn is_mandatory(map: &DataMap, kind: &Kind, field: &FieldName) -> bool {
    let mut references = map.references_from(&kind.name);
    let by_reference = references
        .any(|reference| reference.fields.contains(field) && !reference.nullable && reference.when.is_none());
    kind.id.contains(field) || by_reference
}

/// Returns whether a foreign key can say what the reference says.
pub(crate) fn may_have_key(reference: &Reference) -> bool {
    reference.when.is_none() && reference.compare == KeyComparison::Exact && !reference.each
}

/// Returns whether a field of a kind holds a list of ids.
pub(crate) fn is_list(map: &DataMap, kind: &Kind, field: &FieldName) -> bool {
    let mut references = map.references_from(&kind.name);
    references.any(|reference| reference.each && reference.fields.contains(field))
}

/// Parses the lists of ids that a kind stores as JSON text, if they are JSON.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn parse_lists(map: &DataMap, kind: &Kind, rows: &mut Value) {
    let rows = rows.as_array_mut().unwrap().iter_mut();
    for (field, value) in rows.flat_map(|row| row.as_object_mut().unwrap()) {
        let list = value.as_str().filter(|_| is_list(map, kind, &field.as_str().into()));
        if let Some(list) = list.and_then(|text| serde_json::from_str(text).ok()) {
            *value = list;
        }
    }
}

/// Returns the rows sorted by id, without null fields.
pub(crate) fn sorted(rows: &Value) -> Value {
    let mut rows = rows.clone();
    for (_, list) in rows.as_object_mut().unwrap() {
        let list = list.as_array_mut().unwrap();
        for row in &mut *list {
            row.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        }
        // Rows without an id sort by all their fields.
        list.sort_by_key(|row| (row["id"].to_string(), row.to_string()));
    }
    rows
}
