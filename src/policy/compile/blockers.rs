//! Blockers: rows that a `restrict` or `protect` makes block the operation.

use std::collections::{BTreeMap, BTreeSet};

use super::compiled::CompiledBlocker;
use super::context::{CompileContext, QueryBuilder};
use super::outcomes::{KindOutcomes, OutcomesByKind, RowOutcome, by_entry, parents};
use crate::domain::{OnDelete, Reference};
use crate::policy::{Entry, Rule};
use crate::protocol::{Branch, Rank, Rows};

/// Adds a question for each blocking entry, and for affected rows outside the filter of the subject's kind.
///
/// All entries of a reference that have the same rule share a set, in which the rank of a row says which entry it
/// matched. The query therefore grows with the number of entries and not with its square.
pub(super) fn blockers(
    context: &CompileContext<'_>,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Vec<CompiledBlocker> {
    let mut blockers = Vec::new();
    for reference in context.map.references() {
        let Some(parents) = parents(outcomes, reference) else {
            continue;
        };
        let own = outcomes.get(&reference.from);
        let entries = context.entries(&reference.name);
        let mut sets = BTreeMap::new();
        for rule in blocking_rules(reference) {
            let branches = blocking(context, reference, parents, own, &rule);
            let cases = branches.iter().flat_map(|branch| &branch.cases);
            let ranks: BTreeSet<Rank> = cases.filter_map(|case| case.rank).collect();
            let name = format!("{}: rows that {}", reference.name, rule.as_str());
            if let Some(all) = query.add_nonempty(name, &reference.from, branches) {
                sets.insert(rule.as_str(), (all, ranks));
            }
        }
        for (index, entry) in entries.iter().enumerate() {
            let rule = entry.then.as_str();
            let rows = sets.get(rule).and_then(|(all, ranks)| {
                let one = if ranks.len() == 1 { *all } else { Rows::ranked(all.set, rank_of(index)) };
                ranks.contains(&rank_of(index)).then_some(one)
            });
            if let Some(rows) = rows {
                blockers.push(CompiledBlocker {
                    kind: reference.from.clone(),
                    reference: Some(reference.name.clone()),
                    rule,
                    when: entry.when.as_ref().map(ToString::to_string),
                    rationale: entry.rationale.clone(),
                    undeclared: reference.undeclared.as_ref().map(|rule| rule.on_delete),
                    question: query.sample(rows),
                });
            }
        }
    }
    blockers.extend(outside_filter(context, outcomes, query));
    blockers
}

/// Returns the rules of a reference that make rows block by themselves.
fn blocking_rules(reference: &Reference) -> impl Iterator<Item = Rule> {
    let own = match &reference.undeclared {
        None => [true, true],
        // Rows that stay below an undeclared foreign key block in any case, if they cannot lose their reference.
        Some(rule) if rule.on_delete == OnDelete::Cascade => [rule.on_survive.is_some(), true],
        Some(_) => [false, false],
    };
    [Rule::Restrict, Rule::Protect].into_iter().zip(own).filter(|(_, is_own)| *is_own).map(|(rule, _)| rule)
}

/// Returns the rank of the rows that an entry blocks. If there are more entries than ranks, the last entries share a
/// rank; each of them then blocks the rows of all of them.
fn rank_of(index: usize) -> Rank {
    Rank::try_from(index).unwrap_or(Rank::MAX)
}

/// The outcomes of parents below which a row may block: the outcome to which entries apply, the outcomes that count like
/// it, and the outcomes of the row itself that clear a `restrict`.
pub(super) const STRENGTHS: [(RowOutcome, &[RowOutcome], &[RowOutcome]); 5] = {
    use RowOutcome::{AlreadySoft, Anonymize, Delete, Erased, Off, Retain, Soft};
    [
        (Delete, &[Delete, Erased], &[Delete]),
        (Soft, &[Soft, AlreadySoft], &[Soft, AlreadySoft, Delete]),
        (Off, &[Off], &[Soft, AlreadySoft, Off, Delete]),
        (Retain, &[Retain], &[]),
        (Anonymize, &[Anonymize], &[]),
    ]
};

