//! The same clinic on SQLite and on PostgreSQL, and its complete content as text.

use chrono::{DateTime, Utc};
use client_lifecycle::domain::{Actor, OperationId, Request};
use client_lifecycle::lifecycle::Retries;
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
};
use client_lifecycle::sqlite::sqlx::{self, AssertSqlSafe};
use client_lifecycle::{DeletionPolicy, Lifecycle, Store};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use uuid::Uuid;

use crate::server::{self, Schema};

const TABLES: &str = "
    CREATE TABLE clients (id bigint PRIMARY KEY, email text NOT NULL);
    CREATE TABLE bookings (id bigint PRIMARY KEY, client_id bigint NOT NULL REFERENCES clients, comment text);
    CREATE TABLE items (id bigint PRIMARY KEY, booking_id bigint NOT NULL REFERENCES bookings);
    CREATE TABLE debts (id bigint PRIMARY KEY, client_id bigint NOT NULL REFERENCES clients, status text NOT NULL);
    CREATE TABLE invoices (id bigint PRIMARY KEY, client_id bigint REFERENCES clients, issued_at TIMESTAMPTZ);
    CREATE TABLE sessions (id bigint PRIMARY KEY, client_id bigint NOT NULL REFERENCES clients, token text NOT NULL);
    CREATE TABLE booked_rooms (booking_id bigint NOT NULL REFERENCES bookings, room text NOT NULL,
        PRIMARY KEY (booking_id, room));
    CREATE TABLE visits (client_id bigint NOT NULL REFERENCES clients, page text NOT NULL);
    CREATE TABLE sign_ups (id bigint PRIMARY KEY, email text NOT NULL);
    CREATE UNIQUE INDEX emails ON clients (email);";
const ROWS: &str = "
    INSERT INTO clients VALUES (1, 'ana@example.org'), (2, 'ben@example.org');
    INSERT INTO bookings VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c');
    INSERT INTO items VALUES (1, 1), (2, 1), (3, 2), (4, 3);
    INSERT INTO debts VALUES (1, 1, 'PAID'), (2, 1, 'PAID'), (3, 2, 'PENDING');
    INSERT INTO invoices VALUES (1, 1, '2026-01-01T00:00:00.000Z'), (2, 1, '2010-01-01T00:00:00.000Z'),
        (3, 2, '2026-01-01T00:00:00.000Z');
    INSERT INTO sessions VALUES (1, 1, 't1'), (2, 1, 't2'), (3, 2, 't3');
    INSERT INTO booked_rooms VALUES (1, 'a'), (1, 'b'), (2, 'a'), (3, 'a');
    INSERT INTO visits VALUES (1, '/'), (1, '/'), (2, '/');
    INSERT INTO sign_ups VALUES (1, 'ANA@example.org'), (2, 'ana@example.org'), (3, 'Ben@example.org');";
/// Queries for all rows, the library's own tables included. Sequence numbers are left out, because failed attempts use
/// them up.
const WHOLE: [&str; 14] = [
    "SELECT 'client ' || id || email FROM clients ORDER BY id",
    "SELECT 'booking ' || id || ' of ' || client_id || coalesce(comment, '') FROM bookings ORDER BY id",
    "SELECT 'item ' || id || ' of ' || booking_id FROM items ORDER BY id",
    "SELECT 'debt ' || id || ' of ' || client_id || status FROM debts ORDER BY id",
    "SELECT 'invoice ' || id || ' of ' || coalesce(client_id, 0) || issued_at FROM invoices ORDER BY id",
    "SELECT 'session ' || id || ' of ' || client_id || token FROM sessions ORDER BY id",
    "SELECT 'room ' || room || ' of ' || booking_id FROM booked_rooms ORDER BY booking_id, room",
    "SELECT 'visit of ' || client_id || page FROM visits ORDER BY client_id",
    "SELECT 'sign-up ' || id || email FROM sign_ups ORDER BY id",
    "SELECT 'operation ' || operation || at || receipt FROM lifecycle_operations ORDER BY operation",
    "SELECT 'audit ' || operation || kind || record || at || action || outcome || entry FROM lifecycle_audit ORDER BY sequence",
    "SELECT 'event ' || operation || topic || kind || record || at || payload FROM lifecycle_outbox ORDER BY topic, record",
    "SELECT 'mark ' || operation || kind || record FROM lifecycle_marks ORDER BY kind, record",
    "SELECT 'replaced ' || operation || kind || field || record || coalesce(before, '') || coalesce(after, '') \
     FROM lifecycle_replaced ORDER BY kind, field, record",
];
const EVERY_TABLE: &str = "booked_rooms, visits, sign_ups, sessions, invoices, debts, items, bookings, clients, \
    lifecycle_operations, lifecycle_audit, lifecycle_outbox, lifecycle_marks, \
    lifecycle_replaced";

