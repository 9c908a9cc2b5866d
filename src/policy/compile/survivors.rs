//! Rows that survive a deleted parent, and the kinds whose rows they may force to stay as tombstones.

use std::collections::{BTreeMap, BTreeSet};

use super::context::CompileContext;
use super::kind_outcomes::KindOutcomes;
use super::row_outcome::{RowOutcome, applicable_entries, cases};
use crate::domain::{KindName, Mode, Reference, ReferenceName};
use crate::policy::{Entry, OnSurvive, Rule};
use crate::protocol::{Branch, Rows, SetId};

/// How a row physically survives a deleted parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Survivor {
    /// Untouched, masked or retained.
    Whole,
    /// Marked as deleted.
    Soft,
    /// As a tombstone itself.
    Tombstone,
    /// As the subject of a mode that does not delete it.
    Subject,
}

pub(super) const SURVIVORS: [Survivor; 4] =
    [Survivor::Whole, Survivor::Soft, Survivor::Tombstone, Survivor::Subject];

/// Returns whether a row may survive in this way if the entry decides for it.
pub(super) fn may_survive(
    context: &CompileContext<'_>,
    reference: &Reference,
    entry: &Entry,
    survivor: Survivor,
    tombstone_kinds: &BTreeSet<KindName>,
) -> bool {
    match survivor {
        // A blocking row forces no tombstone: the plan is not carried out.
        Survivor::Whole | Survivor::Soft if entry.then.blocks() => false,
        Survivor::Whole => {
            let by_rule =
                matches!(entry.then, Rule::Anonymize(_) | Rule::Retain(_) | Rule::Keep | Rule::Redirect(_));
            // Outside `hard_delete`, a row that an earlier operation marked is left as it is.
            let marked = entry.then == Rule::SoftDelete && context.mode != Mode::HardDelete;
            by_rule || marked || may_become(context, reference, RowOutcome::is_kept_back)
        }
        Survivor::Soft => {
            entry.then == Rule::SoftDelete || may_become(context, reference, RowOutcome::is_soft)
        }
        Survivor::Tombstone => tombstone_kinds.contains(&reference.from),
        Survivor::Subject => context.is_subject(&reference.from) && context.mode != Mode::HardDelete,
    }
}

/// Returns whether another reference of the same kind may give a row such an outcome.
fn may_become(
    context: &CompileContext<'_>,
    reference: &Reference,
    test: impl Fn(RowOutcome) -> bool,
) -> bool {
    let Some(kind) = context.map.kind(&reference.from) else {
        return false;
    };
    let others = context.map.references_from(&reference.from);
    others.filter(|other| other.name != reference.name).any(|other| {
        context.possible_outcomes(&other.to).any(|parent| {
            let found = cases(kind, context.entries(&other.name), parent, context.mode);
            found.iter().filter_map(|case| case.outcome).any(&test)
        })
    })
}

/// Returns whether a surviving row must keep its reference, so that the parent has to stay.
pub(super) fn must_keep_reference(reference: &Reference, entry: &Entry, survivor: Survivor) -> bool {
    let redirected = survivor == Survivor::Whole && matches!(entry.then, Rule::Redirect(_));
    match &entry.on_survive {
        _ if redirected => false,
        Some(OnSurvive::Tombstone) => true,
        Some(OnSurvive::Redirect(_)) => false,
        None => !reference.nullable,
    }
}

/// Returns whether the parent has to stay if the entry decides for a row that survives in this way.
pub(super) fn forces_tombstone(
    context: &CompileContext<'_>,
    reference: &Reference,
    entry: &Entry,
    survivor: Survivor,
    tombstone_kinds: &BTreeSet<KindName>,
) -> bool {
    may_survive(context, reference, entry, survivor, tombstone_kinds)
        && must_keep_reference(reference, entry, survivor)
}

/// Finds the kinds whose rows may have to stay, each with the first reference and rule that may force it.
///
/// It is the least fixpoint over kinds, as if any condition could hold.
pub(crate) fn tombstone_kinds(
    context: &CompileContext<'_>,
) -> BTreeMap<KindName, (ReferenceName, &'static str)> {
    let mut found: BTreeMap<KindName, (ReferenceName, &'static str)> = BTreeMap::new();
    loop {
        let before: BTreeSet<KindName> = found.keys().cloned().collect();
        for reference in context.map.references().filter(|reference| context.may_be_deleted(&reference.to)) {
            for (_, entry) in applicable_entries(context.entries(&reference.name), RowOutcome::Delete) {
                let forces = |survivor| forces_tombstone(context, reference, entry, survivor, &before);
                if SURVIVORS.into_iter().any(forces) {
                    found
                        .entry(reference.to.clone())
                        .or_insert_with(|| (reference.name.clone(), entry.then.as_str()));
                }
            }
        }
        if found.len() == before.len() {
            return found;
        }
    }
}

/// Narrows a branch over a reference to the rows that survive in this way; `None` if none can.
pub(super) fn surviving(
    context: &CompileContext<'_>,
    reference: &Reference,
    mut branch: Branch,
    survivor: Survivor,
    own: Option<&KindOutcomes>,
    tombstones: Option<SetId>,
) -> Option<Branch> {
    let subjects = context.subjects_among(&reference.from);
    match survivor {
        Survivor::Whole => {
            branch.except.extend(own.and_then(|own| own.rows(RowOutcome::is_removed)));
            branch.except.extend(subjects);
        }
        Survivor::Soft => {
            branch.within.push(own?.rows(RowOutcome::is_soft)?);
            branch.except.extend(subjects);
        }
        Survivor::Tombstone => branch.within.push(Rows::all(tombstones?)),
        Survivor::Subject => branch.within.push(subjects?),
    }
    Some(branch)
}
