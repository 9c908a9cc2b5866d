//! Owned references: when the outcome of a kind's rows is decided, and which maps leave that open.
//!
//! A row goes with the last row that owns it. The outcome of an owned kind is therefore decided twice: first by its own
//! references, as for every kind, and again once the outcomes of its owners are known.

use std::collections::BTreeSet;

use super::graph::{in_order, is_cycle};
use super::{DataMap, Fault, FaultCode, Faults, KindName, Reference};

/// When the outcome of a kind's rows is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// By the references of the rows themselves.
    Reached,
    /// By the rows that own them. Only owned kinds have this stage.
    Owned,
}

/// A kind, and when the outcome of its rows is decided.
pub(crate) type Decided = (KindName, Stage);

impl DataMap {
    /// Returns whether rows of other kinds own rows of this kind.
    pub(crate) fn is_owned(&self, kind: &KindName) -> bool {
        self.references().any(|reference| reference.owned && reference.to == *kind)
    }

    /// Returns when the outcome of a kind's rows is final.
    pub(crate) fn finally(&self, kind: &KindName) -> Decided {
        (kind.clone(), if self.is_owned(kind) { Stage::Owned } else { Stage::Reached })
    }

    /// Returns the outcome on which the rows that refer over a reference depend. A row does not depend on what becomes of
    /// the rows that it owns, unless they go for another reason.
    pub(crate) fn parents(&self, reference: &Reference) -> Decided {
        if reference.owned { (reference.to.clone(), Stage::Reached) } else { self.finally(&reference.to) }
    }

    /// Returns what must be decided before what.
    pub(crate) fn order_of_outcomes(&self) -> BTreeSet<(Decided, Decided)> {
        let mut edges = BTreeSet::new();
        for reference in self.references() {
            edges.insert((self.parents(reference), (reference.from.clone(), Stage::Reached)));
            if reference.owned {
                let owned = (reference.to.clone(), Stage::Owned);
                edges.insert((self.finally(&reference.from), owned.clone()));
                edges.insert(((reference.to.clone(), Stage::Reached), owned));
            }
        }
        edges
    }
}

/// Checks that rows own others by ids, and that no owned reference is part of a cycle of kinds.
pub(super) fn check_owned(map: &DataMap, faults: &mut Faults) {
    let owned: Vec<&Reference> = map.references().filter(|reference| reference.owned).collect();
    if owned.is_empty() {
        return;
    }
    for reference in owned.iter().filter(|reference| !reference.holds_id()) {
        let message = format!("an owned reference must hold ids of `{}`, compared exactly", reference.to);
        faults.push(
            Fault::new(FaultCode::ReferenceKey, format!("references.{}", reference.name), message)
                .remedy("refer to the id, or leave out `owned`"),
        );
    }
    let between: BTreeSet<(KindName, KindName)> =
        map.references().map(|reference| (reference.to.clone(), reference.from.clone())).collect();
    let of_kinds = cycles(&between);
    let of_outcomes = cycles(&map.order_of_outcomes());
    for reference in owned {
        let target = (reference.to.clone(), Stage::Owned);
        let is_inside =
            of_kinds.iter().any(|kinds| kinds.contains(&reference.from) && kinds.contains(&reference.to))
                || of_outcomes.iter().any(|decided| decided.contains(&target));
        if is_inside {
            let message =
                format!("rows of `{}` would decide about themselves: their kind is in a cycle", reference.to);
            faults.push(
                Fault::new(FaultCode::OwnedInCycle, format!("references.{}", reference.name), message)
                    .remedy("leave out `owned`, or the reference that closes the cycle"),
            );
        }
    }
}

/// Returns the groups of nodes that lead back to each other.
fn cycles<T: Ord + Clone>(edges: &BTreeSet<(T, T)>) -> Vec<Vec<T>> {
    let nodes = edges.iter().flat_map(|(a, b)| [a.clone(), b.clone()]).collect();
    let mut groups = in_order(&nodes, edges);
    groups.retain(|group| is_cycle(group, edges));
    groups
}
