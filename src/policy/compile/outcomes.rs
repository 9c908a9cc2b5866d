//! The outcome that an entry gives to a row, the outcomes of a kind as ranks, and the branch that ranks the rows that
//! refer to a parent.

use std::collections::{BTreeMap, BTreeSet};

use super::context::CompileContext;
pub(crate) use super::row_outcome::RowOutcome;
use super::turns::{Part, Turn, turns};
use crate::domain::{Condition, Kind, KindName, Mode, Reference, ReferenceName, all, before, eq};
use crate::policy::{Entry, Rule};
use crate::protocol::{Branch, Rank, RankCase, Ranks, Rows, SetId, Source};

/// One case of a rule. The first case whose condition holds decides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OutcomeCase {
    /// The position of the entry it comes from.
    pub(crate) entry: usize,
    pub(crate) when: Option<Condition>,
    /// `None` if the rule leaves the row as it is. The row may still block, or get a new target.
    pub(crate) outcome: Option<RowOutcome>,
}

/// Lists the possible outcomes of a row of `kind` whose parent has this outcome, each with its condition.
pub(crate) fn cases(kind: &Kind, entries: &[Entry], parent: RowOutcome, mode: Mode) -> Vec<OutcomeCase> {
    let mut cases = Vec::new();
    for turn in turns(entries, parent) {
        for (extra, outcome) in rule_outcomes(kind, &turn, parent, mode) {
            let when = match (&turn.when, extra) {
                (Some(when), Some(extra)) => Some(all([when.clone(), extra])),
                (Some(when), None) => Some(when.clone()),
                (None, extra) => extra,
            };
            cases.push(OutcomeCase { entry: turn.index, when, outcome });
        }
    }
    // Trailing cases without an outcome have no effect.
    while cases.last().is_some_and(|case| case.outcome.is_none()) {
        cases.pop();
    }
    cases
}

fn rule_outcomes(
    kind: &Kind,
    turn: &Turn<'_>,
    parent: RowOutcome,
    mode: Mode,
) -> Vec<(Option<Condition>, Option<RowOutcome>)> {
    let unless_marked = |outcome| unless_marked(kind, mode, outcome);
    match &turn.entry.then {
        Rule::Cascade if parent.is_deleted() => vec![(None, Some(RowOutcome::Delete))],
        Rule::Cascade if parent.is_soft() => unless_marked(RowOutcome::Soft),
        Rule::Cascade if parent == RowOutcome::Off => unless_marked(RowOutcome::Off),
        Rule::Delete => vec![(None, Some(RowOutcome::Delete))],
        Rule::SoftDelete => unless_marked(RowOutcome::Soft),
        Rule::Anonymize(_) => vec![(None, Some(RowOutcome::Anonymize))],
        Rule::Retain(retention) => match turn.part {
            Part::Whole => {
                let due = before(&retention.from, retention.cutoff());
                vec![(Some(due), Some(RowOutcome::Delete)), (None, Some(RowOutcome::Retain))]
            }
            Part::UntilOver => vec![(None, Some(RowOutcome::Retain))],
            Part::Over => vec![(None, Some(RowOutcome::Delete))],
        },
        Rule::Keep | Rule::Leave => vec![(None, Some(RowOutcome::Keep))],
        Rule::Cascade | Rule::Restrict | Rule::Protect | Rule::Redirect(_) => vec![(None, None)],
    }
}

/// Lists the given outcome, for rows that are not marked as deleted, and the outcome of rows that an earlier operation
/// has marked. Rows whose status would not change are left out.
pub(super) fn unless_marked(
    kind: &Kind,
    mode: Mode,
    outcome: RowOutcome,
) -> Vec<(Option<Condition>, Option<RowOutcome>)> {
    // Outside `hard_delete`, a row that was already marked as deleted is left out.
    let counts_as = (mode == Mode::HardDelete).then_some(RowOutcome::AlreadySoft);
    let marked = kind.deleted_at.as_ref().map(|deleted| (Some(deleted.is_marked()), counts_as));
    let status = kind.status.as_ref().filter(|_| outcome == RowOutcome::Off);
    let unchanged = status.map(|status| {
        let switched = if mode == Mode::Reactivate { &status.on } else { &status.off };
        (Some(eq(status.field.clone(), switched.clone())), None)
    });
    marked.into_iter().chain(unchanged).chain([(None, Some(outcome))]).collect()
}

/// What decided about a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// The row is a subject.
    Subject,
    /// An entry of a reference, by its position.
    Entry(ReferenceName, usize),
    /// All owners of the row are removed, and at least one of them owns it through this reference.
    Owner(ReferenceName),
}

/// What a rank stands for. Meanings are sorted like their ranks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RankMeaning {
    pub(super) outcome: RowOutcome,
    /// The distance from the subject to the rows that are the cause. If several causes give a row the same outcome, the
    /// row counts for the one nearest to the subject.
    pub(super) distance: usize,
    pub(super) cause: Cause,
}

