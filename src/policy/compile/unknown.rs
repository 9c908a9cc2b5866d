//! Protected rows whose condition is unknown: the entry or the guard that would protect them reads a null.
//!
//! An unknown condition does not hold, so the next entry decides about such a row. Because that may delete a row that
//! should have been protected, the plan warns.

use super::blockers::STRENGTHS;
use super::compiled::CompiledUnknown;
use super::context::{CompileContext, QueryBuilder};
use super::outcomes::{OutcomeCase, OutcomesByKind, RowOutcome, by_outcome, parents, referrers};
use super::turns::{Part, turns, until_over};
use crate::domain::{Condition, FieldType, Kind, Reference, all, is_null, unknown};
use crate::policy::{Entry, Rule};
use crate::protocol::{Branch, RankCase, Rows};

/// The prefix of the names of these warnings.
const PREFIX: &str = "unknown:";

/// Adds a question for each reference with protecting entries whose condition may be unknown.
pub(super) fn unknowns(
    context: &CompileContext<'_>,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Vec<CompiledUnknown> {
    let mut found = Vec::new();
    for reference in context.map.references() {
        let branches = branches(context, reference, outcomes, query);
        let name = format!("{}: rows that an unknown condition may protect", reference.name);
        let Some(rows) = query.add_nonempty(name, &reference.from, branches) else { continue };
        let entries = context.entries(&reference.name).iter().filter(|entry| protects(entry));
        let rules = entries.filter_map(|entry| Some((entry.then.as_str(), entry.when.as_ref()?)));
        let rules: Vec<String> = rules.map(|(rule, when)| format!("{rule} if {when}")).collect();
        let what = format!("`{}` protects {{them}} ({})", reference.name, rules.join("; "));
        found.push(compiled(&reference.name, &reference.from, what, rows, query));
    }
    found
}

/// Adds the question about rows of a kind for which a condition is unknown.
pub(super) fn compiled(
    name: &impl std::fmt::Display,
    kind: &crate::domain::KindName,
    what: String,
    rows: Rows,
    query: &mut QueryBuilder,
) -> CompiledUnknown {
    let question = query.sample(rows);
    CompiledUnknown { name: format!("{PREFIX}{name}"), kind: kind.clone(), what, question }
}

fn protects(entry: &Entry) -> bool {
    matches!(entry.then, Rule::Restrict | Rule::Protect | Rule::Retain(_))
}

/// Narrows a condition to the rows that a rule would protect: a retention that is over protects nothing.
fn while_protecting(rule: &Rule, condition: Condition) -> Condition {
    match rule {
        Rule::Retain(retention) => all([condition, until_over(retention)]),
        _ => condition,
    }
}

/// Builds the branches to the rows that a protecting entry of the reference would decide about if its condition were
/// not unknown. A `restrict` does not count for rows that the operation removes over another reference.
fn branches(
    context: &CompileContext<'_>,
    reference: &Reference,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Vec<Branch> {
    let (Some(kind), Some(parents)) = (context.map.kind(&reference.from), parents(outcomes, reference))
    else {
        return Vec::new();
    };
    let cases = |parent: RowOutcome, is_meant: &dyn Fn(&Rule) -> bool| {
        let mut cases = Vec::new();
        for turn in turns(context.entries(&reference.name), parent) {
            let case = |when| RankCase { when, ..RankCase::always(0) };
            let entry = turn.entry;
            if turn.part != Part::Over && protects(entry) && is_meant(&entry.then) {
                let unknown = entry.when.as_ref().and_then(|when| when_unknown(kind, when));
                cases.extend(unknown.map(|unknown| case(Some(while_protecting(&entry.then, unknown)))));
            }
            cases.push(RankCase { rank: None, ..case(turn.when) });
        }
        cases
    };
    let mut found = Vec::new();
    for (parent, of) in parents.by_applicable_entries() {
        let cases = cases(parent, &|rule| *rule != Rule::Restrict);
        found.extend(referrers(context, reference, of, cases));
    }
    for (parent, alike, clearing) in STRENGTHS {
        let Some(of) = parents.rows(|outcome| alike.contains(&outcome)) else { continue };
        let cases = cases(parent, &|rule| *rule == Rule::Restrict);
        let Some(mut branch) = referrers(context, reference, of, cases) else { continue };
        branch.except.extend(cleared(context, reference, outcomes, clearing, query));
        found.push(branch);
    }
    for branch in &mut found {
        branch.except.extend(context.subjects_among(&reference.from));
    }
    found
}

/// Adds the set of the rows that another reference removes with one of these outcomes, and that end with one.
fn cleared(
    context: &CompileContext<'_>,
    reference: &Reference,
    outcomes: &OutcomesByKind,
    clearing: &[RowOutcome],
    query: &mut QueryBuilder,
) -> Option<Rows> {
    let own = outcomes.get(&reference.from)?;
    let clears = |outcome: RowOutcome| clearing.contains(&outcome);
    // `Off` is ordered between the soft outcomes and `Delete`, so there may be two ranges of ranks.
    let ranges = [
        own.rows(|outcome| !outcome.is_deleted() && clears(outcome)),
        own.rows(|outcome| outcome.is_deleted() && clears(outcome)),
    ];
    let mut branches = Vec::new();
    for other in context.map.references_from(&reference.from).filter(|one| one.name != reference.name) {
        let Some(parents) = parents(outcomes, other) else { continue };
        let rank = |case: &OutcomeCase| case.outcome.filter(|outcome| clears(*outcome)).map(|_| 0);
        let Some(branch) = by_outcome(context, other, parents, rank) else { continue };
        let within = ranges.iter().flatten().map(|rows| Branch { within: vec![*rows], ..branch.clone() });
        branches.extend(within);
    }
    let name = format!("{}: rows that another reference removes", reference.name);
    query.add_nonempty(name, &reference.from, branches)
}

/// Returns the condition that another condition is unknown, in its simplest form; `None` if it never is.
pub(super) fn when_unknown(kind: &Kind, when: &Condition) -> Option<Condition> {
    match when {
        Condition::IsNull { .. } | Condition::Unknown(_) => None,
        Condition::Not(inner) => when_unknown(kind, inner),
        Condition::All(parts) | Condition::Any(parts) => match &**parts {
            [part] => when_unknown(kind, part),
            parts => {
                let mut parts = parts.iter();
                parts.any(|part| when_unknown(kind, part).is_some()).then(|| unknown(when.clone()))
            }
        },
        // A database may hold NaN, for which a comparison is unknown too.
        Condition::Compare { field, .. } | Condition::OneOf { field, .. } | Condition::Time { field, .. } => {
            Some(match kind.type_of(field) {
                FieldType::Decimal => unknown(when.clone()),
                _ => is_null(field),
            })
        }
    }
}
