//! Foreign keys that make the database delete or change rows by itself, and keys that contradict the policy, including
//! keys in other schemas. A policy whose plans would be wrong does not open.

use client_lifecycle::sql::FindingCode;
use client_lifecycle::{Error, Lifecycle};
use serde_json::{Value, json};

use crate::world::{World, delete, policy};

/// A policy for clients and their debts. The tables in `excluded` are excluded.
fn debts(excluded: &[&str]) -> Value {
    let excluded: Vec<Value> =
        excluded.iter().map(|table| json!({ "table": table, "because": "only structure" })).collect();
    json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [{ "from": "debts.client_id", "to": "clients" }], "excluded": excluded,
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    })
}

/// Returns the faults of `Lifecycle::open` as path and message. Checks that `check` finds each of them too.
async fn refused(world: &World, document: &Value) -> Vec<String> {
    let policy = policy(document);
    let faults = match Lifecycle::open(world.store(), policy.clone()).await {
        Ok(_) => Vec::new(),
        Err(Error::SchemaMismatch(faults)) => faults.iter().cloned().collect(),
        Err(error) => panic!("{error}"),
    };
    let found = world.store().findings(&policy).await.unwrap();
    for fault in &faults {
        let same =
            found.iter().filter(|found| (&found.path, &found.message) == (&fault.path, &fault.message));
        assert_eq!(same.count(), 1, "{fault:?} is not among {found:#?}");
    }
    faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect()
}

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn open_refuses_an_on_delete_action_that_reaches_a_declared_kind_through_excluded_tables() {
    let gone = "ON DELETE CASCADE";
    for (keys, expected) in [
        ([gone, gone, gone], Some("delete")),
        ([gone, gone, "ON DELETE SET NULL"], Some("change")),
        ([gone, gone, "ON DELETE SET DEFAULT"], Some("change")),
        ([gone, gone, "ON DELETE NO ACTION"], None),
        ([gone, "ON DELETE SET NULL", gone], None),
        ([gone, "ON DELETE RESTRICT", gone], None),
        (["", gone, gone], None),
    ] {
        let [a, b, debt] = keys;
        let ddl = format!(
            "CREATE TABLE clients (id integer PRIMARY KEY);
             CREATE TABLE a (id integer PRIMARY KEY, up integer REFERENCES clients {a}, own integer REFERENCES a ON DELETE CASCADE);
             CREATE TABLE b (id integer PRIMARY KEY, up integer REFERENCES a {b}, town integer DEFAULT 1, UNIQUE (town, id));
             ALTER TABLE a ADD b integer REFERENCES b ON DELETE CASCADE;
             CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients,
                 town integer DEFAULT 1, b integer DEFAULT 1, FOREIGN KEY (town, b) REFERENCES b (town, id) {debt});
             CREATE INDEX ON debts (client_id)"
        );
        let document = debts(&["a", "b"]);
        let Some(world) = World::new(&ddl, &document).await else { return };
        let found = refused(&world, &document).await;
        let Some(does) = expected else {
            assert_eq!(found, NOTHING, "{keys:?}");
            continue;
        };
        assert_eq!(
            found,
            [format!(
                "references.debts.town, b: if a row of `clients` is deleted, the database will {does} rows of `debts` that are in no \
                 plan: `a.up` ON DELETE CASCADE, then `b.up` ON DELETE CASCADE, then `debts.town, b` {debt}"
            )]
        );
    }
}

