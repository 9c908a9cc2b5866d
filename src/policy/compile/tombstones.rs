//! Tombstones: rows that would be deleted but stay, because a surviving row must keep referring to them.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{CompileContext, Group, QueryBuilder};
use super::outcomes::{KindOutcomes, OutcomesByKind, RowOutcome, by_entry, cases};
use super::turns::applicable_entries;
use crate::domain::{KindName, Mask, Mode, Reference, ReferenceName};
use crate::policy::{Entry, OnSurvive, Rule};
use crate::protocol::{Branch, NamedSet, Rank, RankCase, Ranks, Rows, SetId, Source};

/// The rows of a kind that would be deleted, divided into two sets. Both use the ranks of the kind's outcomes.
#[derive(Debug)]
pub(super) struct TombstoneSets {
    /// The rows that stay.
    pub(super) tombstones: SetId,
    /// The rows that are really deleted.
    pub(super) deleted: SetId,
    /// The references that force rows to stay, each with the question about the surviving rows.
    pub(super) forced_by: Vec<(ReferenceName, usize)>,
}

pub(super) type TombstonesByKind = BTreeMap<KindName, TombstoneSets>;

/// Adds the two sets of every kind whose rows may have to stay. Children come first, because a tombstone may force
/// its parent to stay.
pub(super) fn tombstones(
    context: &CompileContext<'_>,
    groups: &[Group],
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> TombstonesByKind {
    let kinds = tombstone_kinds(context).into_keys().collect();
    let mut search = Search { context, outcomes, kinds, found: TombstonesByKind::new() };
    for group in groups.iter().rev() {
        search.add_group(group, query);
    }
    search.found
}

struct Search<'a> {
    context: &'a CompileContext<'a>,
    outcomes: &'a OutcomesByKind,
    /// The kinds whose rows may have to stay.
    kinds: BTreeSet<KindName>,
    found: TombstonesByKind,
}

type DeletedRows<'a> = (&'a KindName, &'a KindOutcomes, Rows);

impl Search<'_> {
    fn add_group(&mut self, group: &Group, query: &mut QueryBuilder) {
        let outcomes = self.outcomes;
        let kinds = group.kinds.iter().filter(|kind| self.kinds.contains(*kind)).filter_map(|kind| {
            let own = outcomes.get(kind)?;
            Some((kind, own, own.deleted_rows()?))
        });
        let kinds: Vec<DeletedRows<'_>> = kinds.collect();
        let referenced = self.add_referenced(&kinds, query);
        for ((kind, own, rows), referenced) in kinds.iter().zip(referenced) {
            let branch = Branch::new(Source::Members(*rows), same_ranks(own));
            let within = vec![Rows::all(referenced)];
            let name = format!("{kind}: tombstones");
            let tombstones = query.add_set(name, kind, vec![Branch { within, ..branch.clone() }]);
            let except = vec![Rows::all(tombstones)];
            let name = format!("{kind}: rows that go");
            let deleted = query.add_set(name, kind, vec![Branch { except, ..branch }]);
            let sets = TombstoneSets { tombstones, deleted, forced_by: Vec::new() };
            self.found.insert((*kind).clone(), sets);
        }
        for (kind, _, rows) in kinds {
            let mut forced_by = Vec::new();
            for reference in self.context.map.references_to(kind) {
                let mut branches = self.surviving_referrers(reference, rows);
                branches.extend(self.referrers(reference, rows, Survivor::Tombstone));
                let name = format!("{}: rows that must keep their reference", reference.name);
                if let Some(rows) = query.add_nonempty(name, &reference.from, branches) {
                    forced_by.push((reference.name.clone(), query.sample(rows)));
                }
            }
            if let Some(sets) = self.found.get_mut(kind) {
                sets.forced_by = forced_by;
            }
        }
    }

    /// Adds, for each kind of a group, the set of rows that would be deleted but that a surviving row must keep
    /// referring to.
    ///
    /// In a cycle, tombstones may force each other to stay. The sets of a group are therefore evaluated together.
    fn add_referenced(&self, kinds: &[DeletedRows<'_>], query: &mut QueryBuilder) -> Vec<SetId> {
        let first = query.next_set().0;
        let ids: Vec<SetId> = (first..).zip(kinds).map(|(id, _)| SetId(id)).collect();
        let mut next = first + u16::try_from(kinds.len()).unwrap_or(u16::MAX);
        let (mut referenced, mut referring) = (Vec::new(), Vec::new());
        for ((kind, _, deleted), id) in kinds.iter().zip(&ids) {
            let mut branches = Vec::new();
            for reference in self.context.map.references_to(kind) {
                let mut referrers = self.surviving_referrers(reference, *deleted);
                let inside = kinds.iter().zip(&ids).find(|((other, ..), _)| **other == reference.from);
                referrers.extend(match inside {
                    // It is not known yet which rows of the cycle are tombstones. Every row in `inside` will be one.
                    Some((_, inside)) => self.referrers_among(reference, Rows::all(*inside)),
                    None => self.referrers(reference, *deleted, Survivor::Tombstone),
                });
                if referrers.is_empty() {
                    continue;
                }
                let name = format!("{}: surviving referrers", reference.name);
                let kind = reference.from.clone();
                referring.push(NamedSet { id: SetId(next), name, kind, branches: referrers });
                let of = Rows::all(SetId(next));
                let source = Source::ReferencedBy { reference: reference.name.clone(), of };
                let branch = Branch::new(source, vec![RankCase::always(0)]);
                branches.push(Branch { within: vec![*deleted], ..branch });
                next += 1;
            }
            let name = format!("{kind}: rows that survivors must keep referring to");
            referenced.push(NamedSet { id: *id, name, kind: (*kind).clone(), branches });
        }
        referenced.extend(referring);
        if !referenced.is_empty() {
            query.add_cycle(referenced);
        }
        ids
    }

    /// Builds the branches to rows that survive (but not as tombstones), refer to a deleted row, and must keep that
    /// reference.
    fn surviving_referrers(&self, reference: &Reference, deleted: Rows) -> Vec<Branch> {
        let survivors = SURVIVORS.into_iter().filter(|survivor| *survivor != Survivor::Tombstone);
        survivors.filter_map(|survivor| self.referrers(reference, deleted, survivor)).collect()
    }

    fn referrers(&self, reference: &Reference, deleted: Rows, survivor: Survivor) -> Option<Branch> {
        let branch = self.forcing_entries(reference, deleted, survivor)?;
        let own = self.outcomes.get(&reference.from);
        let tombstones = self.found.get(&reference.from).map(|sets| sets.tombstones);
        surviving(self.context, reference, branch, survivor, own, tombstones)
    }

    /// Builds the branch to the rows, among `rows`, that must keep their reference as tombstones.
    fn referrers_among(&self, reference: &Reference, rows: Rows) -> Option<Branch> {
        let branch = self.forcing_entries(reference, rows, Survivor::Tombstone)?;
        Some(Branch { source: Source::Members(rows), ..branch })
    }

    fn forcing_entries(&self, reference: &Reference, of: Rows, survivor: Survivor) -> Option<Branch> {
        let rank = |_, entry: &Entry| {
            forces_tombstone(self.context, reference, entry, survivor, &self.kinds).then_some(0)
        };
        by_entry(self.context, reference, of, RowOutcome::Delete, rank)
    }
}

