//! Compiles a mode to named sets, questions, steps and locks. This happens once, when the policy is built.

mod blockers;
mod compiled;
mod context;
mod dependents;
mod duplicates;
mod left_without;
mod locks;
mod outcomes;
mod owned;
mod reached;
mod redirects;
mod restore;
mod row_outcome;
mod steps;
#[cfg(test)]
mod tests;
mod tombstones;
mod turns;
mod undeclared;
mod unknown;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ModePolicy;
use crate::domain::{DataMap, KindName, Mode};

pub(crate) use compiled::{
    Adoption, CompiledBlocker, CompiledGround, CompiledMode, CompiledStep, CompiledTarget, CompiledUnknown,
};
pub(crate) use context::CompileContext;
pub(crate) use outcomes::cases;
pub(crate) use restore::{NOT_MARKED, PARENT_DELETED, PARENT_GONE, restore};
pub(crate) use row_outcome::RowOutcome;
pub(crate) use tombstones::tombstone_kinds;

/// Compiles a mode of a policy that has passed validation.
pub(crate) fn compile(
    subject: &KindName,
    map: &Arc<DataMap>,
    mode: Mode,
    policy: &ModePolicy,
) -> CompiledMode {
    let context = CompileContext::new(subject, map, mode, policy);
    let groups = context.groups();
    let mut query = context::QueryBuilder::new(subject, context.subject_condition());
    let (mut outcomes, with_owners) = reached::outcomes(&context, &mut query);
    let mut blockers = blockers::blockers(&context, &outcomes, &mut query);
    let tombstones = tombstones::tombstones(&context, &groups, &outcomes, &mut query);
    reached::outcomes_decided_last(&context, &mut outcomes, &tombstones, &mut query);
    let mut redirects = match mode {
        Mode::Reassign => redirects::reassignments(&context, &mut query),
        _ => redirects::redirects(&context, &outcomes, &tombstones, &mut query),
    };
    if mode == Mode::SoftDelete {
        redirects.record(map);
    }
    undeclared::undeclared(&context, &outcomes, &tombstones, &mut query, &mut redirects, &mut blockers);
    let duplicates = duplicates::duplicates(&context, &outcomes, &mut query, &mut redirects);
    let written = match mode {
        Mode::Reassign => {
            blockers.extend(blockers::outside(&context, redirects.moved.clone(), &mut query));
            redirects.moved
        }
        _ => blockers::written_rows(&context, &outcomes),
    };
    let steps = steps::steps(&context, &groups, &outcomes, &tombstones, &redirects.steps, &mut query);
    let mut unknowns = unknown::unknowns(&context, &outcomes, &mut query);
    let dependents::Dependents { guards, unknown, effects, mut watched } =
        dependents::dependents(&context, &outcomes, &mut query);
    let guarded: BTreeSet<KindName> = unknowns.iter().map(|unknown| unknown.kind.clone()).collect();
    unknowns.extend(unknown);
    watched.extend(with_owners);
    watched.extend(duplicates.watched);
    let order = groups.into_iter().flat_map(|group| group.kinds);
    let locks = locks::locks(&context, order, &outcomes, &query, &steps, (&guarded, &watched));
    let (sets, questions) = query.finish();
    let targets = redirects.targets;
    CompiledMode {
        map: map.clone(),
        sets,
        questions,
        steps,
        blockers,
        unknowns,
        written,
        guards,
        effects,
        before: policy.before.clone(),
        targets,
        named_targets: duplicates.targets,
        locks,
    }
}
