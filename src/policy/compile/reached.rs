//! Reached rows: one set for each kind. The rank of a row stands for its outcome.

use super::context::{CompileContext, QueryBuilder};
use super::outcomes::{
    Cause, KindOutcomes, OutcomeCase, OutcomesByKind, RowOutcome, by_outcome_and_switch, parents,
};
use super::owned::with_owned;
use super::tombstones::TombstonesByKind;
use super::undeclared::without_tombstones;
use crate::domain::{KindName, Reference, Stage};
use crate::protocol::{Branch, NamedSet, Rank, RankCase, Ranks, Rows, SetId, Source};

/// Adds the set of reached rows of each kind, from the subject outwards. Also returns the rows that an owner may take
/// with it.
pub(super) fn outcomes(
    context: &CompileContext<'_>,
    query: &mut QueryBuilder,
) -> (OutcomesByKind, Vec<(KindName, Rows)>) {
    let subject = KindOutcomes::of_subject(RowOutcome::of_subject(context.mode));
    let mut outcomes = OutcomesByKind::from([(context.subject.clone(), subject)]);
    let mut with_owners = Vec::new();
    for (group, is_cycle) in context.order_of_outcomes(false) {
        match &*group {
            [(kind, Stage::Owned)] => {
                let declared = context.map.kind(kind);
                let found = declared.and_then(|kind| with_owned(context, kind, &outcomes, query));
                if let Some((found, rows)) = found {
                    outcomes.insert(kind.clone(), found);
                    with_owners.push((kind.clone(), rows));
                }
            }
            [(kind, Stage::Reached)] if !is_cycle => {
                if !context.is_subject(kind) {
                    let found = of_kind(context, kind, &outcomes, query);
                    outcomes.extend(found.map(|found| (kind.clone(), found)));
                }
            }
            group => {
                // No owned kind is part of a cycle.
                let kinds: Vec<KindName> = group.iter().map(|(kind, _)| kind.clone()).collect();
                let found = of_cycle(context, &kinds, &outcomes, query);
                outcomes.extend(found);
            }
        }
    }
    (outcomes, with_owners)
}

/// Adds the sets of the kinds that are decided after it is known which rows stay as tombstones.
pub(super) fn outcomes_decided_last(
    context: &CompileContext<'_>,
    outcomes: &mut OutcomesByKind,
    tombstones: &TombstonesByKind,
    query: &mut QueryBuilder,
) {
    let groups = context.order_of_outcomes(true);
    if groups.is_empty() {
        return;
    }
    let mut above = without_tombstones(outcomes, tombstones);
    for (group, is_cycle) in groups {
        let kinds: Vec<KindName> = group.into_iter().map(|(kind, _)| kind).collect();
        let found = match &*kinds {
            [kind] if !is_cycle => {
                of_kind(context, kind, &above, query).map(|own| (kind.clone(), own)).into_iter().collect()
            }
            kinds => of_cycle(context, kinds, &above, query),
        };
        above.extend(found.iter().cloned());
        outcomes.extend(found);
    }
}

