//! The schemas of SQLite: `main` is the database itself. Attached databases and temporary tables are not.

use client_lifecycle::domain::{Actor, Reason, Request, TableName};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::sql::first_policy;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::sqlite::SqlitePoolOptions;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::world::{World, options};

const TABLES: &str = "CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE debts (client_id INTEGER NOT NULL REFERENCES clients, number INTEGER NOT NULL, PRIMARY KEY (client_id, number));
    CREATE TABLE notes (client_id INTEGER REFERENCES clients);
    CREATE INDEX notes_by_client_id ON notes (client_id);
    CREATE TABLE \"main.notes\" (client_id INTEGER);
    INSERT INTO clients VALUES (1, 'Ana'), (2, 'Ben'); INSERT INTO debts VALUES (1, 1), (1, 2), (2, 1);
    INSERT INTO notes VALUES (1), (2), (1); INSERT INTO \"main.notes\" VALUES (1)";

fn document(kinds: &Value) -> DeletionPolicy {
    let document = json!({
        "subject": "clients", "kinds": kinds,
        "references": [ { "from": "debts.client_id", "to": "clients" }, { "from": "notes.client_id", "to": "clients", "nullable": true } ],
        "excluded": [ { "table": { "table": "main.notes" }, "because": "a copy" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap()
}

fn delete() -> Request {
    Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN")).with_reason(Reason::PrivacyRequest)
}

#[tokio::test]
async fn tables_may_be_named_with_the_schema_main() {
    let policy = document(&json!({
        "clients": { "table": "main.clients" },
        "debts": { "table": { "schema": "MAIN", "table": "Debts" }, "id": ["client_id", "number"] },
        "notes": { "table": "main.notes", "id": [] },
    }));
    let world = World::new(TABLES).await;
    let store = || SqliteStore::new(world.pool().clone());
    assert_eq!(store().findings(&policy).await.unwrap(), []);
    let lifecycle = Lifecycle::open(store(), policy.clone()).await.unwrap();
    let plan = lifecycle.plan(&delete()).await.unwrap();
    let receipt = lifecycle.apply(&delete(), &plan).await.unwrap();
    assert_eq!(receipt.steps.iter().map(|step| step.planned).sum::<u64>(), 5, "{plan}");
    assert_eq!(receipt.steps.iter().map(|step| step.actual).sum::<u64>(), 5, "{plan}");
    assert_eq!(world.number("SELECT count(*) FROM \"main.notes\"").await, 1);
    // A table whose own name has a dot is another one.
    let policy = document(&json!({
        "clients": {}, "debts": { "id": ["client_id", "number"] }, "notes": { "table": { "table": "main.notes" }, "id": [] },
    }));
    let lifecycle = Lifecycle::open(store(), policy).await.unwrap();
    let request = Request::hard_delete("clients", 2).by(Actor::new("ana", "ADMIN"));
    let plan = lifecycle.plan(&request).await.unwrap();
    assert_eq!(plan.steps.iter().map(|step| step.count).sum::<u64>(), 2, "{plan}");
}

/// `init` names a table whose name has a dot by an object, and the policy that it prints opens.
#[tokio::test]
async fn a_first_policy_tells_dots_from_schemas() {
    let world = World::new(TABLES).await;
    world
        .run("CREATE TABLE \"crm.clients\" (id INTEGER PRIMARY KEY);
              CREATE TABLE \"crm.visits\" (id INTEGER PRIMARY KEY, client INTEGER REFERENCES \"crm.clients\")")
        .await;
    let catalogue = world.store.catalogue().await.unwrap();
    for (requested, kinds) in [("main.clients", 3), ("clients", 3), ("crm.clients", 2)] {
        let policy = first_policy(&catalogue, requested).unwrap();
        let document = serde_json::to_string(&policy).unwrap();
        let policy = DeletionPolicy::from_json(&document).unwrap();
        assert_eq!(policy.map().kinds().len(), kinds, "{document}");
        if requested == "crm.clients" {
            let tables: Vec<TableName> =
                policy.map().kinds().map(|kind| kind.table_name().into_owned()).collect();
            assert_eq!(tables, [TableName::new("crm.clients"), TableName::new("crm.visits")]);
        }
        Lifecycle::open(SqliteStore::new(world.pool().clone()), policy).await.unwrap();
    }
}

#[tokio::test]
async fn tables_of_attached_databases_are_refused_at_open() {
    let (world, other) = (World::new(TABLES).await, World::new(TABLES).await);
    let attach = format!("ATTACH DATABASE '{}' AS crm", other.path.display());
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .after_connect(move |connection, _| {
            let attach = client_lifecycle::sqlite::sqlx::AssertSqlSafe(attach.clone());
            Box::pin(async move {
                client_lifecycle::sqlite::sqlx::raw_sql(attach).execute(connection).await?;
                Ok(())
            })
        })
        .connect_with(options(&world.path))
        .await
        .unwrap();
    let policy = document(&json!({
        "clients": {}, "debts": { "table": "crm.debts", "id": ["client_id", "number"] }, "notes": { "id": [] },
    }));
    let refused = Lifecycle::open(SqliteStore::new(pool), policy).await.unwrap_err();
    let Error::SchemaMismatch(faults) = &refused else { panic!("{refused:?}") };
    assert_eq!(
        faults.iter().next().unwrap().to_string(),
        "kinds.debts: the table `crm.debts` is not in the database that the store opened (`main`) (move it there, or open a \
         store of its own for that database)"
    );
    assert_eq!(other.number("SELECT count(*) FROM debts").await, 3);
}
