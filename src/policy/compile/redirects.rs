//! Redirects: references that get a new target, in rows that survive or in mode `reassign`.

use std::collections::BTreeSet;

use super::compiled::{CompiledStep, CompiledTarget, WriteTemplate};
use super::context::{CompileContext, QueryBuilder};
use super::outcomes::{
    KindOutcomes, OutcomesByKind, RowOutcome, applicable_entries, by_entry, parents, refining,
};
use super::tombstones::{
    SURVIVORS, Survivor, TombstonesByKind, loses_value, may_survive, must_keep_reference, surviving,
};
use crate::domain::{DataMap, Kind, KindName, Reference, Value};
use crate::plan::StepKey;
use crate::policy::{Entry, OnSurvive, Redirect, Rule};
use crate::protocol::{Branch, Disposition, Rank, RankCase, Ranks, Rows, Source};

#[derive(Debug, Default)]
pub(super) struct Redirects {
    pub(super) steps: Vec<CompiledStep>,
    pub(super) targets: Vec<CompiledTarget>,
}

impl Redirects {
    /// Adds the step that redirects some rows. Adds the check of its target too, unless the reference is set to null.
    pub(super) fn add(
        &mut self,
        map: &DataMap,
        (kind, reference): (&Kind, &Reference),
        key: StepKey,
        rows: Rows,
        target: CompiledTarget,
    ) {
        let write = WriteTemplate::redirect(map, kind, reference, target.target.clone());
        self.steps.push(CompiledStep::new(key, rows, target.question, write));
        if target.target != Some(Value::Null) {
            self.targets.push(target);
        }
    }
}

