//! Blockers: rows that a `restrict` or `protect` makes block the operation.

use super::compiled::CompiledBlocker;
use super::context::{CompileContext, QueryBuilder};
use super::outcomes::{KindOutcomes, OutcomesByKind, RowOutcome, by_entry};
use crate::domain::Reference;
use crate::policy::{Entry, Rule};
use crate::protocol::{Branch, RankCase};

/// Adds a set and a question for each blocking entry. Adds the same for affected rows outside the filter of the
/// subject's kind.
pub(super) fn blockers(
    context: &CompileContext<'_>,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Vec<CompiledBlocker> {
    let mut blockers = Vec::new();
    for reference in context.map.references() {
        let Some(parents) = outcomes.get(&reference.to) else {
            continue;
        };
        let own = outcomes.get(&reference.from);
        let entries = context.entries(&reference.name).iter().enumerate();
        for (index, entry) in entries.filter(|(_, entry)| entry.then.blocks()) {
            let rule = entry.then.as_str();
            let branches = blocking(context, reference, parents, own, index, entry);
            let name = format!("{}: rows that {rule}", reference.name);
            if let Some(rows) = query.add_nonempty(name, &reference.from, branches) {
                blockers.push(CompiledBlocker {
                    kind: reference.from.clone(),
                    reference: Some(reference.name.clone()),
                    rule,
                    when: entry.when.as_ref().map(ToString::to_string),
                    rationale: entry.rationale.clone(),
                    question: query.sample(rows),
                });
            }
        }
    }
    blockers.extend(outside_filter(context, outcomes, query));
    blockers
}

/// Builds one branch for each outcome of the parent. With `restrict`, a row does not block if the operation removes it
/// at least as permanently as its parent.
fn blocking(
    context: &CompileContext<'_>,
    reference: &Reference,
    parents: &KindOutcomes,
    own: Option<&KindOutcomes>,
    index: usize,
    entry: &Entry,
) -> Vec<Branch> {
    use RowOutcome::{AlreadySoft, Anonymize, Delete, Erased, Off, Retain, Soft};
    let strengths: [(RowOutcome, &[RowOutcome], &[RowOutcome]); 5] = [
        (Delete, &[Delete, Erased], &[Delete]),
        (Soft, &[Soft, AlreadySoft], &[Soft, AlreadySoft, Delete]),
        (Off, &[Off], &[Soft, AlreadySoft, Off, Delete]),
        (Retain, &[Retain], &[]),
        (Anonymize, &[Anonymize], &[]),
    ];
    let branches = strengths.into_iter().filter_map(|(parent, alike, clearing)| {
        let of = parents.rows(|outcome| alike.contains(&outcome))?;
        let mut branch = by_entry(context, reference, of, parent, |at, _| (at == index).then_some(0))?;
        branch.except.extend(context.subjects_among(&reference.from));
        if let (Rule::Restrict, Some(own)) = (&entry.then, own) {
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

/// Adds the set of rows of the subject's kind that the operation reaches but the kind's filter excludes.
fn outside_filter(
    context: &CompileContext<'_>,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Option<CompiledBlocker> {
    let subject = context.subject;
    let filter = context.map.kind(subject)?.filter.as_ref()?;
    let branches = context.map.references_from(subject).filter_map(|reference| {
        // If the subject's kind refers to a kind that the operation reaches, there is a cycle. In a cycle, no entry
        // for parents that stay is allowed.
        let of = outcomes.get(&reference.to)?.rows(RowOutcome::is_removed)?;
        let mut branch = by_entry(context, reference, of, RowOutcome::Delete, |_, _| Some(0))?;
        let inside = RankCase { when: Some(filter.clone()), rank: None, ..RankCase::always(0) };
        branch.cases.insert(0, inside);
        branch.except.extend(context.subjects_among(subject));
        Some(branch)
    });
    let rows =
        query.add_nonempty(format!("{subject}: rows outside the filter"), subject, branches.collect())?;
    Some(CompiledBlocker {
        kind: subject.clone(),
        reference: None,
        rule: "only",
        when: Some(filter.to_string()),
        rationale: None,
        question: query.sample(rows),
    })
}
