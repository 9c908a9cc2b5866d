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
