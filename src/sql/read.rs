//! Reading records, the audit log and the outbox.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::connection::{AccessMode, SqlConnection, SqlValue};
use super::render::renderer::Renderer;
use super::render::shape::fields_read;
use super::session::ErrorContext;
use super::statement::{Query, Statement, Writer};
use super::store::SqlStore;
use super::table_schema::QueryColumns;
use crate::domain::{AuditEntry, Event, FieldName, KindName, OperationId, Record, RecordId, Value};
use crate::protocol::SurveyQuery;
use crate::store::reader::typed;
use crate::store::{ReadQuery, Reader, StoreError, Which};

#[async_trait]
impl<C: SqlConnection> Reader for SqlStore<C> {
    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
        let ReadQuery { map, kind, fields, which: _, when: _, now, after: _, limit: _ } = query;
        let context = ErrorContext { map: Some(map), kind: Some(kind.as_str()), ..self.context("read") };
        // Only the query's own conditions are rendered, so there are no sets.
        let none = SurveyQuery::empty(map.clone(), kind.clone(), Vec::new(), *now);
        let kind = map.kind(kind).ok_or_else(|| StoreError::unknown("kind", kind))?;
        let columns = QueryColumns::of_kind(kind);
        let mut tx = self.begin(AccessMode::Read, context).await?;
        let mut session = self.session(&mut *tx, context);
        let schema = self.schema(&mut session, &columns, None).await?;
        let r = Renderer::survey(self.backend(), &self.prefix, &none, &schema)?;
        let rows = session.query(&r.read(query)?).await?;
        self.end_read(tx, context).await?;
        rows.into_iter()
            .map(|row| {
                let bad_id = || StoreError::bad_id(kind);
                let [id, SqlValue::Text(held)] = &*row else {
                    return Err(bad_id());
                };
                let id = r.read_answer(kind, id).ok_or_else(bad_id)?;
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
    /// Renders the query for records. Each row has the id and a JSON object of the fields.
    fn read(&self, read: &ReadQuery) -> Result<Statement, StoreError> {
        let ReadQuery { map: _, kind, fields, which, when, now: _, after, limit } = read;
        let kind = self.kind(kind)?;
        let mut w = self.writer();
        let mut query = Query::select(&mut w, &self.answer(kind)?);
        self.object(query.w().push(", "), kind, fields)?;
        query.w().push(&self.backend.cast("text"));
        query.table(kind.table_name(), "r");
        match which {
            Which::All => {
                query.condition().push(&self.row_id(kind)?).push(" IS NOT NULL");
            }
            Which::Ids(ids) => self.has_id(query.condition(), kind, ids)?,
            Which::WithText { field, text } => self.has_text(query.condition(), kind, field, text)?,
        }
        if let Some(after) = after {
            self.is_after(query.condition(), kind, after)?;
        }
        if let Some(when) = when {
            let w = query.condition().push("(");
            self.converting(w, kind, fields_read(when), |w| self.condition(w, kind, when))?;
            w.push(")");
        }
        query.order_by(&self.answer_order(kind)?).limit(*limit);
        Ok(w.finish())
    }
}

impl<C: SqlConnection> SqlStore<C> {
    /// Reads the audit entries of a subject, in the order they were written.
    ///
    /// # Errors
    /// [`StoreError`] if the log cannot be read.
    pub async fn audit(&self, kind: &KindName, id: &RecordId) -> Result<Vec<AuditEntry>, StoreError> {
        let backend = self.backend();
        let mut w = Writer::new(backend);
        let mut query = Query::select(&mut w, &format!("a.record, a.entry{}", backend.cast("text")));
        query.from(&format!("{} AS a", self.prefix.quoted("audit")));
        about_record(&mut query, kind, id);
        query.order_by("a.sequence");
        let rows = self.rows(&w.finish(), "read the audit log").await?;
        rows.iter().map(|row| entry(row)).collect()
    }

    /// Reads the events of an operation, in the order they were written.
    ///
    /// # Errors
    /// [`StoreError`] if the outbox cannot be read.
    pub async fn events(&self, operation: OperationId) -> Result<Vec<Event>, StoreError> {
        let backend = self.backend();
        let (at, text) = (backend.timestamp_text("o.at"), backend.cast("text"));
        let mut w = Writer::new(backend);
        let columns = format!("o.topic, o.kind, o.record, {at}, o.payload{text}");
        let mut query = Query::select(&mut w, &columns);
        query.from(&format!("{} AS o", self.prefix.quoted("outbox")));
        query.condition().push("o.operation = ").bind_as(operation.to_string(), "uuid");
        query.order_by("o.sequence");
        let rows = self.rows(&w.finish(), "read the outbox").await?;
        rows.iter().map(|row| event(operation, row)).collect()
    }

    async fn rows(&self, statement: &Statement, doing: &str) -> Result<Vec<Vec<SqlValue>>, StoreError> {
        let context = self.context(doing);
        let mut tx = self.begin(AccessMode::Read, context).await?;
        let rows = self.session(&mut *tx, context).query(statement).await?;
        self.end_read(tx, context).await?;
        Ok(rows)
    }
}

/// Writes the condition that the audit entry `a` is about a record.
pub(super) fn about_record(query: &mut Query<'_>, kind: &KindName, id: &RecordId) {
    let backend = query.w().backend;
    query.condition().push("a.kind = ").bind(kind.as_str());
    let ids = query.condition().push("a.record IN (");
    ids.join(", ", backend.recorded_ids(id), |w, id| {
        w.bind(id);
    });
    ids.push(")");
    if let Some([before, after]) = backend.record_hash() {
        let hashes = query.condition().push(before).push("a.record").push(after).push(" IN (");
        hashes.join(", ", backend.recorded_ids(id), |w, id| {
            w.push(before).bind(id).push(after);
        });
        hashes.push(")");
    }
}

fn entry(row: &[SqlValue]) -> Result<AuditEntry, StoreError> {
    let [record, SqlValue::Text(text)] = row else {
        return Err(unreadable("the audit log", "not as the library wrote it"));
    };
    let mut entry: AuditEntry =
        serde_json::from_str(text).map_err(|source| unreadable("the audit log", source))?;
    entry.subjects = id_of(record).into_iter().collect();
    Ok(entry)
}

fn event(operation: OperationId, row: &[SqlValue]) -> Result<Event, StoreError> {
    let [SqlValue::Text(topic), SqlValue::Text(kind), record, SqlValue::Text(at), SqlValue::Text(payload)] =
        row
    else {
        return Err(unreadable("the outbox", "not as the library wrote it"));
    };
    let fields: BTreeMap<_, Value> =
        serde_json::from_str(payload).map_err(|source| unreadable("the outbox", source))?;
    Ok(Event {
        operation,
        topic: topic.clone(),
        kind: kind.as_str().into(),
        record: id_of(record).ok_or_else(|| unreadable("the outbox", "a record without an id"))?,
        at: at.parse().map_err(|source| unreadable("the outbox", source))?,
        fields,
    })
}

/// Returns the id that the library wrote. An id of several fields is written as a JSON array.
fn id_of(record: &SqlValue) -> Option<RecordId> {
    let id = record.as_id()?;
    let tuple: Option<RecordId> = match record {
        SqlValue::Text(text) if text.starts_with('[') => serde_json::from_str(text).ok(),
        _ => None,
    };
    Some(tuple.filter(|tuple| tuple.to_string() == id.to_string()).unwrap_or(id))
}

fn unreadable<E: Into<Box<dyn std::error::Error + Send + Sync>>>(what: &str, source: E) -> StoreError {
    StoreError::backend(format!("read {what}"), source)
}