impl RankMeaning {
    /// Returns the reference and the position of the entry that decided.
    pub(super) fn entry(&self) -> Option<(&ReferenceName, usize)> {
        match &self.cause {
            Cause::Entry(reference, index) => Some((reference, *index)),
            Cause::Subject | Cause::Owner(_) => None,
        }
    }
}

/// The set that holds the outcomes of a kind's rows, and what its ranks stand for.
#[derive(Debug, Clone)]
pub(super) struct KindOutcomes {
    pub(super) set: SetId,
    /// Sorted by rank.
    pub(super) meanings: Vec<RankMeaning>,
    /// For owned kinds: the outcomes that the rows' own references decided; `None` if there are none.
    pub(super) reached: Option<Box<KindOutcomes>>,
    pub(super) is_owned: bool,
}

/// The outcomes of every kind that the operation reaches.
pub(super) type OutcomesByKind = BTreeMap<KindName, KindOutcomes>;

/// Returns the outcomes to which the rules of a reference apply.
pub(super) fn parents<'a>(outcomes: &'a OutcomesByKind, reference: &Reference) -> Option<&'a KindOutcomes> {
    let last = outcomes.get(&reference.to)?;
    if reference.owned && last.is_owned { last.reached.as_deref() } else { Some(last) }
}

impl KindOutcomes {
    fn of(set: SetId, meanings: Vec<RankMeaning>) -> Self {
        Self { set, meanings, reached: None, is_owned: false }
    }

    pub(super) fn of_subject(outcome: RowOutcome) -> Self {
        let meanings = vec![RankMeaning { outcome, distance: 0, cause: Cause::Subject }];
        Self::of(SetId::SUBJECTS, meanings)
    }

    /// Lists the outcomes that the entries of a kind can give, sorted by rank. The set is filled in later.
    pub(super) fn of_kind(context: &CompileContext<'_>, kind: &KindName) -> Self {
        let mut found = BTreeSet::new();
        let declared = context.map.kind(kind);
        for reference in context.map.references_from(kind) {
            let distance = context.distance(&context.map.parents(reference));
            let entries = context.entries(&reference.name);
            let parents = context.possible_parents(reference);
            let cases = parents.flat_map(|parent| {
                declared.map_or_else(Vec::new, |kind| cases(kind, entries, parent, context.mode))
            });
            for (outcome, entry) in cases.filter_map(|case| Some((case.outcome?, case.entry))) {
                let cause = Cause::Entry(reference.name.clone(), entry);
                found.insert(RankMeaning { outcome, distance, cause });
            }
        }
        Self::of(SetId::SUBJECTS, found.into_iter().collect())
    }

    pub(super) fn rank(&self, outcome: RowOutcome, reference: &ReferenceName, entry: usize) -> Option<Rank> {
        self.rank_of(outcome, &Cause::Entry(reference.clone(), entry))
    }

    pub(super) fn rank_of(&self, outcome: RowOutcome, cause: &Cause) -> Option<Rank> {
        let mut meanings = self.meanings.iter();
        let position = meanings.position(|meaning| meaning.outcome == outcome && meaning.cause == *cause)?;
        Rank::try_from(position).ok()
    }

    /// Returns the rank of the subjects, if they are in the set.
    pub(super) fn subject_rank(&self) -> Option<Rank> {
        let position = self.meanings.iter().position(|meaning| meaning.cause == Cause::Subject)?;
        Rank::try_from(position).ok()
    }

    /// Returns the range of ranks from the first to the last outcome that passes the test.
    pub(super) fn ranks(&self, test: impl Fn(RowOutcome) -> bool) -> Option<Ranks> {
        let first = self.meanings.iter().position(|meaning| test(meaning.outcome))?;
        let last = self.meanings.iter().rposition(|meaning| test(meaning.outcome))?;
        Some(Ranks { from: Rank::try_from(first).ok()?, to: Rank::try_from(last).ok()? })
    }

    /// Returns the rows whose outcomes pass the test. The test must accept a contiguous range of outcomes.
    pub(super) fn rows(&self, test: impl Fn(RowOutcome) -> bool) -> Option<Rows> {
        self.ranks(test).map(|ranks| Rows { set: self.set, ranks })
    }

    /// Returns the rows below which the rules of a reference apply: removed rows or, if only a foreign key says that the
    /// reference exists, deleted rows.
    pub(super) fn removed_for(&self, reference: &Reference) -> Option<Rows> {
        let is_declared = reference.is_declared();
        self.rows(|outcome| outcome.is_deleted() || is_declared && outcome.is_removed())
    }

    pub(super) fn deleted_rows(&self) -> Option<Rows> {
        self.rows(RowOutcome::is_deleted)
    }

    /// Groups the rows so that the same entries apply to the rows that refer to each group. Each group comes with one
    /// of its outcomes.
    pub(super) fn by_applicable_entries(&self) -> impl Iterator<Item = (RowOutcome, Rows)> {
        let removed = self.rows(RowOutcome::is_removed).map(|rows| (RowOutcome::Delete, rows));
        let others = [RowOutcome::Retain, RowOutcome::Anonymize]
            .map(|parent| Some((parent, self.rows(|outcome| outcome == parent)?)));
        removed.into_iter().chain(others.into_iter().flatten())
    }

