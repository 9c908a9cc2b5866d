//! PostgreSQL through another driver: the code that a host with `tokio-postgres` writes to use `SqlStore`.

use std::error::Error;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use client_lifecycle::sql::{
    AccessMode, Dialect, SqlConnection, SqlError, SqlErrorClass, SqlTransaction, SqlValue, begin_statements,
};
use client_lifecycle::testing::conformance::{SqlHost, Watched};
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

use super::server::{Schema, address, database_of};

/// A pool of connections. A connection returns to the pool when its transaction ends.
#[derive(Clone)]
pub(crate) struct Pool {
    config: Arc<Config>,
    idle: Arc<Mutex<Vec<Client>>>,
}

impl Pool {
    fn new(schema: &str) -> Self {
        let mut config: Config = address().parse().unwrap();
        config
            .dbname(database_of(schema))
            .options(format!("-c search_path={schema} -c synchronous_commit=off"));
        Self { config: Arc::new(config), idle: Arc::default() }
    }

    async fn take(&self) -> Result<Client, SqlError> {
        let idle = self.idle.lock().unwrap().pop();
        if let Some(client) = idle {
            return Ok(client);
        }
        let (client, connection) = self.config.connect(NoTls).await.map_err(failed)?;
        tokio::spawn(connection);
        Ok(client)
    }
}

#[async_trait]
impl SqlConnection for Pool {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        // Create the guard before BEGIN is sent, so a call that is dropped during BEGIN is rolled back too.
        let begun = Transaction { client: Some(self.take().await?), pool: self.clone() };
        let sql = begin_statements(Dialect::Postgres, access).join("; ");
        begun.client()?.batch_execute(&sql).await.map_err(failed)?;
        Ok(Box::new(begun))
    }

    async fn pause(&self, time: std::time::Duration) {
        tokio::time::sleep(time).await;
    }
}

struct Transaction {
    client: Option<Client>,
    pool: Pool,
}

impl Transaction {
    fn client(&self) -> Result<&Client, SqlError> {
        self.client.as_ref().ok_or_else(|| SqlError::new(SqlErrorClass::Lost, "the connection is gone"))
    }

    async fn prepare(&self, sql: &str, params: &[SqlValue]) -> Result<Statement, SqlError> {
        let types: Vec<Type> = params.iter().map(type_of).collect();
        self.client()?.prepare_typed(sql, &types).await.map_err(failed)
    }
}

#[async_trait]
impl SqlTransaction for Transaction {
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError> {
        let statement = self.prepare(sql, params).await?;
        let params: Vec<Bound> = params.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|one| one as _).collect();
        let rows = self.client()?.query(&statement, &params).await.map_err(failed)?;
        rows.iter().map(values).collect()
    }

    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError> {
        let statement = self.prepare(sql, params).await?;
        let params: Vec<Bound> = params.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|one| one as _).collect();
        self.client()?.execute(&statement, &params).await.map_err(failed)
    }

    async fn commit(mut self: Box<Self>) -> Result<(), SqlError> {
        // If the transaction has failed, PostgreSQL answers COMMIT with ROLLBACK.
        let statement = self.prepare("COMMIT", &[]).await?;
        self.client()?.execute(&statement, &[]).await.map_err(failed)?;
        self.pool.idle.lock().unwrap().extend(self.client.take());
        Ok(())
    }
}

/// Rolls back before the connection is reused. The driver sends statements in order, so this waits for a running
/// statement.
impl Drop for Transaction {
    fn drop(&mut self) {
        if let (Some(client), Ok(runtime)) = (self.client.take(), tokio::runtime::Handle::try_current()) {
            let idle = self.pool.idle.clone();
            runtime.spawn(async move {
                if client.batch_execute("ROLLBACK").await.is_ok() {
                    idle.lock().unwrap().push(client);
                }
            });
        }
    }
}

/// Returns the type of a parameter. For null it is `unknown`, and the server infers the type.
fn type_of(value: &SqlValue) -> Type {
    match value {
        SqlValue::Null => Type::UNKNOWN,
        SqlValue::Integer(_) => Type::INT8,
        SqlValue::Real(_) => Type::FLOAT8,
        SqlValue::Text(_) => Type::TEXT,
        SqlValue::Blob(_) => Type::BYTEA,
    }
}

