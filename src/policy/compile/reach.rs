//! Reached rows: one set per kind, each row with the rank of its outcome.

use super::branch::by_parent;
use super::cycle;
use super::rank::{KindOutcomes, meanings};
use super::row_outcome::OutcomeCase;
use super::{CompileContext, Group, OutcomesByKind, RowOutcome, Sets};
use crate::domain::{Condition, KindName, all, is_null};
use crate::protocol::{Branch, RankCase, Rows, Source};

/// The subjects as a set, and after it what becomes of the rows of every reached kind.
pub(super) fn outcomes(context: &CompileContext<'_>, groups: &[Group], sets: &mut Sets) -> OutcomesByKind {
    let subject = Branch::new(
        Source::Subjects,
        vec![RankCase { when: subject_condition(context), ..RankCase::always(0) }],
    );
    sets.add("the subjects".into(), context.subject, vec![subject]);
    let mut outcomes = OutcomesByKind::new();
    outcomes.insert(context.subject.clone(), KindOutcomes::of_subject(RowOutcome::of_subject(context.mode)));
    for group in groups {
        if group.is_cycle {
            cycle::outcomes(context, &group.kinds, &mut outcomes, sets);
        } else if let [kind] = &*group.kinds
            && !context.is_subject(kind)
        {
            settle(context, kind, &mut outcomes, sets);
        }
    }
    outcomes
}

/// A kind that no cycle leads back to: its parents are settled.
fn settle(context: &CompileContext<'_>, kind: &KindName, outcomes: &mut OutcomesByKind, sets: &mut Sets) {
    let meanings = meanings(context, kind);
    if meanings.is_empty() {
        return;
    }
    let mut found = KindOutcomes { set: sets.next(), meanings };
    let branches = context
        .map
        .references_from(kind)
        .filter_map(|reference| {
            let rank = |case: &OutcomeCase| found.rank(case.outcome?, &reference.name, case.entry);
            by_parent(context, reference, outcomes.get(&reference.to)?, rank)
        })
        .collect();
    found.set = sets.add(format!("{kind}: what becomes of them"), kind, branches);
    outcomes.insert(kind.clone(), found);
}

/// Whom the policy may touch: `only`, and no soft-deleted row unless it is to be erased.
fn subject_condition(context: &CompileContext<'_>) -> Option<Condition> {
    let kind = context.map.kind(context.subject)?;
    let alive = kind.deleted_at.as_ref().filter(|_| !context.mode.erases()).map(is_null);
    match (kind.only.clone(), alive) {
        (Some(only), Some(alive)) => Some(all([only, alive])),
        (only, alive) => only.or(alive),
    }
}

/// The subject's own rows are never reached: they come into no set of their kind over a reference.
pub(super) fn not_the_subject(context: &CompileContext<'_>, kind: &KindName) -> Option<Rows> {
    context.is_subject(kind).then_some(Rows::SUBJECTS)
}
