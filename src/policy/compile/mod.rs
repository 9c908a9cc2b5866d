//! Compiling a mode: from rules to named sets, questions, steps and locks, once per policy.

mod blockers;
mod branch;
mod compiled;
mod context;
mod cycle;
mod dependents;
mod further_masks;
mod kind_outcomes;
mod kind_steps;
mod locks;
mod query;
mod reached;
mod reassign;
mod redirects;
mod retention;
mod row_outcome;
mod steps;
mod survivors;
mod tombstones;
mod write_template;

use super::ModePolicy;
use crate::domain::{DataMap, KindName, Mode};

pub(crate) use compiled::{
    CompiledBlocker, CompiledGround, CompiledGuard, CompiledMode, CompiledStep, CompiledTarget,
};
pub(crate) use context::CompileContext;
pub(crate) use row_outcome::{RowOutcome, cases};
pub(crate) use survivors::tombstone_kinds;
pub(crate) use write_template::Target;

/// Compiles a mode of a policy that has passed validation.
pub(crate) fn compile(subject: &KindName, map: &DataMap, mode: Mode, policy: &ModePolicy) -> CompiledMode {
    let context = CompileContext::new(subject, map, mode, policy);
    let groups = context.groups();
    let mut query = query::QueryBuilder::new(subject, context.subject_condition());
    let outcomes = reached::outcomes(&context, &groups, &mut query);
    let blockers = blockers::blockers(&context, &outcomes, &mut query);
    let tombstones = tombstones::tombstones(&context, &groups, &outcomes, &mut query);
    let redirects = match mode {
        Mode::Reassign => reassign::reassignments(&context, &mut query),
        _ => redirects::redirects(&context, &outcomes, &tombstones, &mut query),
    };
    let steps = steps::steps(&context, &groups, &outcomes, &tombstones, &redirects.steps, &mut query);
    let dependents = dependents::dependents(&context, &mut query);
    let order = groups.into_iter().flat_map(|group| group.kinds);
    let locks = locks::locks(&context, order, &outcomes, &query, &steps, &dependents.watched);
    let (sets, questions) = query.finish();
    CompiledMode {
        sets,
        questions,
        steps,
        blockers,
        guards: dependents.guards,
        effects: dependents.effects,
        targets: redirects.targets,
        locks,
    }
}
