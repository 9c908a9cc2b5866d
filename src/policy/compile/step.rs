//! Steps: one for each rank of each kind, in the order in which they can be carried out.

use std::collections::BTreeMap;

use super::branch::chain;
use super::rank::{KindOutcomes, RankMeaning};
use super::redirect::Target;
use super::tombstone::{TombstoneSets, TombstonesByKind};
use super::{CompileContext, Group, OutcomesByKind, Questions, RowOutcome, Sets};
use crate::domain::{FieldName, KindName, Mask, Mode, Period, ReferenceName, is_null};
use crate::plan::StepKey;
use crate::policy::graph::in_order;
use crate::policy::{Entry, Retention, Rule};
use crate::protocol::{Branch, Disposition, Question, Rank, RankCase, Rows, Source};

/// A step without its count.
#[derive(Debug, Clone)]
pub(crate) struct CompiledStep {
    pub(crate) key: StepKey,
    pub(crate) rows: Rows,
    pub(crate) question: usize,
    pub(crate) action: Action,
    pub(crate) grounds: Vec<CompiledGround>,
    /// For tombstones: the references that force rows to stay, and the questions for how many.
    pub(crate) forced_by: Vec<(ReferenceName, usize)>,
    /// Whether the plan shows it; otherwise it only completes another step.
    pub(crate) shown: bool,
}

/// What is done to the rows of a step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Delete,
    /// `deleted_at` is set, and the rows are noted under the operation.
    Mark,
    /// The status is set ON (`true`) or OFF.
    Switch(bool),
    /// Values are masked; tombstones and subjects are also set OFF and marked as deleted.
    Mask {
        masks: BTreeMap<FieldName, Mask>,
        closes: bool,
    },
    Redirect(FieldName, Target),
    /// What the request brings is written.
    Edit,
    Keep,
}

/// A retention period, and the questions about the rows it keeps.
#[derive(Debug, Clone)]
pub(crate) struct CompiledGround {
    pub(crate) reference: ReferenceName,
    pub(crate) period: Period,
    pub(crate) basis: String,
    /// How many rows, and from when to when their dates lie.
    pub(crate) question: usize,
    /// How many of them have no date.
    pub(crate) undated: usize,
}

impl CompiledStep {
    pub(super) fn new(key: StepKey, rows: Rows, question: usize, action: Action) -> Self {
        let (grounds, forced_by) = (Vec::new(), Vec::new());
        Self { key, rows, question, action, grounds, forced_by, shown: true }
    }
}

/// The steps of every kind: children first, and of one kind the rows that go first.
pub(super) fn steps(
    context: &CompileContext<'_>,
    groups: &[Group],
    outcomes: &OutcomesByKind,
    tombstones: &TombstonesByKind,
    redirects: &[CompiledStep],
    sets: &mut Sets,
    questions: &mut Questions,
) -> Vec<CompiledStep> {
    let mut steps = Vec::new();
    for group in groups.iter().rev() {
        let mut found = Vec::new();
        for kind in &group.kinds {
            let first = found.len();
            if let Some(own) = outcomes.get(kind) {
                for (rank, meaning) in own.ranked() {
                    let tombstones = tombstones.get(kind);
                    of_rank(context, kind, own, rank, meaning, tombstones, questions, &mut found);
                }
                let mut of_kind = found.split_off(first);
                grounds(context, kind, own, outcomes, sets, questions, &mut of_kind);
                masks(context, kind, own, outcomes, sets, questions, &mut of_kind);
                found.extend(of_kind);
            }
            found.extend(redirects.iter().filter(|step| step.key.kind == *kind).cloned());
        }
        if group.is_cycle {
            unlink(context, group, outcomes, tombstones, questions, &mut found);
            in_a_cycle(context, group, &mut found);
        } else {
            // What is deleted first cannot be changed by an update before it, and `delete` is the first of
            // the dispositions.
            found.sort_by_key(|step| (step.key.path.is_empty(), step.key.disposition));
        }
        steps.extend(found);
    }
    steps
}

