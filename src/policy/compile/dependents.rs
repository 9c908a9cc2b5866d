//! What hangs on the subject, whatever becomes of it: the rows that guards and effects look at.

use std::collections::{BTreeMap, BTreeSet};

use super::{CompileContext, Questions, Sets};
use crate::domain::{Condition, KindName, Reference, ReferenceName};
use crate::policy::Severity;
use crate::policy::graph::{in_order, is_cycle};
use crate::protocol::{Branch, EventDraft, NamedSet, RankCase, Rows, SetId, Source};

/// A guard and the question for the rows that match it.
#[derive(Debug)]
pub(crate) struct CompiledGuard {
    /// Its position in the policy.
    pub(crate) guard: usize,
    pub(crate) question: usize,
}

/// An effect and the question for how many events it makes.
#[derive(Debug)]
pub(crate) struct CompiledEffect {
    pub(crate) topic: String,
    pub(crate) question: usize,
}

pub(super) struct Dependents {
    pub(super) guards: Vec<CompiledGuard>,
    pub(super) effects: Vec<CompiledEffect>,
    pub(super) events: Vec<EventDraft>,
    /// The rows that guards and effects look at, whether they match or not.
    pub(super) watched: Vec<(KindName, Rows)>,
}

pub(super) fn dependents(
    context: &CompileContext<'_>,
    sets: &mut Sets,
    questions: &mut Questions,
) -> Dependents {
    let mut known = BTreeMap::new();
    let (mut guards, mut watched) = (Vec::new(), Vec::new());
    for (guard, declared) in context.policy.guards.iter().enumerate() {
        let name = format!("guard {}", declared.name);
        let Some(set) = dependents_over(context, &declared.on, &declared.via, &mut known, sets) else {
            continue;
        };
        let rows = matching(name, &declared.on, set, declared.when.as_ref(), sets);
        if declared.when.is_some() && declared.severity != Severity::Note && set != SetId::SUBJECTS {
            watched.push((declared.on.clone(), Rows::all(set)));
        }
        guards.push(CompiledGuard { guard, question: questions.sample(rows) });
    }
    let (mut effects, mut events) = (Vec::new(), Vec::new());
    for declared in &context.policy.effects {
        let on = declared.on.as_ref().unwrap_or(context.subject);
        let name = format!("effect {}", declared.topic);
        let Some(set) = dependents_over(context, on, &declared.via, &mut known, sets) else { continue };
        let rows = matching(name, on, set, declared.when.as_ref(), sets);
        // What is told of a row is what it was when it was written.
        if set != SetId::SUBJECTS {
            watched.push((on.clone(), Rows::all(set)));
        }
        effects.push(CompiledEffect { topic: declared.topic.clone(), question: questions.count(rows) });
        events.push(EventDraft {
            topic: declared.topic.clone(),
            kind: on.clone(),
            rows,
            fields: declared.fields.clone(),
        });
    }
    Dependents { guards, effects, events, watched }
}

/// Those of these rows for which a condition holds.
fn matching(name: String, on: &KindName, of: SetId, when: Option<&Condition>, sets: &mut Sets) -> Rows {
    if when.is_none() {
        return Rows::all(of);
    }
    let case = RankCase { when: when.cloned(), ..RankCase::always(0) };
    Rows::all(sets.add(name, on, vec![Branch::new(Source::Members(Rows::all(of)), vec![case])]))
}

/// The rows of a kind that hang on the subject: over a chain of references, or over any.
fn dependents_over(
    context: &CompileContext<'_>,
    on: &KindName,
    via: &[ReferenceName],
    known: &mut BTreeMap<KindName, SetId>,
    sets: &mut Sets,
) -> Option<SetId> {
    if via.is_empty() {
        return if context.is_subject(on) {
            Some(SetId::SUBJECTS)
        } else {
            dependents_of(context, on, known, sets)
        };
    }
    let mut from = SetId::SUBJECTS;
    for reference in via {
        let reference = context.map.reference(reference)?;
        let name = format!("{}: what hangs on the subject", reference.name);
        from = sets.add(name, &reference.from, vec![below(reference, from, RankCase::always(0))]);
    }
    Some(from)
}

fn below(reference: &Reference, of: SetId, case: RankCase) -> Branch {
    Branch::new(Source::Referrers { reference: reference.name.clone(), of: Rows::all(of) }, vec![case])
}

/// The set of all rows of a kind that hang on the subject over any chain, made where it is not there yet.
fn dependents_of(
    context: &CompileContext<'_>,
    on: &KindName,
    known: &mut BTreeMap<KindName, SetId>,
    sets: &mut Sets,
) -> Option<SetId> {
    // The kinds between the subject and this one. The subject's own kind is one of them only where a chain
    // leads over other rows of it.
    let mut between = BTreeSet::from([on.clone()]);
    let mut edges = BTreeSet::new();
    let mut open = vec![on.clone()];
    while let Some(kind) = open.pop() {
        for reference in context.map.references_from(&kind) {
            if context.paths.contains_key(&reference.to) {
                edges.insert((reference.to.clone(), kind.clone()));
                if between.insert(reference.to.clone()) {
                    open.push(reference.to.clone());
                }
            }
        }
    }
    let led_to = |kind: &KindName| edges.iter().any(|(_, child)| child == kind);
    between.retain(|kind| !context.is_subject(kind) || led_to(kind));
    for group in in_order(&between, &edges) {
        if group.iter().all(|kind| known.contains_key(kind)) {
            continue;
        }
        let first = sets.next().0;
        for (id, kind) in (first..).zip(&group) {
            known.insert(kind.clone(), SetId(id));
        }
        let made = group.iter().filter_map(|kind| {
            let references = context.map.references_from(kind);
            let branches = references.flat_map(|reference| {
                let subjects = context.is_subject(&reference.to).then_some(SetId::SUBJECTS);
                let parents = subjects.into_iter().chain(known.get(&reference.to).copied());
                parents.map(|of| below(reference, of, RankCase::always(0))).collect::<Vec<_>>()
            });
            let (id, name) = (*known.get(kind)?, format!("{kind}: what hangs on the subject"));
            Some(NamedSet { id, name, kind: kind.clone(), branches: branches.collect() })
        });
        let made: Vec<NamedSet> = made.collect();
        if is_cycle(&group, &edges) {
            sets.add_cycle(made);
        } else {
            for set in made {
                sets.add(set.name, &set.kind, set.branches);
            }
        }
    }
    known.get(on).copied()
}
