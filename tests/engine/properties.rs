//! Random worlds: the model and all stores agree, and every deletion has these properties.
#![cfg(feature = "testing")]

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::common::compare::{agrees, memory, opened, planned};
#[cfg(feature = "postgres")]
use crate::common::compare::{agrees_without_rows, expected_rows};
use crate::common::coverage::Coverage;
#[cfg(feature = "postgres")]
use crate::common::effort;
#[cfg(feature = "postgres")]
use crate::common::random::for_random_worlds_in;
use crate::common::random::on_many_worlds;
use crate::common::{referred, sorted};
use client_lifecycle::domain::{Record, RecordId, Reference, Request};
use client_lifecycle::memory::MemoryRecords;
use client_lifecycle::store::{ByRow, SystemTable};
use client_lifecycle::testing::model::Rows;
use client_lifecycle::testing::strategies::RandomWorld;
use client_lifecycle::{DeletionPolicy, MemoryStore};
use proptest::prelude::*;
use serde_json::Value;

/// R204: every rule along a chain of references is applied.
#[test]
fn the_model_and_the_memory_store_agree() {
    on_many_worlds(async |case, verdict| {
        let left = async |store: &MemoryStore| sorted(&store.to_json());
        agrees(case, verdict, memory(case), left).await.map(|_| ())
    });
}

/// Both evaluate sets in the same way, but one on its own rows, and the other on copies that it reads in pages.
#[test]
fn the_memory_store_and_a_store_by_rows_agree() {
    on_many_worlds(async |case, _| {
        let records = MemoryRecords::new();
        for kind in memory(case).records().kinds() {
            records.insert(&kind, memory(case).rows(kind.as_str()));
        }
        let by_rows = opened(case, ByRow::new(records)).await?;
        let memory = opened(case, memory(case)).await?;
        let (plan, same) = (planned(case, &memory).await?, planned(case, &by_rows).await?);
        prop_assert_eq!(plan.to_string(), same.to_string());
        prop_assert_eq!(&plan.digest, &same.digest);

        let request: Request = case.request.clone().operation(uuid::Uuid::from_u128(1));
        let done = memory.apply(&request, &plan).await;
        let done_too = by_rows.apply(&request, &same).await;
        prop_assert_eq!(format!("{done:?}"), format!("{done_too:?}"));
        let (memory, by_rows) = (memory.store().records(), by_rows.store().records());
        let own = SystemTable::ALL.iter().map(|table| table.kind().name);
        for kind in memory.kinds().into_iter().chain(own) {
            let rows = memory.rows(kind.as_str());
            prop_assert!(rows == by_rows.rows(kind.as_str()), "{kind}\n{plan}");
        }
        Ok(())
    });
}

#[test]
fn random_worlds_cover_all_features() {
    let coverage = RefCell::new(Coverage::default());
    on_many_worlds(async |case, verdict| {
        coverage.borrow_mut().add(case, verdict);
        Ok(())
    });
    let coverage = coverage.into_inner();
    let lines = coverage.lines().join("\n");
    eprintln!("{lines}");
    let missing = coverage.missing();
    assert!(missing.is_empty(), "too few worlds have {missing:?}:\n{lines}");
}

#[test]
fn no_surviving_row_refers_to_a_deleted_row() {
    // Returns the keys that a row holds, each with whether its row exists.
    let targets = |case: &RandomWorld, rows: &Rows, reference: &Reference, id: &RecordId| {
        let map = case.policy.map();
        let kind = map.kind(&reference.from).unwrap();
        let row = rows.get(&reference.from).and_then(|rows| rows.get(id));
        let when = reference.when.as_ref();
        let meets =
            |row: &&Record| when.is_none_or(|when| when.holds(kind, row, case.now).unwrap() == Some(true));
        let referred = row.filter(meets).map(|row| referred(map, rows, row, reference)).unwrap_or_default();
        referred.into_iter().map(|(key, id)| (key, id.is_some())).collect::<BTreeMap<_, _>>()
    };
    on_many_worlds(async |case, verdict| {
        // In a blocked plan, rows are not redirected, so check dangling references only in executable plans.
        let executable = Some(case.policy.map()).filter(|_| verdict.executable);
        for reference in executable.into_iter().flat_map(|map| map.references()) {
            for id in verdict.rows[&reference.from].keys() {
                let before = targets(case, &case.rows, reference, id);
                let after = targets(case, &verdict.rows, reference, id);
                for (key, _) in after.iter().filter(|(_, is_there)| !**is_there) {
                    prop_assert_eq!(before.get(key), Some(&false), "{} of `{}`", reference.name, id);
                }
            }
        }
        Ok(())
    });
}

