//! Tombstones: rows that should go and have to stay, because a row that survives must keep referring to them.

use std::collections::{BTreeMap, BTreeSet};

use super::branch::chain;
use super::fate::{cases, spoken};
use super::rank::Verdicts;
use super::reach::not_the_subject;
use super::{Fate, Group, Parts, Questions, Sets, VerdictsOf, facts};
use crate::domain::{KindName, Mode, Reference, ReferenceName};
use crate::policy::{Entry, OnSurvive, Rule};
use crate::protocol::{Branch, NamedSet, Rank, RankCase, Ranks, Rows, SetId, Source};

/// In which ways a row may physically survive a parent that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Survivor {
    /// Untouched, masked or retained.
    Whole,
    /// Marked as deleted.
    Soft,
    /// As a tombstone itself.
    Tombstone,
    /// As the subject of a mode that deletes no subject.
    Subject,
}

pub(super) const SURVIVORS: [Survivor; 4] =
    [Survivor::Whole, Survivor::Soft, Survivor::Tombstone, Survivor::Subject];

/// Whether a row for which this entry decides may survive in this way.
pub(super) fn may_survive(
    parts: &Parts<'_>,
    reference: &Reference,
    entry: &Entry,
    survivor: Survivor,
    stays: &BTreeSet<KindName>,
) -> bool {
    match survivor {
        // A row that blocks forces no tombstone: nothing is carried out.
        Survivor::Whole | Survivor::Soft if entry.then.blocks() => false,
        Survivor::Whole => {
            let itself =
                matches!(entry.then, Rule::Anonymize(_) | Rule::Retain(_) | Rule::Keep | Rule::Redirect(_));
            // A row marked by an earlier operation is left as it is, in these modes.
            let marked = entry.then == Rule::SoftDelete && parts.mode != Mode::HardDelete;
            itself || marked || elsewhere(parts, reference, |fate| fate < Fate::Soft)
        }
        Survivor::Soft => {
            let soft = |fate| matches!(fate, Fate::Soft | Fate::AlreadySoft);
            entry.then == Rule::SoftDelete || elsewhere(parts, reference, soft)
        }
        Survivor::Tombstone => stays.contains(&reference.from),
        Survivor::Subject => parts.is_subject(&reference.from) && parts.mode != Mode::HardDelete,
    }
}

/// Whether another reference of the same kind may give a row such a fate.
fn elsewhere(parts: &Parts<'_>, reference: &Reference, test: impl Fn(Fate) -> bool) -> bool {
    let Some(kind) = facts(parts, &reference.from) else {
        return false;
    };
    let others = parts.map.references_from(&reference.from);
    others.filter(|other| other.name != reference.name).any(|other| {
        parts.fates_of(&other.to).any(|parent| {
            let found = cases(kind, parts.entries(&other.name), parent, parts.mode);
            found.iter().filter_map(|case| case.fate).any(&test)
        })
    })
}

