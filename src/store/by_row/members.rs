//! The members of a set: numbers of rows with their ranks.

use super::session::Ranked;
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
            Self::Listed(members) => members.iter().filter(|(_, rank)| ranks.contains(*rank)).count() as u64,
            Self::Counted { count, rank } if ranks.contains(*rank) => *count,
            Self::Counted { .. } => 0,
        }
    }

    /// Returns the members, sorted by number; `None` if they were only counted.
    pub(super) fn listed(&self) -> Option<&[Ranked]> {
        match self {
            Self::Listed(members) => Some(members),
            Self::Counted { .. } => None,
        }
    }
}
