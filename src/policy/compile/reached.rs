//! Reached rows: one set for each kind, in which the rank of a row is its outcome.

use super::branch::by_outcome;
use super::context::{CompileContext, Group};
use super::cycle;
use super::kind_outcomes::{KindOutcomes, OutcomesByKind};
use super::query::QueryBuilder;
use super::row_outcome::{OutcomeCase, RowOutcome};
use crate::domain::KindName;

/// Adds the sets of reached rows, from the subject outwards.
pub(super) fn outcomes(
    context: &CompileContext<'_>,
    groups: &[Group],
    query: &mut QueryBuilder,
) -> OutcomesByKind {
    let subject = KindOutcomes::of_subject(RowOutcome::of_subject(context.mode));
    let mut outcomes = OutcomesByKind::from([(context.subject.clone(), subject)]);
    for group in groups {
        if group.is_cycle {
            let found = cycle::outcomes(context, &group.kinds, &outcomes, query);
            outcomes.extend(found);
        } else if let [kind] = &*group.kinds
            && !context.is_subject(kind)
        {
            let found = of_kind(context, kind, &outcomes, query);
            outcomes.extend(found.map(|found| (kind.clone(), found)));
        }
    }
    outcomes
}

/// Adds the set of a kind that is part of no cycle: the sets of its parents are there.
fn of_kind(
    context: &CompileContext<'_>,
    kind: &KindName,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Option<KindOutcomes> {
    let mut found = KindOutcomes::of_kind(context, kind);
    if found.meanings.is_empty() {
        return None;
    }
    let branches = context.map.references_from(kind).filter_map(|reference| {
        let rank = |case: &OutcomeCase| found.rank(case.outcome?, &reference.name, case.entry);
        by_outcome(context, reference, outcomes.get(&reference.to)?, rank)
    });
    found.set = query.add_set(format!("{kind}: what becomes of them"), kind, branches.collect());
    Some(found)
}
