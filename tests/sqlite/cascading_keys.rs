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

#[tokio::test]
async fn open_refuses_an_on_delete_action_that_reaches_a_declared_kind_through_an_excluded_table() {
    let world = World::new(FILED).await;
    let mut document = retained(&json!([{ "table": "folders", "because": "only structure" }]));
    let expected = "references.invoices.folder_id: if a row of `clients` is deleted, the database will delete \
                    rows of `invoices` that are in no plan: `folders.client_id` ON DELETE CASCADE, then \
                    `invoices.folder_id` ON DELETE CASCADE (declare `folders` with `folders.client_id`, \
                    `invoices.folder_id` and give each a rule, or let `invoices.folder_id` refuse (ON DELETE NO ACTION))";
    assert_eq!(refused(&world, &document).await, [expected]);
    // The rules of the policy do not matter, because the database deletes the rows by itself.
    document["modes"]["hard_delete"]["rules"] = json!({ "invoices.client_id": "restrict" });
    assert_eq!(refused(&world, &document).await, [expected]);
}

#[tokio::test]
async fn open_refuses_an_on_delete_action_over_an_excluded_reference_between_declared_kinds() {
    let world = World::new(FILED).await;
    let mut document =
        retained(&json!([{ "reference": "invoices.folder_id", "because": "where the paper is" }]));
    document["kinds"]["folders"] = json!({});
    document["references"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "from": "folders.client_id", "to": "clients" }));
    document["modes"]["hard_delete"]["rules"]["folders.client_id"] = json!("cascade");
    assert_eq!(
        refused(&world, &document).await,
        [
            "references.invoices.folder_id: if a row of `folders` is deleted, the database will delete rows of \
          `invoices` that are in no plan: `invoices.folder_id` ON DELETE CASCADE (declare `invoices.folder_id` and \
          give each a rule, or let `invoices.folder_id` refuse (ON DELETE NO ACTION))"
        ]
    );
}

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

/// Tables `a` and `b` form a chain from clients to debts. The arguments add actions to their foreign keys.
fn chained(a: &str, b: &str, debt: &str) -> String {
    format!(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER DEFAULT 1 REFERENCES clients {a});
         CREATE TABLE b (id INTEGER PRIMARY KEY, up INTEGER DEFAULT 1 REFERENCES a {b});
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients,
             b INTEGER DEFAULT 1 REFERENCES b {debt});
         CREATE INDEX i ON debts (client_id);"
    )
}

#[tokio::test]
async fn open_follows_on_delete_actions_through_any_number_of_tables() {
    let (gone, null, default) = ("ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE SET DEFAULT");
    for (keys, does) in [
        ([gone, gone, gone], Some("delete")),
        ([gone, gone, null], Some("change")),
        ([gone, gone, default], Some("change")),
        ([null, gone, gone], None),
        ([gone, null, gone], None),
        ([gone, default, gone], None),
        ([gone, gone, "ON DELETE RESTRICT"], None),
        ([gone, "", gone], None),
        (["", gone, gone], None),
    ] {
        let found = refused_by(&chained(keys[0], keys[1], keys[2]), &debts(&["a", "b"])).await;
        let Some(does) = does else {
            assert_eq!(found, NOTHING, "{keys:?}");
            continue;
        };
        assert_eq!(found.len(), 1, "{keys:?}: {found:?}");
        let expected = format!(
            "references.debts.b: if a row of `clients` is deleted, the database will {does} rows of `debts` that are in \
             no plan: `a.up` ON DELETE CASCADE, then `b.up` ON DELETE CASCADE, then `debts.b` {} (declare `a`, `b` with \
             `a.up`, `b.up`, `debts.b` and give each a rule, or let `debts.b` refuse (ON DELETE NO ACTION))",
            keys[2]
        );
        assert_eq!(found[0], expected);
    }
}

#[tokio::test]
async fn open_follows_on_delete_actions_through_tables_that_the_map_does_not_mention() {
    let found =
        refused_by(&chained("ON DELETE CASCADE", "ON DELETE CASCADE", "ON DELETE CASCADE"), &debts(&["a"]))
            .await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("references.debts.b: "), "{found:?}");
    // The first fault is about a key that the policy should mention, the second about the key that would delete debts.
    let found =
        refused_by(&chained("ON DELETE CASCADE", "ON DELETE CASCADE", "ON DELETE CASCADE"), &debts(&[]))
            .await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains(
        "references.a.up: a foreign key to `clients` with ON DELETE CASCADE that the map does not"
    ));
    assert!(found[1].starts_with("references.debts.b: if a row of `clients` is deleted"), "{found:?}");
}

