//! Finds kinds whose rows stay behind: the subject refers to them, but no operation reaches them.

use std::collections::BTreeSet;

use super::finding::{Finding, FindingCode};
use crate::domain::{KindName, ReferenceName};
use crate::policy::{DeletionPolicy, reached_paths};

/// Reports the kinds to which the subject refers but that no operation reaches.
///
/// A kind is not reported if it has references of its own, if another kind that no operation reaches refers to it, or
/// if a mode reassigns references to its records.
pub(super) fn findings(policy: &DeletionPolicy) -> Vec<Finding> {
    let (map, subject) = (policy.map(), policy.subject());
    let reached: BTreeSet<KindName> = reached_paths(map, subject).into_keys().map(|(kind, _)| kind).collect();
    let left_behind = map.kinds().filter(|kind| {
        let mut owners = map.references_to(&kind.name);
        !reached.contains(&kind.name)
            && map.references_from(&kind.name).next().is_none()
            && map.references_to(&kind.name).any(|reference| reference.from == *subject)
            && !map.references_to(&kind.name).any(|reference| moves(policy, &reference.name))
            && owners.all(|reference| reached.contains(&reference.from))
    });
    let found = left_behind.map(|kind| {
        let references = map.references_to(&kind.name).map(|reference| format!("`{}`", reference.name));
        let references = references.collect::<Vec<_>>().join(", ");
        let message = format!("no request removes rows of `{}`, which are referred to by {references}", kind.name);
        Finding::new(FindingCode::UnreachedKind, format!("kinds.{}", kind.name), message).remedy(
            "declare the references `owned` if the rows belong to those that refer to them; otherwise leave the kind \
             out, and list the references under `excluded`",
        )
    });
    found.collect()
}

/// Returns whether a mode gives references another target, for which their kind must be declared.
fn moves(policy: &DeletionPolicy, reference: &ReferenceName) -> bool {
    let modes = policy.modes().filter_map(|mode| policy.mode(mode));
    modes
        .flat_map(|mode| mode.rules.entries(reference).unwrap_or_default())
        .any(|entry| entry.then.reassigns())
}
