//! The writer's lock: what the host's writers call before they refer to a record.

use std::sync::Arc;

use chrono::DateTime;

use super::connection::{SqlTransaction, SqlValue};
use super::dialect::Dialect;
use super::prefix::Prefix;
use super::query::Query;
use super::render::renderer::{Renderer, column};
use super::session::{ErrorContext, Session};
use super::statement::Statement;
use super::table_schema::{QueryColumns, TableSchema, unknown};
use crate::domain::{DataMap, Kind, KindName, RecordId};
use crate::protocol::SurveyQuery;
use crate::store::StoreError;

/// Why a record cannot be referred to. It names the kind, and never the record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParentError {
    /// There is no such record: it never existed, or it has been deleted.
    #[error("there is no such record of `{kind}`")]
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
    /// The database could not be asked, or did not give the lock in time. On PostgreSQL the transaction can only be
    /// rolled back after that.
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

    /// Returns what can be done about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Missing { .. } | Self::Deleted { .. } => {
                "do not refer to it; roll back, or write another row"
            }
            Self::Store(error) => error.remedy(),
        }
    }
}

/// Locks the record that a row is about to refer to, until the transaction ends. Refuses one that does not exist or
/// is marked as deleted.
///
/// For references that no foreign key protects and that are declared `"lock": "writer"`. The host's writers call this
/// in their own transaction before they insert the row, or point it at another parent. A deletion of the parent then
/// either waits and finds the row, or it came first and the parent is refused. To lock several parents, begin with
/// the outermost (the client before its booking), as deletions do.
///
/// This is the form for any driver; over sqlx there are `postgres::lock_parent` and `sqlite::lock_parent`.
/// [`render_lock_parent`] shows what it runs.
///
/// # Errors
/// [`ParentError`]. The transaction of the host is not retried, so roll it back before you try again.
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
        // The transaction is the host's.
        retryable: false,
    };
    let kind = find(map, &name)?;
    let mut session = Session { tx, backend: dialect.backend(), context };
    let schema = session.look(&QueryColumns::of_kind(kind)).await?;
    let statement = match statement(dialect, &schema, map, kind, &id) {
        // No record can have such an id.
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

/// Renders the statement of [`lock_parent`], to be shown, or run by programs that do not link this crate. It answers
/// with no row where the record does not exist, and otherwise with whether it is marked as deleted.
///
/// ```
/// use client_lifecycle::domain::DataMap;
/// use client_lifecycle::sql::{Dialect, render_lock_parent};
/// let map: DataMap = serde_json::from_str(r#"{ "kinds": { "clients": { "deleted_at": "deleted_at" } } }"#)?;
/// let statement = render_lock_parent(Dialect::Postgres, &map.into(), "clients", 42)?;
/// assert_eq!(
///     statement.sql,
///     "SELECT r.\"deleted_at\" IS NOT NULL FROM \"clients\" AS r WHERE r.\"id\" = ANY($1::text::bigint[]) \
///      FOR KEY SHARE OF r"
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
    map.kind(kind).ok_or_else(|| unknown("kind", kind.as_str()))
}

/// Renders the query that locks a parent and answers with whether it is marked as deleted.
///
/// The lock is the one that a foreign key takes: it keeps deletions out, which lock the row for update, and no other
/// writer of the parent. A writer that had to wait for it is answered with the row as it is then.
fn statement(
    dialect: Dialect,
    schema: &TableSchema,
    map: &Arc<DataMap>,
    kind: &Kind,
    id: &RecordId,
) -> Result<Statement, StoreError> {
    // Without sets: the id alone is asked for.
    let none = SurveyQuery {
        map: map.clone(),
        kind: kind.name.clone(),
        subjects: vec![id.clone()],
        sets: Arc::from([]),
        questions: Arc::from([]),
        now: DateTime::UNIX_EPOCH,
    };
    let prefix = Prefix::default();
    let r = Renderer::survey(dialect.backend(), &prefix, &none, schema)?;
    let is_deleted = match &kind.deleted_at {
        Some(field) => {
            r.check_column(kind, field)?;
            format!("{} IS NOT NULL", column(kind, field))
        }
        None => "1 = 0".into(),
    };
    let mut w = r.writer();
    let mut query = Query::select(&mut w, &is_deleted);
    query.table(kind.table_name(), "r");
    r.backend.one_of(query.condition(), r.id(kind), std::slice::from_ref(id))?;
    query.w().push(r.backend.parent_lock());
    Ok(w.finish())
}
