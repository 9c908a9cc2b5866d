//! The host's own SQL on SQLite.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use client_lifecycle::domain::instant_text;
use client_lifecycle::sqlite::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use client_lifecycle::sqlite::sqlx::{Error, query, query_as, query_scalar, raw_sql};

use crate::answer;

const TABLES: &str = include_str!("sqlite/tables.sql");

const DATA: &str = include_str!("sqlite/demo.sql");

const SESSION: &str = "SELECT clients.user_id, clients.role FROM sessions
     JOIN clients ON clients.user_id = sessions.client_id
     WHERE sessions.token = ? AND sessions.expires_at > ? AND clients.status = 'ON'";

pub(crate) async fn open(address: &str) -> Result<SqlitePool, Error> {
    let options = SqliteConnectOptions::from_str(address)?
        .create_if_missing(true)
        // In WAL mode, readers do not wait for writers. Writers wait for each other.
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        // Erased values are overwritten in the file, and not only marked as free.
        .pragma("secure_delete", "ON")
        .busy_timeout(Duration::from_secs(10));
    let pool = SqlitePoolOptions::new().max_connections(8).connect_with(options).await?;
    raw_sql(TABLES).execute(&pool).await?;
    Ok(pool)
}

/// Empties the write-ahead log. If another connection is in the way, the next erasure empties it.
pub(crate) async fn empty_log(pool: &SqlitePool) {
    let emptied = query_as::<_, (i64, i64, i64)>("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(pool).await;
    match emptied {
        Ok((0, _, _)) => {}
        Ok(_) => {
            answer::say(
                "the write-ahead log still holds erased values, because another connection is in use",
            );
        }
        Err(error) => answer::log("the write-ahead log cannot be emptied", &error),
    }
}

pub(crate) async fn session(pool: &SqlitePool, token: &str) -> Result<Option<(String, String)>, Error> {
    query_as(SESSION).bind(token).bind(instant_text(Utc::now())).fetch_optional(pool).await
}

pub(crate) async fn sign_in(
    pool: &SqlitePool,
    client: &str,
    token: &str,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    let insert = query("INSERT INTO sessions (client_id, token, expires_at) VALUES (?, ?, ?)");
    insert.bind(client).bind(token).bind(instant_text(until)).execute(pool).await.map(drop)
}

pub(crate) async fn fill(pool: &SqlitePool, client: &str) -> Result<bool, Error> {
    let mut write = pool.begin_with("BEGIN IMMEDIATE").await?;
    let clients: i64 = query_scalar("SELECT count(*) FROM clients").fetch_one(&mut *write).await?;
    if clients == 0 {
        raw_sql(DATA).execute(&mut *write).await?;
    }
    let found = query_scalar("SELECT EXISTS (SELECT 1 FROM clients WHERE user_id = ?)")
        .bind(client)
        .fetch_one(&mut *write)
        .await?;
    write.commit().await?;
    Ok(found)
}
