//! Foreign keys that make the database delete or change rows by itself, and keys that contradict the policy. A policy
//! whose plans would be wrong does not open.

use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::sql::{FindingCode, findings};
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::world::*;

/// Clients, their folders, and invoices in folders. The policy retains invoices for six years.
const FILED: &str = "
    CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT);
    CREATE TABLE folders (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id) ON DELETE CASCADE);
    CREATE TABLE invoices (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (id),
        folder_id INTEGER REFERENCES folders (id) ON DELETE CASCADE, issued_at TIMESTAMP);
    CREATE INDEX f1 ON folders (client_id); CREATE INDEX i1 ON invoices (client_id); CREATE INDEX i2 ON invoices (folder_id);
    INSERT INTO clients VALUES (1, 'a@example.org'), (2, 'b@example.org'); INSERT INTO folders VALUES (10, 1);
    INSERT INTO invoices VALUES (100, 1, 10, '2025-01-01 00:00:00'), (101, 1, NULL, '2025-01-01 00:00:00'),
        (102, 2, 10, '2025-01-01 00:00:00');";

fn retained(excluded: &Value) -> Value {
    json!({
        "subject": "clients", "kinds": { "clients": {}, "invoices": { "fields": { "issued_at": "timestamp" } } },
        "references": [{ "from": "invoices.client_id", "to": "clients", "nullable": true }],
        "excluded": excluded,
        "modes": { "hard_delete": { "allow": "any", "rules": { "invoices.client_id":
            { "retain": { "for": "P6Y", "from": "issued_at", "basis": "tax law" }, "on_survive": "set_null" } } } }
    })
}

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

fn policy(document: &Value) -> DeletionPolicy {
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Returns the faults of `Lifecycle::open` as path, message and remedy. Checks that the findings for `open` are the
/// same.
async fn refused(world: &World, document: &Value) -> Vec<String> {
    let policy = policy(document);
    let faults = match Lifecycle::open(SqliteStore::new(world.pool().clone()), policy.clone()).await {
        Ok(_) => Vec::new(),
        Err(client_lifecycle::Error::SchemaMismatch(faults)) => faults.iter().cloned().collect(),
        Err(error) => panic!("{error}"),
    };
    let found = world.store.findings(&policy).await.unwrap();
    for fault in &faults {
        let is_it = |finding: &&client_lifecycle::sql::Finding| {
            (&finding.path, &finding.message, &finding.remedy) == (&fault.path, &fault.message, &fault.remedy)
        };
        assert_eq!(found.iter().filter(is_it).count(), 1, "{fault:?} is not among {found:#?}");
    }
    faults.iter().map(|fault| format!("{}: {} ({})", fault.path, fault.message, fault.remedy)).collect()
}

async fn refused_by(ddl: &str, document: &Value) -> Vec<String> {
    refused(&World::new(ddl).await, document).await
}

const NOTHING: [&str; 0] = [];

/// A person who follows the remedy gets a policy that opens.
#[tokio::test]
async fn the_remedy_lets_the_policy_open_and_keeps_the_planned_rows() {
    let world = World::new(FILED).await;
    let mut document = retained(&json!([]));
    document["kinds"]["folders"] = json!({});
    let references = document["references"].as_array_mut().unwrap();
    references.push(json!({ "from": "folders.client_id", "to": "clients" }));
    references.push(json!({ "from": "invoices.folder_id", "to": "folders", "nullable": true }));
    let rules = &mut document["modes"]["hard_delete"]["rules"];
    rules["folders.client_id"] = json!("cascade");
    rules["invoices.folder_id"] = json!("set_null");
    assert_eq!(refused(&world, &document).await, NOTHING);
    let lifecycle = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy(&document)).await.unwrap();
    let request = Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN"));
    lifecycle.execute(&request).await.unwrap();
    let left = world.texts("SELECT id || ' ' || ifnull(client_id, '-') || ' ' || ifnull(folder_id, '-') FROM invoices ORDER BY id");
    assert_eq!(left.await, ["100 - -", "101 - -", "102 2 -"]);

    let refusing = FILED.replace("folders (id) ON DELETE CASCADE", "folders (id) ON DELETE NO ACTION");
    let excluded = retained(&json!([{ "table": "folders", "because": "only structure" }]));
    assert_eq!(refused_by(&refusing, &excluded).await, NOTHING);
}

const CODES: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, code INTEGER NOT NULL UNIQUE, email TEXT);
    CREATE TABLE invoices (id INTEGER PRIMARY KEY, customer_code INTEGER NOT NULL REFERENCES customers (code));
    CREATE TABLE parcels (id INTEGER PRIMARY KEY, customer_code INTEGER NOT NULL REFERENCES customers (code) ON DELETE CASCADE);
    CREATE INDEX i1 ON invoices (customer_code); CREATE INDEX p1 ON parcels (customer_code);
    INSERT INTO customers VALUES (1, 2, 'one@example.org'), (2, 1, 'two@example.org');
    INSERT INTO invoices VALUES (10, 2), (11, 1), (12, 1); INSERT INTO parcels VALUES (10, 2), (11, 1), (12, 1);";

