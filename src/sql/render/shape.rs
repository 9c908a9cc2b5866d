//! The shape of a set: its branches, split so that no case depends on the parent's rank.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Condition, DataMap, FieldName, Reference};
use crate::protocol::{Branch, NamedSet, Rank, RankCase, Ranks, Rows, SetId, Source, Stratum, SurveyQuery};

/// How the rows of a set are provided to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Materialization {
    /// The statement that reads the set defines it as a common table expression.
    Inline,
    /// The rows are written to a temporary table before the first write.
    Materialized,
    /// The statement that writes the rows finds them itself, because no earlier step changes their kind. Counts
    /// define the set inline.
    AtStep,
}

/// A branch whose cases do not depend on the parent's rank.
#[derive(Debug, Clone)]
pub(crate) struct PlainBranch<'a> {
    pub(crate) source: &'a Source,
    /// The rows of the source, restricted to ranks for which these cases are the same.
    pub(crate) of: Option<Rows>,
    pub(crate) within: &'a [Rows],
    pub(crate) except: &'a [Rows],
    pub(crate) switched: bool,
    /// The cases that can apply, up to the first case without a condition. Never empty.
    pub(crate) cases: Vec<&'a RankCase>,
}

/// How a set is rendered.
#[derive(Debug, Clone)]
pub(crate) struct Shape<'a> {
    pub(crate) set: &'a NamedSet,
    pub(crate) branches: Vec<PlainBranch<'a>>,
    /// Whether the same row may come from more than one branch, or more than once from one branch.
    pub(crate) repeats: bool,
    /// Whether conditions or lists of ids read values that may have the wrong type.
    pub(crate) reads: bool,
}

impl<'a> Shape<'a> {
    /// Returns the shape of a set. `never` tells which conditions no row can meet; their cases are left out.
    pub(crate) fn of(set: &'a NamedSet, map: &DataMap, never: impl Fn(&Condition) -> bool) -> Self {
        let mut branches: Vec<PlainBranch<'a>> = set.branches.iter().flat_map(plain_branches).collect();
        for branch in &mut branches {
            branch.cases.retain(|case| !case.when.as_ref().is_some_and(&never));
        }
        branches.retain(|branch| branch.cases.iter().any(|case| case.rank.is_some()));
        // A row has one parent over a reference, and one rank in a set. Parts of one branch therefore do not overlap.
        // Over a reference to another key than the id, or over a list, a row may have several parents.
        let has_one_parent = |branch: &PlainBranch<'_>| match branch.source {
            Source::Referrers { reference, .. } => {
                map.reference(reference).is_some_and(Reference::has_one_target)
            }
            Source::ReferencedBy { .. } => false,
            _ => true,
        };
        let disjoint = set.branches.len() == 1 && branches.iter().all(has_one_parent);
        let cases = branches.iter().flat_map(|branch| &branch.cases);
        let reads = cases.filter_map(|case| case.when.as_ref()).any(|when| !fields_read(when).is_empty());
        let is_list = |branch: &PlainBranch<'_>| match branch.source {
            Source::Referrers { reference, .. } => map.reference(reference).is_some_and(|one| one.each),
            _ => false,
        };
        let reads = reads || branches.iter().any(is_list);
        Self { set, repeats: branches.len() > 1 && !disjoint, reads, branches }
    }

    /// Returns the sets that the SQL of this set reads. A set may occur more than once.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = SetId> {
        self.branches.iter().flat_map(|branch| {
            let rows = branch.of.iter().chain(branch.within).chain(branch.except);
            rows.map(|rows| rows.set)
        })
    }

    /// Returns one of the set's ranks if all of them are in the range, so that the rank need not be compared.
    pub(crate) fn rank_within(&self, ranks: Ranks) -> Option<Rank> {
        self.readable_rank_within(ranks).filter(|_| !self.reads)
    }

    /// Returns one of the set's ranks if those of all rows without unreadable values are in the range.
    pub(crate) fn readable_rank_within(&self, ranks: Ranks) -> Option<Rank> {
        let cases = self.branches.iter().flat_map(|branch| &branch.cases);
        let mut all = cases.filter_map(|case| case.rank);
        let first = all.next().unwrap_or(ranks.from);
        let lies_within = ranks.contains(first) && all.all(|rank| ranks.contains(rank));
        lies_within.then_some(first)
    }
}

