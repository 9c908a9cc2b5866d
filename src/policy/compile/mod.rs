//! Compiling a mode: from rules to named sets and questions, once per policy.

mod block;
mod branch;
mod cycle;
mod dependents;
mod lock;
mod question;
mod rank;
mod reach;
mod reassign;
mod redirect;
mod row_outcome;
mod step;
mod tombstone;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::graph::{in_order, is_cycle, shortest_paths};
use super::{Entry, ModePolicy};
use crate::domain::{DataMap, KindName, Mode, ReferenceName};
use crate::protocol::{Branch, EventDraft, NamedSet, Question, Rows, SetId, Stratum};

pub(crate) use block::CompiledBlocker;
pub(crate) use dependents::{CompiledEffect, CompiledGuard};
pub(crate) use question::Questions;
pub(crate) use redirect::{CompiledTarget, Target};
use row_outcome::possible;
pub(crate) use row_outcome::{RowOutcome, cases};
pub(crate) use step::{Action, CompiledGround, CompiledStep};
pub(crate) use tombstone::may_stay;

use rank::KindOutcomes;

/// Everything about a mode that does not depend on the request.
#[derive(Debug)]
pub(crate) struct CompiledMode {
    pub(crate) sets: Arc<[Stratum]>,
    pub(crate) questions: Arc<[Question]>,
    /// In the order in which they are carried out.
    pub(crate) steps: Vec<CompiledStep>,
    pub(crate) blockers: Vec<CompiledBlocker>,
    pub(crate) guards: Vec<CompiledGuard>,
    pub(crate) effects: Vec<CompiledEffect>,
    pub(crate) targets: Vec<CompiledTarget>,
    pub(crate) locks: Vec<Rows>,
    pub(crate) events: Vec<EventDraft>,
}

/// What the context of the compiler share.
pub(crate) struct CompileContext<'a> {
    pub(super) subject: &'a KindName,
    pub(super) map: &'a DataMap,
    pub(super) mode: Mode,
    pub(super) policy: &'a ModePolicy,
    pub(super) paths: BTreeMap<KindName, Vec<ReferenceName>>,
    pub(super) outcomes: BTreeMap<KindName, BTreeSet<RowOutcome>>,
}

impl<'a> CompileContext<'a> {
    pub(crate) fn new(subject: &'a KindName, map: &'a DataMap, mode: Mode, policy: &'a ModePolicy) -> Self {
        let paths = shortest_paths(map, subject);
        let outcomes = possible(map, subject, mode, &policy.rules);
        Self { subject, map, mode, policy, paths, outcomes }
    }

    pub(super) fn entries(&self, reference: &ReferenceName) -> &'a [Entry] {
        self.policy.rules.entries(reference).unwrap_or_default()
    }

    pub(super) fn possible_outcomes(
        &self,
        kind: &KindName,
    ) -> impl DoubleEndedIterator<Item = RowOutcome> + '_ {
        self.outcomes.get(kind).into_iter().flatten().copied()
    }

    pub(super) fn can_be(&self, kind: &KindName, test: impl Fn(RowOutcome) -> bool) -> bool {
        self.possible_outcomes(kind).any(test)
    }

    /// The shortest chain of references from the subject to the rows that a reference reaches.
    pub(super) fn path(&self, reference: &ReferenceName) -> Vec<ReferenceName> {
        let to = self.map.reference(reference).map(|reference| &reference.to);
        let above = to.and_then(|to| self.paths.get(to)).cloned().unwrap_or_default();
        above.into_iter().chain([reference.clone()]).collect()
    }

    pub(super) fn is_subject(&self, kind: &KindName) -> bool {
        kind == self.subject
    }
}

/// The sets while they are being made.
#[derive(Default)]
pub(super) struct Sets(Vec<Stratum>);

impl Sets {
    pub(super) fn add(&mut self, name: String, kind: &KindName, branches: Vec<Branch>) -> SetId {
        let id = self.next();
        self.0.push(Stratum::Set(NamedSet { id, name, kind: kind.clone(), branches }));
        id
    }

    pub(super) fn add_cycle(&mut self, sets: Vec<NamedSet>) {
        self.0.push(Stratum::Cycle(sets));
    }

    pub(super) fn next(&self) -> SetId {
        SetId::after(&self.0)
    }
}

/// What becomes of the rows of every kind that is reached.
pub(super) type OutcomesByKind = BTreeMap<KindName, KindOutcomes>;

/// Compiles a mode of a policy that has passed validation.
pub(crate) fn compile(subject: &KindName, map: &DataMap, mode: Mode, policy: &ModePolicy) -> CompiledMode {
    let context = CompileContext::new(subject, map, mode, policy);
    let groups = groups(&context);
    let order: Vec<KindName> = groups.iter().flat_map(|group| group.kinds.clone()).collect();
    let mut sets = Sets::default();
    let mut questions = Questions::new();
    let outcomes = reach::outcomes(&context, &groups, &mut sets);
    let blockers = block::blockers(&context, &outcomes, &mut sets, &mut questions);
    let tombstones = tombstone::tombstones(&context, &groups, &outcomes, &mut sets, &mut questions);
    let redirects = match mode {
        Mode::Reassign => reassign::moves(&context, &mut sets, &mut questions),
        _ => redirect::redirects(&context, &order, &outcomes, &tombstones, &mut sets, &mut questions),
    };
    let steps =
        step::steps(&context, &groups, &outcomes, &tombstones, &redirects.steps, &mut sets, &mut questions);
    let dependents = dependents::dependents(&context, &mut sets, &mut questions);
    let locks = lock::locks(&context, &order, &outcomes, &sets, &steps, &dependents.watched);
    CompiledMode {
        sets: sets.0.into(),
        questions: questions.into(),
        steps,
        blockers,
        guards: dependents.guards,
        effects: dependents.effects,
        targets: redirects.targets,
        locks,
        events: dependents.events,
    }
}

/// Kinds that are settled together: one, or all kinds of a cycle.
pub(super) struct Group {
    pub(super) kinds: Vec<KindName>,
    pub(super) is_cycle: bool,
}

/// The reached kinds from the subject outwards.
fn groups(context: &CompileContext<'_>) -> Vec<Group> {
    // By declaration, whatever becomes of rows in this mode: what is a cycle does not depend on the rules.
    let hangs = |kind: &KindName| context.paths.contains_key(kind);
    let edges: BTreeSet<(KindName, KindName)> = context
        .map
        .references()
        .filter(|reference| hangs(&reference.to))
        .map(|reference| (reference.to.clone(), reference.from.clone()))
        .collect();
    let kinds: BTreeSet<KindName> = context.paths.keys().cloned().collect();
    let groups = in_order(&kinds, &edges).into_iter();
    groups.map(|kinds| Group { is_cycle: is_cycle(&kinds, &edges), kinds }).collect()
}