fn by_code(customers: &Value) -> Value {
    json!({
        "subject": "customers", "kinds": { "customers": customers, "invoices": {}, "parcels": {} },
        "references": [
            { "from": "invoices.customer_code", "to": "customers" }, { "from": "parcels.customer_code", "to": "customers" }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    })
}

/// With this schema, the database would delete rows of another customer.
#[tokio::test]
async fn open_refuses_a_reference_whose_foreign_key_refers_to_another_column_than_the_id() {
    let world = World::new(CODES).await;
    let says = "the foreign key refers to `customers` (`code`), but the policy says `customers` (`id`) (correct `to`, or the \
                `id` of the kind)";
    assert_eq!(
        refused(&world, &by_code(&json!({}))).await,
        [
            format!("references.invoices.customer_code: {says}"),
            format!("references.parcels.customer_code: {says}")
        ]
    );
    let document = by_code(&json!({ "id": "code" }));
    assert_eq!(refused(&world, &document).await, NOTHING);
    let lifecycle = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy(&document)).await.unwrap();
    lifecycle.execute(&Request::hard_delete("customers", 2).by(Actor::new("ana", "ADMIN"))).await.unwrap();
    assert_eq!(world.texts("SELECT id FROM invoices UNION SELECT id FROM parcels").await, ["11", "12"]);
}

#[tokio::test]
async fn open_refuses_a_reference_whose_foreign_key_refers_to_another_table() {
    let found = refused_by(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY); CREATE TABLE firms (id INTEGER PRIMARY KEY);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES firms);",
        &debts(&["firms"]),
    )
    .await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("the foreign key refers to `firms` (`id`), but the policy says `clients` (`id`)"),
        "{found:?}"
    );
}

/// The column refers to the client's id through another table, alone or together with another column.
#[tokio::test]
async fn a_foreign_key_to_the_id_through_another_table_is_not_a_mismatch() {
    let profiles = "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE profiles (client_id INTEGER PRIMARY KEY REFERENCES clients);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES profiles);
         CREATE INDEX i ON debts (client_id);";
    assert_eq!(refused_by(profiles, &debts(&["profiles"])).await, NOTHING);
    let pairs = "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE addresses (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients, UNIQUE (client_id, id));
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL, address_id INTEGER,
             FOREIGN KEY (client_id, address_id) REFERENCES addresses (client_id, id));
         CREATE INDEX i ON debts (client_id);";
    assert_eq!(refused_by(pairs, &debts(&["addresses"])).await, NOTHING);
    // Without a foreign key from `addresses` to the client's id, `client_id` can hold something else.
    let loose = pairs.replace(
        "client_id INTEGER NOT NULL REFERENCES clients, UNIQUE",
        "client_id INTEGER NOT NULL, UNIQUE",
    );
    assert_eq!(refused_by(&loose, &debts(&["addresses"])).await.len(), 1);
}

/// These findings need queries, so only the store's `findings` can report them, not the catalogue's.
#[tokio::test]
async fn the_findings_of_a_store_include_findings_that_need_queries() {
    let world = World::new(
        "CREATE TABLE clients (id TEXT COLLATE NOCASE PRIMARY KEY NOT NULL);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients);
         CREATE INDEX i ON debts (client_id);",
    )
    .await;
    let document = debts(&[]);
    assert_eq!(findings(&policy(&document), &world.store.catalogue().await.unwrap()), []);
    let found = world.store.findings(&policy(&document)).await.unwrap();
    let found: Vec<_> = found.iter().map(|finding| (finding.code, &*finding.path)).collect();
    assert_eq!(found, [(FindingCode::TypeMismatch, "references.debts.client_id")]);
    assert_eq!(refused(&world, &document).await.len(), 1);

    let world = World::new(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE VIEW debts AS SELECT 1 AS id, 1 AS client_id UNION ALL SELECT 1, 1;",
    )
    .await;
    let mut document = debts(&[]);
    document["references"][0]["nullable"] = json!(true);
    let found = world.store.findings(&policy(&document)).await.unwrap();
    assert!(
        found
            .iter()
            .any(|finding| (finding.code, &*finding.path) == (FindingCode::AmbiguousId, "kinds.debts.id")),
        "{found:?}"
    );
    // The view has repeated ids, and would be written.
    assert_eq!(refused(&world, &document).await.len(), 2);
}

/// An effect sends a field that has no column.
#[tokio::test]
async fn findings_include_the_fields_of_effects() {
    let world = World::new(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);
         CREATE INDEX i ON debts (client_id);",
    )
    .await;
    let mut document = debts(&[]);
    document["modes"]["hard_delete"]["effects"] = json!([{ "topic": "gone", "fields": ["email"] }]);
    assert_eq!(refused(&world, &document).await.len(), 1);
    let found = findings(&policy(&document), &world.store.catalogue().await.unwrap());
    let found: Vec<_> = found.iter().map(|finding| (finding.code, &*finding.path)).collect();
    assert_eq!(found, [(FindingCode::MissingColumn, "kinds.clients.fields.email")]);
}
