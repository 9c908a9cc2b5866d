//! The shape of a set: its branches, divided where the rank of the parent matters.

use std::collections::BTreeSet;

use crate::protocol::{Branch, NamedSet, Rank, RankCase, Ranks, Rows, SetId, Source};

/// A branch in which no case asks for the rank of the parent any more.
#[derive(Debug, Clone)]
pub(super) struct PlainArm<'a> {
    pub(super) source: &'a Source,
    /// The rows the source names, within the ranks for which the cases are the same.
    pub(super) of: Option<Rows>,
    pub(super) within: &'a [Rows],
    pub(super) except: &'a [Rows],
    /// The cases that can apply, up to the first that has no condition. Never empty.
    pub(super) cases: Vec<&'a RankCase>,
}

/// How a set is rendered.
#[derive(Debug, Clone)]
pub(super) struct Shape<'a> {
    pub(super) set: &'a NamedSet,
    pub(super) branches: Vec<PlainArm<'a>>,
    /// Whether a row may come in more than once.
    pub(super) repeats: bool,
    /// Whether conditions read values, which may turn out not to be of their type.
    pub(super) reads: bool,
}

impl<'a> Shape<'a> {
    pub(super) fn of(set: &'a NamedSet) -> Self {
        let branches: Vec<PlainArm<'a>> = set.branches.iter().flat_map(plain_branches).collect();
        // Each row has one parent over a reference, and one rank in a set: parts of one branch do not meet.
        let disjoint = set.branches.len() == 1
            && branches.iter().all(|branch| !matches!(branch.source, Source::ReferencedBy { .. }));
        let reads = branches.iter().flat_map(|branch| &branch.cases).any(|case| {
            case.when.as_ref().is_some_and(|when| !super::condition::fields_read(when).is_empty())
        });
        Self { set, repeats: branches.len() > 1 && !disjoint, reads, branches }
    }

    /// The sets that the text of this one reads, as often as it does.
    pub(super) fn inputs(&self) -> impl Iterator<Item = SetId> {
        self.branches.iter().flat_map(|branch| {
            let rows = branch.of.iter().chain(branch.within).chain(branch.except);
            rows.map(|rows| rows.set)
        })
    }

    /// Whether all rows of the set have ranks in the range, so that nothing has to be compared.
    pub(super) fn lies_within(&self, ranks: Ranks) -> bool {
        let mut all = self.branches.iter().flat_map(|branch| &branch.cases);
        !self.reads && all.all(|case| case.rank.is_none_or(|rank| ranks.contains(rank)))
    }
}

impl PlainArm<'_> {
    /// The rank of every row that comes in, where there is only one.
    pub(super) fn constant(&self) -> Option<Rank> {
        match &*self.cases {
            [case] if case.when.is_none() => case.rank,
            _ => None,
        }
    }

    /// Whether a row that the source names may have no rank, and so stay out.
    pub(super) fn may_stay_out(&self) -> bool {
        let open = self.cases.last().is_none_or(|case| case.when.is_some());
        open || self.cases.iter().any(|case| case.rank.is_none())
    }
}

/// The branch, once for each range of the parent's ranks for which other cases apply.
fn plain_branches(branch: &Branch) -> Vec<PlainArm<'_>> {
    let Branch { source, within, except, cases } = branch;
    let plain = |of, cases| PlainArm { source, of, within, except, cases };
    let parts = match source {
        // Without a parent its rank counts as 0.
        Source::Subjects | Source::Ids(_) | Source::WithText { .. } => vec![plain(None, applying(cases, 0))],
        Source::Referrers { of, .. } | Source::ReferencedBy { of, .. } | Source::Members(of) => {
            ranges(*of, cases).into_iter().map(|(rows, cases)| plain(Some(rows), cases)).collect()
        }
    };
    parts.into_iter().filter(|part| part.cases.iter().any(|case| case.rank.is_some())).collect()
}

/// The ranges of the parent's ranks for which the same cases apply.
fn ranges(of: Rows, cases: &[RankCase]) -> Vec<(Rows, Vec<&RankCase>)> {
    let (first, last) = (u32::from(of.ranks.from), u32::from(of.ranks.to));
    let mut starts = BTreeSet::from([first]);
    for case in cases {
        starts.insert(u32::from(case.below.from));
        starts.insert(u32::from(case.below.to) + 1);
    }
    starts.retain(|start| (first..=last).contains(start));
    let ends = starts.iter().skip(1).map(|next| next - 1).chain([last]);
    let mut parts: Vec<(Rows, Vec<&RankCase>)> = Vec::new();
    for (from, to) in starts.iter().zip(ends) {
        let (Ok(from), Ok(to)) = (Rank::try_from(*from), Rank::try_from(to)) else {
            continue;
        };
        let cases = applying(cases, from);
        if let Some((rows, same)) = parts.last_mut()
            && same.len() == cases.len()
            && same.iter().zip(&cases).all(|(a, b)| std::ptr::eq(*a, *b))
        {
            rows.ranks.to = to;
            continue;
        }
        let ranks = Ranks { from, to };
        parts.push((Rows { set: of.set, ranks }, cases));
    }
    parts
}

/// The cases that can apply below a rank, up to the first that applies always.
fn applying(cases: &[RankCase], below: Rank) -> Vec<&RankCase> {
    let mut found = Vec::new();
    for case in cases.iter().filter(|case| case.below.contains(below)) {
        found.push(case);
        if case.when.is_none() {
            break;
        }
    }
    found
}