/// Whether the parent has to stay when a row for which this entry decides survives in this way.
pub(super) fn forces(reference: &Reference, entry: &Entry, survivor: Survivor) -> bool {
    let redirected = survivor == Survivor::Whole && matches!(entry.then, Rule::Redirect(_));
    match &entry.on_survive {
        _ if redirected => false,
        Some(OnSurvive::Tombstone) => true,
        Some(OnSurvive::Redirect(_)) => false,
        None => !reference.nullable,
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
    groups: &[Group],
    verdicts: &VerdictsOf,
    sets: &mut Sets,
    questions: &mut Questions,
) -> StayingOf {
    let stays: BTreeSet<KindName> = may_stay(parts).into_keys().collect();
    let mut staying = StayingOf::new();
    for group in groups.iter().rev() {
        let kinds = group.kinds.iter().filter(|kind| stays.contains(*kind));
        let kinds: Vec<(&KindName, &Verdicts, Rows)> = kinds
            .filter_map(|kind| {
                let own = verdicts.get(kind)?;
                Some((kind, own, own.rows(|fate| fate == Fate::Delete)?))
            })
            .collect();
        let held = held(parts, &kinds, verdicts, &staying, &stays, sets);
        for ((kind, own, deleted), held) in kinds.iter().zip(held) {
            let with_ranks = |within: Vec<Rows>, except: Vec<Rows>| Branch {
                source: Source::Members(*deleted),
                within,
                except,
                cases: same_ranks(own),
            };
            let branch = with_ranks(vec![Rows::all(held)], Vec::new());
            let tombstones = sets.add(format!("{kind}: tombstones"), kind, vec![branch]);
            let branch = with_ranks(Vec::new(), vec![Rows::all(tombstones)]);
            let gone = sets.add(format!("{kind}: rows that go"), kind, vec![branch]);
            let found = Staying { tombstones, gone, forced_by: Vec::new() };
            staying.insert((*kind).clone(), found);
        }
        for (kind, _, deleted) in kinds {
            let mut forced_by = Vec::new();
            for reference in parts.map.references_to(kind) {
                let mut branches = surviving_holders(parts, reference, deleted, verdicts, &stays);
                branches.extend(tombstone_holders(parts, reference, deleted, &staying, &stays));
                if !branches.is_empty() {
                    let name = format!("{}: rows that must keep their reference", reference.name);
                    let holders = sets.add(name, &reference.from, branches);
                    forced_by.push((reference.name.clone(), questions.sample(Rows::all(holders))));
                }
            }
            if let Some(found) = staying.get_mut(kind) {
                found.forced_by = forced_by;
            }
        }
    }
    staying
}

/// For each kind of a group the set of deleted rows that something must keep referring to. Kinds of a cycle
/// hold each other, so all sets of a group grow together.
fn held(
    parts: &Parts<'_>,
    kinds: &[(&KindName, &Verdicts, Rows)],
    verdicts: &VerdictsOf,
    staying: &StayingOf,
    stays: &BTreeSet<KindName>,
    sets: &mut Sets,
) -> Vec<SetId> {
    let first = sets.next().0;
    let ids: Vec<SetId> = (first..).zip(kinds).map(|(id, _)| SetId(id)).collect();
    let mut made: Vec<NamedSet> = Vec::new();
    let mut holders: Vec<NamedSet> = Vec::new();
    let mut next = first + u16::try_from(kinds.len()).unwrap_or(u16::MAX);
    for ((kind, _, deleted), id) in kinds.iter().zip(&ids) {
        let mut branches = Vec::new();
        for reference in parts.map.references_to(kind) {
            let mut holding = surviving_holders(parts, reference, *deleted, verdicts, stays);
            let inside = kinds.iter().zip(&ids).find(|((other, ..), _)| **other == reference.from);
            match inside {
                // Which of them are tombstones is being found out: any held row of the cycle holds on.
                Some((_, held)) => {
                    holding.extend(chain_from(
                        parts,
                        reference,
                        Source::Members(Rows::all(*held)),
                        |entry| holds(parts, reference, entry, Survivor::Tombstone, stays),
                    ));
                }
                None => holding.extend(tombstone_holders(parts, reference, *deleted, staying, stays)),
            }
            if holding.is_empty() {
                continue;
            }
            let name = format!("{}: rows that hold on to theirs", reference.name);
            holders.push(NamedSet { id: SetId(next), name, kind: reference.from.clone(), branches: holding });
            branches.push(Branch {
                source: Source::ReferencedBy {
                    reference: reference.name.clone(),
                    of: Rows::all(SetId(next)),
                },
                within: vec![*deleted],
                except: Vec::new(),
                cases: vec![RankCase::always(0)],
            });
            next += 1;
        }
        let name = format!("{kind}: rows that others must keep referring to");
        made.push(NamedSet { id: *id, name, kind: (*kind).clone(), branches });
    }
    made.extend(holders);
    if !made.is_empty() {
        sets.add_cycle(made);
    }
    ids
}

fn holds(
    parts: &Parts<'_>,
    reference: &Reference,
    entry: &Entry,
    survivor: Survivor,
    stays: &BTreeSet<KindName>,
) -> bool {
    may_survive(parts, reference, entry, survivor, stays) && forces(reference, entry, survivor)
}

/// A branch over the entries of a reference that begins elsewhere than at the reference.
fn chain_from(
    parts: &Parts<'_>,
    reference: &Reference,
    source: Source,
    holds: impl Fn(&Entry) -> bool,
) -> Option<Branch> {
    let of = Rows::all(SetId(0));
    let branch = chain(parts, reference, of, Fate::Delete, |_, entry| holds(entry).then_some(0))?;
    Some(Branch { source, ..branch })
}

/// Each rank of the deleted rows, unchanged.
fn same_ranks(verdicts: &Verdicts) -> Vec<RankCase> {
    let deleted = verdicts.ranked().filter(|(_, meaning)| meaning.fate == Fate::Delete);
    let ranks: Vec<Rank> = deleted.map(|(rank, _)| rank).collect();
    match *ranks {
        [rank] => vec![RankCase::always(rank)],
        _ => ranks
            .into_iter()
            .map(|rank| RankCase { below: Ranks::only(rank), ..RankCase::always(rank) })
            .collect(),
    }
}

/// The rows that survive a deleted parent as they are, and must keep their reference to it.
fn surviving_holders(
    parts: &Parts<'_>,
    reference: &Reference,
    deleted: Rows,
    verdicts: &VerdictsOf,
    stays: &BTreeSet<KindName>,
) -> Vec<Branch> {
    let survivors = SURVIVORS.into_iter().filter(|survivor| *survivor != Survivor::Tombstone);
    let branches = survivors.filter_map(|survivor| {
        let rank = |_, entry: &Entry| holds(parts, reference, entry, survivor, stays).then_some(0);
        let branch = chain(parts, reference, deleted, Fate::Delete, rank)?;
        surviving(parts, reference, branch, survivor, verdicts.get(&reference.from), None)
    });
    branches.collect()
}

/// The tombstones below a deleted parent that must keep their reference to it.
fn tombstone_holders(
    parts: &Parts<'_>,
    reference: &Reference,
    deleted: Rows,
    staying: &StayingOf,
    stays: &BTreeSet<KindName>,
) -> Option<Branch> {
    let survivor = Survivor::Tombstone;
    let rank = |_, entry: &Entry| holds(parts, reference, entry, survivor, stays).then_some(0);
    let branch = chain(parts, reference, deleted, Fate::Delete, rank)?;
    surviving(parts, reference, branch, survivor, None, staying.get(&reference.from))
}

/// The branch without the rows that do not survive in this way; `None` where none can.
pub(super) fn surviving(
    parts: &Parts<'_>,
    reference: &Reference,
    mut branch: Branch,
    survivor: Survivor,
    own: Option<&Verdicts>,
    staying: Option<&Staying>,
) -> Option<Branch> {
    let subject = not_the_subject(parts, &reference.from);
    match survivor {
        Survivor::Whole => {
            branch.except.extend(own.and_then(|own| own.rows(Fate::is_removed)));
            branch.except.extend(subject);
        }
        Survivor::Soft => {
            let soft = own?.rows(|fate| matches!(fate, Fate::Soft | Fate::AlreadySoft))?;
            branch.within.push(soft);
            branch.except.extend(subject);
        }
        Survivor::Tombstone => branch.within.push(Rows::all(staying?.tombstones)),
        Survivor::Subject => branch.within.push(subject?),
    }
    Some(branch)
}