    /// Iterates over the ranks with their meanings.
    pub(super) fn ranked(&self) -> impl Iterator<Item = (Rank, &RankMeaning)> {
        (0..).zip(&self.meanings)
    }
}

/// Builds the branch to the rows that refer to `of`, ranked by the entry that decides. `parent` is the outcome of
/// `of`.
///
/// Returns `None` if no entry gets a rank.
pub(super) fn by_entry(
    context: &CompileContext<'_>,
    reference: &Reference,
    of: Rows,
    parent: RowOutcome,
    rank: impl Fn(usize, &Entry) -> Option<Rank>,
) -> Option<Branch> {
    let turns = turns(context.entries(&reference.name), parent).into_iter();
    let cases =
        turns.map(|turn| RankCase { below: Ranks::ALL, rank: rank(turn.index, turn.entry), when: turn.when });
    referrers(context, reference, of, cases.collect())
}

/// Builds the branch to the rows that refer to a kind, ranked by the outcomes that the reference gives them.
///
/// Parents with the same cases share them. If all parents have the same cases, the branch does not depend on the
/// parent's rank.
pub(super) fn by_outcome(
    context: &CompileContext<'_>,
    reference: &Reference,
    parent: &KindOutcomes,
    rank: impl Fn(&OutcomeCase) -> Option<Rank>,
) -> Option<Branch> {
    let kind = context.map.kind(&reference.from)?;
    let entries = context.entries(&reference.name);
    let mut groups: Vec<(Ranks, Vec<OutcomeCase>)> = Vec::new();
    for (at, meaning) in parent.ranked() {
        let found = cases(kind, entries, meaning.outcome, context.mode);
        match groups.last_mut() {
            Some((ranks, last)) if *last == found => ranks.to = at,
            _ => groups.push((Ranks::only(at), found)),
        }
    }
    groups.retain(|(_, cases)| !cases.is_empty());
    let ranks = Ranks { from: groups.first()?.0.from, to: groups.last()?.0.to };
    // A question about all ranks is cheaper than a question about a range.
    let every = ranks.from == 0 && usize::from(ranks.to) + 1 >= parent.meanings.len();
    let of = Rows { set: parent.set, ranks: if every { Ranks::ALL } else { ranks } };
    let single = groups.len() == 1;
    let mut ranked = Vec::new();
    for (ranks, cases) in groups {
        let below = if single { Ranks::ALL } else { ranks };
        ranked.extend(cases.into_iter().map(|case| RankCase { below, rank: rank(&case), when: case.when }));
    }
    referrers(context, reference, of, ranked)
}

/// Builds the branches to the rows that refer to a kind, as [`by_outcome`] does. What a deactivation has not switched
/// OFF is not switched ON, so in mode `reactivate` such rows have a branch of their own.
pub(super) fn by_outcome_and_switch(
    context: &CompileContext<'_>,
    reference: &Reference,
    parent: &KindOutcomes,
    rank: impl Fn(&OutcomeCase) -> Option<Rank>,
) -> Vec<Branch> {
    if context.mode != Mode::Reactivate {
        return by_outcome(context, reference, parent, rank).into_iter().collect();
    }
    let is_switched = |case: &OutcomeCase| case.outcome == Some(RowOutcome::Off);
    let others = by_outcome(context, reference, parent, |case| rank(case).filter(|_| !is_switched(case)));
    let switched = by_outcome(context, reference, parent, |case| rank(case).filter(|_| is_switched(case)));
    let switched = switched.map(|branch| Branch { switched: true, ..branch });
    others.into_iter().chain(switched).collect()
}

/// Narrows cases to the rows that meet a condition, if there is one.
pub(super) fn refining(condition: Option<&Condition>, cases: Vec<RankCase>) -> Vec<RankCase> {
    let Some(condition) = condition else { return cases };
    let narrowed = cases.into_iter().map(|case| {
        let when = match case.when {
            Some(when) => all([condition.clone(), when]),
            None => condition.clone(),
        };
        RankCase { when: Some(when), ..case }
    });
    narrowed.collect()
}

/// Builds the branch to the rows that refer to `of`: those that meet the condition of the reference and the filter of
/// their kind. Trailing cases, which only leave rows out, are removed.
pub(super) fn referrers(
    context: &CompileContext<'_>,
    reference: &Reference,
    of: Rows,
    mut cases: Vec<RankCase>,
) -> Option<Branch> {
    while cases.last().is_some_and(|case| case.rank.is_none()) {
        cases.pop();
    }
    let source = Source::Referrers { reference: reference.name.clone(), of };
    let cases = refining(context.referring_condition(reference).as_ref(), cases);
    (!cases.is_empty()).then(|| Branch::new(source, cases))
}

/// Builds the branch to all rows that refer to rows of a set.
pub(super) fn below(context: &CompileContext<'_>, reference: &Reference, of: SetId) -> Branch {
    let source = Source::Referrers { reference: reference.name.clone(), of: Rows::all(of) };
    let condition = context.referring_condition(reference);
    Branch::new(source, refining(condition.as_ref(), vec![RankCase::always(0)]))
}
