//! Sets as SQL: each set is a query for ids and ranks.

use std::collections::BTreeSet;

use super::renderer::Renderer;
use super::required::Required;
use super::row_id::as_row;
use super::shape::{Materialization, PlainBranch, Shape, fields_read};
use crate::domain::{FieldName, Kind};
use crate::protocol::{NamedSet, RankCase, Ranks, Rows, SetId, Source, Stratum};
use crate::sql::statement::{Query, Union, With, Writer};
use crate::store::StoreError;

/// The rank of a row for which a condition read a value of the wrong type. It is below all other ranks, so no range
/// contains it. Each count of a set counts these rows separately.
pub(super) const INVALID: i64 = -1;

impl Renderer<'_> {
    /// Starts a statement with the common table expressions of these sets.
    pub(crate) fn with<'w>(&self, w: &'w mut Writer, sets: &[SetId]) -> Result<&'w mut Writer, StoreError> {
        Ok(self.tables(w, sets, false)?.end())
    }

    /// Starts a statement with the common table expressions of these sets. The caller may add more expressions;
    /// `recursive` says whether these are recursive.
    pub(crate) fn tables<'w>(
        &self,
        w: &'w mut Writer,
        sets: &[SetId],
        recursive: bool,
    ) -> Result<With<'w>, StoreError> {
        let needed = self.needed(sets)?;
        let is_needed = |set: &&NamedSet| needed.contains(&set.id);
        let is_cycle = |stratum: &&Stratum| {
            matches!(stratum, Stratum::Cycle(_)) && stratum.sets().iter().any(|set| is_needed(&set))
        };
        let mut with = With::new(w, recursive || self.query.sets.iter().any(|stratum| is_cycle(&stratum)));
        for stratum in self.query.sets.iter() {
            if is_cycle(&stratum) {
                with.raw(|w| self.backend.cycle(self, w, stratum.sets()))?;
                continue;
            }
            for set in stratum.sets().iter().filter(is_needed) {
                let head = format!("{}(id, rank)", self.set_name(set.id));
                with.table(&head, |w| self.set(w, self.shape(set.id)?))?;
            }
        }
        Ok(with)
    }

    /// Returns the sets that a statement must define to use these sets: their inputs as well, and all sets of a
    /// cycle.
    pub(crate) fn needed(&self, sets: &[SetId]) -> Result<BTreeSet<SetId>, StoreError> {
        let inline = |set: &SetId| self.materialization(*set) != Materialization::Materialized;
        let mut needed: BTreeSet<SetId> = sets.iter().copied().filter(inline).collect();
        let mut open: Vec<SetId> = needed.iter().copied().collect();
        while let Some(set) = open.pop() {
            let mut found: Vec<SetId> = self.shape(set)?.inputs().collect();
            for stratum in self.query.sets.iter() {
                if let Stratum::Cycle(sets) = stratum
                    && sets.iter().any(|other| other.id == set)
                {
                    found.extend(sets.iter().map(|set| set.id));
                }
            }
            for input in found.into_iter().filter(inline) {
                if needed.insert(input) {
                    open.push(input);
                }
            }
        }
        Ok(needed)
    }

    /// Writes a query for the ids of these rows.
    pub(crate) fn ids(&self, w: &mut Writer, rows: Rows) -> Result<(), StoreError> {
        self.select_rows(&mut Query::select(w, "s.id"), rows)
    }

    /// Writes the condition that the row `r` is among these rows.
    pub(crate) fn is_one(&self, w: &mut Writer, kind: &Kind, rows: Rows) -> Result<(), StoreError> {
        self.holds_row(w, &self.row_id(kind)?, self.finds_row_ids(kind)?, rows)
    }

    /// Writes the condition that an expression equals the id of one of these rows.
    fn holds_row(&self, w: &mut Writer, held: &str, by_index: bool, rows: Rows) -> Result<(), StoreError> {
        if let Some(id) = self.only_id(rows) {
            w.push(held).push(" = ").bind(id.clone());
            return Ok(());
        }
        self.holds_one(w, held, by_index, rows, |w| self.ids(w, rows))
    }

    /// Writes the condition that an expression equals the only column of a query for these rows.
    fn holds_one(
        &self,
        w: &mut Writer,
        held: &str,
        by_index: bool,
        rows: Rows,
        query: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if self.is_one_row(rows) {
            return equals_only(w, held, query);
        }
        holds_one(w, held, by_index, query)
    }

    /// Returns whether there is at most one such row: the only subject.
    fn is_one_row(&self, rows: Rows) -> bool {
        let is_subject = self.query.subjects.len() == 1 && self.subjects() == Some(rows.set);
        is_subject && self.set_kind(rows.set).is_ok_and(|kind| self.has_unique_ids(kind))
    }

    /// Writes the condition that the row `r` is among these rows. Uses the conditions of their set directly if
    /// possible.
    pub(crate) fn are_rows(&self, query: &mut Query<'_>, kind: &Kind, rows: Rows) -> Result<(), StoreError> {
        let Some(branch) = self.direct(rows)? else {
            return self.is_one(query.condition(), kind, rows);
        };
        let required = self.required(kind, branch)?;
        self.comes_in(query, self.shape(rows.set)?.set, branch)?;
        self.require(query, kind, &required, false)?;
        if !required.rank.is_some_and(|rank| rows.ranks.contains(rank)) {
            // Rows that are left out have no rank, and NULL is in no range.
            let w = query.condition().push("(");
            self.rank(w, kind, &branch.cases, None)?;
            rank_within(w, ")", rows.ranks);
        }
        Ok(())
    }

    pub(crate) fn needed_for(&self, rows: Rows) -> Result<Vec<SetId>, StoreError> {
        Ok(match self.direct(rows)? {
            Some(_) => self.shape(rows.set)?.inputs().collect(),
            None => vec![rows.set],
        })
    }

    /// Returns whether these rows can be found without defining any set.
    pub(crate) fn needs_no_set(&self, rows: Rows) -> Result<bool, StoreError> {
        Ok(self.direct(rows)?.is_some() && self.shape(rows.set)?.inputs().next().is_none())
    }

    /// Returns the only branch of the set of these rows, if the statement can use its conditions directly, without
    /// storing or looking up ids.
    fn direct(&self, rows: Rows) -> Result<Option<&PlainBranch<'_>>, StoreError> {
        Ok(match &*self.shape(rows.set)?.branches {
            [branch] if self.backend.finds_rows_itself(self, rows) => Some(branch),
            _ => None,
        })
    }

    /// Writes a FROM clause with these rows of a set, as `s`.
    pub(crate) fn select_rows(&self, query: &mut Query<'_>, rows: Rows) -> Result<(), StoreError> {
        self.select_set(query, rows.set);
        if self.shape(rows.set)?.rank_within(rows.ranks).is_none() {
            rank_within(query.condition(), "s.rank", rows.ranks);
        }
        Ok(())
    }

    /// Writes a FROM clause with a set as `s`, including rows with unreadable values.
    pub(crate) fn select_set(&self, query: &mut Query<'_>, set: SetId) {
        if self.materialization(set) == Materialization::Materialized {
            query.from(&format!("{} AS s", self.members()));
            query.condition().push("s.set_id = ").number(set.0);
        } else {
            query.from(&format!("{} AS s", self.set_name(set)));
        }
    }

    /// Writes a set as a query for ids and ranks.
    pub(crate) fn set(&self, w: &mut Writer, shape: &Shape<'_>) -> Result<(), StoreError> {
        let kind = self.kind(&shape.set.kind)?;
        let id = self.row_id(kind)?;
        if shape.branches.is_empty() {
            let mut none = Query::select(w, &format!("{id} AS id, 0 AS rank"));
            none.table(kind.table_name(), "r").condition().push("FALSE");
            return Ok(());
        }
        if shape.repeats {
            w.push("SELECT a.id AS id, min(a.rank) AS rank FROM (");
        }
        let mut union = Union::new(w, " UNION ALL ");
        for branch in &shape.branches {
            let w = union.part();
            let required = self.required(kind, branch)?;
            let open = required.rank.is_none() && branch.may_stay_out();
            w.push(if open { "SELECT c.id AS id, c.rank AS rank FROM (" } else { "" });
            let mut query = Query::select(w, &format!("{id} AS id, "));
            self.checked_rank(query.w(), branch.source, |w| match &required {
                Required { rank: Some(rank), unreadable: None, .. } => {
                    w.number(*rank);
                    Ok(())
                }
                Required { rank: Some(rank), unreadable: Some(unreadable), .. } => {
                    w.push("CASE WHEN ").push(unreadable).push(" THEN ").number(INVALID);
                    w.push(" ELSE ").number(*rank).push(" END");
                    Ok(())
                }
                Required { rank: None, .. } => self.rank(w, kind, &branch.cases, None),
            })?;
            query.w().push(" AS rank");
            query.table(kind.table_name(), "r");
            self.comes_in(&mut query, shape.set, branch)?;
            self.require(&mut query, kind, &required, true)?;
            w.push(if open { ") AS c WHERE c.rank IS NOT NULL" } else { "" });
            if self.may_miss_lists(branch.source)? {
                self.unreadable_lists(union.part(), kind, branch.source)?;
            }
        }
        w.push(if shape.repeats { ") AS a GROUP BY a.id" } else { "" });
        Ok(())
    }

    /// Writes the source of a branch and its conditions on the row `r`, but not the rank.
    fn comes_in(
        &self,
        query: &mut Query<'_>,
        set: &NamedSet,
        branch: &PlainBranch<'_>,
    ) -> Result<(), StoreError> {
        let kind = self.kind(&set.kind)?;
        let w = query.condition();
        match (branch.source, branch.of) {
            (Source::Subjects, _) => self.has_id(w, kind, &self.query.subjects)?,
            (Source::Ids(ids), _) => self.has_id(w, kind, ids)?,
            (Source::WithText { field, text }, _) => self.has_text(w, kind, field, text)?,
            (Source::Members(_), Some(of)) => self.is_one(w, kind, of)?,
            (Source::Repeated { fields, .. }, Some(of)) => self.is_repeated(w, kind, fields, of)?,
            (Source::Referrers { reference, .. }, Some(of)) => {
                let sides = self.sides(self.reference(reference)?)?;
                if let Some((list, stored)) =
                    sides.list("r")?.zip(sides.list_field().map(|list| list.held.column()))
                {
                    list.has_one(w, &stored, |w| sides.keys(w, |w| self.ids(w, of)))?;
                    return self.membership(query, kind, branch);
                }
                let (held, by_index) = (sides.held("r")?, sides.finds_referrers()?);
                match &*held {
                    [held] if sides.only_field().is_some() => {
                        self.holds_row(w, held, by_index, of)?;
                    }
                    [held] => {
                        self.holds_one(w, held, by_index, of, |w| sides.keys(w, |w| self.ids(w, of)))?;
                    }
                    held if self.is_one_row(of) => {
                        equals_only(w, &as_row(held), |w| sides.keys(w, |w| self.ids(w, of)))?;
                    }
                    held => {
                        w.push(&as_row(held)).push(" IN (");
                        sides.keys(w, |w| self.ids(w, of))?;
                        w.push(")");
                    }
                }
            }
            (Source::ReferencedBy { reference, .. }, Some(of)) => {
                let sides = self.sides(self.reference(reference)?)?;
                let from = sides.from();
                w.push(&as_row(&sides.key("r")?)).push(" IN (");
                let list = sides.list("p")?;
                let held = match &list {
                    Some(list) => list.compared.clone(),
                    None => sides.held("p")?.join(", "),
                };
                let mut referring = Query::select(w, &held);
                referring.table(from.table_name(), "p");
                if let Some(list) = &list {
                    referring.w().push(" CROSS JOIN ").push(&list.elements);
                }
                let row_id = self.row_id_of(from, "p")?;
                let w = referring.condition();
                self.holds_one(w, &row_id, self.finds_row_ids(from)?, of, |w| self.ids(w, of))?;
                w.push(")");
            }
            (Source::Replaced { fields }, _) => self.is_replaced(w, kind, fields)?,
            (Source::FormerReferrers { reference, fields, .. }, Some(of)) => {
                self.is_former_referrer(w, self.reference(reference)?, fields, of)?;
            }
            (_, None) => {
                w.push("FALSE");
            }
        }
        self.membership(query, kind, branch)
    }

    /// Writes the condition that the row `r` comes after another of these rows with the same values, in the order of
    /// ranks and ids.
    fn is_repeated(
        &self,
        w: &mut Writer,
        kind: &Kind,
        fields: &[FieldName],
        of: Rows,
    ) -> Result<(), StoreError> {
        let id = self.row_id(kind)?;
        let columns: Vec<String> = fields.iter().map(|field| self.field(kind, field).column()).collect();
        let partition =
            if columns.is_empty() { String::new() } else { format!("PARTITION BY {} ", columns.join(", ")) };
        let order = self.answer_order(kind)?;
        w.push(&id).push(" IN (SELECT d.id FROM (SELECT m.id AS id, row_number() OVER (");
        w.push(&format!("{partition}ORDER BY m.rank, {order}) AS place FROM ("));
        self.select_rows(&mut Query::select(w, "s.id AS id, s.rank AS rank"), of)?;
        w.push(") AS m CROSS JOIN ").table(kind.table_name()).push(&format!(" AS r WHERE {id} = m.id"));
        for column in &columns {
            w.push(&format!(" AND {column} IS NOT NULL"));
        }
        w.push(") AS d WHERE d.place > 1)");
        Ok(())
    }

    /// Writes the condition that the row `r` has an id, is in all rows of `within`, in none of `except`, and was
    /// switched OFF if the branch says so.
    pub(crate) fn membership(
        &self,
        query: &mut Query<'_>,
        kind: &Kind,
        branch: &PlainBranch<'_>,
    ) -> Result<(), StoreError> {
        let id = self.row_id(kind)?;
        if !self.has_ids(kind) {
            query.condition().push(&id).push(" IS NOT NULL");
        }
        for rows in branch.within {
            is_among(query.condition(), &id, true, |w| self.ids(w, *rows))?;
        }
        for rows in branch.except {
            is_among(query.condition(), &id, false, |w| self.ids(w, *rows))?;
        }
        if branch.switched {
            self.is_switched(query.condition(), kind)?;
        }
        Ok(())
    }

    /// Writes the condition that the row `r` has this text in a field, ignoring the case of ASCII letters. It can use
    /// an index on `lower(field)`. On PostgreSQL, the index must be on `lower(field COLLATE "C")`, which changes only
    /// ASCII letters.
    pub(crate) fn has_text(
        &self,
        w: &mut Writer,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<(), StoreError> {
        let lower = self.backend.lower(self.field(kind, field))?;
        w.push(&lower).push(" = ").bind(text.to_ascii_lowercase());
        Ok(())
    }

    /// Writes the rank of the row `r`: NULL if the row is left out, [`INVALID`] if a condition cannot read a value.
    ///
    /// `below` is an expression for the parent's rank, if the cases depend on it.
    pub(crate) fn rank(
        &self,
        w: &mut Writer,
        kind: &Kind,
        cases: &[&RankCase],
        below: Option<&str>,
    ) -> Result<(), StoreError> {
        if let ([case], None) = (cases, below)
            && case.when.is_none()
        {
            rank_number(w, case);
            return Ok(());
        }
        let conditions = cases.iter().filter_map(|case| case.when.as_ref());
        let fields: BTreeSet<&FieldName> = conditions.flat_map(fields_read).collect();
        self.converting(w, kind, fields, |w| self.rank_cases(w, kind, cases, below))
    }

    fn rank_cases(
        &self,
        w: &mut Writer,
        kind: &Kind,
        cases: &[&RankCase],
        below: Option<&str>,
    ) -> Result<(), StoreError> {
        w.push("CASE");
        // A value that cannot be read ends the CASE where its field is read first.
        let mut checked = BTreeSet::new();
        for case in cases {
            let guard = |w: &mut Writer, and: &str| {
                w.push(" WHEN ");
                if let Some(below) = below {
                    rank_within(w, below, case.below);
                    w.push(and);
                }
            };
            match &case.when {
                None if below.is_none() => {
                    w.push(" ELSE ");
                }
                None => {
                    guard(w, "");
                    w.push(" THEN ");
                }
                Some(when) => {
                    let mut fields = fields_read(when);
                    if below.is_none() {
                        fields.retain(|field| checked.insert(*field));
                    }
                    if let Some(invalid) = self.any_invalid(kind, fields)? {
                        guard(w, " AND ");
                        w.push("(").push(&invalid).push(") THEN ").number(INVALID);
                    }
                    guard(w, " AND ");
                    w.push("(");
                    self.condition(w, kind, when)?;
                    w.push(") THEN ");
                }
            }
            rank_number(w, case);
        }
        w.push(" END");
        Ok(())
    }
}

