//! What a policy asks of a store: nothing that no row can answer, and nothing that nobody reads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]
#![cfg(feature = "testing")]

use std::collections::BTreeSet;

use crate::common::random::on_random_worlds;
use crate::common::request;
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::KindName;
use client_lifecycle::plan::{Arm, NamedSet, Ranks, Rows, SetId, Source, Stratum, SurveyQuery};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The rows that an arm starts from, is narrowed to, and leaves out.
fn mentioned(arm: &Arm) -> impl Iterator<Item = Rows> {
    let source = match &arm.source {
        Source::Subjects | Source::Ids(_) | Source::Holding { .. } => None,
        Source::Referrers { of, .. } | Source::Referents { of, .. } | Source::Members(of) => Some(*of),
    };
    source.into_iter().chain(arm.within.iter().chain(&arm.except).copied())
}

fn arms(query: &SurveyQuery, set: SetId) -> &[Arm] {
    &query.set(set).unwrap().arms
}

/// Whether an arm of the set gives one of the ranks.
fn can_hold(query: &SurveyQuery, rows: Rows) -> bool {
    let mut ranks = arms(query, rows.set).iter().flat_map(|arm| &arm.cases).filter_map(|case| case.rank);
    ranks.any(|rank| rows.ranks.contains(rank))
}

/// The sets of kinds that are in no cycle. A cycle is walked as a whole, and some of its kinds need less.
fn settled(query: &SurveyQuery) -> Vec<&NamedSet> {
    let sets = || query.sets.iter().flat_map(Stratum::sets);
    let walked: BTreeSet<&KindName> =
        sets().filter(|set| set.name.ends_with(": removed")).map(|set| &set.kind).collect();
    sets().filter(|set| !walked.contains(&set.kind)).collect()
}

#[test]
fn every_set_is_asked_about_or_leads_to_one_that_is() {
    on_random_worlds(async |case, _| {
        let query = case.policy.query(&case.request, case.now).unwrap();
        let mut read = BTreeSet::new();
        let mut open: Vec<SetId> = query.questions.iter().map(|question| question.rows.set).collect();
        while let Some(set) = open.pop() {
            if read.insert(set) {
                open.extend(arms(&query, set).iter().flat_map(mentioned).map(|rows| rows.set));
            }
        }
        for set in settled(&query) {
            prop_assert!(read.contains(&set.id), "nobody reads `{}`", set.name);
        }
        Ok(())
    });
}

#[test]
fn every_question_is_about_rows_that_a_case_can_give() {
    on_random_worlds(async |case, _| {
        let query = case.policy.query(&case.request, case.now).unwrap();
        for question in &*query.questions {
            let name = &query.set(question.rows.set).unwrap().name;
            prop_assert!(can_hold(&query, question.rows), "`{name}` {:?}", question.rows.ranks);
        }
        Ok(())
    });
}

#[test]
fn every_arm_starts_from_rows_that_a_case_can_give() {
    on_random_worlds(async |case, _| {
        let query = case.policy.query(&case.request, case.now).unwrap();
        for set in settled(&query) {
            for arm in &set.arms {
                for rows in mentioned(arm) {
                    prop_assert!(can_hold(&query, rows), "`{}` {arm:?}", set.name);
                }
            }
        }
        Ok(())
    });
}

/// The arms over a reference in the set that says what becomes of its rows.
fn decided_over(references: &Value, rules: &Value, reference: &str) -> Vec<Arm> {
    let document = json!({
        "subject": "r", "kinds": { "r": {}, "a": {}, "b": {} }, "references": references,
        "modes": { "hard_delete": { "allow": "any", "rules": rules } }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let query = policy.query(&request("r", "r1"), chrono::DateTime::UNIX_EPOCH).unwrap();
    let mut sets = query.sets.iter().flat_map(Stratum::sets);
    let set = sets.find(|set| set.kind == "b" && set.name.ends_with("what becomes of them")).unwrap();
    let over =
        |arm: &&Arm| matches!(&arm.source, Source::Referrers { reference: name, .. } if name == reference);
    set.arms.iter().filter(over).cloned().collect()
}

#[test]
fn parents_for_which_the_same_entries_speak_are_not_told_apart() {
    let references = json!([ { "from": "a.r", "to": "r" }, { "from": "b.a", "to": "a" } ]);
    let rules = json!({
        "a.r": [ { "when": { "field": "state", "eq": "A" }, "then": "cascade" }, "delete" ],
        "b.a": "cascade"
    });
    let found = decided_over(&references, &rules, "b.a");
    let [arm] = &*found else { panic!("{found:?}") };
    let Source::Referrers { of, .. } = &arm.source else { panic!("{arm:?}") };
    assert_eq!(of.ranks, Ranks::ALL);
    assert_eq!(arm.cases.iter().map(|case| case.below).collect::<Vec<_>>(), [Ranks::ALL]);
}

#[test]
fn a_source_is_shown_without_the_text_that_it_looks_for() {
    let rows = Rows::all(SetId(3));
    let shown = |source: Source| format!("{source:?}");
    let holding = shown(Source::Holding { field: "email".into(), text: "ana@example.com".into() });
    assert!(holding.starts_with("Holding") && holding.contains("email"), "{holding}");
    assert!(!holding.contains("ana"), "{holding}");
    let referrers = shown(Source::Referrers { reference: "debts.client_id".into(), of: rows });
    assert!(referrers.starts_with("Referrers") && referrers.contains("debts.client_id"), "{referrers}");
    let members = shown(Source::Members(rows));
    assert!(members.starts_with("Members") && members.contains('3'), "{members}");
}
