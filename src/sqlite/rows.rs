//! Statements and rows of sqlx, as those of a connection.

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow, SqliteValueRef};
use sqlx::{AssertSqlSafe, Decode, Row, Sqlite, TypeInfo, ValueRef};

use super::failure::failed;
use crate::sql::{SqlError, SqlErrorClass, SqlValue};

/// Runs a statement and returns its rows.
pub(super) async fn query(
    connection: &mut SqliteConnection,
    sql: &str,
    params: &[SqlValue],
) -> Result<Vec<Vec<SqlValue>>, SqlError> {
    let rows = bound(sql, params).fetch_all(connection).await;
    rows.map_err(failed)?.iter().map(values).collect()
}

/// Runs a statement and returns how many rows it touched.
pub(super) async fn execute(
    connection: &mut SqliteConnection,
    sql: &str,
    params: &[SqlValue],
) -> Result<u64, SqlError> {
    let done = bound(sql, params).execute(connection).await;
    Ok(done.map_err(failed)?.rows_affected())
}

/// The text is rendered by the crate: names are quoted, values are bound.
fn bound(sql: &str, params: &[SqlValue]) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
    let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    for value in params {
        query = match value.clone() {
            SqlValue::Null => query.bind(None::<i64>),
            SqlValue::Integer(value) => query.bind(value),
            SqlValue::Real(value) => query.bind(value),
            SqlValue::Text(value) => query.bind(value),
            SqlValue::Blob(value) => query.bind(value),
        };
    }
    query
}

fn values(row: &SqliteRow) -> Result<Vec<SqlValue>, SqlError> {
    (0..row.len()).map(|index| value(row.try_get_raw(index).map_err(failed)?)).collect()
}

fn value(value: SqliteValueRef<'_>) -> Result<SqlValue, SqlError> {
    fn read<'r, T: Decode<'r, Sqlite>>(value: SqliteValueRef<'r>) -> Result<T, SqlError> {
        T::decode(value).map_err(|source| SqlError::new(SqlErrorClass::Other, source))
    }
    if value.is_null() {
        return Ok(SqlValue::Null);
    }
    let sort = value.type_info().name().to_owned();
    Ok(match &*sort {
        "INTEGER" | "BOOLEAN" => SqlValue::Integer(read(value)?),
        "REAL" => SqlValue::Real(read(value)?),
        "BLOB" => SqlValue::Blob(read(value)?),
        _ => SqlValue::Text(read(value)?),
    })
}
