//! Triggers that write rows beside the plan.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::Lifecycle;
use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::protocol::Receipt;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::store::{FiredTrigger, Interfered, StoreError};
use serde_json::json;

use crate::world::World;

const TABLES: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
     CREATE TABLE notes (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, body TEXT);
     CREATE TABLE history (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, what TEXT);
     CREATE TABLE rests (id INTEGER PRIMARY KEY); CREATE VIRTUAL TABLE words USING fts5(body);
     CREATE INDEX n1 ON notes (user_id); CREATE INDEX h1 ON history (user_id);
     INSERT INTO users VALUES (1, 'a'), (2, 'b'); INSERT INTO rests VALUES (1), (2);
     INSERT INTO notes VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z');
     INSERT INTO history (user_id, what) VALUES (1, 'old'), (2, 'old');";

async fn opened(world: &World) -> Lifecycle<SqliteStore> {
    let document = json!({
        "subject": "users", "kinds": { "users": {}, "notes": {}, "history": {}, "rests": {} },
        "references": [ { "from": "notes.user_id", "to": "users" }, { "from": "history.user_id", "to": "users", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "notes.user_id": "cascade", "history.user_id": "set_null" } } }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    Lifecycle::open(SqliteStore::new(world.pool().clone()), policy).await.unwrap()
}

fn delete() -> Request {
    Request::hard_delete("users", 1).by(Actor::new("ana", "ADMIN"))
}

async fn done(trigger: &str) -> (World, Result<Receipt, Error>) {
    let world = World::new(TABLES).await;
    world.run(trigger).await;
    let done = opened(&world).await.execute(&delete()).await;
    let left = "SELECT count(*) FROM temp.sqlite_master WHERE name LIKE 'lifecycle_delet%' \
                OR name LIKE 'lifecycle_insert%'";
    assert_eq!(world.number(left).await, 0, "temporary tables and triggers are gone");
    (world, done)
}

#[tokio::test]
async fn a_trigger_that_writes_beside_the_plan_is_refused_and_named() {
    let cases = [
        ("INSERT INTO history (user_id, what) VALUES (OLD.user_id, OLD.body)", "history"),
        ("DELETE FROM history WHERE user_id = 2", "history"),
        ("DELETE FROM rests WHERE id = 2", "rests"),
        // A replaced row fires no trigger for deletions.
        ("INSERT OR REPLACE INTO rests VALUES (2)", "rests"),
        ("REPLACE INTO history (id, user_id, what) VALUES (2, NULL, 'replaced')", "history"),
        ("UPDATE OR REPLACE rests SET id = 2 WHERE id = 1", "rests"),
        ("UPDATE history SET user_id = 1 WHERE user_id IS NULL OR user_id = 2", "history"),
    ];
    for (body, expected) in cases {
        let trigger = format!("CREATE TRIGGER notes_log AFTER DELETE ON notes BEGIN {body}; END");
        let (world, done) = done(&trigger).await;
        let Err(Error::Store(StoreError::Interference { kind, differs, triggers, .. })) = done else {
            panic!("{body}: {done:?}")
        };
        assert_eq!(
            (kind.as_str(), &*triggers),
            (expected, &[FiredTrigger::new("notes", "notes_log")][..]),
            "{body}"
        );
        assert_ne!(differs, Interfered::Remaining);
        let rows = "SELECT (SELECT count(*) FROM notes) * 100 + (SELECT count(*) FROM history) * 10 + (SELECT count(*) FROM rests)";
        assert_eq!(world.number(rows).await, 322, "{body}: nothing has changed");
    }
}

#[tokio::test]
async fn a_trigger_that_keeps_to_other_tables_or_to_the_plan_is_no_obstacle() {
    for body in [
        "INSERT INTO words VALUES (OLD.body)",
        "DELETE FROM notes WHERE user_id = OLD.user_id",
        "UPDATE users SET email = 'seen' WHERE id = 2",
        "INSERT OR REPLACE INTO rests VALUES (OLD.id + 10)",
    ] {
        let trigger = format!("CREATE TRIGGER notes_log AFTER DELETE ON notes BEGIN {body}; END");
        let (world, done) = done(&trigger).await;
        let receipt = done.unwrap_or_else(|error| panic!("{body}: {error:?}"));
        assert!(receipt.steps.iter().all(|step| step.planned == step.actual), "{body}: {receipt:?}");
        assert_eq!(world.texts("SELECT id FROM notes").await.len(), 1, "{body}");
        assert_eq!(world.number("SELECT count(*) FROM history WHERE user_id = 1").await, 0, "{body}");
    }
}

#[tokio::test]
async fn the_message_of_a_trigger_is_passed_on() {
    for raise in ["ABORT", "FAIL", "ROLLBACK"] {
        let trigger = format!(
            "CREATE TRIGGER no_mondays BEFORE DELETE ON notes BEGIN SELECT raise({raise}, 'not on mondays'); END"
        );
        let (world, done) = done(&trigger).await;
        let error = done.unwrap_err();
        let text = format!("{error:?}");
        assert!(matches!(error, Error::Store(StoreError::Refused { .. })), "{raise}: {text}");
        assert!(text.contains("not on mondays") && text.contains("no_mondays"), "{raise}: {text}");
        assert_eq!(world.texts("SELECT id FROM notes").await.len(), 3, "{raise}");
    }
}

#[tokio::test]
async fn a_trigger_that_is_added_or_dropped_while_the_service_runs_is_noticed() {
    let world = World::new(TABLES).await;
    let lifecycle = opened(&world).await;
    let plan = lifecycle.plan(&delete()).await.unwrap();
    assert!(
        lifecycle.execute(&Request::hard_delete("users", 2).by(Actor::new("ana", "ADMIN"))).await.is_ok()
    );
    world.run("CREATE TRIGGER t AFTER DELETE ON notes BEGIN DELETE FROM rests; END").await;
    let done = lifecycle.apply(&delete(), &plan).await;
    assert!(matches!(done, Err(Error::Store(StoreError::Interference { .. }))), "{done:?}");
    world.run("DROP TRIGGER t").await;
    lifecycle.apply(&delete(), &plan).await.unwrap_or_else(|error| panic!("{error:?}"));
}