/// Returns the cases that leave the rank of each deleted row unchanged.
fn same_ranks(own: &KindOutcomes) -> Vec<RankCase> {
    let deleted = own.ranked().filter(|(_, meaning)| meaning.outcome.is_deleted());
    let ranks: Vec<Rank> = deleted.map(|(rank, _)| rank).collect();
    match *ranks {
        [rank] => vec![RankCase::always(rank)],
        _ => ranks
            .into_iter()
            .map(|rank| RankCase { below: Ranks::only(rank), ..RankCase::always(rank) })
            .collect(),
    }
}

/// How a row survives when its parent is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Survivor {
    /// Unchanged, masked or retained.
    Whole,
    /// Marked as deleted, or switched OFF.
    Marked,
    /// As a tombstone.
    Tombstone,
    /// As the subject of a mode that keeps it.
    Subject,
}

pub(super) const SURVIVORS: [Survivor; 4] =
    [Survivor::Whole, Survivor::Marked, Survivor::Tombstone, Survivor::Subject];

/// Returns whether a row for which the entry decides may survive in this way.
pub(super) fn may_survive(
    context: &CompileContext<'_>,
    reference: &Reference,
    entry: &Entry,
    survivor: Survivor,
    tombstone_kinds: &BTreeSet<KindName>,
) -> bool {
    // If only its owners can delete a row, they are deleted too. Then only tombstones survive.
    let may_go = context.possible_parents(reference).any(RowOutcome::is_deleted);
    if survivor != Survivor::Tombstone && !may_go {
        return false;
    }
    match survivor {
        // A blocking row forces no tombstone, because the plan is not applied.
        Survivor::Whole | Survivor::Marked if entry.then.blocks() => false,
        Survivor::Whole => {
            let by_rule = matches!(
                entry.then,
                Rule::Anonymize(_) | Rule::Retain(_) | Rule::Keep | Rule::Leave | Rule::Redirect(_)
            );
            // Outside `hard_delete`, a row that an earlier operation marked as deleted stays as it is.
            let marked = entry.then == Rule::SoftDelete && context.mode != Mode::HardDelete;
            by_rule || marked || may_become(context, reference, RowOutcome::is_kept_back)
        }
        Survivor::Marked => {
            entry.then == Rule::SoftDelete || may_become(context, reference, RowOutcome::is_marked)
        }
        Survivor::Tombstone => tombstone_kinds.contains(&reference.from),
        Survivor::Subject => context.is_subject(&reference.from) && context.mode != Mode::HardDelete,
    }
}

