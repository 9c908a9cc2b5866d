//! Fates: what one reference makes of a row, before several references are weighed against each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Condition, DataMap, Kind, KindName, Mode, Moment, all, before, not_null};
use crate::policy::{Entry, Parent, Rule, Rules};

/// What becomes of a row, in the order of precedence: the first wins where several references reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fate {
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

impl Fate {
    /// Whether what refers to the row is reached.
    pub(crate) fn is_removed(self) -> bool {
        (Self::Soft..=Self::Erased).contains(&self)
    }

    /// The fate of the subject.
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
pub(crate) struct FateCase {
    /// The entry it came from.
    pub(crate) entry: usize,
    pub(crate) when: Option<Condition>,
    /// `None`: nothing becomes of the row by this reference; it may block, or be redirected.
    pub(crate) fate: Option<Fate>,
}

/// The entries that speak of rows below a parent of this fate, in order, up to the first without condition.
pub(crate) fn spoken(entries: &[Entry], parent: Fate) -> Vec<(usize, &Entry)> {
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

/// What the entries make of a row of `kind` below a parent of this fate.
pub(crate) fn cases(kind: &Kind, entries: &[Entry], parent: Fate, mode: Mode) -> Vec<FateCase> {
    let mut cases = Vec::new();
    for (index, entry) in spoken(entries, parent) {
        for (extra, fate) in outcomes(kind, &entry.then, parent, mode) {
            let when = match (&entry.when, extra) {
                (Some(when), Some(extra)) => Some(all([when.clone(), extra])),
                (Some(when), None) => Some(when.clone()),
                (None, extra) => extra,
            };
            cases.push(FateCase { entry: index, when, fate });
        }
    }
    // A last case without consequence says the same as no case.
    while cases.last().is_some_and(|case| case.fate.is_none()) {
        cases.pop();
    }
    cases
}

fn outcomes(kind: &Kind, rule: &Rule, parent: Fate, mode: Mode) -> Vec<(Option<Condition>, Option<Fate>)> {
    let marked_before = kind.deleted_at.as_ref().map(not_null);
    let unless_marked = |fate: Fate| {
        // In other modes than `hard_delete` what had been marked before counts as not reached.
        let counts_as = (mode == Mode::HardDelete).then_some(Fate::AlreadySoft);
        let before = marked_before.clone().map(|condition| (Some(condition), counts_as));
        before.into_iter().chain([(None, Some(fate))]).collect()
    };
    match rule {
        Rule::Cascade => match parent {
            Fate::Delete => vec![(None, Some(Fate::Delete))],
            Fate::Soft | Fate::AlreadySoft => unless_marked(Fate::Soft),
            Fate::Off => unless_marked(Fate::Off),
            Fate::Erased | Fate::Retain | Fate::Anonymize | Fate::Keep => vec![(None, None)],
        },
        Rule::Delete => vec![(None, Some(Fate::Delete))],
        Rule::SoftDelete => unless_marked(Fate::Soft),
        Rule::Anonymize(_) => vec![(None, Some(Fate::Anonymize))],
        Rule::Retain(retention) => {
            let due = before(&retention.from, Moment::Cutoff(retention.period));
            vec![(Some(due), Some(Fate::Delete)), (None, Some(Fate::Retain))]
        }
        Rule::Keep => vec![(None, Some(Fate::Keep))],
        Rule::Restrict | Rule::Protect | Rule::Redirect(_) => vec![(None, None)],
    }
}

/// Which fates the rows of each kind can have, conditions taken as free: the least fixpoint.
///
/// It decides which parts of the query are needed at all; a kind that is missing is never reached.
pub(crate) fn possible(
    map: &DataMap,
    subject: &KindName,
    mode: Mode,
    rules: &Rules,
) -> BTreeMap<KindName, BTreeSet<Fate>> {
    let mut fates = BTreeMap::from([(subject.clone(), BTreeSet::from([Fate::of_subject(mode)]))]);
    loop {
        let before: usize = fates.values().map(BTreeSet::len).sum();
        for reference in map.references() {
            let (Some(kind), Some(entries)) = (map.kind(&reference.from), rules.entries(&reference.name))
            else {
                continue;
            };
            let parents = fates.get(&reference.to).cloned().unwrap_or_default();
            for parent in parents {
                let found = cases(kind, entries, parent, mode);
                let found = found.iter().filter_map(|case| case.fate);
                fates.entry(reference.from.clone()).or_default().extend(found);
            }
        }
        fates.retain(|_, fates| !fates.is_empty());
        if fates.values().map(BTreeSet::len).sum::<usize>() == before {
            return fates;
        }
    }
}
