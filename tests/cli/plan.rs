//! `plan` prints a plan and never writes.

use serde_json::json;

use crate::world::{ADMIN, STORES, World, rows};

#[test]
fn a_plan_is_printed_as_text_and_exits_with_0() {
    let world = World::new("plan-text");
    for store in STORES {
        let ended = world.run(store, &format!("plan clients free {ADMIN}"));
        assert_eq!((ended.status, ended.err.as_str()), (0, ""));
        assert!(ended.out.starts_with("Plan: hard_delete of `clients` `free`\nNothing stands in the way."));
        assert!(ended.out.contains("until 2030-03-02 under tax law"), "{}", ended.out);
    }
}

#[test]
fn a_blocked_plan_is_still_printed_and_exits_with_3() {
    let world = World::new("plan-blocked");
    for store in STORES {
        let ended = world.run(store, &format!("plan clients owes {ADMIN}"));
        assert_eq!(ended.status, 3);
        assert!(ended.out.contains("BLOCKED by 1 obstacle") && ended.out.contains("`debts` `2`, `10`"));
        assert!(ended.err.starts_with("error: hard_delete of `clients` is blocked"), "{}", ended.err);

        let json = world.run(store, &format!("plan clients owes {ADMIN} --format json"));
        assert_eq!((json.status, &json.json()["executable"]), (3, &json!(false)));
    }
}

/// Makes an integer id from a name.
fn numbers(name: &str) -> serde_json::Value {
    json!(name.len() * 7 + usize::from(name.as_bytes()[0]))
}

#[test]
fn text_is_not_an_id_of_a_kind_with_integer_ids() {
    let world = World::with("plan-numbers", &rows(numbers));
    for store in STORES {
        let found = world.run(store, &format!("plan clients 130 {ADMIN}"));
        assert_eq!(found.status, 0, "{}", found.err);
        for id in ["130.0", "1.3e2", "0x82", "free", "99999999999999999999"] {
            let ended = world.run(store, &format!("plan clients {id} {ADMIN}"));
            assert_eq!((ended.status, ended.out.as_str()), (2, ""), "{store} {id}");
            assert!(ended.err.contains("is not an id of `clients`"), "{}", ended.err);
        }
        // Depending on the store, these spellings of `130` are invalid or unknown ids. They must not find the client.
        for id in ["0130", "+130"] {
            let ended = world.run(store, &format!("plan clients {id} {ADMIN}"));
            assert!([2, 4].contains(&ended.status), "{store} {id}");
            assert_eq!(ended.out, "");
        }
    }
}

#[test]
fn memory_and_sqlite_print_the_same_json() {
    let texts = World::new("plan-same-text");
    let integers = World::with("plan-same-integer", &rows(numbers));
    for (world, ids) in [
        (&texts, ["free", "owes", "seen"].map(String::from)),
        (&integers, ["free", "owes", "seen"].map(|name| numbers(name).to_string())),
    ] {
        for line in [
            format!("plan clients {} {ADMIN}", ids[0]),
            format!("plan clients {} {ADMIN}", ids[1]),
            format!("plan clients {} {ADMIN}", ids[2]),
            format!("plan clients {} {ADMIN}", ids.join(" ")),
            format!("plan clients {} --mode deactivate", ids[1]),
        ] {
            let [memory, sqlite] = STORES.map(|store| world.run(store, &format!("{line} --format json")));
            assert_eq!(memory.status, sqlite.status, "{line}");
            assert_eq!(memory.out, sqlite.out, "{line}");
            assert!(memory.json()["digest"].is_string());
        }
    }
}

#[test]
fn a_plan_writes_nothing_not_even_system_tables() {
    let world = World::new("plan-writes-nothing");
    let data = std::fs::read(world.path("data.json")).unwrap();
    let before = world.bytes();
    let mut permissions = std::fs::metadata(world.path("app.db")).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(world.path("app.db"), permissions).unwrap();
    for store in STORES {
        for id in ["free", "owes", "nobody"] {
            world.run(store, &format!("plan clients {id} {ADMIN}"));
        }
    }
    assert_eq!(world.bytes(), before);
    assert_eq!(std::fs::read(world.path("data.json")).unwrap(), data);
}

#[test]
fn a_plan_is_printed_while_another_program_writes() {
    let world = World::new("plan-while-writing");
    world.on_database(async |pool| {
        let writing = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let ended = world.run("sqlite:app.db", &format!("plan clients free {ADMIN}"));
        assert_eq!(ended.status, 0, "{}", ended.err);
        writing.rollback().await.unwrap();
    });
}

