//! The order in which the entries of a rule decide about a row.

use super::row_outcome::RowOutcome;
use crate::domain::{Comparison, Condition, all, any, is_null};
use crate::policy::{Entry, Parent, Retention, Rule};

/// An entry whose turn it is to decide, if no earlier turn has decided.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    /// The position of the entry.
    pub(super) index: usize,
    pub(super) entry: &'a Entry,
    /// The rows that it decides about.
    pub(super) when: Option<Condition>,
    pub(super) part: Part,
}

/// The part of an entry. Only a `retain` among several entries has more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The whole entry.
    Whole,
    /// The rows whose retention is not over.
    UntilOver,
    /// The rows whose retention is over, and about which no further entry decides: they are deleted.
    Over,
}

/// Returns the entries that apply to rows whose parent has this outcome, up to the first that decides about all rows.
pub(crate) fn applicable_entries(entries: &[Entry], parent: RowOutcome) -> Vec<(usize, &Entry)> {
    let mut found = Vec::new();
    for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| applies(entry, parent)) {
        found.push((index, entry));
        if entry.decides_all() {
            break;
        }
    }
    found
}

/// Returns whether an entry applies to rows whose parent has this outcome.
pub(super) fn applies(entry: &Entry, parent: RowOutcome) -> bool {
    match entry.parent {
        None if entry.by_database => parent.is_deleted(),
        None => parent.is_removed(),
        Some(Parent::Retain) => parent == RowOutcome::Retain,
        Some(Parent::Anonymize) => parent == RowOutcome::Anonymize,
    }
}

/// Returns the turns in which the entries decide about rows whose parent has this outcome. A `retain` leaves the rows
/// whose period is over to the entries after it.
pub(super) fn turns(entries: &[Entry], parent: RowOutcome) -> Vec<Turn<'_>> {
    let applicable = applicable_entries(entries, parent);
    let retentions = || applicable.iter().filter(|(_, entry)| matches!(entry.then, Rule::Retain(_)));
    let is_last = |index| applicable.last().is_some_and(|(last, _)| *last == index);
    let has_parts = retentions().count() > 1 || retentions().any(|(index, _)| !is_last(*index));
    let mut turns = Vec::new();
    for (index, entry) in &applicable {
        let (when, part) = match &entry.then {
            Rule::Retain(retention) if has_parts => {
                let until_over = until_over(retention);
                let when = entry.when.iter().cloned().chain([until_over]).collect::<Vec<_>>();
                (Some(all(when)), Part::UntilOver)
            }
            _ => (entry.when.clone(), Part::Whole),
        };
        turns.push(Turn { index: *index, entry, when, part });
    }
    if has_parts && !applicable.last().is_some_and(|(_, entry)| entry.decides_all()) {
        turns.extend(retentions().map(|(index, entry)| Turn {
            index: *index,
            entry,
            when: entry.when.clone(),
            part: Part::Over,
        }));
    }
    turns
}

/// Returns the condition that a retention is not over. Without a date, it never is.
pub(super) fn until_over(retention: &Retention) -> Condition {
    let field = retention.from.clone();
    let time = Condition::Time { field, is: Comparison::GreaterOrEqual, moment: retention.cutoff() };
    any([is_null(&retention.from), time])
}
