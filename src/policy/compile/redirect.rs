//! Redirects: references of surviving rows that are given another target.

use std::collections::BTreeSet;

use super::branch::chain;
use super::row_outcome::{RowOutcome, applicable_entries};
use super::step::{Action, CompiledStep};
use super::tombstone::{SURVIVORS, Survivor, TombstonesByKind, forces, may_survive, surviving};
use super::{CompileContext, OutcomesByKind, Questions, Sets};
use crate::domain::{Condition, KindName, RecordId, Reference, ReferenceName, Value};
use crate::plan::StepKey;
use crate::policy::{Entry, Link, Redirect, Rule};
use crate::protocol::{Branch, Disposition, Rank, Rows};

/// What a reference is set to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    /// Nothing.
    Null,
    /// This value.
    Value(Value),
    /// The record that the request names for this reference.
    Requested,
}

/// A record that redirected references point at: it must be there, and stay.
#[derive(Debug)]
pub(crate) struct CompiledTarget {
    pub(crate) reference: ReferenceName,
    pub(crate) from: KindName,
    pub(crate) to: KindName,
    pub(crate) target: Target,
    pub(crate) rule: &'static str,
    /// The question for how many rows would point at it.
    pub(crate) question: usize,
    /// The rows that the record must not be among.
    pub(crate) except: Vec<Rows>,
    /// What must hold for the record.
    pub(crate) qualifies: Option<Condition>,
}

#[derive(Default)]
pub(super) struct Redirects {
    pub(super) steps: Vec<CompiledStep>,
    pub(super) targets: Vec<CompiledTarget>,
}

/// The redirects of every reference, children's before parents'.
pub(super) fn redirects(
    context: &CompileContext<'_>,
    order: &[KindName],
    outcomes: &OutcomesByKind,
    tombstones: &TombstonesByKind,
    sets: &mut Sets,
    questions: &mut Questions,
) -> Redirects {
    let mut found = Redirects::default();
    let stays = tombstones.keys().cloned().collect();
    for reference in context.map.references() {
        if !order.contains(&reference.to) {
            continue;
        }
        let ranks = ranked(context, reference, &stays);
        let branches = branches(context, reference, &ranks, outcomes, tombstones, &stays);
        if branches.is_empty() {
            continue;
        }
        let name = format!("{}: references that change", reference.name);
        let set = sets.add(name, &reference.from, branches);
        for (rank, (redirect, index)) in (0..).zip(&ranks) {
            let Some(entry) = context.entries(&reference.name).get(*index) else {
                continue;
            };
            let rows = Rows::ranked(set, rank);
            let question = questions.count(rows);
            let target = target(context, reference, redirect);
            let rule = entry.then.as_str();
            if target != Target::Null {
                let removed = outcomes.get(&reference.to).and_then(|to| to.rows(RowOutcome::is_removed));
                found.targets.push(CompiledTarget {
                    reference: reference.name.clone(),
                    from: reference.from.clone(),
                    to: reference.to.clone(),
                    target: target.clone(),
                    rule: disposition(redirect).as_str(),
                    question,
                    except: removed.into_iter().collect(),
                    qualifies: entry.qualifies.clone(),
                });
            }
            let key = StepKey {
                kind: reference.from.clone(),
                disposition: disposition(redirect),
                path: context.path(&reference.name),
                rule: rule.into(),
                when: entry.when.as_ref().map(ToString::to_string),
                basis: None,
                volatile: context.map.kind(&reference.from).is_some_and(|kind| kind.volatile),
            };
            let action = Action::Redirect(reference.field.clone(), target);
            found.steps.push(CompiledStep::new(key, rows, question, action));
        }
    }
    found
}

fn disposition(redirect: &Redirect) -> Disposition {
    match redirect {
        Redirect::SetNull => Disposition::SetNull,
        Redirect::SetDefault(_) => Disposition::SetDefault,
        Redirect::Reassign(_) => Disposition::Reassign,
    }
}

fn target(context: &CompileContext<'_>, reference: &Reference, redirect: &Redirect) -> Target {
    let of = |value: Value| {
        if value.is_null() { Target::Null } else { Target::Value(value) }
    };
    match redirect {
        Redirect::SetNull => Target::Null,
        Redirect::SetDefault(Some(value)) => of(value.clone()),
        Redirect::SetDefault(None) => {
            let kind = context.map.kind(&reference.from);
            let field = kind.and_then(|kind| kind.fields.get(&reference.field));
            of(field.and_then(|field| field.default.clone()).unwrap_or_default())
        }
        Redirect::Reassign(Some(id)) => of(Value::from(RecordId::clone(id))),
        Redirect::Reassign(None) => Target::Requested,
    }
}

