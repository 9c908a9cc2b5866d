//! The host's own SQL on PostgreSQL.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use client_lifecycle::domain::instant_text;
use client_lifecycle::postgres::sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use client_lifecycle::postgres::sqlx::{Error, query, query_as, query_scalar, raw_sql};

const TABLES: &str = include_str!("postgres/tables.sql");

const DATA: &str = include_str!("postgres/demo.sql");

const SESSION: &str = "SELECT clients.user_id::text, clients.role FROM sessions
     JOIN clients ON clients.user_id = sessions.client_id
     WHERE sessions.token = $1 AND sessions.expires_at > now() AND clients.status = 'ON'";

/// The timeout for connecting and for locks.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn open(address: &str) -> Result<PgPool, Error> {
    let options = PgConnectOptions::from_str(address)?
        .application_name("rest_api")
        .options([("lock_timeout", format!("{}ms", PATIENCE.as_millis()))]);
    let pool =
        PgPoolOptions::new().max_connections(16).acquire_timeout(PATIENCE).connect_with(options).await?;
    // Take a lock first: `IF NOT EXISTS` does not help if two processes create the tables at the same time.
    let mut write = pool.begin().await?;
    query("SELECT pg_advisory_xact_lock(hashtext('rest_api'))").execute(&mut *write).await?;
    raw_sql(TABLES).execute(&mut *write).await?;
    write.commit().await?;
    Ok(pool)
}

pub(crate) async fn session(pool: &PgPool, token: &str) -> Result<Option<(String, String)>, Error> {
    query_as(SESSION).bind(token).fetch_optional(pool).await
}

pub(crate) async fn sign_in(
    pool: &PgPool,
    client: &str,
    token: &str,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    let insert = query(
        "INSERT INTO sessions (client_id, token, expires_at) VALUES ($1::text::uuid, $2, $3::text::timestamptz)",
    );
    insert.bind(client).bind(token).bind(instant_text(until)).execute(pool).await.map(drop)
}

pub(crate) async fn fill(pool: &PgPool, client: &str) -> Result<bool, Error> {
    let mut write = pool.begin().await?;
    query("LOCK TABLE clients IN EXCLUSIVE MODE").execute(&mut *write).await?;
    let clients: i64 = query_scalar("SELECT count(*) FROM clients").fetch_one(&mut *write).await?;
    if clients == 0 {
        raw_sql(DATA).execute(&mut *write).await?;
    }
    let found = query_scalar("SELECT EXISTS (SELECT 1 FROM clients WHERE user_id::text = $1)")
        .bind(client)
        .fetch_one(&mut *write)
        .await?;
    write.commit().await?;
    Ok(found)
}