/// Deleting the folder would delete retained invoices, including an invoice of another client.
#[tokio::test]
async fn open_refuses_an_on_delete_action_over_an_excluded_reference_between_declared_kinds() {
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY);
         CREATE TABLE folders (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients ON DELETE CASCADE);
         CREATE TABLE debts (id integer PRIMARY KEY, client_id integer REFERENCES clients,
             folder_id integer REFERENCES folders ON DELETE CASCADE);
         CREATE INDEX ON debts (client_id); CREATE INDEX ON debts (folder_id); CREATE INDEX ON folders (client_id);
         INSERT INTO clients VALUES (1), (2); INSERT INTO folders VALUES (10, 1);
         INSERT INTO debts VALUES (100, 1, 10), (101, 1, NULL), (102, 2, 10)";
    let mut document = json!({
        "subject": "clients", "kinds": { "clients": {}, "folders": {}, "debts": {} },
        "references": [
            { "from": "debts.client_id", "to": "clients", "nullable": true }, { "from": "folders.client_id", "to": "clients" }
        ],
        "excluded": [{ "reference": "debts.folder_id", "because": "only where the paper is kept" }],
        "modes": { "hard_delete": { "allow": "any", "rules": { "folders.client_id": "cascade", "debts.client_id": "set_null" } } }
    });
    let Some(world) = World::new(ddl, &document).await else { return };
    assert_eq!(
        refused(&world, &document).await,
        [
            "references.debts.folder_id: if a row of `folders` is deleted, the database will delete rows of `debts` that are in no \
          plan: `debts.folder_id` ON DELETE CASCADE"
        ]
    );
    document["excluded"] = json!([]);
    let references = document["references"].as_array_mut().unwrap();
    references.push(json!({ "from": "debts.folder_id", "to": "folders", "nullable": true }));
    document["modes"]["hard_delete"]["rules"]["debts.folder_id"] = json!("set_null");
    assert_eq!(refused(&world, &document).await, NOTHING);
    let lifecycle = Lifecycle::open(world.store(), policy(&document)).await.unwrap();
    lifecycle.execute(&delete(1)).await.unwrap();
    let left = world
        .text("SELECT string_agg(concat_ws(' ', id, client_id, folder_id), ', ' ORDER BY id) FROM debts")
        .await;
    assert_eq!(left, "100, 101, 102 2");
}

/// The chain of foreign keys leads through two tables outside the search path.
#[tokio::test]
async fn open_follows_on_delete_actions_through_schemas_outside_the_search_path() {
    let Some(world) = World::new("", &debts(&[])).await else { return };
    let s = world.schema.name.clone();
    world
        .run(&format!(
            "CREATE SCHEMA {s}_b; CREATE SCHEMA {s}_c;
             CREATE TABLE clients (id integer PRIMARY KEY);
             CREATE TABLE {s}_b.a (id integer PRIMARY KEY, up integer REFERENCES clients ON DELETE CASCADE);
             CREATE TABLE {s}_c.b (id integer PRIMARY KEY, up integer REFERENCES {s}_b.a ON DELETE CASCADE);
             CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients,
                 b integer REFERENCES {s}_c.b ON DELETE CASCADE);
             CREATE INDEX ON debts (client_id)"
        ))
        .await;
    let document = debts(&[&format!("{s}_b.a"), &format!("{s}_c.b")]);
    assert_eq!(
        refused(&world, &document).await,
        [format!(
            "references.debts.b: if a row of `clients` is deleted, the database will delete rows of `debts` that are in no \
             plan: `{s}_b.a.up` ON DELETE CASCADE, then `{s}_c.b.up` ON DELETE CASCADE, then `debts.b` ON DELETE CASCADE"
        )]
    );
    world.run("ALTER TABLE debts DROP COLUMN b").await;
    assert_eq!(refused(&world, &document).await, NOTHING);
    world.run(&format!("DROP SCHEMA {s}_b CASCADE; DROP SCHEMA {s}_c CASCADE")).await;
}

