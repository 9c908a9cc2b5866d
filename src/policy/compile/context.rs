//! The state of a compilation: the mode with its data map, and the sets and questions so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::outcomes::{RowOutcome, cases};
use super::owned::{may_take, outcomes_of_owned};
use crate::domain::{
    Condition, DataMap, Decided, DeletedField, KindName, Mode, Reference, ReferenceName, Stage, all,
};
use crate::policy::graph::{in_order, is_cycle, reached_paths, shortest, shortest_paths};
use crate::policy::{Entry, ModePolicy, Rules};
use crate::protocol::{Branch, NamedSet, Question, RankCase, Rows, SetId, Source, Stratum};

/// A mode of a policy, with what can be derived from the data map and the rules.
pub(crate) struct CompileContext<'a> {
    pub(crate) subject: &'a KindName,
    pub(crate) map: &'a DataMap,
    pub(crate) mode: Mode,
    pub(super) policy: &'a ModePolicy,
    /// The shortest chain of references to each kind that the operation reaches, for each stage of its outcome.
    paths: BTreeMap<Decided, Vec<ReferenceName>>,
    /// The chains that plans show.
    shown_paths: Paths,
    /// The kinds that depend on the subject.
    pub(super) dependents: BTreeSet<KindName>,
    /// The kinds whose outcomes are decided after it is known which rows stay as tombstones.
    decided_last: BTreeSet<KindName>,
    possible: PossibleOutcomes,
}

/// The outcomes that rows of a kind can have, for each stage.
pub(super) type PossibleOutcomes = BTreeMap<Decided, BTreeSet<RowOutcome>>;

/// Kinds whose rows are written together: one kind, or all kinds of a cycle.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) kinds: Vec<KindName>,
    pub(super) is_cycle: bool,
}

impl<'a> CompileContext<'a> {
    pub(crate) fn new(subject: &'a KindName, map: &'a DataMap, mode: Mode, policy: &'a ModePolicy) -> Self {
        let paths = reached_paths(map, subject);
        let dependents = shortest_paths(map, subject).into_keys().collect();
        let possible = possible_outcomes(map, subject, mode, &policy.rules);
        let decided_last = kinds_decided_last(map, subject);
        let shown_paths = Paths::new(map, subject, mode, &policy.rules, &possible);
        Self { subject, map, mode, policy, paths, shown_paths, dependents, decided_last, possible }
    }

