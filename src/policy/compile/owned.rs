//! Rows that are removed with their owners: every live row that refers to them through an owned reference is removed.
//!
//! The owner that is removed in the weakest way decides how such a row is removed. What the row's own references decide
//! takes precedence.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{CompileContext, PossibleOutcomes, QueryBuilder};
use super::outcomes::{
    Cause, KindOutcomes, OutcomesByKind, RankMeaning, RowOutcome, below, refining, unless_marked,
};
use super::turns::{applicable_entries, turns};
use crate::domain::{Condition, DataMap, DeletedField, Kind, KindName, Mode, Reference, any, is_null, ne};
use crate::policy::{Entry, Rule, Rules};
use crate::protocol::{Branch, RankCase, Ranks, Rows, SetId, Source};

/// The ways in which an owner is removed, the weakest first.
const STRENGTHS: [RowOutcome; 4] =
    [RowOutcome::Off, RowOutcome::Soft, RowOutcome::Erased, RowOutcome::Delete];

/// Returns the strength of a removal, one of [`STRENGTHS`]; `None` if the row stays.
fn strength(outcome: RowOutcome) -> Option<RowOutcome> {
    match outcome {
        RowOutcome::AlreadySoft => Some(RowOutcome::Soft),
        outcome => STRENGTHS.contains(&outcome).then_some(outcome),
    }
}

/// Lists the outcomes of a row if its weakest owner is removed in this way, each with its condition.
fn outcomes_below(
    kind: &Kind,
    weakest: RowOutcome,
    mode: Mode,
) -> Vec<(Option<Condition>, Option<RowOutcome>)> {
    match weakest {
        // A row without the field that marks it or sets it OFF stays.
        RowOutcome::Soft if kind.deleted_at.is_none() => Vec::new(),
        RowOutcome::Off if kind.status.is_none() => Vec::new(),
        RowOutcome::Soft | RowOutcome::Off => unless_marked(kind, mode, weakest),
        outcome => vec![(None, Some(outcome))],
    }
}

/// Returns how an owner counts that an earlier operation marked as deleted. In mode `anonymize`, that operation may have
/// masked it, so what it owns is masked too.
fn marked_strength(kind: &Kind, mode: Mode) -> RowOutcome {
    match mode {
        Mode::Anonymize if !kind.personal.is_empty() => RowOutcome::Erased,
        _ => RowOutcome::Soft,
    }
}

/// Returns the ways in which owners of a kind may be removed, given the possible outcomes of their kinds.
fn strengths_of_owners(
    map: &DataMap,
    kind: &KindName,
    marked: RowOutcome,
    rules: &Rules,
    possible: &PossibleOutcomes,
) -> BTreeSet<RowOutcome> {
    let owned = || map.references_to(kind).filter(|reference| reference.owned);
    let mut found = BTreeSet::new();
    for reference in owned() {
        let entries = rules.entries(&reference.name).unwrap_or_default();
        if may_take(entries) {
            let owners = possible.get(&map.finally(&reference.from)).into_iter().flatten();
            found.extend(owners.filter_map(|outcome| strength(*outcome)));
        }
    }
    // Rows that an earlier operation marked as deleted are owners too, but do not keep the row alive.
    let mut owners = owned().filter_map(|reference| map.kind(&reference.from));
    if weakens(marked, &found) && owners.any(|owner| owner.deleted_at.is_some()) {
        found.insert(marked);
    }
    found
}

/// Returns whether an owner that an earlier operation marked as deleted can be weaker than these.
fn weakens<'a>(marked: RowOutcome, strengths: impl IntoIterator<Item = &'a RowOutcome>) -> bool {
    let rank = |one| STRENGTHS.iter().position(|other| *other == one);
    strengths.into_iter().any(|one| rank(*one) > rank(marked))
}

/// Returns whether the removal of some owner may remove what it owns.
pub(super) fn may_take(entries: &[Entry]) -> bool {
    let entries = applicable_entries(entries, RowOutcome::Delete);
    entries.is_empty() || entries.iter().any(|(_, entry)| entry.then != Rule::Leave)
}

