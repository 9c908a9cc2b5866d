//! The rows to lock before rows are counted, so that the counts stay correct until commit.

use std::collections::BTreeSet;

use super::compiled::{CompiledStep, WriteTemplate};
use super::context::{CompileContext, QueryBuilder};
use super::outcomes::{OutcomesByKind, RowOutcome};
use crate::domain::KindName;
use crate::policy::Rule;
use crate::protocol::{Rows, SetId, Source};

/// Returns the rows to lock, kind by kind from the subject outwards.
///
/// Five groups of rows are locked: removed rows that other rows could refer to, rows whose outcome depends on
/// conditions, rows that are written by their ids, rows of the `guarded` kinds, whose protecting conditions may be
/// unknown, and rows that guards and effects watch. Other rows that a single statement deletes or updates by its own
/// conditions need no lock, because that statement checks the conditions again when it locks the row. It would not
/// notice that a condition has become unknown, because the row stays in its set.
pub(super) fn locks(
    context: &CompileContext<'_>,
    order: impl Iterator<Item = KindName>,
    outcomes: &OutcomesByKind,
    query: &QueryBuilder,
    steps: &[CompiledStep],
    (guarded, watched): (&BTreeSet<KindName>, &[(KindName, Rows)]),
) -> Vec<Rows> {
    let mut locks: Vec<Rows> = Vec::new();
    let mut rest: Vec<&(KindName, Rows)> = watched.iter().collect();
    for kind in order {
        rest.retain(|(on, _)| *on != kind);
        let own = outcomes.get(&kind);
        let by_ids = are_written_by_ids(context, query, steps, &kind);
        if by_ids || guarded.contains(&kind) || depends_on_conditions(context, &kind) {
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
    // Rows that do not depend on the subject.
    locks.extend(rest.into_iter().map(|(_, rows)| *rows));
    locks
}

/// Returns the steps that change rows of a kind.
fn writing<'a>(steps: &'a [CompiledStep], kind: &KindName) -> impl Iterator<Item = &'a CompiledStep> {
    steps.iter().filter(move |step| step.key.kind == *kind && step.write != WriteTemplate::Keep)
}

/// Returns whether a step redirects rows that have no outcome. No other lock of the kind covers such rows.
fn redirects_others(context: &CompileContext<'_>, kind: &KindName, step: &CompiledStep) -> bool {
    let references = || context.map.references_from(kind);
    let mut undeclared = references().filter_map(|reference| reference.undeclared.as_ref());
    let is_changed = undeclared.any(|rule| rule.on_survive.is_some());
    let mut entries = references().flat_map(|reference| context.entries(&reference.name));
    step.write.target(None).is_some()
        && (is_changed || entries.any(|entry| matches!(entry.then, Rule::Redirect(_) | Rule::SoftDelete)))
}

/// Returns whether rows of a kind are written by their ids. This is so if several steps or several references lead to
/// them, or if rows are updated whose id is not a single field.
///
/// A statement that waits for such a row would not notice that another transaction has changed the row.
fn are_written_by_ids(
    context: &CompileContext<'_>,
    query: &QueryBuilder,
    steps: &[CompiledStep],
    kind: &KindName,
) -> bool {
    let has_one_id = context.map.kind(kind).is_some_and(|kind| kind.id.only().is_some());
    let mut steps = writing(steps, kind);
    match (steps.next(), steps.next()) {
        (Some(step), None) => {
            !is_one_condition(query, step.rows.set) || (!has_one_id && step.write != WriteTemplate::Delete)
        }
        (first, _) => first.is_some(),
    }
}

/// Returns whether a single condition on the row itself decides whether it is in the set.
fn is_one_condition(query: &QueryBuilder, set: SetId) -> bool {
    query.plain_set(set).is_some_and(|set| match &*set.branches {
        [branch] => {
            matches!(branch.source, Source::Subjects | Source::Referrers { .. })
                && branch.cases.windows(2).all(|pair| matches!(pair, [a, b] if a.below == b.below))
        }
        _ => false,
    })
}

/// Returns whether several references decide together about a row, and one of them reads a field of the row.
fn depends_on_conditions(context: &CompileContext<'_>, kind: &KindName) -> bool {
    let over = || context.map.references_from(kind).filter(|reference| context.is_below(reference));
    let reads = |rule: &Rule| matches!(rule, Rule::Retain(_) | Rule::SoftDelete);
    let mut entries = over().flat_map(|reference| context.entries(&reference.name));
    let is_conditional = over().any(|reference| context.referring_condition(reference).is_some());
    let is_read = is_conditional || entries.any(|entry| entry.when.is_some() || reads(&entry.then));
    over().nth(1).is_some() && is_read
}