/// Adds the redirects of every reference.
pub(super) fn redirects(
    context: &CompileContext<'_>,
    outcomes: &OutcomesByKind,
    tombstones: &TombstonesByKind,
    query: &mut QueryBuilder,
) -> Redirects {
    let mut found = Redirects::default();
    let tombstone_kinds = tombstones.keys().cloned().collect();
    for reference in context.map.references() {
        let (Some(kind), Some(last)) = (context.map.kind(&reference.from), outcomes.get(&reference.to))
        else {
            continue;
        };
        let parents = parents(outcomes, reference);
        let tombstone_kinds = &tombstone_kinds;
        let redirecting = Redirecting { context, reference, parents, last, tombstone_kinds };
        let ranks = redirecting.ranks();
        let branches = redirecting.branches(&ranks, outcomes.get(&reference.from), tombstones);
        let name = format!("{}: references that change", reference.name);
        let Some(all) = query.add_nonempty(name, &reference.from, branches) else {
            continue;
        };
        for (rank, (redirect, index)) in (0..).zip(&ranks) {
            let Some(entry) = context.entries(&reference.name).get(*index) else {
                continue;
            };
            let rows = Rows::ranked(all.set, rank);
            let disposition = disposition(redirect);
            let key = StepKey {
                kind: reference.from.clone(),
                disposition,
                path: context.path(&reference.name),
                rule: entry.then.as_str().into(),
                when: entry.when.as_ref().map(ToString::to_string),
                basis: None,
                volatile: kind.volatile,
            };
            let target = CompiledTarget {
                reference: reference.name.clone(),
                from: reference.from.clone(),
                to: reference.to.clone(),
                target: target(kind, reference, redirect),
                rule: disposition.as_str(),
                question: query.count(rows),
                except: last.rows(RowOutcome::is_removed).into_iter().collect(),
                qualifies: entry.qualifies.clone(),
            };
            found.add(context.map, (kind, reference), key, rows, target);
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

fn target(kind: &Kind, reference: &Reference, redirect: &Redirect) -> Option<Value> {
    match redirect {
        Redirect::SetNull => Some(Value::Null),
        Redirect::SetDefault(Some(value)) => Some(value.clone()),
        Redirect::SetDefault(None) => {
            let field = reference.only_field().and_then(|field| kind.fields.get(field));
            Some(field.and_then(|field| field.default.clone()).unwrap_or_default())
        }
        Redirect::Reassign(id) => {
            id.as_ref().map(|id| id.read_as_tuple(reference.fields.len()).as_ref().unwrap_or(id).into())
        }
    }
}

/// Returns the redirect that an entry gives to a row that survives its parent in this way.
fn link(
    context: &CompileContext<'_>,
    reference: &Reference,
    entry: &Entry,
    survivor: Survivor,
) -> Option<Redirect> {
    // A redirecting rule takes precedence over `on_survive`, because the rule itself keeps the row.
    let by_rule = survivor == Survivor::Whole && matches!(entry.then, Rule::Redirect(_));
    let stays = by_rule || must_keep_reference(context, reference, entry, survivor);
    if stays || loses_value(context, reference, entry, survivor) {
        return None;
    }
    match &entry.on_survive {
        Some(OnSurvive::Redirect(redirect)) => Some(redirect.clone()),
        Some(OnSurvive::Tombstone) | None => Some(Redirect::SetNull),
    }
}

/// A reference whose rows may be redirected.
struct Redirecting<'a> {
    context: &'a CompileContext<'a>,
    reference: &'a Reference,
    /// The outcomes to which the rules of the reference apply.
    parents: Option<&'a KindOutcomes>,
    /// The final outcomes.
    last: &'a KindOutcomes,
    tombstone_kinds: &'a BTreeSet<KindName>,
}

impl Redirecting<'_> {
    /// Lists every redirect that rows may get, with the position of its entry. Each has a rank.
    fn ranks(&self) -> Vec<(Redirect, usize)> {
        let mut found: Vec<(Redirect, usize)> = Vec::new();
        for parent in self.context.possible_outcomes(&self.reference.to) {
            for (index, entry) in applicable_entries(self.context.entries(&self.reference.name), parent) {
                let links = SURVIVORS.into_iter().filter(|_| parent.is_deleted());
                let links = links.filter_map(|survivor| self.link_of(entry, survivor));
                let rule = by_rule(entry).filter(|_| self.parents.is_some());
                for redirect in rule.cloned().into_iter().chain(links) {
                    if !found.contains(&(redirect.clone(), index)) {
                        found.push((redirect, index));
                    }
                }
            }
        }
        found.sort_by_key(|(redirect, index)| (disposition(redirect), *index));
        found
    }

    fn link_of(&self, entry: &Entry, survivor: Survivor) -> Option<Redirect> {
        let may_survive = may_survive(self.context, self.reference, entry, survivor, self.tombstone_kinds);
        may_survive.then(|| link(self.context, self.reference, entry, survivor)).flatten()
    }

    fn branches(
        &self,
        ranks: &[(Redirect, usize)],
        own: Option<&KindOutcomes>,
        tombstones: &TombstonesByKind,
    ) -> Vec<Branch> {
        let rank_of = |redirect: &Redirect, index: usize| {
            let found = ranks.iter().position(|(other, at)| other == redirect && *at == index);
            found.and_then(|rank| Rank::try_from(rank).ok())
        };
        let (context, reference) = (self.context, self.reference);
        let stones = tombstones.get(&reference.from).map(|sets| sets.tombstones);
        let narrowed =
            |branch: Branch, survivor| surviving(context, reference, branch, survivor, own, stones);
        let mut branches = Vec::new();
        // Redirecting rules apply to rows below every parent that the rules are declared for.
        for (parent, of) in self.parents.into_iter().flat_map(KindOutcomes::by_applicable_entries) {
            let rank = |index, entry: &Entry| rank_of(by_rule(entry)?, index);
            let branch = by_entry(context, reference, of, parent, rank);
            branches.extend(branch.and_then(|branch| narrowed(branch, Survivor::Whole)));
        }
        // `on_survive` applies to rows below deleted rows.
        let deleted = match tombstones.get(&reference.to) {
            Some(sets) => Some(Rows::all(sets.deleted)),
            None => self.last.deleted_rows(),
        };
        for (survivor, of) in SURVIVORS.into_iter().filter_map(|survivor| Some((survivor, deleted?))) {
            let rank = |index, entry: &Entry| rank_of(&self.link_of(entry, survivor)?, index);
            let branch = by_entry(context, reference, of, RowOutcome::Delete, rank);
            branches.extend(branch.and_then(|branch| narrowed(branch, survivor)));
        }
        branches
    }
}

fn by_rule(entry: &Entry) -> Option<&Redirect> {
    match &entry.then {
        Rule::Redirect(redirect) => Some(redirect),
        _ => None,
    }
}

/// Adds a step for each entry that reassigns its reference.
pub(super) fn reassignments(context: &CompileContext<'_>, query: &mut QueryBuilder) -> Redirects {
    let mut found = Redirects::default();
    for reference in context.map.references() {
        let entries = context.entries(&reference.name);
        let Some(kind) = context.map.kind(&reference.from) else { continue };
        if !entries.iter().any(|entry| entry.then.reassigns()) {
            continue;
        }
        let name = format!("{}: references that change", reference.name);
        let cases = refining(context.referring_condition(reference).as_ref(), cases(entries));
        let branch = Branch::new(source(context, reference), cases);
        let set = query.add_set(name, &reference.from, vec![branch]);
        for (rank, entry) in (0..).zip(entries).filter(|(_, entry)| entry.then.reassigns()) {
            let rows = Rows::ranked(set, rank);
            // The new target must be neither the subject nor one of the rows that move.
            let moved = (reference.from == reference.to).then_some(rows);
            let except = context.subjects_among(&reference.to).into_iter().chain(moved).collect();
            let key = StepKey {
                kind: reference.from.clone(),
                disposition: Disposition::Reassign,
                path: vec![reference.name.clone()],
                rule: entry.then.as_str().into(),
                when: entry.when.as_ref().map(ToString::to_string),
                basis: None,
                volatile: kind.volatile,
            };
            let target = CompiledTarget {
                reference: reference.name.clone(),
                from: reference.from.clone(),
                to: reference.to.clone(),
                target: None,
                rule: Disposition::Reassign.as_str(),
                question: query.count(rows),
                except,
                qualifies: entry.qualifies.clone(),
            };
            found.add(context.map, (kind, reference), key, rows, target);
        }
    }
    found
}

/// Returns the rows that refer to the subject, or the subject itself if it holds the reference.
fn source(context: &CompileContext<'_>, reference: &Reference) -> Source {
    match context.subjects_among(&reference.to) {
        Some(of) => Source::Referrers { reference: reference.name.clone(), of },
        None => Source::Members(Rows::SUBJECTS),
    }
}

/// Ranks a row by the position of the first entry whose condition holds.
fn cases(entries: &[Entry]) -> Vec<RankCase> {
    let ranked = entries.iter().enumerate().map(|(at, entry)| RankCase {
        below: Ranks::ALL,
        when: entry.when.clone(),
        rank: entry.then.reassigns().then(|| Rank::try_from(at).ok()).flatten(),
    });
    ranked.collect()
}
