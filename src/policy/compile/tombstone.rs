//! Tombstones: rows that should go and have to stay, because a row that survives must keep referring to them.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::chain;
use super::fate::{cases, spoken};
use super::rank::Verdicts;
use super::{Fate, Parts, Questions, Sets, VerdictsOf, facts};
use crate::domain::{KindName, Reference, ReferenceName};
use crate::plan::{Arm, Case, Rank, Ranks, Rows, SetId, Source};
use crate::policy::{Entry, Link, Rule};

/// In which ways a row may physically survive a parent that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Survivor {
    /// Untouched, masked or retained.
    Whole,
    /// Marked as deleted.
    Soft,
    /// As a tombstone itself.
    Tombstone,
}

pub(super) const SURVIVORS: [Survivor; 3] = [Survivor::Whole, Survivor::Soft, Survivor::Tombstone];

/// Whether a row for which this entry decides may survive in this way.
pub(super) fn may_survive(
    parts: &Parts<'_>,
    reference: &Reference,
    entry: &Entry,
    survivor: Survivor,
    stays: &BTreeSet<KindName>,
) -> bool {
    if entry.then.blocks() {
        return false;
    }
    match survivor {
        Survivor::Whole => {
            let itself = matches!(
                entry.then,
                Rule::Anonymize(_) | Rule::Retain(_) | Rule::Keep | Rule::Redirect(_)
            );
            itself || elsewhere(parts, reference, |fate| fate < Fate::Soft)
        }
        Survivor::Soft => {
            let soft = |fate| matches!(fate, Fate::Soft | Fate::AlreadySoft);
            entry.then == Rule::SoftDelete || elsewhere(parts, reference, soft)
        }
        Survivor::Tombstone => stays.contains(&reference.from),
    }
}

/// Whether another reference of the same kind may give a row such a fate.
fn elsewhere(parts: &Parts<'_>, reference: &Reference, test: impl Fn(Fate) -> bool) -> bool {
    let Some(kind) = facts(parts, &reference.from) else {
        return false;
    };
    let others = parts.map.references_from(&reference.from);
    others
        .filter(|other| other.name != reference.name)
        .any(|other| {
            parts.fates_of(&other.to).any(|parent| {
                let found = cases(kind, parts.entries(&other.name), parent, parts.mode);
                found.iter().filter_map(|case| case.fate).any(&test)
            })
        })
}

/// Whether the parent has to stay when a row for which this entry decides survives in this way.
pub(super) fn forces(reference: &Reference, entry: &Entry, survivor: Survivor) -> bool {
    match &entry.link {
        Some(Link::Tombstone) => true,
        Some(Link::Redirect(_)) => false,
        None => {
            let redirected = survivor == Survivor::Whole && matches!(entry.then, Rule::Redirect(_));
            !redirected && !reference.nullable
        }
    }
}