/// Returns the outcomes that rows of a kind may get from their owners.
pub(super) fn outcomes_of_owned(
    map: &DataMap,
    kind: &KindName,
    mode: Mode,
    rules: &Rules,
    possible: &PossibleOutcomes,
) -> BTreeSet<RowOutcome> {
    let Some(declared) = map.kind(kind) else { return BTreeSet::new() };
    let strengths =
        strengths_of_owners(map, kind, marked_strength(declared, mode), rules, possible).into_iter();
    let outcomes = strengths.flat_map(|weakest| outcomes_below(declared, weakest, mode));
    outcomes.filter_map(|(_, outcome)| outcome).collect()
}

/// An owned reference, and the rows that are removed together with what they own over it.
struct Owner<'a> {
    reference: &'a Reference,
    /// All removed rows of the kind, including those that leave what they own.
    removed: Rows,
    /// The removed rows that do not leave what they own: all of them, and those removed in each way.
    going: Rows,
    by_strength: BTreeMap<RowOutcome, Rows>,
    /// Whether `going` has fewer rows than `removed`.
    some_leave: bool,
}

/// Combines the outcomes that the rows' own references decided with the outcomes that follow from their owners. Also
/// returns all rows that an owner may take with it.
pub(super) fn with_owned(
    context: &CompileContext<'_>,
    kind: &Kind,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Option<(KindOutcomes, Rows)> {
    if context.outcomes_of_owned(&kind.name).is_empty() {
        return None;
    }
    let owned = || context.map.references_to(&kind.name).filter(|reference| reference.owned);
    let owners: Vec<Owner<'_>> =
        owned().filter_map(|reference| owner(context, reference, outcomes, query)).collect();
    let before = outcomes.get(&kind.name);
    let meanings = meanings(context, kind, &owners, before);
    let candidates = candidates(kind, &owners, before, query);
    let staying = staying(context, kind, outcomes, &owners, candidates, query);
    let mut weaker: Vec<Rows> = staying.into_iter().collect();
    let mut own = KindOutcomes {
        set: SetId::SUBJECTS,
        meanings,
        reached: before.cloned().map(Box::new),
        is_owned: true,
    };
    let is_possible = |one: &RowOutcome| owners.iter().any(|owner| owner.by_strength.contains_key(one));
    let marked_as = marked_strength(kind, context.mode);
    let is_marked = weakens(marked_as, STRENGTHS.iter().filter(|one| is_possible(one)));
    let marked = if is_marked { marked(context, kind, owned(), &owners, candidates, query) } else { None };
    let strengths =
        STRENGTHS.into_iter().filter(|one| is_possible(one) || (*one == marked_as && marked.is_some()));
    let strengths: Vec<RowOutcome> = strengths.collect();
    let mut branches: Vec<Branch> = before.into_iter().map(|before| same_outcomes(before, &own)).collect();
    for weakest in &strengths {
        let mut within = vec![candidates];
        // The strongest way needs no set: it applies to all candidates that are left.
        if strengths.last() != Some(weakest) {
            let of = owners.iter();
            let of = of.filter_map(|owner| Some(owned_by(owner.reference, *owner.by_strength.get(weakest)?)));
            let marked = marked.filter(|_| *weakest == marked_as);
            let marked = marked.map(|rows| Branch::new(Source::Members(rows), vec![RankCase::always(0)]));
            let name = format!("{}: owned by rows that are removed as {weakest:?}", kind.name);
            within.push(Rows::all(query.add_set(name, &kind.name, of.chain(marked).collect())));
        }
        branches.extend(taken(context, kind, &owners, (*weakest, &own), &within, &weaker));
        weaker.extend(within.get(1));
    }
    own.set = query.add_set(
        format!("{}: what becomes of them, with their owners", kind.name),
        &kind.name,
        branches,
    );
    Some((own, candidates))
}

/// Finds the removed rows that take what they own with them.
fn owner<'a>(
    context: &CompileContext<'_>,
    reference: &'a Reference,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
) -> Option<Owner<'a>> {
    let own = outcomes.get(&reference.from)?;
    let removed = own.rows(RowOutcome::is_removed)?;
    let entries = context.entries(&reference.name);
    if !may_take(entries) {
        return None;
    }
    let mut cases: Vec<(Option<Condition>, bool)> = turns(entries, RowOutcome::Delete)
        .into_iter()
        .map(|turn| (turn.when, turn.entry.then != Rule::Leave))
        .collect();
    let some_leave = cases.iter().any(|(_, takes)| !takes);
    if !some_leave {
        cases = vec![(None, true)];
    }
    let mut ranks: BTreeMap<RowOutcome, Ranks> = BTreeMap::new();
    for (at, meaning) in own.ranked() {
        if let Some(strength) = strength(meaning.outcome) {
            ranks.entry(strength).or_insert_with(|| Ranks::only(at)).to = at;
        }
    }
    let condition = context.referring_condition(reference);
    if !some_leave && condition.is_none() {
        let by_strength = ranks.into_iter().map(|(one, ranks)| (one, Rows { set: own.set, ranks })).collect();
        return Some(Owner { reference, removed, going: removed, by_strength, some_leave });
    }
    let mut ranked = Vec::new();
    for (rank, below) in (0..).zip(ranks.values()) {
        let below = if ranks.len() == 1 { Ranks::ALL } else { *below };
        ranked.extend(cases.iter().map(|(when, takes)| RankCase {
            below,
            when: when.clone(),
            rank: takes.then_some(rank),
        }));
    }
    let branch = Branch::new(Source::Members(removed), refining(condition.as_ref(), ranked));
    let name = format!("{}: rows that go with what they own", reference.name);
    let set = query.add_set(name, &reference.from, vec![branch]);
    let by_strength = ranks.into_keys().zip(0..).map(|(one, rank)| (one, Rows::ranked(set, rank))).collect();
    Some(Owner { reference, removed, going: Rows::all(set), by_strength, some_leave })
}

