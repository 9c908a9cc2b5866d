//! The command line on PostgreSQL.

use serde_json::json;

use crate::server::Schema;
use crate::world::{ADMIN, World, rows};

const TABLES: &str = "
    CREATE TABLE clients (client_id text PRIMARY KEY, status text NOT NULL, manager text, name text);
    CREATE TABLE debts (id integer PRIMARY KEY, client_id text NOT NULL REFERENCES clients, state text);
    CREATE TABLE sessions (id text PRIMARY KEY, client_id text NOT NULL REFERENCES clients, seen_at timestamptz);
    CREATE TABLE invoices (id integer PRIMARY KEY, client_id text REFERENCES clients, issued_at timestamptz);
    CREATE INDEX ON debts (client_id); CREATE INDEX ON sessions (client_id); CREATE INDEX ON invoices (client_id);";

#[test]
fn a_client_is_planned_and_deleted_like_in_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(schema) = runtime.block_on(Schema::new()) else { return };
    let mut script = TABLES.to_owned();
    for (table, rows) in rows(|id| json!(id)).as_object().unwrap() {
        let from = format!("json_populate_recordset(NULL::{table}, '{rows}')");
        script.extend(["INSERT INTO ", table, " SELECT * FROM ", &from, ";"]);
    }
    runtime.block_on(schema.run(&script));
    let world = World::new("postgres-store");
    let store = schema.address();

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

/// Every statement is prepared by the server, which rejects operators that do not exist, such as `bigint = text`.
#[test]
fn the_statements_of_a_plan_run_as_they_are_printed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(schema) = runtime.block_on(Schema::new()) else { return };
    let tables = "CREATE TYPE state AS ENUM ('OPEN', 'PAID');
        CREATE TABLE clients (id bigint PRIMARY KEY, tenant integer, born date, note uuid);
        CREATE TABLE debts (id uuid PRIMARY KEY, client_id bigint REFERENCES clients, state state, at timestamptz);
        CREATE TABLE lines (debt uuid REFERENCES debts, no smallint, PRIMARY KEY (debt, no));
        INSERT INTO clients VALUES (7, 1), (8, 1); INSERT INTO debts (id, client_id) VALUES (gen_random_uuid(), 7);";
    runtime.block_on(schema.run(tables));
    let world = World::new("postgres-sql");
    let policy = json!({
        "subject": "clients",
        "kinds": {
            "clients": { "fields": { "tenant": "integer" }, "personal": { "born": "year", "note": "null" } },
            "debts": { "fields": { "at": "timestamp" } }, "lines": { "id": ["debt", "no"] }
        },
        "references": [ { "from": "debts.client_id", "to": "clients", "nullable": true }, { "from": "lines.debt", "to": "debts" } ],
        "modes": {
            "hard_delete": { "allow": [{ "role": "ADMIN", "scope": "tenant" }], "rules": {
                "debts.client_id": [ { "when": { "field": "state", "eq": "OPEN" }, "then": "set_null" },
                                     { "retain": { "for": "P6Y", "from": "at", "basis": "books" }, "on_survive": "set_null" }, "delete" ],
                "lines.debt": "cascade" } },
            "anonymize": { "allow": "any", "rules": { "debts.client_id": "delete", "lines.debt": "delete" } },
            "reassign": { "allow": "any", "rules": { "debts.client_id": "reassign", "lines.debt": "keep" } }
        }
    });
    world.write("policy.json", &policy.to_string());
    let store = schema.address();
    // The library's own tables must exist, as they do before anything is applied.
    let deleted = world.run(&store, &format!("apply clients 8 {ADMIN} --scope 1"));
    assert_eq!(deleted.status, 0, "{}", deleted.err);
    let actor = "--actor ana --role ADMIN";
    for line in
        ["--mode hard_delete --scope 1", "--mode anonymize", "--mode reassign --reassign debts.client_id=8"]
    {
        let shown = world.run(&store, &format!("plan clients 7 {actor} {line} --format sql"));
        assert!(shown.out.contains("\"debts\""), "{line}: {}", shown.err);
        for statement in shown.out.split(";\n").map(str::trim).filter(|text| !text.is_empty()) {
            let statement = statement.trim_end_matches(';');
            let can_prepare = ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"]
                .iter()
                .any(|word| statement.starts_with(word));
            let sql = if can_prepare {
                format!("PREPARE shown AS {statement}; DEALLOCATE shown")
            } else {
                statement.to_owned()
            };
            runtime.block_on(schema.run(&format!("BEGIN; {sql}; ROLLBACK")));
        }
    }
}

