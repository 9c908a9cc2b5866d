//! Rows that `rows_for` generates fit into tables on SQLite, and plans there are those of the memory store.
#![cfg(all(feature = "testing", feature = "sqlite"))]

use std::collections::{BTreeMap, BTreeSet};

use client_lifecycle::domain::{
    Actor, DataMap, FieldName, FieldType, Kind, KindName, MaskKey, Mode, Reason, Request,
};
use client_lifecycle::testing::Population;
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore, Store};
use serde_json::Value;

use crate::common::effort;
use crate::common::sqlite::File;
use crate::common::{is_mandatory, may_have_key};
use crate::populations::{policies, populations};

type Columns = BTreeMap<(KindName, FieldName), &'static str>;

/// Returns the types of columns. References and the keys that they hold have the same type, even if one has no rows.
fn column_types(map: &DataMap, rows: &Value) -> Columns {
    let mut types = Columns::new();
    for kind in map.kinds() {
        for row in rows[kind.name.as_str()].as_array().unwrap() {
            for (field, value) in row.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()) {
                let found = match value {
                    Value::Number(number) if number.is_f64() => "REAL",
                    Value::Number(_) | Value::Bool(_) => "INTEGER",
                    _ => "TEXT",
                };
                types.insert((kind.name.clone(), field.as_str().into()), found);
            }
        }
        for field in map.fields_of(kind) {
            let declared = match kind.declared_type(field) {
                Some(FieldType::Integer | FieldType::Boolean) => "INTEGER",
                Some(FieldType::Decimal) => "REAL",
                _ => continue,
            };
            types.entry((kind.name.clone(), field.clone())).or_insert(declared);
        }
    }
    let lists = map.references().filter(|reference| reference.each);
    types.extend(lists.map(|list| ((list.from.clone(), list.fields[0].clone()), "TEXT")));
    for _ in map.references() {
        for reference in map.references().filter(|reference| !reference.each) {
            for (held, key) in reference.fields.iter().zip(map.key_of(reference)) {
                let pair = [(&reference.from, held), (&reference.to, key)];
                let pair = pair.map(|(kind, field)| (kind.clone(), field.clone()));
                if let Some(known) = pair.iter().find_map(|column| types.get(column)).copied() {
                    for column in pair {
                        types.entry(column).or_insert(known);
                    }
                }
            }
        }
    }
    types
}

/// Returns the statements that create the tables of a policy. Kinds that are parts of one table share its columns.
fn tables(map: &DataMap, rows: &Value) -> String {
    let mut tables: BTreeMap<String, Vec<&Kind>> = BTreeMap::new();
    for kind in map.kinds() {
        tables.entry(kind.table_name().to_string()).or_default().push(kind);
    }
    let types = column_types(map, rows);
    let quoted = |fields: &[FieldName]| {
        fields.iter().map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(", ")
    };
    let mut script = String::new();
    for (table, kinds) in tables {
        let mut columns: BTreeMap<String, &str> = BTreeMap::new();
        let mut constraints = BTreeSet::new();
        for kind in &kinds {
            let given = rows[kind.name.as_str()].as_array().unwrap().iter();
            let given = given.flat_map(|row| row.as_object().unwrap().keys().cloned());
            let declared = map.fields_of(kind).map(ToString::to_string);
            for field in given.chain(declared).collect::<BTreeSet<_>>() {
                let found = types.get(&(kind.name.clone(), field.as_str().into()));
                let known = columns.entry(field).or_insert("TEXT");
                *known = found.unwrap_or(known);
            }
            if !kind.id.is_none() {
                constraints.insert(format!("PRIMARY KEY ({})", quoted(kind.id.fields())));
            }
            let unique = kind.fields.iter().filter(|(_, declared)| declared.unique);
            constraints.extend(unique.map(|(field, _)| format!("UNIQUE (\"{field}\")")));
            let keys = map.references_to(&kind.name).filter_map(|reference| reference.key.as_ref());
            constraints.extend(keys.map(|key| format!("UNIQUE ({})", quoted(key))));
            for reference in map.references_from(&kind.name).filter(|one| may_have_key(one)) {
                let (to, key) = (map.kind(&reference.to).unwrap(), quoted(map.key_of(reference)));
                let (held, to) = (quoted(&reference.fields), to.table_name());
                constraints.insert(format!("FOREIGN KEY ({held}) REFERENCES \"{to}\" ({key})"));
            }
        }
        let is_set = |name: &str| kinds.iter().all(|kind| is_mandatory(map, kind, &name.into()));
        let columns = columns.iter().map(|(name, column_type)| {
            format!("\"{name}\" {column_type}{}", if is_set(name) { " NOT NULL" } else { "" })
        });
        let parts: Vec<String> = columns.chain(constraints).collect();
        script = format!("{script}CREATE TABLE \"{table}\" ({});\n", parts.join(", "));
    }
    script
}

/// Plans the removal of each subject, and returns the plans or refusals as text, with their digests.
async fn plans<S: Store>(name: &str, policy: &DeletionPolicy, rows: &Population, store: S) -> Vec<String> {
    let lifecycle = Lifecycle::open(store, policy.clone()).await;
    let lifecycle = lifecycle.unwrap_or_else(|error| panic!("{name}: {error}\n{rows:?}"));
    let key = MaskKey::new([26; MaskKey::LENGTH]).unwrap();
    let lifecycle = lifecycle.with_clock(rows.now()).with_mask_key(key);
    let mut plans = Vec::new();
    for mode in policy.modes().filter(|mode| Mode::REMOVALS.contains(mode)) {
        for subject in rows.subjects() {
            let request = Request::new(mode, policy.subject().clone(), subject)
                .by(Actor::new("ana", "ADMIN"))
                .with_reason(Reason::PrivacyRequest);
            plans.push(match lifecycle.plan(&request).await {
                Ok(plan) => format!("{} {plan}", plan.digest),
                Err(error) => error.to_string(),
            });
        }
    }
    plans
}

#[tokio::test]
async fn every_population_loads_into_sqlite_and_gives_the_same_plans_as_in_memory() {
    for (name, policy) in policies() {
        for rows in populations(&policy, effort::cases() / 5) {
            let json = rows.to_json();
            let file = File::with_tables(policy.map(), &tables(policy.map(), &json), &json).await;
            let broken = file.read("PRAGMA foreign_key_check").await;
            assert!(broken.is_empty(), "{name}: {broken:?}: {rows:?}");
            let memory = MemoryStore::from_json(policy.map(), &json).unwrap();
            let expected = plans(name, &policy, &rows, memory).await;
            assert_eq!(plans(name, &policy, &rows, file.store()).await, expected, "{name}: {rows:?}");
        }
    }
}