#[derive(Debug)]
struct Bound<'a>(&'a SqlValue);

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            SqlValue::Null => Ok(IsNull::Yes),
            SqlValue::Integer(value) => value.to_sql(ty, out),
            SqlValue::Real(value) => value.to_sql(ty, out),
            // PostgreSQL cannot store U+0000 in text.
            SqlValue::Text(value) => value.replace('\0', "\u{fffd}").to_sql(ty, out),
            SqlValue::Blob(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn values(row: &Row) -> Result<Vec<SqlValue>, SqlError> {
    (0..row.len()).map(|at| row.try_get::<_, Read>(at).map(|read| read.0).map_err(failed)).collect()
}

/// Reads a value of any type that the crate's statements return: integers, floats, text types, `bytea`, `uuid`.
struct Read(SqlValue);

impl<'a> FromSql<'a> for Read {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::BOOL => SqlValue::Integer(bool::from_sql(ty, raw)?.into()),
            Type::INT2 => SqlValue::Integer(i16::from_sql(ty, raw)?.into()),
            Type::INT4 => SqlValue::Integer(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => SqlValue::Integer(i64::from_sql(ty, raw)?),
            Type::FLOAT4 => SqlValue::Real(f32::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => SqlValue::Real(f64::from_sql(ty, raw)?),
            Type::BYTEA => SqlValue::Blob(raw.to_vec()),
            Type::UUID => SqlValue::Text(uuid::Uuid::from_slice(raw)?.to_string()),
            // The first byte of binary `jsonb` is a version number.
            Type::JSONB => SqlValue::Text(String::from_utf8(raw.get(1..).unwrap_or_default().to_vec())?),
            Type::JSON => SqlValue::Text(String::from_utf8(raw.to_vec())?),
            _ if matches!(ty.kind(), Kind::Enum(_)) || <&str as FromSql>::accepts(ty) => {
                SqlValue::Text(String::from_utf8(raw.to_vec())?)
            }
            _ => return Err(format!("a value of type {ty} is not read").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(SqlValue::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn failed(error: tokio_postgres::Error) -> SqlError {
    match error.as_db_error() {
        Some(answer) => SqlError::from_postgres(answer.code().code(), answer.message()),
        None if error.is_closed() => SqlError::new(SqlErrorClass::Lost, error),
        None => SqlError::new(SqlErrorClass::Other, error),
    }
}

/// A conformance host with its own schema.
struct OwnDriver {
    host: SqlHost<Watched<Pool>>,
    _schema: Schema,
}

impl OwnDriver {
    async fn fresh() -> Option<Self> {
        let schema = Schema::new().await?;
        let pool = Pool::new(&schema.name);
        Some(Self { host: SqlHost::new(Watched(pool), Dialect::Postgres).await, _schema: schema })
    }
}

macro_rules! on_a_server {
    (
        ()
        $( $clause:literal $module:ident { $($case:ident,)* } )*
    ) => {
        $($(
            #[tokio::test]
            async fn $case() {
                if let Some(fresh) = OwnDriver::fresh().await {
                    client_lifecycle::testing::conformance::$module::$case(&fresh.host).await;
                }
            }
        )*)*
    };
}

mod core {
    use super::*;
    client_lifecycle::conformance_cases! { [on_a_server] () }
}

mod scale {
    use super::*;
    client_lifecycle::conformance_scale_cases! { [on_a_server] () }
}

/// A driver that leaves out one of the statements that begin a transaction.
struct Forgetful {
    pool: Pool,
    forgotten: usize,
}

#[async_trait]
impl SqlConnection for Forgetful {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let begun = Transaction { client: Some(self.pool.take().await?), pool: self.pool.clone() };
        // Set session defaults that differ from PostgreSQL's, as a server may be configured.
        let mut sql =
            vec!["SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE", "BEGIN"];
        sql.push("SET LOCAL client_encoding TO 'LATIN1'");
        let all = begin_statements(Dialect::Postgres, access).iter().enumerate().skip(1);
        sql.extend(all.filter(|(at, _)| *at != self.forgotten).map(|(_, statement)| *statement));
        if self.forgotten != 0 {
            sql[1] = begin_statements(Dialect::Postgres, access)[0];
        }
        begun.client()?.batch_execute(&sql.join("; ")).await.map_err(failed)?;
        Ok(Box::new(begun))
    }
}

#[tokio::test]
async fn the_suite_refuses_a_driver_that_omits_a_transaction_setting() {
    let expected = [
        (0, "begin ISOLATION LEVEL REPEATABLE READ"),
        (2, "set row_security to off"),
        (3, "set client_encoding to UTF8"),
        (4, "put pg_temp last in search_path"),
    ];
    for (forgotten, message) in expected {
        let Some(schema) = Schema::new().await else { return };
        let driver = Forgetful { pool: Pool::new(&schema.name), forgotten };
        let refused = tokio::spawn(async move { SqlHost::new(driver, Dialect::Postgres).await });
        let panic = refused.await.expect_err("a driver that forgets a setting").into_panic();
        let said = panic.downcast_ref::<String>().expect("a message");
        assert!(said.contains(message), "{said}");
    }
}
