//! What every part of the compilation reads: the mode's rules, the data map and the graph of kinds.

use std::collections::{BTreeMap, BTreeSet};

use super::row_outcome::{RowOutcome, cases};
use crate::domain::{Condition, DataMap, KindName, Mode, ReferenceName, all, is_null};
use crate::policy::graph::{in_order, is_cycle, shortest_paths};
use crate::policy::{Entry, ModePolicy, Rules};
use crate::protocol::Rows;

/// A mode of a policy, with what follows from the data map and the rules alone.
pub(crate) struct CompileContext<'a> {
    pub(crate) subject: &'a KindName,
    pub(crate) map: &'a DataMap,
    pub(crate) mode: Mode,
    pub(super) policy: &'a ModePolicy,
    /// The shortest chain of references from the subject to each kind that depends on it.
    pub(super) paths: BTreeMap<KindName, Vec<ReferenceName>>,
    possible: BTreeMap<KindName, BTreeSet<RowOutcome>>,
}

/// Kinds whose outcomes are found together: one kind, or all kinds of a cycle.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) kinds: Vec<KindName>,
    pub(super) is_cycle: bool,
}

impl<'a> CompileContext<'a> {
    pub(crate) fn new(subject: &'a KindName, map: &'a DataMap, mode: Mode, policy: &'a ModePolicy) -> Self {
        let paths = shortest_paths(map, subject);
        let possible = possible_outcomes(map, subject, mode, &policy.rules);
        Self { subject, map, mode, policy, paths, possible }
    }

    pub(crate) fn entries(&self, reference: &ReferenceName) -> &'a [Entry] {
        self.policy.rules.entries(reference).unwrap_or_default()
    }

    /// Returns the outcomes that rows of a kind can have; none for a kind that is never reached.
    pub(crate) fn possible_outcomes(
        &self,
        kind: &KindName,
    ) -> impl DoubleEndedIterator<Item = RowOutcome> + '_ {
        self.possible.get(kind).into_iter().flatten().copied()
    }

    pub(super) fn may_be_deleted(&self, kind: &KindName) -> bool {
        self.possible_outcomes(kind).any(|outcome| outcome == RowOutcome::Delete)
    }

    /// Returns the shortest chain of references from the subject to the rows that a reference reaches.
    pub(crate) fn path(&self, reference: &ReferenceName) -> Vec<ReferenceName> {
        let to = self.map.reference(reference).map(|reference| &reference.to);
        let above = to.and_then(|to| self.paths.get(to)).cloned().unwrap_or_default();
        above.into_iter().chain([reference.clone()]).collect()
    }

    pub(super) fn is_subject(&self, kind: &KindName) -> bool {
        kind == self.subject
    }

    /// Returns the subjects if they are rows of the kind. They are never reached over a reference, so every set of
    /// reached rows leaves them out.
    pub(super) fn subjects_among(&self, kind: &KindName) -> Option<Rows> {
        self.is_subject(kind).then_some(Rows::SUBJECTS)
    }

    /// Returns the condition on a subject: `only`, and not soft-deleted unless the mode erases.
    pub(super) fn subject_condition(&self) -> Option<Condition> {
        let kind = self.map.kind(self.subject)?;
        let alive = kind.deleted_at.as_ref().filter(|_| !self.mode.erases()).map(is_null);
        match (kind.filter.clone(), alive) {
            (Some(only), Some(alive)) => Some(all([only, alive])),
            (only, alive) => only.or(alive),
        }
    }

    /// Returns the dependent kinds from the subject outwards.
    ///
    /// The order follows from the declared references alone, so a mode's rules do not change what a cycle is.
    pub(super) fn groups(&self) -> Vec<Group> {
        let references = self.map.references().filter(|reference| self.paths.contains_key(&reference.to));
        let edges: BTreeSet<(KindName, KindName)> =
            references.map(|reference| (reference.to.clone(), reference.from.clone())).collect();
        let groups = in_order(&self.paths.keys().cloned().collect(), &edges).into_iter();
        groups.map(|kinds| Group { is_cycle: is_cycle(&kinds, &edges), kinds }).collect()
    }
}

/// Finds the outcomes that rows of each kind can have: the least fixpoint, as if any condition could hold.
fn possible_outcomes(
    map: &DataMap,
    subject: &KindName,
    mode: Mode,
    rules: &Rules,
) -> BTreeMap<KindName, BTreeSet<RowOutcome>> {
    let mut found = BTreeMap::from([(subject.clone(), BTreeSet::from([RowOutcome::of_subject(mode)]))]);
    loop {
        let before: usize = found.values().map(BTreeSet::len).sum();
        for reference in map.references() {
            let (Some(kind), Some(entries)) = (map.kind(&reference.from), rules.entries(&reference.name))
            else {
                continue;
            };
            for parent in found.get(&reference.to).cloned().unwrap_or_default() {
                let outcomes = cases(kind, entries, parent, mode).into_iter().filter_map(|case| case.outcome);
                found.entry(reference.from.clone()).or_default().extend(outcomes);
            }
        }
        found.retain(|_, outcomes| !outcomes.is_empty());
        if found.values().map(BTreeSet::len).sum::<usize>() == before {
            return found;
        }
    }
}
