//! Owned references: the order in which the outcomes of rows are decided.
//!
//! A row is removed with the last row that owns it. The outcome of an owned kind is therefore decided twice: first by
//! its own references, as for every kind, and again once the outcomes of its owners are known.

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

    /// Returns the stage at which the outcomes of a kind's rows are final.
    pub(crate) fn finally(&self, kind: &KindName) -> Decided {
        (kind.clone(), if self.is_owned(kind) { Stage::Owned } else { Stage::Reached })
    }

    /// Returns the outcome on which the rows that refer depend. An owner does not depend on a row that it owns, unless
    /// that row is removed for another reason.
    pub(crate) fn parents(&self, reference: &Reference) -> Decided {
        if reference.owned { (reference.to.clone(), Stage::Reached) } else { self.finally(&reference.to) }
    }

    /// Returns the dependencies between outcomes: in each pair, the first is decided before the second.
    pub(crate) fn order_of_outcomes(&self) -> BTreeSet<(Decided, Decided)> {
        let mut edges = BTreeSet::new();
        for reference in self.references().filter(|reference| reference.may_remove()) {
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
