//! Partitioned tables: rows of all partitions are found, counted and deleted.

use client_lifecycle::lifecycle::Error;
use serde_json::{Value, json};

use crate::world::{World, delete};

const TABLES: &str = "
    CREATE TABLE clients (id bigint PRIMARY KEY, email text);
    CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL,
        client_id bigint NOT NULL REFERENCES clients, what text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE INDEX ON events (client_id);
    CREATE TABLE visits (id bigint PRIMARY KEY, client_id bigint NOT NULL REFERENCES clients) PARTITION BY HASH (id);
    CREATE TABLE visits_0 PARTITION OF visits FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE visits_1 PARTITION OF visits FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE INDEX ON visits (client_id);
    INSERT INTO clients VALUES (1, 'a'), (2, 'b');
    INSERT INTO events (at, client_id, what) VALUES ('2025-05-05', 1, 'x'), ('2026-05-05', 1, 'y'), ('2026-05-05', 2, 'z');
    INSERT INTO visits VALUES (1, 1), (2, 1), (3, 2);";

fn document(id: &Value) -> Value {
    json!({
        "subject": "clients",
        "kinds": { "clients": {}, "events": { "id": id, "fields": { "at": "timestamp" } }, "visits": {} },
        "references": [ { "from": "events.client_id", "to": "clients" }, { "from": "visits.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    })
}

#[tokio::test]
async fn rows_of_all_partitions_go() {
    for id in [json!(["id", "at"]), json!([])] {
        let Some(world) = World::new(TABLES, &document(&id)).await else { return };
        let lifecycle = world.lifecycle().await;
        let plan = lifecycle.plan(&delete(1)).await.unwrap();
        let receipt =
            lifecycle.apply(&delete(1), &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
        let actual: Vec<u64> = receipt.steps.iter().map(|step| step.actual).collect();
        assert_eq!(actual, [2, 2, 1], "{plan}");
        for (table, left) in [("clients", 1), ("events", 1), ("visits", 1)] {
            assert_eq!(world.number(&format!("SELECT count(*) FROM {table}")).await, left, "{table}");
        }
        assert_eq!(world.text("SELECT what FROM events WHERE client_id = 2").await, "z");
    }
}

#[tokio::test]
async fn a_partition_that_is_detached_after_the_plan_conflicts() {
    for id in [json!(["id", "at"]), json!([])] {
        let Some(world) = World::new(TABLES, &document(&id)).await else { return };
        let lifecycle = world.lifecycle().await;
        let plan = lifecycle.plan(&delete(1)).await.unwrap();
        world.run("ALTER TABLE events DETACH PARTITION events_2025").await;
        let error = lifecycle.apply(&delete(1), &plan).await.unwrap_err();
        assert!(matches!(error, Error::Changed(_)), "{error:?}");
        for (table, left) in [("clients", 2), ("events", 2), ("events_2025", 1), ("visits", 3)] {
            assert_eq!(world.number(&format!("SELECT count(*) FROM {table}")).await, left, "{table}");
        }
        // The foreign key of the detached partition still protects its rows.
        let error = lifecycle.execute(&delete(1)).await.unwrap_err();
        assert!(matches!(error, Error::Blocked(_)), "{error:?}");
        assert_eq!(world.number("SELECT count(*) FROM visits").await, 3);
    }
}

/// Rows of different tables may have the same place.
#[tokio::test]
async fn rows_of_inheriting_tables_are_told_apart() {
    let tables = "
        CREATE TABLE clients (id bigint PRIMARY KEY);
        CREATE TABLE visits (place text, day int, client_id bigint, note text, PRIMARY KEY (place, day));
        CREATE TABLE old_visits (PRIMARY KEY (place, day)) INHERITS (visits);
        INSERT INTO clients VALUES (1), (2);
        INSERT INTO visits VALUES ('a', 1, 1, 'x'), ('b', 1, 2, 'x');
        INSERT INTO old_visits VALUES ('a', 2, 2, 'x'), ('b', 2, 1, 'x');";
    let rules = [
        ("cascade", "a/2/2/x b/1/2/x"),
        ("set_null", "a/1//x a/2/2/x b/1/2/x b/2//x"),
        ("anonymize", "a/1//- a/2/2/x b/1/2/x b/2//-"),
    ];
    for (id, (rule, left)) in
        [json!(["place", "day"]), json!([])].iter().flat_map(|id| rules.map(|rule| (id, rule)))
    {
        let document = json!({
            "subject": "clients",
            "kinds": { "clients": {}, "visits": { "id": id, "personal": { "note": { "text": "-" } } } },
            "references": [ { "from": "visits.client_id", "to": "clients", "nullable": true } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "visits.client_id": rule } } }
        });
        let Some(world) = World::new(tables, &document).await else { return };
        let lifecycle = world.lifecycle().await;
        let plan = lifecycle.plan(&delete(1)).await.unwrap();
        lifecycle.apply(&delete(1), &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
        let found = "SELECT string_agg(concat_ws('/', place, day, coalesce(client_id::text, ''), note), ' ' ORDER BY place, day) FROM visits";
        assert_eq!(world.text(found).await, left, "{id} {rule}");
    }
}
