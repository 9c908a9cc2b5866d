//! Redirects: references of surviving rows that are given another target.

use std::collections::BTreeSet;

use super::branch::chain;
use super::fate::{Fate, spoken};
use super::step::{Action, CompiledStep};
use super::tombstone::{SURVIVORS, StayingOf, Survivor, forces, may_survive, surviving};
use super::{Parts, Questions, Sets, VerdictsOf};
use crate::domain::{Condition, KindName, RecordId, Reference, ReferenceName, Value};
use crate::plan::StepKey;
use crate::policy::{Entry, OnSurvive, Redirect, Rule};
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
    parts: &Parts<'_>,
    order: &[KindName],
    verdicts: &VerdictsOf,
    staying: &StayingOf,
    sets: &mut Sets,
    questions: &mut Questions,
) -> Redirects {
    let mut found = Redirects::default();
    let stays = staying.keys().cloned().collect();
    for reference in parts.map.references() {
        if !order.contains(&reference.to) {
            continue;
        }
        let ranks = ranked(parts, reference, &stays);
        let branches = branches(parts, reference, &ranks, verdicts, staying, &stays);
        if branches.is_empty() {
            continue;
        }
        let name = format!("{}: references that change", reference.name);
        let set = sets.add(name, &reference.from, branches);
        for (rank, (redirect, index)) in (0..).zip(&ranks) {
            let Some(entry) = parts.entries(&reference.name).get(*index) else {
                continue;
            };
            let rows = Rows::ranked(set, rank);
            let question = questions.count(rows);
            let target = target(parts, reference, redirect);
            let rule = entry.then.as_str();
            if target != Target::Null {
                let removed = verdicts.get(&reference.to).and_then(|to| to.rows(Fate::is_removed));
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
                path: parts.path(&reference.name),
                rule: rule.into(),
                when: entry.when.as_ref().map(ToString::to_string),
                basis: None,
                volatile: parts.map.kind(&reference.from).is_some_and(|kind| kind.volatile),
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

fn target(parts: &Parts<'_>, reference: &Reference, redirect: &Redirect) -> Target {
    let of = |value: Value| {
        if value.is_null() { Target::Null } else { Target::Value(value) }
    };
    match redirect {
        Redirect::SetNull => Target::Null,
        Redirect::SetDefault(Some(value)) => of(value.clone()),
        Redirect::SetDefault(None) => {
            let kind = parts.map.kind(&reference.from);
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
    match &entry.on_survive {
        Some(OnSurvive::Redirect(redirect)) => Some(redirect.clone()),
        Some(OnSurvive::Tombstone) | None => Some(Redirect::SetNull),
    }
}

/// Every redirect that rows may get over a reference, with the entry that says so: one rank each.
fn ranked(parts: &Parts<'_>, reference: &Reference, stays: &BTreeSet<KindName>) -> Vec<(Redirect, usize)> {
    let mut found: Vec<(Redirect, usize)> = Vec::new();
    for parent in parts.fates_of(&reference.to) {
        for (index, entry) in spoken(parts.entries(&reference.name), parent) {
            let rule = match &entry.then {
                Rule::Redirect(redirect) => Some(redirect.clone()),
                _ => None,
            };
            let links = SURVIVORS.into_iter().filter(|survivor| {
                parent == Fate::Delete && may_survive(parts, reference, entry, *survivor, stays)
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
    parts: &Parts<'_>,
    reference: &Reference,
    ranks: &[(Redirect, usize)],
    verdicts: &VerdictsOf,
    staying: &StayingOf,
    stays: &BTreeSet<KindName>,
) -> Vec<Branch> {
    let Some(parents) = verdicts.get(&reference.to) else {
        return Vec::new();
    };
    let own = verdicts.get(&reference.from);
    let rank_of = |redirect: &Redirect, index: usize| {
        let found = ranks.iter().position(|(other, at)| other == redirect && *at == index);
        found.and_then(|rank| Rank::try_from(rank).ok())
    };
    let mut branches = Vec::new();
    // Rules that redirect, below every sort of parent they speak of.
    for (parent, alike) in [
        (Fate::Delete, &(|fate: &Fate| fate.is_removed()) as &dyn Fn(&Fate) -> bool),
        (Fate::Retain, &|fate: &Fate| *fate == Fate::Retain),
        (Fate::Anonymize, &|fate: &Fate| *fate == Fate::Anonymize),
    ]
    .map(|(parent, alike)| (parent, parents.rows(|fate| alike(&fate))))
    {
        let Some(of) = alike else { continue };
        let rank = |index, entry: &Entry| match &entry.then {
            Rule::Redirect(redirect) => rank_of(redirect, index),
            _ => None,
        };
        let branch = chain(parts, reference, of, parent, rank);
        let whole = |branch| surviving(parts, reference, branch, Survivor::Whole, own, None);
        branches.extend(branch.and_then(whole));
    }
    // Links, below rows that go for good.
    let gone = match staying.get(&reference.to) {
        Some(staying) => Some(Rows::all(staying.gone)),
        None => parents.rows(|fate| fate == Fate::Delete),
    };
    let Some(gone) = gone else { return branches };
    for survivor in SURVIVORS {
        let rank = |index, entry: &Entry| {
            let possible = may_survive(parts, reference, entry, survivor, stays);
            let redirect = possible.then(|| link(reference, entry, survivor)).flatten()?;
            rank_of(&redirect, index)
        };
        let branch = chain(parts, reference, gone, Fate::Delete, rank);
        let staying = staying.get(&reference.from);
        branches
            .extend(branch.and_then(|branch| surviving(parts, reference, branch, survivor, own, staying)));
    }
    branches
}
