//! Redirects: references that get a new target, in rows that survive or in mode `reassign`.

use std::collections::BTreeSet;

use super::compiled::{Adoption, CompiledStep, CompiledTarget, WriteTemplate};
use super::context::{CompileContext, QueryBuilder};
use super::outcomes::{KindOutcomes, OutcomesByKind, RowOutcome, by_entry, parents, refining};
use super::tombstones::{
    SURVIVORS, Survivor, TombstonesByKind, loses_value, may_survive, must_keep_reference, surviving,
};
use super::turns::{applicable_entries, applies};
use crate::domain::{DataMap, FieldName, Kind, KindName, Reference, ReferenceName, Value};
use crate::plan::StepKey;
use crate::policy::{Entry, OnClash, OnSurvive, Parent, Redirect, Rule};
use crate::protocol::{Branch, Disposition, Rank, RankCase, Ranks, Rows, Source};

#[derive(Debug, Default)]
pub(super) struct Redirects {
    pub(super) steps: Vec<CompiledStep>,
    pub(super) targets: Vec<CompiledTarget>,
    /// What the steps write, for the question which rows become equal.
    pub(super) moves: Vec<Move>,
    /// In mode `reassign`: branches to the rows of the subject's kind that move.
    pub(super) moved: Vec<Branch>,
}

/// A step that gives a reference a new target.
#[derive(Debug)]
pub(super) struct Move {
    /// The position of the step.
    pub(super) step: usize,
    pub(super) reference: ReferenceName,
    /// The new target; `None` if the request names it.
    pub(super) target: Option<Value>,
    /// The unique key under which duplicates are deleted, if the policy deletes them.
    pub(super) unique: Option<Vec<FieldName>>,
}

impl Redirects {
    /// Records what the steps replace. Rows without an id cannot be found again, and personal values must not be kept.
    pub(super) fn record(&mut self, map: &DataMap) {
        for step in &mut self.steps {
            let reference = step.key.path.last().and_then(|name| map.reference(name));
            let is_kept = reference.is_some_and(|reference| !map.holds_personal_value(reference));
            if is_kept && map.kind(&step.key.kind).is_some_and(|kind| !kind.id.is_none()) {
                step.write = std::mem::replace(&mut step.write, WriteTemplate::Keep).recording();
            }
        }
    }

