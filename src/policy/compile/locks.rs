//! The rows to lock before anything is counted, so that what is decided about them stays true.

use super::compiled::{CompiledStep, WriteTemplate};
use super::context::{CompileContext, QueryBuilder};
use super::outcomes::{OutcomesByKind, RowOutcome};
use crate::domain::KindName;
use crate::policy::Rule;
use crate::protocol::{Rows, SetId, Source};

/// Returns the rows to lock, kind by kind from the subject outwards.
///
/// They are removed rows that others could refer to, rows whose outcome depends on conditions, rows that are written
/// by their ids, and rows that guards and effects watch. Rows that one statement deletes or updates by its own
/// conditions are left out: the statement checks the conditions again on the locked row.
pub(super) fn locks(
    context: &CompileContext<'_>,
    order: impl Iterator<Item = KindName>,
    outcomes: &OutcomesByKind,
    query: &QueryBuilder,
    steps: &[CompiledStep],
    watched: &[(KindName, Rows)],
) -> Vec<Rows> {
    let mut locks: Vec<Rows> = Vec::new();
    for kind in order {
        let own = outcomes.get(&kind);
        let by_ids = are_written_by_ids(query, steps, &kind);
        if by_ids || depends_on_conditions(context, &kind) {
            locks.extend(own.and_then(|own| own.rows(|_| true)));
        } else if context.map.references_to(&kind).next().is_some() {
            locks.extend(own.and_then(|own| own.rows(RowOutcome::is_removed)));
        }
        let redirects = writing(steps, &kind).filter(|step| by_ids && redirects_others(context, &kind, step));
        let redirects = redirects.map(|step| Rows::all(step.rows.set));
        let watched = watched.iter().filter(|(on, _)| *on == kind).map(|(_, rows)| *rows);
        for rows in redirects.chain(watched) {
            if locks.iter().all(|locked| locked.set != rows.set) {
                locks.push(rows);
            }
        }
    }
    locks
}

/// Returns the steps that change rows of a kind.
fn writing<'a>(steps: &'a [CompiledStep], kind: &KindName) -> impl Iterator<Item = &'a CompiledStep> {
    steps.iter().filter(move |step| step.key.kind == *kind && step.write != WriteTemplate::Keep)
}

/// Returns whether a step redirects rows that have no outcome, and so are in no other lock of their kind.
fn redirects_others(context: &CompileContext<'_>, kind: &KindName, step: &CompiledStep) -> bool {
    let references = context.map.references_from(kind);
    let mut entries = references.flat_map(|reference| context.entries(&reference.name));
    step.write.target(None).is_some()
        && entries.any(|entry| matches!(entry.then, Rule::Redirect(_) | Rule::SoftDelete))
}

/// Returns whether rows of a kind are written by their ids, because several steps or several references lead to them.
///
/// A statement that has waited for such a row does not notice that the row was changed or moved away.
fn are_written_by_ids(query: &QueryBuilder, steps: &[CompiledStep], kind: &KindName) -> bool {
    let mut steps = writing(steps, kind);
    match (steps.next(), steps.next()) {
        (Some(step), None) => !is_one_condition(query, step.rows.set),
        (first, _) => first.is_some(),
    }
}

/// Returns whether one condition on a row itself decides that it is in the set.
fn is_one_condition(query: &QueryBuilder, set: SetId) -> bool {
    query.plain_set(set).is_some_and(|set| match &*set.branches {
        [branch] => {
            matches!(branch.source, Source::Subjects | Source::Referrers { .. })
                && branch.cases.windows(2).all(|pair| matches!(pair, [a, b] if a.below == b.below))
        }
        _ => false,
    })
}

/// Returns whether several references decide about a row together, and one of them reads a value of the row.
fn depends_on_conditions(context: &CompileContext<'_>, kind: &KindName) -> bool {
    let over =
        || context.map.references_from(kind).filter(|reference| context.paths.contains_key(&reference.to));
    let reads = |rule: &Rule| matches!(rule, Rule::Retain(_) | Rule::SoftDelete);
    let mut entries = over().flat_map(|reference| context.entries(&reference.name));
    over().nth(1).is_some() && entries.any(|entry| entry.when.is_some() || reads(&entry.then))
}
