//! Finds the outcomes of the rows of a group of kinds.

use std::collections::{BTreeMap, BTreeSet};

use super::{Id, RowOutcome, World};
use crate::domain::KindName;

impl World<'_> {
    /// Finds the outcomes of a group of kinds in two passes. Without a cycle, the second pass changes nothing.
    pub(super) fn settle(&mut self, group: &BTreeSet<KindName>) {
        let own: Vec<Id> = self
            .all()
            .map(|(id, _)| id)
            .filter(|id| group.contains(&id.0) && !self.subjects.contains(id))
            .collect();
        // First pass: every row that the removing rules reach. Rows that another rule keeps are found among these.
        let before = self.outcomes.clone();
        self.walk(&own, &BTreeSet::new());
        let kept: BTreeSet<Id> = own
            .iter()
            .filter(|id| self.outcomes.contains_key(id))
            .filter(|id| self.outcomes(id).iter().any(|(_, _, outcome)| *outcome < RowOutcome::Soft))
            .cloned()
            .collect();
        // Second pass: the removal does not go through kept rows. Then the other rules apply below removed rows.
        self.outcomes = before;
        self.reasons.retain(|id, _| !group.contains(&id.0));
        self.walk(&own, &kept);
        let mut surviving = Vec::new();
        for id in own.iter().filter(|id| !self.outcomes.contains_key(id)) {
            for (reference, index, outcome) in self.outcomes(id) {
                if !outcome.removed() {
                    surviving.push((id.clone(), outcome));
                    let why = (outcome, reference.name.clone(), index);
                    self.reasons.entry(id.clone()).or_default().insert(why);
                }
            }
        }
        for (id, outcome) in surviving {
            let strongest = self.outcomes.get(&id).map_or(outcome, |other| outcome.min(*other));
            self.outcomes.insert(id, strongest);
        }
    }

    /// Removes rows until no more rows are reached. A row is followed with every outcome it was reached with; in the
    /// end it has the strongest.
    fn walk(&mut self, own: &[Id], kept: &BTreeSet<Id>) {
        let mut met: BTreeMap<Id, BTreeSet<RowOutcome>> = BTreeMap::new();
        loop {
            let mut changed = false;
            for id in own.iter().filter(|id| !kept.contains(id)) {
                let row = self.row(id);
                for reference in self.map.references_from(&self.kind(&id.0).name) {
                    let parents = self.parents(row, reference);
                    let settled = parents.iter().filter_map(|parent| self.outcomes.get(parent));
                    let walked = parents.iter().filter_map(|parent| met.get(parent)).flatten();
                    let outcomes: BTreeSet<RowOutcome> = settled.chain(walked).copied().collect();
                    for outcome in outcomes {
                        if let Some((index, outcome)) = self.outcome(row, reference, outcome)
                            && outcome.removed()
                        {
                            let why = (outcome, reference.name.clone(), index);
                            changed |= met.entry(id.clone()).or_default().insert(outcome);
                            changed |= self.reasons.entry(id.clone()).or_default().insert(why);
                        }
                    }
                }
            }
            if !changed {
                break;
            }
        }
        let strongest = met.into_iter().filter_map(|(id, outcomes)| Some((id, outcomes.into_iter().min()?)));
        self.outcomes.extend(strongest);
    }
}
