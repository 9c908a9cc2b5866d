//! Steps: one for each rank of each kind, in the order in which they can be carried out.

use super::compiled::CompiledStep;
use super::context::{CompileContext, Group};
use super::further_masks;
use super::kind_outcomes::OutcomesByKind;
use super::kind_steps::ReachedKind;
use super::query::QueryBuilder;
use super::retention;
use super::tombstones::TombstonesByKind;
use super::write_template::WriteTemplate;
use crate::domain::KindName;
use crate::plan::StepKey;
use crate::policy::graph::in_order;
use crate::protocol::{Disposition, Rows};

/// Returns the steps of every kind: children first, and within a kind the deleted rows first.
pub(super) fn steps(
    context: &CompileContext<'_>,
    groups: &[Group],
    outcomes: &OutcomesByKind,
    tombstones: &TombstonesByKind,
    redirects: &[CompiledStep],
    query: &mut QueryBuilder,
) -> Vec<CompiledStep> {
    let mut steps = Vec::new();
    for group in groups.iter().rev() {
        let mut found = Vec::new();
        for name in &group.kinds {
            if let (Some(kind), Some(own)) = (context.map.kind(name), outcomes.get(name)) {
                let reached = ReachedKind { context, kind, own, outcomes };
                let mut of_kind = reached.steps(tombstones.get(name), query);
                retention::add_grounds(&reached, &mut of_kind, query);
                further_masks::add_steps(&reached, &mut of_kind, query);
                found.extend(of_kind);
            }
            found.extend(redirects.iter().filter(|step| step.key.kind == *name).cloned());
        }
        if group.is_cycle {
            found.extend(unlinks(context, group, outcomes, tombstones, query));
            sort_in_cycle(context, group, &mut found);
        } else {
            // A deleted row must not be updated first, and `delete` is the first of the dispositions.
            found.sort_by_key(|step| (step.key.path.is_empty(), step.key.disposition));
        }
        steps.extend(found);
    }
    steps
}

/// Adds the steps that empty references between deleted rows of a cycle, so that foreign keys hold at every statement.
fn unlinks(
    context: &CompileContext<'_>,
    group: &Group,
    outcomes: &OutcomesByKind,
    tombstones: &TombstonesByKind,
    query: &mut QueryBuilder,
) -> Vec<CompiledStep> {
    let inside = context.map.references().filter(|reference| {
        group.kinds.contains(&reference.from) && group.kinds.contains(&reference.to) && reference.nullable
    });
    let steps = inside.filter(|reference| context.may_be_deleted(&reference.to)).filter_map(|reference| {
        let deleted = outcomes.get(&reference.from)?.deleted_rows()?;
        let set = tombstones.get(&reference.from).map_or(deleted.set, |sets| sets.deleted);
        let rows = Rows { set, ..deleted };
        let key = StepKey {
            kind: reference.from.clone(),
            disposition: Disposition::SetNull,
            path: context.path(&reference.name),
            rule: "unlink".into(),
            when: None,
            basis: None,
            volatile: true,
        };
        let write = WriteTemplate::unlink(&reference.field);
        Some(CompiledStep::hidden(key, rows, query.count(rows), write))
    });
    steps.collect()
}

/// Puts the updates of a cycle before its deletions, and orders these along the mandatory references.
///
/// The sets of a cycle are fixed before the first write, so the order of the updates does not matter.
fn sort_in_cycle(context: &CompileContext<'_>, group: &Group, steps: &mut [CompiledStep]) {
    let mandatory = context.map.references().filter(|reference| !reference.nullable);
    let edges = mandatory.map(|reference| (reference.to.clone(), reference.from.clone())).collect();
    let order: Vec<KindName> =
        in_order(&group.kinds.iter().cloned().collect(), &edges).into_iter().flatten().collect();
    steps.sort_by_key(|step| {
        let is_deletion = step.key.disposition == Disposition::Delete;
        let at = order.iter().position(|kind| *kind == step.key.kind);
        (is_deletion, std::cmp::Reverse(at), step.key.disposition)
    });
}