    pub(crate) fn entries(&self, reference: &ReferenceName) -> &'a [Entry] {
        self.policy.rules.entries(reference).unwrap_or_default()
    }

    /// Returns the outcomes that rows of a kind can have. Empty if the operation never reaches the kind.
    pub(crate) fn possible_outcomes(
        &self,
        kind: &KindName,
    ) -> impl DoubleEndedIterator<Item = RowOutcome> + '_ {
        self.possible_at(&self.map.finally(kind))
    }

    /// Returns the outcomes to which the rules of a reference may apply.
    pub(crate) fn possible_parents(
        &self,
        reference: &Reference,
    ) -> impl DoubleEndedIterator<Item = RowOutcome> + '_ {
        self.possible_at(&self.map.parents(reference))
    }

    fn possible_at(&self, decided: &Decided) -> impl DoubleEndedIterator<Item = RowOutcome> + use<'_> {
        self.possible.get(decided).into_iter().flatten().copied()
    }

    /// Returns the outcomes that rows of an owned kind may get from their owners, in this mode.
    pub(crate) fn outcomes_of_owned(&self, kind: &KindName) -> BTreeSet<RowOutcome> {
        outcomes_of_owned(self.map, kind, self.mode, &self.policy.rules, &self.possible)
    }

    /// Returns whether the removal of an owner may remove the record that it owns through this reference.
    pub(crate) fn may_take(&self, reference: &Reference) -> bool {
        may_take(self.entries(&reference.name))
    }

    pub(crate) fn may_be_deleted(&self, kind: &KindName) -> bool {
        self.possible_outcomes(kind).any(|outcome| outcome == RowOutcome::Delete)
    }

    /// Returns whether the operation reaches the rows to which a reference leads.
    pub(super) fn is_below(&self, reference: &Reference) -> bool {
        self.paths.contains_key(&self.map.parents(reference))
    }

    /// Returns the length of the shortest chain of references from the subject to a kind, at a stage of its outcome.
    pub(super) fn distance(&self, decided: &Decided) -> usize {
        self.paths.get(decided).map_or(usize::MAX, Vec::len)
    }

    /// Returns the shortest chain of references from the subject to the rows that hold this reference, and that refer to
    /// rows with one of the outcomes that pass the test.
    pub(crate) fn path(
        &self,
        reference: &ReferenceName,
        is_parent: impl Fn(RowOutcome) -> bool,
    ) -> Vec<ReferenceName> {
        let above = self.map.reference(reference).and_then(|found| {
            let parents = self.map.parents(found);
            let removed = self.shown_paths.to(&parents, is_parent).or_else(|| self.paths.get(&parents));
            removed.or_else(|| self.paths.get(&self.map.finally(&found.to)))
        });
        above.into_iter().flatten().chain([reference]).cloned().collect()
    }

    /// Returns the shortest chain of references from the subject to the rows that are owned through this reference.
    pub(super) fn path_to_owned(&self, reference: &Reference) -> Vec<ReferenceName> {
        let owners = self.map.finally(&reference.from);
        let removed = self.shown_paths.to(&owners, RowOutcome::is_removed);
        let owners = removed.or_else(|| self.paths.get(&owners));
        owners.into_iter().flatten().chain([&reference.name]).cloned().collect()
    }

    pub(super) fn is_subject(&self, kind: &KindName) -> bool {
        kind == self.subject
    }

    /// Returns the subjects, if they are rows of this kind. A subject is never reached over a reference, so every set
    /// of reached rows must leave the subjects out.
    pub(super) fn subjects_among(&self, kind: &KindName) -> Option<Rows> {
        self.is_subject(kind).then_some(Rows::SUBJECTS)
    }

    /// Returns the condition on a subject: it meets the filter of its kind, and unless the mode erases or restores, it is
    /// not soft-deleted.
    pub(super) fn subject_condition(&self) -> Option<Condition> {
        let kind = self.map.kind(self.subject)?;
        let alive = kind.deleted_at.as_ref().filter(|_| !self.mode.erases() && self.mode != Mode::Restore);
        let alive = alive.map(DeletedField::is_live);
        match (kind.filter.clone(), alive) {
            (Some(filter), Some(alive)) => Some(all([filter, alive])),
            (filter, alive) => filter.or(alive),
        }
    }

    /// Returns the condition on the rows that refer over a reference: its own, and the filter of their kind. The filter
    /// of the subject's kind is left out, because a row that it excludes blocks the operation.
    pub(super) fn referring_condition(&self, reference: &Reference) -> Option<Condition> {
        let kind = self.map.kind(&reference.from).filter(|kind| !self.is_subject(&kind.name));
        let filter = kind.and_then(|kind| kind.filter.clone());
        match (filter, reference.when.clone()) {
            (Some(filter), Some(when)) => Some(all([filter, when])),
            (filter, when) => filter.or(when),
        }
    }

    /// Returns the reached kinds in groups, from the subject outwards.
    ///
    /// Only the declared references decide the groups. The rules of a mode therefore do not affect what counts as a
    /// cycle.
    pub(super) fn groups(&self) -> Vec<Group> {
        let kinds: BTreeSet<KindName> = self.paths.keys().map(|(kind, _)| kind.clone()).collect();
        let references = self.map.references().filter(|reference| kinds.contains(&reference.to));
        let edges: BTreeSet<(KindName, KindName)> =
            references.map(|reference| (reference.to.clone(), reference.from.clone())).collect();
        let groups = in_order(&kinds, &edges).into_iter();
        groups.map(|kinds| Group { is_cycle: is_cycle(&kinds, &edges), kinds }).collect()
    }

    /// Returns the reached kinds in the order in which their outcomes are decided, and whether they form a cycle. `last`
    /// asks for the kinds that are decided after it is known which rows stay as tombstones.
    pub(super) fn order_of_outcomes(&self, last: bool) -> Vec<(Vec<Decided>, bool)> {
        let mut edges = self.map.order_of_outcomes();
        edges.retain(|(before, _)| self.paths.contains_key(before));
        let groups = in_order(&self.paths.keys().cloned().collect(), &edges).into_iter();
        groups
            .filter(|group| group.iter().any(|(kind, _)| self.decided_last.contains(kind)) == last)
            .map(|group| (is_cycle(&group, &edges), group))
            .map(|(is_cycle, group)| (group, is_cycle))
            .collect()
    }
}

