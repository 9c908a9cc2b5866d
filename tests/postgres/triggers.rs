//! Triggers that write rows beside the plan.

use client_lifecycle::lifecycle::Error;
use client_lifecycle::store::{FiredTrigger, Interfered, StoreError};
use serde_json::{Value, json};

use crate::world::{World, delete};

const TABLES: &str = "CREATE TABLE clients (id int PRIMARY KEY, email text);
     CREATE TABLE notes (id int PRIMARY KEY, client_id int NOT NULL REFERENCES clients, body text);
     CREATE TABLE history (id serial PRIMARY KEY, client_id int, what text);
     CREATE TABLE rests (id int PRIMARY KEY);
     CREATE INDEX ON notes (client_id); CREATE INDEX ON history (client_id);
     INSERT INTO clients VALUES (1, 'a'), (2, 'b'); INSERT INTO rests VALUES (1), (2);
     INSERT INTO history (client_id, what) VALUES (1, 'old'), (2, 'old');";

fn document() -> Value {
    json!({
        "subject": "clients", "kinds": { "clients": {}, "notes": {}, "history": {}, "rests": {} },
        "references": [ { "from": "notes.client_id", "to": "clients" },
                        { "from": "history.client_id", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any",
            "rules": { "notes.client_id": "cascade", "history.client_id": "set_null" } } }
    })
}

fn on_notes(body: &str) -> String {
    format!(
        "CREATE FUNCTION triggered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN OLD; END $$;
         CREATE TRIGGER notes_log AFTER DELETE ON notes FOR EACH ROW EXECUTE FUNCTION triggered();"
    )
}

/// Creates the tables, with this number of notes of the first client.
async fn world(notes: u32, more: &str) -> Option<World> {
    let ddl =
        format!("{TABLES} INSERT INTO notes SELECT n, 1, 'x' FROM generate_series(1, {notes}) AS n; {more}");
    World::new(&ddl, &document()).await
}

fn interference(error: Error) -> (String, Interfered, u64, u64) {
    let Error::Store(StoreError::Interference { kind, differs, expected, found, triggers }) = error else {
        panic!("{error:?}")
    };
    assert_eq!(triggers, [FiredTrigger::new("notes", "notes_log")]);
    (kind.to_string(), differs, expected, found)
}

/// The same answer whether the operation would be one statement or several.
#[tokio::test]
async fn a_trigger_that_inserts_referrers_is_refused_for_every_number_of_rows() {
    for notes in [1, 3, 700] {
        let log = on_notes("INSERT INTO history (client_id, what) VALUES (OLD.client_id, OLD.body)");
        let Some(world) = world(notes, &log).await else { return };
        let error = world.lifecycle().await.execute(&delete(1)).await.unwrap_err();
        assert!(error.to_string().contains("notes_log") && !error.is_retryable(), "{error:?}");
        let (kind, differs, _, found) = interference(error);
        assert_eq!(kind, "history", "{notes}");
        // The new rows are found by the step on `history`, or afterwards.
        assert!(matches!(differs, Interfered::Written | Interfered::Referring(_)), "{differs:?}");
        assert!(found >= u64::from(notes), "{found}");
        assert_eq!(world.number("SELECT count(*) FROM history").await, 2);
        assert_eq!(world.number("SELECT count(*) FROM notes").await, i64::from(notes));
    }
}

#[tokio::test]
async fn a_trigger_that_deletes_rows_of_others_is_refused() {
    for body in ["DELETE FROM history WHERE client_id = 2", "DELETE FROM rests", "TRUNCATE rests"] {
        let Some(world) = world(2, &on_notes(body)).await else { return };
        let error = world.lifecycle().await.execute(&delete(1)).await.unwrap_err();
        let (_, differs, expected, _) = interference(error);
        assert_eq!((differs, expected), (Interfered::Deleted, 0), "{body}");
        assert_eq!(world.number("SELECT count(*) FROM history").await, 2);
        assert_eq!(world.number("SELECT count(*) FROM rests").await, 2);
    }
}

