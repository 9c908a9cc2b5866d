//! Values that a constraint of a column does not allow: a policy that names one is refused when it is opened.

use client_lifecycle::sql::FindingCode;
use client_lifecycle::sqlite::{SqliteStore, sqlx};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

const TABLES: &str =
    "CREATE TABLE clients (id INTEGER PRIMARY KEY, active INTEGER NOT NULL CHECK (active IN (0, 1)));
    CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id),
        state TEXT NOT NULL CHECK (state IN ('OPEN', 'PAID')), \"Phase\" TEXT, level INTEGER, note TEXT,
        CONSTRAINT phases CHECK (\"Phase\" = 'new' OR \"Phase\" = 'old'), CHECK (level in (1, 2)));
    CREATE TABLE nocase (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id),
        state TEXT COLLATE NOCASE CHECK (state IN ('OPEN')));
    CREATE INDEX d ON debts (client_id); CREATE INDEX n ON nocase (client_id);";

fn policy(debts: &Value, nocase: &Value) -> DeletionPolicy {
    let restrict = |when: &Value| json!([{ "when": when, "then": "restrict" }, { "then": "cascade" }]);
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": { "status": { "field": "active", "on": true, "off": false } },
                   "debts": { "fields": { "level": "integer" } }, "nocase": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" }, { "from": "nocase.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any",
            "rules": { "debts.client_id": restrict(debts), "nocase.client_id": restrict(nocase) } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

#[tokio::test]
async fn a_value_that_a_constraint_does_not_allow_is_refused() {
    let store = SqliteStore::connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(TABLES.to_owned())).execute(store.pool()).await.unwrap();
    let store = store.migrate().await.unwrap();
    let is = |field: &str, value: Value| json!({ "field": field, "eq": value });
    for (when, expected) in [
        (is("state", json!("OPENED")), 1),
        (is("state", json!("open")), 1),
        (is("state", json!("PAID")), 0),
        (is("Phase", json!("older")), 1),
        (is("Phase", json!("old")), 0),
        (is("level", json!(3)), 1),
        (is("level", json!(2)), 0),
        (is("note", json!("x")), 0),
    ] {
        let policy = policy(&when, &is("state", json!("Open")));
        let found = store.findings(&policy).await.unwrap();
        let found: Vec<_> = found.iter().filter(|one| one.code == FindingCode::UnknownLabel).collect();
        assert_eq!(found.len(), expected, "{when}: {found:?}");
        assert_eq!(Lifecycle::open(&store, policy).await.is_ok(), expected == 0, "{when}");
    }
}
