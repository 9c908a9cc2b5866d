//! A conformance host on SQLite, with its own file. It reads and writes rows with sqlx, without the store.

use std::path::PathBuf;

use async_trait::async_trait;
use client_lifecycle::domain::{Kind, Record, RecordId, Value};
use client_lifecycle::sqlite::{SqliteStore, sqlx};
use client_lifecycle::store::Store;
use client_lifecycle::testing::conformance::{Host, Recorded, Sent};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Row, SqlitePool};

const TABLES: &str = "
    CREATE TABLE clients (user_id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL,
        phone TEXT, birth_date TEXT, status TEXT NOT NULL, deleted_at TEXT);
    CREATE TABLE debts (id TEXT PRIMARY KEY NOT NULL, client_id TEXT NOT NULL REFERENCES clients,
        status TEXT NOT NULL, amount INTEGER, due_at TEXT);
    CREATE TABLE bookings (id TEXT PRIMARY KEY NOT NULL, client_id TEXT NOT NULL REFERENCES clients,
        notes TEXT);
    CREATE TABLE items (id INTEGER PRIMARY KEY, booking_id TEXT NOT NULL REFERENCES bookings,
        part_of INTEGER REFERENCES items);
    CREATE TABLE invoices (id TEXT PRIMARY KEY NOT NULL, client_id TEXT REFERENCES clients,
        number TEXT, issued_at TEXT);
    CREATE TABLE seats (booking_id TEXT NOT NULL REFERENCES bookings, number INTEGER NOT NULL,
        class TEXT NOT NULL, PRIMARY KEY (booking_id, number));
    CREATE TABLE meals (booking_id TEXT NOT NULL, seat INTEGER, client_id TEXT REFERENCES clients, course TEXT,
        FOREIGN KEY (booking_id, seat) REFERENCES seats);
    CREATE TABLE profiles (client_id TEXT PRIMARY KEY NOT NULL REFERENCES clients, handle TEXT NOT NULL UNIQUE);
    CREATE TABLE sign_ups (id TEXT PRIMARY KEY NOT NULL, email TEXT NOT NULL,
        handle TEXT REFERENCES profiles (handle));
    CREATE TABLE comments (id TEXT PRIMARY KEY NOT NULL, owner_id TEXT NOT NULL, owner_type TEXT);";

/// A store on a new file. Dropping the host removes the file.
pub(crate) struct SqliteHost {
    pub(crate) pool: SqlitePool,
    store: Box<dyn Store>,
    path: PathBuf,
}

impl SqliteHost {
    pub(crate) async fn fresh(make: impl FnOnce(SqlitePool) -> Box<dyn Store>) -> Self {
        let path = std::env::temp_dir().join(format!("lifecycle-{}.db", uuid::Uuid::new_v4()));
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
            .synchronous(sqlx::sqlite::SqliteSynchronous::Off)
            .busy_timeout(std::time::Duration::from_secs(20));
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await.unwrap();
        sqlx::raw_sql(TABLES).execute(&pool).await.unwrap();
        SqliteStore::new(pool.clone()).migrate().await.unwrap();
        Self { store: make(pool.clone()), pool, path }
    }

    async fn read(&self, sql: &str) -> Vec<SqliteRow> {
        sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&self.pool).await.unwrap()
    }
}

impl Drop for SqliteHost {
    fn drop(&mut self) {
        for rest in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{rest}", self.path.display()));
        }
    }
}

#[async_trait]
impl Host for SqliteHost {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    async fn load(&self, kind: &Kind, rows: Vec<Record>) {
        for row in rows {
            let id: Vec<Value> = row.id.parts().iter().map(Value::from).collect();
            let key = kind.id.fields().iter().map(|field| kind.column(field)).zip(&id);
            let fields = row.fields.iter().map(|(name, value)| (kind.column(name), value));
            let all: Vec<(&str, &Value)> = fields.chain(key).collect();
            let names: Vec<_> = all.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            let places = vec!["?"; all.len()].join(", ");
            let table = kind.table_name();
            let sql = format!("INSERT OR REPLACE INTO \"{table}\" ({}) VALUES ({places})", names.join(", "));
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (_, value) in all {
                query = match value {
                    Value::Null => query.bind(None::<String>),
                    Value::Integer(number) => query.bind(*number),
                    other => query.bind(serde_json::to_value(other).unwrap().as_str().unwrap().to_owned()),
                };
            }
            query.execute(&self.pool).await.unwrap();
        }
    }

    async fn rows(&self, kind: &Kind) -> Vec<Record> {
        let rows = self.read(&format!("SELECT * FROM \"{}\"", kind.table_name())).await;
        let records = rows.iter().map(|row| {
            let id = kind.id.fields().iter().map(|field| value(row, field.as_str()).as_id().unwrap());
            let mut record = Record::new(RecordId::tuple(id));
            for column in sqlx::Row::columns(row) {
                let name = sqlx::Column::name(column);
                if !kind.id.contains(&name.into()) {
                    record = record.with(name, value(row, name));
                }
            }
            record
        });
        records.collect()
    }

    async fn audit(&self) -> Vec<Recorded> {
        let rows = self.read("SELECT operation, record, outcome FROM lifecycle_audit").await;
        let entries = rows.iter().map(|row| Recorded {
            operation: row.get::<String, _>("operation").parse().unwrap(),
            subject: value(row, "record").as_id().unwrap(),
            outcome: serde_json::from_value(row.get::<String, _>("outcome").into()).unwrap(),
        });
        entries.collect()
    }

    async fn events(&self) -> Vec<Sent> {
        let rows = self.read("SELECT operation, topic, record, payload FROM lifecycle_outbox").await;
        let events = rows.iter().map(|row| Sent {
            operation: row.get::<String, _>("operation").parse().unwrap(),
            topic: row.get("topic"),
            record: value(row, "record").as_id().unwrap(),
            fields: serde_json::from_str(row.get("payload")).unwrap(),
        });
        events.collect()
    }

    async fn operations(&self) -> usize {
        self.read("SELECT operation FROM lifecycle_operations").await.len()
    }
}

fn value(row: &SqliteRow, name: &str) -> Value {
    if let Ok(number) = row.try_get::<Option<i64>, _>(name) {
        return number.into();
    }
    row.get_unchecked::<Option<String>, _>(name).into()
}
