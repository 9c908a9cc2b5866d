//! Arms over one reference: the first of its entries whose condition holds decides.

use super::rank::KindOutcomes;
use super::row_outcome::{OutcomeCase, applicable_entries, cases};
use super::{CompileContext, RowOutcome};
use crate::domain::Reference;
use crate::policy::Entry;
use crate::protocol::{Branch, Rank, RankCase, Ranks, Rows, Source};

/// The rows below `of`, ranked by the entry that decides for them. `parent` is the outcome of the rows `of`.
///
/// `None` where no entry gets a rank.
pub(super) fn chain(
    context: &CompileContext<'_>,
    reference: &Reference,
    of: Rows,
    parent: RowOutcome,
    rank: impl Fn(usize, &Entry) -> Option<Rank>,
) -> Option<Branch> {
    let applicable_entries = applicable_entries(context.entries(&reference.name), parent);
    let mut cases: Vec<RankCase> = applicable_entries
        .into_iter()
        .map(|(index, entry)| RankCase {
            below: Ranks::ALL,
            when: entry.when.clone(),
            rank: rank(index, entry),
        })
        .collect();
    while cases.last().is_some_and(|case| case.rank.is_none()) {
        cases.pop();
    }
    (!cases.is_empty())
        .then(|| Branch::new(Source::Referrers { reference: reference.name.clone(), of }, cases))
}

/// One branch over a reference: the cases for each sort of parent, with the ranks that `rank` gives them.
///
/// Parents with the same cases share them; where all parents do, the parent's rank need not be looked at.
pub(super) fn by_parent(
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
    let (from, to) = (groups.first()?.0.from, groups.last()?.0.to);
    let single = groups.len() == 1;
    let cases = groups.into_iter().flat_map(|(ranks, cases)| {
        let below = if single { Ranks::ALL } else { ranks };
        cases
            .into_iter()
            .map(|case| RankCase { below, rank: rank(&case), when: case.when })
            .collect::<Vec<_>>()
    });
    let mut cases: Vec<RankCase> = cases.collect();
    while cases.last().is_some_and(|case| case.rank.is_none()) {
        cases.pop();
    }
    (!cases.is_empty()).then(|| {
        Branch::new(
            Source::Referrers {
                reference: reference.name.clone(),
                of: Rows { set: parent.set, ranks: whole(parent, Ranks { from, to }) },
            },
            cases,
        )
    })
}

/// All ranks where the range holds every rank that the set has: the cheaper question.
fn whole(outcomes: &KindOutcomes, ranks: Ranks) -> Ranks {
    let last = outcomes.meanings.len().saturating_sub(1);
    if ranks.from == 0 && usize::from(ranks.to) >= last { Ranks::ALL } else { ranks }
}
