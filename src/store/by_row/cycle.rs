//! Evaluates the sets of a cycle together.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::evaluate::Evaluation;
use super::members::Members;
use super::session::{Ranked, Session};
use crate::protocol::{NamedSet, SetId};
use crate::store::StoreError;

/// Rows of the sets of a cycle.
type Found = BTreeMap<SetId, Vec<Ranked>>;

impl<S: Session> Evaluation<'_, S> {
    /// Expands the sets from the rows that were added last, until no row is added. A worklist follows chains of any
    /// length. It terminates because every row gets each rank at most once.
    pub(super) async fn run_cycle(&mut self, sets: &[NamedSet]) -> Result<(), StoreError> {
        let inside: BTreeSet<SetId> = sets.iter().map(|set| set.id).collect();
        let mut found: BTreeMap<SetId, HashSet<Ranked>> = BTreeMap::new();
        let mut fresh = Found::new();
        let mut add = |fresh: &mut Found, set: SetId, rows: Vec<Ranked>| {
            let known = found.entry(set).or_default();
            fresh.entry(set).or_default().extend(rows.into_iter().filter(|row| known.insert(*row)));
        };
        for set in sets {
            for branch in &set.branches {
                let is_outside = branch.source.rows().is_none_or(|of| !inside.contains(&of.set));
                if is_outside {
                    let rows = self.evaluated_branch(set, branch).await?;
                    add(&mut fresh, set.id, rows);
                }
            }
        }
        while fresh.values().any(|rows| !rows.is_empty()) {
            let last = std::mem::take(&mut fresh);
            for set in sets {
                for branch in &set.branches {
                    let Some(of) = branch.source.rows() else {
                        continue;
                    };
                    let grown = last.get(&of.set).into_iter().flatten();
                    let of: Vec<Ranked> =
                        grown.filter(|(_, rank)| of.ranks.contains(*rank)).copied().collect();
                    if !of.is_empty() {
                        let rows = self.branch(set, branch, of).await?;
                        add(&mut fresh, set.id, rows);
                    }
                }
            }
        }
        for set in sets {
            let rows = found.remove(&set.id).unwrap_or_default();
            self.sets.insert(set.id, Members::of(rows.into_iter().collect()));
        }
        Ok(())
    }
}
