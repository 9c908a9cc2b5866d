//! Plans foresee rows that a constraint would refuse, and constraints that are checked at the commit fail as a whole.

use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::store::StoreError;
use serde_json::{Value, json};

use crate::world::World;

const TABLES: &str = "CREATE TABLE users (id int PRIMARY KEY, email text);
     CREATE TABLE notes (id int PRIMARY KEY, user_id int REFERENCES users, body text, mail text, amount numeric(4, 1),
        version smallint, at timestamptz);
     CREATE INDEX ON notes (user_id);
     INSERT INTO users VALUES (1, 'a'), (2, 'b');
     INSERT INTO notes VALUES (100, 1, 'long', 'x@example.org', 1, 3, NULL), (101, 1, 'it', 'y@example.org', 2, 32767, now()),
        (102, 2, 'it', 'z@example.org', 3, NULL, now());";

fn document() -> Value {
    json!({
        "subject": "users",
        "kinds": { "users": {}, "notes": { "version": "version",
            "personal": { "body": { "truncate": 3 }, "mail": "placeholder_email" } } },
        "references": [ { "from": "notes.user_id", "to": "users", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any",
            "rules": { "notes.user_id": { "then": "anonymize", "on_survive": "set_null" } } } }
    })
}

fn request() -> Request {
    Request::hard_delete("users", 1).by(Actor::new("ana", "ADMIN"))
}

/// Each constraint is compared with what the database does to the same update.
#[tokio::test]
async fn a_blocker_names_the_constraint_and_exactly_the_rows_that_it_refuses() {
    let cases: [(&str, &str, &[i64]); 12] = [
        ("ADD CHECK (length(body) <> 3)", "`notes_body_check`", &[100]),
        ("ADD CONSTRAINT two CHECK (user_id IS NOT NULL OR at IS NULL)", "`two`", &[101]),
        ("ADD CONSTRAINT old CHECK (body <> 'it') NOT VALID", "`old`", &[101]),
        (
            "ADD short text GENERATED ALWAYS AS (nullif(body, 'lon')) STORED NOT NULL",
            "`short`, which is NOT NULL",
            &[100],
        ),
        ("ALTER mail TYPE varchar(20)", "character varying(20) cannot hold", &[100, 101]),
        ("ALTER mail TYPE short", "short cannot hold", &[100, 101]),
        ("ALTER body TYPE spoken", "`spoken_check`", &[100]),
        (
            "ADD low text GENERATED ALWAYS AS (lower(body) || '!') STORED, ADD CHECK (low <> 'lon!')",
            "`notes_low_check`",
            &[100],
        ),
        (
            "ADD CONSTRAINT apart EXCLUDE USING gist (int4range(length(body), 5) WITH &&) WHERE (user_id IS NULL)",
            "`apart`",
            &[100, 101],
        ),
        ("ADD CHECK (at IS NOT NULL OR length(body) > 2)", "", &[]),
        ("ADD CHECK (amount < 10)", "", &[]),
        ("ALTER amount TYPE numeric(3, 1)", "", &[]),
    ];
    for (constraint, name, expected) in cases {
        let ddl = format!(
            "CREATE DOMAIN short AS varchar(19); \
             CREATE DOMAIN spoken AS text CONSTRAINT spoken_check CHECK (VALUE <> 'lon'); \
             {TABLES} ALTER TABLE notes ALTER version TYPE int;"
        );
        let Some(world) = World::new(&ddl, &document()).await else { return };
        let lifecycle = world.lifecycle().await;
        world.run(&format!("ALTER TABLE notes {constraint}")).await;
        tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
        let plan = lifecycle.plan(&request()).await.unwrap_or_else(|error| panic!("{constraint}: {error}"));
        let found: Vec<RecordId> = plan.blockers.iter().flat_map(|blocker| blocker.sample.clone()).collect();
        let expected: Vec<RecordId> = expected.iter().copied().map(RecordId::from).collect();
        assert_eq!(found, expected, "{constraint}: {plan}");
        assert!(plan.blockers.iter().all(|one| one.message.contains(name)), "{constraint}: {plan}");
        let done = lifecycle.apply(&request(), &plan).await;
        assert_eq!(done.is_ok(), expected.is_empty(), "{constraint}: {done:?}");
        let left = world.number("SELECT count(*) FROM users").await;
        assert_eq!(left, 2 - i64::from(expected.is_empty()), "{constraint}");
    }
}

/// The version of the second note is the last number of its type.
#[tokio::test]
async fn a_counter_at_the_end_of_its_type_blocks() {
    let Some(world) = World::new(TABLES, &document()).await else { return };
    let plan = world.lifecycle().await.plan(&request()).await.unwrap();
    let found: Vec<_> = plan.blockers.iter().map(|one| (one.count, one.sample.clone())).collect();
    assert_eq!(found, [(1, vec![RecordId::from(101)])], "{plan}");
    assert!(plan.blockers[0].message.contains("`version` that smallint cannot hold"), "{plan}");
}

/// The other session inserts what the plan could not know. The constraints are checked at the commit.
#[tokio::test]
async fn a_deferred_constraint_that_fails_at_the_commit_changes_nothing_and_is_named() {
    let deferred = "DEFERRABLE INITIALLY DEFERRED";
    let cases = [
        (
            format!("ALTER TABLE notes ADD CONSTRAINT the_key UNIQUE (body) {deferred}"),
            "INSERT INTO notes VALUES (103, 2, 'lon')",
            "the_key",
        ),
        (
            format!("CREATE TABLE tags (note int CONSTRAINT the_tag REFERENCES notes (code) {deferred})"),
            "INSERT INTO tags VALUES (9)",
            "the_tag",
        ),
    ];
    for (constraint, meanwhile, name) in cases {
        let ddl = format!(
            "{TABLES} UPDATE notes SET version = 1, body = id::text; ALTER TABLE notes ADD code int UNIQUE; \
             UPDATE notes SET body = 'long' WHERE id = 100; UPDATE notes SET code = 9 WHERE id = 100; {constraint}"
        );
        let mut document = document();
        document["kinds"]["notes"]["personal"]["code"] = json!("null");
        document["kinds"]["notes"]["fields"] = json!({ "code": "integer" });
        let Some(world) = World::new(&ddl, &document).await else { return };
        let lifecycle = world.lifecycle().await;
        let plan = lifecycle.plan(&request()).await.unwrap();
        assert!(plan.is_executable(), "{plan}");
        world.run(meanwhile).await;
        let rows = "SELECT json_agg(n ORDER BY id)::text FROM notes AS n";
        let before = world.text(rows).await;
        let done = lifecycle.apply(&request(), &plan).await;
        let Err(Error::Store(error @ StoreError::Refused { .. })) = &done else { panic!("{name}: {done:?}") };
        // The message of the database is the last source.
        let mut last: &dyn std::error::Error = error;
        while let Some(source) = last.source() {
            last = source;
        }
        assert!(last.to_string().contains(name), "{error}: {last}");
        assert_eq!(world.text(rows).await, before, "{name}");
        assert_eq!(world.number("SELECT count(*) FROM users").await, 2, "{name}");
        assert_eq!(world.number("SELECT count(*) FROM lifecycle_operations").await, 0, "{name}");
    }
}
