//! Connections to PostgreSQL over sqlx: opening transactions, binding values, and reading rows and errors.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArgumentBuffer, PgConnection, PgDatabaseError, PgPool, PgTransactionManager, PgTypeInfo, PgTypeKind,
    PgValueRef, Postgres,
};
use sqlx::{AssertSqlSafe, Connection, Decode, Encode, Error, Row, SqlSafeStr, Type, TypeInfo, ValueRef};
use sqlx_core::transaction::TransactionManager;
use uuid::Uuid;

use crate::domain::instant_text;
use crate::sql::adapter::{HostConnection, TakenConnection, statements, transaction};
use crate::sql::{
    AccessMode, Dialect, SqlConnection, SqlError, SqlErrorClass, SqlTransaction, SqlValue, begin_statements,
};
use crate::store::{patience_left, waited};

/// A pool that begins transactions.
#[derive(Debug, Clone)]
pub struct PoolConnection {
    pub(super) pool: PgPool,
    // The settings of each transaction.
    pub(super) schemas: Vec<String>,
    pub(super) lock_timeout: Option<Duration>,
    pub(super) statement_timeout: Option<Duration>,
    /// Whether connections of the pool compile expensive statements just in time. Read once.
    compiles: Arc<OnceLock<bool>>,
}

impl PoolConnection {
    /// Makes a connection that takes its transactions from this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            schemas: Vec::new(),
            lock_timeout: None,
            statement_timeout: None,
            compiles: Arc::default(),
        }
    }

    /// Renders the statements that begin a transaction. They are sent as one message.
    fn begin_sql(&self, access: AccessMode) -> String {
        let mut sql = begin_statements(Dialect::Postgres, access).join("; ");
        if let Some(path) = search_path(&self.schemas) {
            sql.push_str("; SET LOCAL search_path TO ");
            sql.push_str(&path);
        }
        let times = [("lock_timeout", self.lock_timeout), ("statement_timeout", self.statement_timeout)];
        let times = times
            .into_iter()
            .filter_map(|(name, time)| Some(format!("; SET LOCAL {name} TO {}", milliseconds(time?))));
        sql.extend(times);
        sql
    }
}

/// Returns the value of a timeout. Zero would mean no limit, and the server rejects values above the maximum.
fn milliseconds(time: Duration) -> u128 {
    time.as_millis().clamp(1, 2_000_000_000)
}

/// Renders a search path of these schemas; `None` if there are none. The schema of temporary tables comes last, so
/// that a temporary table never hides a real table.
fn search_path(schemas: &[String]) -> Option<String> {
    let names = schemas.iter().map(|name| Dialect::Postgres.quote(name)).chain(["pg_temp".to_owned()]);
    (!schemas.is_empty()).then(|| names.collect::<Vec<_>>().join(", "))
}

#[async_trait]
impl SqlConnection for PoolConnection {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let connection = self.pool.acquire().await.map_err(error)?;
        let patience = self.lock_timeout;
        let mut transaction =
            PoolTransaction { connection, state: State::Beginning, patience, waited: Duration::ZERO };
        let sql = AssertSqlSafe(self.begin_sql(access)).into_sql_str();
        PgTransactionManager::begin(&mut transaction.connection, Some(sql)).await.map_err(error)?;
        transaction.state = State::Open;
        Ok(Box::new(transaction))
    }

    async fn read(&self, sql: &str, params: &[SqlValue]) -> Result<Option<Vec<Vec<SqlValue>>>, SqlError> {
        // These settings apply only inside a transaction.
        if !self.schemas.is_empty() || self.lock_timeout.is_some() || self.statement_timeout.is_some() {
            return Ok(None);
        }
        let mut connection = self.pool.acquire().await.map_err(error)?;
        let compiles = if let Some(compiles) = self.compiles.get() {
            *compiles
        } else {
            let jit = query(&mut connection, JIT, &[]).await?;
            let jit = jit.first().and_then(|row| row.first()).and_then(SqlValue::as_text);
            *self.compiles.get_or_init(|| jit != Some("off"))
        };
        // Compiling a statement takes longer than any small operation. Only a transaction can turn it off.
        if compiles {
            return Ok(None);
        }
        query(&mut connection, sql, params).await.map(Some)
    }

    async fn pause(&self, time: Duration) {
        sqlx_core::rt::sleep(time).await;
    }
}

const JIT: &str = "SELECT current_setting('jit')";

struct PoolTransaction {
    connection: sqlx::pool::PoolConnection<Postgres>,
    state: State,
    /// The lock timeout that the host has set. `None` if only the server knows it; zero if there is none.
    patience: Option<Duration>,
    /// How long the operation had waited when the lock timeout was last set.
    waited: Duration,
}

