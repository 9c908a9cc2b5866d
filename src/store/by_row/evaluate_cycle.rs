//! Sets that refer to each other: the least sets that satisfy all branches.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::{Evaluation, Ranked, source_rows};
use crate::protocol::{Members, NamedSet, SetId};
use crate::store::{Records, StoreError};

/// Every rank that every row of each set was found with.
type Held = BTreeMap<SetId, BTreeSet<Ranked>>;

impl<R: Records> Evaluation<'_, R> {
    /// Grows the sets, from the rows found last, until nothing is added: a worklist, so that a chain of any
    /// length is followed. It ends because every row holds each rank once.
    pub(super) async fn run_cycle(&mut self, sets: &[NamedSet]) -> Result<(), StoreError> {
        let inside: BTreeSet<SetId> = sets.iter().map(|set| set.id).collect();
        let mut held = Held::new();
        let mut fresh = Held::new();
        for set in sets {
            for branch in &set.branches {
                let settled = source_rows(&branch.source).is_none_or(|of| !inside.contains(&of.set));
                if settled {
                    let found = self.settled_branch(set, branch).await?;
                    add(&mut held, &mut fresh, set.id, found);
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
                        let found = self.branch(set, branch, &of).await?;
                        add(&mut held, &mut fresh, set.id, found);
                    }
                }
            }
        }
        for set in sets {
            // In the order of ids, then of ranks: the first of each row is its lowest.
            let mut members = Members::new();
            for (id, rank) in held.remove(&set.id).unwrap_or_default() {
                members.entry(id).or_insert(rank);
            }
            self.sets.insert(set.id, members);
        }
        Ok(())
    }
}

fn add(held: &mut Held, fresh: &mut Held, set: SetId, found: Vec<Ranked>) {
    for row in found {
        if held.entry(set).or_default().insert(row.clone()) {
            fresh.entry(set).or_default().insert(row);
        }
    }
}