/// Rows of a child table belong to the kind of its parent table, and partitions are part of their table.
#[tokio::test]
async fn open_follows_on_delete_actions_from_partitions_and_child_tables() {
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY) PARTITION BY RANGE (id);
         CREATE TABLE clients_0 PARTITION OF clients FOR VALUES FROM (0) TO (10);
         CREATE TABLE folders (id integer PRIMARY KEY, owner integer REFERENCES clients_0 ON DELETE CASCADE);
         CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients);
         CREATE TABLE old_debts (PRIMARY KEY (id), folder integer REFERENCES folders ON DELETE CASCADE) INHERITS (debts);
         CREATE INDEX ON debts (client_id)";
    let document = debts(&["folders", "old_debts"]);
    let Some(world) = World::new(ddl, &document).await else { return };
    assert_eq!(
        refused(&world, &document).await,
        [
            "references.old_debts.folder: if a row of `clients` is deleted, the database will delete rows of `debts` that are in no \
          plan: `folders.owner` ON DELETE CASCADE, then `old_debts.folder` ON DELETE CASCADE"
        ]
    );
}

/// PostgreSQL treats `clients` and `"Clients"` as different tables.
#[tokio::test]
async fn tables_that_differ_in_case_are_distinct() {
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY); CREATE TABLE \"Clients\" (id integer PRIMARY KEY);
         CREATE TABLE folders (id integer PRIMARY KEY, owner integer REFERENCES \"Clients\" ON DELETE CASCADE);
         CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients,
             folder integer REFERENCES folders ON DELETE CASCADE);
         CREATE INDEX ON debts (client_id)";
    let document = debts(&["folders"]);
    let Some(world) = World::new(ddl, &document).await else { return };
    assert_eq!(refused(&world, &document).await, NOTHING);
    world.run("ALTER TABLE debts DROP CONSTRAINT debts_client_id_fkey, ADD FOREIGN KEY (client_id) REFERENCES \"Clients\"").await;
    assert_eq!(
        refused(&world, &document).await,
        [
            "references.debts.client_id: the foreign key refers to `Clients` (`id`), but the policy says `clients` (`id`)"
        ]
    );
}

#[tokio::test]
async fn open_refuses_a_reference_whose_foreign_key_refers_to_another_column_than_the_id() {
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY, code integer NOT NULL UNIQUE);
         CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients (code) ON DELETE CASCADE);
         CREATE INDEX ON debts (client_id);
         INSERT INTO clients VALUES (1, 2), (2, 1); INSERT INTO debts VALUES (10, 2), (11, 1), (12, 1)";
    let mut document = debts(&[]);
    let Some(world) = World::new(ddl, &document).await else { return };
    assert_eq!(
        refused(&world, &document).await,
        [
            "references.debts.client_id: the foreign key refers to `clients` (`code`), but the policy says `clients` (`id`)"
        ]
    );
    document["kinds"]["clients"] = json!({ "id": "code" });
    assert_eq!(refused(&world, &document).await, NOTHING);
    let lifecycle = Lifecycle::open(world.store(), policy(&document)).await.unwrap();
    lifecycle.execute(&delete(2)).await.unwrap();
    assert_eq!(world.text("SELECT string_agg(id::text, ' ' ORDER BY id) FROM debts").await, "11 12");
}

#[tokio::test]
async fn open_refuses_a_foreign_key_to_a_table_with_the_same_name_in_another_schema() {
    let Some(world) = World::new("CREATE TABLE clients (id integer PRIMARY KEY)", &debts(&[])).await else {
        return;
    };
    let s = world.schema.name.clone();
    world
        .run(&format!(
            "CREATE SCHEMA {s}_old; CREATE TABLE {s}_old.clients (id integer PRIMARY KEY);
             CREATE TABLE {s}_old.debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES {s}_old.clients);
             CREATE INDEX ON {s}_old.debts (client_id)"
        ))
        .await;
    let mut document = debts(&[]);
    document["kinds"]["debts"] = json!({ "table": format!("{s}_old.debts") });
    assert_eq!(
        refused(&world, &document).await,
        [format!(
            "references.debts.client_id: the foreign key refers to `{s}_old.clients` (`id`), but the policy says `clients` (`id`)"
        )]
    );
    let found = world.store().findings(&policy(&document)).await.unwrap();
    assert!(found.iter().any(|finding| finding.code == FindingCode::ForeignKeyMismatch), "{found:#?}");
    world.run(&format!("DROP SCHEMA {s}_old CASCADE")).await;
}
