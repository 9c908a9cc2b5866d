//! References whose field holds a list of ids: finds the rows that refer and the lists that cannot be read, and changes
//! elements.

use super::renderer::Renderer;
use super::row_id::Sides;
use super::set::is_among;
use super::shape::PlainBranch;
use crate::domain::{Condition, FieldName, Kind, Reference, all};
use crate::protocol::{ElementChange, Source};
use crate::sql::list_column::{ListColumn, Unreadable};
use crate::sql::statement::{Query, Writer, quote};
use crate::store::StoreError;

/// Writes a part of an expression.
type Writing<'f> = dyn Fn(&mut Writer) -> Result<(), StoreError> + 'f;

impl Sides<'_> {
    /// Returns the list, if the reference holds one in rows with this alias.
    pub(crate) fn list(&self, alias: &str) -> Result<Option<ListColumn>, StoreError> {
        let Some(field) = self.list_field() else { return Ok(None) };
        let stored = format!("{alias}.{}", quote(field.held.kind.column(field.held.name)));
        self.renderer().backend.list(field, &stored).map(Some)
    }
}

impl ListColumn {
    /// Writes the condition that the list has one of the keys that a query returns.
    pub(crate) fn has_one(
        &self,
        w: &mut Writer,
        stored: &str,
        keys: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if let Some(array) = &self.overlapping {
            w.push(stored).push(" && ARRAY(");
            keys(w)?;
            w.push(&format!(")::{array}"));
            return Ok(());
        }
        w.push("EXISTS (SELECT 1 FROM ").push(&self.elements).push(" WHERE ");
        is_among(w, &self.compared, true, keys)?;
        w.push(")");
        Ok(())
    }
}

