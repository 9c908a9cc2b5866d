//! Owned references: when the outcome of a kind's rows is decided.
//!
//! A row goes with the last row that owns it. The outcome of an owned kind is therefore decided twice: first by its own
//! references, as for every kind, and again once the outcomes of its owners are known.

use std::collections::BTreeSet;

use super::{DataMap, KindName, Reference};

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
