//! Random constraints on the tables of random worlds: a plan that nothing blocks can be carried out, and a plan is blocked
//! for a constraint only if the database would refuse to carry it out.
#![cfg(all(feature = "testing", any(feature = "sqlite", feature = "postgres")))]

mod generator;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use client_lifecycle::domain::{DataMap, Fault, UndeclaredReferences};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::protocol::{
    ChangeSet, Clash, Constraint, Inconsistency, PlannedWrites, Receipt, Survey, SurveyQuery, VerifyQuery,
};
use client_lifecycle::store::StoreError;
use client_lifecycle::testing::model::Verdict;
use client_lifecycle::testing::strategies::RandomWorld;
use client_lifecycle::{Lifecycle, Store};
use proptest::prelude::*;
use serde_json::Value;

use crate::common::compare::{expected_rows, planned};
use crate::common::{effort, sorted};

/// A store that foresees what its constraints refuse, but keeps it to itself, so that the database decides.
struct Silent<S>(S, Arc<Mutex<Vec<Clash>>>);

#[async_trait::async_trait]
impl<S: Store> Store for Silent<S> {
    async fn clashes(&self, writes: PlannedWrites<'_>) -> Result<Vec<Clash>, StoreError> {
        *self.1.lock().unwrap() = self.0.clashes(writes).await?;
        Ok(Vec::new())
    }

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
    reasons: BTreeMap<&'static str, u32>,
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

/// Plans with a store that foresees, and applies whatever it foresees.
async fn check<S: Store>(
    case: &RandomWorld,
    verdict: &Verdict,
    store: S,
    left: impl AsyncFn() -> Value,
    tally: &mut Tally,
) -> Result<(), TestCaseError> {
    let found = Arc::default();
    let Ok(lifecycle) = Lifecycle::open(Silent(store, Arc::clone(&found)), case.policy.clone()).await else {
        tally.refused += 1;
        return Ok(());
    };
    let lifecycle = lifecycle.with_clock(case.now).with_mask_key(case.mask_key.clone());
    let plan = planned(case, &lifecycle).await?;
    prop_assert!(plan.is_executable(), "{}", plan);
    let foreseen = found.lock().unwrap().clone();
    let done = lifecycle.apply(&case.request, &plan).await;
    match &done {
        Ok(_) => {
            prop_assert!(foreseen.is_empty(), "a false alarm: {:?}\n{}", foreseen, plan);
            prop_assert_eq!(without_extra(left().await), expected_rows(case, verdict), "{}", plan);
            tally.done += 1;
        }
        Err(Error::Store(StoreError::Refused { source, .. })) => {
            prop_assert!(!foreseen.is_empty(), "not foreseen: {:?}\n{}", source, plan);
            prop_assert_eq!(without_extra(left().await), sorted(&case.rows_document()), "{}", plan);
            tally.blocked += 1;
            for clash in &foreseen {
                let shown = usize::try_from(clash.count).unwrap().min(5);
                prop_assert_eq!(clash.sample.len(), shown, "{:?}\n{}", clash, plan);
                *tally.reasons.entry(reason(&clash.constraint)).or_default() += 1;
            }
        }
        Err(error) => prop_assert!(false, "{:?}\n{}", error, plan),
    }
    Ok(())
}

/// The number of worlds. Each needs tables and a policy of its own, so by default there are fewer than in other tests.
fn worlds() -> u32 {
    if std::env::var_os("LIFECYCLE_WORLDS").is_some() { effort::worlds() } else { effort::worlds() / 4 }
}

/// Returns the kind of a constraint.
fn reason(constraint: &Constraint) -> &'static str {
    match constraint {
        Constraint::Unique(_) => "unique",
        Constraint::Exclusion(_) => "exclusion",
        Constraint::Check(_) => "check",
        Constraint::NotNull(_) => "not null",
        Constraint::Limit { .. } => "limit",
        _ => "another",
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn a_plan_on_sqlite_foresees_what_a_constraint_refuses() {
    use crate::common::random::for_random_worlds_in;
    use crate::common::sqlite::File;
    use std::cell::RefCell;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tally = RefCell::new(Tally::default());
    let worlds = worlds();
    for_random_worlds_in(&runtime, worlds, 300, async |case, verdict| {
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
        let checked = check(case, verdict, file.store(), left, &mut own).await;
        tally.borrow_mut().add(own);
        checked.map_err(|error| TestCaseError::fail(format!("{}: {error}", added.join(";\n"))))
    });
    tally.borrow().check(worlds, &["unique", "check", "not null"]);
}

#[cfg(feature = "postgres")]
#[test]
fn a_plan_on_postgres_foresees_what_a_constraint_refuses() {
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
    let worlds = worlds();
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
        let mut own = Tally::default();
        let checked = check(case, verdict, PostgresStore::new(pool.clone()), left, &mut own).await;
        tally.borrow_mut().add(own);
        checked.map_err(|error| TestCaseError::fail(format!("{}: {error}", added.join(";\n"))))
    });
    tally.borrow().check(worlds, &["unique", "check", "not null", "limit", "exclusion"]);
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