/// Returns the kinds that only foreign keys lead to, and below which no declared kind is removed. Whether their rows are
/// deleted decides about nothing else, so it can be decided last.
fn kinds_decided_last(map: &DataMap, subject: &KindName) -> BTreeSet<KindName> {
    let is_known = |kind: &KindName| map.references_from(kind).any(Reference::is_declared);
    let removing = || map.references().filter(|reference| !reference.is_declared() && reference.may_remove());
    let mut found: BTreeSet<KindName> = removing().map(|reference| reference.from.clone()).collect();
    found.retain(|kind| kind != subject && !is_known(kind));
    found.retain(|kind| map.references_to(kind).all(|reference| !reference.is_declared()));
    loop {
        let before = found.len();
        let leads_on = |kind: &KindName, found: &BTreeSet<KindName>| {
            removing().any(|reference| reference.to == *kind && !found.contains(&reference.from))
        };
        let last = found.clone();
        found.retain(|kind| !leads_on(kind, &last));
        if found.len() == before {
            return found;
        }
    }
}

/// Finds the outcomes that rows of each kind can have: the least fixpoint that assumes that any condition may hold.
fn possible_outcomes(map: &DataMap, subject: &KindName, mode: Mode, rules: &Rules) -> PossibleOutcomes {
    let of_subject = BTreeSet::from([RowOutcome::of_subject(mode)]);
    let mut found = PossibleOutcomes::new();
    for decided in [(subject.clone(), Stage::Reached), map.finally(subject)] {
        found.insert(decided, of_subject.clone());
    }
    loop {
        let before: usize = found.values().map(BTreeSet::len).sum();
        for reference in map.references() {
            let (Some(kind), Some(entries)) = (map.kind(&reference.from), rules.entries(&reference.name))
            else {
                continue;
            };
            for parent in found.get(&map.parents(reference)).cloned().unwrap_or_default() {
                let outcomes = cases(kind, entries, parent, mode).into_iter().filter_map(|case| case.outcome);
                let outcomes: BTreeSet<RowOutcome> = outcomes.collect();
                for decided in [(kind.name.clone(), Stage::Reached), map.finally(&kind.name)] {
                    found.entry(decided).or_default().extend(&outcomes);
                }
            }
            if reference.owned {
                let outcomes = outcomes_of_owned(map, &reference.to, mode, rules, &found);
                found.entry((reference.to.clone(), Stage::Owned)).or_default().extend(outcomes);
            }
        }
        found.retain(|_, outcomes| !outcomes.is_empty());
        if found.values().map(BTreeSet::len).sum::<usize>() == before {
            return found;
        }
    }
}

/// A kind at a stage, and an outcome that its rows may have there.
type Node = (Decided, RowOutcome);

/// The shortest chain of references to rows with an outcome, or the first by name of several. Every link of a chain can
/// give the rows above the next link an outcome to which the rules of that link apply, so a chain never leads over a
/// reference that removes nothing.
#[derive(Debug)]
struct Paths(BTreeMap<Node, Vec<ReferenceName>>);

impl Paths {
    fn new(
        map: &DataMap,
        subject: &KindName,
        mode: Mode,
        rules: &Rules,
        possible: &PossibleOutcomes,
    ) -> Self {
        let graph = Graph { map, mode, rules, possible };
        let outcome = RowOutcome::of_subject(mode);
        Self(shortest(stages(map, subject).map(|decided| (decided, outcome)), |node| graph.below(node)))
    }

    /// Returns the shortest chain to rows of a kind, at a stage, with one of the outcomes that pass the test.
    fn to(&self, decided: &Decided, is_outcome: impl Fn(RowOutcome) -> bool) -> Option<&Vec<ReferenceName>> {
        let from = (decided.clone(), RowOutcome::FIRST);
        let found = self.0.range(from..).take_while(|((at, _), _)| at == decided);
        let found = found.filter(|((_, outcome), _)| is_outcome(*outcome)).map(|(_, path)| path);
        found.min_by_key(|path| (path.len(), *path))
    }
}

/// Returns the stages at which rows of a kind that refer to others are decided.
fn stages(map: &DataMap, kind: &KindName) -> impl Iterator<Item = Decided> {
    let [reached, last] = [(kind.clone(), Stage::Reached), map.finally(kind)];
    let is_same = reached == last;
    std::iter::once(reached).chain((!is_same).then_some(last))
}

struct Graph<'a> {
    map: &'a DataMap,
    mode: Mode,
    rules: &'a Rules,
    possible: &'a PossibleOutcomes,
}

