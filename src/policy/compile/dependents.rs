//! Dependents of the subject, which guards and effects watch, whatever the rules do with them.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{CompileContext, QueryBuilder};
use super::outcomes::{OutcomesByKind, RowOutcome, below, refining};
use crate::domain::{Condition, KindName, ReferenceName, all, is_null};
use crate::policy::graph::{in_order, is_cycle};
use crate::policy::{Guard, Severity};
use crate::protocol::{Branch, EventDraft, NamedSet, RankCase, Rows, SetId, Source};

/// Guards and effects with their questions, and all rows they watch, including rows that do not match.
type Dependents = (Vec<(Guard, usize)>, Vec<(EventDraft, usize)>, Vec<(KindName, Rows)>);

/// Adds the sets and questions of guards and effects.
pub(super) fn dependents(
    context: &CompileContext<'_>,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Dependents {
    let mut sets = BTreeMap::new();
    let (mut guards, mut effects, mut watched) = (Vec::new(), Vec::new(), Vec::new());
    for guard in &context.policy.guards {
        if let Some(name) = &guard.left_without {
            let Some((rows, all)) = left_without(context, guard, name, outcomes, query) else { continue };
            if guard.severity != Severity::Note {
                watched.push((guard.on.clone(), all));
            }
            guards.push((guard.clone(), query.sample(rows)));
            continue;
        }
        let Some(set) = dependents_over(context, &guard.on, &guard.via, &mut sets, query) else { continue };
        let rows = matching(format!("guard {}", guard.name), &guard.on, set, guard.when.as_ref(), query);
        if guard.when.is_some() && guard.severity != Severity::Note && set != SetId::SUBJECTS {
            watched.push((guard.on.clone(), Rows::all(set)));
        }
        guards.push((guard.clone(), query.sample(rows)));
    }
    for effect in &context.policy.effects {
        let on = effect.on.as_ref().unwrap_or(context.subject);
        let Some(set) = dependents_over(context, on, &effect.via, &mut sets, query) else { continue };
        let rows = matching(format!("effect {}", effect.topic), on, set, effect.when.as_ref(), query);
        // An event holds field values, so its row must not change before the event is written.
        if set != SetId::SUBJECTS {
            watched.push((on.clone(), Rows::all(set)));
        }
        let (topic, fields) = (effect.topic.clone(), effect.fields.clone());
        let events = EventDraft { topic, kind: on.clone(), rows, fields };
        effects.push((events, query.count(rows)));
    }
    (guards, effects, watched)
}

/// Adds the set of rows to which a live row refers now, but none will refer after the operation. Also returns all rows
/// to which a removed row refers.
fn left_without(
    context: &CompileContext<'_>,
    guard: &Guard,
    name: &ReferenceName,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Option<(Rows, Rows)> {
    let reference = context.map.reference(name)?;
    let removed = outcomes.get(&reference.from)?.rows(RowOutcome::is_removed)?;
    let also_removed = outcomes.get(&guard.on).and_then(|on| on.rows(RowOutcome::is_removed));
    let alive = context.map.kind(&reference.from).and_then(|kind| kind.deleted_at.as_ref()).map(is_null);
    let conditions = [context.referring_condition(reference), guard.when.clone(), alive];
    let conditions: Vec<Condition> = conditions.into_iter().flatten().collect();
    let matching = (!conditions.is_empty()).then(|| all(conditions));
    let cases = refining(matching.as_ref(), vec![RankCase::always(0)]);
    let referred = |of: SetId| {
        let source = Source::ReferencedBy { reference: name.clone(), of: Rows::all(of) };
        Branch::new(source, vec![RankCase::always(0)])
    };
    let title = |what: &str| format!("guard {}: {what}", guard.name);

    let leaving = Branch::new(Source::Members(removed), cases.clone());
    let leaving = query.add_set(title("rows that go"), &reference.from, vec![leaving]);
    let losing = Branch { except: also_removed.into_iter().collect(), ..referred(leaving) };
    let losing = query.add_set(title("rows that they refer to"), &guard.on, vec![losing]);
    let source = Source::Referrers { reference: name.clone(), of: Rows::all(losing) };
    let staying = Branch { except: vec![removed], ..Branch::new(source, cases) };
    let staying = query.add_set(title("rows that stay"), &reference.from, vec![staying]);
    let kept = Branch { within: vec![Rows::all(losing)], ..referred(staying) };
    let kept = query.add_set(title("rows that are not left alone"), &guard.on, vec![kept]);
    let left = Branch::new(Source::Members(Rows::all(losing)), vec![RankCase::always(0)]);
    let left = Branch { except: vec![Rows::all(kept)], ..left };
    let left = query.add_set(format!("guard {}", guard.name), &guard.on, vec![left]);
    Some((Rows::all(left), Rows::all(losing)))
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
        for reference in context.map.references_from(&kind) {
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
            let references = context.map.references_from(kind);
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
