//! Branches over one reference: the first of its entries whose condition holds decides.

use super::context::CompileContext;
use super::kind_outcomes::KindOutcomes;
use super::row_outcome::{OutcomeCase, RowOutcome, applicable_entries, cases};
use crate::domain::Reference;
use crate::policy::Entry;
use crate::protocol::{Branch, Rank, RankCase, Ranks, Rows, Source};

/// Builds the branch to the rows below `of`, ranked by the entry that decides. `parent` is the outcome of `of`.
///
/// Returns `None` if no entry gets a rank.
pub(super) fn by_entry(
    context: &CompileContext<'_>,
    reference: &Reference,
    of: Rows,
    parent: RowOutcome,
    rank: impl Fn(usize, &Entry) -> Option<Rank>,
) -> Option<Branch> {
    let entries = applicable_entries(context.entries(&reference.name), parent).into_iter();
    let cases = entries.map(|(index, entry)| RankCase {
        below: Ranks::ALL,
        when: entry.when.clone(),
        rank: rank(index, entry),
    });
    referrers(reference, of, cases.collect())
}

/// Builds the branch to the rows below a kind, ranked by their outcomes along the reference.
///
/// Parents with the same cases share them. If all parents do, the branch does not depend on the parent's rank.
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
    // A question about all ranks is cheaper than one about a range.
    let every = ranks.from == 0 && usize::from(ranks.to) + 1 >= parent.meanings.len();
    let of = Rows { set: parent.set, ranks: if every { Ranks::ALL } else { ranks } };
    let single = groups.len() == 1;
    let mut ranked = Vec::new();
    for (ranks, cases) in groups {
        let below = if single { Ranks::ALL } else { ranks };
        ranked.extend(cases.into_iter().map(|case| RankCase { below, rank: rank(&case), when: case.when }));
    }
    referrers(reference, of, ranked)
}

/// Builds the branch, without the last cases that keep rows out.
fn referrers(reference: &Reference, of: Rows, mut cases: Vec<RankCase>) -> Option<Branch> {
    while cases.last().is_some_and(|case| case.rank.is_none()) {
        cases.pop();
    }
    let source = Source::Referrers { reference: reference.name.clone(), of };
    (!cases.is_empty()).then(|| Branch::new(source, cases))
}
