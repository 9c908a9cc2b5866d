//! The outcome that one reference gives to a row, before the outcomes of several references are ranked.

use crate::domain::{Condition, Kind, Mode, Moment, all, before, not_null};
use crate::policy::{Entry, Parent, Rule};

/// What becomes of a row. The order is the precedence: the first wins if several references reach the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RowOutcome {
    /// It stays until a period is over.
    Retain,
    /// It stays masked.
    Anonymize,
    /// It is marked as deleted.
    Soft,
    /// An earlier operation marked it: it counts as soft-deleted and is in no step.
    AlreadySoft,
    /// Its status is switched.
    Off,
    /// It is deleted.
    Delete,
    /// It is the subject of `anonymize`: it counts as deleted and stays.
    Erased,
    /// It stays.
    Keep,
}

impl RowOutcome {
    /// Returns whether rows that refer to the row are reached.
    pub(crate) fn is_removed(self) -> bool {
        (Self::Soft..=Self::Erased).contains(&self)
    }

    pub(crate) fn is_deleted(self) -> bool {
        self == Self::Delete
    }

    /// Returns whether the row is marked as deleted, by this operation or an earlier one.
    pub(crate) fn is_soft(self) -> bool {
        matches!(self, Self::Soft | Self::AlreadySoft)
    }

    /// Returns whether the row stays although the operation reached it: retained or anonymized.
    pub(crate) fn is_kept_back(self) -> bool {
        self < Self::Soft
    }

    pub(crate) fn of_subject(mode: Mode) -> Self {
        match mode {
            Mode::Create | Mode::Update | Mode::Reassign => Self::Keep,
            Mode::Deactivate | Mode::Reactivate => Self::Off,
            Mode::SoftDelete => Self::Soft,
            Mode::Anonymize => Self::Erased,
            Mode::HardDelete => Self::Delete,
        }
    }
}

/// One case of a reference. The first case whose condition holds decides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OutcomeCase {
    /// The position of the entry it comes from.
    pub(crate) entry: usize,
    pub(crate) when: Option<Condition>,
    /// `None` if the reference leaves the row as it is; the row may still block, or be redirected.
    pub(crate) outcome: Option<RowOutcome>,
}

/// Returns the entries that apply below a parent of this outcome, up to the first without a condition.
pub(crate) fn applicable_entries(entries: &[Entry], parent: RowOutcome) -> Vec<(usize, &Entry)> {
    let mut found = Vec::new();
    for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| applies(entry, parent)) {
        found.push((index, entry));
        if entry.when.is_none() {
            break;
        }
    }
    found
}

fn applies(entry: &Entry, parent: RowOutcome) -> bool {
    match entry.parent {
        None => parent.is_removed(),
        Some(Parent::Retain) => parent == RowOutcome::Retain,
        Some(Parent::Anonymize) => parent == RowOutcome::Anonymize,
    }
}

/// Returns what the entries make of a row of `kind` below a parent of this outcome.
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
    // A last case without an outcome is redundant.
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
    let unless_marked = |outcome: RowOutcome| {
        // Outside `hard_delete`, a row that was marked before counts as not reached.
        let counts_as = (mode == Mode::HardDelete).then_some(RowOutcome::AlreadySoft);
        let marked = kind.deleted_at.as_ref().map(|field| (Some(not_null(field)), counts_as));
        marked.into_iter().chain([(None, Some(outcome))]).collect()
    };
    match rule {
        Rule::Cascade if parent.is_deleted() => vec![(None, Some(RowOutcome::Delete))],
        Rule::Cascade if parent.is_soft() => unless_marked(RowOutcome::Soft),
        Rule::Cascade if parent == RowOutcome::Off => unless_marked(RowOutcome::Off),
        Rule::Delete => vec![(None, Some(RowOutcome::Delete))],
        Rule::SoftDelete => unless_marked(RowOutcome::Soft),
        Rule::Anonymize(_) => vec![(None, Some(RowOutcome::Anonymize))],
        Rule::Retain(retention) => {
            let due = before(&retention.from, Moment::Cutoff(retention.period));
            vec![(Some(due), Some(RowOutcome::Delete)), (None, Some(RowOutcome::Retain))]
        }
        Rule::Keep => vec![(None, Some(RowOutcome::Keep))],
        Rule::Cascade | Rule::Restrict | Rule::Protect | Rule::Redirect(_) => vec![(None, None)],
    }
}
