//! Plans foresee rows that a constraint would refuse, and foreign keys that are checked at the commit fail as a whole.

use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::store::StoreError;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::json;

use crate::world::World;

const ROWS: &str = "INSERT INTO users VALUES (1), (2);
     INSERT INTO notes (id, user_id, body, mail, at) VALUES (100, 1, 'long', 'x@example.org', NULL),
        (101, 1, 'it', 'y@example.org', 5), (102, 2, 'it', 'z@example.org', 6);";

fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "users",
        "kinds": { "users": {}, "notes": { "personal": { "body": { "truncate": 3 }, "mail": "placeholder_email" } } },
        "references": [ { "from": "notes.user_id", "to": "users", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any",
            "rules": { "notes.user_id": { "then": "anonymize", "on_survive": "set_null" } } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn request() -> Request {
    Request::hard_delete("users", 1).by(Actor::new("ana", "ADMIN"))
}

fn tables(columns: &str, end: &str) -> String {
    format!(
        "CREATE TABLE users (id INTEGER PRIMARY KEY);
         CREATE TABLE notes (id INTEGER PRIMARY KEY NOT NULL, user_id INTEGER REFERENCES users, body TEXT COLLATE NOCASE,
            mail TEXT, at INTEGER{columns}){end};
         {ROWS}"
    )
}

/// Each constraint is compared with what the database does to the same update.
#[tokio::test]
async fn a_blocker_names_the_constraint_and_exactly_the_rows_that_it_refuses() {
    let cases: [(&str, &str, &str, &[i64]); 8] = [
        (", CONSTRAINT three CHECK (length(body) <> 3)", "", "`three`", &[100]),
        // The collation of the column holds in the constraint.
        (", CHECK (body <> 'LON')", "", "`body <> 'LON'`", &[100]),
        (", CONSTRAINT two CHECK (user_id IS NOT NULL OR at IS NULL)", "", "`two`", &[101]),
        (", low TEXT AS (lower(body) || '!'), CONSTRAINT low CHECK (low <> 'lon!')", "", "`low`", &[100]),
        (", low TEXT AS (substr(body, 1, 2)) STORED, UNIQUE (low, user_id)", "", "", &[]),
        (", CHECK (\"notes\".at IS NOT NULL OR length(body) > 2)", "", "", &[]),
        (", CHECK (at > 4)", " STRICT", "", &[]),
        (", CONSTRAINT short CHECK (length(mail) < 20)", " STRICT", "`short`", &[100, 101]),
    ];
    for (columns, end, name, expected) in cases {
        let world = World::new(&tables(columns, end)).await;
        let lifecycle =
            Lifecycle::open(&world.store, policy()).await.unwrap_or_else(|error| panic!("{error}"));
        let plan = lifecycle.plan(&request()).await.unwrap();
        let found: Vec<RecordId> = plan.blockers.iter().flat_map(|blocker| blocker.sample.clone()).collect();
        let expected: Vec<RecordId> = expected.iter().copied().map(RecordId::from).collect();
        assert_eq!(found, expected, "{columns}: {plan}");
        assert!(plan.blockers.iter().all(|one| one.message.contains(name)), "{columns}: {plan}");
        let done = lifecycle.apply(&request(), &plan).await;
        assert_eq!(done.is_ok(), expected.is_empty(), "{columns}: {done:?}");
    }
}

#[tokio::test]
async fn a_constraint_that_is_added_later_is_foreseen() {
    let world = World::new(&tables("", "")).await;
    let lifecycle = Lifecycle::open(&world.store, policy()).await.unwrap();
    assert!(lifecycle.plan(&request()).await.unwrap().is_executable());
    world.run("ALTER TABLE notes ADD COLUMN extra INTEGER CHECK (body <> 'lon')").await;
    tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
    let plan = lifecycle.plan(&request()).await.unwrap();
    assert_eq!(plan.blockers.len(), 1, "{plan}");
}

/// The other connection inserts what the plan could not know. The foreign key is checked at the commit.
#[tokio::test]
async fn a_deferred_foreign_key_that_fails_at_the_commit_changes_nothing() {
    let ddl = tables("", "")
        + "CREATE UNIQUE INDEX bodies ON notes (id, mail); CREATE TABLE tags (note INTEGER, mail TEXT, \
           FOREIGN KEY (note, mail) REFERENCES notes (id, mail) DEFERRABLE INITIALLY DEFERRED);";
    let world = World::new(&ddl).await;
    let lifecycle = Lifecycle::open(&world.store, policy()).await.unwrap();
    let plan = lifecycle.plan(&request()).await.unwrap();
    assert!(plan.is_executable(), "{plan}");
    world.run("INSERT INTO tags VALUES (100, 'x@example.org')").await;
    let rows = "SELECT json_group_array(json_array(id, user_id, body, mail)) FROM notes";
    let before = world.texts(rows).await;
    let done = lifecycle.apply(&request(), &plan).await;
    let Err(Error::Store(error @ StoreError::Refused { .. })) = &done else { panic!("{done:?}") };
    // The message of the database is the last source.
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    assert!(last.to_string().contains("FOREIGN KEY"), "{error}: {last}");
    assert_eq!(world.texts(rows).await, before);
    assert_eq!(world.number("SELECT count(*) FROM users").await, 2);
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_operations").await, 0);
}
