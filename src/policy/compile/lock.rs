//! The rows that are locked before anything is counted, so that what is decided of them stays true.

use super::step::{Action, CompiledStep};
use super::{CompileContext, OutcomesByKind, RowOutcome, Sets};
use crate::domain::KindName;
use crate::policy::Rule;
use crate::protocol::{Rows, SetId, Source, Stratum};

/// Kind by kind from the subject outwards: rows that go and could be referred to; rows of which conditions decide; rows that
/// are written by their ids; and the rows that guards and effects look at. What is deleted or updated by conditions of its
/// own is not among them: the statement that writes it looks at them again.
pub(super) fn locks(
    context: &CompileContext<'_>,
    order: &[KindName],
    outcomes: &OutcomesByKind,
    sets: &Sets,
    steps: &[CompiledStep],
    watched: &[(KindName, Rows)],
) -> Vec<Rows> {
    let mut locks: Vec<Rows> = Vec::new();
    for kind in order {
        let own = outcomes.get(kind);
        let by_ids = are_written_by_ids(sets, steps, kind);
        if by_ids || rests_on_conditions(context, kind) {
            locks.extend(own.and_then(|own| own.rows(|_| true)));
        } else if context.map.references_to(kind).next().is_some() {
            locks.extend(own.and_then(|own| own.rows(RowOutcome::is_removed)));
        }
        let redirects = writing(steps, kind).filter(|step| by_ids && redirects_others(context, kind, step));
        let redirects = redirects.map(|step| Rows::all(step.rows.set));
        let watched = watched.iter().filter(|(on, _)| on == kind).map(|(_, rows)| *rows);
        for rows in redirects.chain(watched) {
            if locks.iter().all(|locked| locked.set != rows.set) {
                locks.push(rows);
            }
        }
    }
    locks
}

/// The steps that change rows of a kind.
fn writing<'a>(steps: &'a [CompiledStep], kind: &KindName) -> impl Iterator<Item = &'a CompiledStep> {
    steps.iter().filter(move |step| step.key.kind == *kind && step.action != Action::Keep)
}

/// Whether a step redirects rows that no outcome has put among those of their kind.
fn redirects_others(context: &CompileContext<'_>, kind: &KindName, step: &CompiledStep) -> bool {
    let mut entries =
        context.map.references_from(kind).flat_map(|reference| context.entries(&reference.name));
    matches!(step.action, Action::Redirect(..))
        && entries.any(|entry| matches!(entry.then, Rule::Redirect(_) | Rule::SoftDelete))
}

/// Whether the statement that writes rows of a kind finds them by their ids, because several steps or several references
/// lead to them. When it has waited for a row it does not see that the row has been changed, or moved away.
fn are_written_by_ids(sets: &Sets, steps: &[CompiledStep], kind: &KindName) -> bool {
    let mut steps = writing(steps, kind);
    match (steps.next(), steps.next()) {
        (Some(step), None) => !is_asked_directly(sets, step.rows.set),
        (first, _) => first.is_some(),
    }
}

/// Whether one condition on a row itself says that it is in a set.
fn is_asked_directly(sets: &Sets, set: SetId) -> bool {
    let found = sets.0.iter().find_map(|stratum| match stratum {
        Stratum::Set(named) if named.id == set => Some(named),
        Stratum::Set(_) | Stratum::Cycle(_) => None,
    });
    found.is_some_and(|named| match &*named.branches {
        [branch] => {
            matches!(branch.source, Source::Subjects | Source::Referrers { .. })
                && branch.cases.windows(2).all(|pair| matches!(pair, [a, b] if a.below == b.below))
        }
        _ => false,
    })
}

/// Whether what becomes of a row is found out by comparing what several references say of it, and one of them asks for
/// a value of the row.
fn rests_on_conditions(context: &CompileContext<'_>, kind: &KindName) -> bool {
    let over =
        || context.map.references_from(kind).filter(|reference| context.paths.contains_key(&reference.to));
    let asks = |rule: &Rule| matches!(rule, Rule::Retain(_) | Rule::SoftDelete);
    let mut entries = over().flat_map(|reference| context.entries(&reference.name));
    over().nth(1).is_some() && entries.any(|entry| entry.when.is_some() || asks(&entry.then))
}
