//! Blocking rows: where restrict and protect are not cleared by what else the operation does.

use super::branch::chain;
use super::rank::KindOutcomes;
use super::reach::not_the_subject;
use super::{CompileContext, OutcomesByKind, Questions, RowOutcome, Sets};
use crate::domain::{KindName, Reference, ReferenceName};
use crate::policy::{Entry, Rule};
use crate::protocol::{Branch, RankCase, Rows};

/// A question for rows that stand in the way.
#[derive(Debug)]
pub(crate) struct CompiledBlocker {
    pub(crate) kind: KindName,
    /// `None`: rows that the policy may not touch at all.
    pub(crate) reference: Option<ReferenceName>,
    pub(crate) rule: &'static str,
    /// The condition of the entry, in words.
    pub(crate) when: Option<String>,
    /// Why the entry is as it is, where the policy says so.
    pub(crate) rationale: Option<String>,
    pub(crate) question: usize,
}

pub(super) fn blockers(
    context: &CompileContext<'_>,
    outcomes: &OutcomesByKind,
    sets: &mut Sets,
    questions: &mut Questions,
) -> Vec<CompiledBlocker> {
    let mut blockers = Vec::new();
    for reference in context.map.references() {
        let Some(parents) = outcomes.get(&reference.to) else {
            continue;
        };
        let entries = context.entries(&reference.name).iter().enumerate();
        for (index, entry) in entries.filter(|(_, entry)| entry.then.blocks()) {
            let branches = branches(context, reference, parents, outcomes.get(&reference.from), index, entry);
            if branches.is_empty() {
                continue;
            }
            let rule = entry.then.as_str();
            let name = format!("{}: rows that {rule}", reference.name);
            let set = sets.add(name, &reference.from, branches);
            blockers.push(CompiledBlocker {
                kind: reference.from.clone(),
                reference: Some(reference.name.clone()),
                rule,
                when: entry.when.as_ref().map(ToString::to_string),
                rationale: entry.because.clone(),
                question: questions.sample(Rows::all(set)),
            });
        }
    }
    blockers.extend(outside(context, outcomes, sets, questions));
    blockers
}

/// Other rows of the subject's kind that are reached and lie outside `only`.
fn outside(
    context: &CompileContext<'_>,
    outcomes: &OutcomesByKind,
    sets: &mut Sets,
    questions: &mut Questions,
) -> Option<CompiledBlocker> {
    let only = context.map.kind(context.subject)?.only.as_ref()?;
    let mut branches = Vec::new();
    for reference in context.map.references_from(context.subject) {
        let Some(parents) = outcomes.get(&reference.to) else {
            continue;
        };
        // Entries for parents that stay do not stand here: a reference of the subject's kind to a reached kind
        // closes a cycle.
        let Some(of) = parents.rows(RowOutcome::is_removed) else {
            continue;
        };
        let Some(mut branch) = chain(context, reference, of, RowOutcome::Delete, |_, _| Some(0)) else {
            continue;
        };
        let inside = RankCase { when: Some(only.clone()), rank: None, ..RankCase::always(0) };
        branch.cases.insert(0, inside);
        branch.except.extend(not_the_subject(context, context.subject));
        branches.push(branch);
    }
    if branches.is_empty() {
        return None;
    }
    let set = sets.add(format!("{}: rows outside `only`", context.subject), context.subject, branches);
    Some(CompiledBlocker {
        kind: context.subject.clone(),
        reference: None,
        rule: "only",
        when: Some(only.to_string()),
        rationale: None,
        question: questions.sample(Rows::all(set)),
    })
}

/// One branch for each strength of the parent's removal: the row must go at least as strongly.
fn branches(
    context: &CompileContext<'_>,
    reference: &Reference,
    parents: &KindOutcomes,
    own: Option<&KindOutcomes>,
    index: usize,
    entry: &Entry,
) -> Vec<Branch> {
    let strengths: [(RowOutcome, &[RowOutcome], &[RowOutcome]); 5] = [
        (RowOutcome::Delete, &[RowOutcome::Delete, RowOutcome::Erased], &[RowOutcome::Delete]),
        (
            RowOutcome::Soft,
            &[RowOutcome::Soft, RowOutcome::AlreadySoft],
            &[RowOutcome::Soft, RowOutcome::AlreadySoft, RowOutcome::Delete],
        ),
        (
            RowOutcome::Off,
            &[RowOutcome::Off],
            &[RowOutcome::Soft, RowOutcome::AlreadySoft, RowOutcome::Off, RowOutcome::Delete],
        ),
        (RowOutcome::Retain, &[RowOutcome::Retain], &[]),
        (RowOutcome::Anonymize, &[RowOutcome::Anonymize], &[]),
    ];
    let branches = strengths.into_iter().filter_map(|(parent, alike, clearing)| {
        let of = parents.rows(|outcome| alike.contains(&outcome))?;
        let rank = |at, _: &Entry| (at == index).then_some(0);
        let mut branch = chain(context, reference, of, parent, rank)?;
        branch.except.extend(not_the_subject(context, &reference.from));
        if let (Rule::Restrict, Some(own)) = (&entry.then, own) {
            // `Off` lies between the soft outcomes and `Delete`, so these may be two ranges.
            let soft_or_off =
                |outcome: RowOutcome| outcome != RowOutcome::Delete && clearing.contains(&outcome);
            branch.except.extend(own.rows(soft_or_off));
            branch
                .except
                .extend(own.rows(|outcome| outcome == RowOutcome::Delete && clearing.contains(&outcome)));
        }
        Some(branch)
    });
    branches.collect()
}