/// Builds the branch from owners to the rows that they own.
fn owned_by(reference: &Reference, of: Rows) -> Branch {
    let source = Source::ReferencedBy { reference: reference.name.clone(), of };
    Branch::new(source, vec![RankCase::always(0)])
}

/// Adds the set of rows that an owner may take with it, except rows whose own references decide about them.
fn candidates(
    kind: &Kind,
    owners: &[Owner<'_>],
    before: Option<&KindOutcomes>,
    query: &mut QueryBuilder,
) -> Rows {
    let decided = before.and_then(|before| before.rows(|outcome| outcome != RowOutcome::Keep));
    let branches = owners.iter().map(|owner| {
        let branch = owned_by(owner.reference, owner.going);
        let cases = refining(kind.filter.as_ref(), branch.cases);
        Branch { except: decided.into_iter().collect(), cases, ..branch }
    });
    let name = format!("{}: rows whose owners go", kind.name);
    Rows::all(query.add_set(name, &kind.name, branches.collect()))
}

/// Builds the branch to the owners of candidates that the operation does not remove. `state` makes the condition on
/// whether they are marked as deleted.
fn other_owners(
    context: &CompileContext<'_>,
    reference: &Reference,
    owners: &[Owner<'_>],
    candidates: Rows,
    state: impl Fn(&DeletedField) -> Condition,
) -> Branch {
    let from = context.map.kind(&reference.from);
    let state = from.and_then(|kind| kind.deleted_at.as_ref()).map(state);
    let cases = refining(state.as_ref(), vec![RankCase::always(0)]);
    let on = from.and_then(|kind| kind.status.as_ref()).filter(|_| context.mode == Mode::Deactivate);
    // A row that is OFF does not keep what it owns ON.
    let on = on.map(|status| any([is_null(&status.field), ne(status.field.clone(), status.off.clone())]));
    let cases = refining(on.as_ref(), cases);
    let cases = refining(context.referring_condition(reference).as_ref(), cases);
    let source = Source::Referrers { reference: reference.name.clone(), of: candidates };
    let owner = owners.iter().find(|owner| owner.reference.name == reference.name);
    let except = owner.map(|owner| owner.removed).into_iter().collect();
    Branch { except, ..Branch::new(source, cases) }
}

/// Adds the set of rows that keep an owner: a row that stays, or a removed row that leaves what it owns.
fn staying(
    context: &CompileContext<'_>,
    kind: &Kind,
    outcomes: &OutcomesByKind,
    owners: &[Owner<'_>],
    candidates: Rows,
    query: &mut QueryBuilder,
) -> Option<Rows> {
    let mut held = Vec::new();
    for reference in context.map.references_to(&kind.name).filter(|reference| reference.owned) {
        let mut branches = Vec::new();
        // A record comes ON with the first of its owners.
        if context.mode != Mode::Reactivate {
            branches.push(other_owners(context, reference, owners, candidates, DeletedField::is_live));
        }
        let owner = owners.iter().find(|owner| owner.reference.name == reference.name);
        let removed = outcomes.get(&reference.from).and_then(|own| own.rows(RowOutcome::is_removed));
        // Removed rows that leave what they own.
        if let Some(removed) = removed.filter(|_| owner.is_none_or(|owner| owner.some_leave)) {
            let leaving = below(context, reference, candidates.set);
            let except = owner.map(|owner| owner.going).into_iter().collect();
            branches.push(Branch { within: vec![removed], except, ..leaving });
        }
        let name = format!("{}: rows that stay with what they own", reference.name);
        let rows = query.add_nonempty(name, &reference.from, branches);
        held.extend(rows.map(|rows| owned_by(reference, rows)));
    }
    query.add_nonempty(format!("{}: owned by rows that stay", kind.name), &kind.name, held)
}

/// Adds the set of rows with an owner that an earlier operation marked as deleted and that this one does not remove.
fn marked<'a>(
    context: &CompileContext<'_>,
    kind: &Kind,
    references: impl Iterator<Item = &'a Reference>,
    owners: &[Owner<'_>],
    candidates: Rows,
    query: &mut QueryBuilder,
) -> Option<Rows> {
    let mut branches = Vec::new();
    for reference in references {
        if context.map.kind(&reference.from).is_some_and(|kind| kind.deleted_at.is_some()) {
            let marked = other_owners(context, reference, owners, candidates, DeletedField::is_marked);
            let name = format!("{}: rows marked earlier that own others", reference.name);
            branches.push(owned_by(reference, Rows::all(query.add_set(name, &reference.from, vec![marked]))));
        }
    }
    query.add_nonempty(format!("{}: owned by rows marked earlier", kind.name), &kind.name, branches)
}

/// Builds the branch that keeps the outcomes that the rows' own references decided.
fn same_outcomes(before: &KindOutcomes, own: &KindOutcomes) -> Branch {
    let cases = before.ranked().map(|(rank, meaning)| RankCase {
        below: Ranks::only(rank),
        when: None,
        rank: own.rank_of(meaning.outcome, &meaning.cause),
    });
    Branch::new(Source::Members(Rows::all(before.set)), cases.collect())
}

/// Builds the branches to the rows whose weakest owner is removed in this way.
fn taken(
    context: &CompileContext<'_>,
    kind: &Kind,
    owners: &[Owner<'_>],
    (weakest, own): (RowOutcome, &KindOutcomes),
    within: &[Rows],
    except: &[Rows],
) -> Vec<Branch> {
    let outcomes = outcomes_below(kind, weakest, context.mode);
    let branches = owners.iter().filter(|_| !outcomes.is_empty()).map(|owner| {
        let rank = |outcome| own.rank_of(outcome, &Cause::Owner(owner.reference.name.clone()));
        let cases = outcomes.iter().map(|(when, outcome)| RankCase {
            below: Ranks::ALL,
            when: when.clone(),
            rank: outcome.and_then(rank),
        });
        let source = Source::ReferencedBy { reference: owner.reference.name.clone(), of: owner.going };
        let switched = context.mode == Mode::Reactivate && weakest == RowOutcome::Off;
        let branch = Branch::new(source, cases.collect());
        Branch { within: within.to_vec(), except: except.to_vec(), switched, ..branch }
    });
    branches.collect()
}

/// Returns what the ranks of an owned kind stand for.
fn meanings(
    context: &CompileContext<'_>,
    kind: &Kind,
    owners: &[Owner<'_>],
    before: Option<&KindOutcomes>,
) -> Vec<RankMeaning> {
    let outcomes = context.outcomes_of_owned(&kind.name);
    let mut meanings: Vec<RankMeaning> = before.map_or_else(Vec::new, |before| before.meanings.clone());
    for Owner { reference, .. } in owners {
        let distance = context.distance(&context.map.finally(&reference.from));
        meanings.extend(outcomes.iter().map(|outcome| RankMeaning {
            outcome: *outcome,
            distance,
            cause: Cause::Owner(reference.name.clone()),
        }));
    }
    meanings.sort();
    meanings
}