/// Rows of a cycle that go let go of each other first, so that foreign keys hold at every statement.
fn unlink(
    context: &CompileContext<'_>,
    group: &Group,
    outcomes: &OutcomesByKind,
    tombstones: &TombstonesByKind,
    questions: &mut Questions,
    steps: &mut Vec<CompiledStep>,
) {
    for reference in context.map.references() {
        let inside = group.kinds.contains(&reference.from) && group.kinds.contains(&reference.to);
        if !inside
            || !reference.nullable
            || !context.can_be(&reference.to, |outcome| outcome == RowOutcome::Delete)
        {
            continue;
        }
        let Some(deleted) =
            outcomes.get(&reference.from).and_then(|own| own.rows(|outcome| outcome == RowOutcome::Delete))
        else {
            continue;
        };
        let rows = tombstones
            .get(&reference.from)
            .map_or(deleted, |tombstones| Rows { set: tombstones.gone, ..deleted });
        let key = StepKey {
            kind: reference.from.clone(),
            disposition: Disposition::SetNull,
            path: context.path(&reference.name),
            rule: "unlink".into(),
            when: None,
            basis: None,
            volatile: true,
        };
        let action = Action::Redirect(reference.field.clone(), Target::Null);
        let step = CompiledStep::new(key, rows, questions.count(rows), action);
        steps.push(CompiledStep { shown: false, ..step });
    }
}

/// First every row is updated: survivors, and what goes lets go of each other (the sets of a cycle are fixed
/// before the first write, so in which order does not matter). Then it goes along the mandatory references,
/// children first.
fn in_a_cycle(context: &CompileContext<'_>, group: &Group, steps: &mut [CompiledStep]) {
    let mandatory = context.map.references().filter(|reference| !reference.nullable);
    let edges = mandatory.map(|reference| (reference.to.clone(), reference.from.clone())).collect();
    let order: Vec<KindName> =
        in_order(&group.kinds.iter().cloned().collect(), &edges).into_iter().flatten().collect();
    steps.sort_by_key(|step| {
        let goes = step.key.disposition == Disposition::Delete;
        let at = order.iter().position(|kind| *kind == step.key.kind);
        (goes, std::cmp::Reverse(at), step.key.disposition)
    });
}

#[allow(clippy::too_many_arguments, reason = "each is a part of the compiler, named once")]
fn of_rank(
    context: &CompileContext<'_>,
    kind: &KindName,
    own: &KindOutcomes,
    rank: Rank,
    meaning: &RankMeaning,
    tombstones: Option<&TombstoneSets>,
    questions: &mut Questions,
    steps: &mut Vec<CompiledStep>,
) {
    let Some(declared) = context.map.kind(kind) else {
        return;
    };
    let rows = Rows::ranked(own.set, rank);
    let masks = |masks: BTreeMap<_, _>| {
        if masks.is_empty() { declared.personal.clone() } else { masks }
    };
    let (disposition, action, rows) = match meaning.outcome {
        RowOutcome::AlreadySoft => return,
        RowOutcome::Retain => (Disposition::Retain, Action::Keep, rows),
        RowOutcome::Keep if context.mode == Mode::Update => (Disposition::Update, Action::Edit, rows),
        RowOutcome::Keep => (Disposition::Keep, Action::Keep, rows),
        RowOutcome::Soft => (Disposition::SoftDelete, Action::Mark, rows),
        RowOutcome::Off if context.mode == Mode::Reactivate => {
            (Disposition::Reactivate, Action::Switch(true), rows)
        }
        RowOutcome::Off => (Disposition::Deactivate, Action::Switch(false), rows),
        RowOutcome::Erased => {
            let action = Action::Mask { masks: declared.personal.clone(), closes: true };
            (Disposition::Anonymize, action, rows)
        }
        RowOutcome::Anonymize => {
            let own = match entry(context, meaning).map(|entry| &entry.then) {
                Some(Rule::Anonymize(own)) => own.clone(),
                _ => BTreeMap::new(),
            };
            let action = Action::Mask { masks: masks(own), closes: false };
            (Disposition::Anonymize, action, rows)
        }
        RowOutcome::Delete => {
            if let Some(tombstones) = tombstones {
                let rows = Rows::ranked(tombstones.tombstones, rank);
                let question = questions.count(rows);
                let action = Action::Mask { masks: declared.personal.clone(), closes: true };
                let key = key(context, kind, meaning, Disposition::Tombstone);
                let mut step = CompiledStep::new(key, rows, question, action);
                step.forced_by.clone_from(&tombstones.forced_by);
                steps.push(step);
            }
            let rows = tombstones.map_or(rows, |tombstones| Rows::ranked(tombstones.gone, rank));
            (Disposition::Delete, Action::Delete, rows)
        }
    };
    let question = questions.count(rows);
    steps.push(CompiledStep::new(key(context, kind, meaning, disposition), rows, question, action));
}