/// The shortest wait after which the lock timeout is shortened. Statements of a usual operation are faster, so it
/// has no further statement.
const CONSIDERABLE: Duration = Duration::from_millis(20);
/// The shortest wait after which the server is asked for the lock timeout of the connection.
const WORTH_ASKING: Duration = Duration::from_millis(200);
const LOCK_TIMEOUT: &str = "SELECT setting::bigint FROM pg_settings WHERE name = 'lock_timeout'";
const SET_LOCK_TIMEOUT: &str = "SELECT set_config('lock_timeout', $1, TRUE)";

impl PoolTransaction {
    /// Returns the connection, for a statement that may wait. If the operation has waited considerably since the lock
    /// timeout was set, shortens it first.
    async fn ready(&mut self) -> Result<&mut PgConnection, SqlError> {
        let waited = waited();
        let considerable = self.patience.map_or(WORTH_ASKING, |patience| (patience / 10).max(CONSIDERABLE));
        if waited.saturating_sub(self.waited) > considerable {
            self.waited = waited;
            let patience = match self.patience {
                Some(patience) => patience,
                None => self.ask_patience().await?,
            };
            if !patience.is_zero() {
                let left = milliseconds(patience_left(patience, waited)).to_string();
                query(&mut self.connection, SET_LOCK_TIMEOUT, &[left.into()]).await?;
            }
        }
        Ok(&mut self.connection)
    }

    /// Reads the lock timeout of the connection.
    async fn ask_patience(&mut self) -> Result<Duration, SqlError> {
        let rows = query(&mut self.connection, LOCK_TIMEOUT, &[]).await?;
        let found = rows.first().and_then(|row| row.first()).and_then(SqlValue::as_integer);
        let patience =
            Duration::from_millis(found.and_then(|found| found.try_into().ok()).unwrap_or_default());
        self.patience = Some(patience);
        Ok(patience)
    }
}

#[derive(PartialEq)]
enum State {
    Beginning,
    Open,
    Done,
}

transaction!(PoolTransaction, self, connection: self.ready().await?, commit: {
    let mut transaction = self;
    PgTransactionManager::commit(&mut transaction.connection).await.map_err(error)?;
    transaction.state = State::Done;
    Ok(())
});

/// Rolls back before the connection is reused. If BEGIN was cancelled, the connection is closed, because sqlx would
/// reuse it with the transaction still open.
impl Drop for PoolTransaction {
    fn drop(&mut self) {
        match self.state {
            State::Beginning => self.connection.close_on_drop(),
            State::Open => PgTransactionManager::start_rollback(&mut self.connection),
            State::Done => {}
        }
    }
}

/// A connection on which the host has an open transaction.
///
/// Each transaction of the library is a savepoint. Its writes become permanent when the host commits. Nothing is
/// retried, because the host owns the snapshot. Only one call may run at a time; a second call fails as busy.
#[derive(Debug)]
pub struct SavepointConnection<'c> {
    host: HostConnection<'c, PgConnection>,
    schemas: Vec<String>,
}

impl<'c> SavepointConnection<'c> {
    /// Makes a connection that opens savepoints in this connection's open transaction.
    #[must_use]
    pub fn new(connection: &'c mut PgConnection) -> Self {
        Self { host: HostConnection::new(connection), schemas: Vec::new() }
    }

    /// Sets the schemas in which to look for tables. The default is the search path of the transaction.
    #[must_use]
    pub(super) fn schemas(self, schemas: Vec<String>) -> Self {
        Self { schemas, ..self }
    }
}

#[async_trait]
impl SqlConnection for SavepointConnection<'_> {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let connection = self.host.take()?;
        let mut savepoint = Savepoint { connection, open: false, before: Vec::new() };
        savepoint.begin(access, search_path(&self.schemas)).await?;
        Ok(Box::new(savepoint))
    }

    fn retryable(&self) -> bool {
        false
    }
}

struct Savepoint<'h, 'c> {
    connection: TakenConnection<'h, 'c, PgConnection>,
    open: bool,
    /// The settings to restore when the savepoint is released. Without this, the settings made inside it would remain
    /// in the host's transaction.
    before: Vec<SqlValue>,
}

/// The settings of the host's transaction.
const SETTINGS: &str = "SELECT current_setting('transaction_isolation'), current_setting('client_encoding'), \
     current_setting('row_security'), current_setting('search_path'), current_setting('work_mem')";
/// Sets the settings of the savepoint. A row hidden by row-level security is then an error instead of missing, a
/// temporary table does not hide the real table, and a large operation has the memory it needs.
const SET: &str = "SELECT set_config('row_security', 'off', TRUE), set_config('search_path', \
     coalesce($1, concat_ws(', ', NULLIF(current_setting('search_path'), ''), 'pg_temp')), TRUE), \
     set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')) / 1024, 65536)::text, TRUE)";
const RESTORE: &str = "SELECT set_config('row_security', $1, TRUE), set_config('search_path', $2, TRUE), \
     set_config('work_mem', $3, TRUE)";

