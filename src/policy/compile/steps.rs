//! Steps: one for each rank of each kind, in execution order.

use std::collections::{BTreeMap, BTreeSet};

use super::compiled::{CompiledGround, CompiledStep, WriteTemplate};
use super::context::{CompileContext, Group, QueryBuilder};
use super::outcomes::{
    Cause, KindOutcomes, OutcomesByKind, RankMeaning, RowOutcome, by_entry, cases, parents,
};
use super::tombstones::{TombstoneSets, TombstonesByKind};
use crate::domain::{FieldName, Kind, KindName, Mask, Mode, OnDelete, Reference, ReferenceName, is_null};
use crate::plan::StepKey;
use crate::policy::graph::in_order;
use crate::policy::{Entry, Retention, Rule};
use crate::protocol::{Branch, Disposition, Question, Rank, RankCase, Rows, Source};

/// Returns the steps of every kind. Children come before parents. Within a kind, deleted rows come first.
pub(super) fn steps(
    context: &CompileContext<'_>,
    groups: &[Group],
    outcomes: &OutcomesByKind,
    tombstones: &TombstonesByKind,
    redirects: &[CompiledStep],
    query: &mut QueryBuilder,
) -> Vec<CompiledStep> {
    let mut steps = Vec::new();
    for group in groups.iter().rev() {
        let mut found = Vec::new();
        for name in &group.kinds {
            if let (Some(kind), Some(own)) = (context.map.kind(name), outcomes.get(name)) {
                let reached = ReachedKind { context, kind, own, outcomes };
                let mut of_kind = reached.steps(tombstones.get(name), query);
                add_grounds(&reached, &mut of_kind, query);
                add_further_masks(&reached, &mut of_kind, query);
                found.extend(of_kind);
            }
            found.extend(redirects.iter().filter(|step| step.key.kind == *name).cloned());
        }
        if group.is_cycle {
            found.extend(unlinks(context, group, outcomes, tombstones, query));
            sort_in_cycle(context, group, &mut found);
        } else {
            // A row that will be deleted must not be updated first. `delete` is the first disposition, so sorting
            // puts it first.
            found.sort_by_key(|step| (step.key.path.is_empty(), step.key.disposition));
        }
        steps.extend(found);
    }
    steps
}

/// Adds the steps that set references between deleted rows of a cycle to null, so that foreign keys hold after every
/// statement.
fn unlinks(
    context: &CompileContext<'_>,
    group: &Group,
    outcomes: &OutcomesByKind,
    tombstones: &TombstonesByKind,
    query: &mut QueryBuilder,
) -> Vec<CompiledStep> {
    let inside = context.map.references().filter(|reference| {
        group.kinds.contains(&reference.from)
            && group.kinds.contains(&reference.to)
            && context.map.can_be_emptied(reference)
            // Foreign keys do not cover the elements of a list.
            && !reference.each
    });
    let steps = inside.filter(|reference| context.may_be_deleted(&reference.to)).filter_map(|reference| {
        let deleted = outcomes.get(&reference.from)?.deleted_rows()?;
        let set = tombstones.get(&reference.from).map_or(deleted.set, |sets| sets.deleted);
        let rows = Rows { set, ..deleted };
        let key = StepKey {
            kind: reference.from.clone(),
            disposition: Disposition::SetNull,
            path: context.path(&reference.name, RowOutcome::is_deleted),
            rule: "unlink".into(),
            when: None,
            basis: None,
            volatile: true,
            undeclared: false,
        };
        let write = WriteTemplate::unlink(context.map, reference);
        Some(CompiledStep::hidden(key, rows, query.count(rows), write))
    });
    steps.collect()
}

/// Puts the updates of a cycle before its deletions, and orders the deletions along the mandatory references.
///
/// All sets of a cycle are evaluated before the first write, so the updates may run in any order. Only changes of lists
/// come first, because they read the keys of the rows referred to.
fn sort_in_cycle(context: &CompileContext<'_>, group: &Group, steps: &mut [CompiledStep]) {
    let mandatory = || context.map.references().filter(|reference| !context.map.can_be_emptied(reference));
    let edges = mandatory().map(|reference| (reference.to.clone(), reference.from.clone())).collect();
    // Where a foreign key would empty a mandatory column, the row must be gone before the row it refers to, and before any
    // row whose deletion the database would carry on to that row. The checks of the other keys are deferred.
    let empties = |reference: &&Reference| {
        let rule = reference.undeclared.as_ref();
        rule.is_some_and(|rule| matches!(rule.on_delete, OnDelete::SetNull | OnDelete::SetDefault))
            && group.kinds.contains(&reference.to)
    };
    let first: BTreeSet<&KindName> = mandatory().filter(empties).map(|reference| &reference.from).collect();
    let order: Vec<KindName> =
        in_order(&group.kinds.iter().cloned().collect(), &edges).into_iter().flatten().collect();
    steps.sort_by_key(|step| {
        let is_deletion = step.key.disposition == Disposition::Delete;
        let at = order.iter().position(|kind| *kind == step.key.kind);
        let is_later = is_deletion && !first.contains(&step.key.kind);
        let at = std::cmp::Reverse(at);
        (is_deletion, !step.write.changes_elements(), is_later, at, step.key.disposition)
    });
}

