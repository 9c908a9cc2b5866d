//! Fates: what one reference makes of a row, before several references are weighed against each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Condition, DataMap, Kind, KindName, Mode, Moment, all, before, not_null};
use crate::policy::{Entry, Parent, Rule, Rules};

/// What becomes of a row, in the order of precedence: the first wins where several references reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RowOutcome {
    /// It stays until a period is over.
    Retain,
    /// It stays masked.
    Anonymize,
    /// It is marked as deleted.
    Soft,
    /// It had been marked by an earlier operation: it counts as soft-deleted and is in no step.
    AlreadySoft,
    /// Its status is switched.
    Off,
    /// It goes.
    Delete,
    /// The subject of `anonymize`: it counts as deleted, and stays.
    Erased,
    /// It stays.
    Keep,
}

impl RowOutcome {
    /// Whether what refers to the row is reached.
    pub(crate) fn is_removed(self) -> bool {
        (Self::Soft..=Self::Erased).contains(&self)
    }

    /// The outcome of the subject.
    pub(crate) fn of_subject(mode: Mode) -> Self {
        match mode {
            Mode::Create | Mode::Update | Mode::Reassign => Self::Keep,
            Mode::Deactivate | Mode::Reactivate => Self::Off,
            Mode::SoftDelete => Self::Soft,
            Mode::Anonymize => Self::Erased,
            Mode::HardDelete => Self::Delete,
        }
    }

    /// Which entries speak of rows below such a row.
    fn speaker(self) -> Option<Speaker> {
        match self {
            Self::Retain => Some(Speaker::Below(Parent::Retain)),
            Self::Anonymize => Some(Speaker::Below(Parent::Anonymize)),
            Self::Keep => None,
            _ => Some(Speaker::Removed),
        }
    }
}

#[derive(PartialEq)]
enum Speaker {
    Removed,
    Below(Parent),
}

/// One case of a reference: the first whose condition holds decides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OutcomeCase {
    /// The entry it came from.
    pub(crate) entry: usize,
    pub(crate) when: Option<Condition>,
    /// `None`: nothing becomes of the row by this reference; it may block, or be redirected.
    pub(crate) outcome: Option<RowOutcome>,
}

/// The entries that speak of rows below a parent of this outcome, in order, up to the first without condition.
pub(crate) fn applicable_entries(entries: &[Entry], parent: RowOutcome) -> Vec<(usize, &Entry)> {
    let Some(speaker) = parent.speaker() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let speaks = match entry.parent {
            None => Speaker::Removed,
            Some(parent) => Speaker::Below(parent),
        };
        if speaks == speaker {
            found.push((index, entry));
            if entry.when.is_none() {
                break;
            }
        }
    }
    found
}

/// What the entries make of a row of `kind` below a parent of this outcome.
pub(crate) fn cases(kind: &Kind, entries: &[Entry], parent: RowOutcome, mode: Mode) -> Vec<OutcomeCase> {
    let mut cases = Vec::new();
    for (index, entry) in applicable_entries(entries, parent) {
        for (extra, outcome) in rule_outcomes(kind, &entry.then, parent, mode) {
            let when = match (&entry.when, extra) {
                (Some(when), Some(extra)) => Some(all([when.clone(), extra])),
                (Some(when), None) => Some(when.clone()),
                (None, extra) => extra,
            };
            cases.push(OutcomeCase { entry: index, when, outcome });
        }
    }
    // A last case without consequence says the same as no case.
    while cases.last().is_some_and(|case| case.outcome.is_none()) {
        cases.pop();
    }
    cases
}

fn rule_outcomes(
    kind: &Kind,
    rule: &Rule,
    parent: RowOutcome,
    mode: Mode,
) -> Vec<(Option<Condition>, Option<RowOutcome>)> {
    let marked_before = kind.deleted_at.as_ref().map(not_null);
    let unless_marked = |outcome: RowOutcome| {
        // In other modes than `hard_delete` what had been marked before counts as not reached.
        let counts_as = (mode == Mode::HardDelete).then_some(RowOutcome::AlreadySoft);
        let before = marked_before.clone().map(|condition| (Some(condition), counts_as));
        before.into_iter().chain([(None, Some(outcome))]).collect()
    };
    match rule {
        Rule::Cascade => match parent {
            RowOutcome::Delete => vec![(None, Some(RowOutcome::Delete))],
            RowOutcome::Soft | RowOutcome::AlreadySoft => unless_marked(RowOutcome::Soft),
            RowOutcome::Off => unless_marked(RowOutcome::Off),
            RowOutcome::Erased | RowOutcome::Retain | RowOutcome::Anonymize | RowOutcome::Keep => {
                vec![(None, None)]
            }
        },
        Rule::Delete => vec![(None, Some(RowOutcome::Delete))],
        Rule::SoftDelete => unless_marked(RowOutcome::Soft),
        Rule::Anonymize(_) => vec![(None, Some(RowOutcome::Anonymize))],
        Rule::Retain(retention) => {
            let due = before(&retention.from, Moment::Cutoff(retention.period));
            vec![(Some(due), Some(RowOutcome::Delete)), (None, Some(RowOutcome::Retain))]
        }
        Rule::Keep => vec![(None, Some(RowOutcome::Keep))],
        Rule::Restrict | Rule::Protect | Rule::Redirect(_) => vec![(None, None)],
    }
}

/// Which outcomes the rows of each kind can have, conditions taken as free: the least fixpoint.
///
/// It decides which context of the query are needed at all; a kind that is missing is never reached.
pub(crate) fn possible(
    map: &DataMap,
    subject: &KindName,
    mode: Mode,
    rules: &Rules,
) -> BTreeMap<KindName, BTreeSet<RowOutcome>> {
    let mut outcomes = BTreeMap::from([(subject.clone(), BTreeSet::from([RowOutcome::of_subject(mode)]))]);
    loop {
        let before: usize = outcomes.values().map(BTreeSet::len).sum();
        for reference in map.references() {
            let (Some(kind), Some(entries)) = (map.kind(&reference.from), rules.entries(&reference.name))
            else {
                continue;
            };
            let parents = outcomes.get(&reference.to).cloned().unwrap_or_default();
            for parent in parents {
                let found = cases(kind, entries, parent, mode);
                let found = found.iter().filter_map(|case| case.outcome);
                outcomes.entry(reference.from.clone()).or_default().extend(found);
            }
        }
        outcomes.retain(|_, outcomes| !outcomes.is_empty());
        if outcomes.values().map(BTreeSet::len).sum::<usize>() == before {
            return outcomes;
        }
    }
}
