//! Random worlds in a fixed order, so every run tests the same worlds.

use client_lifecycle::testing::model::{self, Verdict};
use client_lifecycle::testing::strategies::{RandomWorld, random_worlds};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::effort;

/// Generates random worlds.
pub(crate) struct Worlds {
    runner: TestRunner,
    seed: u64,
}

/// The failure of a test on one world. Worlds are numbered from 1.
pub(crate) struct Failed {
    pub(crate) number: u32,
    seed: u64,
    /// The reason for the failure, with the smallest failing world.
    why: String,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { number, seed, why } = self;
        write!(f, "world {number} of LIFECYCLE_SEED={seed}: {why}")
    }
}

impl Worlds {
    /// Makes worlds with the seed from the environment. A failing world is shrunk in at most `shrink` steps.
    pub(crate) fn new(shrink: u32) -> Self {
        let seed = effort::seed();
        let config = Config {
            failure_persistence: None,
            max_shrink_iters: shrink,
            max_local_rejects: u32::MAX,
            max_global_rejects: u32::MAX,
            ..Config::default()
        };
        let bytes: Vec<u8> = seed.to_le_bytes().repeat(4);
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self { runner: TestRunner::new_with_rng(config, rng), seed }
    }

    /// Runs a test on the worlds, one by one, until a world fails.
    pub(crate) fn on_each(
        &mut self,
        count: u32,
        test: impl Fn(&RandomWorld, &Verdict) -> Result<(), TestCaseError>,
    ) -> Result<(), Failed> {
        for number in 1..=count {
            let failed = |why: String| Failed { number, seed: self.seed, why };
            let tree = random_worlds().new_tree(&mut self.runner);
            let tree = tree.map_err(|reason| failed(reason.to_string()))?;
            let outcome = self.runner.run_one(tree, |case| {
                let verdict =
                    model::judge(&case.policy, &case.rows, &case.request, case.now, Some(&case.mask_key));
                let verdict = verdict.expect("the subjects of a random world are there");
                test(&case, &verdict)
            });
            outcome.map_err(|error| failed(error.to_string()))?;
        }
        Ok(())
    }
}

/// Runs a test on every random world.
#[allow(clippy::needless_pass_by_value, reason = "a closure is written where it is passed")]
pub(crate) fn on_random_worlds(test: impl AsyncFn(&RandomWorld, &Verdict) -> Result<(), TestCaseError>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for_random_worlds_in(&runtime, effort::cases(), 4_000, test);
}

/// Runs a test that compares stores or the model on many random worlds.
#[allow(clippy::needless_pass_by_value, reason = "a closure is written where it is passed")]
pub(crate) fn on_many_worlds(test: impl AsyncFn(&RandomWorld, &Verdict) -> Result<(), TestCaseError>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for_random_worlds_in(&runtime, effort::worlds(), 4_000, test);
}

/// Runs a test on this number of random worlds on this runtime. A failing world is shrunk in at most `shrink` steps.
#[allow(clippy::needless_pass_by_value, reason = "a closure is written where it is passed")]
pub(crate) fn for_random_worlds_in(
    runtime: &tokio::runtime::Runtime,
    count: u32,
    shrink: u32,
    test: impl AsyncFn(&RandomWorld, &Verdict) -> Result<(), TestCaseError>,
) {
    let done = Worlds::new(shrink).on_each(count, |case, verdict| runtime.block_on(test(case, verdict)));
    if let Err(failed) = done {
        panic!("{failed}");
    }
}
