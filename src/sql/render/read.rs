//! Records that are looked up.

use super::condition::column;
use super::set::{Renderer, id_of, unknown};
use crate::sql::Dialect;
use crate::sql::statement::Statement;
use crate::store::{ReadQuery, StoreError, Which};

impl Renderer<'_> {
    /// The records of a query: each its id and one JSON object of its fields.
    pub(crate) fn read(&self, query: &ReadQuery) -> Result<Statement, StoreError> {
        let ReadQuery { map: _, kind, fields, which, when, now: _, after, limit } = query;
        let kind = self.kind(kind)?;
        let mut w = self.writer();
        let id = id_of(&w, kind);
        let (object, text) = (self.dialect.json_object(), self.as_text());
        w.push("SELECT ").push(&self.told_id(kind, &id)?).push(", ").push(object);
        w.list(", ", fields, |w, field| {
            w.bind(field.as_str()).push(", ");
            let held = self.json_of(kind, field, &column(w, kind, field))?;
            w.push(&held);
            Ok::<_, StoreError>(())
        })?;
        w.push(")").push(text).push(" FROM ").table(kind.table_name()).push(" AS r WHERE ");
        match which {
            Which::All => {
                w.push(&id).push(" IS NOT NULL");
            }
            Which::Ids(ids) => self.one_of(&mut w, kind, ids)?,
            Which::Holding { field, text } => self.holding(&mut w, kind, field, text)?,
        }
        let order = self.order(kind, &id)?;
        if let Some(after) = after {
            let after = self.id(&kind.name, after)?;
            match self.dialect {
                Dialect::Sqlite => w.push(" AND ").push(&id).push(" > ").bind(after),
                Dialect::Postgres => {
                    let column_type = self.column_type(kind, &kind.id)?;
                    w.push(" AND ").push(&order).push(" > ");
                    w.bind(after).push(column_type.sort.cast_of_ids())
                }
            };
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

impl<'a> super::Columns<'a> {
    /// For records that are looked up.
    pub(crate) fn of_read(query: &'a ReadQuery) -> Result<Self, StoreError> {
        let kind = query.map.kind(&query.kind).ok_or_else(|| unknown("kind", query.kind.as_str()))?;
        Ok(Self::of_kind(kind))
    }
}
