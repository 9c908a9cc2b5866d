//! The steps of a kind: one for each rank of its rows.

use std::collections::BTreeMap;

use super::branch::by_entry;
use super::compiled::CompiledStep;
use super::context::CompileContext;
use super::kind_outcomes::{KindOutcomes, OutcomesByKind, RankMeaning};
use super::query::QueryBuilder;
use super::row_outcome::RowOutcome;
use super::tombstones::TombstoneSets;
use super::write_template::WriteTemplate;
use crate::domain::{FieldName, Kind, Mask, Mode, ReferenceName};
use crate::plan::StepKey;
use crate::policy::{Entry, Rule};
use crate::protocol::{Branch, Disposition, Rank, Rows};

/// A kind that is reached, with what its steps are made from.
pub(super) struct ReachedKind<'a> {
    pub(super) context: &'a CompileContext<'a>,
    pub(super) kind: &'a Kind,
    pub(super) own: &'a KindOutcomes,
    pub(super) outcomes: &'a OutcomesByKind,
}

impl<'a> ReachedKind<'a> {
    /// Adds the questions of the steps, and returns the steps in the order of the ranks.
    pub(super) fn steps(
        &self,
        tombstones: Option<&TombstoneSets>,
        query: &mut QueryBuilder,
    ) -> Vec<CompiledStep> {
        let mut steps = Vec::new();
        for (rank, meaning) in self.own.ranked() {
            let mut rows = Rows::ranked(self.own.set, rank);
            if let Some(sets) = tombstones.filter(|_| meaning.outcome.is_deleted()) {
                steps.push(self.tombstone_step(rank, meaning, sets, query));
                rows = Rows::ranked(sets.deleted, rank);
            }
            if let Some((disposition, write)) = self.write(meaning) {
                let key = self.key(meaning, disposition);
                steps.push(CompiledStep::new(key, rows, query.count(rows), write));
            }
        }
        steps
    }

    fn tombstone_step(
        &self,
        rank: Rank,
        meaning: &RankMeaning,
        sets: &TombstoneSets,
        query: &mut QueryBuilder,
    ) -> CompiledStep {
        let rows = Rows::ranked(sets.tombstones, rank);
        let key = self.key(meaning, Disposition::Tombstone);
        let write = WriteTemplate::tombstone(self.kind);
        let forced_by = sets.forced_by.clone();
        CompiledStep { forced_by, ..CompiledStep::new(key, rows, query.count(rows), write) }
    }

    /// Returns what becomes of the rows of a rank; `None` if they are in no step.
    fn write(&self, meaning: &RankMeaning) -> Option<(Disposition, WriteTemplate)> {
        let (kind, mode) = (self.kind, self.context.mode);
        Some(match meaning.outcome {
            RowOutcome::AlreadySoft => return None,
            RowOutcome::Retain => (Disposition::Retain, WriteTemplate::Keep),
            RowOutcome::Keep if mode == Mode::Update => (Disposition::Update, WriteTemplate::edit(kind)),
            RowOutcome::Keep => (Disposition::Keep, WriteTemplate::Keep),
            RowOutcome::Soft => (Disposition::SoftDelete, WriteTemplate::mark(kind)),
            RowOutcome::Off if mode == Mode::Reactivate => {
                (Disposition::Reactivate, WriteTemplate::switch(kind, true))
            }
            RowOutcome::Off => (Disposition::Deactivate, WriteTemplate::switch(kind, false)),
            RowOutcome::Erased => (Disposition::Anonymize, WriteTemplate::tombstone(kind)),
            RowOutcome::Anonymize => {
                (Disposition::Anonymize, WriteTemplate::anonymize(kind, self.masks(meaning)))
            }
            RowOutcome::Delete => (Disposition::Delete, WriteTemplate::Delete),
        })
    }

    /// Returns the masks of the entry that anonymizes, or those of the kind if the entry names none.
    pub(super) fn masks(&self, meaning: &RankMeaning) -> &'a BTreeMap<FieldName, Mask> {
        match self.entry(meaning).map(|entry| &entry.then) {
            Some(Rule::Anonymize(masks)) if !masks.is_empty() => masks,
            _ => &self.kind.personal,
        }
    }

    pub(super) fn entry(&self, meaning: &RankMeaning) -> Option<&'a Entry> {
        let (reference, index) = meaning.entry.as_ref()?;
        self.context.entries(reference).get(*index)
    }

    pub(super) fn key(&self, meaning: &RankMeaning, disposition: Disposition) -> StepKey {
        let entry = self.entry(meaning);
        let reference = meaning.entry.as_ref().map(|(name, _)| name);
        StepKey {
            kind: self.kind.name.clone(),
            disposition,
            path: reference.map_or_else(Vec::new, |name| self.context.path(name)),
            rule: entry.map_or(self.context.mode.as_str(), |entry| entry.then.as_str()).into(),
            when: entry.and_then(|entry| entry.when.as_ref()).map(ToString::to_string),
            basis: entry.and_then(|entry| match &entry.then {
                Rule::Retain(retention) => Some(retention.basis.clone()),
                _ => None,
            }),
            volatile: self.kind.volatile,
        }
    }

    /// Adds the set of rows of this outcome for which one entry decides, whichever entry counts them.
    pub(super) fn decided_by(
        &self,
        reference: &ReferenceName,
        index: usize,
        outcome: RowOutcome,
        query: &mut QueryBuilder,
    ) -> Option<Rows> {
        let reference = self.context.map.reference(reference)?;
        let parents = self.outcomes.get(&reference.to)?.by_applicable_entries();
        let branches = parents.filter_map(|(parent, of)| {
            let rank = |at, _: &Entry| (at == index).then_some(0);
            let mut branch = by_entry(self.context, reference, of, parent, rank)?;
            branch.within.extend(self.own.rows(|found| found == outcome));
            Some(branch)
        });
        let branches: Vec<Branch> = branches.collect();
        let name = format!("{}: rows that entry {index} decides", reference.name);
        query.add_nonempty(name, &reference.from, branches)
    }
}
