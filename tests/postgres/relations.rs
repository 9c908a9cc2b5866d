//! Unusual tables: partitioned, inherited and foreign tables, and views.

use client_lifecycle::Lifecycle;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::sql::{FindingCode, findings};
use client_lifecycle::store::StoreError;
use serde_json::{Value, json};

use crate::world::{World, delete};

fn cascading() -> Value {
    json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    })
}

const PLAIN: &str = "CREATE TABLE clients (id integer PRIMARY KEY, name text);
     CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients);
     CREATE INDEX ON debts (client_id);";

async fn found(world: &World) -> Vec<(FindingCode, String)> {
    let catalogue = world.store().catalogue().await.unwrap();
    let found = findings(&world.policy, &catalogue);
    found.into_iter().map(|finding| (finding.code, finding.path)).collect()
}

/// The subject's table and its dependent table are partitioned, with nested partitions.
#[tokio::test]
async fn a_partitioned_table_can_be_the_subject() {
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY, name text) PARTITION BY RANGE (id);
         CREATE TABLE clients_0 PARTITION OF clients FOR VALUES FROM (0) TO (10) PARTITION BY HASH (id);
         CREATE TABLE clients_00 PARTITION OF clients_0 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
         CREATE TABLE clients_1 (name text, id integer NOT NULL);
         ALTER TABLE clients ATTACH PARTITION clients_1 FOR VALUES FROM (10) TO (20);
         CREATE TABLE debts (id integer, client_id integer NOT NULL REFERENCES clients, PRIMARY KEY (id)) PARTITION BY HASH (id);
         CREATE TABLE debts_0 PARTITION OF debts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE debts_1 PARTITION OF debts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         CREATE INDEX ON debts (client_id);
         INSERT INTO clients SELECT n, 'x' FROM generate_series(0, 19) AS n;
         INSERT INTO debts SELECT n, n % 20 FROM generate_series(1, 100) AS n";
    let Some(world) = World::new(ddl, &cascading()).await else { return };
    assert_eq!(found(&world).await, [], "parts are not tables of their own");
    let catalogue = world.store().catalogue().await.unwrap();
    assert_eq!(catalogue.table_names().collect::<Vec<_>>(), ["clients", "debts"]);
    let lifecycle = world.lifecycle().await;
    for id in [3, 15] {
        lifecycle.execute(&delete(id)).await.unwrap_or_else(|error| panic!("{error:?}"));
    }
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 18);
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 90);
}

/// An id must be unique in the whole table, not only within each partition.
#[tokio::test]
async fn an_id_that_is_unique_only_within_a_partition_is_a_fault() {
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY);
         CREATE TABLE debts (id integer NOT NULL, day date NOT NULL, client_id integer NOT NULL REFERENCES clients, PRIMARY KEY (id, day))
             PARTITION BY RANGE (day);
         CREATE TABLE debts_1 PARTITION OF debts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
         CREATE UNIQUE INDEX ON debts_1 (id)";
    let Some(world) = World::new(ddl, &cascading()).await else { return };
    let refused = Lifecycle::open(world.store(), world.policy.clone()).await.unwrap_err().to_string();
    assert!(
        refused.contains("kinds.debts.id: the column `id` is only a part of the primary key (`id`, `day`)"),
        "{refused}"
    );
}

/// `check` finds foreign keys and triggers that only one partition has.
#[tokio::test]
async fn keys_and_triggers_of_a_single_partition_are_found() {
    let ddl = format!(
        "{PLAIN} DROP TABLE debts;
         CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients) PARTITION BY HASH (id);
         CREATE TABLE debts_0 PARTITION OF debts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
         CREATE INDEX ON debts (client_id);
         CREATE TABLE notes (id integer PRIMARY KEY, debt integer REFERENCES debts_0 ON DELETE CASCADE);
         CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
         CREATE TRIGGER of_one_part BEFORE DELETE ON debts_0 FOR EACH ROW EXECUTE FUNCTION noted();
         CREATE TRIGGER of_all AFTER DELETE ON debts FOR EACH ROW EXECUTE FUNCTION noted()"
    );
    let Some(world) = World::new(&ddl, &cascading()).await else { return };
    assert_eq!(
        found(&world).await,
        [
            (FindingCode::Trigger, "kinds.debts".to_owned()),
            (FindingCode::Trigger, "kinds.debts".to_owned()),
            (FindingCode::UncoveredTable, "kinds.notes".to_owned()),
        ]
    );
    // What the key of the partition does is part of every plan.
    world.lifecycle().await;
}

