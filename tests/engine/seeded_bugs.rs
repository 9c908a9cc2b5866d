//! Seeded bugs: comparing random worlds with the model finds every one of them.
//!
//! A bug is a wrapper around a correct store. It rewrites the sets of each query to what an engine with that bug would
//! send, so the engine needs no hooks for tests.
//!
//! `LIFECYCLE_SHOW=1 cargo test --test engine seeded_bugs -- --nocapture` prints a small failing world for each bug.
#![cfg(feature = "testing")]

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::common::compare::{agrees, memory, opened};
use crate::common::effort;
use crate::common::random::Worlds;
use crate::common::sorted;
use async_trait::async_trait;
use client_lifecycle::domain::{Condition, DataMap, Fault, KeyComparison, Reference, all, any, is_null, not};
use client_lifecycle::protocol::{
    Branch, ChangeSet, ChangeStep, NamedSet, NewValue, RankCase, Ranks, Receipt, Rows, SetId, Source,
    Stratum, Survey, SurveyQuery, Write,
};
use client_lifecycle::store::StoreError;
use client_lifecycle::{MemoryStore, Store};

/// Rewrites a query as an engine with the bug would send it.
type Bug = fn(SurveyQuery) -> SurveyQuery;

/// Rewrites the sets of a query.
fn on_sets(query: SurveyQuery, bug: impl FnOnce(Vec<Stratum>) -> Vec<Stratum>) -> SurveyQuery {
    SurveyQuery { sets: bug(query.sets.to_vec()).into(), ..query }
}

/// Rewrites the references of a query's map.
fn on_references(query: SurveyQuery, bug: impl Fn(&mut Reference)) -> SurveyQuery {
    let mut references: Vec<Reference> = query.map.references().cloned().collect();
    references.iter_mut().for_each(bug);
    let map = DataMap::new(query.map.kinds().cloned(), references).expect("a map that builds");
    SurveyQuery { map: Arc::new(map), ..query }
}

/// Rewrites what is written to the rows of a step.
type WriteBug = fn(Write) -> Write;

/// A correct store that receives the rewritten queries and writes.
struct Seeded {
    store: MemoryStore,
    bug: Bug,
    write: WriteBug,
}

impl Seeded {
    fn query(&self, query: &SurveyQuery) -> SurveyQuery {
        (self.bug)(query.clone())
    }
}

#[async_trait]
impl Store for Seeded {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.store.check(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        self.store.survey(&self.query(query)).await
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        let query = self.query(&changes.query);
        let steps = changes.steps.iter().cloned();
        let steps = steps.map(|step| ChangeStep { write: (self.write)(step.write.clone()), ..step });
        let changes = ChangeSet { query, steps: steps.collect(), ..changes.clone() };
        self.store.apply(&changes).await
    }
}

fn sets(strata: &mut [Stratum]) -> impl Iterator<Item = &mut NamedSet> {
    strata.iter_mut().flat_map(|stratum| match stratum {
        Stratum::Set(set) => std::slice::from_mut(set),
        Stratum::Cycle(sets) => sets,
    })
}

/// Returns the ids of the sets whose names end with this text.
fn named(strata: &[Stratum], end: &str) -> BTreeSet<SetId> {
    let sets = strata.iter().flat_map(Stratum::sets);
    let found = sets.filter(|set| set.name.ends_with(end));
    found.map(|set| set.id).collect()
}

/// The set of the subjects. No bug changes it.
const SUBJECTS: SetId = SetId(0);

/// Bug: if a row has several outcomes, the weakest one decides instead of the strongest.
fn swapped_precedence(strata: Vec<Stratum>) -> Vec<Stratum> {
    const LAST: u16 = u16::MAX;
    let mut wrong = Vec::new();
    for stratum in strata {
        match stratum {
            Stratum::Set(set) if set.name.ends_with("what becomes of them") => {
                // Add a set of the same rows with inverted ranks, so the weakest outcome wins. The original set then
                // takes its rows from that set and restores the ranks.
                let mut turned = set.clone();
                turned.id = SetId(set.id.0 + 10_000);
                let mut ranks = BTreeSet::new();
                let cases = turned.branches.iter_mut().flat_map(|branch| &mut branch.cases);
                for rank in cases.filter_map(|case| case.rank.as_mut()) {
                    ranks.insert(*rank);
                    *rank = LAST - *rank;
                }
                let back = Branch {
                    source: Source::Members(Rows::all(turned.id)),
                    within: Vec::new(),
                    except: Vec::new(),
                    switched: false,
                    cases: ranks
                        .into_iter()
                        .map(|rank| RankCase { below: Ranks::only(LAST - rank), ..RankCase::always(rank) })
                        .collect(),
                };
                wrong.push(Stratum::Set(turned));
                wrong.push(Stratum::Set(NamedSet { branches: vec![back], ..set }));
            }
            stratum => wrong.push(stratum),
        }
    }
    wrong
}

