//! Compares the results of a store with the results of the model.

use std::collections::BTreeMap;

use client_lifecycle::domain::ReferenceName;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::plan::Plan;
use client_lifecycle::protocol::Disposition;
use client_lifecycle::testing::model::Verdict;
use client_lifecycle::testing::strategies::{RandomWorld, rows_document};
use client_lifecycle::{Lifecycle, MemoryStore, Store};
use proptest::prelude::*;
use serde_json::Value;

use super::sorted;

type Steps = BTreeMap<(String, Disposition, Option<ReferenceName>, String, Option<String>), u64>;

/// Converts the model's steps to the steps of a plan, where equal entries share a step.
fn steps_of(case: &RandomWorld, verdict: &Verdict) -> Steps {
    let mut steps = Steps::new();
    let rules = &case.policy.mode(case.request.mode).unwrap().rules;
    for ((kind, disposition, reference, index), count) in &verdict.steps {
        let declared = reference.as_ref().map(|name| case.policy.map().reference(name).unwrap());
        let is_owner = declared.is_some_and(|reference| reference.owned && reference.to == *kind);
        let decided = reference.as_ref().filter(|_| !is_owner);
        let entry = decided.map(|name| &rules.entries(name).unwrap()[*index]);
        let rule = if is_owner { "owned" } else { case.request.mode.as_str() };
        let rule = entry.map_or(rule, |entry| entry.then.as_str());
        let when = entry.and_then(|entry| entry.when.as_ref()).map(ToString::to_string);
        let key = (kind.to_string(), *disposition, reference.clone(), rule.to_owned(), when);
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

/// Creates a memory store with the rows of a world.
pub(crate) fn memory(case: &RandomWorld) -> MemoryStore {
    MemoryStore::from_json(case.policy.map(), &case.rows_document()).unwrap()
}

/// Opens a lifecycle with the world's policy and mask key on this store, at the world's time.
pub(crate) async fn opened<S: Store>(case: &RandomWorld, store: S) -> Result<Lifecycle<S>, TestCaseError> {
    let lifecycle = Lifecycle::open(store, case.policy.clone()).await;
    let lifecycle = lifecycle.map_err(|error| TestCaseError::fail(error.to_string()))?;
    Ok(lifecycle.with_clock(case.now).with_mask_key(case.mask_key.clone()))
}

/// Plans the world's request. Fails if there is no plan.
pub(crate) async fn planned<S: Store>(
    case: &RandomWorld,
    lifecycle: &Lifecycle<S>,
) -> Result<Plan, TestCaseError> {
    let plan = lifecycle.plan(&case.request).await;
    plan.map_err(|error| TestCaseError::fail(format!("{error:?}")))
}

/// Checks that the plan's blockers and counts agree with the model.
pub(crate) fn shows(case: &RandomWorld, verdict: &Verdict, plan: &Plan) -> Result<(), TestCaseError> {
    let mut blockers = BTreeMap::new();
    for blocker in &plan.blockers {
        *blockers.entry((blocker.reference.clone(), blocker.rule.clone())).or_default() += blocker.count;
    }
    prop_assert_eq!(&blockers, &verdict.blockers, "{}", plan);
    prop_assert_eq!(steps_shown(plan), steps_of(case, verdict), "{}", plan);
    prop_assert_eq!(plan.is_executable(), verdict.executable, "{}", plan);
    Ok(())
}

/// Checks that the plan, the receipt and the remaining rows agree with the model. Returns the digest of the plan.
pub(crate) async fn agrees<S: Store>(
    case: &RandomWorld,
    verdict: &Verdict,
    store: S,
    left: impl AsyncFn(&S) -> Value,
) -> Result<String, TestCaseError> {
    let (lifecycle, plan) = done(case, verdict, store).await?;
    prop_assert_eq!(left(lifecycle.store()).await, expected_rows(case, verdict), "{}", plan);
    Ok(plan.digest.to_string())
}

/// Checks the plan and the receipt only, for a store whose rows can be read only after it is closed.
pub(crate) async fn agrees_without_rows<S: Store>(
    case: &RandomWorld,
    verdict: &Verdict,
    store: S,
) -> Result<String, TestCaseError> {
    let (_, plan) = done(case, verdict, store).await?;
    Ok(plan.digest.to_string())
}

/// Returns the rows that the model expects after the request. They are unchanged if the request is blocked.
pub(crate) fn expected_rows(case: &RandomWorld, verdict: &Verdict) -> Value {
    let rows = if verdict.executable { &verdict.rows } else { &case.rows };
    sorted(&rows_document(case.policy.map(), rows))
}

async fn done<S: Store>(
    case: &RandomWorld,
    verdict: &Verdict,
    store: S,
) -> Result<(Lifecycle<S>, Plan), TestCaseError> {
    let lifecycle = opened(case, store).await?;
    let plan = planned(case, &lifecycle).await?;
    shows(case, verdict, &plan)?;
    let done = lifecycle.apply(&case.request, &plan).await;
    if verdict.executable {
        let receipt = done.map_err(|error| TestCaseError::fail(format!("{error:?}\n{plan}")))?;
        for (step, done) in plan.steps.iter().zip(&receipt.steps) {
            prop_assert_eq!((step.count, step.count), (done.planned, done.actual));
        }
    } else {
        prop_assert!(matches!(done, Err(Error::Blocked(_))), "{:?}", done);
    }
    Ok((lifecycle, plan))
}
