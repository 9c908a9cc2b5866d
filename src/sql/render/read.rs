//! Records that are looked up.

use super::condition::{column, condition};
use super::set::{Renderer, id_of, unknown};
use super::step::json_value;
use crate::sql::statement::Statement;
use crate::store::{ReadQuery, StoreError, Which};

impl Renderer<'_> {
    /// The records of a query: each its id and one JSON object of its fields.
    pub(crate) fn read(&self, query: &ReadQuery) -> Result<Statement, StoreError> {
        let ReadQuery { map: _, kind, fields, which, when, now, after, limit } = query;
        let kind = self.kind(kind)?;
        let mut w = self.writer();
        let id = id_of(&w, kind);
        w.push("SELECT ").push(&id).push(", json_object(");
        w.list(", ", fields, |w, field| {
            w.bind(field.as_str()).push(", ");
            let held = json_value(kind, field, &column(w, kind, field));
            w.push(&held);
            Ok::<_, StoreError>(())
        })?;
        w.push(") FROM ").name(kind.table_name()).push(" AS r WHERE ");
        match which {
            Which::All => {
                w.push(&id).push(" IS NOT NULL");
            }
            Which::Ids(ids) => self.one_of(&mut w, kind, ids)?,
            Which::Holding { field, text } => self.holding(&mut w, kind, field, text),
        }
        if let Some(after) = after {
            w.push(" AND ").push(&id).push(" > ");
            w.bind(self.id(&kind.name, after)?);
        }
        if let Some(when) = when {
            w.push(" AND (");
            condition(&mut w, kind, *now, when)?;
            w.push(")");
        }
        w.push(" ORDER BY ").push(&id);
        w.push(self.dialect.by_bytes());
        w.push(" LIMIT ").number(*limit);
        Ok(w.finish())
    }
}

impl<'a> super::Columns<'a> {
    /// For records that are looked up.
    pub(crate) fn of_read(query: &'a ReadQuery) -> Result<Self, StoreError> {
        let kind = query.map.kind(&query.kind).ok_or_else(|| unknown("kind", query.kind.as_str()))?;
        Ok(Self::of_kind(kind))
    }
}
