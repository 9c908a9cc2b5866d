//! Random constraints on the tables of random worlds: a plan that nothing blocks can be carried out, and a plan is blocked
//! for a constraint only if the database would refuse to carry it out.
#![cfg(all(feature = "testing", any(feature = "sqlite", feature = "postgres")))]

mod generator;

use std::collections::BTreeMap;

use client_lifecycle::domain::{DataMap, Fault, UndeclaredReferences};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::protocol::{ChangeSet, Inconsistency, Receipt, Survey, SurveyQuery, VerifyQuery};
use client_lifecycle::store::StoreError;
use client_lifecycle::testing::model::Verdict;
use client_lifecycle::testing::strategies::RandomWorld;
use client_lifecycle::{Lifecycle, Store};
use proptest::prelude::*;
use serde_json::Value;

use crate::common::compare::{expected_rows, planned};
use crate::common::sorted;

/// A store that foresees nothing, as before a plan asked the constraints.
struct Blind<S>(S);

#[async_trait::async_trait]
impl<S: Store> Store for Blind<S> {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.0.check(map).await
    }

    async fn undeclared(&self, map: &DataMap) -> Result<UndeclaredReferences, StoreError> {
        self.0.undeclared(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        self.0.survey(query).await
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        self.0.apply(changes).await
    }

    async fn verify(&self, query: &VerifyQuery) -> Result<Vec<Inconsistency>, StoreError> {
        self.0.verify(query).await
    }
}

/// What became of the worlds.
#[derive(Debug, Default)]
struct Tally {
    done: u32,
    blocked: u32,
    /// The policy was refused when it was opened.
    refused: u32,
    /// The kinds of constraints that blocked a plan.
    reasons: BTreeMap<String, u32>,
}

impl Tally {
    fn check(&self, worlds: u32, reasons: &[&str]) {
        eprintln!("{self:?}");
        if worlds >= 1_000 {
            assert!(self.done > worlds / 10 && self.blocked > worlds / 50, "{self:?}");
            for reason in reasons {
                assert!(self.reasons.contains_key(*reason), "no plan was blocked for {reason}: {self:?}");
            }
        }
    }
}

/// Returns rows without the columns that only the constraints need.
fn without_extra(mut rows: Value) -> Value {
    for row in rows.as_object_mut().unwrap().values_mut().flat_map(|rows| rows.as_array_mut().unwrap()) {
        row.as_object_mut().unwrap().retain(|name, _| !name.starts_with("extra_"));
    }
    sorted(&rows)
}

/// Plans with a store that foresees, and applies with one that does not.
async fn check<S: Store>(
    case: &RandomWorld,
    verdict: &Verdict,
    stores: (S, S),
    left: impl AsyncFn() -> Value,
    tally: &mut Tally,
) -> Result<(), TestCaseError> {
    let open = async |store| {
        let lifecycle = Lifecycle::open(store, case.policy.clone()).await.ok()?;
        Some(lifecycle.with_clock(case.now).with_mask_key(case.mask_key.clone()))
    };
    let Some(lifecycle) = open(stores.0).await else {
        tally.refused += 1;
        return Ok(());
    };
    let plan = planned(case, &lifecycle).await?;
    let blind = Lifecycle::open(Blind(stores.1), case.policy.clone()).await.unwrap();
    let blind = blind.with_clock(case.now).with_mask_key(case.mask_key.clone());
    let unforeseen = planned(case, &blind).await?;
    prop_assert!(unforeseen.is_executable(), "{}", unforeseen);
    let done = blind.apply(&case.request, &unforeseen).await;
    match &done {
        Ok(_) => {
            prop_assert!(plan.is_executable(), "a false alarm: {}", plan);
            prop_assert_eq!(without_extra(left().await), expected_rows(case, verdict), "{}", plan);
            tally.done += 1;
        }
        Err(Error::Store(StoreError::Refused { source, .. })) => {
            prop_assert!(!plan.is_executable(), "not foreseen: {:?}\n{}", source, plan);
            prop_assert_eq!(without_extra(left().await), sorted(&case.rows_document()), "{}", plan);
            tally.blocked += 1;
            for blocker in &plan.blockers {
                prop_assert!(blocker.count >= 1 && !blocker.sample.is_empty(), "{}", plan);
                *tally.reasons.entry(generator::reason(&blocker.message).into()).or_default() += 1;
            }
        }
        Err(error) => prop_assert!(false, "{:?}\n{}", error, plan),
    }
    Ok(())
}

