//! Evaluating sets that refer to each other: the least sets that satisfy all branches.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::{Evaluation, Ranked, source_rows};
use crate::protocol::{Members, NamedSet, SetId};
use crate::store::{Records, StoreError};

/// Every rank that each row of each set was found with.
type Found = BTreeMap<SetId, BTreeSet<Ranked>>;

impl<R: Records> Evaluation<'_, R> {
    /// Grows the sets from the rows found last until nothing is added. A worklist follows chains of any length. It ends
    /// because every row gets each rank once.
    pub(super) async fn run_cycle(&mut self, sets: &[NamedSet]) -> Result<(), StoreError> {
        let inside: BTreeSet<SetId> = sets.iter().map(|set| set.id).collect();
        let mut found = Found::new();
        let mut fresh = Found::new();
        for set in sets {
            for branch in &set.branches {
                let is_outside = source_rows(&branch.source).is_none_or(|of| !inside.contains(&of.set));
                if is_outside {
                    let rows = self.evaluated_branch(set, branch).await?;
                    add(&mut found, &mut fresh, set.id, rows);
                }
            }
        }
        while !fresh.is_empty() {
            let last = std::mem::take(&mut fresh);
            for set in sets {
                for branch in &set.branches {
                    let Some(of) = source_rows(&branch.source) else {
                        continue;
                    };
                    let grown = last.get(&of.set).into_iter().flatten();
                    let of: Vec<Ranked> =
                        grown.filter(|(_, rank)| of.ranks.contains(*rank)).cloned().collect();
                    if !of.is_empty() {
                        let rows = self.branch(set, branch, &of).await?;
                        add(&mut found, &mut fresh, set.id, rows);
                    }
                }
            }
        }
        for set in sets {
            // In the order of ids, then of ranks: the first of each row is its lowest.
            let mut members = Members::new();
            for (id, rank) in found.remove(&set.id).unwrap_or_default() {
                members.entry(id).or_insert(rank);
            }
            self.sets.insert(set.id, members);
        }
        Ok(())
    }
}

fn add(found: &mut Found, fresh: &mut Found, set: SetId, rows: Vec<Ranked>) {
    for row in rows {
        if found.entry(set).or_default().insert(row.clone()) {
            fresh.entry(set).or_default().insert(row);
        }
    }
}
