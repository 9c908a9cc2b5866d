//! Reading what was recorded: the audit log and the outbox.

use std::collections::BTreeMap;

use super::statement::{Statement, Writer};
use super::store::{SqlStore, query};
use super::{Access, Dialect, SqlConnection, SqlValue};
use crate::domain::{AuditEntry, Event, KindName, OperationId, RecordId, Value};
use crate::store::StoreError;

impl<C: SqlConnection> SqlStore<C> {
    /// The audit entries of a subject, in the order in which they were written.
    ///
    /// # Errors
    /// [`StoreError`] when the log cannot be read.
    pub async fn audit(&self, kind: &KindName, id: &RecordId) -> Result<Vec<AuditEntry>, StoreError> {
        let mut w = Writer::new(self.dialect);
        w.push(match self.dialect {
            Dialect::Sqlite => "SELECT a.record, a.entry FROM ",
            Dialect::Postgres => "SELECT a.record, a.entry::text FROM ",
        });
        w.name(&self.prefix.table("audit"));
        w.push(" AS a WHERE a.kind = ").bind(kind.as_str());
        // The same id is an integer or text, depending on who wrote the request.
        w.push(" AND a.record IN (").bind(id.to_string());
        if self.dialect == Dialect::Sqlite {
            w.push(", ").bind(number_of(id));
        }
        w.push(") ORDER BY a.sequence");
        let rows = self.read(&w.finish(), "read the audit log").await?;
        rows.iter().map(|row| entry(row)).collect()
    }

    /// The events of an operation, in the order in which they were written.
    ///
    /// # Errors
    /// [`StoreError`] when the outbox cannot be read.
    pub async fn events(&self, operation: OperationId) -> Result<Vec<Event>, StoreError> {
        let mut w = Writer::new(self.dialect);
        w.push(match self.dialect {
            Dialect::Sqlite => "SELECT o.topic, o.kind, o.record, o.at, o.payload FROM ",
            Dialect::Postgres => {
                "SELECT o.topic, o.kind, o.record, to_char(o.at AT TIME ZONE 'UTC', \
                 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), o.payload::text FROM "
            }
        });
        w.name(&self.prefix.table("outbox"));
        w.push(" AS o WHERE o.operation = ").bind_as(operation.to_string(), "uuid");
        w.push(" ORDER BY o.sequence");
        let rows = self.read(&w.finish(), "read the outbox").await?;
        rows.iter().map(|row| event(operation, row)).collect()
    }

    async fn read(&self, statement: &Statement, what: &str) -> Result<Vec<Vec<SqlValue>>, StoreError> {
        let doing = self.doing(what);
        let mut tx = self.begin(Access::Read, doing).await?;
        let rows = query(&mut *tx, statement).await;
        rows.map_err(|error| doing.failed(error))
    }
}

fn number_of(id: &RecordId) -> SqlValue {
    id.to_string().parse().map_or(SqlValue::Null, SqlValue::Integer)
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