#[cfg(feature = "sqlite")]
#[test]
fn a_plan_on_sqlite_foresees_what_a_constraint_refuses() {
    use crate::common::effort;
    use crate::common::random::for_random_worlds_in;
    use crate::common::sqlite::File;
    use std::cell::RefCell;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tally = RefCell::new(Tally::default());
    for_random_worlds_in(&runtime, effort::worlds(), 20, async |case, verdict| {
        if !verdict.executable {
            return Ok(());
        }
        let document = case.rows_document();
        let file = File::with(case.policy.map(), &document).await;
        let mut added = Vec::new();
        for constraint in generator::constraints(case, verdict, generator::Target::Sqlite) {
            for sql in constraint {
                if file.try_run(&sql).await {
                    added.push(sql);
                }
            }
        }
        let left = async || file.rows().await;
        let mut own = Tally::default();
        let checked = check(case, verdict, (file.store(), file.store()), left, &mut own).await;
        tally.borrow_mut().add(own);
        checked.map_err(|error| TestCaseError::fail(format!("{}: {error}", added.join(";\n"))))
    });
    tally.borrow().check(effort::worlds(), &["unique", "CHECK", "NOT NULL"]);
}

#[cfg(feature = "postgres")]
#[test]
fn a_plan_on_postgres_foresees_what_a_constraint_refuses() {
    use crate::common::effort;
    use crate::common::postgres::{PLAIN, dropping, rows, run, script, tidy, try_run};
    use crate::common::random::for_random_worlds_in;
    use crate::common::server::Schema;
    use client_lifecycle::postgres::PostgresStore;
    use std::cell::{Cell, RefCell};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(schema) = runtime.block_on(Schema::with_connections(1)) else { return };
    runtime.block_on(PostgresStore::new(schema.pool.clone()).migrate()).unwrap();
    let (turn, tally) = (Cell::new(0_usize), RefCell::new(Tally::default()));
    let last = RefCell::new(None);
    let worlds =
        if std::env::var_os("LIFECYCLE_WORLDS").is_some() { effort::worlds() } else { effort::worlds() / 4 };
    for_random_worlds_in(&runtime, worlds, 50, async |case, verdict| {
        if !verdict.executable {
            return Ok(());
        }
        turn.set(turn.get() + 1);
        let document = case.rows_document();
        let (map, pool) = (case.policy.map(), &schema.pool);
        if turn.get().is_multiple_of(100) {
            tidy(&mut pool.acquire().await.unwrap()).await;
        }
        let mut added = Vec::new();
        let mut tx = pool.begin().await.unwrap();
        if let Some(before) = last.replace(Some(map.clone())) {
            run(&mut tx, &dropping(&before)).await;
            run(&mut tx, "DROP TYPE IF EXISTS extra_labels; DROP DOMAIN IF EXISTS extra_domain, extra_base")
                .await;
        }
        run(&mut tx, &script(map, &document, PLAIN)).await;
        for constraint in generator::constraints(case, verdict, generator::Target::Postgres) {
            let sql = constraint.join("; ");
            if try_run(&mut tx, &sql).await {
                added.push(sql);
            }
        }
        tx.commit().await.unwrap();
        let left = async || rows(&mut pool.acquire().await.unwrap(), map).await;
        let store = || PostgresStore::new(pool.clone());
        let mut own = Tally::default();
        let checked = check(case, verdict, (store(), store()), left, &mut own).await;
        tally.borrow_mut().add(own);
        checked.map_err(|error| TestCaseError::fail(format!("{}: {error}", added.join(";\n"))))
    });
    tally.borrow().check(worlds, &["unique", "CHECK", "NOT NULL", "cannot hold", "exclusion"]);
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.blocked += other.blocked;
        self.refused += other.refused;
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }
}