/// A schema with the PostgreSQL features that most often break such tools.
const UNKNOWN: &str = "
    CREATE TYPE state AS ENUM ('ON', 'OFF'); CREATE DOMAIN key AS uuid;
    CREATE TABLE \"Clients\" (\"client no\" key PRIMARY KEY DEFAULT gen_random_uuid(), status state NOT NULL DEFAULT 'ON',
        mail text, folded text GENERATED ALWAYS AS (lower(mail)) STORED, referred_by key REFERENCES \"Clients\",
        deleted_at timestamptz);
    CREATE TABLE accounts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        owner key NOT NULL REFERENCES \"Clients\" ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE movements (id uuid PRIMARY KEY, account bigint NOT NULL REFERENCES accounts, day date NOT NULL)
        PARTITION BY HASH (id);
    CREATE TABLE movements_0 PARTITION OF movements FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE movements_1 PARTITION OF movements FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE \"sales.in \"\"voices\"\"\" (\"order\" integer PRIMARY KEY, \"of.client\" key);
    ALTER TABLE \"sales.in \"\"voices\"\"\" ADD FOREIGN KEY (\"of.client\") REFERENCES \"Clients\" NOT VALID;
    CREATE TABLE tags (client key NOT NULL REFERENCES \"Clients\", tag text, PRIMARY KEY (client, tag));
    CREATE TABLE logs (id serial PRIMARY KEY, client_no uuid, line text);
    CREATE MATERIALIZED VIEW report AS SELECT status, count(*) FROM \"Clients\" GROUP BY status;
    CREATE VIEW active AS SELECT * FROM \"Clients\" WHERE status = 'ON';
    INSERT INTO \"Clients\" VALUES ('00000000-0000-0000-0000-000000000001'), ('00000000-0000-0000-0000-000000000002');
    INSERT INTO accounts (owner) VALUES ('00000000-0000-0000-0000-000000000002');";

#[test]
fn init_check_and_plan_work_on_an_unknown_database() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(schema) = runtime.block_on(Schema::new()) else { return };
    runtime.block_on(schema.run(UNKNOWN));
    let world = World::new("postgres-unknown");
    let store = schema.address();
    let first = world.bare(&["--store", &store, "init", "Clients"]);
    assert_eq!((first.status, first.err.as_str()), (0, ""));
    world.write("policy.json", &first.out);

    let check = world.run(&store, "check --format json");
    assert_eq!(check.status, 3, "{}", check.err);
    let findings = check.json()["findings"].clone();
    let said = findings.as_array().unwrap().iter().map(|finding| {
        format!("{} {}", finding["code"].as_str().unwrap(), finding["path"].as_str().unwrap())
    });
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            "uncovered_table kinds.logs",
            "uncovered_table kinds.report",
            "missing_index references.Clients.referred_by",
            "missing_index references.accounts.owner",
            "missing_index references.movements.account",
            "missing_index references.sales.in \"voices\".of_client",
            "unvalidated_foreign_key references.sales.in \"voices\".of_client",
        ],
        "{}",
        check.out
    );

    let plan = |number: u8| {
        let id = format!("00000000-0000-0000-0000-00000000000{number}");
        world.run(&store, &format!("plan Clients {id} {ADMIN}"))
    };
    // Nothing is deleted until the tables without foreign keys are decided.
    let undecided = plan(1);
    assert_eq!(undecided.status, 3, "{}", undecided.err);
    assert!(undecided.out.contains("does not decide yet about `logs`"), "{}", undecided.out);
    let mut policy = first.json();
    assert!(policy.as_object_mut().unwrap().remove("undecided").is_some());
    world.write("policy.json", &policy.to_string());
    let free = plan(1);
    assert_eq!(free.status, 0, "{}", free.err);
    let owner = plan(2);
    assert_eq!(owner.status, 3, "{}", owner.err);
    assert!(owner.out.contains("not decided yet"), "{}", owner.out);
}

