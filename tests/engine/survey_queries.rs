//! Survey queries contain no set or question that is unused or always empty.
#![cfg(feature = "testing")]

use std::collections::BTreeSet;

use crate::common::random::on_random_worlds;
use crate::common::request;
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::KindName;
use client_lifecycle::protocol::{Branch, NamedSet, Ranks, Rows, SetId, Source, Stratum, SurveyQuery};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Returns the rows that a branch refers to: its source, `within` and `except`.
fn mentioned(branch: &Branch) -> impl Iterator<Item = Rows> {
    let source = match &branch.source {
        Source::Subjects | Source::Ids(_) | Source::WithText { .. } | Source::Replaced { .. } => None,
        Source::Referrers { of, .. }
        | Source::ReferencedBy { of, .. }
        | Source::Repeated { of, .. }
        | Source::FormerReferrers { of, .. }
        | Source::Members(of) => Some(*of),
    };
    source.into_iter().chain(branch.within.iter().chain(&branch.except).copied())
}

fn branches(query: &SurveyQuery, set: SetId) -> &[Branch] {
    &query.set(set).unwrap().branches
}

/// Returns whether any branch of the set gives one of these ranks.
fn can_hold(query: &SurveyQuery, rows: Rows) -> bool {
    let mut ranks =
        branches(query, rows.set).iter().flat_map(|branch| &branch.cases).filter_map(|case| case.rank);
    ranks.any(|rank| rows.ranks.contains(rank))
}

/// Returns the sets of kinds outside cycles. Kinds in a cycle share all sets, and some need only a few.
fn settled(query: &SurveyQuery) -> Vec<&NamedSet> {
    let sets = || query.sets.iter().flat_map(Stratum::sets);
    let walked: BTreeSet<&KindName> =
        sets().filter(|set| set.name.ends_with(": removed")).map(|set| &set.kind).collect();
    sets().filter(|set| !walked.contains(&set.kind)).collect()
}

#[test]
fn every_set_is_used_by_a_question_or_another_set() {
    on_random_worlds(async |case, _| {
        let query = case.policy.inquire(&case.request, case.now).unwrap().query().clone();
        let mut read = BTreeSet::new();
        let mut open: Vec<SetId> = query.questions.iter().map(|question| question.rows.set).collect();
        while let Some(set) = open.pop() {
            if read.insert(set) {
                open.extend(branches(&query, set).iter().flat_map(mentioned).map(|rows| rows.set));
            }
        }
        for set in settled(&query) {
            prop_assert!(read.contains(&set.id), "nothing reads `{}`", set.name);
        }
        Ok(())
    });
}

#[test]
fn every_question_has_ranks_that_a_case_gives() {
    on_random_worlds(async |case, _| {
        let query = case.policy.inquire(&case.request, case.now).unwrap().query().clone();
        for question in &*query.questions {
            let name = &query.set(question.rows.set).unwrap().name;
            prop_assert!(can_hold(&query, question.rows), "`{name}` {:?}", question.rows.ranks);
        }
        Ok(())
    });
}

#[test]
fn every_branch_starts_from_ranks_that_a_case_gives() {
    on_random_worlds(async |case, _| {
        let query = case.policy.inquire(&case.request, case.now).unwrap().query().clone();
        for set in settled(&query) {
            for branch in &set.branches {
                for rows in mentioned(branch) {
                    prop_assert!(can_hold(&query, rows), "`{}` {branch:?}", set.name);
                }
            }
        }
        Ok(())
    });
}

/// Returns the branches that decide the outcome of rows through this reference.
fn decided_over(references: &Value, rules: &Value, reference: &str) -> Vec<Branch> {
    let document = json!({
        "subject": "r", "kinds": { "r": {}, "a": {}, "b": {} }, "references": references,
        "modes": { "hard_delete": { "allow": "any", "rules": rules } }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let query = policy.inquire(&request("r", "r1"), chrono::DateTime::UNIX_EPOCH).unwrap().query().clone();
    let mut sets = query.sets.iter().flat_map(Stratum::sets);
    let set = sets.find(|set| set.kind == "b" && set.name.ends_with("what becomes of them")).unwrap();
    let over = |branch: &&Branch| matches!(&branch.source, Source::Referrers { reference: name, .. } if name == reference);
    set.branches.iter().filter(over).cloned().collect()
}

#[test]
fn parents_with_the_same_entries_share_a_branch() {
    let references = json!([ { "from": "a.r", "to": "r" }, { "from": "b.a", "to": "a" } ]);
    let rules = json!({
        "a.r": [ { "when": { "field": "state", "eq": "A" }, "then": "cascade" }, "delete" ],
        "b.a": "cascade"
    });
    let found = decided_over(&references, &rules, "b.a");
    let [branch] = &*found else { panic!("{found:?}") };
    let Source::Referrers { of, .. } = &branch.source else { panic!("{branch:?}") };
    assert_eq!(of.ranks, Ranks::ALL);
    assert_eq!(branch.cases.iter().map(|case| case.below).collect::<Vec<_>>(), [Ranks::ALL]);
}

#[test]
fn debug_of_a_source_hides_its_text() {
    let rows = Rows::all(SetId(3));
    let shown = |source: Source| format!("{source:?}");
    let holding = shown(Source::WithText { field: "email".into(), text: "ana@example.com".into() });
    assert!(holding.starts_with("WithText") && holding.contains("email"), "{holding}");
    assert!(!holding.contains("ana"), "{holding}");
    let referrers = shown(Source::Referrers { reference: "debts.client_id".into(), of: rows });
    assert!(referrers.starts_with("Referrers") && referrers.contains("debts.client_id"), "{referrers}");
    let members = shown(Source::Members(rows));
    assert!(members.starts_with("Members") && members.contains('3'), "{members}");
}