/// Writes the condition that an expression equals the id of one of these rows. If there is an index, the ids become
/// one array, so that the planner need not estimate a join.
pub(crate) fn holds_one(
    w: &mut Writer,
    held: &str,
    by_index: bool,
    ids: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    if !by_index {
        return is_among(w, held, true, ids);
    }
    w.push(held).push(" = ANY(ARRAY(");
    ids(w)?;
    w.push("))");
    Ok(())
}

/// Writes the condition that an expression equals the only row of a query. The planner then knows that it looks up one
/// value, and can read an index without the table. It is false if the query has no row.
fn equals_only(
    w: &mut Writer,
    held: &str,
    query: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    w.push(held).push(" = (");
    query(w)?;
    w.push(")");
    Ok(())
}

/// Writes the condition that an id is in the result of a query or, if `is` is false, that it is not.
pub(crate) fn is_among(
    w: &mut Writer,
    id: &str,
    is: bool,
    ids: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let [open, before, close] = w.backend.spelling().among;
    w.push(open).push(id).push(if is { " IN (" } else { " NOT IN (" }).push(before);
    ids(w)?;
    w.push(close);
    Ok(())
}

/// Writes the condition that a rank is in a range.
pub(crate) fn rank_within(w: &mut Writer, rank: &str, ranks: Ranks) {
    w.push(rank);
    if ranks.from == ranks.to {
        w.push(" = ").number(ranks.from);
    } else if ranks.to == u16::MAX {
        w.push(" >= ").number(ranks.from);
    } else {
        w.push(" BETWEEN ").number(ranks.from).push(" AND ").number(ranks.to);
    }
}

fn rank_number(w: &mut Writer, case: &RankCase) {
    let backend = w.backend;
    match case.rank {
        Some(rank) => w.number(rank),
        None => w.push("NULL").push(&backend.cast("integer")),
    };
}
