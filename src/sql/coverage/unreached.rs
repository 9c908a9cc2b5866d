//! Finds kinds whose rows stay behind: the subject refers to them, but no operation reaches them.

use std::collections::BTreeSet;

use super::finding::{Finding, FindingCode};
use crate::domain::KindName;
use crate::policy::{DeletionPolicy, reached_paths};

/// Reports the kinds to which the subject refers but that no operation reaches.
///
/// A kind is not reported if it has references of its own, or if another kind that no operation reaches refers to it.
pub(super) fn findings(policy: &DeletionPolicy) -> Vec<Finding> {
    let (map, subject) = (policy.map(), policy.subject());
    let reached: BTreeSet<KindName> = reached_paths(map, subject).into_keys().map(|(kind, _)| kind).collect();
    let left_behind = map.kinds().filter(|kind| {
        let mut owners = map.references_to(&kind.name);
        !reached.contains(&kind.name)
            && map.references_from(&kind.name).next().is_none()
            && map.references_to(&kind.name).any(|reference| reference.from == *subject)
            && owners.all(|reference| reached.contains(&reference.from))
    });
    let found = left_behind.map(|kind| {
        let references = map.references_to(&kind.name).map(|reference| format!("`{}`", reference.name));
        let references = references.collect::<Vec<_>>().join(", ");
        let message = format!("no request reaches rows of `{}`, to which {references} leads", kind.name);
        Finding::new(FindingCode::UnreachedKind, format!("kinds.{}", kind.name), message).remedy(
            "declare the references `owned` if the rows belong to those that refer to them; otherwise leave the kind \
             out, and list the references under `excluded`",
        )
    });
    found.collect()
}
