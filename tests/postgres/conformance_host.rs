//! A conformance host on PostgreSQL, with its own schema. It reads and writes rows with sqlx, without the store.

use async_trait::async_trait;
use client_lifecycle::domain::{Kind, Record, RecordId, Value};
use client_lifecycle::postgres::{PostgresStore, sqlx};
use client_lifecycle::store::Store;
use client_lifecycle::testing::conformance::{Host, Recorded, Sent};
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{AssertSqlSafe, Row};

use crate::server::Schema;

const TABLES: &str = "
    CREATE TABLE clients (user_id text PRIMARY KEY, name text NOT NULL, email text NOT NULL,
        phone varchar(80), birth_date date, status text NOT NULL, deleted_at timestamptz);
    CREATE TABLE debts (id text PRIMARY KEY, client_id text NOT NULL REFERENCES clients,
        status text NOT NULL, amount integer, due_at timestamptz);
    CREATE TABLE bookings (id text PRIMARY KEY, client_id text NOT NULL REFERENCES clients, notes text);
    CREATE TABLE items (id bigint PRIMARY KEY, booking_id text NOT NULL REFERENCES bookings,
        part_of bigint REFERENCES items);
    CREATE TABLE invoices (id text PRIMARY KEY, client_id text REFERENCES clients,
        number text, issued_at timestamp);
    CREATE TABLE seats (booking_id text REFERENCES bookings, number integer, class text NOT NULL,
        PRIMARY KEY (booking_id, number));
    CREATE TABLE meals (booking_id text NOT NULL, seat integer, client_id text REFERENCES clients, course text,
        FOREIGN KEY (booking_id, seat) REFERENCES seats);
    CREATE TABLE profiles (client_id text PRIMARY KEY REFERENCES clients, handle varchar(80) NOT NULL UNIQUE);
    CREATE TABLE sign_ups (id text PRIMARY KEY, email varchar(80) NOT NULL,
        handle varchar(80) REFERENCES profiles (handle));
    CREATE TABLE comments (id text PRIMARY KEY, owner_id text NOT NULL, owner_type text);";

/// A store on a new schema. Dropping the host drops the schema.
pub(crate) struct PostgresHost {
    store: Box<dyn Store>,
    schema: Schema,
}

impl PostgresHost {
    pub(crate) async fn fresh(make: impl FnOnce(PgPool) -> Box<dyn Store>) -> Option<Self> {
        let schema = Schema::new().await?;
        schema.run(TABLES).await;
        PostgresStore::new(schema.pool.clone()).migrate().await.unwrap();
        Some(Self { store: make(schema.pool.clone()), schema })
    }

    async fn read(&self, sql: &str) -> Vec<PgRow> {
        sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&self.schema.pool).await.unwrap()
    }
}

#[async_trait]
impl Host for PostgresHost {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    async fn load(&self, kind: &Kind, rows: Vec<Record>) {
        let table = kind.table_name();
        for row in rows {
            let mut whole = serde_json::to_value(&row.fields).unwrap();
            for (field, part) in kind.id.fields().iter().zip(row.id.parts()) {
                whole[field.as_str()] = serde_json::to_value(part).unwrap();
            }
            let names: Vec<&String> = whole.as_object().unwrap().keys().collect();
            let updates: Vec<_> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
            let replace = match &*kind.id.to_string() {
                "" => String::new(),
                key => format!(" ON CONFLICT ({key}) DO UPDATE SET {}", updates.join(", ")),
            };
            let sql = format!(
                "INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, $1::jsonb){replace}"
            );
            let query = sqlx::query(AssertSqlSafe(sql)).bind(whole.to_string());
            query.execute(&self.schema.pool).await.unwrap();
        }
    }

    async fn rows(&self, kind: &Kind) -> Vec<Record> {
        let rows = self.read(&format!("SELECT to_jsonb(t)::text FROM {} AS t", kind.table_name())).await;
        let records = rows.iter().map(|row| {
            let whole: serde_json::Value = serde_json::from_str(row.get(0)).unwrap();
            let id = kind.id.fields().iter().map(|field| whole[field.as_str()].clone());
            let id = RecordId::tuple(id.map(|part| serde_json::from_value(part).unwrap()));
            let fields = whole.as_object().unwrap().iter();
            let fields = fields.filter(|(name, _)| !kind.id.contains(&name.as_str().into()));
            let fields = fields.map(|(name, value)| (name.as_str().into(), Value::from(value.clone())));
            Record { id, fields: fields.collect() }
        });
        records.collect()
    }

    async fn audit(&self) -> Vec<Recorded> {
        let rows = self.read("SELECT operation::text, record, outcome FROM lifecycle_audit").await;
        let entries = rows.iter().map(|row| Recorded {
            operation: row.get::<String, _>(0).parse().unwrap(),
            subject: row.get::<String, _>(1).into(),
            outcome: serde_json::from_value(row.get::<String, _>(2).into()).unwrap(),
        });
        entries.collect()
    }

    async fn events(&self) -> Vec<Sent> {
        let rows =
            self.read("SELECT operation::text, topic, record, payload::text FROM lifecycle_outbox").await;
        let events = rows.iter().map(|row| Sent {
            operation: row.get::<String, _>(0).parse().unwrap(),
            topic: row.get(1),
            record: row.get::<String, _>(2).into(),
            fields: serde_json::from_str(row.get(3)).unwrap(),
        });
        events.collect()
    }

    async fn operations(&self) -> usize {
        self.read("SELECT operation FROM lifecycle_operations").await.len()
    }
}
