//! Arms that follow the entries of one reference: the first entry whose condition holds decides.

use super::fate::spoken;
use super::{Fate, Parts};
use crate::domain::Reference;
use crate::plan::{Arm, Case, Rank, Ranks, Rows, Source};
use crate::policy::Entry;

/// The rows below `of`, ranked by the entry that decides for them. `parent` is the fate of the rows `of`.
///
/// `None` where no entry gets a rank.
pub(super) fn chain(
    parts: &Parts<'_>,
    reference: &Reference,
    of: Rows,
    parent: Fate,
    rank: impl Fn(usize, &Entry) -> Option<Rank>,
) -> Option<Arm> {
    let spoken = spoken(parts.entries(&reference.name), parent);
    let mut cases: Vec<Case> = spoken
        .into_iter()
        .map(|(index, entry)| Case {
            below: Ranks::ALL,
            when: entry.when.clone(),
            rank: rank(index, entry),
        })
        .collect();
    while cases.last().is_some_and(|case| case.rank.is_none()) {
        cases.pop();
    }
    (!cases.is_empty()).then(|| Arm {
        source: Source::Referrers {
            reference: reference.name.clone(),
            of,
        },
        within: Vec::new(),
        except: Vec::new(),
        cases,
    })
}
