//! Rows that are removed with their owners.

use std::collections::BTreeSet;

use super::{Id, RowOutcome, World, is_marked};
use crate::domain::{Kind, KindName, Mode, Record, Reference, ReferenceName};
use crate::policy::Rule;

impl World<'_> {
    /// Removes the rows of a kind whose owners are all removed. The owner that is removed in the weakest way decides
    /// how.
    pub(super) fn take(&mut self, kind: &KindName) {
        let kind = self.kind(kind);
        let mut found = Vec::new();
        for (id, row) in self.all().filter(|(id, _)| id.0 == kind.name) {
            let is_open = matches!(self.outcomes.get(&id), None | Some(RowOutcome::Kept));
            if !is_open || self.subjects.contains(&id) || !self.holds(kind, row, kind.filter.as_ref()) {
                continue;
            }
            if let Some((outcome, owners)) = self.taken_as(kind, row, &id) {
                found.push((id, outcome, owners));
            }
        }
        for (id, outcome, owners) in found {
            let reasons = owners.into_iter().map(|name| (outcome, name, 0));
            self.reasons.entry(id.clone()).or_default().extend(reasons);
            self.outcomes.insert(id.clone(), outcome);
            self.taken.insert(id);
        }
    }

    fn is_off(&self, reference: &Reference, row: &Record) -> bool {
        let status = self.kind(&reference.from).status.as_ref().filter(|_| self.mode == Mode::Deactivate);
        status.is_some_and(|status| *row.get(&status.field) == status.off)
    }

    /// Returns the outcome of a row whose owners are all removed, and the references over which they own it.
    fn taken_as(&self, kind: &Kind, row: &Record, id: &Id) -> Option<(RowOutcome, BTreeSet<ReferenceName>)> {
        let mut weakest: Option<RowOutcome> = None;
        let mut owners = BTreeSet::new();
        for reference in self.map.references_to(&kind.name).filter(|reference| reference.owned) {
            let referring = self.all().filter(|(owner, _)| owner.0 == reference.from);
            for (owner, found) in referring.filter(|(_, row)| self.parents(row, reference).contains(id)) {
                let outcome = self.outcomes.get(&owner).copied().filter(|outcome| outcome.removed());
                let removed = match outcome {
                    Some(outcome) => {
                        let deciding = self.deciding(found, reference, outcome);
                        if deciding.is_some_and(|(_, entry)| entry.then == Rule::Leave) {
                            return None;
                        }
                        owners.insert(reference.name.clone());
                        outcome
                    }
                    // A record comes ON with the first of its owners, and does not stay ON for one that is OFF.
                    None if self.mode == Mode::Reactivate || self.is_off(reference, found) => continue,
                    // Marked by an earlier operation, and perhaps masked.
                    None if self.marked(reference, found) => match self.mode {
                        Mode::Anonymize if !kind.personal.is_empty() => RowOutcome::Erased,
                        _ => RowOutcome::Soft,
                    },
                    None => return None,
                };
                let weaker = |one: RowOutcome| (one.strength(), one != RowOutcome::Erased);
                weakest = Some(match weakest {
                    Some(other) if weaker(other) <= weaker(removed) => other,
                    _ => removed,
                });
            }
        }
        if owners.is_empty() {
            return None;
        }
        let is_marked = is_marked(kind, row);
        let outcome = match weakest? {
            RowOutcome::Soft | RowOutcome::AlreadySoft if kind.deleted_at.is_none() => return None,
            RowOutcome::Off if kind.status.is_none() => return None,
            RowOutcome::Off if !is_marked && self.stays_as_it_is(&kind.name, row) => return None,
            RowOutcome::Soft | RowOutcome::AlreadySoft | RowOutcome::Off if is_marked => {
                (self.mode == Mode::HardDelete).then_some(RowOutcome::AlreadySoft)?
            }
            RowOutcome::AlreadySoft => RowOutcome::Soft,
            outcome => outcome,
        };
        Some((outcome, owners))
    }
}
