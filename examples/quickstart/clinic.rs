//! The clinic's database: 300 clients in a SQLite file, and plain SQL queries on it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use client_lifecycle::sqlite::sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use client_lifecycle::sqlite::sqlx::{self, AssertSqlSafe};

use crate::Failure;

/// A client with an unpaid debt and an upcoming booking.
pub(crate) const SOFIA: &str = "00000000-0000-4000-8000-000000000047";
/// A client whose deletion nothing blocks.
pub(crate) const DIEGO: &str = "00000000-0000-4000-8000-000000000122";
/// A client with two sessions.
pub(crate) const LUCIA: &str = "00000000-0000-4000-8000-000000000026";
/// A row of the table `clients` whose role is not USER.
pub(crate) const ADMINISTRATOR: &str = "00000000-0000-4000-8000-000000000200";

const TABLES: [&str; 9] = [
    "clients",
    "consents",
    "revokes",
    "questionnaires",
    "bookings",
    "booking_items",
    "debts",
    "sales",
    "sessions",
];

/// Returns the path of the database file: next to the example's binary, in the target directory.
pub(crate) fn file() -> Result<PathBuf, Failure> {
    Ok(std::env::current_exe()?.with_file_name("quickstart.db"))
}

/// Creates the database in an empty file.
pub(crate) async fn create(file: &Path) -> Result<SqlitePool, Failure> {
    // Remove the journal too. SQLite would apply the journal of an interrupted run to the new file.
    for old in [file.to_owned(), file.with_extension("db-journal")] {
        match fs::remove_file(old) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await?;
    let mut transaction = pool.begin().await?;
    sqlx::raw_sql(include_str!("clinic.sql")).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(pool)
}

/// The number of rows in each table.
#[derive(Debug, PartialEq)]
pub(crate) struct Rows(pub(crate) Vec<(&'static str, i64)>);

impl Rows {
    pub(crate) fn of(&self, table: &str) -> i64 {
        let found = self.0.iter().find(|(name, _)| *name == table);
        found.map_or(0, |(_, rows)| *rows)
    }
}

pub(crate) async fn rows(pool: &SqlitePool) -> Result<Rows, Failure> {
    let mut rows = Vec::new();
    for table in TABLES {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        rows.push((table, sqlx::query_scalar(sql).fetch_one(pool).await?));
    }
    Ok(Rows(rows))
}

/// Returns the number of rows, in all tables, that hold the id of this client.
pub(crate) async fn rows_with(pool: &SqlitePool, client: &str) -> Result<i64, Failure> {
    let mut found = 0;
    for table in TABLES.into_iter().filter(|table| *table != "booking_items") {
        let column = if table == "clients" { "user_id" } else { "client_id" };
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE {column} = ?"));
        found += sqlx::query_scalar::<_, i64>(sql).bind(client).fetch_one(pool).await?;
    }
    Ok(found)
}

/// Returns the number of references to rows that do not exist.
pub(crate) async fn dangling(pool: &SqlitePool) -> Result<usize, Failure> {
    let sql = "SELECT rowid FROM pragma_foreign_key_check";
    Ok(sqlx::query(sql).fetch_all(pool).await?.len())
}

pub(crate) async fn sales_of(pool: &SqlitePool, client: &str) -> Result<Vec<i64>, Failure> {
    let sql = "SELECT id FROM sales WHERE client_id = ? ORDER BY issued_at";
    Ok(sqlx::query_scalar(sql).bind(client).fetch_all(pool).await?)
}

/// Returns the bookings of a client, in the order of their dates.
pub(crate) async fn bookings_of(pool: &SqlitePool, client: &str) -> Result<Vec<i64>, Failure> {
    let sql = "SELECT id FROM bookings WHERE client_id = ? ORDER BY starts_at";
    Ok(sqlx::query_scalar(sql).bind(client).fetch_all(pool).await?)
}

/// Returns one line for each of these bookings that still exists.
pub(crate) async fn bookings(pool: &SqlitePool, ids: &[i64]) -> Result<Vec<String>, Failure> {
    let sql = "SELECT printf('booking %d  on %s  comment: %s  client: %s', id, date(starts_at), \
               coalesce(comment, 'none'), coalesce(client_id, 'none')) FROM bookings WHERE id = ?";
    lines(pool, sql, ids).await
}

/// Returns one line for each of these sales that still exists.
pub(crate) async fn sales(pool: &SqlitePool, ids: &[i64]) -> Result<Vec<String>, Failure> {
    let sql = "SELECT printf('sale %d  issued %s  %6.2f €  client: %s', id, date(issued_at), \
               cents / 100.0, coalesce(client_id, 'none')) FROM sales WHERE id = ?";
    lines(pool, sql, ids).await
}

async fn lines(pool: &SqlitePool, sql: &'static str, ids: &[i64]) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for id in ids {
        let line = sqlx::query_scalar::<_, String>(sql).bind(id).fetch_optional(pool).await?;
        found.extend(line);
    }
    Ok(found)
}
