//! What can go wrong in a store.

use crate::domain::{FieldName, KindName, RecordId};
use crate::protocol::Difference;

/// What can go wrong in a store. Nothing has changed, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store has no such kind, field or reference.
    ///
    /// To handle it: correct the data map; [`Lifecycle::open`](crate::Lifecycle::open) finds all of them.
    #[error("the store has no {what} `{name}`")]
    Unknown {
        /// `kind`, `field` or `reference`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// An id is not of the type the kind's ids have.
    #[error("`{id}` is no id of `{kind}`, whose ids are {expected}")]
    WrongId {
        /// The kind.
        kind: KindName,
        /// The id that was given.
        id: RecordId,
        /// What its ids are.
        expected: &'static str,
    },
    /// A stored value is not of the type its field is declared with. The value is not shown.
    #[error("`{kind}` `{}`: the value of `{field}` is no {expected}", .id.as_ref().map_or("?".into(), ToString::to_string))]
    BadValue {
        /// The kind.
        kind: KindName,
        /// The row, where it is known.
        id: Option<RecordId>,
        /// The field.
        field: FieldName,
        /// The declared type.
        expected: String,
    },
    /// What the change set takes for granted is no longer true.
    ///
    /// To handle it: make a new plan, and have it confirmed where a person decides.
    #[error("the data changed: {} preconditions no longer hold", .differences.len())]
    Conflict {
        /// Every precondition that does not hold.
        differences: Vec<Difference>,
    },
    /// Another transaction was in the way. Nothing is wrong with the change set; try again.
    #[error("another transaction was in the way")]
    Contention {
        /// What the backend said.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
        /// Whether this store may be asked again: not inside the host's own transaction.
        retryable: bool,
    },
    /// The backend refused a write: a constraint of the host's schema.
    #[error("the database refused to write `{kind}`")]
    Refused {
        /// The kind that was being written.
        kind: String,
        /// What the backend said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A step did not touch the rows its set holds: a trigger or a rule of the database interferes.
    #[error("a step on `{kind}` touched {found} rows and not {expected}")]
    Interference {
        /// The kind that was being written.
        kind: KindName,
        /// How many rows the set holds.
        expected: u64,
        /// How many were touched.
        found: u64,
    },
    /// The operation concerns more rows than this store takes.
    #[error("the operation concerns more than {limit} rows")]
    TooLarge {
        /// How many it takes.
        limit: u64,
    },
    /// The store cannot do this at all.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// Whether the change set was applied is not known: the connection broke while it was committed.
    ///
    /// To handle it: apply the same operation id again; the store answers with the first receipt if it was.
    #[error("whether the change set was applied is not known")]
    OutcomeUnknown {
        /// What the backend said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The backend was not to be reached, or went away before anything was committed: a server that is down or
    /// comes up, a connection that broke, a pool that had none to give.
    ///
    /// To handle it: ask again in a while, with the same operation id; a pool makes another connection.
    #[error("the backend was not to be reached, or broke off, while it {doing}; nothing has changed")]
    Unavailable {
        /// What it was doing, in the past tense.
        doing: String,
        /// What the driver said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
        /// Whether this store may be asked again at once: not where a connection was waited for in vain, as long as
        /// the host grants, and not inside the host's own transaction, which is gone too.
        retryable: bool,
    },
    /// The backend failed.
    #[error("the backend failed while it {doing}")]
    Backend {
        /// What it was doing, such as reading a table, in the past tense.
        doing: String,
        /// What the backend said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// An error of the backend.
    pub fn backend(
        doing: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Backend { doing: doing.into(), source: source.into() }
    }

    /// A name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown_name",
            Self::WrongId { .. } => "wrong_id",
            Self::BadValue { .. } => "bad_value",
            Self::Conflict { .. } => "conflict",
            Self::Contention { .. } => "contention",
            Self::Refused { .. } => "refused",
            Self::Interference { .. } => "interference",
            Self::TooLarge { .. } => "too_large",
            Self::Unsupported(_) => "unsupported",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::Unavailable { .. } => "unavailable",
            Self::Backend { .. } => "backend",
        }
    }

    /// What can be done about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "correct the data map, or create what is missing",
            Self::WrongId { .. } => "give an id of the kind's own type",
            Self::BadValue { .. } => "correct the row, or the declared type of the field",
            Self::Conflict { .. } => "make a new plan and confirm it again",
            Self::Contention { retryable: true, .. } => "try again",
            Self::Contention { .. } => "roll back your transaction and try again",
            Self::Refused { .. } => "see which constraint objected; `source` says what the database said",
            Self::Interference { .. } => "see which trigger or rule of the database changes these rows",
            Self::TooLarge { .. } => "raise the limit, or use a store that works by sets",
            Self::Unsupported(_) => "use another store, or another way",
            Self::OutcomeUnknown { .. } => "apply the same operation id again",
            Self::Unavailable { retryable: true, .. } => "ask again in a while, with the same operation id",
            Self::Unavailable { .. } => {
                "see whether the server is there and the pool large enough, then begin again with the same operation id"
            }
            Self::Backend { .. } => "see `source` for what the backend said",
        }
    }

    /// Whether the same call may be repeated at once and may then succeed.
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
