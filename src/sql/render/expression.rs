//! Common table expressions: the sets that a statement reads, defined before it.

use std::collections::BTreeSet;

use super::place::Place;
use super::set::Renderer;
use crate::protocol::{SetId, Stratum};
use crate::sql::statement::Writer;
use crate::store::StoreError;

impl Renderer<'_> {
    /// The common table expressions that a statement over these sets needs.
    pub(super) fn with(&self, w: &mut Writer, sets: &[SetId]) -> Result<(), StoreError> {
        if self.tables(w, "WITH ", sets)? {
            w.push("\n");
        }
        Ok(())
    }

    /// The same after another word, without a line's end. Whether there were any.
    pub(super) fn tables(&self, w: &mut Writer, word: &str, sets: &[SetId]) -> Result<bool, StoreError> {
        let needed = self.needed(sets)?;
        let walks = self.query.sets.iter().any(|stratum| {
            let mut sets = stratum.sets().iter();
            matches!(stratum, Stratum::Cycle(_)) && sets.any(|set| needed.contains(&set.id))
        });
        let word = if walks && word == "WITH " { "WITH RECURSIVE " } else { word };
        let mut started = false;
        for stratum in self.query.sets.iter() {
            if let Stratum::Cycle(sets) = stratum
                && sets.iter().any(|set| needed.contains(&set.id))
            {
                w.push(if started { ",\n" } else { word });
                started = true;
                self.walk(w, sets)?;
                continue;
            }
            for set in stratum.sets().iter().filter(|set| needed.contains(&set.id)) {
                w.push(if started { ",\n" } else { word });
                started = true;
                w.name(&self.set_name(set.id)).push("(id, rank) AS (");
                self.set(w, self.shape(set.id)?)?;
                w.push(")");
            }
        }
        Ok(started)
    }

    /// Whether a set is one of a cycle.
    pub(super) fn is_walked(&self, id: SetId) -> bool {
        let mut strata = self.query.sets.iter();
        strata.any(|stratum| {
            matches!(stratum, Stratum::Cycle(_)) && stratum.sets().iter().any(|set| set.id == id)
        })
    }

    /// The sets that a statement over these has to define: with their inputs, and cycles as a whole.
    pub(super) fn needed(&self, sets: &[SetId]) -> Result<BTreeSet<SetId>, StoreError> {
        let inline = |set: &SetId| self.place(*set) != Place::Fixed;
        let mut needed: BTreeSet<SetId> = sets.iter().copied().filter(inline).collect();
        let mut open: Vec<SetId> = needed.iter().copied().collect();
        while let Some(set) = open.pop() {
            let mut found: Vec<SetId> = self.shape(set)?.inputs().collect();
            for stratum in self.query.sets.iter() {
                if let Stratum::Cycle(sets) = stratum
                    && sets.iter().any(|other| other.id == set)
                {
                    found.extend(sets.iter().map(|set| set.id));
                }
            }
            for input in found.into_iter().filter(inline) {
                if needed.insert(input) {
                    open.push(input);
                }
            }
        }
        Ok(needed)
    }
}
