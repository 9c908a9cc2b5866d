//! Ranks: one small number per fate and entry of a kind, so that precedence is a minimum.

use std::collections::BTreeSet;

use super::Parts;
use super::fate::{Fate, cases};
use crate::domain::{KindName, ReferenceName};
use crate::protocol::{Rank, Ranks, Rows, SetId};

/// What a rank means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Meaning {
    pub(crate) fate: Fate,
    /// How far what the entry's reference refers to is from the subject: of equal fates the nearest counts the
    /// row.
    distance: usize,
    /// The entry that decided; `None` for the subject.
    pub(crate) entry: Option<(ReferenceName, usize)>,
}

/// The set that holds what becomes of the rows of a kind, and what its ranks mean.
#[derive(Debug, Clone)]
pub(crate) struct Verdicts {
    pub(crate) set: SetId,
    /// In the order of the ranks.
    pub(crate) meanings: Vec<Meaning>,
}

impl Verdicts {
    pub(super) fn of_subject(fate: Fate) -> Self {
        Self { set: SetId(0), meanings: vec![Meaning { fate, distance: 0, entry: None }] }
    }

    pub(super) fn rank(&self, fate: Fate, reference: &ReferenceName, entry: usize) -> Option<Rank> {
        let position = self.meanings.iter().position(|meaning| {
            meaning.fate == fate
                && meaning.entry.as_ref().is_some_and(|(name, index)| name == reference && *index == entry)
        })?;
        Rank::try_from(position).ok()
    }

    /// The rank of the subjects, where they are in the set.
    pub(super) fn subject_rank(&self) -> Option<Rank> {
        let position = self.meanings.iter().position(|meaning| meaning.entry.is_none())?;
        Rank::try_from(position).ok()
    }

    /// The ranks of the fates that satisfy the test, which are always neighbours.
    pub(super) fn ranks(&self, test: impl Fn(Fate) -> bool) -> Option<Ranks> {
        let first = self.meanings.iter().position(|meaning| test(meaning.fate))?;
        let last = self.meanings.iter().rposition(|meaning| test(meaning.fate))?;
        Some(Ranks { from: Rank::try_from(first).ok()?, to: Rank::try_from(last).ok()? })
    }

    /// The rows whose fates satisfy the test.
    pub(super) fn rows(&self, test: impl Fn(Fate) -> bool) -> Option<Rows> {
        self.ranks(test).map(|ranks| Rows { set: self.set, ranks })
    }

    /// Every rank with its meaning.
    pub(super) fn ranked(&self) -> impl Iterator<Item = (Rank, &Meaning)> {
        (0..).zip(&self.meanings)
    }
}

/// The meanings of the ranks of a kind, in order: by fate, then by distance from the subject, then by name
/// of the reference, then by entry.
pub(super) fn meanings(parts: &Parts<'_>, kind: &KindName) -> Vec<Meaning> {
    let mut found = BTreeSet::new();
    let Some(facts) = parts.map.kind(kind) else {
        return Vec::new();
    };
    for reference in parts.map.references_from(kind) {
        let distance = parts.paths.get(&reference.to).map_or(usize::MAX, Vec::len);
        let entries = parts.entries(&reference.name);
        for parent in parts.fates_of(&reference.to) {
            for case in cases(facts, entries, parent, parts.mode) {
                let Some(fate) = case.fate else { continue };
                // What had been marked before is in no step, so it needs no rank per entry; yet one rank
                // per entry keeps every rank's meaning an entry.
                let entry = Some((reference.name.clone(), case.entry));
                found.insert(Meaning { fate, distance, entry });
            }
        }
    }
    found.into_iter().collect()
}
