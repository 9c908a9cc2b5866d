//! Arms over one reference: the first of its entries whose condition holds decides.

use super::fate::{FateCase, cases, spoken};
use super::rank::Verdicts;
use super::{Fate, Parts, facts};
use crate::domain::Reference;
use crate::policy::Entry;
use crate::protocol::{Branch, Rank, RankCase, Ranks, Rows, Source};

/// The rows below `of`, ranked by the entry that decides for them. `parent` is the fate of the rows `of`.
///
/// `None` where no entry gets a rank.
pub(super) fn chain(
    parts: &Parts<'_>,
    reference: &Reference,
    of: Rows,
    parent: Fate,
    rank: impl Fn(usize, &Entry) -> Option<Rank>,
) -> Option<Branch> {
    let spoken = spoken(parts.entries(&reference.name), parent);
    let mut cases: Vec<RankCase> = spoken
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
    parts: &Parts<'_>,
    reference: &Reference,
    parent: &Verdicts,
    rank: impl Fn(&FateCase) -> Option<Rank>,
) -> Option<Branch> {
    let kind = facts(parts, &reference.from)?;
    let entries = parts.entries(&reference.name);
    let mut groups: Vec<(Ranks, Vec<FateCase>)> = Vec::new();
    for (at, meaning) in parent.ranked() {
        let found = cases(kind, entries, meaning.fate, parts.mode);
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
fn whole(verdicts: &Verdicts, ranks: Ranks) -> Ranks {
    let last = verdicts.meanings.len().saturating_sub(1);
    if ranks.from == 0 && usize::from(ranks.to) >= last { Ranks::ALL } else { ranks }
}
