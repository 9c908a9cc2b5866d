//! Lists of ids as JSON text.

use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::sql::findings;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::store::{Store, StoreError};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::world::World;

fn policy(rule: &Value) -> DeletionPolicy {
    let document = json!({
        "version": "1", "subject": "users", "kinds": { "users": {}, "bodies": {} },
        "references": [{ "from": "bodies.editor_ids", "to": "users", "nullable": true, "each": true }],
        "modes": { "hard_delete": { "allow": "any", "rules": { "bodies.editor_ids": rule } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

const BODIES: &str = "SELECT id || ' ' || ifnull(editor_ids, '-') FROM bodies ORDER BY id";

async fn lifecycle(world: &World, rule: &Value) -> Lifecycle<SqliteStore> {
    let opened = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy(rule)).await;
    opened.unwrap_or_else(|error| panic!("{error}"))
}

fn delete(id: impl Into<RecordId>) -> Request {
    Request::hard_delete("users", id).by(Actor::new("ana", "ADMIN"))
}

/// Bodies list their editors. User 12 goes.
#[tokio::test]
async fn an_editor_is_taken_out_of_every_list_and_nothing_else_changes() {
    let world = World::new(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
         CREATE TABLE bodies (id INTEGER PRIMARY KEY, name TEXT, editor_ids TEXT);
         INSERT INTO users VALUES (1,'a'),(2,'b'),(12,'c');
         INSERT INTO bodies VALUES (1,'x','[1,2,12]'),(2,'y','[12]'),(3,'z','[ 2 ]'),(4,'n',NULL);",
    )
    .await;
    let found = findings(&policy(&json!("set_null")), &world.store.catalogue().await.unwrap());
    let found: Vec<_> = found.iter().map(|one| (one.code.as_str(), one.path.as_str())).collect();
    // No index and no foreign key can look into JSON, so only the missing lock is reported.
    assert_eq!(found, [("unprotected_reference", "references.bodies.editor_ids")]);
    lifecycle(&world, &json!("set_null")).await.execute(&delete(12)).await.unwrap();
    // A list that does not change keeps its spelling.
    assert_eq!(world.texts(BODIES).await, ["1 [1,2]", "2 []", "3 [ 2 ]", "4 -"]);
    assert_eq!(world.texts("SELECT name FROM bodies ORDER BY id").await, ["x", "y", "z", "n"]);
}

#[tokio::test]
async fn lists_separated_by_commas_are_an_error_and_nothing_changes() {
    let world = World::new(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
         CREATE TABLE bodies (id INTEGER PRIMARY KEY, name TEXT, editor_ids TEXT);
         INSERT INTO users VALUES (1,'a'),(2,'b'),(12,'c');
         INSERT INTO bodies VALUES (1,'x','1,2,12'),(2,'y','12'),(3,'z','2');",
    )
    .await;
    for rule in ["set_null", "cascade", "restrict"] {
        let error = lifecycle(&world, &json!(rule)).await.execute(&delete(12)).await.unwrap_err();
        let Error::Store(StoreError::BadValue { kind, id, field, expected }) = &error else {
            panic!("{error:?}")
        };
        let found = (kind.as_str(), id.clone(), field.as_str(), expected.as_str());
        assert_eq!(found, ("bodies", Some(1.into()), "editor_ids", "list of ids"));
    }
    assert_eq!(world.texts(BODIES).await, ["1 1,2,12", "2 12", "3 2"]);
    assert_eq!(world.number("SELECT count(*) FROM users").await, 3);
}

#[tokio::test]
async fn uuids_that_are_stored_as_bytes_are_text_in_lists() {
    let uuid = |number| uuid::Uuid::from_u128(number);
    let hex = |number| uuid(number).simple().to_string();
    let world = World::new(&format!(
        "CREATE TABLE users (id BLOB PRIMARY KEY NOT NULL);
         CREATE TABLE bodies (id INTEGER PRIMARY KEY, editor_ids TEXT);
         INSERT INTO users VALUES (x'{}'), (x'{}'), (x'{}');
         INSERT INTO bodies VALUES (1, json_array('{}', '{}')), (2, json_array('{}', '{}')), (3, '[]');",
        hex(1),
        hex(2),
        hex(3),
        uuid(1),
        uuid(2),
        uuid(3),
        uuid(1)
    ))
    .await;
    let rule = json!({ "reassign": { "to": uuid(3).to_string() } });
    lifecycle(&world, &rule).await.execute(&delete(uuid(1))).await.unwrap();
    let (second, third) = (uuid(2), uuid(3));
    assert_eq!(
        world.texts(BODIES).await,
        [format!("1 [\"{third}\",\"{second}\"]"), format!("2 [\"{third}\"]"), "3 []".into()]
    );
}

#[tokio::test]
async fn a_column_of_integers_holds_no_list() {
    let world = World::new(
        "CREATE TABLE users (id INTEGER PRIMARY KEY);
         CREATE TABLE bodies (id INTEGER PRIMARY KEY, editor_ids INTEGER);",
    )
    .await;
    let faults = world.store.check(policy(&json!("set_null")).map()).await.unwrap();
    let fault = faults.iter().find(|fault| fault.path == "references.bodies.editor_ids").unwrap();
    assert_eq!(
        fault.message,
        "the column is INTEGER, which holds no list of the ids of `users`, which are INTEGER"
    );
    assert_eq!(fault.remedy, "use a text column with JSON arrays, or remove `each`");
}