/// A kind that the operation reaches, and what its steps are made from.
struct ReachedKind<'a> {
    pub(super) context: &'a CompileContext<'a>,
    pub(super) kind: &'a Kind,
    pub(super) own: &'a KindOutcomes,
    pub(super) outcomes: &'a OutcomesByKind,
}

impl<'a> ReachedKind<'a> {
    /// Adds the questions of the steps. Returns the steps sorted by rank.
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

    /// Returns what happens to the rows of a rank; `None` if they are in no step.
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
            // The audit entries record the subject. Rows without an id cannot be found again.
            RowOutcome::Off if meaning.cause == Cause::Subject || kind.id.is_none() => {
                (Disposition::Deactivate, WriteTemplate::switch(kind, false))
            }
            RowOutcome::Off => (Disposition::Deactivate, WriteTemplate::mark_off(kind)),
            RowOutcome::Erased => (Disposition::Anonymize, WriteTemplate::tombstone(kind)),
            RowOutcome::Anonymize => {
                (Disposition::Anonymize, WriteTemplate::anonymize(kind, self.masks(meaning)))
            }
            RowOutcome::Delete => (Disposition::Delete, WriteTemplate::Delete),
        })
    }

    /// Returns the masks of the entry that anonymizes, or the masks of the kind if the entry has none.
    pub(super) fn masks(&self, meaning: &RankMeaning) -> &'a BTreeMap<FieldName, Mask> {
        match self.entry(meaning).map(|entry| &entry.then) {
            Some(Rule::Anonymize(masks)) if !masks.is_empty() => masks,
            _ => &self.kind.personal,
        }
    }

    pub(super) fn entry(&self, meaning: &RankMeaning) -> Option<&'a Entry> {
        let (reference, index) = meaning.entry()?;
        self.context.entries(reference).get(index)
    }

    pub(super) fn key(&self, meaning: &RankMeaning, disposition: Disposition) -> StepKey {
        let entry = self.entry(meaning);
        let decided_by = meaning.entry().and_then(|(name, _)| self.context.map.reference(name));
        let action = decided_by.and_then(|reference| reference.undeclared.as_ref());
        let (path, rule) = match &meaning.cause {
            // The rule is the action of the foreign key, unless the rules of the kind decide.
            Cause::Entry(name, _) if action.is_some() && meaning.outcome.is_deleted() => {
                (self.context.path(name, RowOutcome::is_deleted), OnDelete::Cascade.rule())
            }
            Cause::Subject => (Vec::new(), self.context.mode.as_str()),
            Cause::Entry(name, _) => {
                let gives = |parent| entry.is_some_and(|entry| self.gives(entry, parent, meaning.outcome));
                (self.context.path(name, gives), entry.map_or("", |entry| entry.then.as_str()))
            }
            Cause::Owner(name) => {
                let reference = self.context.map.reference(name);
                (reference.map_or_else(Vec::new, |one| self.context.path_to_owned(one)), "owned")
            }
        };
        StepKey {
            kind: self.kind.name.clone(),
            disposition,
            path,
            rule: rule.into(),
            when: entry.and_then(|entry| entry.when.as_ref()).map(ToString::to_string),
            basis: entry.and_then(|entry| match &entry.then {
                Rule::Retain(retention) => Some(retention.basis.clone()),
                _ => None,
            }),
            volatile: self.kind.volatile,
            undeclared: action.is_some(),
        }
    }

    /// Returns whether an entry may give this outcome to a row whose parent has the outcome `parent`.
    fn gives(&self, entry: &Entry, parent: RowOutcome, outcome: RowOutcome) -> bool {
        let cases = cases(self.kind, std::slice::from_ref(entry), parent, self.context.mode);
        cases.into_iter().any(|case| case.outcome == Some(outcome))
    }

    /// Adds the set of rows with this outcome for which the entry decides, even if another entry counts them.
    fn decided_by(
        &self,
        reference: &ReferenceName,
        index: usize,
        outcome: RowOutcome,
        query: &mut QueryBuilder,
    ) -> Option<Rows> {
        let reference = self.context.map.reference(reference)?;
        let of = parents(self.outcomes, reference)?;
        let parents = of.by_applicable_entries();
        let branches = parents.filter_map(|(parent, rows)| {
            let of = if parent.is_deleted() { of.removed_for(reference)? } else { rows };
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

/// Adds to each step every retention period that retains some of its rows.
fn add_grounds(of: &ReachedKind<'_>, steps: &mut [CompiledStep], query: &mut QueryBuilder) {
    let retaining = of.own.ranked().filter(|(_, meaning)| meaning.outcome == RowOutcome::Retain);
    let retaining = retaining.filter_map(|(rank, meaning)| {
        let (reference, index) = meaning.entry()?;
        match &of.entry(meaning)?.then {
            Rule::Retain(retention) => Some((rank, reference, index, retention)),
            _ => None,
        }
    });
    let retaining: Vec<(Rank, &ReferenceName, usize, &Retention)> = retaining.collect();
    let mut decided: BTreeMap<Rank, Option<Rows>> = BTreeMap::new();
    for step in steps.iter_mut().filter(|step| step.key.disposition == Disposition::Retain) {
        // A row is counted under its first retaining entry, so only later entries can retain it as well. Entries of
        // one reference do not overlap, because one entry per reference decides. The ground of the step itself comes
        // first, because its first date is the first date of the step.
        let mut entries = retaining.iter().skip_while(|(rank, ..)| !step.rows.ranks.contains(*rank));
        let Some((_, first, _, retention)) = entries.next() else {
            continue;
        };
        step.grounds.push(ground(of, first, retention, step.rows, query));
        for (rank, reference, index, retention) in entries.filter(|(_, name, ..)| name != first) {
            let rows = decided
                .entry(*rank)
                .or_insert_with(|| of.decided_by(reference, *index, RowOutcome::Retain, query));
            let Some(rows) = *rows else { continue };
            let branch = Branch::new(Source::Members(rows), vec![RankCase::always(0)]);
            let branch = Branch { within: vec![step.rows], ..branch };
            let name = format!("{}: rows under a further ground", of.kind.name);
            let rows = Rows::all(query.add_set(name, &of.kind.name, vec![branch]));
            step.grounds.push(ground(of, reference, retention, rows, query));
        }
    }
}

fn ground(
    of: &ReachedKind<'_>,
    reference: &ReferenceName,
    retention: &Retention,
    rows: Rows,
    query: &mut QueryBuilder,
) -> CompiledGround {
    let span = Some(retention.from.clone());
    let question = query.ask(Question { span, ..Question::count(rows) });
    let case = RankCase { when: Some(is_null(&retention.from)), ..RankCase::always(0) };
    let undated = Branch::new(Source::Members(rows), vec![case]);
    let name = format!("{}: retained without a date", of.kind.name);
    let undated = query.add_set(name, &of.kind.name, vec![undated]);
    CompiledGround {
        reference: reference.clone(),
        retention: retention.clone(),
        question,
        undated: query.count(Rows::all(undated)),
    }
}

/// Adds a hidden step for each entry that anonymizes, unless all of them have the same masks.
fn add_further_masks(of: &ReachedKind<'_>, steps: &mut Vec<CompiledStep>, query: &mut QueryBuilder) {
    let anonymized = of.own.ranked().filter(|(_, meaning)| meaning.outcome == RowOutcome::Anonymize);
    let anonymized: Vec<_> = anonymized.map(|(_, meaning)| (meaning, of.masks(meaning))).collect();
    if anonymized.windows(2).all(|pair| matches!(pair, [(_, a), (_, b)] if a == b)) {
        return;
    }
    for (meaning, masks) in anonymized {
        let rows = meaning
            .entry()
            .and_then(|(reference, index)| of.decided_by(reference, index, RowOutcome::Anonymize, query));
        let Some(rows) = rows else { continue };
        let key = of.key(meaning, Disposition::Anonymize);
        let write = WriteTemplate::add_masks(masks);
        steps.push(CompiledStep::hidden(key, rows, query.count(rows), write));
    }
}
