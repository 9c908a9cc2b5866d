//! `verify`: rows that refer to nothing, values that are not masked, and erased values in the bytes of a file.

use serde_json::json;

use crate::world::{STORES, World, policy, rows};

const SECRET: &str = "maria.unique.secret@example.org";

/// Creates a world whose policy also anonymizes clients and marks them as deleted.
fn erasing(name: &str) -> World {
    let world = World::new(name);
    let mut policy = policy();
    policy["kinds"]["clients"]["personal"] = json!({ "name": { "text": "nobody" } });
    policy["kinds"]["clients"]["tombstone"] = json!(true);
    let keep = json!({ "allow": "any", "rules": { "*": "keep" } });
    policy["modes"]["anonymize"] = keep.clone();
    world.write("policy.json", &policy.to_string());
    world
}

#[test]
fn verify_prints_rows_that_refer_to_nothing() {
    let mut incomplete = rows(|id| json!(id));
    incomplete["clients"].as_array_mut().unwrap().pop();
    incomplete["sessions"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "s2", "client_id": "gone", "seen_at": null }));
    let world = World::with("verify-rows", &json!({}));
    world.write("data.json", &incomplete.to_string());
    world.execute(
        "PRAGMA foreign_keys = OFF; INSERT INTO sessions VALUES ('s1', 'seen', NULL), ('s2', 'gone', NULL)",
    );
    let line =
        "2 rows of `sessions` refer over `sessions.client_id` to a record that does not exist: `s1`, `s2`\n";
    for store in STORES {
        let ended = world.run(store, "verify");
        assert_eq!((ended.status, &*ended.out), (3, line), "{store}: {}", ended.err);
        assert!(ended.err.contains("there is 1 finding"), "{}", ended.err);
        let bounded = world.run(store, "verify --limit 1 --format json");
        let found = &bounded.json()["inconsistencies"][0];
        let expected = json!({ "kind": "sessions", "what": { "dangling": "sessions.client_id" }, "count": 1, "more": true, "sample": ["s1"] });
        assert_eq!(found, &expected, "{store}");
    }
}

#[test]
fn verify_prints_values_that_should_be_masked() {
    let world = erasing("verify-masks");
    let nothing = world.run("sqlite:app.db", "verify");
    assert_eq!((nothing.status, &*nothing.out), (0, "nothing was found\n"), "{}", nothing.err);
    let ended = world.run("sqlite:app.db", "apply clients free --mode anonymize --actor ana --role ADMIN");
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert_eq!(world.run("sqlite:app.db", "verify").status, 0);
    world.execute("UPDATE clients SET name = 'Ana' WHERE client_id = 'free'");
    let found = world.run("sqlite:app.db", "verify");
    assert_eq!(
        (found.status, &*found.out),
        (3, "1 row of `clients` is anonymized, but `name` is not masked: `free`\n")
    );
}

/// Each mode that erases leaves no byte of the value in the file or its log, in both journal modes.
#[test]
fn verify_finds_erased_values_in_the_bytes_of_a_file_until_they_are_gone() {
    let request = "--actor ana --role ADMIN --reason privacy_request";
    for mode in ["hard_delete", "anonymize"] {
        for journal in ["WAL", "DELETE"] {
            let world = erasing(&format!("verify-bytes-{mode}-{journal}"));
            world.execute(&format!(
                "PRAGMA journal_mode = {journal}; UPDATE clients SET name = '{SECRET}' WHERE client_id = 'free';"
            ));
            world.write("erased.txt", &format!("another\n{SECRET}\n"));
            let before = world.run("sqlite:app.db", "verify --bytes erased.txt");
            assert_eq!(before.status, 3, "{mode} {journal}: {}{}", before.out, before.err);
            assert!(
                before.out.contains("the text in line 2 is still in the bytes of `app.db"),
                "{}",
                before.out
            );
            assert!(
                !before.out.contains(SECRET) && !before.err.contains(SECRET),
                "the value is not repeated"
            );
            let ended = world.run("sqlite:app.db", &format!("apply clients free --mode {mode} {request}"));
            assert_eq!(ended.status, 0, "{mode} {journal}: {}", ended.err);
            let after = world.run("sqlite:app.db", "verify --bytes erased.txt");
            assert_eq!((after.status, &*after.out), (0, "nothing was found\n"), "{mode} {journal}");
        }
    }
    let world = erasing("verify-bytes-memory");
    world.write("erased.txt", SECRET);
    let refused = world.run("memory:data.json", "verify --bytes erased.txt");
    assert_eq!(refused.status, 2, "{}", refused.out);
    assert!(refused.err.contains("searches only SQLite files"), "{}", refused.err);
}
