//! Random worlds with foreign keys that the policy does not declare: compared with the database alone, and with the model.

use std::time::Instant;

use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions,
};
use client_lifecycle::sqlite::sqlx::{AssertSqlSafe, Row, query, raw_sql};
use client_lifecycle::{Error, Lifecycle};

use crate::effort;
use crate::keyed_worlds::{Actions, Dump, World, names_every_row, request};

async fn database(world: &World) -> SqlitePool {
    let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    SqliteStore::new(pool.clone()).migrate().await.unwrap();
    let statements =
        format!("PRAGMA foreign_keys = OFF; {} PRAGMA foreign_keys = ON;", world.statements(true));
    raw_sql(AssertSqlSafe(statements)).execute(&pool).await.unwrap();
    pool
}

async fn dump(world: &World, connection: &mut SqliteConnection) -> Dump {
    let mut found = Dump::new();
    for table in world.tables() {
        let rows = query(AssertSqlSafe(world.dump_query(&table))).fetch_all(&mut *connection).await.unwrap();
        let mut rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        rows.sort();
        found.insert(table, rows);
    }
    found
}

/// Returns what the database alone leaves after a DELETE; `None` if it refuses.
async fn alone(world: &World, pool: &SqlitePool) -> Option<Dump> {
    let mut tx = pool.begin().await.unwrap();
    let done = query("DELETE FROM t0 WHERE id = 1").execute(&mut *tx).await;
    let left = dump(world, &mut tx).await;
    tx.rollback().await.unwrap();
    done.ok().map(|_| left)
}

/// Plans and applies the request. Returns what is left; `None` if it is blocked.
async fn planned(world: &World, pool: &SqlitePool, seed: u64) -> Option<Dump> {
    let opened = Lifecycle::open(SqliteStore::new(pool.clone()), world.policy()).await;
    let lifecycle = opened.unwrap_or_else(|error| panic!("{seed}: {error}\n{}", world.described()));
    let before = dump(world, &mut pool.acquire().await.unwrap()).await;
    let plan = lifecycle.plan(&request()).await.unwrap_or_else(|error| panic!("{seed}: {error:?}"));
    let done = lifecycle.apply(&request(), &plan).await;
    let after = dump(world, &mut pool.acquire().await.unwrap()).await;
    if !plan.is_executable() {
        assert!(matches!(done, Err(Error::Blocked(_))), "{seed}: {done:?}");
        assert_eq!(before, after, "{seed}");
        return None;
    }
    let receipt =
        done.unwrap_or_else(|error| panic!("{seed}: {error:?}\n{plan}\n{}", world.statements(true)));
    assert!(receipt.steps.iter().all(|step| step.planned == step.actual), "{seed}: {receipt}");
    names_every_row(&plan, &before, &after);
    let broken = query("PRAGMA foreign_key_check").fetch_all(pool).await.unwrap();
    assert!(broken.is_empty(), "{seed}: {plan}");
    Some(after)
}

#[tokio::test]
async fn plans_do_what_the_database_alone_would_do() {
    let started = Instant::now();
    let (mut done, mut blocked) = (0, 0);
    for seed in 0..u64::from(effort::worlds()) {
        let world = World::new(seed, Actions::OfDatabase);
        let pool = database(&world).await;
        let alone = alone(&world, &pool).await;
        let planned = planned(&world, &pool, seed).await;
        // A plan looks at the final rows, so it may be possible although the database alone refuses half-way.
        if let Some(alone) = alone {
            assert_eq!(planned.as_ref(), Some(&alone), "{seed}: {}", world.statements(true));
            done += 1;
        } else if planned.is_none() {
            blocked += 1;
        }
    }
    println!("{done} done, {blocked} blocked, {:?}", started.elapsed());
    assert!(done > 0 && blocked > 0, "{done} done, {blocked} blocked");
}

#[tokio::test]
async fn plans_agree_with_the_model_of_a_policy_that_declares_everything() {
    let (mut done, mut blocked, mut compared) = (0, 0, 0);
    for seed in 0..u64::from(effort::worlds()) {
        let world = World::new(seed, Actions::AlsoDeclared);
        let pool = database(&world).await;
        let alone = alone(&world, &pool).await;
        let planned = planned(&world, &pool, seed).await;
        assert_eq!(planned, world.expected(), "{seed}: {}\n{}", world.statements(true), world.described());
        if planned.is_some() {
            done += 1;
        } else {
            blocked += 1;
        }
        if let Some((planned, alone)) = planned.zip(alone) {
            world.compare_unknown_tables(&planned, &alone);
            compared += 1;
        }
    }
    assert!(done > 0 && blocked > 0 && compared > 0, "{done} done, {blocked} blocked, {compared} compared");
}
