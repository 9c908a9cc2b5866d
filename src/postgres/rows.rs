//! Statements, rows and errors of sqlx, as those of a connection.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgDatabaseError, PgTypeInfo, PgTypeKind, PgValueRef, Postgres};
use sqlx::{Decode, Encode, Error, Row, Type, TypeInfo, ValueRef};
use uuid::Uuid;

use crate::domain::instant_text;
use crate::sql::adapter::statements;
use crate::sql::{SqlError, SqlErrorClass, SqlValue};

statements!(Postgres, bind, value, error);

fn bind(query: Bound, value: SqlValue) -> Bound {
    match value {
        SqlValue::Null => query.bind(Null),
        SqlValue::Integer(value) => query.bind(value),
        SqlValue::Real(value) => query.bind(value),
        // Text of PostgreSQL cannot contain U+0000.
        SqlValue::Text(value) => query.bind(value.replace('\0', "\u{fffd}")),
        SqlValue::Blob(value) => query.bind(value),
    }
}

/// NULL without a type; the server infers it.
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

fn value(value: PgValueRef<'_>) -> Result<SqlValue, SqlError> {
    let unreadable = |source: BoxDynError| SqlError::new(SqlErrorClass::Other, source);
    if value.is_null() {
        return Ok(SqlValue::Null);
    }
    let type_info = value.type_info().into_owned();
    let bytes = value.as_bytes().map_err(unreadable)?;
    let read = match type_info.name() {
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
        _ if matches!(type_info.kind(), PgTypeKind::Enum(_)) => text(bytes),
        _ => <String as Decode<Postgres>>::decode(value).ok().map(SqlValue::Text),
    };
    read.ok_or_else(|| unreadable(format!("values of type {} are not supported", type_info.name()).into()))
}

fn text(bytes: &[u8]) -> Option<SqlValue> {
    std::str::from_utf8(bytes).ok().map(|text| SqlValue::Text(text.to_owned()))
}

/// Reads days since 2000.
fn day(bytes: [u8; 4]) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2000, 1, 1)?;
    let days = i32::from_be_bytes(bytes);
    let count = Days::new(days.unsigned_abs().into());
    if days < 0 { first.checked_sub_days(count) } else { first.checked_add_days(count) }
}

/// Reads microseconds since 2000.
fn instant(bytes: [u8; 8]) -> Option<DateTime<Utc>> {
    let first = DateTime::from_timestamp(946_684_800, 0)?;
    let at = first.checked_add_signed(TimeDelta::microseconds(i64::from_be_bytes(bytes)));
    at.map(crate::domain::to_milliseconds)
}

/// Converts an error of sqlx. Of the server's report, only the code and the message are kept, because its details
/// contain key values.
pub(super) fn error(error: Error) -> SqlError {
    match &error {
        Error::Database(database) => match database.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => SqlError::from_postgres(error.code(), error.message()),
            None => SqlError::new(SqlErrorClass::Other, error),
        },
        // All connections of the pool are in use, or the server does not answer.
        Error::PoolTimedOut | Error::PoolClosed => SqlError::new(SqlErrorClass::NoConnection, error),
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => {
            SqlError::new(SqlErrorClass::Lost, error)
        }
        _ => SqlError::new(SqlErrorClass::Other, error),
    }
}
