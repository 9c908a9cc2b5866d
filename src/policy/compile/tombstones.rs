//! Tombstones: rows that would be deleted and have to stay, because a surviving row must keep its reference.

use std::collections::{BTreeMap, BTreeSet};

use super::branch::by_entry;
use super::context::{CompileContext, Group};
use super::kind_outcomes::{KindOutcomes, OutcomesByKind};
use super::query::QueryBuilder;
use super::row_outcome::RowOutcome;
use super::survivors::{Survivor, forces_tombstone, surviving, tombstone_kinds};
use crate::domain::{KindName, Reference, ReferenceName};
use crate::policy::Entry;
use crate::protocol::{Branch, NamedSet, Rank, RankCase, Ranks, Rows, SetId, Source};

/// The deleted rows of a kind, divided. Both sets have the ranks of the kind's outcomes.
#[derive(Debug)]
pub(super) struct TombstoneSets {
    /// The rows that have to stay.
    pub(super) tombstones: SetId,
    /// The rows that are deleted.
    pub(super) deleted: SetId,
    /// The references that force rows to stay, each with the question about the rows that refer.
    pub(super) forced_by: Vec<(ReferenceName, usize)>,
}

pub(super) type TombstonesByKind = BTreeMap<KindName, TombstoneSets>;

/// Adds the sets of every kind whose rows may have to stay: children first, because tombstones climb.
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

    /// Adds, for each kind of a group, the set of deleted rows that a survivor must keep referring to.
    ///
    /// Tombstones of a cycle force each other to stay, so all sets of a group grow together.
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
                    // Which rows are tombstones is not known yet: any referenced row of the cycle is one.
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

    /// Builds the branches to the rows below deleted ones that survive otherwise than as tombstones, and must keep
    /// their reference.
    fn surviving_referrers(&self, reference: &Reference, deleted: Rows) -> Vec<Branch> {
        let survivors = [Survivor::Whole, Survivor::Soft, Survivor::Subject].into_iter();
        survivors.filter_map(|survivor| self.referrers(reference, deleted, survivor)).collect()
    }

    fn referrers(&self, reference: &Reference, deleted: Rows, survivor: Survivor) -> Option<Branch> {
        let branch = self.forcing_entries(reference, deleted, survivor)?;
        let own = self.outcomes.get(&reference.from);
        let tombstones = self.found.get(&reference.from).map(|sets| sets.tombstones);
        surviving(self.context, reference, branch, survivor, own, tombstones)
    }

    /// Builds the branch to those of some rows that must keep their reference as tombstones.
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

/// Returns the cases that keep the rank of each deleted row.
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
