//! The first policy that is made for a database: it mentions all dependents of the subject, and deletes only the
//! subject.

use client_lifecycle::policy::Rule;
use client_lifecycle::sql::{Catalogue, Finding, NoFirstPolicy, findings, first_policy};
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::world::*;

async fn catalogue(ddl: &str) -> Catalogue {
    World::new(ddl).await.store.catalogue().await.unwrap()
}

async fn first(ddl: &str) -> DeletionPolicy {
    let catalogue = catalogue(ddl).await;
    let policy = first_policy(&catalogue, "clients").unwrap();
    // The policy equals its document, restricts everything that depends on the subject, and covers every table.
    let written = serde_json::to_string(&policy).unwrap();
    assert_eq!(DeletionPolicy::from_json(&written).unwrap(), policy);
    for mode in policy.modes() {
        for entries in policy.mode(mode).unwrap().rules.named.values() {
            assert!(entries.iter().all(|entry| entry.then == Rule::Restrict && entry.rationale.is_some()));
        }
    }
    let found = findings(&policy, &catalogue);
    let human = ["missing_index", "type_mismatch", "cascading_foreign_key", "trigger"];
    // What the first policy leaves undecided is still reported.
    let document: Value = serde_json::from_str(&written).unwrap();
    let undecided = document["undecided"].as_array().into_iter().flatten();
    let undecided: Vec<String> = undecided
        .filter_map(|one| one["reference"].as_str())
        .map(|reference| format!("references.{reference}"))
        .collect();
    let is_known =
        |finding: &Finding| human.contains(&finding.code.as_str()) || undecided.contains(&finding.path);
    let other: Vec<_> = found.iter().filter(|finding| !is_known(finding)).collect();
    assert!(other.is_empty(), "{other:#?}");
    policy
}

fn written(policy: &DeletionPolicy) -> Value {
    serde_json::to_value(policy).unwrap()
}

#[tokio::test]
async fn a_clinic_is_described_as_it_is() {
    let policy = first(
        "CREATE TABLE unions (union_id INTEGER PRIMARY KEY);
         CREATE TABLE Clients (client_id TEXT PRIMARY KEY, status TEXT NOT NULL, email TEXT, union_id INTEGER REFERENCES unions,
                               created_at TEXT, deleted_at TEXT);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients ON DELETE CASCADE, status TEXT);
         CREATE TABLE payments (payment_id INTEGER PRIMARY KEY, debt_id INTEGER REFERENCES debts (id), paid_at DATETIME, active BOOLEAN);
         CREATE TABLE tags (client_id TEXT REFERENCES clients, tag TEXT, PRIMARY KEY (client_id, tag));",
    );
    insta::assert_snapshot!(serde_json::to_string_pretty(&policy.await).unwrap());
}

#[tokio::test]
async fn tables_at_every_depth_are_included() {
    let tables: Vec<String> = (1..30)
        .map(|k| {
            let up = if k == 1 { "clients".into() } else { format!("k{}", k - 1) };
            format!("CREATE TABLE k{k} (id INTEGER PRIMARY KEY, up INTEGER NOT NULL REFERENCES {up});")
        })
        .collect();
    let ddl = tables.concat();
    let policy = first(&format!("CREATE TABLE clients (id INTEGER PRIMARY KEY); {ddl}")).await;
    assert_eq!(policy.map().kinds().len(), 30);
    assert_eq!(policy.map().references().len(), 29);
}

#[tokio::test]
async fn cycles_and_self_references_are_included() {
    let world = World::new(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, referred_by INTEGER REFERENCES clients,
                               main_account INTEGER REFERENCES accounts, boss INTEGER NOT NULL REFERENCES clients);
         CREATE TABLE accounts (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES clients,
                                parent INTEGER REFERENCES accounts);",
    )
    .await;
    let policy = first_policy(&world.store.catalogue().await.unwrap(), "clients").unwrap();
    let names: Vec<_> = policy.map().references().map(|one| one.name.to_string()).collect();
    assert_eq!(
        names,
        ["accounts.owner", "accounts.parent", "clients.boss", "clients.main_account", "clients.referred_by"]
    );
    Lifecycle::open(SqliteStore::new(world.pool().clone()), policy).await.unwrap();
}

#[tokio::test]
async fn the_id_is_the_primary_key_and_other_keys_are_referred_to_by_name() {
    let policy = first(
        "CREATE TABLE clients (row INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, code TEXT NOT NULL UNIQUE);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client TEXT NOT NULL REFERENCES clients (uuid));
         CREATE TABLE notes (id INTEGER PRIMARY KEY, client TEXT REFERENCES clients (code));
         CREATE TABLE profiles (client TEXT PRIMARY KEY REFERENCES clients (uuid), number INTEGER NOT NULL UNIQUE);",
    )
    .await;
    let policy = written(&policy);
    assert_eq!(policy["kinds"]["clients"]["id"], "row");
    assert_eq!(policy["kinds"]["profiles"]["id"], "client");
    let to: Vec<&Value> = policy["references"].as_array().unwrap().iter().map(|one| &one["to"]).collect();
    assert_eq!(to, ["clients.uuid", "clients.code", "clients.uuid"]);
    assert!(policy["excluded"].is_null());
}

