//! Plans foresee rows that would become equal under a unique index.

use client_lifecycle::domain::{Actor, RecordId, Request};
use serde_json::{Value, json};

use crate::world::World;

const TABLES: &str = "CREATE TABLE users (id int PRIMARY KEY, email text);
     CREATE TABLE views (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users, case_id int, note text, gone boolean);
     CREATE INDEX ON views (user_id);
     INSERT INTO users VALUES (1, 'a'), (2, 'b');
     INSERT INTO views VALUES (100, 1, 10, 'X', false), (101, 2, 10, 'x', true), (102, 1, 11, 'y', false), (103, 1, NULL, 'z', false),
        (104, 2, NULL, 'Z', false);";

fn document(rule: &Value) -> Value {
    json!({
        "subject": "users", "kinds": { "users": {}, "views": { "personal": { "note": { "text": "GONE" } } } },
        "references": [ { "from": "views.user_id", "to": "users" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "views.user_id": rule } } }
    })
}

fn request() -> Request {
    Request::hard_delete("users", 1).by(Actor::new("ana", "ADMIN"))
}

/// Checks which rows block a reassignment of the first user's views to the second user.
#[tokio::test]
async fn rows_that_a_reassignment_makes_equal_block_with_their_ids() {
    let cases: [(&str, &[i64]); 9] = [
        ("UNIQUE (user_id, case_id)", &[100]),
        ("UNIQUE NULLS NOT DISTINCT (user_id, case_id)", &[100, 103]),
        ("EXCLUDE (id WITH =)", &[]),
        ("INDEX (user_id, lower(note))", &[100, 103]),
        ("INDEX (user_id, note)", &[]),
        ("INDEX (user_id, case_id) WHERE NOT gone", &[]),
        ("INDEX (user_id, case_id) WHERE user_id = 1", &[]),
        ("INDEX (case_id, user_id) INCLUDE (note)", &[100]),
        ("INDEX ((user_id * 100 + case_id))", &[100]),
    ];
    for (key, expected) in cases {
        let ddl = match key.strip_prefix("INDEX ") {
            Some(index) => format!("{TABLES} CREATE UNIQUE INDEX the_index ON views {index}"),
            None => format!("{TABLES} ALTER TABLE views ADD CONSTRAINT the_key {key}"),
        };
        let Some(world) = World::new(&ddl, &document(&json!("reassign"))).await else { return };
        let lifecycle = world.lifecycle().await;
        let request = request().reassign("views.user_id", 2);
        let plan = lifecycle.plan(&request).await.unwrap();
        let found: Vec<RecordId> = plan.blockers.iter().flat_map(|blocker| blocker.sample.clone()).collect();
        let expected: Vec<RecordId> = expected.iter().copied().map(RecordId::from).collect();
        assert_eq!(found, expected, "{key}: {plan}");
        let done = lifecycle.apply(&request, &plan).await;
        assert_eq!(done.is_ok(), expected.is_empty(), "{key}: {done:?}");
        assert_eq!(
            world.number("SELECT count(*) FROM users").await,
            2 - i64::from(expected.is_empty()),
            "{key}"
        );
    }
}

/// The rows of one user become equal to each other, and the type compares without case.
#[tokio::test]
async fn rows_that_a_mask_makes_equal_block_with_their_ids() {
    let rule = json!({ "then": { "anonymize": { "note": { "text": "GONE" } } }, "on_survive": { "reassign": { "to": 2 } } });
    let ddl = format!(
        "{TABLES} INSERT INTO views VALUES (105, 2, 1, 'gone', true); CREATE UNIQUE INDEX the_index ON views (lower(note))"
    );
    let ddl = ddl
        .replace("'X', false", "'W', false")
        .replace("(104, 2, NULL, 'Z', false)", "(104, 2, NULL, 'v', false)");
    let Some(world) = World::new(&ddl, &document(&rule)).await else { return };
    let lifecycle = world.lifecycle().await;
    let plan = lifecycle.plan(&request()).await.unwrap();
    let found: Vec<_> =
        plan.blockers.iter().map(|one| (one.rule.clone(), one.count, one.sample.clone())).collect();
    let ids: Vec<RecordId> = [100, 102, 103].map(RecordId::from).to_vec();
    assert_eq!(found, [("anonymize".to_owned(), 3, ids)], "{plan}");
    assert!(plan.blockers[0].message.contains("lower(note)"), "{plan}");
}

/// An index that was created while the service runs is noticed at the latest when it refuses a row.
#[tokio::test]
async fn a_unique_index_that_is_added_later_is_foreseen() {
    let Some(world) = World::new(TABLES, &document(&json!("reassign"))).await else { return };
    let lifecycle = world.lifecycle().await;
    let request = request().reassign("views.user_id", 2);
    assert!(lifecycle.plan(&request).await.unwrap().is_executable());
    world.run("CREATE UNIQUE INDEX ON views (user_id, case_id)").await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let plan = lifecycle.plan(&request).await.unwrap();
    assert_eq!(plan.blockers.len(), 1, "{plan}");
    world.run("DELETE FROM views WHERE id = 101").await;
    lifecycle.execute(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
}