/// Adds the set of a kind that is in no cycle. The sets of its parents already exist.
fn of_kind(
    context: &CompileContext<'_>,
    kind: &KindName,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Option<KindOutcomes> {
    let mut found = KindOutcomes::of_kind(context, kind);
    if found.meanings.is_empty() {
        return None;
    }
    let branches = context.map.references_from(kind).filter_map(|reference| {
        let rank = |case: &OutcomeCase| found.rank(case.outcome?, &reference.name, case.entry);
        Some(by_outcome_and_switch(context, reference, parents(outcomes, reference)?, rank))
    });
    let branches = branches.flatten();
    found.set = query.add_set(format!("{kind}: what becomes of them"), kind, branches.collect());
    Some(found)
}

/// The kinds of the cycle, in the order of their sets.
type CycleOutcomes = Vec<(KindName, KindOutcomes)>;

/// Adds the sets of the kinds of a cycle. It takes two passes, so that the result does not depend on the order in
/// which rows are visited.
///
/// The first pass finds every row that the removing rules would reach if no row were kept. Rows that match an entry
/// for `retain` or `anonymize` are then kept. The second pass repeats the removal without passing through the kept
/// rows. Only the rows it reaches have an outcome.
fn of_cycle(
    context: &CompileContext<'_>,
    kinds: &[KindName],
    outside: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> CycleOutcomes {
    let kinds: CycleOutcomes =
        kinds.iter().filter_map(|kind| Some((kind.clone(), meanings(context, kind)?))).collect();
    let is_reached = |own: &KindOutcomes| own.meanings.iter().any(|meaning| meaning.cause != Cause::Subject);
    if !kinds.iter().any(|(_, own)| is_reached(own)) {
        return Vec::new();
    }
    let mut kept = Vec::new();
    if kinds.iter().any(|(_, own)| own.ranks(RowOutcome::is_kept_back).is_some()) {
        let reached = walk(context, "removed, if nothing were kept", &kinds, outside, &[], query);
        kept = kept_rows(context, &reached, outside, query);
    }
    let removed = walk(context, "removed", &kinds, outside, &kept, query);
    let mut found = Vec::new();
    for (kind, own) in &removed {
        let mut branches = vec![removed_members(own)];
        let kept = |own: &KindOutcomes, reference: &Reference, case: &OutcomeCase| {
            let outcome = case.outcome.filter(|outcome| !outcome.is_removed())?;
            own.rank(outcome, &reference.name, case.entry)
        };
        branches.extend(branches_into(context, (kind, own), &removed, outside, kept));
        let set = query.add_set(format!("{kind}: what becomes of them"), kind, branches);
        found.push((kind.clone(), KindOutcomes { set, ..own.clone() }));
    }
    found
}

/// Returns the outcomes that rows of a kind in the cycle can have, including the outcome of the subjects.
fn meanings(context: &CompileContext<'_>, kind: &KindName) -> Option<KindOutcomes> {
    let mut own = KindOutcomes::of_kind(context, kind);
    if context.is_subject(kind) {
        own.meanings.extend(KindOutcomes::of_subject(RowOutcome::of_subject(context.mode)).meanings);
        own.meanings.sort();
    }
    (!own.meanings.is_empty()).then_some(own)
}

/// Builds a branch for each reference of a kind, with the ranks that `rank` gives. The subjects are left out.
fn branches_into(
    context: &CompileContext<'_>,
    (kind, own): (&KindName, &KindOutcomes),
    cycle: &CycleOutcomes,
    outside: &OutcomesByKind,
    rank: impl Fn(&KindOutcomes, &Reference, &OutcomeCase) -> Option<Rank>,
) -> Vec<Branch> {
    let branches = context.map.references_from(kind).filter_map(|reference| {
        let parent = cycle.iter().find(|(name, _)| *name == reference.to).map(|(_, parent)| parent);
        let parent = parent.or_else(|| parents(outside, reference))?;
        let mut branches =
            by_outcome_and_switch(context, reference, parent, |case| rank(own, reference, case));
        for branch in &mut branches {
            branch.except.extend(context.subjects_among(kind));
        }
        Some(branches)
    });
    branches.flatten().collect()
}

/// Adds the sets of rows that the removing rules reach, starting outside the cycle and skipping the kept rows.
fn walk(
    context: &CompileContext<'_>,
    name: &str,
    kinds: &CycleOutcomes,
    outside: &OutcomesByKind,
    kept: &[(KindName, SetId)],
    query: &mut QueryBuilder,
) -> CycleOutcomes {
    let first = query.next_set().0;
    let with_sets = (first..).zip(kinds);
    let cycle: CycleOutcomes = with_sets
        .map(|(id, (kind, own))| (kind.clone(), KindOutcomes { set: SetId(id), ..own.clone() }))
        .collect();
    let sets = cycle.iter().map(|(kind, own)| {
        let subjects = own.subject_rank().filter(|_| context.is_subject(kind));
        let subjects =
            subjects.map(|rank| Branch::new(Source::Members(Rows::SUBJECTS), vec![RankCase::always(rank)]));
        let removing = |own: &KindOutcomes, reference: &Reference, case: &OutcomeCase| {
            let outcome = case.outcome.filter(|outcome| outcome.is_removed())?;
            own.rank(outcome, &reference.name, case.entry)
        };
        let mut reached = branches_into(context, (kind, own), &cycle, outside, removing);
        for branch in &mut reached {
            let around = kept.iter().filter(|(other, _)| other == kind);
            branch.except.extend(around.map(|(_, set)| Rows::all(*set)));
        }
        let branches = subjects.into_iter().chain(reached).collect();
        NamedSet { id: own.set, name: format!("{kind}: {name}"), kind: kind.clone(), branches }
    });
    query.add_cycle(sets.collect());
    cycle
}

/// Adds the sets of reached rows that match an entry for `retain` or `anonymize`.
fn kept_rows(
    context: &CompileContext<'_>,
    reached: &CycleOutcomes,
    outside: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Vec<(KindName, SetId)> {
    let mut found = Vec::new();
    for (kind, own) in reached {
        let keeping = |_: &KindOutcomes, _: &Reference, case: &OutcomeCase| {
            case.outcome.filter(|outcome| outcome.is_kept_back()).map(|_| 0)
        };
        let mut branches = branches_into(context, (kind, own), reached, outside, keeping);
        for branch in &mut branches {
            branch.within.push(Rows::all(own.set));
        }
        let set = query.add_nonempty(format!("{kind}: kept"), kind, branches);
        found.extend(set.map(|rows| (kind.clone(), rows.set)));
    }
    found
}

/// Builds the branch to the removed rows of a set. The rows keep their ranks.
fn removed_members(own: &KindOutcomes) -> Branch {
    let removed = own.ranked().filter(|(_, meaning)| meaning.outcome.is_removed());
    let cases = removed.map(|(rank, _)| RankCase { below: Ranks::only(rank), ..RankCase::always(rank) });
    Branch::new(Source::Members(Rows::all(own.set)), cases.collect())
}
