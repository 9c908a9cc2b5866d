//! Errors in the command, the policy or the data exit with 2 and name a remedy.

use serde_json::json;

use crate::world::{ADMIN, STORES, World, policy};

#[test]
fn help_is_a_result_and_not_an_error() {
    let ended = World::new("help").bare(&["--help"]);
    assert_eq!((ended.status, ended.err.as_str()), (0, ""));
    assert!(ended.out.contains("Exit status: 0 done"));
}

#[test]
fn an_invalid_command_exits_with_2_and_prints_no_result() {
    let world = World::new("no-sense");
    for line in [
        "",
        "remove clients free",
        "plan clients free",
        "plan clients --mode hard_delete",
        "plan clients free --mode obliterate",
        "plan clients free --mode hard_delete --role ADMIN",
        "plan clients free --mode deactivate --now yesterday",
        "plan clients free --mode deactivate --ip nowhere",
        "plan clients free --mode deactivate --reassign debts.client_id",
        "plan clients free --mode deactivate --digest 00",
        "apply clients free --mode deactivate --operation 1",
        "schema --format mermaid",
        "plan clients free --mode deactivate --prefix a-b",
    ] {
        let ended = world.run("sqlite:app.db", line);
        assert_eq!((ended.status, ended.out.as_str()), (2, ""), "{line}");
        assert!(ended.err.starts_with("error: "), "{line}: {}", ended.err);
    }
}

#[test]
fn a_missing_store_is_not_created() {
    let world = World::new("no-store");
    for store in ["sqlite:new.db", "memory:new.json"] {
        for command in ["plan", "apply"] {
            let ended = world.run(store, &format!("{command} clients free {ADMIN}"));
            assert_eq!((ended.status, ended.out.as_str()), (2, ""));
            assert!(ended.err.contains("the file `new."), "{}", ended.err);
        }
    }
    assert!(!world.path("new.db").exists() && !world.path("new.json").exists());
}

