//! Errors of sqlx, as errors of a connection.

use sqlx::Error;
use sqlx::postgres::PgDatabaseError;

use crate::sql::{SqlError, SqlErrorClass};

/// The error with what the crate has to know of it.
///
/// Of what the server says only the code and the message are kept: its details show the values of keys.
pub(super) fn failed(error: Error) -> SqlError {
    match &error {
        Error::Database(database) => match database.try_downcast_ref::<PgDatabaseError>() {
            Some(said) => SqlError::from_postgres(said.code(), said.message()),
            None => SqlError::new(SqlErrorClass::Other, error),
        },
        // All connections of the pool are taken by others, or the server does not answer.
        Error::PoolTimedOut | Error::PoolClosed => SqlError::new(SqlErrorClass::NoConnection, error),
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => {
            SqlError::new(SqlErrorClass::Lost, error)
        }
        _ => SqlError::new(SqlErrorClass::Other, error),
    }
}
