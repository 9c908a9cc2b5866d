//! Reached rows: one set per kind, each row with the rank of its fate.

use super::fate::{FateCase, cases};
use super::rank::{Verdicts, meanings};
use super::{Fate, Parts, Sets, VerdictsOf, facts};
use crate::domain::{Condition, KindName, Mode, Reference, all, is_null};
use crate::plan::{Arm, Case, Rank, Ranks, Rows, Source};

/// The subjects as a set, and after it what becomes of the rows of every reached kind.
pub(super) fn verdicts(parts: &Parts<'_>, order: &[KindName], sets: &mut Sets) -> VerdictsOf {
    let subject = Arm {
        source: Source::Subjects,
        within: Vec::new(),
        except: Vec::new(),
        cases: vec![Case {
            when: subject_condition(parts),
            ..Case::always(0)
        }],
    };
    sets.add("the subjects".into(), parts.subject, vec![subject]);
    let mut verdicts = VerdictsOf::new();
    verdicts.insert(
        parts.subject.clone(),
        Verdicts::of_subject(Fate::of_subject(parts.mode)),
    );
    for kind in order {
        if parts.is_subject(kind) {
            continue;
        }
        let meanings = meanings(parts, kind);
        if meanings.is_empty() {
            continue;
        }
        let mut found = Verdicts {
            set: sets.next(),
            meanings,
        };
        let arms = parts
            .map
            .references_from(kind)
            .filter_map(|reference| arm(parts, reference, verdicts.get(&reference.to)?, &found))
            .collect();
        found.set = sets.add(format!("{kind}: what becomes of them"), kind, arms);
        verdicts.insert(kind.clone(), found);
    }
    verdicts
}

/// Whom the policy may touch: `only`, and no soft-deleted row unless it is to be erased.
fn subject_condition(parts: &Parts<'_>) -> Option<Condition> {
    let kind = facts(parts, parts.subject)?;
    let alive = kind
        .deleted_at
        .as_ref()
        .filter(|_| !parts.mode.erases())
        .map(is_null);
    match (kind.only.clone(), alive) {
        (Some(only), Some(alive)) => Some(all([only, alive])),
        (only, alive) => only.or(alive),
    }
}

/// The rows that a reference reaches, ranked by the first case that applies.
fn arm(parts: &Parts<'_>, reference: &Reference, parent: &Verdicts, own: &Verdicts) -> Option<Arm> {
    let rank = |case: &FateCase| own.rank(case.fate?, &reference.name, case.entry);
    by_parent(parts, reference, parent, rank)
}

/// One arm over a reference: the cases for each sort of parent, with the ranks that `rank` gives them.
///
/// Parents with the same cases share them; where all parents do, the parent's rank need not be looked at.
pub(super) fn by_parent(
    parts: &Parts<'_>,
    reference: &Reference,
    parent: &Verdicts,
    rank: impl Fn(&FateCase) -> Option<Rank>,
) -> Option<Arm> {
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
            .map(|case| Case {
                below,
                rank: rank(&case),
                when: case.when,
            })
            .collect::<Vec<_>>()
    });
    let mut cases: Vec<Case> = cases.collect();
    while cases.last().is_some_and(|case| case.rank.is_none()) {
        cases.pop();
    }
    (!cases.is_empty()).then(|| Arm {
        source: Source::Referrers {
            reference: reference.name.clone(),
            of: Rows {
                set: parent.set,
                ranks: whole(parent, Ranks { from, to }),
            },
        },
        within: Vec::new(),
        except: Vec::new(),
        cases,
    })
}

/// All ranks where the range holds every rank that the set has: the cheaper question.
fn whole(verdicts: &Verdicts, ranks: Ranks) -> Ranks {
    let last = verdicts.meanings.len().saturating_sub(1);
    if ranks.from == 0 && usize::from(ranks.to) >= last {
        Ranks::ALL
    } else {
        ranks
    }
}

/// The mode's own word for a switched status.
pub(super) fn switches_on(mode: Mode) -> bool {
    mode == Mode::Reactivate
}
