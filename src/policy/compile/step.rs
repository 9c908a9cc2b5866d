//! Steps: one for each rank of each kind, in the order in which they can be carried out.

use std::collections::BTreeMap;

use super::branch::chain;
use super::rank::{Meaning, Verdicts};
use super::redirect::Target;
use super::tombstone::{Staying, StayingOf};
use super::{Fate, Group, Parts, Questions, Sets, VerdictsOf, facts};
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
    parts: &Parts<'_>,
    groups: &[Group],
    verdicts: &VerdictsOf,
    staying: &StayingOf,
    redirects: &[CompiledStep],
    sets: &mut Sets,
    questions: &mut Questions,
) -> Vec<CompiledStep> {
    let mut steps = Vec::new();
    for group in groups.iter().rev() {
        let mut found = Vec::new();
        for kind in &group.kinds {
            let first = found.len();
            if let Some(own) = verdicts.get(kind) {
                for (rank, meaning) in own.ranked() {
                    let staying = staying.get(kind);
                    of_rank(parts, kind, own, rank, meaning, staying, questions, &mut found);
                }
                let mut of_kind = found.split_off(first);
                grounds(parts, kind, own, verdicts, sets, questions, &mut of_kind);
                masks(parts, kind, own, verdicts, sets, questions, &mut of_kind);
                found.extend(of_kind);
            }
            found.extend(redirects.iter().filter(|step| step.key.kind == *kind).cloned());
        }
        if group.is_cycle {
            unlink(parts, group, verdicts, staying, questions, &mut found);
            in_a_cycle(parts, group, &mut found);
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
    parts: &Parts<'_>,
    group: &Group,
    verdicts: &VerdictsOf,
    staying: &StayingOf,
    questions: &mut Questions,
    steps: &mut Vec<CompiledStep>,
) {
    for reference in parts.map.references() {
        let inside = group.kinds.contains(&reference.from) && group.kinds.contains(&reference.to);
        if !inside || !reference.nullable || !parts.can_be(&reference.to, |fate| fate == Fate::Delete) {
            continue;
        }
        let Some(deleted) =
            verdicts.get(&reference.from).and_then(|own| own.rows(|fate| fate == Fate::Delete))
        else {
            continue;
        };
        let rows =
            staying.get(&reference.from).map_or(deleted, |staying| Rows { set: staying.gone, ..deleted });
        let key = StepKey {
            kind: reference.from.clone(),
            disposition: Disposition::SetNull,
            path: parts.path(&reference.name),
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
fn in_a_cycle(parts: &Parts<'_>, group: &Group, steps: &mut [CompiledStep]) {
    let mandatory = parts.map.references().filter(|reference| !reference.nullable);
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
    parts: &Parts<'_>,
    kind: &KindName,
    own: &Verdicts,
    rank: Rank,
    meaning: &Meaning,
    staying: Option<&Staying>,
    questions: &mut Questions,
    steps: &mut Vec<CompiledStep>,
) {
    let Some(facts) = facts(parts, kind) else {
        return;
    };
    let rows = Rows::ranked(own.set, rank);
    let masks = |masks: BTreeMap<_, _>| {
        if masks.is_empty() { facts.personal.clone() } else { masks }
    };
    let (disposition, action, rows) = match meaning.fate {
        Fate::AlreadySoft => return,
        Fate::Retain => (Disposition::Retain, Action::Keep, rows),
        Fate::Keep if parts.mode == Mode::Update => (Disposition::Update, Action::Edit, rows),
        Fate::Keep => (Disposition::Keep, Action::Keep, rows),
        Fate::Soft => (Disposition::SoftDelete, Action::Mark, rows),
        Fate::Off if parts.mode == Mode::Reactivate => (Disposition::Reactivate, Action::Switch(true), rows),
        Fate::Off => (Disposition::Deactivate, Action::Switch(false), rows),
        Fate::Erased => {
            let action = Action::Mask { masks: facts.personal.clone(), closes: true };
            (Disposition::Anonymize, action, rows)
        }
        Fate::Anonymize => {
            let own = match entry(parts, meaning).map(|entry| &entry.then) {
                Some(Rule::Anonymize(own)) => own.clone(),
                _ => BTreeMap::new(),
            };
            let action = Action::Mask { masks: masks(own), closes: false };
            (Disposition::Anonymize, action, rows)
        }
        Fate::Delete => {
            if let Some(staying) = staying {
                let rows = Rows::ranked(staying.tombstones, rank);
                let question = questions.count(rows);
                let action = Action::Mask { masks: facts.personal.clone(), closes: true };
                let key = key(parts, kind, meaning, Disposition::Tombstone);
                let mut step = CompiledStep::new(key, rows, question, action);
                step.forced_by.clone_from(&staying.forced_by);
                steps.push(step);
            }
            let rows = staying.map_or(rows, |staying| Rows::ranked(staying.gone, rank));
            (Disposition::Delete, Action::Delete, rows)
        }
    };
    let question = questions.count(rows);
    steps.push(CompiledStep::new(key(parts, kind, meaning, disposition), rows, question, action));
}

fn entry<'a>(parts: &Parts<'a>, meaning: &Meaning) -> Option<&'a Entry> {
    let (reference, index) = meaning.entry.as_ref()?;
    parts.entries(reference).get(*index)
}

fn key(parts: &Parts<'_>, kind: &KindName, meaning: &Meaning, disposition: Disposition) -> StepKey {
    let entry = entry(parts, meaning);
    let rule = entry.map_or(parts.mode.as_str(), |entry| entry.then.as_str());
    let retention = entry.and_then(|entry| match &entry.then {
        Rule::Retain(retention) => Some(retention),
        _ => None,
    });
    StepKey {
        kind: kind.clone(),
        disposition,
        path: meaning.entry.as_ref().map_or_else(Vec::new, |(name, _)| parts.path(name)),
        rule: rule.into(),
        when: entry.and_then(|entry| entry.when.as_ref()).map(ToString::to_string),
        basis: retention.map(|retention| retention.basis.clone()),
        volatile: parts.map.kind(kind).is_some_and(|kind| kind.volatile),
    }
}

/// Asks about every retention period that keeps rows of a kind. Rows under several are asked about under
/// each, because each is an obligation.
fn grounds(
    parts: &Parts<'_>,
    kind: &KindName,
    own: &Verdicts,
    verdicts: &VerdictsOf,
    sets: &mut Sets,
    questions: &mut Questions,
    steps: &mut [CompiledStep],
) {
    let retained: Vec<(Rank, &ReferenceName, usize, &Retention)> = own
        .ranked()
        .filter(|(_, meaning)| meaning.fate == Fate::Retain)
        .filter_map(|(rank, meaning)| {
            let (reference, index) = meaning.entry.as_ref()?;
            match &entry(parts, meaning)?.then {
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
            let decided = decided
                .entry(*rank)
                .or_insert_with(|| firing(parts, reference, *index, Fate::Retain, own, verdicts, sets));
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

/// The rows of a fate for which one entry decides, whatever entry counts them.
fn firing(
    parts: &Parts<'_>,
    reference: &ReferenceName,
    index: usize,
    fate: Fate,
    own: &Verdicts,
    verdicts: &VerdictsOf,
    sets: &mut Sets,
) -> Option<Rows> {
    let reference = parts.map.reference(reference)?;
    let parents = verdicts.get(&reference.to)?;
    let below =
        [(Fate::Delete, None), (Fate::Retain, Some(Fate::Retain)), (Fate::Anonymize, Some(Fate::Anonymize))];
    let branches = below.into_iter().filter_map(|(parent, exactly)| {
        let of = parents.rows(|fate| exactly.map_or(fate.is_removed(), |exactly| fate == exactly))?;
        let mut branch = chain(parts, reference, of, parent, |at, _| (at == index).then_some(0))?;
        branch.within.extend(own.rows(|found| found == fate));
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
    parts: &Parts<'_>,
    kind: &KindName,
    own: &Verdicts,
    verdicts: &VerdictsOf,
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
    let anonymized = own.ranked().filter(|(_, meaning)| meaning.fate == Fate::Anonymize);
    for ((_, meaning), action) in anonymized.zip(of_steps) {
        let Some((reference, index)) = &meaning.entry else {
            continue;
        };
        let rows = firing(parts, reference, *index, Fate::Anonymize, own, verdicts, sets);
        let Some(rows) = rows else { continue };
        let question = questions.count(rows);
        let key = key(parts, kind, meaning, Disposition::Anonymize);
        steps.push(CompiledStep { shown: false, ..CompiledStep::new(key, rows, question, action) });
    }
}