/// Returns whether another reference or the owners of a row may give the row such an outcome.
fn may_become(
    context: &CompileContext<'_>,
    reference: &Reference,
    test: impl Fn(RowOutcome) -> bool,
) -> bool {
    let Some(kind) = context.map.kind(&reference.from) else {
        return false;
    };
    if context.outcomes_of_owned(&kind.name).into_iter().any(&test) {
        return true;
    }
    let others = context.map.references_from(&reference.from);
    // Another element of the same list counts as another reference.
    others.filter(|other| other.name != reference.name || other.each).any(|other| {
        context.possible_parents(other).any(|parent| {
            let found = cases(kind, context.entries(&other.name), parent, context.mode);
            found.iter().filter_map(|case| case.outcome).any(&test)
        })
    })
}

/// Returns whether a surviving row must keep its reference. Its parent must then stay.
pub(super) fn must_keep_reference(
    context: &CompileContext<'_>,
    reference: &Reference,
    entry: &Entry,
    survivor: Survivor,
) -> bool {
    let redirected = survivor == Survivor::Whole && matches!(entry.then, Rule::Redirect(_));
    match &entry.on_survive {
        // Rows that stay below an undeclared foreign key block, or lose their reference.
        _ if redirected || !reference.is_declared() => false,
        Some(OnSurvive::Tombstone) => true,
        Some(OnSurvive::Redirect(_)) => false,
        None => !context.map.can_be_emptied(reference) && !loses_value(context, reference, entry, survivor),
    }
}

/// Returns whether a mask of the entry replaces the value by which the row refers. The row then no longer refers to
/// anything, and needs no other target.
pub(super) fn loses_value(
    context: &CompileContext<'_>,
    reference: &Reference,
    entry: &Entry,
    survivor: Survivor,
) -> bool {
    let (Rule::Anonymize(own), Some(kind)) = (&entry.then, context.map.kind(&reference.from)) else {
        return false;
    };
    let masks = if own.is_empty() { &kind.personal } else { own };
    // A shortened value may equal the original value, and then still refers.
    let is_replaced =
        |field| masks.get(field).is_some_and(|mask| !matches!(mask, Mask::Truncate(_) | Mask::Year));
    survivor == Survivor::Whole
        && entry.on_survive.is_none()
        && reference.key.is_some()
        && reference.fields.iter().any(is_replaced)
        // A row that another reference retains is not masked.
        && !may_become(context, reference, |outcome| outcome == RowOutcome::Retain)
}

/// Returns whether a row that survives in this way, and for which the entry decides, forces its parent to stay.
fn forces_tombstone(
    context: &CompileContext<'_>,
    reference: &Reference,
    entry: &Entry,
    survivor: Survivor,
    tombstone_kinds: &BTreeSet<KindName>,
) -> bool {
    may_survive(context, reference, entry, survivor, tombstone_kinds)
        && must_keep_reference(context, reference, entry, survivor)
}

/// Finds the kinds whose rows may have to stay. For each, returns the first reference and rule that may force it.
///
/// This is the least fixpoint over kinds that assumes that any condition may hold.
pub(crate) fn tombstone_kinds(
    context: &CompileContext<'_>,
) -> BTreeMap<KindName, (ReferenceName, &'static str)> {
    let mut found: BTreeMap<KindName, (ReferenceName, &'static str)> = BTreeMap::new();
    loop {
        let before: BTreeSet<KindName> = found.keys().cloned().collect();
        for reference in context.map.references().filter(|reference| context.may_be_deleted(&reference.to)) {
            for (_, entry) in applicable_entries(context.entries(&reference.name), RowOutcome::Delete) {
                let forces = |survivor| forces_tombstone(context, reference, entry, survivor, &before);
                if SURVIVORS.into_iter().any(forces) {
                    found
                        .entry(reference.to.clone())
                        .or_insert_with(|| (reference.name.clone(), entry.then.as_str()));
                }
            }
        }
        if found.len() == before.len() {
            return found;
        }
    }
}

/// Narrows a branch over a reference to the rows that survive in this way. Returns `None` if no row can.
pub(super) fn surviving(
    context: &CompileContext<'_>,
    reference: &Reference,
    mut branch: Branch,
    survivor: Survivor,
    own: Option<&KindOutcomes>,
    tombstones: Option<SetId>,
) -> Option<Branch> {
    let subjects = context.subjects_among(&reference.from);
    match survivor {
        Survivor::Whole => {
            branch.except.extend(own.and_then(|own| own.rows(RowOutcome::is_removed)));
            branch.except.extend(subjects);
        }
        Survivor::Marked => {
            branch.within.push(own?.rows(RowOutcome::is_marked)?);
            branch.except.extend(subjects);
        }
        Survivor::Tombstone => branch.within.push(Rows::all(tombstones?)),
        Survivor::Subject => branch.within.push(subjects?),
    }
    Some(branch)
}