    /// Adds the step that redirects `rows`, which refer to the rows `of`. Also adds the check of its target, unless the
    /// reference is set to null.
    pub(super) fn add(
        &mut self,
        map: &DataMap,
        (kind, reference): (&Kind, &Reference),
        key: StepKey,
        (rows, of): (Rows, Vec<Rows>),
        target: CompiledTarget,
        on_clash: Option<&OnClash>,
    ) {
        let write = WriteTemplate::redirect(map, kind, reference, of, target.target.clone());
        self.moves.push(Move {
            step: self.steps.len(),
            reference: reference.name.clone(),
            target: target.target.clone(),
            unique: on_clash.map(|on_clash| on_clash.unique().to_vec()),
        });
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
    for reference in context.map.references().filter(|reference| reference.is_declared()) {
        let (Some(kind), Some(last)) = (context.map.kind(&reference.from), outcomes.get(&reference.to))
        else {
            continue;
        };
        let parents = parents(outcomes, reference);
        let tombstone_kinds = &tombstone_kinds;
        let redirecting = Redirecting { context, reference, parents, last, tombstone_kinds };
        for ranks in redirecting.ranks_by_set() {
            let branches = redirecting.branches(&ranks, outcomes.get(&reference.from), tombstones);
            let name = format!("{}: references that change", reference.name);
            let Some(all) = query.add_nonempty(name, &reference.from, branches) else {
                continue;
            };
            for (rank, Redirected { redirect, entry: index, by_rule }) in (0..).zip(&ranks) {
                let Some(entry) = context.entries(&reference.name).get(*index) else {
                    continue;
                };
                let rows = Rows::ranked(all.set, rank);
                let disposition = disposition(redirect);
                // `on_survive` applies below deleted rows, a redirecting rule below every row that it is declared for.
                let is_rule = matches!(entry.then, Rule::Redirect(_));
                let is_parent =
                    |parent: RowOutcome| if is_rule { applies(entry, parent) } else { parent.is_deleted() };
                let path = context.path(&reference.name, is_parent);
                let key = key(kind, entry, disposition, path);
                let removed: Vec<Rows> = last.rows(RowOutcome::is_removed).into_iter().collect();
                let target = CompiledTarget {
                    adoption: Adoption::over(reference, rows, &removed),
                    reference: reference.name.clone(),
                    from: reference.from.clone(),
                    to: reference.to.clone(),
                    target: target(kind, reference, redirect),
                    rule: disposition.as_str(),
                    question: query.count(rows),
                    except: removed,
                    qualifies: entry.qualifies.clone(),
                };
                let of = if *by_rule {
                    redirecting.parents_of(entry)
                } else {
                    redirecting.deleted_parents(tombstones)
                };
                // `on_survive` redirects rows that other references keep, so they are no duplicates to delete.
                let on_clash = entry.on_clash.as_ref().filter(|_| by_rule_of(entry) == Some(redirect));
                let rows = (rows, of.into_iter().collect());
                found.add(context.map, (kind, reference), key, rows, target, on_clash);
            }
        }
    }
    found
}

fn key(kind: &Kind, entry: &Entry, disposition: Disposition, path: Vec<ReferenceName>) -> StepKey {
    StepKey {
        kind: kind.name.clone(),
        disposition,
        path,
        rule: entry.then.as_str().into(),
        when: entry.when.as_ref().map(ToString::to_string),
        basis: None,
        volatile: kind.volatile,
        undeclared: false,
    }
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

/// A redirect that rows may get, and the position of its entry.
#[derive(Debug, Clone, PartialEq)]
struct Redirected {
    redirect: Redirect,
    entry: usize,
    /// Whether the rule redirects the reference, rather than `on_survive`. The difference matters only for lists: a
    /// rule changes the elements that refer to removed rows, `on_survive` only those that refer to deleted rows.
    by_rule: bool,
}

impl Redirecting<'_> {
    fn redirected(&self, redirect: &Redirect, entry: usize, by_rule: bool) -> Redirected {
        Redirected { redirect: redirect.clone(), entry, by_rule: by_rule && self.reference.each }
    }

    /// Lists every redirect that rows may get. Each has a rank in its set.
    ///
    /// A reference with one value gets one redirect, so one set holds them all. A list may get up to three: for its
    /// elements that refer to removed, to anonymized and to retained rows.
    fn ranks_by_set(&self) -> Vec<Vec<Redirected>> {
        let mut found: Vec<Redirected> = Vec::new();
        for parent in self.context.possible_outcomes(&self.reference.to) {
            for (index, entry) in applicable_entries(self.context.entries(&self.reference.name), parent) {
                let links = SURVIVORS.into_iter().filter(|_| parent.is_deleted());
                let links = links.filter_map(|survivor| self.link_of(entry, survivor));
                let links = links.map(|redirect| self.redirected(&redirect, index, false));
                let by_rule = by_rule_of(entry).filter(|_| self.parents.is_some());
                let by_rule = by_rule.map(|redirect| self.redirected(redirect, index, true));
                for one in by_rule.into_iter().chain(links) {
                    if !found.contains(&one) {
                        found.push(one);
                    }
                }
            }
        }
        found.sort_by_key(|one| (disposition(&one.redirect), one.entry, !one.by_rule));
        if !self.reference.each {
            return vec![found];
        }
        let entries = self.context.entries(&self.reference.name);
        let parents = [None, Some(Parent::Anonymize), Some(Parent::Retain)];
        let sets = parents.into_iter().map(|parent| {
            let is_below =
                |one: &&Redirected| entries.get(one.entry).is_some_and(|entry| entry.parent == parent);
            found.iter().filter(is_below).cloned().collect()
        });
        sets.collect()
    }

    fn link_of(&self, entry: &Entry, survivor: Survivor) -> Option<Redirect> {
        let may_survive = may_survive(self.context, self.reference, entry, survivor, self.tombstone_kinds);
        may_survive.then(|| link(self.context, self.reference, entry, survivor)).flatten()
    }

    /// Returns the rows whose referring rows an entry applies to.
    fn parents_of(&self, entry: &Entry) -> Option<Rows> {
        let mut parents = self.parents?.by_applicable_entries();
        parents.find(|(parent, _)| applies(entry, *parent)).map(|(_, rows)| rows)
    }

    /// Returns the deleted rows, without tombstones.
    fn deleted_parents(&self, tombstones: &TombstonesByKind) -> Option<Rows> {
        match tombstones.get(&self.reference.to) {
            Some(sets) => Some(Rows::all(sets.deleted)),
            None => self.last.deleted_rows(),
        }
    }

    fn branches(
        &self,
        ranks: &[Redirected],
        own: Option<&KindOutcomes>,
        tombstones: &TombstonesByKind,
    ) -> Vec<Branch> {
        let rank_of = |redirect: &Redirect, index: usize, by_rule: bool| {
            let one = self.redirected(redirect, index, by_rule);
            let found = ranks.iter().position(|other| *other == one);
            found.and_then(|rank| Rank::try_from(rank).ok())
        };
        let (context, reference) = (self.context, self.reference);
        let stones = tombstones.get(&reference.from).map(|sets| sets.tombstones);
        let narrowed =
            |branch: Branch, survivor| surviving(context, reference, branch, survivor, own, stones);
        let mut branches = Vec::new();
        // Redirecting rules apply to rows below every parent that the rules are declared for.
        for (parent, of) in self.parents.into_iter().flat_map(KindOutcomes::by_applicable_entries) {
            let rank = |index, entry: &Entry| rank_of(by_rule_of(entry)?, index, true);
            let branch = by_entry(context, reference, of, parent, rank);
            branches.extend(branch.and_then(|branch| narrowed(branch, Survivor::Whole)));
        }
        // `on_survive` applies to rows below deleted rows.
        let deleted = self.deleted_parents(tombstones);
        for (survivor, of) in SURVIVORS.into_iter().filter_map(|survivor| Some((survivor, deleted?))) {
            let rank = |index, entry: &Entry| rank_of(&self.link_of(entry, survivor)?, index, false);
            let branch = by_entry(context, reference, of, RowOutcome::Delete, rank);
            branches.extend(branch.and_then(|branch| narrowed(branch, survivor)));
        }
        branches
    }
}

fn by_rule_of(entry: &Entry) -> Option<&Redirect> {
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
        let mut branch = Branch::new(source(context, reference), cases);
        if context.is_subject(&reference.from) && branch.source != Source::Members(Rows::SUBJECTS) {
            found.moved.push(moved(context, branch.clone()));
            // A row that the filter of the subject's kind excludes blocks, and is never written.
            branch.cases = refining(kind.filter.as_ref(), branch.cases);
        }
        let set = query.add_set(name, &reference.from, vec![branch]);
        for (rank, entry) in (0..).zip(entries).filter(|(_, entry)| entry.then.reassigns()) {
            let rows = Rows::ranked(set, rank);
            let former: Vec<Rows> = context.subjects_among(&reference.to).into_iter().collect();
            // The new target must be neither the subject nor, in a list, one of the rows that move.
            let moved = (reference.from == reference.to && reference.each).then_some(rows);
            let except = former.iter().copied().chain(moved).collect();
            let key = key(kind, entry, Disposition::Reassign, vec![reference.name.clone()]);
            let target = CompiledTarget {
                reference: reference.name.clone(),
                from: reference.from.clone(),
                to: reference.to.clone(),
                target: None,
                rule: Disposition::Reassign.as_str(),
                question: query.count(rows),
                except,
                qualifies: entry.qualifies.clone(),
                adoption: Adoption::over(reference, rows, &former),
            };
            let of = context.subjects_among(&reference.to).into_iter().collect();
            found.add(context.map, (kind, reference), key, (rows, of), target, entry.on_clash.as_ref());
        }
    }
    found
}

/// Returns a branch to the same rows without the subjects, whatever the entry that moves them.
fn moved(context: &CompileContext<'_>, mut branch: Branch) -> Branch {
    for case in &mut branch.cases {
        case.rank = case.rank.map(|_| 0);
    }
    branch.except.extend(context.subjects_among(context.subject));
    branch
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