#[test]
fn an_unusable_store_is_named() {
    let world = World::new("bad-store");
    for (store, said) in [
        ("sqlite:data.json", "`data.json` is not a SQLite database"),
        ("sqlite:.", "`.` is a directory"),
        ("sqlite:", "`sqlite:` needs a file"),
        ("memory:policy.json", "version: not an array of rows"),
        ("memory:app.db", "not JSON"),
        ("oracle:app", "`--store` names an unknown kind of store"),
    ] {
        let ended = world.run(store, &format!("plan clients free {ADMIN}"));
        assert_eq!((ended.status, ended.out.as_str()), (2, ""), "{store}");
        assert!(ended.err.contains(said), "{store}: {}", ended.err);
    }
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_build_without_postgres_says_so_without_the_password() {
    let world = World::new("postgres");
    for command in [format!("plan clients free {ADMIN}"), "schema".into()] {
        let ended = world.run("postgres://ana:hunter2@db/app", &command);
        assert_eq!((ended.status, ended.out.as_str()), (2, ""));
        assert_eq!(ended.err.lines().count(), 1);
        assert!(ended.err.contains("PostgreSQL is not built in") && !ended.err.contains("hunter2"));
    }
}

#[test]
fn a_missing_option_is_named() {
    let world = World::new("options");
    let plan = ["plan", "clients", "free", "--mode", "deactivate"];
    let ended = world.bare(&plan);
    assert_eq!((ended.status, ended.err.contains("--policy FILE")), (2, true));
    let ended = world.bare(&[&plan[..], &["--policy", "policy.json"]].concat());
    assert_eq!((ended.status, ended.err.contains("--store sqlite:FILE")), (2, true));
}

#[test]
fn a_policy_that_cannot_be_read_exits_with_2() {
    let world = World::new("no-policy");
    world.write("broken.json", "{ \"subject\": ");
    for (file, said) in
        [("none.json", "the policy file `none.json` does not exist"), ("broken.json", "line 1")]
    {
        let ended = world.bare(&[
            "--store",
            "memory:data.json",
            "--policy",
            file,
            "plan",
            "clients",
            "free",
            "--mode",
            "deactivate",
        ]);
        assert_eq!((ended.status, ended.out.as_str()), (2, ""));
        assert!(ended.err.contains(said), "{}", ended.err);
    }
}

#[test]
fn an_unknown_key_of_a_policy_is_named_with_its_path() {
    let world = World::new("unknown-key");
    let mut wrong = policy();
    wrong["modes"]["hard_delete"]["guards"][0]["wenn"] = json!(1);
    world.write("policy.json", &wrong.to_string());
    let ended = world.run("memory:data.json", &format!("plan clients free {ADMIN}"));
    assert_eq!(ended.status, 2);
    assert!(ended.err.contains("\nmodes.hard_delete.guards[0].wenn: unknown key `wenn`"), "{}", ended.err);
}

#[test]
fn every_fault_of_a_policy_has_its_own_line() {
    let world = World::new("faults");
    let mut wrong = policy();
    wrong["modes"]["hard_delete"]["rules"]["debts.client_id"] = json!("set_null");
    wrong["modes"]["hard_delete"]["rules"]["sessions.client_id"] = json!("set_null");
    world.write("policy.json", &wrong.to_string());
    let ended = world.run("memory:data.json", &format!("plan clients free {ADMIN}"));
    assert_eq!(ended.status, 2);
    let faults = ended.err.lines().filter(|line| line.starts_with("modes.hard_delete.rules."));
    assert_eq!(faults.count(), 2, "{}", ended.err);
}

#[test]
fn an_unknown_field_exits_with_2_on_both_stores() {
    let world = World::new("misfit");
    let mut wrong = policy();
    wrong["kinds"]["clients"]["personal"] = json!({ "nickname": "null" });
    world.write("policy.json", &wrong.to_string());
    for store in STORES {
        for command in ["plan", "apply"] {
            let ended = world.run(store, &format!("{command} clients free {ADMIN}"));
            assert_eq!((ended.status, ended.out.as_str()), (2, ""), "{store}");
            assert!(ended.err.contains("nickname"), "{}", ended.err);
        }
    }
    // `apply` creates no tables in a database that does not fit the policy.
    assert_eq!(world.query("SELECT count(*) || '' FROM sqlite_schema WHERE name LIKE 'lifecycle%'"), ["0"]);
}

#[test]
fn the_schema_can_be_run_any_number_of_times() {
    let world = World::new("schema");
    let ended = world.bare(&["schema", "--store", "sqlite:any.db", "--prefix", "mine_"]);
    assert_eq!(ended.status, 0);
    world.on_database(async |pool| {
        for _ in 0..2 {
            let sql = sqlx::AssertSqlSafe(ended.out.clone());
            sqlx::raw_sql(sql).execute(&pool).await.unwrap();
        }
    });
    assert_eq!(world.query("SELECT version || '' FROM mine_schema"), ["1"]);
    assert_eq!(world.run("memory:data.json", "schema").status, 2);

    // `apply` uses the tables that the printed statements created.
    let line = format!("--prefix mine_ apply clients free {ADMIN}");
    assert_eq!(world.run("sqlite:app.db", &line).status, 0);
    assert_eq!(world.query("SELECT outcome FROM mine_audit"), ["done"]);
    assert_eq!(world.query("SELECT count(*) || '' FROM sqlite_schema WHERE name LIKE 'lifecycle%'"), ["0"]);
}

#[test]
fn the_schema_of_policies_needs_no_store() {
    let world = World::new("policy-schema");
    let ended = world.bare(&["schema", "--policy"]);
    if cfg!(feature = "schema") {
        assert_eq!((ended.status, ended.err.as_str()), (0, ""));
        let schema: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(schema["title"], "Deletion policy");
        for line in ["schema --policy --format json", "--format text schema --policy"] {
            assert_eq!(world.run("sqlite:app.db", line).out, ended.out, "{line}");
        }
    } else {
        assert_eq!((ended.status, ended.out.as_str()), (2, ""));
        assert!(ended.err.contains("build with `--features sqlite,schema`"), "{}", ended.err);
    }
    // With a file, `--policy` is the global option, so `schema` prints the statements.
    for line in [["schema", "--policy", "policy.json"], ["--policy", "policy.json", "schema"]] {
        let ended = world.bare(&[&["--store", "sqlite:any.db"], &line[..]].concat());
        assert!(ended.status == 0 && ended.out.starts_with("CREATE TABLE"), "{}", ended.out);
    }
    // Only `schema` accepts `--policy` without a file.
    let ended = world.bare(&["check", "--store", "sqlite:any.db", "--policy"]);
    assert_eq!((ended.status, ended.out.as_str()), (2, ""));
}

#[test]
fn a_keyed_mask_needs_a_key_that_is_read_from_a_file() {
    let world = World::new("mask-key");
    let mut keyed = policy();
    keyed["kinds"]["clients"]["personal"] = json!({ "name": "hmac" });
    keyed["modes"]["anonymize"] = json!({ "allow": "any", "rules": { "*": "keep" } });
    world.write("policy.json", &keyed.to_string());
    world.write("short", "guess me\n");
    world.write("secret", &format!("{}\n", "k".repeat(32)));
    let line = "clients free --mode anonymize --actor ana --role ADMIN";
    for (options, said) in [
        ("", "error: the mask `hmac` needs a key: `clients.name`\nremedy: add `--mask-key FILE`"),
        ("--mask-key none", "the mask key `none` cannot be read"),
        ("--mask-key short", "a mask key needs at least 32 bytes; this one has 8"),
    ] {
        for command in ["plan", "apply"] {
            let ended = world.run("sqlite:app.db", &format!("{options} {command} {line}"));
            assert_eq!((ended.status, ended.out.as_str()), (2, ""), "{}", ended.err);
            assert!(ended.err.contains(said), "{}", ended.err);
        }
    }
    let ended = world.run("sqlite:app.db", &format!("--mask-key secret apply {line}"));
    assert_eq!(ended.status, 0, "{}", ended.err);
    let names = world.query("SELECT length(name) || '' FROM clients ORDER BY client_id");
    assert_eq!(names, ["64", "4", "4"]);
}
