//! `apply` carries out exactly the plan that `plan` printed, or nothing.

use std::io::Read;
use std::process::Stdio;

use serde_json::json;

use crate::world::{ADMIN, STORES, World, policy};

const OPERATION: &str = "--operation 00000000-0000-0000-0000-000000000001";

#[test]
fn a_receipt_is_printed_as_text_and_the_rows_are_deleted() {
    let world = World::new("apply-text");
    for store in STORES {
        let ended = world.run(store, &format!("apply clients free {ADMIN}"));
        assert_eq!(ended.status, 0, "{}", ended.err);
        assert!(
            ended.out.starts_with("Receipt: hard_delete of `clients` `free`\nDone. 1 item stays open until")
        );
        assert!(ended.out.contains("1  invoices  until 2030-03-02, retained: tax law"), "{}", ended.out);
    }
    assert_eq!(world.query("SELECT client_id FROM clients"), ["owes", "seen"]);
    assert_eq!(world.query("SELECT id || '' FROM invoices WHERE client_id IS NULL"), ["1"]);
    assert_eq!(world.query("SELECT outcome FROM lifecycle_audit"), ["done"]);
    assert_eq!(world.query("SELECT topic FROM lifecycle_outbox"), ["email.account_deleted"]);
}

#[test]
fn memory_and_sqlite_print_the_same_receipt_and_memory_the_remaining_rows() {
    let world = World::new("apply-same");
    let before = std::fs::read(world.path("data.json")).unwrap();
    let line = format!("apply clients free {ADMIN} {OPERATION} --format json");
    let [memory, sqlite] = STORES.map(|store| world.run(store, &line).json());
    assert_eq!(memory["receipt"], sqlite["receipt"]);
    assert_eq!(memory["receipt"]["complete"], json!(false));
    assert_eq!(memory["data"]["clients"].as_array().unwrap().len(), 2);
    assert_eq!(
        memory["data"]["invoices"],
        json!([{ "id": 1, "client_id": null, "issued_at": "2024-03-01T10:00:00Z" }])
    );
    assert!(sqlite.get("data").is_none());
    assert_eq!(std::fs::read(world.path("data.json")).unwrap(), before);
}

#[test]
fn a_blocked_request_prints_its_plan_and_changes_nothing() {
    let world = World::new("apply-blocked");
    for store in STORES {
        let ended = world.run(store, &format!("apply clients owes free {ADMIN} --format json"));
        assert_eq!(ended.status, 3);
        assert_eq!(ended.json()["plan"]["blockers"][0]["count"], json!(2));
        assert_eq!(ended.json().get("receipt"), None);
        assert_eq!(ended.json().get("data").is_some(), store.starts_with("memory"));
    }
    assert_eq!(world.query("SELECT client_id FROM clients"), ["free", "owes", "seen"]);
    assert_eq!(world.query("SELECT outcome FROM lifecycle_audit"), ["blocked", "blocked"]);
}

#[test]
fn the_plan_with_the_digest_is_carried_out() {
    let world = World::new("apply-digest");
    for store in STORES {
        let shown = world.run(store, &format!("plan clients free {ADMIN} --format json")).json();
        let digest = shown["digest"].as_str().unwrap().to_uppercase();
        let ended = world.run(store, &format!("apply clients free {ADMIN} --digest {digest} --format json"));
        assert_eq!(ended.status, 0, "{}", ended.err);
        assert_eq!(ended.json()["receipt"]["digest"], shown["digest"]);
    }
}

#[test]
fn another_digest_is_a_conflict_and_changes_nothing() {
    let world = World::new("apply-conflict");
    let shown = world.run("sqlite:app.db", &format!("plan clients free {ADMIN} --format json")).json();
    let digest = shown["digest"].as_str().unwrap();
    world.on_database(async |pool| {
        sqlx::query("INSERT INTO debts VALUES (77, 'free', 'PAID')").execute(&pool).await.unwrap();
    });
    let ended =
        world.run("sqlite:app.db", &format!("apply clients free {ADMIN} --digest {digest} --format json"));
    assert_eq!(ended.status, 5);
    let now = ended.json()["plan"].clone();
    assert_eq!(now["executable"], json!(true));
    assert!(ended.err.contains(now["digest"].as_str().unwrap()), "{}", ended.err);

    let ended =
        world.run("memory:data.json", &format!("apply clients free {ADMIN} --digest {}", "0".repeat(64)));
    assert_eq!(ended.status, 5);
    assert!(ended.out.starts_with("Plan: "));

    assert_eq!(world.query("SELECT client_id FROM clients"), ["free", "owes", "seen"]);
    assert_eq!(world.query("SELECT count(*) || '' FROM debts"), ["4"]);
    assert_eq!(world.query("SELECT outcome FROM lifecycle_audit"), ["conflict"]);
}

