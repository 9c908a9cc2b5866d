//! Rows for which it is unknown whether a rule or a guard protects them, because a value is null.

use std::collections::{BTreeMap, BTreeSet};

use super::{Id, RowOutcome, World};
use crate::domain::{Condition, Record, Reference, ReferenceName, Request};
use crate::policy::{Guard, Parent, Rule, Severity};

impl World<'_> {
    /// Returns the number of such rows, by the name of the warning.
    pub(super) fn unknown(&self, request: &Request) -> BTreeMap<String, u64> {
        let mut found: BTreeMap<String, BTreeSet<Id>> = BTreeMap::new();
        for (id, row) in self.all().filter(|(id, _)| !self.subjects.contains(id)) {
            for reference in self.map.references_from(&id.0) {
                let mut parents = self.parents(row, reference).into_iter();
                let may_be_protected = parents.any(|parent| {
                    let outcome = self.outcomes.get(&parent).copied();
                    !(reference.owned && self.taken.contains(&parent))
                        && outcome.is_some_and(|outcome| self.may_be_protected(&id, row, reference, outcome))
                });
                if may_be_protected {
                    found.entry(format!("unknown:{}", reference.name)).or_default().insert(id.clone());
                }
            }
        }
        for guard in self.declared.guards.iter().filter(|guard| guard.severity == Severity::Block) {
            let Some(when) = &guard.when else { continue };
            let rows = if let Some(name) = &guard.left_without {
                self.perhaps_left_without(guard, when, name)
            } else {
                let kind = self.kind(&guard.on);
                let mut rows = self.dependents(request, &guard.on, &guard.via);
                rows.retain(|id| self.truth(kind, self.row(id), when).is_none());
                rows
            };
            found.entry(format!("unknown:{}", guard.name)).or_default().extend(rows);
        }
        found.retain(|_, rows| !rows.is_empty());
        found.into_iter().map(|(name, rows)| (name, rows.len() as u64)).collect()
    }

    fn truth(&self, kind: &crate::domain::Kind, row: &Record, when: &Condition) -> Option<bool> {
        when.holds(kind, row, self.now).expect("values of their types")
    }

    /// Returns whether an entry would protect the row if its condition were not unknown. Entries after the first that
    /// holds do not matter.
    fn may_be_protected(&self, id: &Id, row: &Record, reference: &Reference, parent: RowOutcome) -> bool {
        let below = match parent {
            RowOutcome::Kept => return false,
            RowOutcome::Retained => Some(Parent::Retain),
            RowOutcome::Anonymized => Some(Parent::Anonymize),
            _ => None,
        };
        let cleared = self.is_removed_over_another(id, row, reference, parent.strength().max(1));
        let entries = self.declared.rules.entries(&reference.name).unwrap_or_default();
        for entry in entries.iter().filter(|entry| entry.parent == below) {
            let truth = match &entry.when {
                Some(when) => self.truth(self.kind(&reference.from), row, when),
                None => Some(true),
            };
            let kind = self.kind(&reference.from);
            let over = matches!(&entry.then, Rule::Retain(retention) if self.is_over(kind, row, retention));
            let protects = match entry.then {
                Rule::Protect => true,
                Rule::Retain(_) => !over,
                Rule::Restrict => !cleared,
                _ => false,
            };
            match truth {
                Some(true) if !over => return false,
                None if protects => return true,
                _ => {}
            }
        }
        false
    }

    /// Returns whether the row ends at least this strongly removed, and another reference alone would remove it so.
    fn is_removed_over_another(&self, id: &Id, row: &Record, reference: &Reference, strength: u8) -> bool {
        let is_enough = |outcome: RowOutcome| outcome.strength() >= strength;
        let mut others = self.map.references_from(&id.0).filter(|other| other.name != reference.name);
        self.outcomes.get(id).is_some_and(|own| is_enough(*own))
            && others.any(|other| {
                let parents = self.parents(row, other).into_iter();
                let mut parents = parents.filter(|parent| !(other.owned && self.taken.contains(parent)));
                parents.any(|parent| {
                    let above = self.outcomes.get(&parent);
                    let outcome = above.and_then(|above| self.outcome(row, other, *above));
                    outcome.is_some_and(|(_, outcome)| is_enough(outcome))
                })
            })
    }

    /// Returns the rows that a guard may stop at: with the unknown values, they might lose the last row that refers to
    /// them. Rows at which the guard stops in any case do not count.
    fn perhaps_left_without(&self, guard: &Guard, when: &Condition, name: &ReferenceName) -> BTreeSet<Id> {
        let reference = self.map.reference(name).expect("a reference");
        let from = self.kind(&reference.from);
        let removed = |id: &Id| self.outcomes.get(id).is_some_and(|outcome| outcome.removed());
        let rows = self.all().filter(|(id, _)| id.0 == guard.on && !removed(id));
        let found = rows.filter(|(on, _)| {
            let (mut leaves, mut may_leave, mut stays) = (false, false, false);
            for (id, row) in self.all().filter(|(id, _)| id.0 == from.name) {
                if !self.parents(row, reference).contains(on) || self.marked(reference, row) {
                    continue;
                }
                match self.truth(from, row, when) {
                    Some(true) if removed(&id) => leaves = true,
                    Some(true) => stays = true,
                    None if removed(&id) => may_leave = true,
                    _ => {}
                }
            }
            may_leave && !stays && !leaves
        });
        found.map(|(id, _)| id).collect()
    }
}