/// Returns the document with the keys of every object and the list of references in reverse order.
pub(crate) fn turned(document: &Value) -> String {
    match document {
        Value::Object(fields) => {
            let fields = fields.iter().rev().map(|(name, value)| {
                let value = match value {
                    Value::Array(list) if name == "references" => {
                        turned(&list.iter().rev().cloned().collect())
                    }
                    value => turned(value),
                };
                format!("{}:{value}", Value::from(name.as_str()))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(list) => {
            let list: Vec<String> = list.iter().map(turned).collect();
            format!("[{}]", list.join(","))
        }
        value => value.to_string(),
    }
}

#[test]
fn the_order_of_declarations_and_rows_changes_nothing() {
    on_many_worlds(async |case, _| {
        let as_declared = opened(case, memory(case)).await?;
        let plan = planned(case, &as_declared).await?;

        let mut other = case.clone();
        other.policy = DeletionPolicy::from_json(&turned(&case.document)).unwrap();
        let mut rows = case.rows_document();
        for rows in rows.as_object_mut().unwrap().values_mut() {
            rows.as_array_mut().unwrap().reverse();
        }
        let store = MemoryStore::from_json(other.policy.map(), &rows).unwrap();
        let otherwise = opened(&other, store).await?;
        let same = planned(&other, &otherwise).await?;
        prop_assert_eq!(&plan.digest, &same.digest, "{}\n{}", plan, same);

        let done = as_declared.apply(&case.request, &plan).await.is_ok();
        let done_too = otherwise.apply(&case.request, &same).await.is_ok();
        prop_assert_eq!(done, done_too);
        let (left, left_too) = (as_declared.store().to_json(), otherwise.store().to_json());
        prop_assert_eq!(sorted(&left), sorted(&left_too), "{}", plan);
        Ok(())
    });
}

#[test]
fn planning_is_reproducible_and_applying_twice_is_done_once() {
    on_many_worlds(async |case, verdict| {
        let lifecycle = opened(case, memory(case)).await?;
        let plan = planned(case, &lifecycle).await?;
        let again = planned(case, &lifecycle).await?;
        prop_assert_eq!(&plan.digest, &again.digest);
        prop_assert_eq!(sorted(&lifecycle.store().to_json()), sorted(&case.rows_document()));
        if !verdict.executable {
            return Ok(());
        }
        let request: Request = case.request.clone().operation(uuid::Uuid::from_u128(1));
        let first = lifecycle.apply(&request, &plan).await;
        let first = first.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        let left = lifecycle.store().to_json();
        let second = lifecycle.apply(&request, &again).await;
        let second = second.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        prop_assert_eq!(first, second);
        prop_assert_eq!(left, lifecycle.store().to_json());
        prop_assert_eq!(lifecycle.store().receipts().len(), 1);
        Ok(())
    });
}

/// R24, R25: the same rows remain whether the foreign keys delete rows, empty references or refuse.
#[cfg(feature = "sqlite")]
#[test]
fn the_model_and_sqlite_agree_with_any_foreign_keys() {
    use crate::common::sqlite::{File, Schema};
    let turn = std::cell::Cell::new(0_usize);
    on_many_worlds(async |case, verdict| {
        turn.set(turn.get() + 1);
        let actions = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"];
        let schema = Schema { on_delete: actions[turn.get() % 5], reversed: turn.get().is_multiple_of(2) };
        let file = File::with_schema(case.policy.map(), &case.rows_document(), schema).await;
        let left = async |store: &MemoryStore| sorted(&store.to_json());
        let expected = agrees(case, verdict, memory(case), left).await?;
        let left = async |_: &_| sorted(&file.rows().await);
        let digest = agrees(case, verdict, file.store(), left).await;
        let digest = digest.map_err(|error| TestCaseError::fail(format!("{schema:?}: {error}")))?;
        prop_assert_eq!(digest, expected);
        Ok(())
    });
}

/// Puts the tables of the kinds into three schemas, of which one is in the search path. Tables of different schemas have the
/// same names.
#[cfg(feature = "postgres")]
fn over_schemas(case: &RandomWorld) -> RandomWorld {
    let mut case = case.clone();
    for (at, kind) in case.document["kinds"].as_object_mut().unwrap().values_mut().enumerate() {
        let schema = ["", "crm.", "\"re.ports\"."][at % 3];
        kind["table"] = format!("{schema}t{}", at / 3).into();
    }
    case.policy = DeletionPolicy::from_json(&case.document.to_string()).unwrap();
    case
}

/// R24, R25: runs each world first in a transaction that is rolled back, then in a transaction that commits. The
/// tables are created only once, because that is slow.
#[cfg(feature = "postgres")]
#[test]
fn the_model_and_postgres_agree_with_any_foreign_keys() {
    use crate::common::postgres::{Keys, dropping, rows, run, script, tidy};
    use crate::common::server::Schema;
    use client_lifecycle::postgres::{PostgresStore, PostgresTransaction};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(schema) = runtime.block_on(Schema::with_connections(1)) else {
        return;
    };
    runtime.block_on(PostgresStore::new(schema.pool.clone()).migrate()).unwrap();
    runtime.block_on(schema.run("CREATE SCHEMA crm; CREATE SCHEMA \"re.ports\""));
    let turn = std::cell::Cell::new(0_usize);
    // Remember the data map of the previous world, to drop its tables.
    let last = RefCell::new(None);
    for_random_worlds_in(&runtime, effort::worlds(), 100, async |case, verdict| {
        turn.set(turn.get() + 1);
        let actions = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"];
        let checked = ["", "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED"];
        let keys = Keys {
            on_delete: actions[turn.get() % 5],
            checked: checked[turn.get() % 3],
            reversed: turn.get().is_multiple_of(2),
        };
        let in_schemas = turn.get().is_multiple_of(4).then(|| over_schemas(case));
        let case = in_schemas.as_ref().unwrap_or(case);
        let with_keys = |error| TestCaseError::fail(format!("{keys:?}: {error}"));
        let (map, pool) = (case.policy.map(), &schema.pool);
        if turn.get().is_multiple_of(100) {
            tidy(&mut pool.acquire().await.unwrap()).await;
        }
        let mut tx = pool.begin().await.unwrap();
        if let Some(before) = last.replace(Some(map.clone())) {
            run(&mut tx, &dropping(&before)).await;
        }
        run(&mut tx, &script(map, &case.rows_document(), keys)).await;
        tx.commit().await.unwrap();
        let left = async |store: &MemoryStore| sorted(&store.to_json());
        let expected = agrees(case, verdict, memory(case), left).await?;

        let mut tx = pool.begin().await.unwrap();
        // Small operations run as one statement, large operations as one statement per kind. Both must give the same
        // result.
        let at_once = if turn.get() % 7 < 4 { u64::MAX } else { 0 };
        let store = PostgresTransaction::new(&mut tx).single_statement_limit(at_once);
        let digest = agrees_without_rows(case, verdict, store).await.map_err(with_keys)?;
        prop_assert_eq!(&digest, &expected);
        run(&mut tx, "SET CONSTRAINTS ALL IMMEDIATE").await;
        let found = sorted(&rows(&mut tx, map).await);
        prop_assert_eq!(found, expected_rows(case, verdict), "in a transaction, {:?}", keys);
        tx.rollback().await.unwrap();

        let left = async |_: &_| sorted(&rows(&mut pool.acquire().await.unwrap(), map).await);
        let digest =
            agrees(case, verdict, PostgresStore::new(pool.clone()), left).await.map_err(with_keys)?;
        prop_assert_eq!(&digest, &expected);
        Ok(())
    });
}

/// A path is a reason: each of its references removes, keeps back or owns the rows above the next one.
#[test]
fn every_reference_of_a_path_but_the_last_decides_about_its_rows() {
    use client_lifecycle::policy::Rule;
    let longest = std::cell::Cell::new(0);
    on_many_worlds(async |case, _| {
        let plan = planned(case, &opened(case, memory(case)).await?).await?;
        let mode = case.policy.mode(plan.mode).unwrap();
        for step in &plan.steps {
            let above = step.key.path.split_last().map_or(&[][..], |(_, above)| above);
            let so_far = longest.get();
            longest.set(above.len().max(so_far));
            for name in above {
                let entries = mode.rules.entries(name).unwrap_or_default();
                let is_owned = case.policy.map().reference(name).unwrap().owned;
                let decides = |rule: &Rule| {
                    matches!(
                        rule,
                        Rule::Cascade
                            | Rule::Delete
                            | Rule::SoftDelete
                            | Rule::Anonymize(_)
                            | Rule::Retain(_)
                    )
                };
                let decides = entries.iter().any(|entry| decides(&entry.then));
                prop_assert!(is_owned || decides, "{name} of {:?}\n{plan}", step.key.path);
            }
        }
        Ok(())
    });
    assert!(longest.into_inner() > 1);
}
