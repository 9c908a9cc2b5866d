//! Locking a parent: what the host's writers call before they refer to a record.

use std::sync::Arc;

use chrono::DateTime;

use super::connection::{SqlTransaction, SqlValue};
use super::dialect::Dialect;
use super::render::renderer::{Renderer, column};
use super::session::{ErrorContext, Session};
use super::statement::{Prefix, Query, Statement, Writer};
use super::table_schema::{QueryColumns, TableSchema};
use crate::domain::{DataMap, DeletedField, Kind, KindName, RecordId};
use crate::protocol::SurveyQuery;
use crate::store::StoreError;

/// The reason why a row must not refer to a record. The error names the kind, but not the record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParentError {
    /// The record does not exist: it never existed, or it has been deleted.
    #[error("the record of `{kind}` does not exist")]
    Missing {
        /// The kind.
        kind: KindName,
    },
    /// The record is marked as deleted.
    #[error("the record of `{kind}` is marked as deleted")]
    Deleted {
        /// The kind.
        kind: KindName,
    },
    /// The database could not be reached, or did not grant the lock in time. On PostgreSQL, the transaction must then
    /// be rolled back.
    #[error("the parent could not be locked")]
    Store(#[from] StoreError),
}

impl ParentError {
    /// Returns a stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "parent_missing",
            Self::Deleted { .. } => "parent_deleted",
            Self::Store(error) => error.code(),
        }
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Missing { .. } | Self::Deleted { .. } => {
                "do not refer to it; roll back, or refer to another record"
            }
            Self::Store(error) => error.remedy(),
        }
    }
}

/// Locks the record that a row is about to refer to, until the transaction ends. Fails if the record does not exist
/// or is marked as deleted.
///
/// Use it for references that are declared `"lock": "writer"` because they have no foreign key. The host's writers
/// call it in their own transaction, before they insert a row or change its parent. A deletion of the parent then
/// waits for the writer and finds the row. If the deletion came first, this call fails. To lock several parents,
/// begin with the parent nearest to the subject (the client before its booking), as deletions do.
///
/// This function works with any driver. For sqlx, use `postgres::lock_parent` or `sqlite::lock_parent`.
/// [`render_lock_parent`] shows the statement.
///
/// # Errors
/// [`ParentError`]. The host's transaction is not retried. Roll it back before you try again.
pub async fn lock_parent(
    tx: &mut (dyn SqlTransaction + '_),
    dialect: Dialect,
    map: &Arc<DataMap>,
    kind: impl Into<KindName>,
    id: impl Into<RecordId>,
) -> Result<(), ParentError> {
    let (name, id) = (kind.into(), id.into());
    let prefix = Prefix::default();
    let context = ErrorContext {
        doing: "locked a record of",
        kind: Some(name.as_str()),
        map: Some(map),
        prefix: &prefix,
        // The host owns the transaction, so it is not retried.
        retryable: false,
        triggers: &[],
    };
    let kind = find(map, &name)?;
    let mut session = Session { tx, backend: dialect.backend(), context };
    let schema = session.read_schema(&QueryColumns::of_kind(kind)).await?;
    let statement = match statement(dialect, &schema, map, kind, &id) {
        // No record can have this id.
        Err(StoreError::WrongId { .. }) => return Err(ParentError::Missing { kind: name }),
        statement => statement?,
    };
    let rows = session.query(&statement).await?;
    match rows.first().and_then(|row| row.first()).map(SqlValue::as_integer) {
        None => Err(ParentError::Missing { kind: name }),
        Some(Some(0)) => Ok(()),
        Some(_) => Err(ParentError::Deleted { kind: name }),
    }
}

/// Renders the statement of [`lock_parent`], for display or for programs that do not use this crate. It returns no
/// row if the record does not exist; otherwise it returns whether the record is marked as deleted.
///
/// ```
/// use client_lifecycle::domain::DataMap;
/// use client_lifecycle::sql::{Dialect, render_lock_parent};
/// let map: DataMap = serde_json::from_str(r#"{ "kinds": { "clients": { "deleted_at": "deleted_at" } } }"#)?;
/// let statement = render_lock_parent(Dialect::Postgres, &map.into(), "clients", 42)?;
/// assert_eq!(
///     statement.sql,
///     "SELECT r.\"deleted_at\" IS NOT NULL FROM \"clients\" AS r WHERE r.\"id\" = $1::text::bigint FOR KEY SHARE OF r"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`StoreError::Unknown`] for a kind that the map does not have.
pub fn render_lock_parent(
    dialect: Dialect,
    map: &Arc<DataMap>,
    kind: impl Into<KindName>,
    id: impl Into<RecordId>,
) -> Result<Statement, StoreError> {
    statement(dialect, &TableSchema::default(), map, find(map, &kind.into())?, &id.into())
}

fn find<'m>(map: &'m DataMap, kind: &KindName) -> Result<&'m Kind, StoreError> {
    map.kind(kind).ok_or_else(|| StoreError::unknown("kind", kind))
}

/// Writes whether the row `r` is marked as deleted. A mark that cannot be read counts as one, so that no new row refers
/// to its record.
fn is_marked(
    r: &Renderer<'_>,
    w: &mut Writer,
    kind: &Kind,
    deleted: &DeletedField,
) -> Result<(), StoreError> {
    r.converting(w, kind, [&deleted.field], |w| {
        w.push("CASE");
        if let Some(invalid) = r.any_invalid(kind, [&deleted.field])? {
            w.push(" WHEN ").push(&invalid).push(" THEN TRUE");
        }
        w.push(" WHEN ");
        r.condition(w, kind, &deleted.is_marked())?;
        w.push(" THEN TRUE ELSE FALSE END");
        Ok(())
    })
}

/// Renders the query that locks a parent and returns whether it is marked as deleted.
///
/// A foreign key takes the same lock. It blocks deletions, which lock the row for update, but not other writes to the
/// parent. If the statement had to wait, it returns the row as it is after the wait.
fn statement(
    dialect: Dialect,
    schema: &TableSchema,
    map: &Arc<DataMap>,
    kind: &Kind,
    id: &RecordId,
) -> Result<Statement, StoreError> {
    // Only the id is needed, so the query has no sets.
    let none = SurveyQuery::empty(map.clone(), kind.name.clone(), vec![id.clone()], DateTime::UNIX_EPOCH);
    let prefix = Prefix::default();
    let r = Renderer::survey(dialect.backend(), &prefix, &none, schema)?;
    let mut w = r.writer();
    let mut query = Query::select(&mut w, "");
    match &kind.deleted_at {
        Some(deleted) if deleted.live.is_null() => {
            r.check_column(kind, &deleted.field)?;
            query.w().push(&column(kind, &deleted.field)).push(" IS NOT NULL");
        }
        Some(deleted) => is_marked(&r, query.w(), kind, deleted)?,
        None => {
            query.w().push("1 = 0");
        }
    }
    query.table(kind.table_name(), "r");
    r.has_id(query.condition(), kind, std::slice::from_ref(id))?;
    query.w().push(r.backend.spelling().parent_lock);
    Ok(w.finish())
}
