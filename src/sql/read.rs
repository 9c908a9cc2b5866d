//! Looking up records, with one statement in one read transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::connection::{AccessMode, SqlConnection, SqlValue};
use super::query::Query;
use super::render::renderer::{Renderer, id_of};
use super::session::{ErrorContext, bad_value};
use super::statement::Statement;
use super::store::SqlStore;
use super::table_schema::{QueryColumns, unknown};
use crate::domain::{FieldName, Record, Value};
use crate::protocol::SurveyQuery;
use crate::store::reader::typed;
use crate::store::{ReadQuery, Reader, StoreError, Which};

#[async_trait]
impl<C: SqlConnection> Reader for SqlStore<C> {
    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
        let ReadQuery { map, kind, fields, which: _, when: _, now, after: _, limit: _ } = query;
        let context = ErrorContext { map: Some(map), kind: Some(kind.as_str()), ..self.context("read") };
        // Only the conditions of the query itself are rendered, so there are no sets.
        let none = SurveyQuery {
            map: map.clone(),
            kind: kind.clone(),
            subjects: Vec::new(),
            sets: Arc::from([]),
            questions: Arc::from([]),
            now: *now,
        };
        let kind = map.kind(kind).ok_or_else(|| unknown("kind", kind.as_str()))?;
        let columns = QueryColumns::of_kind(kind);
        let mut tx = self.begin(AccessMode::Read, context).await?;
        let mut session = self.session(&mut *tx, context);
        let schema = self.schema(&mut session, &columns, None).await?;
        let r = Renderer::survey(self.backend(), &self.prefix, &none, &schema)?;
        let rows = session.query(&r.read(query)?).await?;
        rows.into_iter()
            .map(|row| {
                let bad_id = || bad_value(&kind.name, None, &kind.id, "id");
                let [id, SqlValue::Text(held)] = &*row else {
                    return Err(bad_id());
                };
                let id = self.backend().read_id(id).ok_or_else(bad_id)?;
                let mut held: BTreeMap<FieldName, Value> = serde_json::from_str(held)
                    .map_err(|source| StoreError::backend(format!("read `{}`", kind.name), source))?;
                let mut record = Record::new(id);
                for field in fields {
                    let value = held.remove(field).unwrap_or_default();
                    record.fields.insert(field.clone(), typed(kind, &record.id, field, &value)?);
                }
                Ok(record)
            })
            .collect()
    }
}

impl Renderer<'_> {
    /// Renders the records of a query, each with its id and a JSON object of its fields.
    fn read(&self, read: &ReadQuery) -> Result<Statement, StoreError> {
        let ReadQuery { map: _, kind, fields, which, when, now: _, after, limit } = read;
        let kind = self.kind(kind)?;
        let id = id_of(kind);
        let mut w = self.writer();
        let mut query = Query::select(&mut w, &self.backend.answered_id(self.id(kind), &id)?);
        self.object(query.w().push(", "), kind, fields)?;
        query.w().push(&self.backend.cast("text"));
        query.table(kind.table_name(), "r");
        match which {
            Which::All => {
                query.condition().push(&id).push(" IS NOT NULL");
            }
            Which::Ids(ids) => self.backend.one_of(query.condition(), self.id(kind), ids)?,
            Which::WithText { field, text } => self.has_text(query.condition(), kind, field, text)?,
        }
        if let Some(after) = after {
            self.backend.is_after(query.condition(), self.id(kind), after)?;
        }
        if let Some(when) = when {
            let w = query.condition().push("(");
            self.condition(w, kind, when)?;
            w.push(")");
        }
        query.order_by(&self.backend.id_order(self.id(kind), &id)?).limit(*limit);
        Ok(w.finish())
    }
}
