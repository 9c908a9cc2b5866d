//! Looking records up, in one statement of one read transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::failure::Doing;
use super::render::{Columns, Renderer};
use super::store::SqlStore;
use super::survey::{Reading, bad_value, told_id};
use super::{Access, SqlConnection, SqlValue};
use crate::domain::{FieldName, Record, Value};
use crate::protocol::SurveyQuery;
use crate::store::reader::typed;
use crate::store::{ReadQuery, Reader, StoreError};

#[async_trait]
impl<C: SqlConnection> Reader for SqlStore<C> {
    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
        let ReadQuery { map, kind, fields, which: _, when: _, now, after: _, limit: _ } = query;
        let doing = Doing { map: Some(map), kind: Some(kind.as_str()), ..self.doing("read") };
        // Without sets: what is rendered are the conditions of the query itself.
        let none = SurveyQuery {
            map: map.clone(),
            kind: kind.clone(),
            subjects: Vec::new(),
            sets: Arc::from([]),
            questions: Arc::from([]),
            now: *now,
        };
        let columns = Columns::of_read(query)?;
        let mut tx = self.begin(Access::Read, doing).await?;
        let mut reading = Reading { tx: &mut *tx, doing };
        let forms = self.forms(&mut reading, &columns, None).await?;
        let renderer = Renderer::survey(self.dialect, &self.prefix, &none, &forms)?;
        let rows = reading.query(&renderer.read(query)?).await?;
        let kind = renderer.kind(kind)?;
        rows.into_iter()
            .map(|row| {
                let [id, SqlValue::Text(held)] = &*row else {
                    return Err(bad_value(&kind.name, None, &kind.id, "id"));
                };
                let id =
                    told_id(self.dialect, id).ok_or_else(|| bad_value(&kind.name, None, &kind.id, "id"))?;
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