impl Renderer<'_> {
    /// Returns the list over which a branch finds its rows.
    pub(crate) fn list_of(&self, source: &Source) -> Result<Option<(FieldName, ListColumn)>, StoreError> {
        let Source::Referrers { reference, .. } = source else { return Ok(None) };
        let sides = self.sides(self.reference(reference)?)?;
        let field = sides.list_field().map(|field| field.held.name.clone());
        Ok(field.zip(sides.list("r")?))
    }

    /// Returns whether a branch could miss rows with unreadable lists, so that they need a search of their own.
    pub(crate) fn may_miss_lists(&self, source: &Source) -> Result<bool, StoreError> {
        let list = self.list_of(source)?;
        Ok(list.is_some_and(|(_, list)| matches!(list.unreadable, Unreadable::Anywhere(_))))
    }

    /// Writes the query for the rows of a branch whose list cannot be read, with the rank of such rows. Rows that do
    /// not meet the conditions of the reference may hold anything.
    pub(crate) fn unreadable_lists(
        &self,
        w: &mut Writer,
        kind: &Kind,
        source: &Source,
    ) -> Result<(), StoreError> {
        let (Some((_, list)), Source::Referrers { reference, .. }) = (self.list_of(source)?, source) else {
            return Ok(());
        };
        let id = self.row_id(kind)?;
        let mut query = Query::select(w, &format!("{id} AS id, {} AS rank", super::set::INVALID));
        query.table(kind.table_name(), "r");
        query.condition().push(list.unreadable.condition());
        if !self.has_ids(kind) {
            query.condition().push(&id).push(" IS NOT NULL");
        }
        if let Some(condition) = self.referring_condition(self.reference(reference)?)? {
            let w = query.condition().push("(");
            let fields = super::shape::fields_read(&condition);
            self.converting(w, kind, fields, |w| self.condition(w, kind, &condition))?;
            w.push(")");
        }
        Ok(())
    }

    /// Returns the condition on the rows that refer over a reference. Rows that the filter of the subject's kind
    /// excludes may still block an operation.
    pub(crate) fn referring_condition(&self, reference: &Reference) -> Result<Option<Condition>, StoreError> {
        let kind = self.kind(&reference.from)?;
        let filter = kind.filter.clone().filter(|_| kind.name != self.query.kind);
        Ok(match (filter, reference.when.clone()) {
            (Some(filter), Some(when)) => Some(all([filter, when])),
            (filter, when) => filter.or(when),
        })
    }

    /// Writes the rank of a row `r` that a branch finds. If the list of the row cannot be read, the rank is invalid.
    pub(crate) fn checked_rank(
        &self,
        w: &mut Writer,
        source: &Source,
        rank: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let Some((_, ListColumn { unreadable: Unreadable::IfFound(unreadable), .. })) =
            self.list_of(source)?
        else {
            return rank(w);
        };
        w.push("CASE WHEN ").push(&unreadable).push(" THEN ").number(super::set::INVALID).push(" ELSE ");
        rank(w)?;
        w.push(" END");
        Ok(())
    }

    /// Returns the fields with lists over which the branches of a set find its rows, each with the condition that its
    /// list cannot be read.
    pub(crate) fn lists_read(
        &self,
        branches: &[PlainBranch<'_>],
    ) -> Result<Vec<(FieldName, String)>, StoreError> {
        let mut found = Vec::new();
        for branch in branches {
            if let Some((field, list)) = self.list_of(branch.source)? {
                found.push((field, list.unreadable.condition().to_owned()));
            }
        }
        Ok(found)
    }

    /// Writes a list with elements removed or replaced. `old` writes the previous list. `applies`, if given, writes a
    /// condition on the row; if it does not hold, the list stays as it is.
    pub(crate) fn changed_list(
        &self,
        w: &mut Writer,
        change: &ElementChange,
        old: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
        applies: Option<&Writing<'_>>,
    ) -> Result<(), StoreError> {
        let ElementChange { reference, of, new } = change;
        let reference = self.reference(reference)?;
        let sides = self.sides(reference)?;
        let no_list = || StoreError::Unsupported(format!("changing elements of `{}`", reference.name));
        let field = sides.list_field().ok_or_else(no_list)?;
        for rows in of {
            // The same ids in another table would be other rows.
            self.kind_of_rows(&reference.to, *rows)?;
        }
        let list = self.backend.list(field, "o.l")?;
        let [open, between, close] = &list.made;
        w.push("(SELECT CASE WHEN o.l IS NOT NULL THEN ").push(open);
        match new {
            Some(new) => {
                w.push("CASE WHEN d.h THEN ");
                self.backend.new_element(w, field, new, false)?;
                w.push(" ELSE d.x END");
            }
            None => {
                w.push("d.x");
            }
        }
        w.push(between).push("(SELECT c.* FROM (SELECT i.*");
        if let Some(new) = new {
            w.push(", min(CASE WHEN i.h THEN i.n END) OVER () AS f");
            w.push(", max(CASE WHEN NOT i.h AND i.v = ");
            self.backend.new_element(w, field, new, true)?;
            w.push(" THEN 1 ELSE 0 END) OVER () AS t");
        }
        w.push(&format!(
            " FROM (SELECT {} AS x, {} AS n, {} AS v, (",
            list.element, list.position, list.compared
        ));
        if let Some(applies) = applies {
            applies(w)?;
            w.push(" AND ");
        }
        is_among(w, &list.compared, true, |w| {
            if of.is_empty() {
                w.push("SELECT NULL WHERE FALSE");
            }
            w.list(" UNION ALL ", of, |w, rows| sides.keys(w, |w| self.ids(w, *rows)))
        })?;
        w.push(") IS TRUE AS h FROM ").push(&list.elements).push(") AS i) AS c WHERE NOT c.h");
        w.push(if new.is_some() { " OR (c.n = c.f AND c.t = 0)" } else { "" });
        w.push(") AS d").push(close).push(" END FROM (SELECT ");
        old(w)?;
        w.push(" AS l) AS o)");
        Ok(())
    }
}
