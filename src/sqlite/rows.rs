//! Statements, rows and errors of sqlx, as those of a connection.

use sqlx::sqlite::SqliteValueRef;
use sqlx::{Decode, Error, Row, Sqlite, TypeInfo, ValueRef};

use crate::sql::adapter::statements;
use crate::sql::{SqlError, SqlErrorClass, SqlValue};

statements!(Sqlite, bind, value, error);

fn bind(query: Bound, value: SqlValue) -> Bound {
    match value {
        SqlValue::Null => query.bind(None::<i64>),
        SqlValue::Integer(value) => query.bind(value),
        SqlValue::Real(value) => query.bind(value),
        SqlValue::Text(value) => query.bind(value),
        SqlValue::Blob(value) => query.bind(value),
    }
}

fn value(value: SqliteValueRef<'_>) -> Result<SqlValue, SqlError> {
    fn read<'r, T: Decode<'r, Sqlite>>(value: SqliteValueRef<'r>) -> Result<T, SqlError> {
        T::decode(value).map_err(|source| SqlError::new(SqlErrorClass::Other, source))
    }
    if value.is_null() {
        return Ok(SqlValue::Null);
    }
    let type_name = value.type_info().name().to_owned();
    Ok(match &*type_name {
        "INTEGER" | "BOOLEAN" => SqlValue::Integer(read(value)?),
        "REAL" => SqlValue::Real(read(value)?),
        "BLOB" => SqlValue::Blob(read(value)?),
        _ => SqlValue::Text(read(value)?),
    })
}

pub(super) fn error(error: Error) -> SqlError {
    match &error {
        Error::Database(database) => {
            let code = database.code().and_then(|code| code.parse().ok());
            let message = database.message().to_owned();
            SqlError::from_sqlite(code.unwrap_or_default(), &message, error)
        }
        // All connections of the pool are in use.
        Error::PoolTimedOut | Error::PoolClosed => SqlError::new(SqlErrorClass::NoConnection, error),
        Error::Io(_) | Error::WorkerCrashed => SqlError::new(SqlErrorClass::Lost, error),
        _ => SqlError::new(SqlErrorClass::Other, error),
    }
}
