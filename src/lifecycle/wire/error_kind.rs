//! What happened, as far as whoever asked is concerned.

use crate::lifecycle::Error;
use crate::policy::Refusal;
use crate::store::StoreError;

/// What happened, as far as whoever asked is concerned.
///
/// Each case has a status code, a message and a remedy in each of the four systems, so that all of them
/// together are the table of a service's answers:
///
/// ```
/// use client_lifecycle::lifecycle::wire::{ErrorKind, Wire};
/// let table = ErrorKind::ALL.map(|case| Wire::vpn().error_kind(case));
/// let denied = table.iter().find(|answer| answer.status == 403).expect("a row of the table");
/// assert_eq!((denied.message(), &*denied.remedy), ("Forbidden", "Verify your role permissions"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request names no id.
    MissingId,
    /// The id is not of the form that ids have here.
    WrongId,
    /// The request or its values make no sense.
    Invalid,
    /// Nobody has signed in, or the host did not accept the credentials.
    Unauthenticated,
    /// The actor's role may not do this.
    MissingRole,
    /// The actor's role may, but not with this record.
    WrongScope,
    /// There is no such record, or none that may be touched here.
    NotFound,
    /// Another record has this e-mail address already.
    NotUnique,
    /// Something in the data stands in the way, or a warning is not acknowledged.
    Blocked,
    /// The data changed meanwhile, or others were in the way.
    Conflict,
    /// It did not work, and whoever asked cannot help it.
    Failed,
    /// The backend is not there for now; the same request may be made again.
    Unavailable,
}

impl ErrorKind {
    /// All cases, in the order of their status codes.
    pub const ALL: [Self; 12] = [
        Self::MissingId,
        Self::WrongId,
        Self::Invalid,
        Self::Unauthenticated,
        Self::MissingRole,
        Self::WrongScope,
        Self::NotFound,
        Self::NotUnique,
        Self::Blocked,
        Self::Conflict,
        Self::Failed,
        Self::Unavailable,
    ];

    /// The case of an error.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::of_refusal(refusal),
            Error::Blocked(_) => Self::Blocked,
            Error::Invalid(_) => Self::Invalid,
            Error::NotUnique { .. } => Self::NotUnique,
            Error::Conflict { .. } | Error::Changed(_) | Error::PlanMismatch | Error::OperationReused(_) => {
                Self::Conflict
            }
            Error::Store(error) => Self::of_store(error),
            // What came of the attempt itself is not told before it is on record.
            Error::NotRecorded { source: StoreError::Unavailable { .. }, .. } => Self::Unavailable,
            Error::SchemaMismatch(_)
            | Error::NoMaskKey { .. }
            | Error::Unreadable(_)
            | Error::NotRecorded { .. } => Self::Failed,
        }
    }

    fn of_refusal(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::MissingId => Self::MissingId,
            Refusal::NotFound { .. } => Self::NotFound,
            Refusal::Unauthenticated { .. } => Self::Unauthenticated,
            Refusal::MissingRole { .. } => Self::MissingRole,
            Refusal::WrongScope { .. } => Self::WrongScope,
            Refusal::Invalid { .. } => Self::Invalid,
        }
    }

    fn of_store(error: &StoreError) -> Self {
        match error {
            StoreError::WrongId { .. } => Self::WrongId,
            // A constraint of the host's own schema that objects is something in the data too.
            StoreError::Conflict { .. } | StoreError::Contention { .. } | StoreError::Refused { .. } => {
                Self::Conflict
            }
            StoreError::Unavailable { .. } => Self::Unavailable,
            _ => Self::Failed,
        }
    }

    /// The status code, where a system says no other.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::MissingId | Self::WrongId | Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::MissingRole | Self::WrongScope => 403,
            Self::NotFound => 404,
            Self::NotUnique | Self::Blocked | Self::Conflict => 409,
            Self::Failed => 500,
            Self::Unavailable => 503,
        }
    }
}
