//! Names: reserved words, quotes and dots, names of system columns, and two tables with the same name.

use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::sql::{findings, first_policy};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::json;

use crate::server::Schema;
use crate::world::{World, delete, policy};

#[tokio::test]
async fn tables_and_columns_may_have_any_name() {
    let document = json!({
        "subject": "clients",
        "kinds": {
            "clients": { "table": "order by \"1\"; --", "id": "select", "personal": { "from \"x\"": { "text": "it's" } },
                         "tombstone": true },
            "debts": { "table": "\"User.of \"\"us\"\"\"", "id": "oid", "fields": {
                "r": "text", "p": { "type": "text", "column": "p.q" }, "count": "integer", "name": "text", "$1": "text" } } },
        "references": [ { "from": "debts.group", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "debts.group": [
            { "when": { "all": [ { "field": "r", "eq": "r" }, { "field": "p", "eq": "p" }, { "field": "count", "lt": 5 },
                                 { "field": "$1", "eq": "$1" }, { "field": "name", "ne": "User" } ] },
              "then": "cascade" },
            { "then": { "anonymize": { "r": { "text": "?1 $1" } } }, "on_survive": "tombstone" } ] } } }
    });
    let ddl = "CREATE TABLE \"order by \"\"1\"\"; --\" (\"select\" text PRIMARY KEY, \"from \"\"x\"\"\" text);
         CREATE TABLE \"User.of \"\"us\"\"\" (oid integer PRIMARY KEY, \"group\" text REFERENCES \"order by \"\"1\"\"; --\", r text, \"p.q\" text,
             count integer, name text, \"$1\" text);
         CREATE INDEX ON \"User.of \"\"us\"\"\" (\"group\");
         INSERT INTO \"order by \"\"1\"\"; --\" VALUES ('a', 'Ana'), ('b', 'Ben');
         INSERT INTO \"User.of \"\"us\"\"\" VALUES (1, 'a', 'r', 'p', 1, 'x', '$1'), (2, 'a', 'no', 'p', 1, 'x', '$1'), (3, 'b', 'r', 'p', 1, 'x', '$1')";
    let Some(world) = World::new(ddl, &document).await else { return };
    let found = findings(&world.policy, &world.store().catalogue().await.unwrap());
    assert!(found.is_empty(), "{found:#?}");
    let lifecycle = world.lifecycle().await;
    lifecycle.execute(&delete("a")).await.unwrap_or_else(|error| panic!("{error:?}"));
    lifecycle.execute(&delete("b")).await.unwrap_or_else(|error| panic!("{error:?}"));
    let left = world.text("SELECT string_agg(concat_ws(' ', oid, r), ',') FROM \"User.of \"\"us\"\"\"").await;
    assert_eq!(left, "2 ?1 $1");
    let left = world.text("SELECT string_agg(c::text, ',') FROM \"order by \"\"1\"\"; --\" AS c").await;
    assert_eq!(left, "(a,it's)");
}

/// Two schemas have a table with the same name, and only one schema is in the search path. Each kind uses its own
/// table.
#[tokio::test]
async fn tables_with_one_name_in_two_schemas_are_distinct() {
    let Some(schema) = Schema::new().await else { return };
    let s = &schema.name;
    schema
        .run(&format!(
            "CREATE SCHEMA {s}_b;
             CREATE TABLE clients (id integer PRIMARY KEY); CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients);
             CREATE TABLE {s}_b.debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients ON DELETE CASCADE);
             CREATE INDEX ON debts (client_id); CREATE INDEX ON {s}_b.debts (client_id);
             INSERT INTO clients VALUES (1); INSERT INTO debts VALUES (1, 1); INSERT INTO {s}_b.debts VALUES (1, 1), (2, 1)"
        ))
        .await;
    let mut document = json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let store = || PostgresStore::new(schema.pool.clone());
    store().migrate().await.unwrap();
    // The table in the other schema depends on the client too, but the policy does not mention it yet.
    let plan = Lifecycle::open(store(), policy(&document)).await.unwrap().plan(&delete(1)).await.unwrap();
    let undeclared = plan.steps.iter().find(|step| step.key.undeclared).unwrap();
    assert_eq!((undeclared.key.kind.as_str(), undeclared.count), (&*format!("{s}_b.debts"), 2));
    document["kinds"]["old"] = json!({ "table": format!("{s}_b.debts") });
    document["references"].as_array_mut().unwrap().push(json!({ "from": "old.client_id", "to": "clients" }));
    let policy = policy(&document);
    let catalogue = store().catalogue().await.unwrap();
    assert_eq!(findings(&policy, &catalogue), []);
    let receipt = Lifecycle::open(store(), policy).await.unwrap().execute(&delete(1)).await;
    let receipt = receipt.unwrap_or_else(|error| panic!("{error:?}"));
    let steps: Vec<(String, u64)> =
        receipt.steps.iter().map(|step| (step.kind.to_string(), step.actual)).collect();
    assert_eq!(steps, [("old".into(), 2), ("debts".into(), 1), ("clients".into(), 1)]);
    // The first policy includes both tables.
    let first: DeletionPolicy = first_policy(&catalogue, "clients").unwrap();
    let kinds: Vec<String> = first.map().kinds().map(|kind| kind.table_name().to_string()).collect();
    assert_eq!(kinds, ["clients", "debts", &format!("{s}_b.debts")]);
    schema.run(&format!("DROP SCHEMA {s}_b CASCADE")).await;
}

/// A table is found by schema and name even if its name alone would find it.
#[tokio::test]
async fn a_schema_in_the_search_path_may_be_named_too() {
    let Some(schema) = Schema::new().await else { return };
    let s = &schema.name;
    schema
        .run(
            "CREATE TABLE clients (id integer PRIMARY KEY);
             CREATE TABLE \"old.debts\" (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients);
             CREATE INDEX ON \"old.debts\" (client_id);
             INSERT INTO clients VALUES (1); INSERT INTO \"old.debts\" VALUES (1, 1)",
        )
        .await;
    let policy = policy(&json!({
        "subject": "clients",
        "kinds": { "clients": { "table": format!("{s}.clients") }, "debts": { "table": format!("{s}.old.debts") } },
        "references": [ { "from": "debts.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    }));
    let store = PostgresStore::new(schema.pool.clone()).migrate().await.unwrap();
    assert_eq!(store.findings(&policy).await.unwrap(), []);
    let lifecycle = Lifecycle::open(store, policy).await.unwrap_or_else(|error| panic!("{error:?}"));
    let receipt = lifecycle.execute(&delete(1)).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(receipt.steps.iter().map(|step| step.actual).sum::<u64>(), 2);
}