pub(crate) fn policy() -> DeletionPolicy {
    let document = serde_json::json!({
        "subject": "clients",
        "kinds": { "clients": {}, "bookings": { "personal": { "comment": "null" } }, "items": {},
                   "debts": { "fields": { "status": "text" } }, "sessions": {},
                   "booked_rooms": { "id": ["booking_id", "room"] }, "visits": { "id": [] }, "sign_ups": {},
                   "invoices": { "fields": { "issued_at": { "type": "timestamp", "nullable": true } } } },
        "references": [
            { "from": "bookings.client_id", "to": "clients" }, { "from": "items.booking_id", "to": "bookings" },
            { "from": "debts.client_id", "to": "clients" }, { "from": "sessions.client_id", "to": "clients" },
            { "from": "booked_rooms.booking_id", "to": "bookings" }, { "from": "visits.client_id", "to": "clients" },
            { "from": "sign_ups.email", "to": "clients.email", "compare": "ignore_ascii_case" },
            { "from": "invoices.client_id", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any",
            "rules": {
                "bookings.client_id": "cascade", "items.booking_id": "cascade", "sessions.client_id": "delete",
                "booked_rooms.booking_id": "cascade", "visits.client_id": "cascade", "sign_ups.email": "cascade",
                "debts.client_id": [
                    { "when": { "field": "status", "eq": "PENDING" }, "then": "restrict" }, { "then": "cascade" } ],
                "invoices.client_id": { "retain": { "for": "P6Y", "from": "issued_at", "basis": "tax" }, "on_survive": "set_null" } },
            "effects": [ { "topic": "sessions.revoke", "on": "sessions", "fields": ["token"] }, { "topic": "gone" } ] } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

pub(crate) fn operation() -> OperationId {
    Uuid::from_u128(7).into()
}

pub(crate) fn request() -> Request {
    Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN")).operation(operation())
}

fn now() -> DateTime<Utc> {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

/// Opens a lifecycle with a fixed clock and without retries, which would hide failures.
pub(crate) async fn open<S: Store>(store: S) -> Lifecycle<S> {
    open_with(store, Retries::none()).await
}

pub(crate) async fn open_with<S: Store>(store: S, retries: Retries) -> Lifecycle<S> {
    let opened = Lifecycle::open(store, policy()).await;
    opened.unwrap_or_else(|error| panic!("{error:?}")).with_clock(now()).with_retries(retries)
}

/// A database that the tests can reset, read, and open from another process.
pub(crate) enum Database {
    Sqlite { path: std::path::PathBuf, journal: SqliteJournalMode, pool: Option<SqlitePool> },
    Postgres { pool: PgPool, schema: Option<Schema> },
}

use Database::{Postgres, Sqlite};

impl Database {
    /// Creates a database in a new schema; returns `None` if no server can be reached.
    pub(crate) async fn postgres() -> Option<Self> {
        let schema = Schema::new().await?;
        Some(Self::filled(schema.pool.clone(), Some(schema)).await)
    }

    /// Creates the tables and rows in an empty database.
    pub(crate) async fn postgres_at(pool: PgPool) -> Self {
        Self::filled(pool, None).await
    }

    async fn filled(pool: PgPool, schema: Option<Schema>) -> Self {
        sqlx::raw_sql(TABLES).execute(&pool).await.unwrap();
        PostgresStore::new(pool.clone()).migrate().await.unwrap();
        let database = Self::Postgres { pool, schema };
        database.reset().await;
        database
    }

    pub(crate) async fn sqlite(journal: SqliteJournalMode) -> Self {
        let path = std::env::temp_dir().join(format!("client-lifecycle-kill-{}.db", Uuid::new_v4()));
        let options = sqlite_options(&path, journal).create_if_missing(true);
        let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(TABLES.replace("TIMESTAMPTZ", "text"))).execute(&pool).await.unwrap();
        SqliteStore::new(pool.clone()).migrate().await.unwrap();
        let database = Self::Sqlite { path, journal, pool: Some(pool) };
        database.reset().await;
        database
    }

    /// Restores the initial rows.
    pub(crate) async fn reset(&self) {
        // DELETE is faster here than TRUNCATE, which creates new files.
        let emptied = EVERY_TABLE.split(", ").map(|table| format!("DELETE FROM {table};"));
        let sql = AssertSqlSafe(emptied.collect::<String>() + ROWS);
        match self {
            Postgres { pool, .. } => drop(sqlx::raw_sql(sql).execute(pool).await.unwrap()),
            Sqlite { pool, .. } => drop(sqlx::raw_sql(sql).execute(pool.as_ref().unwrap()).await.unwrap()),
        }
    }

    /// Returns the complete content as lines of text.
    pub(crate) async fn whole(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for sql in WHOLE {
            let found: Result<Vec<String>, _> = match self {
                Postgres { pool, .. } => sqlx::query_scalar(sql).fetch_all(pool).await,
                Sqlite { pool, .. } => sqlx::query_scalar(sql).fetch_all(pool.as_ref().unwrap()).await,
            };
            lines.extend(found.unwrap_or_else(|error| panic!("{sql}: {error}")));
        }
        lines
    }

    /// Returns a store on this database that works normally.
    pub(crate) fn store(&self) -> Box<dyn Store> {
        match self {
            Postgres { pool, .. } => Box::new(PostgresStore::new(pool.clone())),
            Sqlite { pool, .. } => Box::new(SqliteStore::new(pool.clone().unwrap())),
        }
    }

    pub(crate) fn schema(&self) -> &Schema {
        match self {
            Postgres { schema: Some(schema), .. } => schema,
            _ => panic!("this database has no separate schema"),
        }
    }

    /// Returns the content before and after the operation, then resets the database.
    pub(crate) async fn before_and_after(&self) -> (Vec<String>, Vec<String>) {
        let before = self.whole().await;
        open(self.store()).await.execute(&request()).await.unwrap();
        let after = self.whole().await;
        assert!(after.iter().any(|line| line.starts_with("audit ")) && before != after);
        for (of, count) in [("room ", [4, 1]), ("visit ", [3, 1]), ("sign-up ", [3, 1])] {
            let counted =
                [&before, &after].map(|lines| lines.iter().filter(|line| line.starts_with(of)).count());
            assert_eq!(counted, count, "{of}");
        }
        self.reset().await;
        assert_eq!(self.whole().await, before);
        (before, after)
    }

    /// Repeats the operation twice. Whatever was left undone must be done exactly once.
    pub(crate) async fn finish(&self, after: &[String]) {
        let lifecycle = open(self.store()).await;
        let receipt = lifecycle.execute(&request()).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(self.whole_of_done().await, after);
        assert_eq!(lifecycle.execute(&request()).await.unwrap(), receipt);
        assert_eq!(self.whole_of_done().await, after, "asked for again");
    }

    /// Returns the complete content without the audit entries of failed attempts.
    pub(crate) async fn whole_of_done(&self) -> Vec<String> {
        let mut lines = self.whole().await;
        lines.retain(|line| !(line.starts_with("audit ") && line.contains("failed")));
        lines
    }

    /// Closes all connections, so another process can use the database alone.
    pub(crate) async fn leave(&mut self) {
        if let Sqlite { pool, .. } = self {
            pool.take().unwrap().close().await;
        }
    }

    pub(crate) async fn come_back(&mut self) {
        if let Sqlite { pool, path, journal } = self {
            let options = sqlite_options(path, *journal);
            *pool = Some(SqlitePoolOptions::new().max_connections(2).connect_with(options).await.unwrap());
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Sqlite { path, .. } = self {
            for end in ["", "-wal", "-shm", "-journal"] {
                let mut name = path.clone().into_os_string();
                name.push(end);
                std::fs::remove_file(name).ok();
            }
        }
    }
}

pub(crate) fn sqlite_options(path: &std::path::Path, journal: SqliteJournalMode) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).journal_mode(journal)
}

/// Returns options for connections to a schema, with an application name that identifies them on the server.
pub(crate) fn postgres_options(schema: &str, name: &str) -> PgConnectOptions {
    let options: PgConnectOptions = server::address().parse().unwrap();
    options
        .database(&server::database_of(schema))
        .options([("search_path", schema), ("jit", "off")])
        .application_name(name)
}

pub(crate) fn pool_of(options: PgConnectOptions, connections: u32) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(connections);
    pool.acquire_timeout(std::time::Duration::from_secs(10)).connect_lazy_with(options)
}
