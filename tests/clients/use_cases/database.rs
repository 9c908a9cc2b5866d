//! A database file with clients, used by several connections.
#![cfg(feature = "sqlite")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use client_lifecycle::Lifecycle;
use client_lifecycle::sqlite::{SqliteStore, sqlx};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, SqlitePool};

use super::world::{MARIA, document, now, parsed, row, rows};

pub(crate) async fn number<'e>(executor: impl sqlx::Executor<'e, Database = sqlx::Sqlite>, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(executor).await.unwrap()
}

/// A database in a file, and a pool of connections to it.
pub(crate) struct Database {
    pub(crate) pool: SqlitePool,
    path: std::path::PathBuf,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Database {
    pub(crate) async fn new(connections: u32) -> Self {
        let name = format!("clients-{}-{}.db", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::remove_file(&path).ok();
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .busy_timeout(std::time::Duration::from_secs(5));
        let pool = SqlitePoolOptions::new().max_connections(connections).connect_with(options).await.unwrap();
        let columns: Vec<String> = row(MARIA, "")
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| match name.as_str() {
                "user_id" => "user_id TEXT PRIMARY KEY NOT NULL".into(),
                name => format!("{name} {}", if value.is_number() { "INTEGER" } else { "TEXT" }),
            })
            .collect();
        let tables = format!(
            "CREATE TABLE clients ({});
             CREATE TABLE bookings (id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients (user_id), state TEXT)",
            columns.join(", ")
        );
        sqlx::raw_sql(AssertSqlSafe(tables)).execute(&pool).await.unwrap();
        SqliteStore::new(pool.clone()).migrate().await.unwrap();
        let made = Self { pool, path };
        for client in rows()["clients"].as_array().unwrap() {
            made.insert(client).await;
        }
        made
    }

    pub(crate) async fn insert(&self, client: &Value) {
        let client = client.as_object().unwrap();
        let names: Vec<_> = client.keys().cloned().collect();
        let values: Vec<_> = client
            .values()
            .map(|value| match value {
                Value::Null => "NULL".into(),
                Value::String(text) => format!("'{text}'"),
                other => other.to_string(),
            })
            .collect();
        let sql = format!("INSERT INTO clients ({}) VALUES ({})", names.join(", "), values.join(", "));
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.unwrap();
    }

    pub(crate) async fn lifecycle(&self) -> Arc<Lifecycle<SqliteStore>> {
        let store = SqliteStore::new(self.pool.clone());
        Arc::new(Lifecycle::open(store, parsed(&document())).await.unwrap().with_clock(now()))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).ok();
    }
}
