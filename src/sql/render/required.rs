//! Conditions that every row of a branch meets. They stand in the WHERE clause, where an index can use them. It cannot
//! use conditions inside CASE.

use std::collections::BTreeSet;

use super::renderer::Renderer;
use super::shape::{PlainBranch, fields_read};
use crate::domain::{Condition, FieldName, Kind};
use crate::protocol::Rank;
use crate::sql::statement::Query;
use crate::store::StoreError;

/// What a branch requires of its rows.
pub(super) struct Required<'a> {
    /// The conditions that every case requires.
    conditions: Vec<&'a Condition>,
    /// The condition that a value which a case reads has the wrong type.
    pub(super) unreadable: Option<String>,
    /// The rank of the readable rows that meet the conditions, if all of them have the same.
    pub(super) rank: Option<Rank>,
}

impl Renderer<'_> {
    /// Returns what a branch requires. There are no conditions if the rows are found over a list, which may be
    /// unreadable itself, or if the conditions read values that take long to convert.
    pub(super) fn required<'b>(
        &self,
        kind: &Kind,
        branch: &'b PlainBranch<'_>,
    ) -> Result<Required<'b>, StoreError> {
        let none = Required { conditions: Vec::new(), unreadable: None, rank: branch.constant() };
        let whens: Option<Vec<&Condition>> = branch.cases.iter().map(|case| case.when.as_ref()).collect();
        let Some(whens) = whens else { return Ok(none) };
        let fields: BTreeSet<&FieldName> = whens.iter().copied().flat_map(fields_read).collect();
        let is_converted = |field: &&FieldName| self.backend.converted(self.field(kind, field)).is_some();
        if fields.iter().any(is_converted) || self.list_of(branch.source)?.is_some() {
            return Ok(none);
        }
        let cases: Vec<Vec<&Condition>> = whens.into_iter().map(conjuncts).collect();
        let Some((first, others)) = cases.split_first() else { return Ok(none) };
        let in_all = |condition: &&&Condition| others.iter().all(|case| case.contains(*condition));
        let conditions: Vec<&Condition> = first.iter().filter(in_all).copied().collect();
        let only = branch.cases.first().filter(|_| others.is_empty() && !conditions.is_empty());
        let unreadable = self.any_invalid(kind, fields)?;
        Ok(Required { conditions, unreadable, rank: only.and_then(|case| case.rank) })
    }

    /// Writes the required conditions on the row `r`. If unreadable rows are `wanted`, they pass too. Otherwise, they do
    /// not pass if the conditions alone decide on the rank.
    pub(super) fn require(
        &self,
        query: &mut Query<'_>,
        kind: &Kind,
        required: &Required<'_>,
        wanted: bool,
    ) -> Result<(), StoreError> {
        let Required { conditions, unreadable, rank } = required;
        if conditions.is_empty() {
            return Ok(());
        }
        let w = query.condition().push("(");
        w.list(" AND ", conditions, |w, condition| {
            w.push("(");
            self.condition(w, kind, condition)?;
            w.push(")");
            Ok::<_, StoreError>(())
        })?;
        match unreadable {
            Some(unreadable) if wanted => w.push(" OR ").push(unreadable),
            Some(unreadable) if rank.is_some() => w.push(" AND NOT (").push(unreadable).push(")"),
            _ => w,
        };
        w.push(")");
        Ok(())
    }
}

/// Returns the conditions of which all must hold.
fn conjuncts(condition: &Condition) -> Vec<&Condition> {
    match condition {
        Condition::All(conditions) => conditions.iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}
