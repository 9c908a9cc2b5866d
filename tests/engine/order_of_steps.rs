//! The order of steps: no step breaks a foreign key, so a database that checks keys immediately accepts all steps.
#![cfg(feature = "testing")]

use std::sync::{Arc, Mutex};

use crate::common::compare::{memory, opened, planned};
use crate::common::may_have_key;
use crate::common::random::on_random_worlds;
use async_trait::async_trait;
use client_lifecycle::domain::{self, DataMap, Fault, FieldName, KindName, Reference};
use client_lifecycle::protocol::{ChangeSet, NewValue, Receipt, Survey, SurveyQuery, Write};
use client_lifecycle::store::StoreError;
use client_lifecycle::{MemoryStore, Store};
use proptest::prelude::*;
use serde_json::Value;

/// A store that runs the first step, then the first two from the original rows, and so on.
struct Stepwise {
    store: MemoryStore,
    map: Arc<DataMap>,
    rows: Value,
    /// The references that were left dangling, each with the step that did it.
    gaps: Mutex<Vec<String>>,
}

#[async_trait]
impl Store for Stepwise {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.store.check(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        self.store.survey(query).await
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        for step in &changes.steps {
            let Write::Update(values) = &step.write else { continue };
            let emptied = values.iter().filter(|(_, value)| *value == NewValue::Value(domain::Value::Null));
            for (field, _) in emptied {
                let mut references = self.map.references_from(&step.kind);
                if references.any(|reference| reference.fields.contains(field) && !reference.nullable) {
                    self.gaps.lock().unwrap().push(format!("`{field}` is mandatory: {step:?}"));
                }
            }
        }
        for count in 1..=changes.steps.len() {
            let store = MemoryStore::from_json(&self.map, &self.rows).unwrap();
            let mut first = changes.clone();
            first.steps.truncate(count);
            store.apply(&first).await?;
            let after = store.to_json();
            let checked = self.map.references().filter(|reference| may_have_key(reference));
            let checked = checked.filter(|reference| can_hold(&self.map, reference));
            let gaps = checked.filter(|reference| leaves_a_gap(&self.map, &self.rows, &after, reference));
            let said = gaps.map(|reference| format!("{}: {:?}", reference.name, changes.steps[count - 1]));
            self.gaps.lock().unwrap().extend(said);
        }
        self.store.apply(changes).await
    }
}

/// Returns whether some order of steps always satisfies the reference: it is not part of a cycle of mandatory
/// references.
fn can_hold(map: &DataMap, reference: &Reference) -> bool {
    let mut above = vec![reference.to.clone()];
    let mut at = 0;
    while let Some(kind) = above.get(at).cloned() {
        let mandatory = map.references_from(&kind).filter(|other| !other.nullable);
        let further: Vec<KindName> =
            mandatory.map(|other| other.to.clone()).filter(|to| !above.contains(to)).collect();
        above.extend(further);
        at += 1;
    }
    reference.nullable || !above.contains(&reference.from)
}

/// Returns whether a remaining row refers to a row that the steps have deleted.
fn leaves_a_gap(map: &DataMap, before: &Value, after: &Value, reference: &Reference) -> bool {
    let values = |row: &Value, fields: &[FieldName]| -> Vec<Value> {
        fields.iter().map(|field| row[field.as_str()].clone()).collect()
    };
    let is_there = |rows: &Value, held: &[Value]| {
        let mut rows = rows[reference.to.as_str()].as_array().unwrap().iter();
        rows.any(|row| values(row, map.key_of(reference)) == held)
    };
    let rows = after[reference.from.as_str()].as_array().unwrap();
    let mut held = rows.iter().map(|row| values(row, &reference.fields));
    held.any(|held| is_there(before, &held) && !is_there(after, &held))
}

#[test]
fn foreign_keys_hold_after_every_step_and_mandatory_references_are_never_emptied() {
    on_random_worlds(async |case, verdict| {
        if !verdict.executable {
            return Ok(());
        }
        let store = Stepwise {
            store: memory(case),
            map: case.policy.map().clone(),
            rows: case.rows_document(),
            gaps: Mutex::default(),
        };
        let lifecycle = opened(case, store).await?;
        let plan = planned(case, &lifecycle).await?;
        let done = lifecycle.apply(&case.request, &plan).await;
        prop_assert!(done.is_ok(), "{:?}", done);
        let gaps = lifecycle.store().gaps.lock().unwrap();
        prop_assert!(gaps.is_empty(), "{gaps:#?}\n{plan}");
        Ok(())
    });
}
