//! Reading the audit log and the outbox.

use std::collections::BTreeMap;

use super::connection::{AccessMode, SqlConnection, SqlValue};
use super::query::Query;
use super::statement::{Statement, Writer};
use super::store::SqlStore;
use crate::domain::{AuditEntry, Event, KindName, OperationId, RecordId, Value};
use crate::store::StoreError;

impl<C: SqlConnection> SqlStore<C> {
    /// Reads the audit entries of a subject, in the order they were written.
    ///
    /// # Errors
    /// [`StoreError`] when the log cannot be read.
    pub async fn audit(&self, kind: &KindName, id: &RecordId) -> Result<Vec<AuditEntry>, StoreError> {
        let backend = self.backend();
        let mut w = Writer::new(backend);
        let mut query = Query::select(&mut w, &format!("a.record, a.entry{}", backend.cast("text")));
        query.from(&format!("{} AS a", self.prefix.quoted("audit")));
        query.condition().push("a.kind = ").bind(kind.as_str());
        let ids = query.condition().push("a.record IN (");
        ids.join(", ", backend.recorded_ids(id), |w, id| {
            w.bind(id);
        });
        ids.push(")");
        query.order_by("a.sequence");
        let rows = self.rows(&w.finish(), "read the audit log").await?;
        rows.iter().map(|row| entry(row)).collect()
    }

    /// Reads the events of an operation, in the order they were written.
    ///
    /// # Errors
    /// [`StoreError`] when the outbox cannot be read.
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
        self.session(&mut *tx, context).query(statement).await
    }
}

fn entry(row: &[SqlValue]) -> Result<AuditEntry, StoreError> {
    let [record, SqlValue::Text(text)] = row else {
        return Err(unreadable("the audit log", "not as the library wrote it"));
    };
    let mut entry: AuditEntry =
        serde_json::from_str(text).map_err(|source| unreadable("the audit log", source))?;
    entry.subjects = record.as_id().into_iter().collect();
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
        record: record.as_id().ok_or_else(|| unreadable("the outbox", "a record without an id"))?,
        at: at.parse().map_err(|source| unreadable("the outbox", source))?,
        fields,
    })
}

fn unreadable<E: Into<Box<dyn std::error::Error + Send + Sync>>>(what: &str, source: E) -> StoreError {
    StoreError::backend(format!("read {what}"), source)
}
