//! Compiles a mode to named sets, questions, steps and locks. This happens once, when the policy is built.

mod blockers;
mod compiled;
mod context;
mod dependents;
mod locks;
mod outcomes;
mod owned;
mod reached;
mod redirects;
mod steps;
#[cfg(test)]
mod tests;
mod tombstones;

use super::ModePolicy;
use crate::domain::{DataMap, KindName, Mode};

pub(crate) use compiled::{
    Adoption, CompiledBlocker, CompiledGround, CompiledMode, CompiledStep, CompiledTarget,
};
pub(crate) use context::CompileContext;
pub(crate) use outcomes::{RowOutcome, cases};
pub(crate) use tombstones::tombstone_kinds;

/// Compiles a mode of a policy that has passed validation.
pub(crate) fn compile(subject: &KindName, map: &DataMap, mode: Mode, policy: &ModePolicy) -> CompiledMode {
    let context = CompileContext::new(subject, map, mode, policy);
    let groups = context.groups();
    let mut query = context::QueryBuilder::new(subject, context.subject_condition());
    let (outcomes, with_owners) = reached::outcomes(&context, &mut query);
    let blockers = blockers::blockers(&context, &outcomes, &mut query);
    let tombstones = tombstones::tombstones(&context, &groups, &outcomes, &mut query);
    let redirects = match mode {
        Mode::Reassign => redirects::reassignments(&context, &mut query),
        _ => redirects::redirects(&context, &outcomes, &tombstones, &mut query),
    };
    let steps = steps::steps(&context, &groups, &outcomes, &tombstones, &redirects.steps, &mut query);
    let (guards, effects, mut watched) = dependents::dependents(&context, &outcomes, &mut query);
    watched.extend(with_owners);
    let order = groups.into_iter().flat_map(|group| group.kinds);
    let locks = locks::locks(&context, order, &outcomes, &query, &steps, &watched);
    let (sets, questions) = query.finish();
    CompiledMode { sets, questions, steps, blockers, guards, effects, targets: redirects.targets, locks }
}