/// Builds one branch for each outcome of the parent. With `restrict`, a row does not block if the operation removes it
/// at least as permanently as its parent.
fn blocking(
    context: &CompileContext<'_>,
    reference: &Reference,
    parents: &KindOutcomes,
    own: Option<&KindOutcomes>,
    rule: &Rule,
) -> Vec<Branch> {
    let branches = STRENGTHS.into_iter().filter_map(|(parent, alike, clearing)| {
        let alike = if reference.is_declared() { alike } else { &[RowOutcome::Delete] };
        let of = parents.rows(|outcome| alike.contains(&outcome)).filter(|_| alike.contains(&parent))?;
        let rank = |at: usize, entry: &Entry| (entry.then == *rule).then(|| rank_of(at));
        let mut branch = by_entry(context, reference, of, parent, rank)?;
        branch.except.extend(context.subjects_among(&reference.from));
        if let (Rule::Restrict, Some(own)) = (rule, own) {
            // `Off` is ordered between the soft outcomes and `Delete`, so the clearing outcomes may be two ranges of
            // ranks.
            let clears = |outcome: RowOutcome| clearing.contains(&outcome);
            branch.except.extend(own.rows(|outcome| !outcome.is_deleted() && clears(outcome)));
            branch.except.extend(own.rows(|outcome| outcome.is_deleted() && clears(outcome)));
        }
        Some(branch)
    });
    branches.collect()
}

/// Returns branches to the rows of the subject's kind that the operation reaches, whatever becomes of them.
fn reached_rows(context: &CompileContext<'_>, outcomes: &OutcomesByKind) -> Vec<Branch> {
    let branches = context.map.references_from(context.subject).filter_map(|reference| {
        // If the subject's kind refers to a kind that the operation reaches, there is a cycle. In a cycle, no entry
        // for parents that stay is allowed.
        let of = parents(outcomes, reference)?.removed_for(reference)?;
        let mut branch = by_entry(context, reference, of, RowOutcome::Delete, |_, _| Some(0))?;
        branch.except.extend(context.subjects_among(context.subject));
        Some(branch)
    });
    branches.collect()
}

/// Returns branches to the rows of the subject's kind that the operation reaches, without those that the rule `keep`
/// leaves as they are.
pub(super) fn written_rows(context: &CompileContext<'_>, outcomes: &OutcomesByKind) -> Vec<Branch> {
    let mut found = Vec::new();
    for reference in context.map.references_from(context.subject) {
        let Some(parents) = parents(outcomes, reference) else { continue };
        let mut add = |of: Option<Rows>, is_written: &dyn Fn(&Entry) -> bool| {
            let rank = |_, entry: &Entry| is_written(entry).then_some(0);
            let branch = of.and_then(|of| by_entry(context, reference, of, RowOutcome::Delete, rank));
            found.extend(branch.map(|mut branch| {
                branch.except.extend(context.subjects_among(context.subject));
                branch
            }));
        };
        add(parents.removed_for(reference), &|entry| entry.then != Rule::Keep);
        // A row that is kept below a deleted row loses its reference.
        add(parents.deleted_rows(), &|entry| entry.then == Rule::Keep);
    }
    found
}

/// Adds the set of rows of the subject's kind that the operation reaches but the kind's filter excludes.
fn outside_filter(
    context: &CompileContext<'_>,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Option<CompiledBlocker> {
    outside(context, reached_rows(context, outcomes), query)
}

/// Adds the set of the rows of these branches that the filter of the subject's kind excludes.
pub(super) fn outside(
    context: &CompileContext<'_>,
    mut branches: Vec<Branch>,
    query: &mut QueryBuilder,
) -> Option<CompiledBlocker> {
    let subject = context.subject;
    let filter = context.map.kind(subject)?.filter.as_ref()?;
    for branch in &mut branches {
        branch.leave_out(filter.clone());
    }
    let rows = query.add_nonempty(format!("{subject}: rows outside the filter"), subject, branches)?;
    Some(CompiledBlocker {
        kind: subject.clone(),
        reference: None,
        rule: "only",
        when: Some(filter.to_string()),
        rationale: None,
        undeclared: None,
        question: query.sample(rows),
    })
}
