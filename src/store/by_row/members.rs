//! The members of a set: numbers of rows with their ranks.

use super::session::{Ranked, RowNumber};
use crate::protocol::{Rank, Ranks};

/// The members of an evaluated set.
#[derive(Debug)]
pub(crate) enum Members {
    /// Every row once with its lowest rank, sorted by number.
    Listed(Vec<Ranked>),
    /// The number of the rows, which all have the same rank. Nothing needs to know which rows they are.
    Counted { count: u64, rank: Rank },
}

impl Members {
    /// Collects rows that may have been found several times. Each keeps its lowest rank.
    pub(super) fn of(mut found: Vec<Ranked>) -> Self {
        found.sort_unstable();
        found.dedup_by_key(|(number, _)| *number);
        Self::Listed(found)
    }

    /// Returns the number of members whose ranks lie in the range.
    pub(super) fn count(&self, ranks: Ranks) -> u64 {
        match self {
            Self::Listed(members) if ranks == Ranks::ALL => members.len() as u64,
            Self::Listed(_) => self.listed(ranks).count() as u64,
            Self::Counted { count, rank } if ranks.contains(*rank) => *count,
            Self::Counted { .. } => 0,
        }
    }

    /// Returns the members whose ranks lie in the range. A set that is only counted lists nothing.
    pub(super) fn listed(&self, ranks: Ranks) -> impl Iterator<Item = Ranked> {
        let members = match self {
            Self::Listed(members) => members.as_slice(),
            Self::Counted { .. } => &[],
        };
        members.iter().filter(move |(_, rank)| ranks.contains(*rank)).copied()
    }

    /// Returns whether the row is a member with a rank in the range.
    pub(super) fn contains(&self, number: RowNumber, ranks: Ranks) -> bool {
        let Self::Listed(members) = self else {
            return false;
        };
        let found = members.binary_search_by_key(&number, |(member, _)| *member);
        found.ok().and_then(|at| members.get(at)).is_some_and(|(_, rank)| ranks.contains(*rank))
    }
}
