//! `init` and `check`: three commands lead from an unknown database to a plan.

use serde_json::{Value, json};

use crate::world::{ADMIN, Ended, World};

/// A schema with what most often breaks such tools: unusual names, cycles, self-references and mixed types.
const UNKNOWN: &str = "
    CREATE TABLE \"Clients\" (\"client no\" INTEGER PRIMARY KEY, status TEXT, referred_by INTEGER REFERENCES clients,
                            main_account TEXT REFERENCES accounts, created_at TEXT, deleted_at TEXT);
    CREATE TABLE accounts (id TEXT PRIMARY KEY, owner INTEGER NOT NULL REFERENCES Clients ON DELETE CASCADE);
    CREATE TABLE \"sales.in \"\"voices\"\"\" (\"order\" INTEGER PRIMARY KEY, \"of.client\" INTEGER REFERENCES clients,
                                         account TEXT REFERENCES accounts ON DELETE SET NULL);
    CREATE TABLE tags (client INTEGER NOT NULL REFERENCES clients, tag TEXT, PRIMARY KEY (client, tag));
    CREATE TABLE logs (id INTEGER PRIMARY KEY, client_no INTEGER, line TEXT);
    CREATE TABLE drugs (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO clients VALUES (1, 'ON', NULL, NULL, NULL, NULL), (2, 'ON', NULL, NULL, NULL, NULL);
    INSERT INTO accounts VALUES ('a1', 2);
    INSERT INTO tags VALUES (2, 'vip');";

fn init(world: &World, table: &str) -> Ended {
    world.bare(&["--store", "sqlite:app.db", "init", table])
}

fn codes(ended: &Ended) -> Vec<String> {
    let findings = ended.json()["findings"].clone();
    let findings = findings.as_array().unwrap().iter();
    findings
        .map(|finding| format!("{} {}", finding["code"].as_str().unwrap(), finding["path"].as_str().unwrap()))
        .collect()
}

#[test]
fn init_check_and_plan_work_on_an_unknown_file() {
    let world = World::of_tables("init-unknown", UNKNOWN);
    let before = world.bytes();

    let first = init(&world, "clients");
    assert_eq!((first.status, first.err.as_str()), (0, ""));
    world.write("policy.json", &first.out);

    let check = world.run("sqlite:app.db", "check --format json");
    assert_eq!(check.status, 3, "{}", check.err);
    assert_eq!(
        codes(&check),
        [
            "uncovered_table kinds.logs",
            "missing_index references.accounts.owner",
            "missing_index references.clients.main_account",
            "missing_index references.clients.referred_by",
            "missing_index references.sales.in \"voices\".account",
            "missing_index references.sales.in \"voices\".of_client",
        ]
    );

    // Nobody has decided about `logs` yet.
    let undecided = world.run("sqlite:app.db", &format!("plan clients 1 {ADMIN}"));
    assert_eq!(undecided.status, 3, "{}", undecided.err);
    assert!(undecided.out.contains("UNDECIDED") && undecided.out.contains("`logs`"), "{}", undecided.out);
    let mut decided = first.json();
    decided.as_object_mut().unwrap().remove("undecided");
    world.write("policy.json", &decided.to_string());
    let free = world.run("sqlite:app.db", &format!("plan clients 1 {ADMIN}"));
    assert_eq!(free.status, 0, "{}", free.err);
    let owner = world.run("sqlite:app.db", &format!("plan clients 2 {ADMIN}"));
    assert_eq!(owner.status, 3, "{}", owner.err);
    assert!(owner.out.contains("not decided yet"), "{}", owner.out);

    assert_eq!(world.bytes(), before);
}

#[test]
fn the_first_policy_is_reproducible_and_the_same_in_either_format() {
    let world = World::of_tables("init-same", UNKNOWN);
    let first = init(&world, "clients");
    assert_eq!(first.out, init(&world, "clients").out);
    let json = ["--store", "sqlite:app.db", "--format", "json", "init", "clients"];
    assert_eq!(first.out, world.bare(&json).out);
}

#[test]
fn every_dependent_table_is_in_the_first_policy_with_a_reason() {
    let world = World::of_tables("init-covers", UNKNOWN);
    let policy = init(&world, "clients").json();
    assert_eq!(policy["subject"], "clients");
    assert_eq!(policy["kinds"]["clients"]["table"], "Clients");
    assert_eq!(policy["kinds"]["clients"]["id"], "client no");
    assert_eq!(policy["kinds"]["clients"]["deleted_at"], "deleted_at");
    assert_eq!(policy["kinds"]["clients"]["fields"]["created_at"], "timestamp");
    assert!(policy["excluded"].is_null(), "a table with a key of two columns can be declared");
    let mode = &policy["modes"]["hard_delete"];
    assert_eq!(mode["allow"], json!([ { "role": "ADMIN" } ]));
    assert_eq!(mode["reason"], "required");
    let rules = mode["rules"].as_object().unwrap();
    assert_eq!(rules.len(), policy["references"].as_array().unwrap().len());
    for rule in rules.values() {
        assert_eq!(rule["then"], "restrict");
        assert!(rule["because"].as_str().unwrap().starts_with("not decided yet"));
    }
}

#[test]
fn the_first_policy_passes_the_check_once_it_is_completed() {
    let world = World::of_tables(
        "init-clean",
        "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE logs (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL);",
    );
    let mut policy: Value = init(&world, "clients").json();
    world.write("policy.json", &policy.to_string());
    let check = world.run("sqlite:app.db", "check");
    assert_eq!(check.status, 3);
    assert_eq!(
        check.out,
        "kinds.logs: uncovered_table\n  the table is neither declared nor excluded: `client_id` is named like an id of \
         `clients`\n  remedy: declare it with its references and give them rules, or list it under `excluded` with a \
         reason\n"
    );
    assert!(check.err.starts_with("error: there is 1 finding\n"), "{}", check.err);

    let reason = "the table is neither declared nor excluded: `client_id` is named like an id of `clients`";
    assert_eq!(policy["undecided"], json!([ { "table": "logs", "because": reason, "restrict": true } ]));
    policy.as_object_mut().unwrap().remove("undecided");
    let excluded = json!([ { "table": "logs", "because": "may dangle, pseudonymous" } ]);
    policy["excluded"] = excluded;
    world.write("policy.json", &policy.to_string());
    let check = world.run("sqlite:app.db", "check");
    assert_eq!((check.status, check.out.as_str(), check.err.as_str()), (0, "everything is covered\n", ""));
    let check = world.run("sqlite:app.db", "check --format json");
    assert_eq!((check.status, check.json()), (0, json!({ "findings": [] })));

    policy["excluded"] = json!([]);
    policy["kinds"]["logs"] = json!({});
    policy["references"] = json!([ { "from": "logs.client_id", "to": "clients" } ]);
    policy["modes"]["hard_delete"]["rules"] = json!({ "logs.client_id": "cascade" });
    world.write("policy.json", &policy.to_string());
    let check = world.run("sqlite:app.db", "check --format json");
    assert_eq!(
        codes(&check),
        ["unprotected_reference references.logs.client_id", "missing_index references.logs.client_id"]
    );
}

#[test]
fn missing_tables_and_columns_are_listed_and_exit_with_2() {
    let world = World::new("check-misfit");
    let mut policy = crate::world::policy();
    policy["kinds"]["debts"]["table"] = json!("owings");
    world.write("policy.json", &policy.to_string());
    let check = world.run("sqlite:app.db", "check --format json");
    assert_eq!(check.status, 2, "{}", check.err);
    assert!(codes(&check).contains(&"missing_table kinds.debts".to_owned()), "{}", check.out);

    policy["modes"]["hard_delete"]["rules"]["nothing.here"] = json!("cascade");
    world.write("policy.json", &policy.to_string());
    let check = world.run("sqlite:app.db", "check --format json");
    assert_eq!((check.status, check.out.as_str()), (2, ""));
    assert!(check.err.contains("nothing.here"), "{}", check.err);
}

#[test]
fn rows_in_memory_are_checked_as_far_as_possible() {
    let world = World::new("check-memory");
    let check = world.run("memory:data.json", "check");
    assert_eq!((check.status, check.out.as_str()), (0, "everything is covered\n"));

    let mut policy = crate::world::policy();
    policy["kinds"]["clients"]["personal"] = json!({ "nickname": { "text": "x" } });
    world.write("policy.json", &policy.to_string());
    let check = world.run("memory:data.json", "check --format json");
    assert_eq!(check.status, 3);
    assert_eq!(codes(&check), ["misfit kinds.clients.personal.nickname"]);
}

#[test]
fn a_first_policy_needs_a_database_with_the_table() {
    let world = World::of_tables("init-nothing", "CREATE TABLE users (id INTEGER PRIMARY KEY);");
    let ended = init(&world, "clients");
    assert_eq!((ended.status, ended.out.as_str()), (2, ""));
    assert_eq!(ended.err, "error: the table `clients` does not exist\nremedy: use one of `users`\n");

    world.write("data.json", "{}");
    let ended = world.bare(&["--store", "memory:data.json", "init", "clients"]);
    assert_eq!((ended.status, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("rows in memory have no catalogue"), "{}", ended.err);

    let ended = world.bare(&["--store", "sqlite:new.db", "init", "clients"]);
    assert_eq!((ended.status, ended.out.as_str()), (2, ""));
    assert!(!world.path("new.db").exists());
}

#[test]
fn system_tables_are_not_tables_of_the_host() {
    let world = World::new("check-own-tables");
    let before = world.run("sqlite:app.db", "check --format json");
    let applied = world.run("sqlite:app.db", &format!("apply clients free {ADMIN}"));
    assert_eq!(applied.status, 0, "{}", applied.err);
    let after = world.run("sqlite:app.db", "check --format json");
    assert_eq!(before.out, after.out);
}
