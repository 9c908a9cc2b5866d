//! Statements that sqlx prepares once for each connection: their text does not depend on the subject, nor on how many
//! rows it has.

use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::Connection;
use client_lifecycle::sqlite::sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use client_lifecycle::{DeletionPolicy, Lifecycle};

use crate::world::{World, options};

const DDL: &str = "CREATE TABLE clients (id INTEGER PRIMARY KEY);
    CREATE TABLE bookings (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);
    CREATE INDEX bookings_client ON bookings (client_id);
    WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 59) INSERT INTO clients SELECT n FROM n;
    INSERT INTO bookings (client_id) SELECT c.id FROM clients AS c JOIN clients AS n ON n.id < c.id % 3";

const POLICY: &str = r#"{
    "subject": "clients",
    "kinds": { "clients": {}, "bookings": {} },
    "references": [{ "from": "bookings.client_id", "to": "clients" }],
    "modes": { "hard_delete": { "allow": "any", "rules": { "bookings.client_id": "cascade" } } }
}"#;

/// Opens the policy on a pool of one connection.
async fn opened(world: &World) -> (Lifecycle<SqliteStore>, SqlitePool) {
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options(&world.path)).await.unwrap();
    let policy = DeletionPolicy::from_json(POLICY).unwrap();
    (Lifecycle::open(SqliteStore::new(pool.clone()), policy).await.unwrap(), pool)
}

async fn prepared(pool: &SqlitePool) -> usize {
    pool.acquire().await.unwrap().cached_statements_size()
}

fn delete(client: i64) -> Request {
    Request::hard_delete("clients", client).by(Actor::new("ana", "ADMIN"))
}

#[tokio::test]
async fn the_statement_of_a_survey_is_prepared_once_for_all_clients() {
    let world = World::new(DDL).await;
    let (lifecycle, pool) = opened(&world).await;
    for client in 0..2 {
        lifecycle.plan(&delete(client)).await.unwrap();
    }
    let first = prepared(&pool).await;
    for client in 2..22 {
        lifecycle.plan(&delete(client)).await.unwrap();
    }
    assert_eq!(prepared(&pool).await, first);
}

#[tokio::test]
async fn the_statements_of_a_deletion_are_prepared_once_for_all_clients() {
    let world = World::new(DDL).await;
    let (lifecycle, pool) = opened(&world).await;
    let mut first = 0;
    for client in 0..60 {
        let plan = lifecycle.plan(&delete(client)).await.unwrap();
        lifecycle.apply(&delete(client), &plan).await.unwrap();
        // The first deletions have all numbers of bookings.
        if client == 3 {
            first = prepared(&pool).await;
        }
    }
    assert_eq!(prepared(&pool).await, first);
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 0);
}