#[test]
fn an_operation_applied_twice_prints_the_same_receipt() {
    let world = World::new("apply-twice");
    let line = format!("apply clients free {ADMIN} {OPERATION} --format json");
    for store in STORES {
        let first = world.run(store, &line);
        let digest = first.json()["receipt"]["digest"].as_str().unwrap().to_owned();
        let confirmed = format!("{line} --digest {digest}");
        for again in [&line, &confirmed] {
            let ended = world.run(store, again);
            assert_eq!((ended.status, &ended.out), (0, &first.out), "{}", ended.err);
        }
        if store.starts_with("sqlite") {
            let later = world.run(store, &line.replace("2026-11-21", "2027-11-21"));
            assert_eq!((later.status, &later.out), (0, &first.out), "{}", later.err);
        }
    }
    assert_eq!(world.query("SELECT outcome FROM lifecycle_audit"), ["done"]);
    let other = world.run(
        "sqlite:app.db",
        &format!("apply clients seen {ADMIN} {OPERATION} --acknowledge recent_activity"),
    );
    assert_eq!((other.status, other.out.as_str()), (5, ""));
    assert!(other.err.contains("use a new operation id"), "{}", other.err);
}

#[test]
fn a_denied_actor_is_recorded_with_its_address() {
    let world = World::new("apply-denied");
    let ended = world.run(
        "sqlite:app.db",
        "apply clients free --mode hard_delete --actor eve --role USER --ip 203.0.113.9 --user-agent curl --note mine",
    );
    assert_eq!((ended.status, ended.out.as_str()), (3, ""));
    assert!(!ended.err.contains("203.0.113.9") && !ended.err.contains("mine"));
    let entry = world.query("SELECT entry FROM lifecycle_audit WHERE outcome = 'denied'").concat();
    assert!(entry.contains("203.0.113.9") && entry.contains("curl") && entry.contains("mine"), "{entry}");
}

#[test]
fn references_are_reassigned_to_the_named_record() {
    let world = World::new("apply-reassign");
    let mut reassigning = policy();
    reassigning["modes"]["hard_delete"]["rules"]["debts.client_id"] = json!("reassign");
    world.write("policy.json", &reassigning.to_string());
    for store in STORES {
        let line = format!("apply clients owes {ADMIN}");
        assert_eq!(world.run(store, &line).status, 3);
        assert_eq!(world.run(store, &format!("{line} --reassign debts.client_id=nobody")).status, 3);
        assert_eq!(world.run(store, &format!("{line} --reassign debts.client=free")).status, 2);
        let ended = world.run(store, &format!("{line} --reassign debts.client_id=free"));
        assert_eq!(ended.status, 0, "{}", ended.err);
    }
    assert_eq!(world.query("SELECT client_id FROM debts"), ["free", "free", "free"]);
}

#[test]
fn a_locked_database_exits_with_1() {
    let world = World::new("apply-locked");
    world.on_database(async |pool| {
        let writing = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let ended = world.run("sqlite:app.db", &format!("apply clients free {ADMIN}"));
        assert_eq!((ended.status, ended.out.as_str()), (1, ""));
        assert!(
            ended.err.contains("another transaction") && ended.err.contains("remedy: try again"),
            "{}",
            ended.err
        );
        writing.rollback().await.unwrap();
    });
    assert_eq!(world.query("SELECT client_id FROM clients"), ["free", "owes", "seen"]);
}