/// The tables are outside the search path, where the library's own tables are.
#[test]
fn a_subject_of_another_schema_is_declared_checked_and_deleted() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(schema) = runtime.block_on(Schema::new()) else { return };
    let tables = "CREATE SCHEMA crm; CREATE TABLE crm.clients (id int PRIMARY KEY, name text);
        CREATE TABLE crm.visits (id int PRIMARY KEY, client_id int NOT NULL REFERENCES crm.clients);
        CREATE TABLE visits (id int PRIMARY KEY, client_id int NOT NULL REFERENCES crm.clients);
        CREATE TABLE crm.logs (id int PRIMARY KEY, client_id int NOT NULL);
        CREATE INDEX ON crm.visits (client_id); CREATE INDEX ON visits (client_id);
        INSERT INTO crm.clients VALUES (1, 'Ana'), (2, 'Ben'); INSERT INTO crm.visits VALUES (1, 1), (2, 2);
        INSERT INTO visits VALUES (1, 1), (2, 1)";
    runtime.block_on(schema.run(tables));
    let world = World::new("postgres-schemas");
    let store = schema.address();
    let unknown = world.bare(&["--store", &store, "init", "clients"]);
    assert_eq!(unknown.status, 2, "{}", unknown.out);
    assert!(unknown.err.contains("`crm.clients`"), "{}", unknown.err);

    let first = world.bare(&["--store", &store, "init", "crm.clients"]);
    assert_eq!((first.status, first.err.as_str()), (0, ""));
    let tables = |kind: &str| first.json()["kinds"][kind]["table"].clone();
    assert_eq!(tables("clients"), "crm.clients");
    assert_eq!((tables("visits"), tables("crm_visits")), (json!(null), json!("crm.visits")));
    let mut policy = first.json();
    policy["modes"]["hard_delete"]["rules"] = json!({ "*": "cascade" });
    policy.as_object_mut().unwrap().remove("undecided");
    world.write("policy.json", &policy.to_string());
    let check = world.run(&store, "check");
    assert_eq!(check.status, 3, "{}", check.err);
    assert!(check.out.contains("kinds.crm.logs: uncovered_table"), "{}", check.out);
    policy["excluded"] =
        json!([{ "table": { "schema": "crm", "table": "logs" }, "because": "kept for the auditor" }]);
    world.write("policy.json", &policy.to_string());
    let check = world.run(&store, "check");
    assert_eq!((check.status, check.out.trim()), (0, "everything is covered"), "{}", check.err);

    let sql = world.run(&store, &format!("plan clients 1 {ADMIN} --format sql"));
    assert!(sql.out.contains("\"crm\".\"visits\"") && sql.out.contains(" \"visits\""), "{}", sql.out);
    let done = world.run(&store, &format!("apply clients 1 {ADMIN} --format json"));
    assert_eq!(done.status, 0, "{}", done.err);
    let steps = done.json()["receipt"]["steps"].clone();
    let steps: Vec<String> = steps
        .as_array()
        .unwrap()
        .iter()
        .map(|step| format!("{} {}", step["kind"].as_str().unwrap(), step["actual"]))
        .collect();
    assert_eq!(steps.last().map(String::as_str), Some("clients 1"), "{steps:?}");
    assert!(steps.contains(&"crm_visits 1".into()) && steps.contains(&"visits 2".into()), "{steps:?}");
}

/// Both `check` and the error of `plan` name the table that the role may not read.
#[test]
fn a_table_without_privileges_is_named() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Some(schema) = runtime.block_on(Schema::new()) else { return };
    let role = format!("{}r", schema.name);
    let sql = format!(
        "{TABLES} CREATE ROLE {role}; GRANT USAGE, CREATE ON SCHEMA {name} TO {role};
         GRANT ALL ON clients, debts, invoices TO {role}; INSERT INTO clients VALUES ('free', 'ON')",
        name = schema.name
    );
    runtime.block_on(schema.run(&sql));
    let world = World::new("postgres-denied");
    let store = format!("{}%20-c%20role%3D{role}", schema.address());
    let check = world.run(&store, "check");
    let line = format!("apply clients free {ADMIN}");
    let applied = world.run(&store, &line);
    runtime.block_on(schema.run(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}")));
    assert_eq!(check.status, 3, "{}{}", check.out, check.err);
    assert!(check.out.contains("kinds.sessions: missing_privilege"), "{}", check.out);
    assert_eq!(applied.status, 1, "{}", applied.out);
    assert!(applied.err.contains("`sessions`"), "{}", applied.err);
}

#[test]
fn a_missing_server_is_reported_without_the_password() {
    let world = World::new("postgres-absent");
    for store in ["postgres://ana:hunter2@127.0.0.1:1/app", "postgres://ana:hunter2@[/app"] {
        let ended = world.run(store, &format!("plan clients free {ADMIN}"));
        assert!([1, 2].contains(&ended.status), "{}", ended.status);
        assert!(!ended.err.contains("hunter2"), "{}", ended.err);
    }
}
