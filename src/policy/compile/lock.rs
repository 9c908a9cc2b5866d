//! The rows that are locked before anything is counted, so that what is decided of them stays true.

use super::{Fate, Parts, VerdictsOf};
use crate::domain::KindName;
use crate::plan::Rows;
use crate::policy::Rule;

/// Kind by kind from the subject outwards: rows that go and could be referred to; rows of which conditions decide; and
/// the rows that guards look at. What is deleted or updated by conditions of its own is not among them: the statement
/// that writes it looks at them again.
pub(super) fn locks(
    parts: &Parts<'_>,
    order: &[KindName],
    verdicts: &VerdictsOf,
    looked_at: &[(KindName, Rows)],
) -> Vec<Rows> {
    let mut locks = Vec::new();
    for kind in order {
        if let Some(own) = verdicts.get(kind) {
            if rests_on_conditions(parts, kind) {
                locks.extend(own.rows(|_| true));
            } else if parts.map.references_to(kind).next().is_some() {
                locks.extend(own.rows(Fate::is_removed));
            }
        }
        locks.extend(looked_at.iter().filter(|(on, _)| on == kind).map(|(_, rows)| *rows));
    }
    locks
}

/// Whether what becomes of a row is found out by comparing what several references say of it, and one of them asks for
/// a value of the row.
fn rests_on_conditions(parts: &Parts<'_>, kind: &KindName) -> bool {
    let over = || parts.map.references_from(kind).filter(|reference| parts.paths.contains_key(&reference.to));
    let asks = |rule: &Rule| matches!(rule, Rule::Retain(_) | Rule::SoftDelete);
    let mut entries = over().flat_map(|reference| parts.entries(&reference.name));
    over().nth(1).is_some() && entries.any(|entry| entry.when.is_some() || asks(&entry.then))
}
