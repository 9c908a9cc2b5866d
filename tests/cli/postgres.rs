//! The command line over PostgreSQL.

use serde_json::json;

use crate::server::Schema;
use crate::world::{ADMIN, World, rows};

const TABLES: &str = "
    CREATE TABLE clients (client_id text PRIMARY KEY, status text NOT NULL, manager text, name text);
    CREATE TABLE debts (id integer PRIMARY KEY, client_id text NOT NULL REFERENCES clients, state text);
    CREATE TABLE sessions (id text PRIMARY KEY, client_id text NOT NULL REFERENCES clients, seen_at timestamptz);
    CREATE TABLE invoices (id integer PRIMARY KEY, client_id text REFERENCES clients, issued_at timestamptz);
    CREATE INDEX ON debts (client_id); CREATE INDEX ON sessions (client_id); CREATE INDEX ON invoices (client_id);";

fn address(schema: &Schema) -> String {
    let address = crate::server::address();
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}options=-c%20search_path%3D{}", schema.name)
}

#[test]
fn a_client_is_planned_and_deleted_as_in_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(schema) = runtime.block_on(Schema::new()) else { return };
    let mut script = TABLES.to_owned();
    for (table, rows) in rows(|id| json!(id)).as_object().unwrap() {
        let from = format!("json_populate_recordset(NULL::{table}, '{rows}')");
        script.extend(["INSERT INTO ", table, " SELECT * FROM ", &from, ";"]);
    }
    runtime.block_on(schema.run(&script));
    let world = World::new("postgres-store");
    let store = address(&schema);

    let check = world.run(&store, "check");
    assert_eq!((check.status, check.out.trim()), (0, "everything is covered"), "{}", check.err);
    let first = world.bare(&["--store", &store, "init", "clients"]);
    assert_eq!(first.json()["references"].as_array().unwrap().len(), 3, "{}", first.err);

    let line = format!("plan clients free {ADMIN} --format json");
    let (shown, in_memory) = (world.run(&store, &line).json(), world.run("memory:data.json", &line).json());
    assert_eq!(shown, in_memory);
    let sql = world.run(&store, &format!("plan clients free {ADMIN} --format sql"));
    assert!(sql.out.contains("FOR UPDATE"), "{}", sql.out);
    let blocked = world.run(&store, &format!("apply clients owes {ADMIN}"));
    assert_eq!(blocked.status, 3, "{}", blocked.err);
    let digest = shown["digest"].as_str().unwrap();
    let done = world.run(&store, &format!("apply clients free {ADMIN} --digest {digest} --format json"));
    assert_eq!(done.status, 0, "{}", done.err);
    assert_eq!(done.json()["receipt"]["outcome"], "delete");
    let again = world.run(&store, &format!("plan clients free {ADMIN}"));
    assert_eq!(again.status, 4, "{}", again.err);
}

#[test]
fn a_server_that_is_not_there_is_said_without_the_password() {
    let world = World::new("postgres-absent");
    for store in ["postgres://ana:hunter2@127.0.0.1:1/app", "postgres://ana:hunter2@[/app"] {
        let ended = world.run(store, &format!("plan clients free {ADMIN}"));
        assert!([1, 2].contains(&ended.status), "{}", ended.status);
        assert!(!ended.err.contains("hunter2"), "{}", ended.err);
    }
}