fn entry<'a>(context: &CompileContext<'a>, meaning: &RankMeaning) -> Option<&'a Entry> {
    let (reference, index) = meaning.entry.as_ref()?;
    context.entries(reference).get(*index)
}

fn key(
    context: &CompileContext<'_>,
    kind: &KindName,
    meaning: &RankMeaning,
    disposition: Disposition,
) -> StepKey {
    let entry = entry(context, meaning);
    let rule = entry.map_or(context.mode.as_str(), |entry| entry.then.as_str());
    let retention = entry.and_then(|entry| match &entry.then {
        Rule::Retain(retention) => Some(retention),
        _ => None,
    });
    StepKey {
        kind: kind.clone(),
        disposition,
        path: meaning.entry.as_ref().map_or_else(Vec::new, |(name, _)| context.path(name)),
        rule: rule.into(),
        when: entry.and_then(|entry| entry.when.as_ref()).map(ToString::to_string),
        basis: retention.map(|retention| retention.basis.clone()),
        volatile: context.map.kind(kind).is_some_and(|kind| kind.volatile),
    }
}

/// Asks about every retention period that keeps rows of a kind. Rows under several are asked about under
/// each, because each is an obligation.
fn grounds(
    context: &CompileContext<'_>,
    kind: &KindName,
    own: &KindOutcomes,
    outcomes: &OutcomesByKind,
    sets: &mut Sets,
    questions: &mut Questions,
    steps: &mut [CompiledStep],
) {
    let retained: Vec<(Rank, &ReferenceName, usize, &Retention)> = own
        .ranked()
        .filter(|(_, meaning)| meaning.outcome == RowOutcome::Retain)
        .filter_map(|(rank, meaning)| {
            let (reference, index) = meaning.entry.as_ref()?;
            match &entry(context, meaning)?.then {
                Rule::Retain(retention) => Some((rank, reference, *index, retention)),
                _ => None,
            }
        })
        .collect();
    let mut decided: BTreeMap<Rank, Option<Rows>> = BTreeMap::new();
    for step in steps.iter_mut().filter(|step| step.key.disposition == Disposition::Retain) {
        // A row is counted under the first of its entries, so only later ones may keep it too; and it has one
        // deciding entry per reference, so entries of one reference never overlap. The step's own ground
        // comes first: its first date is the step's first.
        let mut entries = retained.iter().skip_while(|(rank, ..)| !step.rows.ranks.contains(*rank));
        let Some((_, first, _, retention)) = entries.next() else {
            continue;
        };
        step.grounds.push(ground(kind, first, retention, step.rows, sets, questions));
        for (rank, reference, index, retention) in entries.filter(|(_, name, ..)| name != first) {
            let decided = decided.entry(*rank).or_insert_with(|| {
                firing(context, reference, *index, RowOutcome::Retain, own, outcomes, sets)
            });
            let Some(rows) = *decided else { continue };
            let rows = both(sets, kind, rows, step.rows);
            step.grounds.push(ground(kind, reference, retention, rows, sets, questions));
        }
    }
}

