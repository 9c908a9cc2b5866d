//! What is recorded of an operation: its receipt, and an audit entry for each subject.

use super::json::json;
use super::set::{Renderer, id_of};
use super::stored::id_text;
use crate::domain::{AuditEntry, OperationId, instant_text};
use crate::protocol::{ChangeSet, Receipt, Rows};
use crate::sql::statement::{Statement, Writer};
use crate::sql::{Dialect, Prefix};
use crate::store::StoreError;

/// The receipt of an operation, if it has been applied.
pub(crate) fn receipt_of(dialect: Dialect, prefix: &Prefix, operation: OperationId) -> Statement {
    let mut w = Writer::new(dialect);
    w.push(match dialect {
        Dialect::Sqlite => "SELECT o.receipt FROM ",
        Dialect::Postgres => "SELECT o.receipt::text FROM ",
    });
    w.name(&prefix.table("operations"));
    w.push(" AS o WHERE o.operation = ");
    w.bind_as(operation.to_string(), "uuid");
    w.finish()
}

/// One audit entry for each subject, in one statement however many there are.
///
/// The subject stands in a column of its own and not in the entry.
pub(crate) fn audit(dialect: Dialect, prefix: &Prefix, entry: &AuditEntry) -> Result<Statement, StoreError> {
    let mut w = Writer::new(dialect);
    into_audit(&mut w, prefix);
    entries(&mut w, entry, |w, shared| {
        as_shared(w, shared);
        Ok(())
    })?;
    Ok(w.finish())
}

/// The entry itself, of which all subjects have the same. On PostgreSQL it is read once, and not for each.
fn as_shared(w: &mut Writer, shared: String) {
    w.push("(SELECT ").bind_as(shared, "jsonb").push(")");
}

pub(super) fn into_audit(w: &mut Writer, prefix: &Prefix) {
    w.push("INSERT INTO ").name(&prefix.table("audit"));
    w.push(" (operation, kind, record, at, action, outcome, entry)\n");
}

/// The rows of the audit log; `whole` writes the entry itself, from what all subjects share. The subject is
/// `j.value`.
fn entries(
    w: &mut Writer,
    entry: &AuditEntry,
    whole: impl FnOnce(&mut Writer, String) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let unwritable = |source| StoreError::backend("wrote the audit entry", source_of(source));
    let subjects = json(w.dialect, &entry.subjects).map_err(unwritable)?;
    let shared = AuditEntry { subjects: Vec::new(), ..entry.clone() };
    let shared = json(w.dialect, &shared).map_err(unwritable)?;
    w.push("SELECT ").bind_as(entry.operation.to_string(), "uuid").push(", ");
    w.bind(entry.kind.as_str()).push(", j.value, ");
    w.bind_as(instant_text(entry.at), "timestamptz").push(", ");
    w.bind(entry.action.as_str()).push(", ");
    w.bind(entry.outcome.as_str()).push(", ");
    whole(w, shared)?;
    let (open, close) = w.dialect.json_rows();
    w.push(" FROM ").push(open).bind(subjects);
    w.push(close).push(" ORDER BY j.key");
    Ok(())
}

fn source_of(error: serde_json::Error) -> Box<dyn std::error::Error + Send + Sync> {
    error.into()
}

/// The operation with its receipt.
pub(crate) fn operation(
    dialect: Dialect,
    prefix: &Prefix,
    receipt: &Receipt,
) -> Result<Statement, StoreError> {
    let mut w = Writer::new(dialect);
    into_operations(&mut w, prefix, receipt)?;
    Ok(w.finish())
}

/// Writes the operation with its receipt.
pub(super) fn into_operations(w: &mut Writer, prefix: &Prefix, receipt: &Receipt) -> Result<(), StoreError> {
    let text = json(w.dialect, receipt).map_err(|source| StoreError::backend("wrote the receipt", source))?;
    w.push("INSERT INTO ").name(&prefix.table("operations"));
    w.push(" (operation, at, receipt) VALUES (");
    w.bind_as(receipt.operation.to_string(), "uuid").push(", ");
    w.bind_as(instant_text(receipt.at), "timestamptz").push(", ");
    w.bind_as(text, "jsonb").push(") ON CONFLICT (operation) DO NOTHING");
    Ok(())
}

/// The receipt of what was done, where the operation was noted with another.
pub(crate) fn settle(dialect: Dialect, prefix: &Prefix, receipt: &Receipt) -> Result<Statement, StoreError> {
    let text = json(dialect, receipt).map_err(|source| StoreError::backend("wrote the receipt", source))?;
    let mut w = Writer::new(dialect);
    w.push("UPDATE ").name(&prefix.table("operations")).push(" SET receipt = ");
    w.bind_as(text, "jsonb").push(" WHERE operation = ");
    w.bind_as(receipt.operation.to_string(), "uuid");
    Ok(w.finish())
}

impl Renderer<'_> {
    /// The audit entries of a change set, each with what its subject holds: to be written before the steps.
    pub(crate) fn audit(&self, changes: &ChangeSet) -> Result<Statement, StoreError> {
        let mut w = self.writer();
        into_audit(&mut w, self.prefix);
        if !changes.snapshot.is_empty() {
            self.with(&mut w, &[Rows::SUBJECTS.set])?;
        }
        self.audit_of(&mut w, changes)?;
        Ok(w.finish())
    }

    /// What follows [`into_audit`], where the subjects are there.
    pub(super) fn audit_of(&self, w: &mut Writer, changes: &ChangeSet) -> Result<(), StoreError> {
        let ChangeSet { audit: entry, snapshot, query, .. } = changes;
        if snapshot.is_empty() {
            return entries(w, entry, |w, shared| {
                as_shared(w, shared);
                Ok(())
            });
        }
        let kind = self.kind(&query.kind)?;
        entries(w, entry, |w, shared| {
            let id = id_of(w, kind);
            let (is_subject, close) = match w.dialect {
                Dialect::Sqlite => {
                    w.push("json_set(").bind(shared).push(", '$.before', json(coalesce((SELECT ");
                    (format!("({})", id_text(&id)), "'{}')))")
                }
                Dialect::Postgres => {
                    w.push("jsonb_set(").bind_as(shared, "jsonb").push(", '{before}', coalesce((SELECT ");
                    (format!("{id}::text"), "'{}'::jsonb))")
                }
            };
            self.object(w, kind, snapshot)?;
            w.push(" FROM ").table(kind.table_name()).push(" AS r WHERE ");
            self.is_one(w, kind, Rows::SUBJECTS)?;
            w.push(&format!(" AND {is_subject} = j.value), {close}"));
            Ok(())
        })
    }

    /// Creates the table of members on this connection, if it is not there.
    pub(crate) fn create_members(&self) -> Statement {
        let mut w = self.writer();
        w.push("CREATE TABLE IF NOT EXISTS ").push(&self.members());
        w.push(
            " (set_id INTEGER NOT NULL, id NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (set_id, id)) WITHOUT ROWID",
        );
        w.finish()
    }

    /// Takes all rows out of the table of members.
    pub(crate) fn clear_members(&self) -> Statement {
        let mut w = self.writer();
        w.push("DELETE FROM ").push(&self.members());
        w.finish()
    }
}