impl Savepoint<'_, '_> {
    async fn begin(&mut self, access: AccessMode, search_path: Option<String>) -> Result<(), SqlError> {
        if !self.connection.get()?.is_in_transaction() {
            return Err(unsupported("a connection without an open transaction; begin one with sqlx"));
        }
        // Runs before the savepoint, to detect a broken connection or a failed transaction. If a savepoint cannot
        // begin, sqlx ends the host's transaction, and the host's commit would then report success.
        let rows = self.query(SETTINGS, &[]).await?;
        let Some([level, encoding, before @ ..]) = rows.first().map(Vec::as_slice) else {
            let what = "the settings of the transaction cannot be read";
            return Err(SqlError::new(SqlErrorClass::Other, what));
        };
        check(access, level.as_text(), encoding.as_text())?;
        let begun = PgTransactionManager::begin(self.connection.get()?, None);
        Forgotten(Some(Box::pin(begun))).await.map_err(error)?;
        self.open = true;
        self.before = before.to_vec();
        self.query(SET, &[search_path.map_or(SqlValue::Null, SqlValue::Text)]).await?;
        Ok(())
    }
}

fn check(access: AccessMode, level: Option<&str>, encoding: Option<&str>) -> Result<(), SqlError> {
    // The counts must include rows that other transactions commit before the locks are taken, even after the host's
    // transaction began.
    if access == AccessMode::Write && !matches!(level, Some("read committed" | "read uncommitted")) {
        return Err(unsupported(&format!(
            "a transaction whose isolation level is {}: rows that others commit while it waits for its \
             locks would be missed; begin it as READ COMMITTED",
            level.unwrap_or("unknown")
        )));
    }
    if encoding != Some("UTF8") {
        let what = "a connection whose client_encoding is not UTF8; set it to UTF8";
        return Err(unsupported(what));
    }
    Ok(())
}

fn unsupported(what: &str) -> SqlError {
    SqlError::new(SqlErrorClass::Unsupported(what.to_owned()), what.to_owned())
}

/// A savepoint that is being opened. If this future is cancelled, it is leaked instead of dropped, because on drop
/// sqlx would roll back the host's whole transaction. At most an empty savepoint remains.
struct Forgotten<F: Future>(Option<Pin<Box<F>>>);

impl<F: Future> Future for Forgotten<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        let Some(future) = &mut self.0 else {
            return std::task::Poll::Pending;
        };
        let polled = future.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<F: Future> Drop for Forgotten<F> {
    fn drop(&mut self) {
        std::mem::forget(self.0.take());
    }
}

transaction!(Savepoint<'_, '_>, self, connection: self.connection.get()?, commit: {
    let mut savepoint = self;
    let before = std::mem::take(&mut savepoint.before);
    savepoint.query(RESTORE, &before).await?;
    PgTransactionManager::commit(savepoint.connection.get()?).await.map_err(error)?;
    savepoint.open = false;
    Ok(())
});

/// Rolls back before the connection runs anything else, including the host's COMMIT. A partial operation is therefore
/// never committed.
impl Drop for Savepoint<'_, '_> {
    fn drop(&mut self) {
        if let (true, Ok(connection)) = (self.open, self.connection.get()) {
            PgTransactionManager::start_rollback(connection);
        }
    }
}

/// The host's transaction, used without a savepoint and without changed settings.
pub(super) struct HostTransaction<'c>(pub(super) &'c mut PgConnection);

transaction!(HostTransaction<'_>, self, connection: self.0, commit: {
    // The host commits.
    Ok(())
});

statements!(Postgres, bind, value, error, at_most: 65_535);

fn bind(query: Bound, value: SqlValue) -> Bound {
    match value {
        SqlValue::Null => query.bind(Null),
        SqlValue::Integer(value) => query.bind(value),
        SqlValue::Real(value) => query.bind(value),
        // Text in PostgreSQL cannot contain U+0000.
        SqlValue::Text(value) => query.bind(value.replace('\0', "\u{fffd}")),
        SqlValue::Blob(value) => query.bind(value),
    }
}

/// NULL without a type, which the server infers.
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
        // The first byte of JSONB is a version number.
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

/// Reads a date stored as days since 2000.
fn day(bytes: [u8; 4]) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2000, 1, 1)?;
    let days = i32::from_be_bytes(bytes);
    let count = Days::new(days.unsigned_abs().into());
    if days < 0 { first.checked_sub_days(count) } else { first.checked_add_days(count) }
}

/// Reads a timestamp stored as microseconds since 2000.
fn instant(bytes: [u8; 8]) -> Option<DateTime<Utc>> {
    let first = DateTime::from_timestamp(946_684_800, 0)?;
    let at = first.checked_add_signed(TimeDelta::microseconds(i64::from_be_bytes(bytes)));
    at.map(crate::domain::to_milliseconds)
}

/// Converts an error of sqlx. Only the code and the message of the server's report are kept, because its details
/// contain key values.
pub(super) fn error(error: Error) -> SqlError {
    match &error {
        Error::Database(database) => match database.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => SqlError::from_postgres_in(error.code(), error.message(), error.r#where()),
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
