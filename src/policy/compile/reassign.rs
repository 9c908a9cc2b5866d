//! Mode `reassign`: references to the subject, or its own, get another target. Nothing is removed.

use super::compiled::CompiledTarget;
use super::context::CompileContext;
use super::query::QueryBuilder;
use super::redirects::Redirects;
use super::write_template::Target;
use crate::domain::Reference;
use crate::plan::StepKey;
use crate::policy::Entry;
use crate::protocol::{Branch, Disposition, Rank, RankCase, Ranks, Rows, Source};

/// Adds a step for each entry that reassigns its reference.
pub(super) fn reassignments(context: &CompileContext<'_>, query: &mut QueryBuilder) -> Redirects {
    let mut found = Redirects::default();
    for reference in context.map.references() {
        let entries = context.entries(&reference.name);
        let Some(kind) = context.map.kind(&reference.from) else { continue };
        if !entries.iter().any(|entry| entry.then.reassigns()) {
            continue;
        }
        let name = format!("{}: references that change", reference.name);
        let branch = Branch::new(source(context, reference), cases(entries));
        let set = query.add_set(name, &reference.from, vec![branch]);
        for (rank, entry) in (0..).zip(entries).filter(|(_, entry)| entry.then.reassigns()) {
            let rows = Rows::ranked(set, rank);
            // The new target is neither the subject that rows leave nor one of the rows that move.
            let moved = (reference.from == reference.to).then_some(rows);
            let except = context.subjects_among(&reference.to).into_iter().chain(moved).collect();
            let key = StepKey {
                kind: reference.from.clone(),
                disposition: Disposition::Reassign,
                path: vec![reference.name.clone()],
                rule: entry.then.as_str().into(),
                when: entry.when.as_ref().map(ToString::to_string),
                basis: None,
                volatile: kind.volatile,
            };
            let target = CompiledTarget {
                reference: reference.name.clone(),
                from: reference.from.clone(),
                to: reference.to.clone(),
                target: Target::Requested,
                rule: Disposition::Reassign.as_str(),
                question: query.count(rows),
                except,
                qualifies: entry.qualifies.clone(),
            };
            found.add(kind, &reference.field, key, rows, target);
        }
    }
    found
}

/// Starts from the rows that refer to the subject, or from the subject if the reference is its own.
fn source(context: &CompileContext<'_>, reference: &Reference) -> Source {
    match context.subjects_among(&reference.to) {
        Some(of) => Source::Referrers { reference: reference.name.clone(), of },
        None => Source::Members(Rows::SUBJECTS),
    }
}

/// Ranks a row by the position of the first entry whose condition holds.
fn cases(entries: &[Entry]) -> Vec<RankCase> {
    let ranked = entries.iter().enumerate().map(|(at, entry)| RankCase {
        below: Ranks::ALL,
        when: entry.when.clone(),
        rank: entry.then.reassigns().then(|| Rank::try_from(at).ok()).flatten(),
    });
    ranked.collect()
}
