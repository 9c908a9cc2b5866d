//! Ranks: one small number per outcome and entry of a kind, so that precedence is a minimum.

use std::collections::BTreeSet;

use super::CompileContext;
use super::row_outcome::{RowOutcome, cases};
use crate::domain::{KindName, ReferenceName};
use crate::protocol::{Rank, Ranks, Rows, SetId};

/// What a rank means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RankMeaning {
    pub(crate) outcome: RowOutcome,
    /// How far what the entry's reference refers to is from the subject: of equal outcomes the nearest counts the
    /// row.
    distance: usize,
    /// The entry that decided; `None` for the subject.
    pub(crate) entry: Option<(ReferenceName, usize)>,
}

/// The set that holds what becomes of the rows of a kind, and what its ranks mean.
#[derive(Debug, Clone)]
pub(crate) struct KindOutcomes {
    pub(crate) set: SetId,
    /// In the order of the ranks.
    pub(crate) meanings: Vec<RankMeaning>,
}

impl KindOutcomes {
    pub(super) fn of_subject(outcome: RowOutcome) -> Self {
        Self { set: SetId::SUBJECTS, meanings: vec![RankMeaning { outcome, distance: 0, entry: None }] }
    }

    pub(super) fn rank(&self, outcome: RowOutcome, reference: &ReferenceName, entry: usize) -> Option<Rank> {
        let position = self.meanings.iter().position(|meaning| {
            meaning.outcome == outcome
                && meaning.entry.as_ref().is_some_and(|(name, index)| name == reference && *index == entry)
        })?;
        Rank::try_from(position).ok()
    }

    /// The rank of the subjects, where they are in the set.
    pub(super) fn subject_rank(&self) -> Option<Rank> {
        let position = self.meanings.iter().position(|meaning| meaning.entry.is_none())?;
        Rank::try_from(position).ok()
    }

    /// The ranks of the outcomes that satisfy the test, which are always neighbours.
    pub(super) fn ranks(&self, test: impl Fn(RowOutcome) -> bool) -> Option<Ranks> {
        let first = self.meanings.iter().position(|meaning| test(meaning.outcome))?;
        let last = self.meanings.iter().rposition(|meaning| test(meaning.outcome))?;
        Some(Ranks { from: Rank::try_from(first).ok()?, to: Rank::try_from(last).ok()? })
    }

    /// The rows whose outcomes satisfy the test.
    pub(super) fn rows(&self, test: impl Fn(RowOutcome) -> bool) -> Option<Rows> {
        self.ranks(test).map(|ranks| Rows { set: self.set, ranks })
    }

    /// Every rank with its meaning.
    pub(super) fn ranked(&self) -> impl Iterator<Item = (Rank, &RankMeaning)> {
        (0..).zip(&self.meanings)
    }
}

/// The meanings of the ranks of a kind, in order: by outcome, then by distance from the subject, then by name
/// of the reference, then by entry.
pub(super) fn meanings(context: &CompileContext<'_>, kind: &KindName) -> Vec<RankMeaning> {
    let mut found = BTreeSet::new();
    let Some(declared) = context.map.kind(kind) else {
        return Vec::new();
    };
    for reference in context.map.references_from(kind) {
        let distance = context.paths.get(&reference.to).map_or(usize::MAX, Vec::len);
        let entries = context.entries(&reference.name);
        for parent in context.possible_outcomes(&reference.to) {
            for case in cases(declared, entries, parent, context.mode) {
                let Some(outcome) = case.outcome else { continue };
                // What had been marked before is in no step, so it needs no rank per entry; yet one rank
                // per entry keeps every rank's meaning an entry.
                let entry = Some((reference.name.clone(), case.entry));
                found.insert(RankMeaning { outcome, distance, entry });
            }
        }
    }
    found.into_iter().collect()
}