#[tokio::test]
async fn open_allows_on_delete_actions_that_reach_only_excluded_tables() {
    let ddl = "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);
         CREATE INDEX i ON debts (client_id);
         CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER REFERENCES clients ON DELETE CASCADE, own INTEGER REFERENCES a ON DELETE CASCADE);
         CREATE TABLE b (id INTEGER PRIMARY KEY, up INTEGER REFERENCES a ON DELETE CASCADE, c INTEGER REFERENCES c ON DELETE CASCADE);
         CREATE TABLE c (id INTEGER PRIMARY KEY, up INTEGER REFERENCES b ON DELETE CASCADE);
         INSERT INTO clients VALUES (1), (2); INSERT INTO debts VALUES (1, 1), (2, 2); INSERT INTO a VALUES (1, 1, NULL), (2, NULL, 1);";
    let world = World::new(ddl).await;
    let document = debts(&["a", "b", "c"]);
    assert_eq!(refused(&world, &document).await, NOTHING);
    let lifecycle = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy(&document)).await.unwrap();
    lifecycle.execute(&Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN"))).await.unwrap();
    assert_eq!(world.number("SELECT (SELECT count(*) FROM debts) * 10 + (SELECT count(*) FROM a)").await, 10);
    // `check` still reports that the database deletes rows by itself.
    let found = world.store.findings(&policy(&document)).await.unwrap();
    let acting: Vec<&str> = found
        .iter()
        .filter(|finding| finding.code == FindingCode::CascadingForeignKey)
        .map(|finding| &*finding.path)
        .collect();
    assert_eq!(acting, ["references.a.up"]);
}

#[tokio::test]
async fn open_follows_on_delete_actions_through_cycles_and_reports_each_key_once() {
    let found = refused_by(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER REFERENCES clients ON DELETE CASCADE, b INTEGER REFERENCES b ON DELETE CASCADE,
             own INTEGER REFERENCES a ON DELETE CASCADE);
         CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a ON DELETE CASCADE, up INTEGER REFERENCES clients ON DELETE CASCADE);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients,
             b INTEGER REFERENCES b ON DELETE CASCADE, a INTEGER REFERENCES a ON DELETE SET NULL);",
        &debts(&["a", "b"]),
    )
    .await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].contains(
            "change rows of `debts` that are in no plan: `a.up` ON DELETE CASCADE, then `debts.a` "
        ),
        "{found:?}"
    );
    assert!(
        found[1].contains(
            "delete rows of `debts` that are in no plan: `b.up` ON DELETE CASCADE, then `debts.b` "
        ),
        "{found:?}"
    );
}

/// The excluded folders lead back to other clients, which the policy does not plan to delete.
#[tokio::test]
async fn open_refuses_an_on_delete_action_that_returns_to_the_subject() {
    let back = refused_by(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, folder INTEGER REFERENCES folders ON DELETE CASCADE);
         CREATE TABLE folders (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES clients ON DELETE CASCADE);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);",
        &debts(&["folders"]),
    )
    .await;
    assert_eq!(back.len(), 1, "{back:?}");
    assert!(back[0].starts_with("references.clients.folder: if a row of `clients` is deleted, the database will delete rows of `clients`"));

    let mut document = debts(&[]);
    document["excluded"] = json!([{ "reference": "clients.boss", "because": "only for the chart" }]);
    for (action, expected) in [("CASCADE", 1), ("SET NULL", 1), ("NO ACTION", 0)] {
        let own = refused_by(
            &format!(
                "CREATE TABLE clients (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES clients ON DELETE {action});
                 CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);"
            ),
            &document,
        )
        .await;
        assert_eq!(own.len(), expected, "{action}: {own:?}");
    }
}

#[tokio::test]
async fn open_follows_keys_of_several_columns_and_names_in_any_case() {
    let found = refused_by(
        "CREATE TABLE Clients (id INTEGER PRIMARY KEY, town TEXT, UNIQUE (town, id));
         CREATE TABLE Folders (town TEXT, number INTEGER, owner INTEGER, PRIMARY KEY (town, number),
             FOREIGN KEY (town, owner) REFERENCES CLIENTS (town, id) ON DELETE CASCADE);
         CREATE TABLE Debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES cLients, town TEXT, folder INTEGER,
             FOREIGN KEY (town, folder) REFERENCES folDers ON DELETE SET NULL);",
        &debts(&["FOLDERS"]),
    )
    .await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains(
            "references.Debts.town, folder: if a row of `clients` is deleted, the database will change rows of `debts` \
             that are in no plan: `Folders.town, owner` ON DELETE CASCADE, then `Debts.town, folder` ON DELETE SET NULL"
        ),
        "{found:?}"
    );
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

/// The column has two foreign keys to the declared kind. The second key refers to a column other than the id.
#[tokio::test]
async fn open_refuses_a_second_key_with_an_action_to_another_column() {
    let found = refused_by(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, code INTEGER NOT NULL UNIQUE);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id)
             REFERENCES clients (code) ON DELETE CASCADE);",
        &debts(&[]),
    )
    .await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("references.debts.client_id: a foreign key to `clients` with ON DELETE CASCADE"),
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
    assert_eq!(refused(&world, &document).await.len(), 1);
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
