//! Random worlds: the model, the memory store and SQLite agree.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]
#![cfg(feature = "testing")]

mod common;

use std::collections::BTreeMap;

use client_lifecycle::domain::ReferenceName;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::plan::{Disposition, Plan};
use client_lifecycle::testing::model::{self, Verdict};
use client_lifecycle::testing::strategies::{Case, cases, rows_document};
use client_lifecycle::{Lifecycle, MemoryStore, Store};
use common::sorted;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

fn count(default: u32) -> u32 {
    std::env::var("LIFECYCLE_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

type Steps = BTreeMap<
    (
        String,
        Disposition,
        Option<ReferenceName>,
        String,
        Option<String>,
    ),
    u64,
>;

/// The steps of the model in the words of a plan: entries that say the same are one step.
fn steps_of(case: &Case, verdict: &Verdict) -> Steps {
    let mut steps = Steps::new();
    let rules = &case.policy.mode(case.request.mode).unwrap().rules;
    for ((kind, disposition, reference, index), count) in &verdict.steps {
        let entry = reference
            .as_ref()
            .map(|name| &rules.entries(name).unwrap()[*index]);
        let rule = entry.map_or(case.request.mode.as_str(), |entry| entry.then.as_str());
        let when = entry
            .and_then(|entry| entry.when.as_ref())
            .map(ToString::to_string);
        let key = (
            kind.to_string(),
            *disposition,
            reference.clone(),
            rule.to_owned(),
            when,
        );
        *steps.entry(key).or_default() += count;
    }
    steps
}

fn steps_shown(plan: &Plan) -> Steps {
    let mut steps = Steps::new();
    for step in &plan.steps {
        let key = &step.key;
        let name = (
            key.kind.to_string(),
            key.disposition,
            key.path.last().cloned(),
            key.rule.clone(),
            key.when.clone(),
        );
        *steps.entry(name).or_default() += step.count;
    }
    steps
}

async fn agrees<S: Store>(
    case: &Case,
    verdict: &Verdict,
    store: S,
    left: impl AsyncFn(&S) -> Value,
) -> Result<String, TestCaseError> {
    let lifecycle = Lifecycle::open(store, case.policy.clone()).await;
    let lifecycle = lifecycle
        .map_err(|error| TestCaseError::fail(error.to_string()))?
        .with_clock(case.now);
    let plan = lifecycle
        .plan(&case.request)
        .await
        .map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
    let mut blockers = BTreeMap::new();
    for blocker in &plan.blockers {
        *blockers
            .entry((blocker.reference.clone(), blocker.rule.clone()))
            .or_default() += blocker.count;
    }
    prop_assert_eq!(&blockers, &verdict.blockers, "{}", plan);
    prop_assert_eq!(steps_shown(&plan), steps_of(case, verdict), "{}", plan);
    prop_assert_eq!(plan.is_executable(), verdict.executable, "{}", plan);
    let done = lifecycle.apply(&case.request, &plan).await;
    let after = if verdict.executable {
        let receipt = done.map_err(|error| TestCaseError::fail(format!("{error:?}\n{plan}")))?;
        for (step, done) in plan.steps.iter().zip(&receipt.steps) {
            prop_assert_eq!((step.count, step.count), (done.planned, done.actual));
        }
        &verdict.rows
    } else {
        prop_assert!(matches!(done, Err(Error::Blocked(_))), "{:?}", done);
        &case.rows
    };
    prop_assert_eq!(
        left(lifecycle.store()).await,
        sorted(&rows_document(after)),
        "{}",
        plan
    );
    Ok(plan.digest.to_string())
}

/// Runs a comparison on random worlds.
#[allow(
    clippy::needless_pass_by_value,
    reason = "a closure is written where it is passed"
)]
fn on_random_worlds(compare: impl AsyncFn(&Case, &Verdict) -> Result<String, TestCaseError>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: count(2_000),
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&cases(), |case| {
        let verdict = model::judge(&case.policy, &case.rows, &case.request, case.now);
        let verdict = verdict.ok_or_else(|| TestCaseError::reject("a subject is not there"))?;
        runtime.block_on(compare(&case, &verdict)).map(|_| ())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn the_model_and_the_memory_store_agree() {
    on_random_worlds(async |case, verdict| {
        let store = MemoryStore::from_json(case.policy.map(), &case.rows_document()).unwrap();
        agrees(case, verdict, store, async |store| sorted(&store.to_json())).await
    });
}

#[cfg(feature = "sqlite")]
#[test]
fn the_model_and_sqlite_agree_whatever_its_foreign_keys_do() {
    use common::sqlite::{File, Schema};
    let turn = std::cell::Cell::new(0_usize);
    on_random_worlds(async |case, verdict| {
        turn.set(turn.get() + 1);
        let actions = [
            "NO ACTION",
            "RESTRICT",
            "CASCADE",
            "SET NULL",
            "SET DEFAULT",
        ];
        let schema = Schema {
            on_delete: actions[turn.get() % 5],
            reversed: turn.get().is_multiple_of(2),
        };
        let file = File::with_schema(case.policy.map(), &case.rows_document(), schema).await;
        let memory = MemoryStore::from_json(case.policy.map(), &case.rows_document()).unwrap();
        let expected = agrees(case, verdict, memory, async |store| {
            sorted(&store.to_json())
        })
        .await?;
        let digest = agrees(case, verdict, file.store(), async |_| {
            sorted(&file.rows().await)
        })
        .await;
        let digest = digest.map_err(|error| TestCaseError::fail(format!("{schema:?}: {error}")))?;
        prop_assert_eq!(digest, expected);
        Ok(String::new())
    });
}
