//! What is new: rows of the host, and events that are known already.

use super::json::json;
use super::set::Renderer;
use crate::domain::{Event, FieldName, KindName, RecordId, Value, instant_text};
use crate::protocol::NewRow;
use crate::sql::statement::{Statement, Writer};
use crate::sql::{Dialect, SqlValue};
use crate::store::StoreError;

impl Renderer<'_> {
    /// Writes a row that is not there yet.
    pub(crate) fn insert(&self, row: &NewRow) -> Result<Statement, StoreError> {
        let NewRow { kind, record } = row;
        let kind = self.kind(kind)?;
        let held: Vec<(&FieldName, &Value)> =
            record.fields.iter().filter(|(_, value)| !value.is_null()).collect();
        let mut w = self.writer();
        w.push("INSERT INTO ").table(kind.table_name()).push(" (");
        w.name(kind.column(&kind.id));
        for (field, _) in &held {
            w.push(", ").name(kind.column(field));
        }
        w.push(") VALUES (").bind(self.id(&kind.name, &record.id)?);
        if self.dialect == Dialect::Postgres {
            w.push(self.column_type(kind, &kind.id)?.sort.cast_of_ids());
        }
        for (field, value) in held {
            w.push(", ");
            match self.dialect {
                Dialect::Sqlite => {
                    let stored = self.stored(kind, field, value)?;
                    w.bind(stored);
                }
                Dialect::Postgres => self.new_typed(&mut w, kind, field, value)?,
            }
        }
        w.push(")");
        Ok(w.finish())
    }

    /// Writes an event whose values are known.
    pub(crate) fn event(&self, event: &Event) -> Result<Statement, StoreError> {
        let mut w = self.writer();
        self.outbox(&mut w);
        self.told_of(&mut w, event)?;
        Ok(w.finish())
    }

    /// What follows [`outbox`](Self::outbox).
    pub(super) fn told_of(&self, w: &mut Writer, event: &Event) -> Result<(), StoreError> {
        let Event { operation, topic, kind, record, at, fields } = event;
        let payload = json(self.dialect, fields)
            .map_err(|source| StoreError::backend(format!("wrote the event `{topic}`"), source))?;
        w.push("VALUES (");
        w.bind_as(operation.to_string(), "uuid").push(", ");
        w.bind(topic.as_str()).push(", ");
        w.bind(kind.as_str()).push(", ");
        match self.dialect {
            Dialect::Sqlite => w.bind(self.id(kind, record)?),
            Dialect::Postgres => w.bind(record.to_string()),
        };
        w.push(", ");
        w.bind_as(instant_text(*at), "timestamptz").push(", ");
        w.bind_as(payload, "jsonb").push(")");
        Ok(())
    }

    /// An id in the form in which its kind holds ids.
    pub(super) fn id(&self, kind: &KindName, id: &RecordId) -> Result<SqlValue, StoreError> {
        let kind = self.kind(kind)?;
        match self.dialect {
            Dialect::Sqlite => self.forms.of(&kind.name, &kind.id).id(&kind.name, id),
            Dialect::Postgres => self.column_type(kind, &kind.id)?.id(&kind.name, id),
        }
    }
}
