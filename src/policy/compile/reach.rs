//! Reached rows: one set per kind, each row with the rank of its fate.

use super::branch::by_parent;
use super::cycle;
use super::fate::FateCase;
use super::rank::{Verdicts, meanings};
use super::{Fate, Group, Parts, SUBJECTS, Sets, VerdictsOf, facts};
use crate::domain::{Condition, KindName, all, is_null};
use crate::protocol::{Branch, RankCase, Rows, Source};

/// The subjects as a set, and after it what becomes of the rows of every reached kind.
pub(super) fn verdicts(parts: &Parts<'_>, groups: &[Group], sets: &mut Sets) -> VerdictsOf {
    let subject = Branch::new(
        Source::Subjects,
        vec![RankCase { when: subject_condition(parts), ..RankCase::always(0) }],
    );
    sets.add("the subjects".into(), parts.subject, vec![subject]);
    let mut verdicts = VerdictsOf::new();
    verdicts.insert(parts.subject.clone(), Verdicts::of_subject(Fate::of_subject(parts.mode)));
    for group in groups {
        if group.is_cycle {
            cycle::verdicts(parts, &group.kinds, &mut verdicts, sets);
        } else if let [kind] = &*group.kinds
            && !parts.is_subject(kind)
        {
            settle(parts, kind, &mut verdicts, sets);
        }
    }
    verdicts
}

/// A kind that no cycle leads back to: its parents are settled.
fn settle(parts: &Parts<'_>, kind: &KindName, verdicts: &mut VerdictsOf, sets: &mut Sets) {
    let meanings = meanings(parts, kind);
    if meanings.is_empty() {
        return;
    }
    let mut found = Verdicts { set: sets.next(), meanings };
    let branches = parts
        .map
        .references_from(kind)
        .filter_map(|reference| {
            let rank = |case: &FateCase| found.rank(case.fate?, &reference.name, case.entry);
            by_parent(parts, reference, verdicts.get(&reference.to)?, rank)
        })
        .collect();
    found.set = sets.add(format!("{kind}: what becomes of them"), kind, branches);
    verdicts.insert(kind.clone(), found);
}

/// Whom the policy may touch: `only`, and no soft-deleted row unless it is to be erased.
fn subject_condition(parts: &Parts<'_>) -> Option<Condition> {
    let kind = facts(parts, parts.subject)?;
    let alive = kind.deleted_at.as_ref().filter(|_| !parts.mode.erases()).map(is_null);
    match (kind.filter.clone(), alive) {
        (Some(only), Some(alive)) => Some(all([only, alive])),
        (only, alive) => only.or(alive),
    }
}

/// The subject's own rows are never reached: they come into no set of their kind over a reference.
pub(super) fn not_the_subject(parts: &Parts<'_>, kind: &KindName) -> Option<Rows> {
    parts.is_subject(kind).then_some(Rows::all(SUBJECTS))
}
