//! The duration of a survey and of a deletion compared with hand-written SQL.

use std::time::{Duration, Instant};

use client_lifecycle::sqlite::sqlx::{AssertSqlSafe, Row, query as sql};
use client_lifecycle::store::Store;

use crate::world::*;

const LENGTH: u16 = 12;

/// Makes a chain of kinds. Each row has `fan_out` rows of the next kind below it.
async fn chain(fan_out: [u32; LENGTH as usize]) -> World {
    let first = "CREATE TABLE k0 (id TEXT PRIMARY KEY); INSERT INTO k0 VALUES ('0'), ('other');";
    let mut ddl = vec![first.to_owned()];
    ddl.extend(fan_out.iter().enumerate().skip(1).map(|(k, n)| {
        format!(
            "CREATE TABLE k{k} (id TEXT PRIMARY KEY, up TEXT NOT NULL); CREATE INDEX k{k}_up ON k{k} (up);
             INSERT INTO k{k} SELECT hex(randomblob(16)), p.id FROM k{} AS p,
             (WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {n}) SELECT n FROM n);",
            k - 1
        )
    }));
    World::new(&ddl.join("\n")).await
}

async fn ratio(world: &World, runs: usize) -> (f64, Duration, Duration, i64) {
    let kinds: Vec<String> = (0..LENGTH).map(|k| format!("\"k{k}\": {{}}")).collect();
    let references: Vec<String> =
        (1..LENGTH).map(|k| format!(r#"{{"from": "k{k}.up", "to": "k{}"}}"#, k - 1)).collect();
    let map =
        map(&format!(r#"{{"kinds": {{{}}}, "references": [{}]}}"#, kinds.join(","), references.join(",")));
    let sets = (0..LENGTH).map(|k| match k {
        0 => set(0, "k0", [subjects()]),
        k => set(k, &format!("k{k}"), [below(&format!("k{k}.up"), k - 1)]),
    });
    let query = query(&map, "k0", "0", sets, (0..LENGTH).map(|k| count(all(k))));
    let by_hand: Vec<String> = (0..LENGTH)
        .map(|k| {
            let mut ids = "?1".to_owned();
            for level in 0..k {
                ids = match level {
                    0 => "SELECT id FROM k0 WHERE id = ?1".to_owned(),
                    level => format!("SELECT id FROM k{level} WHERE up IN ({ids})"),
                };
            }
            match k {
                0 => "SELECT count(*) FROM k0 WHERE id = ?1".to_owned(),
                k => format!("SELECT count(*) FROM k{k} WHERE up IN ({ids})"),
            }
        })
        .collect();
    let (mut ours, mut theirs, mut total) = (Vec::new(), Vec::new(), 0);
    for _ in 0..runs {
        let start = Instant::now();
        let survey = world.store.survey(&query).await.unwrap();
        ours.push(start.elapsed());
        let start = Instant::now();
        let mut tx = world.pool().begin().await.unwrap();
        let mut counts = Vec::new();
        for text in &by_hand {
            let row = sql(AssertSqlSafe(text.as_str())).bind("0").fetch_one(&mut *tx).await.unwrap();
            counts.push(row.get::<i64, _>(0));
        }
        tx.commit().await.unwrap();
        theirs.push(start.elapsed());
        let found: Vec<i64> = survey.answers.iter().map(|answer| answer.count.try_into().unwrap()).collect();
        assert_eq!(found, counts);
        total = counts.iter().sum();
    }
    ours.sort();
    theirs.sort();
    let (ours, theirs) = (ours[runs / 2], theirs[runs / 2]);
    (ours.as_secs_f64() / theirs.as_secs_f64(), ours, theirs, total)
}

/// Deletes one client with 100,801 dependent rows and rolls back: with the store, with `ON DELETE CASCADE`, and with
/// hand-written statements.
#[tokio::test]
#[ignore = "prints numbers; run it with --release --ignored --show-output"]
async fn cost_of_a_deletion_compared_with_cascade_and_handwritten_statements() {
    use client_lifecycle::protocol::Write;
    use client_lifecycle::sqlite::SqliteTransaction;
    use client_lifecycle::sqlite::sqlx::{SqliteConnection, raw_sql};
    let fill = "INSERT INTO clients VALUES ('0'), ('1');
        WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
            INSERT INTO bookings SELECT hex(randomblob(16)), '0', 'x' FROM n;
        WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 9)
            INSERT INTO items SELECT hex(randomblob(16)), b.id, 'x' FROM bookings AS b, n;
        CREATE INDEX b ON bookings (client_id); CREATE INDEX i ON items (booking_id);";
    let tables = |action: &str| {
        format!(
        "CREATE TABLE clients (id TEXT PRIMARY KEY);
         CREATE TABLE bookings (id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients (id) {action}, word TEXT);
         CREATE TABLE items (id TEXT PRIMARY KEY, booking_id TEXT NOT NULL REFERENCES bookings (id) {action}, word TEXT); {fill}"
    )
    };
    let (plain, native) = (World::new(&tables("")).await, World::new(&tables("ON DELETE CASCADE")).await);
    let map = map(r#"{"kinds": {"clients": {}, "bookings": {}, "items": {}},
        "references": [{"from": "bookings.client_id", "to": "clients"}, {"from": "items.booking_id", "to": "bookings"}]}"#);
    let sets = [
        set(0, "clients", [subjects()]),
        set(1, "bookings", [below("bookings.client_id", 0)]),
        set(2, "items", [below("items.booking_id", 1)]),
    ];
    let query = query(&map, "clients", "0", sets, (0..3).map(|k| count(all(k))));
    let steps = [
        step("items", all(2), Write::Delete, 0),
        step("bookings", all(1), Write::Delete, 1),
        step("clients", all(0), Write::Delete, 2),
    ];
    let deletion = changes(1, query.clone(), steps);
    let run = async |connection: &mut SqliteConnection, text: &str| {
        raw_sql(AssertSqlSafe(text)).execute(connection).await.unwrap();
    };
    let mut times = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..9 {
        for (way, times) in times.iter_mut().enumerate() {
            let pool = if way == 1 { native.pool() } else { plain.pool() };
            let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
            run(&mut tx, "PRAGMA cache_size = -64000").await;
            let start = Instant::now();
            match way {
                0 => {
                    let store = SqliteTransaction::new(&mut tx);
                    store.survey(&query).await.unwrap();
                    store.apply(&deletion).await.unwrap();
                }
                1 => run(&mut tx, "DELETE FROM clients WHERE id = '0'").await,
                2 => run(
                    &mut tx,
                    "DELETE FROM items WHERE booking_id IN (SELECT id FROM bookings WHERE client_id = '0');
                    DELETE FROM bookings WHERE client_id = '0'; DELETE FROM clients WHERE id = '0'",
                )
                .await,
                _ => {
                    SqliteTransaction::new(&mut tx).survey(&query).await.unwrap();
                }
            }
            times.push(start.elapsed());
            tx.rollback().await.unwrap();
        }
    }
    let [ours, native, by_hand, survey] = times.map(|mut times| {
        times.sort();
        times[4]
    });
    println!("survey and apply {ours:?} (survey {survey:?}), native cascade {native:?}, by hand {by_hand:?}");
}

#[tokio::test]
async fn cost_of_a_survey_compared_with_its_counts() {
    let large = chain([1, 3, 2, 3, 2, 2, 2, 2, 2, 2, 2, 2]).await;
    let tiny = chain([1; LENGTH as usize]).await;
    for (name, world) in [("large", &large), ("tiny", &tiny)] {
        let (ratio, ours, theirs, rows) = ratio(world, 15).await;
        println!("{name}: {rows} rows, survey {ours:?}, by hand {theirs:?}, ratio {ratio:.2}");
        assert!(ratio < 3.0, "{name}: {ratio}");
    }
}
