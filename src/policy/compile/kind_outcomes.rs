//! The outcomes of the rows of a kind, as ranks: precedence between references becomes a minimum.

use std::collections::{BTreeMap, BTreeSet};

use super::context::CompileContext;
use super::row_outcome::{RowOutcome, cases};
use crate::domain::{KindName, ReferenceName};
use crate::protocol::{Rank, Ranks, Rows, SetId};

/// What a rank means. The order is that of the ranks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RankMeaning {
    pub(super) outcome: RowOutcome,
    /// The distance from the subject to the kind that the entry's reference refers to. Among equal outcomes the
    /// nearest entry counts the row.
    distance: usize,
    /// The reference and the position of the entry that decided; `None` for the subject.
    pub(super) entry: Option<(ReferenceName, usize)>,
}

/// The set that holds the outcomes of the rows of a kind, and the meanings of its ranks.
#[derive(Debug, Clone)]
pub(super) struct KindOutcomes {
    pub(super) set: SetId,
    /// In the order of the ranks.
    pub(super) meanings: Vec<RankMeaning>,
}

/// The outcomes of every kind that is reached.
pub(super) type OutcomesByKind = BTreeMap<KindName, KindOutcomes>;

impl KindOutcomes {
    pub(super) fn of_subject(outcome: RowOutcome) -> Self {
        let meanings = vec![RankMeaning { outcome, distance: 0, entry: None }];
        Self { set: SetId::SUBJECTS, meanings }
    }

    /// Lists the outcomes that the entries of a kind can give, each with its rank. The set is not known yet.
    pub(super) fn of_kind(context: &CompileContext<'_>, kind: &KindName) -> Self {
        let mut found = BTreeSet::new();
        let declared = context.map.kind(kind);
        for reference in context.map.references_from(kind) {
            let distance = context.paths.get(&reference.to).map_or(usize::MAX, Vec::len);
            let entries = context.entries(&reference.name);
            let parents = context.possible_outcomes(&reference.to);
            let cases = parents.flat_map(|parent| {
                declared.map_or_else(Vec::new, |kind| cases(kind, entries, parent, context.mode))
            });
            for (outcome, entry) in cases.filter_map(|case| Some((case.outcome?, case.entry))) {
                let entry = Some((reference.name.clone(), entry));
                found.insert(RankMeaning { outcome, distance, entry });
            }
        }
        Self { set: SetId::SUBJECTS, meanings: found.into_iter().collect() }
    }

    pub(super) fn rank(&self, outcome: RowOutcome, reference: &ReferenceName, entry: usize) -> Option<Rank> {
        let position = self.meanings.iter().position(|meaning| {
            meaning.outcome == outcome
                && meaning.entry.as_ref().is_some_and(|(name, index)| name == reference && *index == entry)
        })?;
        Rank::try_from(position).ok()
    }

    /// Returns the rank of the subjects, if they are in the set.
    pub(super) fn subject_rank(&self) -> Option<Rank> {
        let position = self.meanings.iter().position(|meaning| meaning.entry.is_none())?;
        Rank::try_from(position).ok()
    }

    /// Returns the ranks from the first to the last outcome that satisfies the test.
    pub(super) fn ranks(&self, test: impl Fn(RowOutcome) -> bool) -> Option<Ranks> {
        let first = self.meanings.iter().position(|meaning| test(meaning.outcome))?;
        let last = self.meanings.iter().rposition(|meaning| test(meaning.outcome))?;
        Some(Ranks { from: Rank::try_from(first).ok()?, to: Rank::try_from(last).ok()? })
    }

    /// Returns the rows whose outcomes satisfy the test, which must hold for a range of outcomes.
    pub(super) fn rows(&self, test: impl Fn(RowOutcome) -> bool) -> Option<Rows> {
        self.ranks(test).map(|ranks| Rows { set: self.set, ranks })
    }

    pub(super) fn all_rows(&self) -> Option<Rows> {
        self.rows(|_| true)
    }

    pub(super) fn deleted_rows(&self) -> Option<Rows> {
        self.rows(RowOutcome::is_deleted)
    }

    /// Groups the rows by the entries that apply below them. Each group comes with one of its outcomes.
    pub(super) fn by_applicable_entries(&self) -> impl Iterator<Item = (RowOutcome, Rows)> {
        let removed = self.rows(RowOutcome::is_removed).map(|rows| (RowOutcome::Delete, rows));
        let others = [RowOutcome::Retain, RowOutcome::Anonymize]
            .map(|parent| Some((parent, self.rows(|outcome| outcome == parent)?)));
        removed.into_iter().chain(others.into_iter().flatten())
    }

    /// Iterates over the ranks with their meanings.
    pub(super) fn ranked(&self) -> impl Iterator<Item = (Rank, &RankMeaning)> {
        (0..).zip(&self.meanings)
    }
}
