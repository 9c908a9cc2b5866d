//! Dependents of the subject, which guards and effects watch, whatever the rules do with them.

use std::collections::{BTreeMap, BTreeSet};

use super::compiled::CompiledUnknown;
use super::context::{CompileContext, QueryBuilder};
use super::left_without::LeftWithout;
use super::outcomes::{OutcomesByKind, below};
use super::unknown::{self, when_unknown};
use crate::domain::{Condition, KindName, Reference, ReferenceName};
use crate::policy::graph::{in_order, is_cycle};
use crate::policy::{Guard, Severity};
use crate::protocol::{Branch, EventDraft, NamedSet, RankCase, Rows, SetId, Source};

/// What guards and effects need.
#[derive(Debug, Default)]
pub(super) struct Dependents {
    /// The guards, with the questions about the rows that match.
    pub(super) guards: Vec<(Guard, usize)>,
    /// For blocking guards: the rows for which the condition is unknown.
    pub(super) unknown: Vec<CompiledUnknown>,
    /// The effects, with the questions about how many events there are.
    pub(super) effects: Vec<(EventDraft, usize)>,
    /// All rows that guards and effects watch, including rows that do not match.
    pub(super) watched: Vec<(KindName, Rows)>,
}

/// Adds the sets and questions of guards and effects.
pub(super) fn dependents(
    context: &CompileContext<'_>,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Dependents {
    let mut sets = BTreeMap::new();
    let mut found = Dependents::default();
    for guard in &context.policy.guards {
        if let Some(name) = &guard.left_without {
            let Some(left) = LeftWithout::of(context, guard, name, outcomes) else { continue };
            let (rows, all) = left.rows(guard.when.as_ref(), query);
            if guard.severity != Severity::Note {
                found.watched.push((guard.on.clone(), all));
            }
            found.guards.push((guard.clone(), query.sample(rows)));
            if let Some(when) = may_be_unknown(context, guard, left.from()) {
                let rows = left.unknown_rows(&when, rows, query);
                found.unknown.push(unknown_guard(guard, rows, query));
            }
            continue;
        }
        let Some(set) = dependents_over(context, &guard.on, &guard.via, &mut sets, query) else { continue };
        let rows = matching(format!("guard {}", guard.name), &guard.on, set, guard.when.as_ref(), query);
        if guard.when.is_some() && guard.severity != Severity::Note && set != SetId::SUBJECTS {
            found.watched.push((guard.on.clone(), Rows::all(set)));
        }
        found.guards.push((guard.clone(), query.sample(rows)));
        if let Some(when) = may_be_unknown(context, guard, &guard.on) {
            let name = format!("guard {}: rows with an unknown condition", guard.name);
            let rows = matching(name, &guard.on, set, Some(&when), query);
            found.unknown.push(unknown_guard(guard, rows, query));
        }
    }
    for effect in &context.policy.effects {
        let on = effect.on.as_ref().unwrap_or(context.subject);
        let Some(set) = dependents_over(context, on, &effect.via, &mut sets, query) else { continue };
        let rows = matching(format!("effect {}", effect.topic), on, set, effect.when.as_ref(), query);
        // An event holds field values, so its row must not change before the event is written.
        if set != SetId::SUBJECTS {
            found.watched.push((on.clone(), Rows::all(set)));
        }
        let (topic, fields) = (effect.topic.clone(), effect.fields.clone());
        let events = EventDraft { topic, kind: on.clone(), rows, fields };
        found.effects.push((events, query.count(rows)));
    }
    found
}

/// Returns when the condition of a blocking guard, which reads rows of a kind, is unknown; `None` if it never is.
fn may_be_unknown(context: &CompileContext<'_>, guard: &Guard, kind: &KindName) -> Option<Condition> {
    let when = guard.when.as_ref().filter(|_| guard.severity == Severity::Block)?;
    when_unknown(context.map.kind(kind)?, when)
}

