//! A clinic in its own schema, and helpers for tests.

use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx::{self, AssertSqlSafe};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::server::Schema;

pub(crate) struct World {
    pub(crate) schema: Schema,
    pub(crate) policy: DeletionPolicy,
}

pub(crate) const CLINIC: &str = "
    CREATE TABLE clients (id uuid PRIMARY KEY, email text NOT NULL, status text NOT NULL DEFAULT 'ON');
    CREATE TABLE bookings (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        client_id uuid NOT NULL REFERENCES clients);
    CREATE TABLE items (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        booking_id bigint NOT NULL REFERENCES bookings);
    CREATE TABLE debts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        client_id uuid NOT NULL REFERENCES clients, status text NOT NULL);
    CREATE INDEX ON bookings (client_id); CREATE INDEX ON items (booking_id); CREATE INDEX ON debts (client_id);";

pub(crate) fn clinic() -> Value {
    json!({
        "subject": "clients",
        "kinds": { "clients": {}, "bookings": {}, "items": {}, "debts": { "fields": { "status": "text" } } },
        "references": [
            { "from": "bookings.client_id", "to": "clients" }, { "from": "items.booking_id", "to": "bookings" },
            { "from": "debts.client_id", "to": "clients" }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": {
            "bookings.client_id": "cascade", "items.booking_id": "cascade",
            "debts.client_id": [
                { "when": { "field": "status", "eq": "PENDING" }, "then": "restrict" }, { "then": "cascade" }
            ]
        } } }
    })
}

pub(crate) fn policy(document: &Value) -> DeletionPolicy {
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

impl World {
    /// Creates the tables and opens the policy; returns `None` if no server can be reached.
    pub(crate) async fn new(ddl: &str, document: &Value) -> Option<Self> {
        let schema = Schema::new().await?;
        schema.run(ddl).await;
        let world = Self { schema, policy: policy(document) };
        world.store().migrate().await.unwrap();
        Some(world)
    }

    pub(crate) fn store(&self) -> PostgresStore {
        PostgresStore::new(self.schema.pool.clone())
    }

    pub(crate) async fn lifecycle(&self) -> Lifecycle<PostgresStore> {
        let opened = Lifecycle::open(self.store(), self.policy.clone()).await;
        opened.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns the first column of the first row as a number.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.schema.pool).await;
        number.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Waits until a query counts something, and until then for no longer than a minute.
    pub(crate) async fn until_counted(&self, sql: &str) {
        let start = std::time::Instant::now();
        while self.number(sql).await == 0 {
            assert!(start.elapsed().as_secs() < 60, "nothing to count for a minute: {sql}");
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }

    /// Returns the first column of the first row as text.
    pub(crate) async fn text(&self, sql: &str) -> String {
        let text = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.schema.pool).await;
        text.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.schema.run(sql).await;
    }
}

pub(crate) fn delete(id: impl Into<RecordId>) -> Request {
    Request::hard_delete("clients", id).by(Actor::new("ana", "ADMIN"))
}
