//! Compares the results of a store with the results of the model.

use client_lifecycle::lifecycle::Error;
use client_lifecycle::plan::Plan;
use client_lifecycle::testing::model::Verdict;
use client_lifecycle::testing::strategies::{RandomWorld, rows_document};
use client_lifecycle::{Lifecycle, MemoryStore, Store};
use proptest::prelude::*;
use serde_json::Value;

use super::sorted;

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
    prop_assert_eq!(verdict.difference(&case.policy, plan), None, "{}", plan);
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
