//! Labels that a column does not have: a policy that names one is refused when it is opened, and `check` reports it.

use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::sql::FindingCode;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::server::Schema;

const TABLES: &str = r#"
    CREATE TYPE "OrderStatus" AS ENUM ('OPEN', 'PAID', 'VOID');
    CREATE DOMAIN money_state AS varchar(10) CHECK (VALUE IN ('due', 'none'));
    CREATE DOMAIN state AS "OrderStatus" CHECK (VALUE <> 'VOID');
    CREATE DOMAIN fewer AS money_state CHECK (VALUE = 'due');
    CREATE TABLE "User" (id text PRIMARY KEY, active boolean NOT NULL);
    CREATE TABLE "Order" (id int PRIMARY KEY, "userId" text NOT NULL REFERENCES "User", status "OrderStatus" NOT NULL,
        money money_state, state state, fewer fewer, phase text CHECK (phase IN ('new', 'old')),
        size varchar(9) CHECK (size IS NULL OR size = 'S' OR size = 'L'), level int CHECK (level IN (-1, 0, 2)),
        flag char(2) CHECK (flag IN ('y', 'n')), free text CHECK (free <> ''), lower text CHECK (lower(lower) IN ('a')),
        later text, note text);
    ALTER TABLE "Order" ADD CHECK (later IN ('a')) NOT VALID;
    CREATE INDEX ON "Order" ("userId");"#;

