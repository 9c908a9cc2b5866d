//! The duration of a large deletion compared with hand-written statements. Run it with `--release -- --ignored
//! --show-output`.

use std::time::{Duration, Instant};

use client_lifecycle::Lifecycle;
use client_lifecycle::postgres::PostgresTransaction;
use client_lifecycle::postgres::sqlx::{self, PgConnection};
use uuid::Uuid;

use crate::world::{CLINIC, World, clinic, delete};

const RUNS: usize = 5;

async fn by_hand(connection: &mut PgConnection, id: Uuid) {
    for sql in [
        "DELETE FROM items WHERE booking_id IN (SELECT id FROM bookings WHERE client_id = $1::uuid)",
        "DELETE FROM bookings WHERE client_id = $1::uuid",
        "DELETE FROM debts WHERE client_id = $1::uuid",
        "DELETE FROM clients WHERE id = $1::uuid",
    ] {
        sqlx::query(sql).bind(id.to_string()).execute(&mut *connection).await.unwrap();
    }
}

async fn counts_by_hand(connection: &mut PgConnection, id: Uuid) {
    let sql = "SELECT (SELECT count(*) FROM items WHERE booking_id IN (SELECT id FROM bookings WHERE client_id = $1::uuid))
         + (SELECT count(*) FROM bookings WHERE client_id = $1::uuid) + (SELECT count(*) FROM debts WHERE client_id = $1::uuid)
         + (SELECT count(*) FROM clients WHERE id = $1::uuid)";
    sqlx::query(sql).bind(id.to_string()).fetch_one(connection).await.unwrap();
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

#[tokio::test]
#[ignore = "prints numbers; run it with --release --ignored --show-output"]
async fn cost_of_a_deletion_compared_with_handwritten_statements() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    let (small, large) = (Uuid::from_u128(1), Uuid::from_u128(2));
    world
        .run(&format!(
            "INSERT INTO clients SELECT gen_random_uuid(), 'x' FROM generate_series(1, 20000);
             INSERT INTO clients VALUES ('{small}', 'x'), ('{large}', 'x');
             INSERT INTO bookings (client_id) SELECT c.id FROM clients c, generate_series(1, 5);
             INSERT INTO bookings (client_id) SELECT '{large}' FROM generate_series(1, 10000);
             INSERT INTO items (booking_id) SELECT b.id FROM bookings b, generate_series(1, 9);
             INSERT INTO debts (client_id, status) SELECT c.id, 'PAID' FROM clients c, generate_series(1, 5);"
        ))
        .await;
    world.run("VACUUM ANALYZE clients, bookings, items, debts").await;
    for (name, id) in [("W1", small), ("W2", large)] {
        let (mut plans, mut counts, mut applied, mut hand) = (vec![], vec![], vec![], vec![]);
        for _ in 0..RUNS {
            let lifecycle = world.lifecycle().await;
            let start = Instant::now();
            let plan = lifecycle.plan(&delete(id)).await.unwrap();
            plans.push(start.elapsed());

            let mut tx = world.schema.pool.begin().await.unwrap();
            let start = Instant::now();
            counts_by_hand(&mut tx, id).await;
            counts.push(start.elapsed());
            tx.rollback().await.unwrap();

            let mut tx = world.schema.pool.begin().await.unwrap();
            {
                let store = PostgresTransaction::new(&mut tx);
                let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
                let start = Instant::now();
                lifecycle.apply(&delete(id), &plan).await.unwrap();
                applied.push(start.elapsed());
            }
            tx.rollback().await.unwrap();

            let mut tx = world.schema.pool.begin().await.unwrap();
            let start = Instant::now();
            by_hand(&mut tx, id).await;
            hand.push(start.elapsed());
            tx.rollback().await.unwrap();
            // Dead rows of the rolled-back run would slow down the next run.
            world.run("VACUUM clients, bookings, items, debts").await;
        }
        let [plans, counts, applied, hand] =
            [&mut plans, &mut counts, &mut applied, &mut hand].map(|times| median(times));
        println!(
            "{name}: plan {plans:.2} ms, counts by hand {counts:.2} ms, apply {applied:.2} ms, deletes by hand {hand:.2} ms; \
             plan/counts {:.2}, (plan + apply)/deletes {:.2}",
            plans / counts,
            (plans + applied) / hand
        );
    }
}
