//! Cycles of kinds: two passes, so that what is kept does not depend on the order in which rows are met.
//!
//! First every row that the removing rules alone would reach (`over`); those of them that a matching entry
//! would retain or anonymize are kept; then the removal is walked again around the kept rows (`removed`),
//! and only what it reaches has a fate.

use super::branch::by_parent;
use super::fate::FateCase;
use super::rank::{Verdicts, meanings};
use super::reach::not_the_subject;
use super::{Fate, Parts, SUBJECTS, Sets, VerdictsOf};
use crate::domain::KindName;
use crate::protocol::{Branch, NamedSet, Rank, RankCase, Ranks, Rows, SetId, Source};

pub(super) fn verdicts(parts: &Parts<'_>, group: &[KindName], verdicts: &mut VerdictsOf, sets: &mut Sets) {
    let known: Vec<(KindName, Verdicts)> = group
        .iter()
        .filter_map(|kind| {
            let mut meanings = meanings(parts, kind);
            if parts.is_subject(kind) {
                meanings.extend(Verdicts::of_subject(Fate::of_subject(parts.mode)).meanings);
                meanings.sort();
            }
            (!meanings.is_empty()).then(|| (kind.clone(), Verdicts { set: SetId(0), meanings }))
        })
        .collect();
    let reached = |own: &Verdicts| own.meanings.iter().any(|meaning| meaning.entry.is_some());
    if !known.iter().any(|(_, own)| reached(own)) {
        return;
    }
    let strong = known.iter().any(|(_, own)| own.ranks(|fate| fate < Fate::Soft).is_some());
    let kept = strong.then(|| {
        let over = walk(parts, "removed, if nothing were kept", &known, verdicts, &[], sets);
        kept(parts, &over, verdicts, sets)
    });
    let removed = walk(parts, "removed", &known, verdicts, &kept.unwrap_or_default(), sets);
    let mut settled = Vec::new();
    for (kind, own) in &removed {
        let mut branches = vec![unchanged(own)];
        branches.extend(parts.map.references_from(kind).filter_map(|reference| {
            let parent = parent_of(&reference.to, &removed, verdicts)?;
            let rank = |case: &FateCase| {
                let fate = case.fate.filter(|fate| !fate.is_removed())?;
                own.rank(fate, &reference.name, case.entry)
            };
            let mut branch = by_parent(parts, reference, parent, rank)?;
            branch.except.extend(not_the_subject(parts, kind));
            Some(branch)
        }));
        let set = sets.add(format!("{kind}: what becomes of them"), kind, branches);
        settled.push((kind.clone(), Verdicts { set, ..own.clone() }));
    }
    verdicts.extend(settled);
}

/// The sets of the group first, then what is settled already.
fn parent_of<'a>(
    kind: &KindName,
    group: &'a [(KindName, Verdicts)],
    settled: &'a VerdictsOf,
) -> Option<&'a Verdicts> {
    let own = group.iter().find(|(name, _)| name == kind).map(|(_, own)| own);
    own.or_else(|| settled.get(kind))
}

/// The rows that the removing rules reach, from outside and from each other, around the kept ones.
fn walk(
    parts: &Parts<'_>,
    name: &str,
    known: &[(KindName, Verdicts)],
    settled: &VerdictsOf,
    kept: &[(KindName, SetId)],
    sets: &mut Sets,
) -> Vec<(KindName, Verdicts)> {
    let first = sets.next().0;
    let group: Vec<(KindName, Verdicts)> = (first..)
        .zip(known)
        .map(|(id, (kind, own))| (kind.clone(), Verdicts { set: SetId(id), ..own.clone() }))
        .collect();
    let made = group.iter().map(|(kind, own)| {
        let mut branches = Vec::new();
        if parts.is_subject(kind)
            && let Some(rank) = own.subject_rank()
        {
            branches.push(Branch::new(Source::Members(Rows::all(SUBJECTS)), vec![RankCase::always(rank)]));
        }
        branches.extend(parts.map.references_from(kind).filter_map(|reference| {
            let parent = parent_of(&reference.to, &group, settled)?;
            let rank = |case: &FateCase| {
                let fate = case.fate.filter(|fate| fate.is_removed())?;
                own.rank(fate, &reference.name, case.entry)
            };
            let mut branch = by_parent(parts, reference, parent, rank)?;
            branch.except.extend(not_the_subject(parts, kind));
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
    parts: &Parts<'_>,
    over: &[(KindName, Verdicts)],
    settled: &VerdictsOf,
    sets: &mut Sets,
) -> Vec<(KindName, SetId)> {
    let mut found = Vec::new();
    for (kind, own) in over {
        let branches: Vec<Branch> = parts
            .map
            .references_from(kind)
            .filter_map(|reference| {
                let parent = parent_of(&reference.to, over, settled)?;
                let rank = |case: &FateCase| case.fate.filter(|fate| *fate < Fate::Soft).map(|_| 0 as Rank);
                let mut branch = by_parent(parts, reference, parent, rank)?;
                branch.within.push(Rows::all(own.set));
                branch.except.extend(not_the_subject(parts, kind));
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
fn unchanged(own: &Verdicts) -> Branch {
    let removed = own.ranked().filter(|(_, meaning)| meaning.fate.is_removed());
    let cases = removed.map(|(rank, _)| RankCase { below: Ranks::only(rank), ..RankCase::always(rank) });
    Branch::new(Source::Members(Rows::all(own.set)), cases.collect())
}
