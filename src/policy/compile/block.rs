//! Blocking rows: where restrict and protect are not cleared by what else the operation does.

use super::branch::chain;
use super::rank::Verdicts;
use super::reach::not_the_subject;
use super::{Fate, Parts, Questions, Sets, VerdictsOf, facts};
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
    pub(crate) because: Option<String>,
    pub(crate) question: usize,
}

pub(super) fn blockers(
    parts: &Parts<'_>,
    verdicts: &VerdictsOf,
    sets: &mut Sets,
    questions: &mut Questions,
) -> Vec<CompiledBlocker> {
    let mut blockers = Vec::new();
    for reference in parts.map.references() {
        let Some(parents) = verdicts.get(&reference.to) else {
            continue;
        };
        let entries = parts.entries(&reference.name).iter().enumerate();
        for (index, entry) in entries.filter(|(_, entry)| entry.then.blocks()) {
            let branches = branches(parts, reference, parents, verdicts.get(&reference.from), index, entry);
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
                because: entry.rationale.clone(),
                question: questions.sample(Rows::all(set)),
            });
        }
    }
    blockers.extend(outside(parts, verdicts, sets, questions));
    blockers
}

/// Other rows of the subject's kind that are reached and lie outside `only`.
fn outside(
    parts: &Parts<'_>,
    verdicts: &VerdictsOf,
    sets: &mut Sets,
    questions: &mut Questions,
) -> Option<CompiledBlocker> {
    let only = facts(parts, parts.subject)?.filter.as_ref()?;
    let mut branches = Vec::new();
    for reference in parts.map.references_from(parts.subject) {
        let Some(parents) = verdicts.get(&reference.to) else {
            continue;
        };
        // Entries for parents that stay do not stand here: a reference of the subject's kind to a reached kind
        // closes a cycle.
        let Some(of) = parents.rows(Fate::is_removed) else {
            continue;
        };
        let Some(mut branch) = chain(parts, reference, of, Fate::Delete, |_, _| Some(0)) else {
            continue;
        };
        let inside = RankCase { when: Some(only.clone()), rank: None, ..RankCase::always(0) };
        branch.cases.insert(0, inside);
        branch.except.extend(not_the_subject(parts, parts.subject));
        branches.push(branch);
    }
    if branches.is_empty() {
        return None;
    }
    let set = sets.add(format!("{}: rows outside `only`", parts.subject), parts.subject, branches);
    Some(CompiledBlocker {
        kind: parts.subject.clone(),
        reference: None,
        rule: "only",
        when: Some(only.to_string()),
        because: None,
        question: questions.sample(Rows::all(set)),
    })
}

/// One branch for each strength of the parent's removal: the row must go at least as strongly.
fn branches(
    parts: &Parts<'_>,
    reference: &Reference,
    parents: &Verdicts,
    own: Option<&Verdicts>,
    index: usize,
    entry: &Entry,
) -> Vec<Branch> {
    let strengths: [(Fate, &[Fate], &[Fate]); 5] = [
        (Fate::Delete, &[Fate::Delete, Fate::Erased], &[Fate::Delete]),
        (Fate::Soft, &[Fate::Soft, Fate::AlreadySoft], &[Fate::Soft, Fate::AlreadySoft, Fate::Delete]),
        (Fate::Off, &[Fate::Off], &[Fate::Soft, Fate::AlreadySoft, Fate::Off, Fate::Delete]),
        (Fate::Retain, &[Fate::Retain], &[]),
        (Fate::Anonymize, &[Fate::Anonymize], &[]),
    ];
    let branches = strengths.into_iter().filter_map(|(parent, alike, clearing)| {
        let of = parents.rows(|fate| alike.contains(&fate))?;
        let rank = |at, _: &Entry| (at == index).then_some(0);
        let mut branch = chain(parts, reference, of, parent, rank)?;
        branch.except.extend(not_the_subject(parts, &reference.from));
        if let (Rule::Restrict, Some(own)) = (&entry.then, own) {
            // `Off` lies between the soft fates and `Delete`, so these may be two ranges.
            let soft_or_off = |fate: Fate| fate != Fate::Delete && clearing.contains(&fate);
            branch.except.extend(own.rows(soft_or_off));
            branch.except.extend(own.rows(|fate| fate == Fate::Delete && clearing.contains(&fate)));
        }
        Some(branch)
    });
    branches.collect()
}