fn policy(when: &Value, extra: impl FnOnce(&mut Value)) -> DeletionPolicy {
    let mut document = json!({
        "subject": "users",
        "kinds": {
            "users": { "table": "User", "status": { "field": "active", "on": true, "off": false } },
            "orders": { "table": "Order", "fields": { "level": "integer" } }
        },
        "references": [ { "from": "orders.userId", "to": "users" } ],
        "modes": { "hard_delete": { "allow": "any",
            "rules": { "orders.userId": [{ "when": when, "then": "restrict" }, { "then": "cascade" }] } } }
    });
    extra(&mut document);
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Opens the policy and checks it. Returns the faults and the findings about labels, which are the same.
async fn unknown(store: &PostgresStore, policy: DeletionPolicy) -> Vec<(String, String)> {
    let found = store.findings(&policy).await.unwrap();
    let found = found.into_iter().filter(|one| one.code == FindingCode::UnknownLabel);
    let found: Vec<_> = found.map(|one| (one.path, one.message)).collect();
    let refused = match Lifecycle::open(store, policy).await {
        Ok(_) => Vec::new(),
        Err(Error::SchemaMismatch(faults)) => {
            faults.iter().map(|fault| (fault.path.clone(), fault.message.clone())).collect()
        }
        Err(error) => panic!("{error}"),
    };
    assert_eq!(refused, found);
    found
}

/// A change of a policy document. It gets a condition with a value that the column does not have.
type Change = fn(&mut Value, Value);

#[tokio::test]
async fn a_label_that_the_column_does_not_have_is_refused() {
    let Some(schema) = Schema::new().await else { return };
    schema.run(TABLES).await;
    let store = PostgresStore::new(schema.pool.clone());
    let is = |field: &str, value: Value| json!({ "field": field, "eq": value });
    for (when, column) in [
        (is("status", json!("OPENED")), Some("status")),
        (is("status", json!("open")), Some("status")),
        (is("status", json!("OPEN")), None),
        (json!({ "field": "status", "ne": "CLOSED" }), Some("status")),
        (json!({ "field": "status", "in": ["PAID", "PAYED"] }), Some("status")),
        (
            json!({ "not": { "any": [is("note", json!("x")), is("status", json!("VOIDED"))] } }),
            Some("status"),
        ),
        (json!({ "unknown": is("status", json!("X")) }), Some("status")),
        (is("state", json!("VOIDED")), Some("state")),
        (is("state", json!("PAID")), None),
        (is("money", json!("owed")), Some("money")),
        (is("money", json!("none")), None),
        (is("fewer", json!("none")), Some("fewer")),
        (is("phase", json!("newer")), Some("phase")),
        (is("phase", json!("new")), None),
        (is("size", json!("M")), Some("size")),
        (is("size", json!("L")), None),
        (is("level", json!(1)), Some("level")),
        (is("level", json!(-1)), None),
        (is("flag", json!("n")), None),
        (is("flag", json!("x")), Some("flag")),
        // Other constraints, and those that older rows need not meet.
        (is("free", json!("anything")), None),
        (is("lower", json!("A")), None),
        (is("later", json!("b")), None),
        (is("note", json!("anything")), None),
    ] {
        let found = unknown(&store, policy(&when, |_| {})).await;
        let expected: Vec<&str> = column.into_iter().collect();
        assert_eq!(found.len(), expected.len(), "{when}: {found:?}");
        for (path, message) in found {
            assert_eq!(path, "modes.hard_delete.rules.orders.userId[0].when");
            assert!(message.contains(&format!("the column `{}`", expected[0])), "{message}");
        }
    }
}

#[tokio::test]
async fn labels_of_filters_references_statuses_and_masks_are_checked() {
    let Some(schema) = Schema::new().await else { return };
    schema.run(TABLES).await;
    let store = PostgresStore::new(schema.pool.clone());
    let bad = || json!({ "field": "status", "eq": "X" });
    let changes: [(&str, Change); 6] = [
        ("kinds.orders.filter", |document, bad| document["kinds"]["orders"]["filter"] = bad),
        ("references.orders.userId.if", |document, bad| document["references"][0]["if"] = bad),
        ("kinds.orders.status", |document, _| {
            document["kinds"]["orders"]["status"] = json!({ "field": "status", "on": "OPEN", "off": "SHUT" });
        }),
        ("kinds.orders.personal.status", |document, _| {
            document["kinds"]["orders"]["personal"] = json!({ "status": { "text": "anonymized" } });
        }),
        ("modes.hard_delete.guards[0].when", |document, bad| {
            document["modes"]["hard_delete"]["guards"] =
                json!([{ "name": "g", "on": "orders", "severity": "note", "when": bad }]);
        }),
        ("modes.hard_delete.effects[0].when", |document, bad| {
            document["modes"]["hard_delete"]["effects"] =
                json!([{ "topic": "t", "on": "orders", "when": bad }]);
        }),
    ];
    for (path, change) in changes {
        let policy = policy(&json!({ "field": "status", "eq": "OPEN" }), |document| change(document, bad()));
        let found = unknown(&store, policy).await;
        assert_eq!(found.iter().map(|(path, _)| &**path).collect::<Vec<_>>(), [path]);
    }
}

#[tokio::test]
async fn a_label_that_was_added_is_known() {
    let Some(schema) = Schema::new().await else { return };
    schema.run(TABLES).await;
    let store = PostgresStore::new(schema.pool.clone());
    let policy = || policy(&json!({ "field": "status", "eq": "LATE" }), |_| {});
    assert_eq!(unknown(&store, policy()).await.len(), 1);
    schema.run("ALTER TYPE \"OrderStatus\" ADD VALUE 'LATE'").await;
    assert_eq!(unknown(&store, policy()).await, []);
}

#[tokio::test]
async fn types_and_tables_of_other_schemas_are_found() {
    let Some(schema) = Schema::new().await else { return };
    let other = format!("{}_x", schema.name);
    schema
        .run(&format!(
            "CREATE SCHEMA {other}; CREATE TYPE {other}.\"Odd.State\" AS ENUM ('A'); \
             CREATE TABLE \"User\" (id text PRIMARY KEY, active boolean NOT NULL); \
             CREATE TABLE {other}.\"Order\" (id int PRIMARY KEY, \"userId\" text NOT NULL REFERENCES \"User\", \
             status {other}.\"Odd.State\", level int); CREATE INDEX ON {other}.\"Order\" (\"userId\")"
        ))
        .await;
    let store = PostgresStore::new(schema.pool.clone());
    for (label, count) in [("A", 0), ("a", 1)] {
        let policy = policy(&json!({ "field": "status", "eq": label }), |document| {
            document["kinds"]["orders"]["table"] = json!({ "schema": other, "table": "Order" });
        });
        assert_eq!(unknown(&store, policy).await.len(), count, "{label}");
    }
    schema.run(&format!("DROP SCHEMA {other} CASCADE")).await;
}