impl Graph<'_> {
    /// Returns the rows that a reference may lead to from rows with an outcome, with the outcomes that it may give them.
    fn below(&self, (at, outcome): &Node) -> Vec<(ReferenceName, Node)> {
        let map = self.map;
        let referring = map.references_to(&at.0).filter(|reference| map.parents(reference) == *at);
        let mut found: Vec<(ReferenceName, Node)> =
            referring.flat_map(|reference| self.referring(reference, *outcome)).collect();
        if outcome.is_removed() && map.finally(&at.0) == *at {
            let owned = map.references_from(&at.0).filter(|reference| reference.owned);
            found.extend(owned.flat_map(|reference| self.owned(reference)));
        }
        found
    }

    fn referring(&self, reference: &Reference, parent: RowOutcome) -> Vec<(ReferenceName, Node)> {
        let Some(kind) = self.map.kind(&reference.from) else { return Vec::new() };
        let entries = self.rules.entries(&reference.name).unwrap_or_default();
        let cases = cases(kind, entries, parent, self.mode).into_iter();
        let outcomes: BTreeSet<RowOutcome> = cases.filter_map(|case| case.outcome).collect();
        let stages = stages(self.map, &reference.from);
        let nodes = stages.flat_map(|stage| outcomes.iter().map(move |outcome| (stage.clone(), *outcome)));
        nodes.map(|node| (reference.name.clone(), node)).collect()
    }

    fn owned(&self, reference: &Reference) -> Vec<(ReferenceName, Node)> {
        if !may_take(self.rules.entries(&reference.name).unwrap_or_default()) {
            return Vec::new();
        }
        let outcomes = outcomes_of_owned(self.map, &reference.to, self.mode, self.rules, self.possible);
        let nodes = outcomes.into_iter().map(|outcome| ((reference.to.clone(), Stage::Owned), outcome));
        nodes.map(|node| (reference.name.clone(), node)).collect()
    }
}

/// Collects sets and questions, and numbers them.
#[derive(Debug)]
pub(super) struct QueryBuilder {
    sets: Vec<Stratum>,
    questions: Vec<Question>,
}

impl QueryBuilder {
    /// Starts with the subjects as the first set, and their number as the first question.
    pub(super) fn new(subject: &KindName, when: Option<Condition>) -> Self {
        let mut query = Self { sets: Vec::new(), questions: vec![Question::count(Rows::SUBJECTS)] };
        let case = RankCase { when, ..RankCase::always(0) };
        query.add_set("the subjects".into(), subject, vec![Branch::new(Source::Subjects, vec![case])]);
        query
    }

    pub(super) fn add_set(&mut self, name: String, kind: &KindName, branches: Vec<Branch>) -> SetId {
        let id = self.next_set();
        self.sets.push(Stratum::Set(NamedSet { id, name, kind: kind.clone(), branches }));
        id
    }

    /// Adds a set if it has branches; otherwise returns `None`.
    pub(super) fn add_nonempty(
        &mut self,
        name: String,
        kind: &KindName,
        branches: Vec<Branch>,
    ) -> Option<Rows> {
        (!branches.is_empty()).then(|| Rows::all(self.add_set(name, kind, branches)))
    }

    /// Adds sets that refer to each other. Their numbers start at [`next_set`](Self::next_set).
    pub(super) fn add_cycle(&mut self, sets: Vec<NamedSet>) {
        self.sets.push(Stratum::Cycle(sets));
    }

    pub(super) fn next_set(&self) -> SetId {
        SetId::after(&self.sets)
    }

    /// Returns a set that is not in a cycle.
    pub(super) fn plain_set(&self, id: SetId) -> Option<&NamedSet> {
        self.sets.iter().find_map(|stratum| match stratum {
            Stratum::Set(set) if set.id == id => Some(set),
            Stratum::Set(_) | Stratum::Cycle(_) => None,
        })
    }

    /// Adds a question. Returns the position of its answer.
    pub(super) fn ask(&mut self, question: Question) -> usize {
        self.questions.push(question);
        self.questions.len() - 1
    }

    /// Adds a question about the number of rows.
    pub(super) fn count(&mut self, rows: Rows) -> usize {
        self.ask(Question::count(rows))
    }

    /// Adds a question about the number of rows and the first five ids.
    pub(super) fn sample(&mut self, rows: Rows) -> usize {
        self.ask(Question { sample: 5, ..Question::count(rows) })
    }

    pub(super) fn finish(self) -> (Arc<[Stratum]>, Arc<[Question]>) {
        (self.sets.into(), self.questions.into())
    }
}
