//! The rows that are locked before anything is counted, so that what is decided of them stays true.

use super::step::{Action, CompiledStep};
use super::{Fate, Parts, Sets, VerdictsOf};
use crate::domain::KindName;
use crate::policy::Rule;
use crate::protocol::{Rows, SetId, Source, Stratum};

/// Kind by kind from the subject outwards: rows that go and could be referred to; rows of which conditions decide; rows that
/// are written by their ids; and the rows that guards and effects look at. What is deleted or updated by conditions of its
/// own is not among them: the statement that writes it looks at them again.
pub(super) fn locks(
    parts: &Parts<'_>,
    order: &[KindName],
    verdicts: &VerdictsOf,
    sets: &Sets,
    steps: &[CompiledStep],
    looked_at: &[(KindName, Rows)],
) -> Vec<Rows> {
    let mut locks: Vec<Rows> = Vec::new();
    for kind in order {
        let own = verdicts.get(kind);
        let by_ids = are_written_by_ids(sets, steps, kind);
        if by_ids || rests_on_conditions(parts, kind) {
            locks.extend(own.and_then(|own| own.rows(|_| true)));
        } else if parts.map.references_to(kind).next().is_some() {
            locks.extend(own.and_then(|own| own.rows(Fate::is_removed)));
        }
        let redirects = writing(steps, kind).filter(|step| by_ids && redirects_others(parts, kind, step));
        let redirects = redirects.map(|step| Rows::all(step.rows.set));
        let looked_at = looked_at.iter().filter(|(on, _)| on == kind).map(|(_, rows)| *rows);
        for rows in redirects.chain(looked_at) {
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

/// Whether a step redirects rows that no fate has put among those of their kind.
fn redirects_others(parts: &Parts<'_>, kind: &KindName, step: &CompiledStep) -> bool {
    let mut entries = parts.map.references_from(kind).flat_map(|reference| parts.entries(&reference.name));
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
fn rests_on_conditions(parts: &Parts<'_>, kind: &KindName) -> bool {
    let over = || parts.map.references_from(kind).filter(|reference| parts.paths.contains_key(&reference.to));
    let asks = |rule: &Rule| matches!(rule, Rule::Retain(_) | Rule::SoftDelete);
    let mut entries = over().flat_map(|reference| parts.entries(&reference.name));
    over().nth(1).is_some() && entries.any(|entry| entry.when.is_some() || asks(&entry.then))
}