/// Rows of child tables are counted and deleted with the kind of the parent table. `check` reports what inheritance
/// does not support.
#[tokio::test]
async fn child_tables_are_part_of_the_table_and_reported() {
    let ddl = format!(
        "{PLAIN} CREATE TABLE old_debts (closed date) INHERITS (debts);
         INSERT INTO clients VALUES (1, 'x'), (2, 'x'); INSERT INTO debts VALUES (1, 1), (2, 2);
         INSERT INTO old_debts VALUES (3, 1, '2020-01-01'), (4, 2, '2020-01-01')"
    );
    let Some(world) = World::new(&ddl, &cascading()).await else { return };
    assert_eq!(found(&world).await, [(FindingCode::UnsuitableTable, "kinds.debts".to_owned())]);
    world.lifecycle().await.execute(&delete(1)).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 2);
    assert_eq!(world.number("SELECT count(*) FROM old_debts").await, 1);
    // A reference that only the child table has still needs a rule.
    world.run("ALTER TABLE old_debts ADD COLUMN payer integer REFERENCES clients").await;
    assert_eq!(
        found(&world).await.last(),
        Some(&(FindingCode::UncoveredTable, "kinds.old_debts".to_owned()))
    );
}

/// A materialized view keeps deleted rows of its tables, even if it reads the tables through another view.
#[tokio::test]
async fn a_materialized_view_that_keeps_deleted_rows_is_found() {
    let ddl = format!(
        "{PLAIN} CREATE VIEW named AS SELECT id, name FROM clients WHERE name IS NOT NULL;
         CREATE MATERIALIZED VIEW report AS SELECT name, count(*) FROM named GROUP BY name;
         CREATE MATERIALIZED VIEW days AS SELECT 1 AS day"
    );
    let Some(world) = World::new(&ddl, &cascading()).await else { return };
    let catalogue = world.store().catalogue().await.unwrap();
    let said = findings(&world.policy, &catalogue);
    assert_eq!(said.len(), 1, "{said:#?}");
    assert_eq!((said[0].code, &*said[0].path), (FindingCode::UncoveredTable, "kinds.report"));
    let named: Vec<&str> = catalogue
        .table_names()
        .map(|name| &*name.table)
        .filter(|name| ["named", "report"].contains(name))
        .collect();
    assert_eq!(named, ["named", "report"], "a view is known, and only what is kept has to be decided about");
    let mut document = cascading();
    document["excluded"] = json!([{ "table": "report", "because": "refreshed every night" }]);
    let said = findings(&crate::world::policy(&document), &catalogue);
    assert!(said.is_empty(), "{said:#?}");
}

#[tokio::test]
async fn a_kind_that_is_a_materialized_view_is_found_and_refused() {
    let ddl = format!(
        "{PLAIN} ALTER TABLE debts RENAME TO all_debts; CREATE MATERIALIZED VIEW debts AS SELECT * FROM all_debts;
         INSERT INTO clients VALUES (1, 'x'); INSERT INTO all_debts VALUES (1, 1); REFRESH MATERIALIZED VIEW debts"
    );
    let mut document = cascading();
    document["references"][0]["nullable"] = true.into();
    let Some(world) = World::new(&ddl, &document).await else { return };
    let unsuitable = (FindingCode::UnsuitableTable, "kinds.debts".to_owned());
    assert!(found(&world).await.contains(&unsuitable));
    let error = world.lifecycle().await.execute(&delete(1)).await.unwrap_err();
    assert!(matches!(error, Error::Store(_)) && !error.is_retryable(), "{error:?}");
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 1);
}

/// An updatable view behaves like a table.
#[tokio::test]
async fn a_kind_may_be_an_updatable_view() {
    let ddl = format!(
        "{PLAIN} ALTER TABLE debts RENAME TO all_debts; CREATE VIEW debts AS SELECT * FROM all_debts;
         INSERT INTO clients VALUES (1, 'x'), (2, 'x'); INSERT INTO all_debts VALUES (1, 1), (2, 2)"
    );
    let mut document = cascading();
    document["references"][0]["nullable"] = true.into();
    document["references"][0]["lock"] = "writer".into();
    let Some(world) = World::new(&ddl, &document).await else { return };
    world.lifecycle().await.execute(&delete(1)).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(world.number("SELECT count(*) FROM all_debts").await, 1);
}