/// Bug: the removal in a cycle of kinds goes through kept rows instead of stopping at them.
fn one_pass(mut strata: Vec<Stratum>) -> Vec<Stratum> {
    let kept = named(&strata, ": kept");
    let removed = sets(&mut strata).filter(|set| set.name.ends_with(": removed"));
    for branch in removed.flat_map(|set| &mut set.branches) {
        branch.except.retain(|rows| !kept.contains(&rows.set));
    }
    strata
}

/// Bug: a tombstone does not make the row it refers to a tombstone.
fn no_climb(mut strata: Vec<Stratum>) -> Vec<Stratum> {
    let stones = named(&strata, ": tombstones");
    for set in sets(&mut strata) {
        if set.name.ends_with("surviving referrers") {
            set.branches.retain(|branch| {
                let climbs_inside = matches!(branch.source, Source::Members(_));
                !climbs_inside && !branch.within.iter().any(|rows| stones.contains(&rows.set))
            });
        }
    }
    strata
}

/// Bug: a row restricts the deletion although another reference removes it.
fn restrict_too_early(mut strata: Vec<Stratum>) -> Vec<Stratum> {
    let restricting = sets(&mut strata).filter(|set| set.name.ends_with("rows that restrict"));
    for branch in restricting.flat_map(|set| &mut set.branches) {
        branch.except.retain(|rows| rows.set == SUBJECTS);
    }
    strata
}

/// Bug: rows that are deleted anyway are redirected first.
fn redirect_before_delete(mut strata: Vec<Stratum>) -> Vec<Stratum> {
    let changing = sets(&mut strata).filter(|set| set.name.ends_with("references that change"));
    for branch in changing.flat_map(|set| &mut set.branches) {
        branch.except.retain(|rows| rows.set == SUBJECTS);
    }
    strata
}

/// Bug: a condition on a null value holds.
fn null_as_true(mut strata: Vec<Stratum>) -> Vec<Stratum> {
    let cases = sets(&mut strata).flat_map(|set| &mut set.branches).flat_map(|branch| &mut branch.cases);
    for when in cases.filter_map(|case| case.when.as_mut()) {
        *when = true_or_unknown(when);
    }
    strata
}

/// Returns a condition that holds unless the original condition is false.
fn true_or_unknown(when: &Condition) -> Condition {
    match when {
        Condition::All(parts) => all(parts.iter().map(true_or_unknown)),
        Condition::Any(parts) => any(parts.iter().map(true_or_unknown)),
        Condition::Not(part) => not(certainly(part)),
        Condition::IsNull { .. } | Condition::Unknown(_) => when.clone(),
        leaf => any([leaf.clone(), is_null(leaf.field().expect("a leaf has a field").clone())]),
    }
}

/// Returns a condition that is true if the original is true, and false if it is false or unknown.
fn certainly(when: &Condition) -> Condition {
    match when {
        Condition::All(parts) => all(parts.iter().map(certainly)),
        Condition::Any(parts) => any(parts.iter().map(certainly)),
        Condition::Not(part) => not(true_or_unknown(part)),
        Condition::IsNull { .. } | Condition::Unknown(_) => when.clone(),
        leaf => all([leaf.clone(), not(is_null(leaf.field().expect("a leaf has a field").clone()))]),
    }
}

/// Bug: a row that does not meet the condition of a reference refers all the same.
fn if_ignored(query: SurveyQuery) -> SurveyQuery {
    let map = query.map.clone();
    on_sets(query, |mut strata| {
        for branch in sets(&mut strata).flat_map(|set| &mut set.branches) {
            let Source::Referrers { reference, .. } = &branch.source else { continue };
            let Some(own) = map.reference(reference).and_then(|reference| reference.when.clone()) else {
                continue;
            };
            for case in &mut branch.cases {
                case.when = match case.when.take() {
                    Some(Condition::All(parts)) if parts.first() == Some(&own) => parts.into_iter().nth(1),
                    when => when.filter(|when| *when != own),
                };
            }
        }
        strata
    })
}