#[tokio::test]
async fn a_trigger_that_deletes_what_the_plan_deletes_is_no_obstacle() {
    for body in [
        "DELETE FROM notes WHERE client_id = OLD.client_id",
        "UPDATE clients SET email = 'gone' WHERE id = 2",
    ] {
        for notes in [3, 700] {
            let Some(world) = world(notes, &on_notes(body)).await else { return };
            let lifecycle = world.lifecycle().await;
            let plan = lifecycle.plan(&delete(1)).await.unwrap();
            let receipt =
                lifecycle.apply(&delete(1), &plan).await.unwrap_or_else(|error| panic!("{error:?}"));
            assert!(receipt.steps.iter().all(|step| step.planned == step.actual), "{receipt:?}");
            assert_eq!(world.number("SELECT count(*) FROM notes").await, 0);
            assert_eq!(
                world.number("SELECT count(*) FROM pg_class WHERE relname LIKE 'lifecycle_deleted%'").await,
                0
            );
        }
    }
}

#[tokio::test]
async fn a_trigger_that_is_added_disabled_or_replaced_after_the_plan_is_noticed() {
    let Some(world) = world(2, "").await else { return };
    let lifecycle = world.lifecycle().await;
    let plan = lifecycle.plan(&delete(1)).await.unwrap();
    lifecycle.plan(&delete(1)).await.unwrap();
    world.run(&on_notes("DELETE FROM rests")).await;
    interference(lifecycle.apply(&delete(1), &plan).await.unwrap_err());
    world
        .run(
            "CREATE OR REPLACE FUNCTION triggered() RETURNS trigger LANGUAGE plpgsql AS \
              $$ BEGIN RAISE EXCEPTION 'not on mondays' USING ERRCODE = '40P01'; END $$",
        )
        .await;
    let error = lifecycle.apply(&delete(1), &plan).await.unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains("not on mondays") && text.contains("notes_log"), "{text}");
    assert!(matches!(error, Error::Store(StoreError::Refused { .. })) && !error.is_retryable(), "{text}");
    world.run("ALTER TABLE notes DISABLE TRIGGER notes_log").await;
    lifecycle.apply(&delete(1), &plan).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(world.number("SELECT count(*) FROM notes").await, 0);
}

/// A constraint that is checked at the commit fails there, with its name. It is not foreseen, because triggers write the
/// rows.
#[tokio::test]
async fn a_constraint_that_fails_at_the_commit_is_named() {
    let log = on_notes("INSERT INTO history (what) VALUES ('twice')");
    let more = format!(
        "ALTER TABLE history ADD CONSTRAINT history_once EXCLUDE (what WITH =) WHERE (client_id IS NULL) \
         DEFERRABLE INITIALLY DEFERRED; {log}"
    );
    let Some(world) = world(2, &more).await else { return };
    let error = world.lifecycle().await.execute(&delete(1)).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Refused { .. })) && !error.is_retryable(), "{error:?}");
    assert!(format!("{error:?}").contains("history_once"), "{error:?}");
    assert_eq!(world.number("SELECT count(*) FROM notes").await, 2);
}

/// Inside the host's transaction, nothing of the comparison stays behind.
#[tokio::test]
async fn triggers_are_watched_inside_the_hosts_transaction_too() {
    let log = on_notes(
        "INSERT INTO history (client_id, what) VALUES (CASE OLD.body WHEN 'y' THEN OLD.client_id ELSE 0 END, 'log')",
    );
    let Some(world) = world(2, &log).await else { return };
    let lifecycle = world.lifecycle().await;
    world.run("INSERT INTO notes VALUES (10, 2, 'y'); INSERT INTO clients VALUES (0, 'c')").await;
    let mut tx = world.schema.pool.begin().await.unwrap();
    lifecycle.in_transaction(&mut tx).execute(&delete(1)).await.unwrap_or_else(|error| panic!("{error:?}"));
    // The log refers to the second client, who goes.
    let error = lifecycle.in_transaction(&mut tx).execute(&delete(2)).await.unwrap_err();
    assert_eq!(interference(error).0, "history");
    tx.rollback().await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 3);
}
