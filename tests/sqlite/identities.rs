//! What identifies a row: columns of a unique index, a key of many columns, or nothing.

use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::sqlite::{SqliteStore, sqlx};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::world::World;

fn policy(document: &Value) -> DeletionPolicy {
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// A link table with a unique index, and without a primary key.
#[tokio::test]
async fn a_link_table_needs_no_primary_key() {
    for id in [json!(["person_id", "tag_id"]), json!(["tag_id", "person_id"]), json!([])] {
        let world = World::new(
            "CREATE TABLE people (id INTEGER PRIMARY KEY);
             CREATE TABLE tags (id INTEGER PRIMARY KEY);
             CREATE TABLE people_tags (person_id INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
                 tag_id INTEGER NOT NULL REFERENCES tags ON DELETE CASCADE);
             CREATE UNIQUE INDEX people_tags_ab ON people_tags (person_id, tag_id);
             CREATE INDEX people_tags_b ON people_tags (tag_id);
             INSERT INTO people VALUES (1), (2); INSERT INTO tags VALUES (1), (2);
             INSERT INTO people_tags VALUES (1, 1), (1, 2), (2, 1);",
        )
        .await;
        let policy = policy(&json!({
            "subject": "people", "kinds": { "people": {}, "tags": {}, "people_tags": { "id": id } },
            "references": [ { "from": "people_tags.person_id", "to": "people" },
                            { "from": "people_tags.tag_id", "to": "tags" } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
        }));
        let lifecycle = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy).await.unwrap();
        let request = Request::hard_delete("people", 1).by(Actor::new("ana", "ADMIN"));
        let plan = lifecycle.plan(&request).await.unwrap();
        let receipt = lifecycle.apply(&request, &plan).await.unwrap();
        let actual: Vec<u64> = receipt.steps.iter().map(|step| step.actual).collect();
        assert_eq!(actual, [2, 1], "{plan}");
        assert_eq!(world.texts("SELECT person_id || '/' || tag_id FROM people_tags").await, ["2/1"]);
    }
}

#[tokio::test]
async fn columns_whose_types_do_not_fit_are_refused_before_anything_is_read() {
    let world = World::new(
        "CREATE TABLE members (id INTEGER PRIMARY KEY); CREATE TABLE activity (id INTEGER PRIMARY KEY, object_id TEXT NOT NULL);
         INSERT INTO members VALUES (1); INSERT INTO activity VALUES (1, '1');",
    )
    .await;
    let policy = policy(&json!({
        "subject": "members", "kinds": { "members": {}, "activity": {} },
        "references": [ { "from": "activity.object_id", "to": "members" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    }));
    let opened = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy).await;
    let error = opened.unwrap_err().to_string();
    assert!(error.contains("references.activity.object_id: the column is TEXT"), "{error}");
}

/// Returns a policy in which the key of `clients` and the reference of `debts` have so many fields, and its tables.
fn of_columns(count: usize) -> (DeletionPolicy, String, RecordId) {
    let names: Vec<String> = (0..count).map(|at| format!("k{at}")).collect();
    let from: Vec<String> = names.iter().map(|name| format!("debts.{name}")).collect();
    let document = json!({
        "subject": "clients", "kinds": { "clients": { "id": names }, "debts": {} },
        "references": [ { "from": from, "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let columns: Vec<String> = names.iter().map(|name| format!("{name} INTEGER NOT NULL")).collect();
    let (columns, key) = (columns.join(", "), names.join(", "));
    let row = |last: i64| {
        let values: Vec<String> = (1..count).map(|at| at.to_string()).chain([last.to_string()]).collect();
        values.join(", ")
    };
    let (one, other) = (row(1), row(2));
    let ddl = format!(
        "CREATE TABLE clients ({columns}, PRIMARY KEY ({key}));
         CREATE TABLE debts (id INTEGER PRIMARY KEY, {columns}, FOREIGN KEY ({key}) REFERENCES clients);
         INSERT INTO clients VALUES ({one}), ({other}); INSERT INTO debts VALUES (1, {one}), (2, {other}), (3, {one});"
    );
    let id = (1..count).map(|at| RecordId::from(i64::try_from(at).unwrap())).chain([1.into()]);
    (policy(&document), ddl, RecordId::tuple(id))
}

#[tokio::test]
async fn a_key_may_have_a_hundred_columns() {
    for count in [40, 100] {
        let (policy, ddl, id) = of_columns(count);
        let world = World::new(&ddl).await;
        let lifecycle = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy).await.unwrap();
        let request = Request::hard_delete("clients", id).by(Actor::new("ana", "ADMIN"));
        let plan = lifecycle.plan(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
        lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
        assert_eq!(world.number("SELECT count(*) FROM clients").await, 1);
        assert_eq!(world.texts("SELECT id FROM debts").await, ["2"]);
    }
}

#[tokio::test]
async fn an_id_of_several_columns_is_read_from_the_log_as_it_was_asked_for() {
    let document = json!({
        "subject": "seats", "kinds": { "seats": { "id": ["show_no", "place"] } },
        "modes": { "hard_delete": { "allow": "any", "rules": {}, "effects": [ { "topic": "free" } ] } }
    });
    let ddl = "CREATE TABLE seats (show_no integer NOT NULL, place varchar(9) NOT NULL, PRIMARY KEY (show_no, place));
        INSERT INTO seats VALUES (7, 'A1'), (7, 'A2');";
    let world = World::new(ddl).await;
    let policy = policy(&document);
    let store = SqliteStore::new(world.pool().clone());
    let lifecycle = Lifecycle::open(&store, policy).await.unwrap();
    let request = Request::hard_delete("seats", (7, "A1")).by(Actor::new("ana", "ADMIN"));
    let receipt = lifecycle.execute(&request).await.unwrap();
    for id in [RecordId::from((7, "A1")), RecordId::from("[7,\"A1\"]")] {
        let entries = store.audit(&"seats".into(), &id).await.unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].subjects, [(7, "A1").into()]);
    }
    let events = store.events(receipt.operation).await.unwrap();
    assert_eq!(events[0].record, (7, "A1").into());
}

#[tokio::test]
async fn a_key_that_is_not_unique_cannot_be_referred_to() {
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "visits": {} },
        "references": [ { "from": "visits.client_code", "to": "clients.code" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY, code varchar(9) NOT NULL);
        CREATE TABLE visits (id integer PRIMARY KEY, client_code varchar(9) NOT NULL);";
    let world = World::new(ddl).await;
    let policy = policy(&document);
    let store = SqliteStore::new(world.pool().clone());
    let error = Lifecycle::open(&store, policy).await.unwrap_err().to_string();
    let expected = "references.visits.client_code: `code` of `clients` is not unique, so a row could refer to several records";
    assert!(error.contains(expected), "{error}");
}

/// An index on `lower(code)` is enough, and the only one that rules out codes that differ in case.
#[tokio::test]
async fn an_index_in_lower_case_makes_a_value_unique_in_any_case() {
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "visits": {} },
        "references": [ { "from": "visits.code", "to": "clients.code", "compare": "ignore_ascii_case" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY, code varchar(9) NOT NULL);
        CREATE UNIQUE INDEX codes ON clients (lower(code));
        CREATE TABLE visits (id integer PRIMARY KEY, code varchar(9) NOT NULL);
        INSERT INTO clients VALUES (1, 'Abc'); INSERT INTO visits VALUES (1, 'abc');";
    let world = World::new(ddl).await;
    let store = SqliteStore::new(world.pool().clone());
    Lifecycle::open(&store, policy(&document)).await.unwrap();
    let second = sqlx::raw_sql("INSERT INTO clients VALUES (2, 'aBC')").execute(world.pool()).await;
    assert!(second.is_err(), "the index refuses it");
}
