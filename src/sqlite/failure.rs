//! Errors of sqlx, as errors of a connection.

use sqlx::Error;

use crate::sql::{SqlError, SqlErrorClass};

/// The error with what the crate has to know of it.
pub(super) fn failed(error: Error) -> SqlError {
    match &error {
        Error::Database(database) => {
            let code = database.code().and_then(|code| code.parse().ok());
            let message = database.message().to_owned();
            SqlError::from_sqlite(code.unwrap_or_default(), &message, error)
        }
        // All connections of the pool are taken by others.
        Error::PoolTimedOut | Error::PoolClosed => SqlError::new(SqlErrorClass::NoConnection, error),
        Error::Io(_) | Error::WorkerCrashed => SqlError::new(SqlErrorClass::Lost, error),
        _ => SqlError::new(SqlErrorClass::Other, error),
    }
}
