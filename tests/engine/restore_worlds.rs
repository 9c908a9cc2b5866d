//! Restores in random worlds: the model and all stores agree, whatever was changed meanwhile.
#![cfg(feature = "testing")]

use std::cell::Cell;
use std::collections::BTreeMap;

use client_lifecycle::domain::{Mode, Record, Request};
use client_lifecycle::testing::model::{Moments, Rows, restore};
use client_lifecycle::testing::strategies::{RandomWorld, rows_document};
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore, Store};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::backend::{Backend, On, stores};
use crate::common::compare::memory;
use crate::common::random::on_many_worlds;
use crate::common::{effort, sorted};

/// Returns the world's policy with the mode `restore`; `None` if it has no such mode, because ids are personal.
fn with_restore(case: &RandomWorld) -> Option<DeletionPolicy> {
    let mut document = case.document.clone();
    document["modes"]["restore"] = json!({ "allow": "any" });
    DeletionPolicy::from_json(&document.to_string()).ok()
}

fn rows_of(policy: &DeletionPolicy, store: &MemoryStore) -> Rows {
    let by_id = |kind: &str| store.rows(kind).into_iter().map(|row| (row.id.clone(), row)).collect();
    let kinds = policy.map().kinds();
    kinds.map(|kind| (kind.name.clone(), by_id(kind.name.as_str()))).collect()
}

/// Returns the rows as a document, without the fields that every write sets.
fn shown(policy: &DeletionPolicy, rows: &Rows) -> Value {
    let mut rows = rows.clone();
    for kind in policy.map().kinds() {
        for row in rows.get_mut(&kind.name).into_iter().flat_map(BTreeMap::values_mut) {
            for field in [&kind.updated_at, &kind.version].into_iter().flatten() {
                row.fields.remove(field);
            }
        }
    }
    sorted(&rows_document(policy.map(), &rows))
}

/// A change by hand: a field of a row gets a value.
#[derive(Debug)]
struct Edit {
    kind: String,
    id: String,
    field: String,
    value: Value,
}

/// Chooses a field that the deletion replaced, and that gets its former value back by hand.
fn edit(policy: &DeletionPolicy, (before, after): (&Rows, &Rows), choice: usize) -> Option<Edit> {
    let mut replaced: Vec<(&str, &Record, &Record, &str)> = Vec::new();
    for kind in policy.map().kinds().filter(|kind| kind.id.fields().len() == 1) {
        for (id, row) in after.get(&kind.name).into_iter().flatten() {
            let Some(former) = before.get(&kind.name).and_then(|rows| rows.get(id)) else { continue };
            let deleted = kind.deleted_at.iter().map(|deleted| &deleted.field);
            let references = policy.map().references_from(&kind.name).filter(|reference| !reference.each);
            let fields = deleted.chain(references.flat_map(|reference| &reference.fields));
            let changed = fields.filter(|field| former.get(field) != row.get(field));
            replaced.extend(changed.map(|field| (kind.name.as_str(), former, row, field.as_str())));
        }
    }
    let (kind, former, row, field) = *replaced.get(choice.checked_rem(replaced.len())?)?;
    let (kind, id, value) = (kind.to_owned(), row.id.to_string(), json!(former.get(field)));
    Some(Edit { kind, id, field: field.to_owned(), value })
}

async fn marked<S: Store>(
    case: &RandomWorld,
    policy: &DeletionPolicy,
    store: S,
) -> Result<(Lifecycle<S>, Request), TestCaseError> {
    let lifecycle = Lifecycle::open(store, policy.clone()).await;
    let lifecycle = lifecycle.map_err(|error| TestCaseError::fail(error.to_string()))?;
    let lifecycle = lifecycle.with_clock(case.now).with_mask_key(case.mask_key.clone());
    let request = case.request.clone().operation(uuid::Uuid::from_u128(1));
    let done = lifecycle.execute(&request).await;
    let receipt = done.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
    let kind = policy.subject().clone();
    let mut restore = Request::restore_operation(kind, receipt.operation);
    restore.actor.clone_from(&case.request.actor);
    Ok((lifecycle, restore))
}

/// What a restore did: the text of its plan, and the rows.
type Outcome = (String, bool, Value);

