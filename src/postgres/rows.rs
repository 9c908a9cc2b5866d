//! Statements and rows of sqlx, as those of a connection.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgConnection, PgRow, PgTypeInfo, PgTypeKind, PgValueRef, Postgres,
};
use sqlx::{AssertSqlSafe, Decode, Encode, Row, Type, TypeInfo, ValueRef};
use uuid::Uuid;

use super::failure::failed;
use crate::domain::instant_text;
use crate::sql::{SqlError, SqlErrorClass, SqlValue};

/// Runs a statement and returns its rows.
pub(super) async fn query(
    connection: &mut PgConnection,
    sql: &str,
    params: &[SqlValue],
) -> Result<Vec<Vec<SqlValue>>, SqlError> {
    let rows = bound(sql, params).fetch_all(connection).await;
    rows.map_err(failed)?.iter().map(values).collect()
}

/// Runs a statement and returns how many rows it touched.
pub(super) async fn execute(
    connection: &mut PgConnection,
    sql: &str,
    params: &[SqlValue],
) -> Result<u64, SqlError> {
    let done = bound(sql, params).execute(connection).await;
    Ok(done.map_err(failed)?.rows_affected())
}

/// The text is rendered by the crate: names are quoted, values are bound.
fn bound(sql: &str, params: &[SqlValue]) -> sqlx::query::Query<'static, Postgres, PgArguments> {
    let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    for value in params {
        query = match value.clone() {
            SqlValue::Null => query.bind(Null),
            SqlValue::Integer(value) => query.bind(value),
            SqlValue::Real(value) => query.bind(value),
            // No text of PostgreSQL holds the character of number zero.
            SqlValue::Text(value) => query.bind(value.replace('\0', "\u{fffd}")),
            SqlValue::Blob(value) => query.bind(value),
        };
    }
    query
}

/// Null of no type, which the server infers.
struct Null;

impl Type<Postgres> for Null {
    fn type_info() -> PgTypeInfo {
        // `unknown`
        PgTypeInfo::with_oid(Oid(705))
    }
}

impl Encode<'_, Postgres> for Null {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

fn values(row: &PgRow) -> Result<Vec<SqlValue>, SqlError> {
    (0..row.len()).map(|index| value(row.try_get_raw(index).map_err(failed)?)).collect()
}

fn value(value: PgValueRef<'_>) -> Result<SqlValue, SqlError> {
    let unreadable = |source: BoxDynError| SqlError::new(SqlErrorClass::Other, source);
    if value.is_null() {
        return Ok(SqlValue::Null);
    }
    let sort = value.type_info().into_owned();
    let bytes = value.as_bytes().map_err(unreadable)?;
    let read = match sort.name() {
        "BOOL" => Some(SqlValue::Integer(i64::from(bytes == [1]))),
        "INT2" => bytes.try_into().ok().map(|bytes| SqlValue::Integer(i16::from_be_bytes(bytes).into())),
        "INT4" => bytes.try_into().ok().map(|bytes| SqlValue::Integer(i32::from_be_bytes(bytes).into())),
        "INT8" => bytes.try_into().ok().map(|bytes| SqlValue::Integer(i64::from_be_bytes(bytes))),
        "FLOAT4" => bytes.try_into().ok().map(|bytes| SqlValue::Real(f32::from_be_bytes(bytes).into())),
        "FLOAT8" => bytes.try_into().ok().map(|bytes| SqlValue::Real(f64::from_be_bytes(bytes))),
        "UUID" => Uuid::from_slice(bytes).ok().map(|uuid| SqlValue::Text(uuid.to_string())),
        "DATE" => bytes.try_into().ok().and_then(day).map(|day| SqlValue::Text(day.to_string())),
        "TIMESTAMP" | "TIMESTAMPTZ" => {
            bytes.try_into().ok().and_then(instant).map(|at| SqlValue::Text(instant_text(at)))
        }
        // The first byte is a version.
        "JSONB" => bytes.get(1..).and_then(text),
        "BYTEA" => Some(SqlValue::Blob(bytes.to_vec())),
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "JSON" | "UNKNOWN" | "citext" => text(bytes),
        _ if matches!(sort.kind(), PgTypeKind::Enum(_)) => text(bytes),
        _ => <String as Decode<Postgres>>::decode(value).ok().map(SqlValue::Text),
    };
    read.ok_or_else(|| unreadable(format!("a value of type {} is not read", sort.name()).into()))
}

fn text(bytes: &[u8]) -> Option<SqlValue> {
    std::str::from_utf8(bytes).ok().map(|text| SqlValue::Text(text.to_owned()))
}

/// Days since 2000.
fn day(bytes: [u8; 4]) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2000, 1, 1)?;
    let days = i32::from_be_bytes(bytes);
    let count = Days::new(days.unsigned_abs().into());
    if days < 0 { first.checked_sub_days(count) } else { first.checked_add_days(count) }
}

/// Microseconds since 2000.
fn instant(bytes: [u8; 8]) -> Option<DateTime<Utc>> {
    let first = DateTime::from_timestamp(946_684_800, 0)?;
    let at = first.checked_add_signed(TimeDelta::microseconds(i64::from_be_bytes(bytes)));
    at.map(crate::domain::to_milliseconds)
}
