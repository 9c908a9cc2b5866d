//! Statements that the server prepares once for each connection: their text does not depend on the subject, nor on how
//! many rows it has.

use std::ops::Range;
use std::time::Duration;

use client_lifecycle::Lifecycle;
use client_lifecycle::postgres::PostgresStore;
use uuid::Uuid;

use crate::server::Schema;
use crate::world::{CLINIC, World, clinic, delete, policy};

/// After this time, a plan compares the schema version again, with another statement.
const A_WHILE: Duration = Duration::from_millis(1_100);

/// Creates 60 clients on a pool of one connection. The first has no bookings, the second has one, the third two, and so
/// on in turns.
async fn world() -> Option<World> {
    let schema = Schema::with_connections(1).await?;
    schema.run(CLINIC).await;
    let world = World { schema, policy: policy(&clinic()) };
    world.store().migrate().await.unwrap();
    world
        .run(
            "INSERT INTO clients SELECT lpad(to_hex(i), 32, '0')::uuid, 'c' || i FROM generate_series(0, 59) AS i;
             INSERT INTO bookings (client_id) SELECT lpad(to_hex(i), 32, '0')::uuid
                 FROM generate_series(0, 59) AS i JOIN generate_series(1, 2) AS j ON j <= i % 3;
             INSERT INTO items (booking_id) SELECT id FROM bookings;
             INSERT INTO debts (client_id, status) SELECT id, 'PAID' FROM clients",
        )
        .await;
    Some(world)
}

/// Returns the statements that are prepared on the only connection.
async fn prepared(world: &World) -> Vec<String> {
    let all =
        "SELECT coalesce(string_agg(statement, '\u{1}' ORDER BY statement), '') FROM pg_prepared_statements
         WHERE statement NOT LIKE '%pg_prepared_statements%'";
    world.text(all).await.split('\u{1}').map(str::to_owned).collect()
}

fn clients(numbers: Range<u128>) -> impl Iterator<Item = Uuid> {
    numbers.map(Uuid::from_u128)
}

/// Plans for one client twice: with the schema version and, within a second, without it.
async fn plan_in_all_forms(lifecycle: &Lifecycle<PostgresStore>, client: Uuid) {
    // The first plan reads the schema.
    lifecycle.plan(&delete(client)).await.unwrap();
    tokio::time::sleep(A_WHILE).await;
    for _ in 0..2 {
        lifecycle.plan(&delete(client)).await.unwrap();
    }
}

#[tokio::test]
async fn the_statement_of_a_survey_is_prepared_once_for_all_clients() {
    let Some(world) = world().await else { return };
    let lifecycle = world.lifecycle().await;
    plan_in_all_forms(&lifecycle, Uuid::from_u128(0)).await;
    let first = prepared(&world).await;
    for client in clients(1..21) {
        lifecycle.plan(&delete(client)).await.unwrap();
    }
    assert_eq!(prepared(&world).await, first);
    // In a transaction, and alone: with the schema version, and without it.
    let surveys = first.iter().filter(|statement| statement.contains("\"items\"")).count();
    assert!((1..=3).contains(&surveys), "{surveys} forms: {first:#?}");
}

/// A lifecycle that is opened again, or another one for the same policy, renders the same statement.
#[tokio::test]
async fn another_lifecycle_for_the_same_policy_uses_the_prepared_survey() {
    let Some(world) = world().await else { return };
    plan_in_all_forms(&world.lifecycle().await, Uuid::from_u128(0)).await;
    let first = prepared(&world).await;
    let again = world.lifecycle().await;
    for client in clients(1..21) {
        again.plan(&delete(client)).await.unwrap();
    }
    assert_eq!(prepared(&world).await, first);
}

#[tokio::test]
async fn the_statements_of_a_deletion_are_prepared_once_for_all_clients() {
    let Some(world) = world().await else { return };
    let lifecycle = world.lifecycle().await;
    plan_in_all_forms(&lifecycle, Uuid::from_u128(0)).await;
    for apply in [true, false] {
        let numbers = if apply { 0..30 } else { 30..60 };
        let mut first = Vec::new();
        for (done, client) in clients(numbers).enumerate() {
            let request = delete(client);
            if apply {
                let plan = lifecycle.plan(&request).await.unwrap();
                lifecycle.apply(&request, &plan).await.unwrap();
            } else {
                lifecycle.execute(&request).await.unwrap();
            }
            // The first deletions have all numbers of bookings.
            if done == 3 {
                first = prepared(&world).await;
            }
        }
        assert_eq!(prepared(&world).await, first);
    }
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 0);
}