/// The redirect that an entry asks for, where its row survives in this way a parent that goes for good.
fn link(reference: &Reference, entry: &Entry, survivor: Survivor) -> Option<Redirect> {
    // A rule that redirects is no link and comes before it: whole survivors are redirected by the rule.
    let by_rule = survivor == Survivor::Whole && matches!(entry.then, Rule::Redirect(_));
    if by_rule || forces(reference, entry, survivor) {
        return None;
    }
    match &entry.link {
        Some(Link::Redirect(redirect)) => Some(redirect.clone()),
        Some(Link::Tombstone) | None => Some(Redirect::SetNull),
    }
}

/// Every redirect that rows may get over a reference, with the entry that says so: one rank each.
fn ranked(
    context: &CompileContext<'_>,
    reference: &Reference,
    stays: &BTreeSet<KindName>,
) -> Vec<(Redirect, usize)> {
    let mut found: Vec<(Redirect, usize)> = Vec::new();
    for parent in context.possible_outcomes(&reference.to) {
        for (index, entry) in applicable_entries(context.entries(&reference.name), parent) {
            let rule = match &entry.then {
                Rule::Redirect(redirect) => Some(redirect.clone()),
                _ => None,
            };
            let links = SURVIVORS.into_iter().filter(|survivor| {
                parent == RowOutcome::Delete && may_survive(context, reference, entry, *survivor, stays)
            });
            let links = links.filter_map(|survivor| link(reference, entry, survivor));
            for redirect in rule.into_iter().chain(links) {
                if !found.contains(&(redirect.clone(), index)) {
                    found.push((redirect, index));
                }
            }
        }
    }
    found.sort_by_key(|(redirect, index)| (disposition(redirect), *index));
    found
}

fn branches(
    context: &CompileContext<'_>,
    reference: &Reference,
    ranks: &[(Redirect, usize)],
    outcomes: &OutcomesByKind,
    tombstones: &TombstonesByKind,
    stays: &BTreeSet<KindName>,
) -> Vec<Branch> {
    let Some(parents) = outcomes.get(&reference.to) else {
        return Vec::new();
    };
    let own = outcomes.get(&reference.from);
    let rank_of = |redirect: &Redirect, index: usize| {
        let found = ranks.iter().position(|(other, at)| other == redirect && *at == index);
        found.and_then(|rank| Rank::try_from(rank).ok())
    };
    let mut branches = Vec::new();
    // Rules that redirect, below every sort of parent they speak of.
    for (parent, alike) in [
        (RowOutcome::Delete, &(|outcome: &RowOutcome| outcome.is_removed()) as &dyn Fn(&RowOutcome) -> bool),
        (RowOutcome::Retain, &|outcome: &RowOutcome| *outcome == RowOutcome::Retain),
        (RowOutcome::Anonymize, &|outcome: &RowOutcome| *outcome == RowOutcome::Anonymize),
    ]
    .map(|(parent, alike)| (parent, parents.rows(|outcome| alike(&outcome))))
    {
        let Some(of) = alike else { continue };
        let rank = |index, entry: &Entry| match &entry.then {
            Rule::Redirect(redirect) => rank_of(redirect, index),
            _ => None,
        };
        let branch = chain(context, reference, of, parent, rank);
        let whole = |branch| surviving(context, reference, branch, Survivor::Whole, own, None);
        branches.extend(branch.and_then(whole));
    }
    // Links, below rows that go for good.
    let gone = match tombstones.get(&reference.to) {
        Some(tombstones) => Some(Rows::all(tombstones.gone)),
        None => parents.rows(|outcome| outcome == RowOutcome::Delete),
    };
    let Some(gone) = gone else { return branches };
    for survivor in SURVIVORS {
        let rank = |index, entry: &Entry| {
            let possible = may_survive(context, reference, entry, survivor, stays);
            let redirect = possible.then(|| link(reference, entry, survivor)).flatten()?;
            rank_of(&redirect, index)
        };
        let branch = chain(context, reference, gone, RowOutcome::Delete, rank);
        let tombstones = tombstones.get(&reference.from);
        branches.extend(
            branch.and_then(|branch| surviving(context, reference, branch, survivor, own, tombstones)),
        );
    }
    branches
}