/// Replaces members of a set by the rows of its only branch, if the set has no conditions. A query then finds them in
/// one place instead of looking them up by id.
pub(crate) fn look_through(query: &SurveyQuery, shapes: &mut BTreeMap<SetId, Shape<'_>>) {
    for stratum in query.sets.iter() {
        let Stratum::Set(set) = stratum else { continue };
        let Some(shape) = shapes.get(&set.id) else { continue };
        let found = shape.branches.iter().map(|branch| referrers_behind(query, shapes, branch));
        let found: Vec<Option<PlainBranch<'_>>> = found.collect();
        let Some(shape) = shapes.get_mut(&set.id) else { continue };
        for (branch, behind) in shape.branches.iter_mut().zip(found) {
            if let Some(behind) = behind {
                *branch = PlainBranch { cases: std::mem::take(&mut branch.cases), ..behind };
            }
        }
    }
}

/// Returns the branch to referrers whose rows are exactly the members that a branch starts from.
fn referrers_behind<'a>(
    query: &SurveyQuery,
    shapes: &BTreeMap<SetId, Shape<'a>>,
    branch: &PlainBranch<'a>,
) -> Option<PlainBranch<'a>> {
    let (Source::Members(_), Some(of), [], []) = (branch.source, branch.of, branch.within, branch.except)
    else {
        return None;
    };
    let [behind] = &*shapes.get(&of.set)?.branches else { return None };
    let Source::Referrers { reference, .. } = behind.source else { return None };
    let is_list = query.map.reference(reference).is_none_or(|reference| reference.each);
    let is_whole = behind.constant().is_some_and(|rank| of.ranks.contains(rank));
    let is_plain = is_whole && !is_list && !branch.switched && !is_cyclic(query, of.set);
    is_plain.then(|| behind.clone())
}

/// Returns whether a set belongs to a cycle.
pub(crate) fn is_cyclic(query: &SurveyQuery, id: SetId) -> bool {
    let mut strata = query.sets.iter();
    strata
        .any(|stratum| matches!(stratum, Stratum::Cycle(_)) && stratum.sets().iter().any(|set| set.id == id))
}

impl PlainBranch<'_> {
    /// Returns the rank of the rows, if all rows have the same.
    pub(crate) fn constant(&self) -> Option<Rank> {
        match &*self.cases {
            [case] if case.when.is_none() => case.rank,
            _ => None,
        }
    }

    /// Returns whether a row of the source may be left out because no case applies.
    pub(crate) fn may_stay_out(&self) -> bool {
        let open = self.cases.last().is_none_or(|case| case.when.is_some());
        open || self.cases.iter().any(|case| case.rank.is_none())
    }
}

/// Splits a branch into ranges of the parent's ranks. Within a range, the same cases apply.
fn plain_branches(branch: &Branch) -> Vec<PlainBranch<'_>> {
    let Branch { source, within, except, switched, cases } = branch;
    let plain = |of, cases| PlainBranch { source, of, within, except, switched: *switched, cases };
    let parts = match source.rows() {
        // If the source has no ranks, the parent's rank counts as 0.
        None => vec![plain(None, applying(cases, 0))],
        Some(of) => ranges(of, cases).into_iter().map(|(rows, cases)| plain(Some(rows), cases)).collect(),
    };
    parts.into_iter().filter(|part| part.cases.iter().any(|case| case.rank.is_some())).collect()
}

/// Splits the parent's ranks into ranges for which the same cases apply.
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

/// Returns the cases that can apply if the parent has this rank, up to the first case that always applies.
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

/// Returns the fields that a condition reads and whose stored values may have the wrong type.
pub(crate) fn fields_read(condition: &Condition) -> BTreeSet<&FieldName> {
    let mut fields = BTreeSet::new();
    condition.visit(&mut |leaf| match leaf {
        Condition::Compare { field, .. } | Condition::Time { field, .. } => {
            fields.insert(field);
        }
        Condition::OneOf { field, values } if !values.is_empty() => {
            fields.insert(field);
        }
        _ => {}
    });
    fields
}