#[test]
fn a_closed_pipe_is_not_a_failure() {
    let world = World::new("pipe");
    let words: Vec<&str> = ADMIN.split_whitespace().collect();
    let words =
        [&["--store", "memory:data.json", "--policy", "policy.json", "plan", "clients", "free"], &words[..]]
            .concat();
    let mut running = world.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(running.stdout.take());
    let mut said = String::new();
    running.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((running.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn test_data_is_deleted_only_outside_production() {
    let world = World::new("apply-test-data");
    let line = format!("apply clients free {ADMIN}").replace("privacy_request", "test_data");
    let line = line.replace("--now 2026-11-21T00:00:00Z --environment non-production", "");
    let ended = world.run("sqlite:app.db", &line);
    assert_eq!(ended.status, 2);
    assert!(ended.err.contains("there is no test data in production"), "{}", ended.err);
    assert_eq!(world.query("SELECT outcome FROM lifecycle_audit"), ["invalid"]);
    let ended = world.run("sqlite:app.db", &format!("{line} --environment non-production"));
    assert_eq!(ended.status, 0, "{}", ended.err);
}

#[test]
fn a_time_of_its_own_is_for_other_environments_and_does_not_date_the_audit() {
    let world = World::new("apply-now");
    let line = "apply clients free --mode hard_delete --actor ana --role ADMIN --reason privacy_request --now 2040-01-01T00:00:00Z";
    let ended = world.run("sqlite:app.db", line);
    assert_eq!(ended.status, 2, "{}{}", ended.out, ended.err);
    assert!(
        ended.err.contains("does not take `--now`") && ended.err.contains("--environment non-production"),
        "{}",
        ended.err
    );
    let plan = world.run("sqlite:app.db", &line.replacen("apply", "plan", 1));
    assert_eq!(plan.status, 0, "{}", plan.err);
    // Rows in memory are never written back.
    let ended = world.run("memory:data.json", line);
    assert_eq!(ended.status, 0, "{}", ended.err);
    let ended = world.run("sqlite:app.db", &format!("{line} --environment non-production --format json"));
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert_eq!(ended.json()["receipt"]["at"], "2040-01-01T00:00:00Z");
    let audit =
        world.query("SELECT at || ' ' || json_extract(entry, '$.as_of') FROM lifecycle_audit").remove(0);
    assert!(!audit.starts_with("2040") && audit.ends_with(" 2040-01-01T00:00:00Z"), "{audit}");
}

#[test]
fn no_byte_of_an_erased_value_stays_in_the_file() {
    let world = World::new("apply-bytes");
    let secret = "maria.unique.secret@example.org";
    world.execute(&format!(
        "PRAGMA journal_mode = WAL; UPDATE clients SET name = '{secret}' WHERE client_id = 'free'"
    ));
    let is_left = || {
        let log = std::fs::read(world.path("app.db-wal")).unwrap_or_default();
        let bytes = [world.bytes(), log].concat();
        bytes.windows(secret.len()).any(|part| part == secret.as_bytes())
    };
    assert!(is_left());
    let ended = world.run("sqlite:app.db", &format!("apply clients free {ADMIN}"));
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(!is_left());
}

/// The operation that takes the last soft deletion back is a command of its own.
#[test]
fn a_soft_deletion_is_taken_back_by_its_record_or_by_its_operation() {
    let world = World::new("restore");
    world.execute("ALTER TABLE clients ADD deleted_at TEXT; ALTER TABLE debts ADD deleted_at TEXT");
    let mut document = policy();
    for kind in ["clients", "debts"] {
        document["kinds"][kind]["deleted_at"] = json!("deleted_at");
    }
    document["modes"]["soft_delete"] =
        json!({ "allow": [{ "role": "ADMIN" }], "rules": { "debts.client_id": "cascade", "*": "keep" } });
    document["modes"]["restore"] = json!({ "allow": [{ "role": "ADMIN" }] });
    world.write("policy.json", &document.to_string());
    let (store, who) = ("sqlite:app.db", "--actor ana --role ADMIN");
    let marked = "SELECT count(*) || '' FROM debts WHERE deleted_at IS NOT NULL";

    let nothing = world.run(store, &format!("restore clients owes {who}"));
    assert_eq!(nothing.status, 3, "{}", nothing.err);
    assert!(nothing.err.contains("no operation has marked it as deleted"), "{}", nothing.err);

    let ended = world.run(store, &format!("apply clients owes --mode soft_delete {who}"));
    assert_eq!((ended.status, world.query(marked)), (0, vec!["2".to_owned()]), "{}", ended.err);
    let plan = world.run(store, &format!("plan clients owes --mode restore {who}"));
    assert!(
        plan.out.contains("It takes back operation ") && plan.out.contains("What comes back"),
        "{}",
        plan.out
    );
    let ended = world.run(store, &format!("restore clients owes {who}"));
    assert_eq!((ended.status, world.query(marked)), (0, vec!["0".to_owned()]), "{}", ended.err);
    let again = world.run(store, &format!("restore clients owes {who}"));
    assert!(again.err.contains("it was restored by operation"), "{}", again.err);

    let both = format!("apply clients owes seen --mode soft_delete {who} {OPERATION}");
    assert_eq!(world.run(store, &both).status, 0);
    let one = world.run(store, &format!("restore clients owes {who}"));
    assert!(one.status == 2 && one.err.contains("marked 2 records"), "{}", one.err);
    let ended = world.run(store, &format!("restore clients {OPERATION} {who}"));
    assert_eq!((ended.status, world.query(marked)), (0, vec!["0".to_owned()]), "{}", ended.err);
}
