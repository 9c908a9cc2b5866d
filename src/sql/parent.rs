//! The writer's lock: what the host's writers ask for before they refer to a record.

use std::sync::Arc;

use chrono::DateTime;

use super::failure::Doing;
use super::render::{Columns, Forms, Renderer};
use super::statement::Statement;
use super::survey::Reading;
use super::{Dialect, Prefix, SqlTransaction, SqlValue};
use crate::domain::{DataMap, Kind, KindName, RecordId};
use crate::protocol::SurveyQuery;
use crate::store::StoreError;

/// Why a record cannot be referred to. It names the kind, and never the record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParentError {
    /// There is no such record: it never was there, or it has been deleted.
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
    /// The database could not be asked, or did not give the lock in time. On PostgreSQL the transaction can only
    /// be rolled back after that.
    #[error("the parent could not be locked")]
    Store(#[from] StoreError),
}

impl ParentError {
    /// A name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "parent_missing",
            Self::Deleted { .. } => "parent_deleted",
            Self::Store(error) => error.code(),
        }
    }

    /// What can be done about it.
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

/// Locks the record that a row is about to refer to, until the transaction ends, and refuses one that is not
/// there or marked as deleted.
///
/// For references that no foreign key protects and that are declared `"lock": "writer"`: the host's writers call
/// this in their own transaction before they insert the row, or point it at another parent. A deletion of the
/// parent then either waits and finds the row, or has come first and the parent is refused. Whoever locks
/// several parents locks the outermost first (the client before its booking), as deletions do.
///
/// This is the form for any driver; over sqlx there are `postgres::lock_parent` and `sqlite::lock_parent`. What
/// it runs is shown by [`render_lock_parent`].
///
/// # Errors
/// [`ParentError`]; the transaction of the host is not retried, so none of them is worth repeating without
/// rolling back.
pub async fn lock_parent(
    tx: &mut (dyn SqlTransaction + '_),
    dialect: Dialect,
    map: &Arc<DataMap>,
    kind: impl Into<KindName>,
    id: impl Into<RecordId>,
) -> Result<(), ParentError> {
    let (kind, id) = (kind.into(), id.into());
    let prefix = Prefix::default();
    let doing = Doing {
        what: "locked a record of",
        kind: Some(kind.as_str()),
        map: Some(map),
        prefix: &prefix,
        // The transaction is the host's.
        retryable: false,
    };
    let known = known(map, &kind)?;
    let mut locking = Reading { tx, doing };
    let (forms, _) = locking.look(&Columns::of_kind(known), dialect).await?;
    let statement = match rendered(dialect, &prefix, &forms, map, known, &id) {
        // No record can have it.
        Err(StoreError::WrongId { .. }) => return Err(ParentError::Missing { kind }),
        statement => statement?,
    };
    let rows = locking.query(&statement).await?;
    match rows.first().and_then(|row| row.first()).map(SqlValue::as_integer) {
        None => Err(ParentError::Missing { kind }),
        Some(Some(0)) => Ok(()),
        Some(_) => Err(ParentError::Deleted { kind }),
    }
}

/// The statement of [`lock_parent`], to be shown, or run by programs that do not link this crate. It answers with
/// no row where the record is not there, and otherwise with whether it is marked as deleted.
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
    let kind = kind.into();
    rendered(dialect, &Prefix::default(), &Forms::default(), map, known(map, &kind)?, &id.into())
}

fn known<'m>(map: &'m DataMap, kind: &KindName) -> Result<&'m Kind, StoreError> {
    map.kind(kind).ok_or_else(|| StoreError::Unknown { what: "kind", name: kind.as_str().to_owned() })
}

fn rendered(
    dialect: Dialect,
    prefix: &Prefix,
    forms: &Forms,
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
    Renderer::survey(dialect, prefix, &none, forms)?.parent(kind, id)
}