#[tokio::test]
async fn a_composite_foreign_key_that_holds_the_id_is_a_reference() {
    let policy = first(
        "CREATE TABLE clients (tenant INTEGER NOT NULL, id INTEGER PRIMARY KEY, UNIQUE (tenant, id));
         CREATE TABLE debts (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, client INTEGER NOT NULL,
                             FOREIGN KEY (tenant, client) REFERENCES clients (tenant, id));",
    )
    .await;
    assert_eq!(written(&policy)["references"], json!([ { "from": "debts.client", "to": "clients" } ]));
}

#[tokio::test]
async fn a_second_reference_of_one_column_is_undecided_with_a_reason() {
    let policy = first(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE tags (client INTEGER REFERENCES clients, tag TEXT, PRIMARY KEY (client, tag));
         CREATE TABLE notes (id INTEGER PRIMARY KEY, client INTEGER, tag TEXT, FOREIGN KEY (client, tag) REFERENCES tags);
         CREATE TABLE two (id INTEGER PRIMARY KEY, a INTEGER REFERENCES clients REFERENCES own);
         CREATE TABLE own (id INTEGER PRIMARY KEY, client INTEGER REFERENCES clients);",
    )
    .await;
    let undecided = written(&policy)["undecided"].clone();
    let left_out: Vec<String> = undecided
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!("{}{}", one["reference"].as_str().unwrap_or(""), one["table"].as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(left_out, ["two.a"]);
    assert!(undecided.to_string().contains("it also refers to"), "{undecided}");
    assert!(written(&policy)["excluded"].is_null());
    let policy = written(&policy);
    assert_eq!(policy["kinds"]["tags"]["id"], json!(["client", "tag"]));
    let notes = json!({ "from": ["notes.client", "notes.tag"], "to": "tags", "nullable": true });
    assert!(policy["references"].as_array().unwrap().contains(&notes), "{policy:#}");
}

#[tokio::test]
async fn unusual_names_are_kept() {
    let world = World::new(
        "CREATE TABLE \"clients\" (\"the \"\"id\"\"\" INTEGER PRIMARY KEY, \"a.b\" TEXT);
         CREATE TABLE \"sales.in voices\" (\"order\" INTEGER PRIMARY KEY, \"of.client\" INTEGER REFERENCES clients, of_client TEXT);
         CREATE TABLE \"select\" (id INTEGER PRIMARY KEY, \"группа\" INTEGER REFERENCES \"sales.in voices\");
         INSERT INTO clients VALUES (1, 'x'); INSERT INTO \"sales.in voices\" VALUES (2, 1, 'y');",
    )
    .await;
    let policy = first_policy(&world.store.catalogue().await.unwrap(), "clients").unwrap();
    let names: Vec<_> = policy.map().references().map(|one| one.name.to_string()).collect();
    assert_eq!(names, ["sales.in voices.of_client_", "select.группа"]);
    let lifecycle = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy).await.unwrap();
    let request = client_lifecycle::Request::hard_delete("clients", 1)
        .by(client_lifecycle::domain::Actor::new("ana", "ADMIN"))
        .with_reason(client_lifecycle::domain::Reason::PrivacyRequest);
    let plan = lifecycle.plan(&request).await.unwrap();
    assert_eq!(plan.blockers.len(), 1);
}

#[tokio::test]
async fn the_text_does_not_depend_on_the_order_of_creation() {
    let tables = [
        "CREATE TABLE clients (id INTEGER PRIMARY KEY);",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, x INTEGER REFERENCES clients, y INTEGER REFERENCES a);",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x INTEGER REFERENCES clients, y INTEGER REFERENCES b);",
    ];
    let one = first(&tables.concat()).await;
    let other = first(&tables.into_iter().rev().collect::<String>()).await;
    let text = |policy| serde_json::to_string(policy).unwrap();
    assert_eq!(text(&one), text(&other));
}

#[tokio::test]
async fn a_table_without_foreign_keys_is_left_to_check() {
    let catalogue = catalogue(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE sessions (id INTEGER PRIMARY KEY, client_id INTEGER);",
    )
    .await;
    let policy = first_policy(&catalogue, "clients").unwrap();
    assert_eq!(policy.map().kinds().len(), 1);
    let found = findings(&policy, &catalogue);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code.as_str(), "uncovered_table");
}

#[tokio::test]
async fn an_unsuitable_subject_is_refused() {
    let catalogue = catalogue(
        "CREATE TABLE pairs (a INTEGER, b INTEGER, PRIMARY KEY (a, b)); CREATE TABLE loose (a INTEGER);
         CREATE VIEW seen AS SELECT a FROM pairs;",
    )
    .await;
    for (subject, expected) in [
        ("client", "the table `client` does not exist; use one of `loose`, `pairs`"),
        (
            "seen",
            "`seen` is a view, and foreign keys cannot refer to a view; use the table that the view reads",
        ),
        ("loose", "`loose` cannot be the subject: it has no key; add a primary key"),
    ] {
        let error: NoFirstPolicy = first_policy(&catalogue, subject).unwrap_err();
        assert_eq!(format!("{error}; {}", error.remedy()), expected);
    }
}