fn ground(
    kind: &KindName,
    reference: &ReferenceName,
    retention: &Retention,
    rows: Rows,
    sets: &mut Sets,
    questions: &mut Questions,
) -> CompiledGround {
    let span = Some(retention.from.clone());
    let question = questions.ask(Question { span, ..Question::count(rows) });
    let undated = Branch::new(
        Source::Members(rows),
        vec![RankCase { when: Some(is_null(&retention.from)), ..RankCase::always(0) }],
    );
    let undated = sets.add(format!("{kind}: retained without a date"), kind, vec![undated]);
    CompiledGround {
        reference: reference.clone(),
        period: retention.period,
        basis: retention.basis.clone(),
        question,
        undated: questions.count(Rows::all(undated)),
    }
}

fn both(sets: &mut Sets, kind: &KindName, rows: Rows, within: Rows) -> Rows {
    let branch = Branch {
        source: Source::Members(rows),
        within: vec![within],
        except: Vec::new(),
        cases: vec![RankCase::always(0)],
    };
    Rows::all(sets.add(format!("{kind}: rows under a further ground"), kind, vec![branch]))
}

/// The rows of a outcome for which one entry decides, whatever entry counts them.
fn firing(
    context: &CompileContext<'_>,
    reference: &ReferenceName,
    index: usize,
    outcome: RowOutcome,
    own: &KindOutcomes,
    outcomes: &OutcomesByKind,
    sets: &mut Sets,
) -> Option<Rows> {
    let reference = context.map.reference(reference)?;
    let parents = outcomes.get(&reference.to)?;
    let below = [
        (RowOutcome::Delete, None),
        (RowOutcome::Retain, Some(RowOutcome::Retain)),
        (RowOutcome::Anonymize, Some(RowOutcome::Anonymize)),
    ];
    let branches = below.into_iter().filter_map(|(parent, exactly)| {
        let of =
            parents.rows(|outcome| exactly.map_or(outcome.is_removed(), |exactly| outcome == exactly))?;
        let mut branch = chain(context, reference, of, parent, |at, _| (at == index).then_some(0))?;
        branch.within.extend(own.rows(|found| found == outcome));
        Some(branch)
    });
    let branches: Vec<Branch> = branches.collect();
    (!branches.is_empty()).then(|| {
        let name = format!("{}: rows that entry {index} decides", reference.name);
        Rows::all(sets.add(name, &reference.from, branches))
    })
}

/// Where the entries that anonymize a kind have different masks, a row under several gets all of them.
fn masks(
    context: &CompileContext<'_>,
    kind: &KindName,
    own: &KindOutcomes,
    outcomes: &OutcomesByKind,
    sets: &mut Sets,
    questions: &mut Questions,
    steps: &mut Vec<CompiledStep>,
) {
    let of_steps: Vec<_> = steps
        .iter()
        .filter(|step| step.key.disposition == Disposition::Anonymize && !step.key.path.is_empty())
        .map(|step| step.action.clone())
        .collect();
    if of_steps.windows(2).all(|pair| matches!(pair, [a, b] if a == b)) {
        return;
    }
    let anonymized = own.ranked().filter(|(_, meaning)| meaning.outcome == RowOutcome::Anonymize);
    for ((_, meaning), action) in anonymized.zip(of_steps) {
        let Some((reference, index)) = &meaning.entry else {
            continue;
        };
        let rows = firing(context, reference, *index, RowOutcome::Anonymize, own, outcomes, sets);
        let Some(rows) = rows else { continue };
        let question = questions.count(rows);
        let key = key(context, kind, meaning, Disposition::Anonymize);
        steps.push(CompiledStep { shown: false, ..CompiledStep::new(key, rows, question, action) });
    }
}
