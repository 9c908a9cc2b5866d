//! Records that are looked up.

use super::postgres::Sort;
use super::set::{Renderer, id_of, unknown};
use crate::domain::{Kind, RecordId};
use crate::sql::Dialect;
use crate::sql::statement::{Statement, Writer};
use crate::store::{ReadQuery, StoreError, Which};

impl Renderer<'_> {
    /// The records of a query: each its id and one JSON object of its fields.
    pub(crate) fn read(&self, query: &ReadQuery) -> Result<Statement, StoreError> {
        let ReadQuery { map: _, kind, fields, which, when, now: _, after, limit } = query;
        let kind = self.kind(kind)?;
        let mut w = self.writer();
        let id = id_of(&w, kind);
        w.push("SELECT ").push(&self.told_id(kind, &id)?).push(", ");
        self.object(&mut w, kind, fields)?;
        w.push(self.as_text()).push(" FROM ").table(kind.table_name()).push(" AS r WHERE ");
        match which {
            Which::All => {
                w.push(&id).push(" IS NOT NULL");
            }
            Which::Ids(ids) => self.one_of(&mut w, kind, ids)?,
            Which::WithText { field, text } => self.holding(&mut w, kind, field, text)?,
        }
        let order = self.order(kind, &id)?;
        if let Some(after) = after {
            w.push(" AND ");
            self.is_after(&mut w, kind, &id, after)?;
        }
        if let Some(when) = when {
            w.push(" AND (");
            self.condition(&mut w, kind, when)?;
            w.push(")");
        }
        w.push(" ORDER BY ").push(&order);
        w.push(" LIMIT ").number(*limit);
        Ok(w.finish())
    }
}

impl Renderer<'_> {
    /// That an id comes after another in the order of ids, which need not be one that a row could have.
    fn is_after(&self, w: &mut Writer, kind: &Kind, id: &str, after: &RecordId) -> Result<(), StoreError> {
        if self.dialect == Dialect::Sqlite {
            let after = self.id(&kind.name, after)?;
            w.push(id).push(" > ").bind(after);
            return Ok(());
        }
        let column_type = self.column_type(kind, &kind.id)?;
        if column_type.sort == Sort::Uuid && after.as_uuid().is_none() {
            // UUIDs are in the order of their texts.
            w.push(id).push("::text COLLATE \"C\" > ").bind(after.to_string());
            return Ok(());
        }
        let after = column_type.id(&kind.name, after)?;
        w.push(&column_type.order(id)).push(" > ").bind(after).push(column_type.sort.cast_of_ids());
        Ok(())
    }
}

impl<'a> super::Columns<'a> {
    /// For records that are looked up.
    pub(crate) fn of_read(query: &'a ReadQuery) -> Result<Self, StoreError> {
        let kind = query.map.kind(&query.kind).ok_or_else(|| unknown("kind", query.kind.as_str()))?;
        Ok(Self::of_kind(kind))
    }
}