/// Bug: the fields of a reference are compared with those of the key in the wrong order.
fn fields_swapped(query: SurveyQuery) -> SurveyQuery {
    on_references(query, |reference| reference.fields.reverse())
}

/// Bug: case is not ignored.
fn case_matters(query: SurveyQuery) -> SurveyQuery {
    on_references(query, |reference| reference.compare = KeyComparison::Exact)
}

/// Bug: a row goes with one of its owners although another stays.
fn owner_ignored(mut strata: Vec<Stratum>) -> Vec<Stratum> {
    let held = named(&strata, ": owned by rows that stay");
    for branch in sets(&mut strata).flat_map(|set| &mut set.branches) {
        branch.except.retain(|rows| !held.contains(&rows.set));
    }
    strata
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Bug: a list is emptied instead of shortened.
fn list_emptied(write: Write) -> Write {
    let Write::Update(values) = write else { return write };
    let values = values.into_iter().map(|(field, value)| match value {
        NewValue::Elements(_) => (field, NewValue::Value(serde_json::json!([]).into())),
        value => (field, value),
    });
    Write::Update(values.collect())
}

/// Returns the number of the first world in which a store with this bug does not agree with the model.
fn first_disagreement(name: &str, bug: Bug) -> Option<u32> {
    first_with(name, bug, |write| write)
}

/// As [`first_disagreement`], for a bug in what is written.
fn first_wrong_write(name: &str, write: WriteBug) -> Option<u32> {
    first_with(name, |query| query, write)
}

fn first_with(name: &str, bug: Bug, write: WriteBug) -> Option<u32> {
    let runtime = runtime();
    let shown = std::env::var_os("LIFECYCLE_SHOW").is_some();
    let found = Worlds::new(if shown { 4_000 } else { 0 }).on_each(effort::worlds(), |case, verdict| {
        runtime.block_on(async {
            let seeded = |store| Seeded { store, bug, write };
            // Plan first, to make sure that the model finds the difference and not the store.
            let lifecycle = opened(case, seeded(memory(case))).await?;
            let plan = lifecycle.plan(&case.request).await;
            assert!(plan.is_ok(), "{name}: {:?}", plan.err());
            let left = async |seeded: &Seeded| sorted(&seeded.store.to_json());
            agrees(case, verdict, seeded(memory(case)), left).await?;
            Ok(())
        })
    });
    let failed = found.err()?;
    if shown {
        eprintln!("{name}: {failed}\n");
    }
    Some(failed.number)
}

macro_rules! is_found {
    ($($bug:ident: $run:expr),* $(,)?) => { is_found! { first_disagreement; $($bug: $run),* } };
    ($first:ident; $($bug:ident: $run:expr),* $(,)?) => {$(
        #[test]
        fn $bug() {
            let name = stringify!($bug);
            let number = $first(name, $run);
            assert!(number.is_some(), "no world tells {name} from the model");
            eprintln!("{name}: found at world {}", number.unwrap_or_default());
        }
    )*};
}

mod is_found {
    use super::{first_disagreement, first_wrong_write, on_sets};

    is_found! {
        swapped_precedence: |query| on_sets(query, super::swapped_precedence),
        one_pass: |query| on_sets(query, super::one_pass),
        no_climb: |query| on_sets(query, super::no_climb),
        restrict_too_early: |query| on_sets(query, super::restrict_too_early),
        redirect_before_delete: |query| on_sets(query, super::redirect_before_delete),
        null_as_true: |query| on_sets(query, super::null_as_true),
        owner_ignored: |query| on_sets(query, super::owner_ignored),
        if_ignored: super::if_ignored,
        fields_swapped: super::fields_swapped,
        case_matters: super::case_matters,
    }

    is_found! {
        first_wrong_write;
        list_emptied: super::list_emptied,
    }
}

#[test]
fn a_correct_store_agrees_with_the_model() {
    let number = first_disagreement("no bug", |query| query);
    assert_eq!(number, None, "a world on which store and model disagree");
}
