//! Kinds of errors that a caller sees over the network.

use crate::lifecycle::Error;
use crate::policy::Refusal;
use crate::store::StoreError;

/// The kind of an error that a caller sees over the network.
///
/// In each of the four systems, a kind has a status code, a message and a remedy. Together they are the error table
/// of a service:
///
/// ```
/// use client_lifecycle::clients::wire::{ErrorKind, Wire};
/// let table = ErrorKind::ALL.map(|kind| Wire::vpn().error_kind(kind));
/// let denied = table.iter().find(|response| response.status == 403).expect("a row of the table");
/// assert_eq!((denied.message(), &*denied.remedy), ("Forbidden", "Verify your role permissions"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request has no id.
    MissingId,
    /// The id does not have the form of an id.
    WrongId,
    /// The request or its values are invalid.
    Invalid,
    /// The caller is not signed in, or the host did not accept the credentials.
    Unauthenticated,
    /// The actor lacks a role that this request requires.
    MissingRole,
    /// The record is outside the actor's scope.
    WrongScope,
    /// The record does not exist, or the policy's filter excludes it.
    NotFound,
    /// Another record already has this e-mail address.
    NotUnique,
    /// The data blocks the request, or a warning is not acknowledged.
    Blocked,
    /// The data has changed, or another transaction conflicted.
    Conflict,
    /// The service failed, and the caller cannot do anything about it.
    Failed,
    /// The backend is temporarily unavailable. The caller may repeat the same request.
    Unavailable,
}

impl ErrorKind {
    /// All kinds, in the order of their status codes.
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

    /// Returns the kind of an error.
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
            // The response must not reveal the outcome of an attempt before it is recorded.
            Error::NotRecorded { source: StoreError::Unavailable { .. }, .. } => Self::Unavailable,
            Error::SchemaMismatch(_)
            | Error::SchemaChanged(_)
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
            Refusal::NothingToRestore { .. } => Self::Blocked,
            Refusal::Invalid { .. } => Self::Invalid,
        }
    }

    fn of_store(error: &StoreError) -> Self {
        match error {
            StoreError::WrongId { .. } => Self::WrongId,
            // If a constraint of the host's schema is violated, the request also conflicts with the data.
            StoreError::Conflict { .. }
            | StoreError::Contention { .. }
            | StoreError::LockTimeout { .. }
            | StoreError::Refused { .. } => Self::Conflict,
            StoreError::Unavailable { .. } => Self::Unavailable,
            _ => Self::Failed,
        }
    }

    /// Returns the default status code. A system may have another.
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
