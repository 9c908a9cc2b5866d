//! Cycles of kinds: two passes, so that what is kept does not depend on the order in which rows are met.
//!
//! First every row that the removing rules alone would reach (`over`); those of them that a matching entry
//! would retain or anonymize are kept; then the removal is walked again around the kept rows (`removed`),
//! and only what it reaches has a outcome.

use super::branch::by_parent;
use super::rank::{KindOutcomes, meanings};
use super::reach::not_the_subject;
use super::row_outcome::OutcomeCase;
use super::{CompileContext, OutcomesByKind, RowOutcome, Sets};
use crate::domain::KindName;
use crate::protocol::{Branch, NamedSet, Rank, RankCase, Ranks, Rows, SetId, Source};

pub(super) fn outcomes(
    context: &CompileContext<'_>,
    group: &[KindName],
    outcomes: &mut OutcomesByKind,
    sets: &mut Sets,
) {
    let known: Vec<(KindName, KindOutcomes)> = group
        .iter()
        .filter_map(|kind| {
            let mut meanings = meanings(context, kind);
            if context.is_subject(kind) {
                meanings.extend(KindOutcomes::of_subject(RowOutcome::of_subject(context.mode)).meanings);
                meanings.sort();
            }
            (!meanings.is_empty()).then(|| (kind.clone(), KindOutcomes { set: SetId::SUBJECTS, meanings }))
        })
        .collect();
    let reached = |own: &KindOutcomes| own.meanings.iter().any(|meaning| meaning.entry.is_some());
    if !known.iter().any(|(_, own)| reached(own)) {
        return;
    }
    let strong = known.iter().any(|(_, own)| own.ranks(|outcome| outcome < RowOutcome::Soft).is_some());
    let kept = strong.then(|| {
        let over = walk(context, "removed, if nothing were kept", &known, outcomes, &[], sets);
        kept(context, &over, outcomes, sets)
    });
    let removed = walk(context, "removed", &known, outcomes, &kept.unwrap_or_default(), sets);
    let mut settled = Vec::new();
    for (kind, own) in &removed {
        let mut branches = vec![unchanged(own)];
        branches.extend(context.map.references_from(kind).filter_map(|reference| {
            let parent = parent_of(&reference.to, &removed, outcomes)?;
            let rank = |case: &OutcomeCase| {
                let outcome = case.outcome.filter(|outcome| !outcome.is_removed())?;
                own.rank(outcome, &reference.name, case.entry)
            };
            let mut branch = by_parent(context, reference, parent, rank)?;
            branch.except.extend(not_the_subject(context, kind));
            Some(branch)
        }));
        let set = sets.add(format!("{kind}: what becomes of them"), kind, branches);
        settled.push((kind.clone(), KindOutcomes { set, ..own.clone() }));
    }
    outcomes.extend(settled);
}

/// The sets of the group first, then what is settled already.
fn parent_of<'a>(
    kind: &KindName,
    group: &'a [(KindName, KindOutcomes)],
    settled: &'a OutcomesByKind,
) -> Option<&'a KindOutcomes> {
    let own = group.iter().find(|(name, _)| name == kind).map(|(_, own)| own);
    own.or_else(|| settled.get(kind))
}

/// The rows that the removing rules reach, from outside and from each other, around the kept ones.
fn walk(
    context: &CompileContext<'_>,
    name: &str,
    known: &[(KindName, KindOutcomes)],
    settled: &OutcomesByKind,
    kept: &[(KindName, SetId)],
    sets: &mut Sets,
) -> Vec<(KindName, KindOutcomes)> {
    let first = sets.next().0;
    let group: Vec<(KindName, KindOutcomes)> = (first..)
        .zip(known)
        .map(|(id, (kind, own))| (kind.clone(), KindOutcomes { set: SetId(id), ..own.clone() }))
        .collect();
    let made = group.iter().map(|(kind, own)| {
        let mut branches = Vec::new();
        if context.is_subject(kind)
            && let Some(rank) = own.subject_rank()
        {
            branches.push(Branch::new(Source::Members(Rows::SUBJECTS), vec![RankCase::always(rank)]));
        }
        branches.extend(context.map.references_from(kind).filter_map(|reference| {
            let parent = parent_of(&reference.to, &group, settled)?;
            let rank = |case: &OutcomeCase| {
                let outcome = case.outcome.filter(|outcome| outcome.is_removed())?;
                own.rank(outcome, &reference.name, case.entry)
            };
            let mut branch = by_parent(context, reference, parent, rank)?;
            branch.except.extend(not_the_subject(context, kind));
            let around = kept.iter().filter(|(other, _)| other == kind);
            branch.except.extend(around.map(|(_, set)| Rows::all(*set)));
            Some(branch)
        }));
        NamedSet { id: own.set, name: format!("{kind}: {name}"), kind: kind.clone(), branches }
    });
    sets.add_cycle(made.collect());
    group
}

/// The reached rows that a matching entry would retain or anonymize.
fn kept(
    context: &CompileContext<'_>,
    over: &[(KindName, KindOutcomes)],
    settled: &OutcomesByKind,
    sets: &mut Sets,
) -> Vec<(KindName, SetId)> {
    let mut found = Vec::new();
    for (kind, own) in over {
        let branches: Vec<Branch> = context
            .map
            .references_from(kind)
            .filter_map(|reference| {
                let parent = parent_of(&reference.to, over, settled)?;
                let rank = |case: &OutcomeCase| {
                    case.outcome.filter(|outcome| *outcome < RowOutcome::Soft).map(|_| 0 as Rank)
                };
                let mut branch = by_parent(context, reference, parent, rank)?;
                branch.within.push(Rows::all(own.set));
                branch.except.extend(not_the_subject(context, kind));
                Some(branch)
            })
            .collect();
        if !branches.is_empty() {
            found.push((kind.clone(), sets.add(format!("{kind}: kept"), kind, branches)));
        }
    }
    found
}

/// The members of a set with the ranks they have.
fn unchanged(own: &KindOutcomes) -> Branch {
    let removed = own.ranked().filter(|(_, meaning)| meaning.outcome.is_removed());
    let cases = removed.map(|(rank, _)| RankCase { below: Ranks::only(rank), ..RankCase::always(rank) });
    Branch::new(Source::Members(Rows::all(own.set)), cases.collect())
}