/// The kinds whose rows may have to stay, each with the first reference and rule that may force it: the
/// least fixpoint over kinds, conditions taken as free.
pub(crate) fn may_stay(parts: &Parts<'_>) -> BTreeMap<KindName, (ReferenceName, &'static str)> {
    let mut found: BTreeMap<KindName, (ReferenceName, &'static str)> = BTreeMap::new();
    loop {
        let stays: BTreeSet<KindName> = found.keys().cloned().collect();
        for reference in parts.map.references() {
            if !parts.can_be(&reference.to, |fate| fate == Fate::Delete) {
                continue;
            }
            for (_, entry) in spoken(parts.entries(&reference.name), Fate::Delete) {
                let forced = SURVIVORS.into_iter().any(|survivor| {
                    may_survive(parts, reference, entry, survivor, &stays)
                        && forces(reference, entry, survivor)
                });
                if forced {
                    found
                        .entry(reference.to.clone())
                        .or_insert_with(|| (reference.name.clone(), entry.then.as_str()));
                }
            }
        }
        if found.len() == stays.len() {
            return found;
        }
    }
}

/// The rows of a kind that go or have to stay.
#[derive(Debug)]
pub(super) struct Staying {
    /// Those that have to stay, with the ranks of their fates.
    pub(super) tombstones: SetId,
    /// Those that go, with the ranks of their fates.
    pub(super) gone: SetId,
    /// For each reference that may force a row to stay: how many rows do.
    pub(super) forced_by: Vec<(ReferenceName, usize)>,
}

pub(super) type StayingOf = BTreeMap<KindName, Staying>;

/// The rows of every kind that have to stay: children first, because the effect climbs.
pub(super) fn staying(
    parts: &Parts<'_>,
    order: &[KindName],
    verdicts: &VerdictsOf,
    sets: &mut Sets,
    questions: &mut Questions,
) -> StayingOf {
    let stays: BTreeSet<KindName> = may_stay(parts).into_keys().collect();
    let mut staying = StayingOf::new();
    for kind in order.iter().rev().filter(|kind| stays.contains(*kind)) {
        let Some(own) = verdicts.get(kind) else {
            continue;
        };
        let Some(deleted) = own.rows(|fate| fate == Fate::Delete) else {
            continue;
        };
        let mut held = Vec::new();
        let mut forced_by = Vec::new();
        for reference in parts.map.references_to(kind) {
            let arms = holding(parts, reference, deleted, verdicts, &staying, &stays);
            if arms.is_empty() {
                continue;
            }
            let name = format!("{}: rows that must keep their reference", reference.name);
            let holders = sets.add(name, &reference.from, arms);
            forced_by.push((reference.name.clone(), questions.sample(Rows::all(holders))));
            held.push(Arm {
                source: Source::Referents {
                    reference: reference.name.clone(),
                    of: Rows::all(holders),
                },
                within: vec![deleted],
                except: Vec::new(),
                cases: vec![Case::always(0)],
            });
        }
        let held = sets.add(
            format!("{kind}: rows that others must keep referring to"),
            kind,
            held,
        );
        let with_ranks = |within: Vec<Rows>, except: Vec<Rows>| Arm {
            source: Source::Members(deleted),
            within,
            except,
            cases: same_ranks(own),
        };
        let arm = with_ranks(vec![Rows::all(held)], Vec::new());
        let tombstones = sets.add(format!("{kind}: tombstones"), kind, vec![arm]);
        let arm = with_ranks(Vec::new(), vec![Rows::all(tombstones)]);
        let gone = sets.add(format!("{kind}: rows that go"), kind, vec![arm]);
        staying.insert(
            kind.clone(),
            Staying {
                tombstones,
                gone,
                forced_by,
            },
        );
    }
    staying
}

/// Each rank of the deleted rows, unchanged.
fn same_ranks(verdicts: &Verdicts) -> Vec<Case> {
    let deleted = verdicts
        .ranked()
        .filter(|(_, meaning)| meaning.fate == Fate::Delete);
    let ranks: Vec<Rank> = deleted.map(|(rank, _)| rank).collect();
    match *ranks {
        [rank] => vec![Case::always(rank)],
        _ => ranks
            .into_iter()
            .map(|rank| Case {
                below: Ranks::only(rank),
                ..Case::always(rank)
            })
            .collect(),
    }
}

/// The rows that survive a deleted parent and must keep their reference to it.
fn holding(
    parts: &Parts<'_>,
    reference: &Reference,
    deleted: Rows,
    verdicts: &VerdictsOf,
    staying: &StayingOf,
    stays: &BTreeSet<KindName>,
) -> Vec<Arm> {
    let arms = SURVIVORS.into_iter().filter_map(|survivor| {
        let rank = |_, entry: &Entry| {
            let holds = may_survive(parts, reference, entry, survivor, stays)
                && forces(reference, entry, survivor);
            holds.then_some(0)
        };
        let arm = chain(parts, reference, deleted, Fate::Delete, rank)?;
        surviving(
            arm,
            survivor,
            verdicts.get(&reference.from),
            staying.get(&reference.from),
        )
    });
    arms.collect()
}

/// The arm without the rows that do not survive in this way; `None` where none can.
pub(super) fn surviving(
    mut arm: Arm,
    survivor: Survivor,
    own: Option<&Verdicts>,
    staying: Option<&Staying>,
) -> Option<Arm> {
    match survivor {
        Survivor::Whole => arm
            .except
            .extend(own.and_then(|own| own.rows(Fate::is_removed))),
        Survivor::Soft => {
            let soft = own?.rows(|fate| matches!(fate, Fate::Soft | Fate::AlreadySoft))?;
            arm.within.push(soft);
        }
        Survivor::Tombstone => arm.within.push(Rows::all(staying?.tombstones)),
    }
    Some(arm)
}