fn unknown_guard(guard: &Guard, rows: Rows, query: &mut QueryBuilder) -> CompiledUnknown {
    let when = guard.when.iter().map(|when| format!(" ({when})"));
    let what = format!("the guard `{}` blocks{}", guard.name, when.collect::<String>());
    unknown::compiled(&guard.name, &guard.on, what, rows, query)
}

/// Adds the set of the rows that meet the condition.
fn matching(
    name: String,
    on: &KindName,
    of: SetId,
    when: Option<&Condition>,
    query: &mut QueryBuilder,
) -> Rows {
    if when.is_none() {
        return Rows::all(of);
    }
    let case = RankCase { when: when.cloned(), ..RankCase::always(0) };
    Rows::all(query.add_set(name, on, vec![Branch::new(Source::Members(Rows::all(of)), vec![case])]))
}

/// Returns the set of the rows of a kind that depend on the subject. `via` gives the chain of references; if it is
/// empty, every chain counts.
fn dependents_over(
    context: &CompileContext<'_>,
    on: &KindName,
    via: &[ReferenceName],
    sets: &mut BTreeMap<KindName, SetId>,
    query: &mut QueryBuilder,
) -> Option<SetId> {
    if via.is_empty() && context.is_subject(on) {
        return Some(SetId::SUBJECTS);
    }
    if via.is_empty() {
        return all_dependents(context, on, sets, query);
    }
    let mut from = SetId::SUBJECTS;
    for reference in via {
        let reference = context.map.reference(reference)?;
        let name = format!("{}: dependents of the subject", reference.name);
        from = query.add_set(name, &reference.from, vec![below(context, reference, from)]);
    }
    Some(from)
}

/// Returns the declared references of a kind. What guards and effects watch does not depend on foreign keys.
fn declared_from<'a>(
    context: &'a CompileContext<'_>,
    kind: &'a KindName,
) -> impl Iterator<Item = &'a Reference> {
    context.map.references_from(kind).filter(|reference| reference.is_declared())
}

/// Returns the set of all rows of a kind that depend on the subject. Adds the sets that it needs.
fn all_dependents(
    context: &CompileContext<'_>,
    on: &KindName,
    sets: &mut BTreeMap<KindName, SetId>,
    query: &mut QueryBuilder,
) -> Option<SetId> {
    // The kinds on any chain between the subject and this kind. They include the subject's own kind only if a chain
    // leads through other rows of that kind.
    let mut between = BTreeSet::from([on.clone()]);
    let mut edges = BTreeSet::new();
    let mut open = vec![on.clone()];
    while let Some(kind) = open.pop() {
        for reference in declared_from(context, &kind) {
            if context.dependents.contains(&reference.to) {
                edges.insert((reference.to.clone(), kind.clone()));
                if between.insert(reference.to.clone()) {
                    open.push(reference.to.clone());
                }
            }
        }
    }
    let is_child = |kind: &KindName| edges.iter().any(|(_, child)| child == kind);
    between.retain(|kind| !context.is_subject(kind) || is_child(kind));
    for group in in_order(&between, &edges) {
        if group.iter().all(|kind| sets.contains_key(kind)) {
            continue;
        }
        sets.extend((query.next_set().0..).zip(&group).map(|(id, kind)| (kind.clone(), SetId(id))));
        let added = group.iter().filter_map(|kind| {
            let references = declared_from(context, kind);
            let branches = references.flat_map(|reference| {
                let subjects = context.is_subject(&reference.to).then_some(SetId::SUBJECTS);
                let parents = subjects.into_iter().chain(sets.get(&reference.to).copied());
                parents.map(|of| below(context, reference, of)).collect::<Vec<_>>()
            });
            let (id, name) = (*sets.get(kind)?, format!("{kind}: dependents of the subject"));
            Some(NamedSet { id, name, kind: kind.clone(), branches: branches.collect() })
        });
        let added: Vec<NamedSet> = added.collect();
        if is_cycle(&group, &edges) {
            query.add_cycle(added);
        } else {
            for set in added {
                query.add_set(set.name, &set.kind, set.branches);
            }
        }
    }
    sets.get(on).copied()
}
