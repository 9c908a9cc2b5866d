//! Errors of stores.

use std::time::Duration;

#[cfg(feature = "sql")]
use crate::domain::Kind;
use crate::domain::{FieldName, KindName, RecordId};
use crate::protocol::Difference;
use crate::store::interference::{FiredTrigger, Interfered, naming};

/// An error of a store. Unless the variant says otherwise, nothing has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store has no such kind, field or reference.
    ///
    /// To handle it: correct the data map. [`Lifecycle::open`](crate::Lifecycle::open) lists everything that is
    /// missing.
    #[error("the store has no {what} `{name}`")]
    Unknown {
        /// `kind`, `field` or `reference`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// An id does not have the type of the kind's ids.
    #[error("`{id}` is not an id of `{kind}`, whose ids are {expected}")]
    WrongId {
        /// The kind.
        kind: KindName,
        /// The id that was passed.
        id: RecordId,
        /// The type of the kind's ids.
        expected: &'static str,
    },
    /// A stored value does not have the declared type of its field. The error does not show the value.
    #[error("`{kind}` `{}`: the value of `{field}` is not of type {expected}", .id.as_ref().map_or("?".into(), ToString::to_string))]
    BadValue {
        /// The kind.
        kind: KindName,
        /// The row, if it is known.
        id: Option<RecordId>,
        /// The field.
        field: FieldName,
        /// The declared type.
        expected: String,
    },
    /// Preconditions of the change set no longer hold.
    ///
    /// To handle it: make a new plan. If a person decides, show the new plan and have it confirmed.
    #[error("the data changed: {} preconditions no longer hold", .differences.len())]
    Conflict {
        /// Every precondition that does not hold.
        differences: Vec<Difference>,
    },
    /// Another transaction conflicted. The change set is valid; try again.
    #[error("another transaction conflicted")]
    Contention {
        /// The error of the backend.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
        /// Whether the call may be repeated. Always false inside the host's own transaction.
        retryable: bool,
    },
    /// Another transaction held a lock for longer than the host's lock timeout, which is that of the whole operation.
    ///
    /// To handle it: repeat the call when the other transaction has ended. The library does not repeat it, because
    /// the operation has already waited as long as the host wants.
    #[error("another transaction held a lock for longer than the lock timeout{}", in_total(.waited))]
    LockTimeout {
        /// How long the operation has waited for other transactions, in all its attempts. Zero if it is unknown.
        waited: Duration,
        /// The error of the backend.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The backend refused a write because of a constraint of the host's schema, or because a trigger raised an error.
    #[error("the database refused to write `{kind}`{}", naming(.triggers))]
    Refused {
        /// The kind that was being written.
        kind: String,
        /// The triggers and rules that the operation fires. One of them may have raised the error.
        triggers: Vec<FiredTrigger>,
        /// The error of the backend.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The rows are not what the plan says they will be, because a trigger or a rule of the database also writes.
    ///
    /// Where a table that the operation writes has triggers or rules, the store compares the rows with the plan before
    /// it commits.
    ///
    /// To handle it: see that the trigger or rule writes no row of a declared kind, or move its work into the policy.
    /// Repeating the call does not help.
    #[error("{}{}", .differs.explain(.kind, *.expected, *.found), naming(.triggers))]
    Interference {
        /// The kind whose rows differ.
        kind: KindName,
        /// What differs.
        differs: Interfered,
        /// The expected number of rows.
        expected: u64,
        /// The number of rows found.
        found: u64,
        /// The triggers and rules that the operation fires. Empty if none is known.
        triggers: Vec<FiredTrigger>,
    },
    /// The foreign keys of the database are not those with which the plan was made.
    ///
    /// To handle it: open the policy again. A [`Lifecycle`](crate::Lifecycle) does so by itself.
    #[error("the foreign keys of the database have changed since the policy was opened")]
    SchemaChanged,
    /// The operation reads more rows than this store accepts.
    #[error("the operation reads more than {limit} rows")]
    TooLarge {
        /// The maximum number of rows.
        limit: u64,
    },
    /// The store does not support this.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// It is unknown whether the change set was applied: the connection broke during the commit.
    ///
    /// To handle it: apply the same operation id again. If it was applied, the store returns the first receipt.
    #[error("it is unknown whether the change set was applied")]
    OutcomeUnknown {
        /// The error of the backend.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The backend is unreachable, or closed the connection before anything was committed: the server is down or
    /// starting, the connection broke, or the pool has no connection left.
    ///
    /// To handle it: repeat the call later with the same operation id. A pool opens a new connection.
    #[error("the backend is unreachable or closed the connection ({doing}); nothing has changed")]
    Unavailable {
        /// What the library was doing, in words such as `read the data`.
        doing: String,
        /// The error of the driver.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
        /// Whether the call may be repeated at once. False after the host's time limit for a connection, and inside
        /// the host's own transaction, which is lost too.
        retryable: bool,
    },
    /// The backend failed.
    #[error("the backend failed ({doing})")]
    Backend {
        /// What the library was doing, in words such as `read the data`.
        doing: String,
        /// The error of the backend.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn in_total(waited: &Duration) -> String {
    if waited.is_zero() {
        return String::new();
    }
    format!(" (the operation waited {} ms in total)", waited.as_millis())
}

/// The form of ids that errors expect for an id of several fields.
pub(crate) const TUPLES: &str = "lists with one value of its type for each field";

impl StoreError {
    /// Makes an error from an error of the backend. `doing` says what failed, such as `read the data`.
    pub fn backend(
        doing: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Backend { doing: doing.into(), source: source.into() }
    }

    /// Returns the error for a row whose id cannot be read.
    #[cfg(feature = "sql")]
    pub(crate) fn bad_id(kind: &Kind) -> Self {
        let id = kind.id.fields().first().cloned().unwrap_or_else(|| "id".into());
        Self::bad_value(&kind.name, None, &id, "id")
    }

    /// Returns the error for a value that does not have the type of its field.
    pub(crate) fn bad_value(
        kind: &KindName,
        id: Option<&RecordId>,
        field: &FieldName,
        expected: &(impl ToString + ?Sized),
    ) -> Self {
        Self::BadValue {
            kind: kind.clone(),
            id: id.cloned(),
            field: field.clone(),
            expected: expected.to_string(),
        }
    }

    /// Makes the error for a name that the map or the store does not have.
    pub(crate) fn unknown(what: &'static str, name: &(impl ToString + ?Sized)) -> Self {
        Self::Unknown { what, name: name.to_string() }
    }

    /// Adds the kind to the name of a missing field, if the statement that failed names none. Only use cases write fields
    /// that were not checked when the policy was opened, and they write the subject's kind.
    #[cfg(feature = "sql")]
    pub(crate) fn of_kind(self, kind: &KindName) -> Self {
        match self {
            Self::Unknown { what: "field", name } if !name.contains('.') => {
                Self::Unknown { what: "field", name: format!("{kind}.{name}") }
            }
            error => error,
        }
    }

    /// Returns a stable name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown_name",
            Self::WrongId { .. } => "wrong_id",
            Self::BadValue { .. } => "bad_value",
            Self::Conflict { .. } => "conflict",
            Self::Contention { .. } => "contention",
            Self::LockTimeout { .. } => "lock_timeout",
            Self::Refused { .. } => "refused",
            Self::Interference { .. } => "interference",
            Self::SchemaChanged => "schema_changed",
            Self::TooLarge { .. } => "too_large",
            Self::Unsupported(_) => "unsupported",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::Unavailable { .. } => "unavailable",
            Self::Backend { .. } => "backend",
        }
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "correct the data map, or create what is missing",
            Self::WrongId { .. } => "pass an id of the kind's type",
            Self::BadValue { expected, .. } if matches!(&**expected, "date" | "timestamp") => {
                "correct the row, or the declared type of the field; a number is in seconds since 1970 and at most the \
                 year 9999, so declare `timestamp_ms` if the field holds milliseconds"
            }
            Self::BadValue { expected, .. } if expected == "timestamp_ms" => {
                "correct the row, or the declared type of the field; a number is in milliseconds since 1970 and at most \
                 the year 9999"
            }
            Self::BadValue { .. } => "correct the row, or the declared type of the field",
            Self::Conflict { .. } => "make a new plan and confirm it again",
            Self::Contention { retryable: true, .. } => "try again",
            Self::Contention { .. } => "roll back your transaction and try again",
            Self::LockTimeout { .. } => {
                "try again when the other transaction has ended; if it is meant to take that long, raise the lock timeout"
            }
            Self::Refused { triggers, .. } if !triggers.is_empty() => {
                "see `source` for the constraint that was violated, or for what the trigger raised"
            }
            Self::Refused { .. } => "see `source` for the constraint that was violated",
            Self::Interference { .. } => {
                "find the trigger or rule of the database that changes these rows, and move its work into the policy"
            }
            Self::SchemaChanged => "open the policy again and make a new plan",
            Self::TooLarge { .. } => "raise the limit, or use an SQL store",
            Self::Unsupported(_) => "do what the message says, or use another store",
            Self::OutcomeUnknown { .. } => "apply the same operation id again",
            Self::Unavailable { retryable: true, .. } => "try again later, with the same operation id",
            Self::Unavailable { .. } => {
                "check that the server is running and the pool is large enough, then try again with the same operation id"
            }
            Self::Backend { .. } => "see `source` for the error of the backend",
        }
    }

    /// Returns whether the same call may succeed if it is repeated at once.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Contention { retryable: true, .. }
                | Self::Unavailable { retryable: true, .. }
                | Self::OutcomeUnknown { .. }
        )
    }
}