/// Another server reads and writes foreign tables, in a separate transaction.
#[tokio::test]
async fn a_kind_on_another_server_is_found() {
    let Some(world) = World::new(PLAIN, &cascading()).await else { return };
    let offered = "SELECT count(*) FROM pg_available_extensions WHERE name = 'file_fdw'";
    if world.number(offered).await == 0 {
        eprintln!(
            "skipped: foreign tables, because the server does not offer file_fdw; install its contrib package"
        );
        return;
    }
    let name = &world.schema.name;
    world
        .run(&format!(
            "SELECT pg_advisory_lock(77); CREATE EXTENSION IF NOT EXISTS file_fdw SCHEMA public; SELECT pg_advisory_unlock(77);
             CREATE SERVER {name} FOREIGN DATA WRAPPER file_fdw; DROP TABLE debts;
             CREATE FOREIGN TABLE debts (id integer NOT NULL, client_id integer NOT NULL) SERVER {name} OPTIONS (filename '/dev/null')"
        ))
        .await;
    let catalogue = world.store().catalogue().await.unwrap();
    let said = findings(&world.policy, &catalogue);
    world.run(&format!("DROP SERVER {name} CASCADE")).await;
    let codes: Vec<FindingCode> = said.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&FindingCode::UnsuitableTable), "{said:#?}");
    assert!(codes.contains(&FindingCode::UnprotectedReference), "{said:#?}");
}

/// A rewrite rule can keep rows from being deleted, as a trigger can.
#[tokio::test]
async fn a_rule_that_keeps_rows_is_found_and_reported_as_interference() {
    let ddl = format!(
        "{PLAIN} CREATE RULE kept AS ON DELETE TO debts DO INSTEAD NOTHING;
         INSERT INTO clients VALUES (1, 'x'); INSERT INTO debts VALUES (1, 1)"
    );
    let Some(world) = World::new(&ddl, &cascading()).await else { return };
    assert_eq!(found(&world).await, [(FindingCode::Trigger, "kinds.debts".to_owned())]);
    let error = world.lifecycle().await.execute(&delete(1)).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Interference { .. })), "{error:?}");
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 1);
}

/// PostgreSQL supports neither DO ALSO nor conditional rules in statements with several parts.
#[tokio::test]
async fn rules_that_only_add_to_a_statement_are_refused_at_open() {
    for rule in
        ["DELETE TO debts DO ALSO DELETE FROM notes", "UPDATE TO debts WHERE old.id = 1 DO INSTEAD NOTHING"]
    {
        let ddl = format!("{PLAIN} CREATE TABLE notes (id int PRIMARY KEY); CREATE RULE noted AS ON {rule}");
        let Some(world) = World::new(&ddl, &cascading()).await else { return };
        let opened = Lifecycle::open(world.store(), world.policy.clone()).await;
        let text = opened.unwrap_err().to_string();
        assert!(text.contains("the rule `noted`") && text.contains("kinds.debts"), "{text}");
        let codes: Vec<FindingCode> = found(&world).await.into_iter().map(|(code, _)| code).collect();
        assert!(codes.contains(&FindingCode::UnsuitableTable), "{codes:?}");
    }
}

/// The data of a person may be in rows to which the person refers, over keys that are mandatory, unique or neither.
#[tokio::test]
async fn what_only_the_subject_owns_goes_with_it() {
    let ddl = "CREATE TABLE addresses (id int PRIMARY KEY, street text, phone text);
         CREATE TABLE pictures (id int PRIMARY KEY, bytes bytea);
         CREATE TABLE clients (id int PRIMARY KEY, address_id int NOT NULL REFERENCES addresses, picture_id int UNIQUE REFERENCES pictures);
         CREATE INDEX ON clients (address_id);
         INSERT INTO addresses VALUES (1, 'Main St 1', '123'), (2, 'Main St 2', '456'); INSERT INTO pictures VALUES (1, 'x');
         INSERT INTO clients VALUES (1, 1, 1), (2, 2, NULL), (3, 2, NULL)";
    let policy = json!({
        "subject": "clients", "kinds": { "clients": {}, "addresses": {}, "pictures": {} },
        "references": [ { "from": "clients.address_id", "to": "addresses", "owned": true },
                        { "from": "clients.picture_id", "to": "pictures", "nullable": true, "owned": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let Some(world) = World::new(ddl, &policy).await else { return };
    assert_eq!(found(&world).await, []);
    let lifecycle = world.lifecycle().await;
    for (id, addresses) in [(1, 1), (2, 1), (3, 0)] {
        lifecycle.execute(&delete(id)).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(world.number("SELECT count(*) FROM addresses").await, addresses);
    }
    assert_eq!(world.number("SELECT count(*) FROM pictures").await, 0);
}
