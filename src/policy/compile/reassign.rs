//! Mode `reassign`: references to the subject, or its own, get another target. Nothing is removed.

use super::redirect::{CompiledTarget, Redirects, Target};
use super::step::{Action, CompiledStep};
use super::{CompileContext, Questions, Sets};
use crate::domain::Reference;
use crate::plan::StepKey;
use crate::policy::Entry;
use crate::protocol::{Branch, Disposition, Rank, RankCase, Ranks, Rows, Source};

/// The moves of every reference that is reassigned: one step for each entry that says so.
pub(super) fn moves(context: &CompileContext<'_>, sets: &mut Sets, questions: &mut Questions) -> Redirects {
    let mut found = Redirects::default();
    for reference in context.map.references() {
        let entries = context.entries(&reference.name);
        if !entries.iter().any(|entry| entry.then.reassigns()) {
            continue;
        }
        let name = format!("{}: references that change", reference.name);
        let branch = Branch::new(source(context, reference), cases(entries));
        let set = sets.add(name, &reference.from, vec![branch]);
        for (rank, entry) in (0..).zip(entries).filter(|(_, entry)| entry.then.reassigns()) {
            let rows = Rows::ranked(set, rank);
            let question = questions.count(rows);
            let left = context.is_subject(&reference.to).then_some(Rows::SUBJECTS).into_iter();
            let moved = (reference.from == reference.to).then_some(rows);
            found.targets.push(CompiledTarget {
                reference: reference.name.clone(),
                from: reference.from.clone(),
                to: reference.to.clone(),
                target: Target::Requested,
                rule: Disposition::Reassign.as_str(),
                question,
                // Whoever is moved away from is not where they are moved to, and nobody is moved below themselves.
                except: left.chain(moved).collect(),
                qualifies: entry.qualifies.clone(),
            });
            let key = StepKey {
                kind: reference.from.clone(),
                disposition: Disposition::Reassign,
                path: vec![reference.name.clone()],
                rule: entry.then.as_str().into(),
                when: entry.when.as_ref().map(ToString::to_string),
                basis: None,
                volatile: context.map.kind(&reference.from).is_some_and(|kind| kind.volatile),
            };
            let action = Action::Redirect(reference.field.clone(), Target::Requested);
            found.steps.push(CompiledStep::new(key, rows, question, action));
        }
    }
    found
}

/// The rows that refer to the subject; or the subject, where the reference is its own.
fn source(context: &CompileContext<'_>, reference: &Reference) -> Source {
    let subjects = Rows::SUBJECTS;
    if context.is_subject(&reference.to) {
        Source::Referrers { reference: reference.name.clone(), of: subjects }
    } else {
        Source::Members(subjects)
    }
}

/// The first entry whose condition holds decides; its position is the rank of the rows that move.
fn cases(entries: &[Entry]) -> Vec<RankCase> {
    let ranked = entries.iter().enumerate().map(|(at, entry)| RankCase {
        below: Ranks::ALL,
        when: entry.when.clone(),
        rank: entry.then.reassigns().then(|| Rank::try_from(at).ok()).flatten(),
    });
    ranked.collect()
}