async fn restored<S: Store>(
    lifecycle: &Lifecycle<S>,
    request: &Request,
    rows: impl AsyncFn() -> Value,
) -> Result<Outcome, TestCaseError> {
    let plan = lifecycle.plan(request).await.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
    let request = request.clone().operation(uuid::Uuid::from_u128(2));
    let done = lifecycle.apply(&request, &plan).await;
    prop_assert_eq!(done.is_ok(), plan.is_executable(), "{:?}\n{}", done, plan);
    if let Ok(receipt) = &done {
        for (step, done) in plan.steps.iter().zip(&receipt.steps) {
            prop_assert_eq!(step.count, done.actual, "{}", plan);
        }
    }
    Ok((plan.to_string(), plan.is_executable(), rows().await))
}

#[test]
fn the_model_and_all_stores_agree_on_what_comes_back() {
    let (turn, done, refused) = (Cell::new(0_usize), Cell::new(0_u32), Cell::new(0_u32));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let databases: Vec<On> = runtime.block_on(stores()).split_off(1);
    on_many_worlds(async |case, verdict| {
        if case.request.mode != Mode::SoftDelete || !verdict.executable {
            return Ok(());
        }
        let Some(policy) = with_restore(case) else { return Ok(()) };
        turn.set(turn.get() + 1);
        let before = rows_of(&policy, &memory(case));
        let (lifecycle, request) = marked(case, &policy, memory(case)).await?;
        let after = rows_of(&policy, lifecycle.store());
        let edit =
            if turn.get().is_multiple_of(2) { edit(&policy, (&before, &after), turn.get()) } else { None };
        if let Some(Edit { kind, id, field, value }) = &edit {
            let rows = lifecycle.store().rows(kind);
            let row = rows.into_iter().find(|row| row.id.to_string() == *id).unwrap();
            lifecycle.store().insert(kind.as_str(), [row.with(field.as_str(), value.clone())]);
        }
        let now = rows_of(&policy, lifecycle.store());
        let moments = Moments { before: &before, after: &after, now: &now };
        let subjects = &case.request.subjects;
        let subjects: Vec<_> = now[policy.subject()]
            .keys()
            .filter(|id| subjects.iter().any(|subject| subject.to_string() == id.to_string()))
            .cloned()
            .collect();
        let expected = restore(policy.map(), policy.subject(), &subjects, moments, case.now);

        let left = async || shown(&policy, &rows_of(&policy, lifecycle.store()));
        let found = restored(&lifecycle, &request, left).await?;
        let (plan, is_executable, rows) = &found;
        prop_assert_eq!(*is_executable, expected.is_some(), "{:?}\n{}", edit, plan);
        prop_assert_eq!(rows, &shown(&policy, expected.as_ref().unwrap_or(&now)), "{:?}\n{}", edit, plan);
        let counter = if *is_executable { &done } else { &refused };
        counter.set(counter.get() + 1);

        for on in &databases {
            if format!("{on:?}") == "Postgres" && !turn.get().is_multiple_of(4) {
                continue;
            }
            let backend = Backend::with(*on, &policy, &case.rows_document()).await;
            let (lifecycle, request) = marked(case, &policy, backend.store()).await?;
            if let Some(Edit { kind, id, field, value }) = &edit {
                backend.set(kind, id, field, value.clone()).await;
            }
            let same = restored(&lifecycle, &request, async || json!(null)).await?;
            prop_assert_eq!(&same.0, plan, "{:?}: {:?}", on, edit);
            let rows = rows_document(policy.map(), expected.as_ref().unwrap_or(&now));
            let wanted = MemoryStore::from_json(policy.map(), &rows).unwrap();
            let wanted = Backend::Memory(std::sync::Arc::new(wanted), policy.map().clone());
            let (left, wanted) = (backend.all_rows().await, wanted.all_rows().await);
            prop_assert_eq!(
                untouched(&policy, left),
                untouched(&policy, wanted),
                "{:?}: {:?}\n{}",
                on,
                edit,
                plan
            );
        }
        Ok(())
    });
    eprintln!("{} restored, {} refused", done.get(), refused.get());
    assert!(done.get() * 20 >= effort::worlds(), "too few worlds are restored: {}", done.get());
    assert!(refused.get() > 0, "no world is refused");
}

/// Removes the fields that every write sets.
fn untouched(policy: &DeletionPolicy, mut rows: Value) -> Value {
    for kind in policy.map().kinds() {
        let touched: Vec<&str> =
            [&kind.updated_at, &kind.version].into_iter().flatten().map(|field| field.as_str()).collect();
        for row in rows[kind.name.as_str()].as_array_mut().into_iter().flatten() {
            row.as_object_mut().unwrap().retain(|field, _| !touched.contains(&field.as_str()));
        }
    }
    rows
}
