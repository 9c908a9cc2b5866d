//! Random worlds with foreign keys that the policy does not declare: compared with the database alone, and with the model.

use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx::{AssertSqlSafe, PgConnection, Row, query};
use client_lifecycle::{Error, Lifecycle};

use crate::effort;
use crate::keyed_worlds::{Actions, Dump, World, names_every_row, request};
use crate::server::Schema;

async fn fill(schema: &Schema, world: &World, before: Option<&World>) {
    let tables: Vec<String> = before.into_iter().flat_map(World::tables).collect();
    let drop = tables.iter().map(|table| format!("DROP TABLE {table} CASCADE;\n"));
    let drop: String = drop.collect();
    schema.run(&format!("BEGIN; {drop}{} COMMIT", world.statements(false))).await;
}

async fn dump(world: &World, connection: &mut PgConnection) -> Dump {
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
async fn alone(world: &World, schema: &Schema) -> Option<Dump> {
    let mut tx = schema.pool.begin().await.unwrap();
    let done = query("DELETE FROM t0 WHERE id = 1").execute(&mut *tx).await;
    let left = match done {
        Ok(_) => Some(dump(world, &mut tx).await),
        Err(_) => None,
    };
    tx.rollback().await.unwrap();
    left
}

/// Plans and applies the request. Returns what is left; `None` if it is blocked.
async fn planned(world: &World, schema: &Schema, seed: u64) -> Option<Dump> {
    let pool = &schema.pool;
    // Small plans are one statement, or one for each kind.
    let store = PostgresStore::new(pool.clone());
    let store = if seed.is_multiple_of(2) { store } else { store.single_statement_limit(0) };
    let opened = Lifecycle::open(store, world.policy()).await;
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
        done.unwrap_or_else(|error| panic!("{seed}: {error:?}\n{plan}\n{}", world.statements(false)));
    assert!(receipt.steps.iter().all(|step| step.planned == step.actual), "{seed}: {receipt}");
    names_every_row(&plan, &before, &after);
    Some(after)
}

/// A world takes far longer than on SQLite, so there are fewer.
fn worlds() -> u64 {
    u64::from(effort::worlds() / 10).max(1)
}

#[tokio::test]
async fn plans_do_what_the_database_alone_would_do() {
    let Some(schema) = Schema::new().await else { return };
    PostgresStore::new(schema.pool.clone()).migrate().await.unwrap();
    let (mut last, mut done) = (None, 0);
    for seed in 0..worlds() {
        let world = World::new(seed, Actions::OfDatabase);
        fill(&schema, &world, last.as_ref()).await;
        let alone = alone(&world, &schema).await;
        let planned = planned(&world, &schema, seed).await;
        // A plan looks at the final rows, so it may be possible although the database alone refuses half-way.
        if let Some(alone) = alone {
            assert_eq!(planned.as_ref(), Some(&alone), "{seed}: {}", world.statements(false));
            done += 1;
        }
        last = Some(world);
    }
    assert!(done > 0);
}

#[tokio::test]
async fn plans_agree_with_the_model_of_a_policy_that_declares_everything() {
    let Some(schema) = Schema::new().await else { return };
    PostgresStore::new(schema.pool.clone()).migrate().await.unwrap();
    let (mut last, mut compared) = (None, 0);
    for seed in 0..worlds() {
        let world = World::new(seed, Actions::AlsoDeclared);
        fill(&schema, &world, last.as_ref()).await;
        let alone = alone(&world, &schema).await;
        let planned = planned(&world, &schema, seed).await;
        assert_eq!(planned, world.expected(), "{seed}: {}\n{}", world.statements(false), world.described());
        if let Some((planned, alone)) = planned.zip(alone) {
            world.compare_unknown_tables(&planned, &alone);
            compared += 1;
        }
        last = Some(world);
    }
    assert!(compared > 0);
}