#[test]
fn a_warning_blocks_until_it_is_acknowledged_by_name() {
    let world = World::new("plan-warning");
    for store in STORES {
        let ended = world.run(store, &format!("plan clients seen {ADMIN}"));
        assert_eq!(ended.status, 3);
        assert!(ended.err.contains("acknowledge them by name"), "{}", ended.err);
        let ended = world.run(store, &format!("plan clients seen {ADMIN} --acknowledge recent_activity"));
        assert_eq!(ended.status, 0);
    }
}

#[test]
fn now_sets_the_instant_of_the_request() {
    let world = World::new("plan-now");
    let later = ADMIN.replace("2026-11-21", "2027-11-21");
    for store in STORES {
        let ended = world.run(store, &format!("plan clients seen {later}"));
        assert_eq!(ended.status, 0, "{}", ended.err);
        assert!(ended.out.contains("judged at 2027-11-21T00:00:00.000Z"));
    }
}

#[test]
fn a_denied_actor_gets_exit_status_3_and_no_plan() {
    let world = World::new("plan-denied");
    let reason = "--mode hard_delete --reason fraud";
    for store in STORES {
        for (who, said) in [
            ("--actor ana --role USER", "is for `ADMIN`, `RESALE`"),
            ("", "requires a caller who is signed in"),
            ("--actor rob --role RESALE", "outside the actor's scope"),
            ("--actor m1 --role RESALE --scope m2", "outside the actor's scope"),
        ] {
            let ended = world.run(store, &format!("plan clients free {reason} {who}"));
            assert_eq!((ended.status, ended.out.as_str()), (3, ""), "{who}");
            assert!(ended.err.contains(said), "{who}: {}", ended.err);
        }
        for who in ["--actor m1 --role RESALE", "--actor rob --role USER --role RESALE --scope m1"] {
            assert_eq!(world.run(store, &format!("plan clients free {reason} {who}")).status, 0);
        }
    }
}

#[test]
fn an_unknown_id_exits_with_4_whatever_its_characters() {
    let world = World::new("plan-not-found");
    let options: Vec<&str> = ADMIN.split_whitespace().collect();
    for store in STORES {
        for id in ["nobody", "'; DROP TABLE clients; --", "-7", "0", "\u{1b}[2J", "é\"`"] {
            for command in ["plan", "apply"] {
                let words = [&[command, "clients"], &options[..], &["--", id]].concat();
                let ended = world.run_words(store, &words);
                assert_eq!((ended.status, ended.out.as_str()), (4, ""), "{id}");
                assert!(
                    ended.err.contains("check the id, and that `--store` has the record")
                        && !ended.err.contains('\u{1b}')
                );
            }
        }
    }
    assert_eq!(world.query("SELECT client_id FROM clients"), ["free", "owes", "seen"]);
}

#[test]
fn a_request_outside_the_policy_exits_with_2() {
    let world = World::new("plan-invalid");
    let options: Vec<&str> = ADMIN.split_whitespace().collect();
    for store in STORES {
        for (kind, id) in
            [("'; DROP TABLE clients; --", "free"), ("debts", "1"), ("", "free"), ("clients", "")]
        {
            for command in ["plan", "apply"] {
                let words = [&[command, kind, id], &options[..]].concat();
                let ended = world.run_words(store, &words);
                assert_eq!((ended.status, ended.out.as_str()), (2, ""), "`{kind}` `{id}`: {}", ended.err);
            }
        }
        for line in [
            "plan clients free --mode anonymize",
            "plan clients free --mode hard_delete --actor a --role ADMIN",
        ] {
            assert_eq!(world.run(store, line).status, 2, "{line}");
        }
    }
    assert_eq!(world.query("SELECT client_id FROM clients"), ["free", "owes", "seen"]);
}

#[test]
fn many_ids_are_one_plan() {
    let world = World::new("plan-batch");
    for store in STORES {
        let ended = world.run(store, &format!("plan clients free seen free {ADMIN} --format json"));
        assert_eq!(ended.json()["subjects"]["ids"], json!(["free", "seen"]));
        assert_eq!(world.run(store, &format!("plan clients free nobody {ADMIN}")).status, 4);
    }
}

#[test]
fn a_plan_is_printed_as_markdown_mermaid_and_sql() {
    let world = World::new("plan-formats");
    for store in STORES {
        let shown = |format: &str| {
            let ended = world.run(store, &format!("plan clients free {ADMIN} --format {format}"));
            assert_eq!(ended.status, 0, "{}", ended.err);
            ended.out
        };
        assert!(shown("markdown").contains("| 1 | clients | delete | as asked |"));
        assert!(shown("mermaid").starts_with("flowchart TD\n"));
        let sql = shown("sql");
        assert!(sql.contains("DELETE FROM \"clients\"") && !sql.contains("free"), "{sql}");
    }
}
