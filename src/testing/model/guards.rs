//! The rows that guards look at.

use std::collections::BTreeSet;

use super::{Id, World};
use crate::domain::{KindName, ReferenceName, Request};
use crate::policy::Guard;

impl World<'_> {
    /// Returns the number of rows to which some live row refers now, but no live row will refer after the request.
    pub(super) fn left_without(&self, guard: &Guard, name: &ReferenceName) -> usize {
        let reference = self.map.reference(name).expect("a reference");
        let is_removed = |id: &Id| self.outcomes.get(id).is_some_and(|outcome| outcome.removed());
        let from = self.kind(&reference.from);
        let rows = self.all().filter(|(id, _)| id.0 == guard.on && !is_removed(id));
        let left = rows.filter(|(on, _)| {
            let referring = self.all().filter(|(id, row)| {
                id.0 == from.name
                    && self.parents(row, reference).contains(on)
                    && self.holds(from, row, guard.when.as_ref())
                    && !self.marked(reference, row)
            });
            let referring: Vec<(Id, _)> = referring.collect();
            !referring.is_empty() && referring.iter().all(|(id, _)| is_removed(id))
        });
        left.count()
    }

    /// Returns the rows of a kind that depend on the subjects through these references, or through any reference if
    /// there are none.
    pub(super) fn dependents(&self, request: &Request, on: &KindName, via: &[ReferenceName]) -> BTreeSet<Id> {
        if *on == request.kind && via.is_empty() {
            return self.subjects.clone();
        }
        let below = |from: &BTreeSet<Id>, allowed: &dyn Fn(&ReferenceName) -> bool| {
            let mut found = BTreeSet::new();
            for (id, row) in self.all() {
                for reference in
                    self.map.references_from(&self.kind(&id.0).name).filter(|one| allowed(&one.name))
                {
                    if self.parents(row, reference).iter().any(|parent| from.contains(parent)) {
                        found.insert(id.clone());
                    }
                }
            }
            found
        };
        let mut at = self.subjects.clone();
        for name in via {
            at = below(&at, &|other| other == name);
        }
        while via.is_empty() {
            let more = below(&at, &|_| true);
            if more.is_subset(&at) {
                break;
            }
            at.extend(more);
        }
        at.into_iter().filter(|id| id.0 == *on).collect()
    }
}
