//! Foreign keys that the policy does not declare: what the database would do over them is part of the plan.

use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::plan::Plan;
use client_lifecycle::sql::FindingCode;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::{DeletionPolicy, Error, Lifecycle};
use serde_json::{Value, json};

use crate::world::*;

/// Clients, their folders, and invoices in folders. The policy retains invoices for six years.
const FILED: &str = "
    CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT);
    CREATE TABLE folders (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id) ON DELETE CASCADE);
    CREATE TABLE invoices (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (id),
        folder_id INTEGER REFERENCES folders (id) ON DELETE CASCADE, issued_at TIMESTAMP);
    CREATE INDEX f1 ON folders (client_id); CREATE INDEX i1 ON invoices (client_id); CREATE INDEX i2 ON invoices (folder_id);
    INSERT INTO clients VALUES (1, 'a@example.org'), (2, 'b@example.org'); INSERT INTO folders VALUES (10, 1);
    INSERT INTO invoices VALUES (100, 1, 10, '2025-01-01 00:00:00'), (101, 1, NULL, '2025-01-01 00:00:00'),
        (102, 2, 10, '2025-01-01 00:00:00');";

fn retained(excluded: &Value) -> Value {
    json!({
        "subject": "clients", "kinds": { "clients": {}, "invoices": { "fields": { "issued_at": "timestamp" } } },
        "references": [{ "from": "invoices.client_id", "to": "clients", "nullable": true }],
        "excluded": excluded,
        "modes": { "hard_delete": { "allow": "any", "rules": { "invoices.client_id":
            { "retain": { "for": "P6Y", "from": "issued_at", "basis": "tax law" }, "on_survive": "set_null" } } } }
    })
}

/// A policy for clients and their debts. The tables in `excluded` are excluded.
fn debts(excluded: &[&str]) -> Value {
    let excluded: Vec<Value> =
        excluded.iter().map(|table| json!({ "table": table, "because": "only structure" })).collect();
    json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [{ "from": "debts.client_id", "to": "clients" }], "excluded": excluded,
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    })
}

fn policy(document: &Value) -> DeletionPolicy {
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

async fn opened(world: &World, document: &Value) -> Lifecycle<SqliteStore> {
    let lifecycle = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy(document)).await;
    lifecycle.unwrap_or_else(|error| panic!("{error}")).with_clock(now())
}

fn delete(id: i64) -> Request {
    Request::hard_delete("clients", id).by(Actor::new("ana", "ADMIN"))
}

async fn planned(world: &World, document: &Value) -> Plan {
    opened(world, document).await.plan(&delete(1)).await.unwrap_or_else(|error| panic!("{error:?}"))
}

/// Deletes client 1. Checks that no reference is left behind.
async fn deleted(world: &World, document: &Value) -> Plan {
    let lifecycle = opened(world, document).await;
    let plan = lifecycle.plan(&delete(1)).await.unwrap();
    let receipt =
        lifecycle.apply(&delete(1), &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
    assert_eq!(receipt.steps.len(), plan.steps.len());
    for (step, done) in plan.steps.iter().zip(&receipt.steps) {
        assert_eq!((step.count, step.count), (done.planned, done.actual), "{receipt}");
        assert_eq!(step.key.undeclared, done.undeclared);
    }
    assert_eq!(world.texts("PRAGMA foreign_key_check").await, Vec::<String>::new());
    plan
}

/// Returns the steps as texts: count, kind, disposition, rule, and whether the reference is undeclared.
fn steps(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter().map(|step| {
        let undeclared = if step.key.undeclared { " undeclared" } else { "" };
        let (kind, rule) = (&step.key.kind, &step.key.rule);
        format!("{} {kind} {} {rule}{undeclared}", step.count, step.key.disposition)
    });
    steps.collect()
}

fn blockers(plan: &Plan) -> Vec<String> {
    let blockers = plan.blockers.iter().map(|one| {
        let reference = one.reference.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{} {} over {reference}", one.count, one.rule)
    });
    blockers.collect()
}

#[tokio::test]
async fn rows_that_the_policy_retains_stay_although_an_excluded_table_leads_to_them() {
    for excluded in [json!([{ "table": "folders", "because": "only structure" }]), json!([])] {
        let world = World::new(FILED).await;
        let plan = deleted(&world, &retained(&excluded)).await;
        let left = "SELECT id || ' ' || ifnull(client_id, '-') || ' ' || ifnull(folder_id, '-') FROM invoices ORDER BY id";
        assert_eq!(world.texts(left).await, ["100 - -", "101 - -", "102 2 -"]);
        assert_eq!(world.number("SELECT count(*) FROM folders").await, 0);
        let found = steps(&plan);
        assert!(found.contains(&"1 folders delete cascade undeclared".to_owned()), "{found:?}");
        assert!(found.contains(&"2 invoices set_null cascade undeclared".to_owned()), "{found:?}");
        assert!(
            plan.to_string().contains("folders.client_id (cascade) (foreign key, undeclared)")
                || plan.to_string().contains("folders.client_id (foreign key, undeclared)"),
            "{plan}"
        );
    }
}

#[tokio::test]
async fn rows_that_the_policy_blocks_block_over_an_excluded_table_too() {
    let world = World::new(FILED).await;
    let mut document = retained(&json!([{ "table": "folders", "because": "only structure" }]));
    document["modes"]["hard_delete"]["rules"] = json!({ "invoices.client_id": "restrict" });
    let plan = planned(&world, &document).await;
    assert_eq!(blockers(&plan), ["2 restrict over invoices.client_id", "2 restrict over invoices.folder_id"]);
    // A rule that only deletes lets the database have its way.
    document["modes"]["hard_delete"]["rules"] = json!({ "invoices.client_id": "cascade" });
    deleted(&world, &document).await;
    assert_eq!(world.texts("SELECT id FROM invoices").await, Vec::<String>::new());
}

#[tokio::test]
async fn an_excluded_reference_between_declared_kinds_is_part_of_the_plan() {
    let world = World::new(FILED).await;
    let mut document =
        retained(&json!([{ "reference": "invoices.folder_id", "because": "where the paper is" }]));
    document["kinds"]["folders"] = json!({});
    let references = document["references"].as_array_mut().unwrap();
    references.push(json!({ "from": "folders.client_id", "to": "clients" }));
    document["modes"]["hard_delete"]["rules"]["folders.client_id"] = json!("cascade");
    let plan = deleted(&world, &document).await;
    assert_eq!(world.texts("SELECT id FROM invoices ORDER BY id").await, ["100", "101", "102"]);
    assert!(steps(&plan).contains(&"1 folders delete cascade".to_owned()), "{plan}");
}

/// Clients, and tables `a` and `b` that form a chain to them. The arguments are added to the keys.
fn chained(a: &str, b: &str, debt: &str) -> String {
    format!(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER DEFAULT 2 REFERENCES clients {a});
         CREATE TABLE b (id INTEGER PRIMARY KEY, up INTEGER DEFAULT 2 REFERENCES a {b});
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients,
             b INTEGER DEFAULT 2 REFERENCES b {debt});
         CREATE INDEX i ON debts (client_id);
         INSERT INTO clients VALUES (1), (2); INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO b VALUES (1, 1), (2, 2);
         INSERT INTO debts VALUES (1, 1, NULL), (2, 2, 1), (3, 2, 2);"
    )
}

#[tokio::test]
async fn keys_are_followed_through_any_number_of_tables() {
    let (gone, null, default) = ("ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE SET DEFAULT");
    let left = "SELECT (SELECT group_concat(id || '>' || ifnull(up, '-'), ' ') FROM a) || ' | ' || \
        (SELECT group_concat(id || '>' || ifnull(up, '-'), ' ') FROM b) || ' | ' || \
        (SELECT group_concat(id || '>' || ifnull(b, '-'), ' ') FROM debts)";
    for (keys, expected) in [
        ([gone, gone, gone], "2>2 | 2>2 | 3>2"),
        ([gone, gone, null], "2>2 | 2>2 | 2>- 3>2"),
        ([gone, gone, default], "2>2 | 2>2 | 2>2 3>2"),
        ([null, gone, gone], "1>- 2>2 | 1>1 2>2 | 2>1 3>2"),
        ([gone, null, gone], "2>2 | 1>- 2>2 | 2>1 3>2"),
        ([gone, default, gone], "2>2 | 1>2 2>2 | 2>1 3>2"),
    ] {
        for excluded in [&["a", "b"][..], &["a"], &[]] {
            let world = World::new(&chained(keys[0], keys[1], keys[2])).await;
            let plan = deleted(&world, &debts(excluded)).await;
            assert_eq!(world.texts(left).await, [expected], "{keys:?}: {plan}");
        }
    }
    for (keys, expected) in [
        ([gone, gone, "ON DELETE RESTRICT"], "1 restrict over debts.b"),
        ([gone, "", gone], "1 restrict over b.up"),
        (["", gone, gone], "1 restrict over a.up"),
    ] {
        let world = World::new(&chained(keys[0], keys[1], keys[2])).await;
        let plan = planned(&world, &debts(&["a", "b"])).await;
        assert_eq!(blockers(&plan), [expected], "{keys:?}");
        assert!(plan.blockers[0].message.contains("(foreign key, undeclared, ON DELETE"), "{plan}");
        assert!(plan.blockers[0].remedy.starts_with("declare `"), "{plan}");
        assert_eq!(plan.blockers[0].sample.len(), 1);
    }
}

#[tokio::test]
async fn only_physical_deletions_trigger_an_undeclared_key() {
    let ddl = "
        CREATE TABLE clients (id INTEGER PRIMARY KEY, email TEXT, status TEXT DEFAULT 'ON', deleted_at TIMESTAMP);
        CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);
        CREATE TABLE sessions (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients ON DELETE CASCADE);
        CREATE TABLE logs (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);
        CREATE TABLE likes (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients ON DELETE SET NULL);
        CREATE INDEX i ON debts (client_id);
        INSERT INTO clients (id) VALUES (1), (2); INSERT INTO debts VALUES (1, 1); INSERT INTO sessions VALUES (1, 1);
        INSERT INTO logs VALUES (1, 1); INSERT INTO likes VALUES (1, 1);";
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": { "status": "status", "deleted_at": "deleted_at", "tombstone": true,
                                "personal": { "email": "null" } }, "debts": {} },
        "references": [{ "from": "debts.client_id", "to": "clients" }],
        "modes": {
            "hard_delete": { "allow": "any", "rules": { "*": "keep" } }, "anonymize": { "allow": "any", "rules": { "*": "keep" } },
            "soft_delete": { "allow": "any", "rules": { "*": "keep" } }, "deactivate": { "allow": "any", "rules": { "*": "keep" } }
        }
    });
    let count = "SELECT (SELECT count(*) FROM sessions) || (SELECT count(*) FROM logs) || (SELECT count(client_id) FROM likes)";
    for mode in ["hard_delete", "anonymize", "soft_delete", "deactivate"] {
        let world = World::new(ddl).await;
        let lifecycle = opened(&world, &document).await;
        let mut request = delete(1);
        request.mode = mode.parse().unwrap();
        let plan = lifecycle.plan(&request).await.unwrap();
        assert!(plan.steps.iter().all(|step| !step.key.undeclared), "{mode}: {plan}");
        lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{mode}: {error:?}\n{plan}"));
        // In `hard_delete`, the debt keeps the client as a tombstone.
        assert_eq!(world.texts(count).await, ["111"], "{mode}");
    }
    // Without the debt, the client goes, and the log blocks.
    let world = World::new(ddl).await;
    world.run("DELETE FROM debts").await;
    let plan = planned(&world, &document).await;
    assert_eq!(blockers(&plan), ["1 restrict over logs.client_id"]);
    world.run("DELETE FROM logs").await;
    let plan = deleted(&world, &document).await;
    assert_eq!(
        steps(&plan),
        [
            "1 sessions delete cascade undeclared",
            "1 likes set_null set_null undeclared",
            "1 clients delete hard_delete"
        ]
    );
}

#[tokio::test]
async fn keys_that_lead_back_to_the_subject_delete_other_subjects() {
    let ddl = "CREATE TABLE clients (id INTEGER PRIMARY KEY, folder INTEGER REFERENCES folders ON DELETE CASCADE);
         CREATE TABLE folders (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES clients ON DELETE CASCADE);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);
         INSERT INTO clients VALUES (1, NULL), (2, NULL), (3, NULL); INSERT INTO folders VALUES (1, 1), (2, 3);
         UPDATE clients SET folder = 1 WHERE id = 2; INSERT INTO debts VALUES (1, 2), (2, 3);";
    let world = World::new(ddl).await;
    let plan = deleted(&world, &debts(&["folders"])).await;
    assert_eq!(world.texts("SELECT id FROM clients").await, ["3"], "{plan}");
    assert_eq!(world.texts("SELECT id FROM debts").await, ["2"], "{plan}");
    assert!(steps(&plan).contains(&"1 clients delete cascade undeclared".to_owned()), "{plan}");

    for (action, expected) in [("CASCADE", Some("3")), ("SET NULL", Some("2 3")), ("NO ACTION", None)] {
        let ddl = format!(
            "CREATE TABLE clients (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES clients ON DELETE {action});
             CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);
             INSERT INTO clients VALUES (1, 1), (2, 1), (3, NULL);"
        );
        let world = World::new(&ddl).await;
        if let Some(expected) = expected {
            deleted(&world, &debts(&[])).await;
            assert_eq!(world.texts("SELECT group_concat(id, ' ') FROM clients").await, [expected]);
        } else {
            let plan = planned(&world, &debts(&[])).await;
            assert_eq!(blockers(&plan), ["1 restrict over clients.boss"]);
        }
    }
}

#[tokio::test]
async fn keys_of_several_columns_and_to_other_keys_find_the_right_rows() {
    let ddl = "CREATE TABLE Clients (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, town TEXT, UNIQUE (town, id));
         CREATE TABLE Folders (town TEXT, number INTEGER, owner INTEGER, PRIMARY KEY (town, number),
             FOREIGN KEY (town, owner) REFERENCES CLIENTS (town, id) ON DELETE CASCADE);
         CREATE TABLE papers (note TEXT, town TEXT, folder INTEGER,
             FOREIGN KEY (town, folder) REFERENCES folDers ON DELETE CASCADE);
         CREATE TABLE cards (note TEXT, code TEXT REFERENCES clients (code) ON DELETE SET NULL);
         CREATE TABLE Debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES cLients, town TEXT, folder INTEGER,
             FOREIGN KEY (town, folder) REFERENCES folDers ON DELETE SET NULL);
         INSERT INTO clients VALUES (1, 'x', 'A'), (2, 'y', 'A'), (3, '1', 'B');
         INSERT INTO folders VALUES ('A', 1, 1), ('A', 2, 2), ('B', 1, 3);
         INSERT INTO papers VALUES ('p', 'A', 1), ('q', 'A', 2), ('r', 'B', 1), ('s', 'A', NULL);
         INSERT INTO cards VALUES ('c', 'x'), ('d', '1');
         INSERT INTO debts VALUES (1, 2, 'A', 1), (2, 3, 'B', 1);";
    let world = World::new(ddl).await;
    let plan = deleted(&world, &debts(&["FOLDERS"])).await;
    assert_eq!(world.texts("SELECT note FROM papers ORDER BY note").await, ["q", "r", "s"], "{plan}");
    assert_eq!(world.texts("SELECT ifnull(code, '-') FROM cards ORDER BY note").await, ["-", "1"], "{plan}");
    assert_eq!(
        world.texts("SELECT ifnull(town, '-') || ifnull(folder, '-') FROM debts ORDER BY id").await,
        ["--", "B1"],
        "{plan}"
    );
}

/// The column has two foreign keys to the declared kind. The second refers to another column than the id.
#[tokio::test]
async fn a_second_key_over_a_declared_column_is_part_of_the_plan() {
    let ddl = "CREATE TABLE clients (id INTEGER PRIMARY KEY, code INTEGER NOT NULL UNIQUE);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (id)
             REFERENCES clients (code) ON DELETE CASCADE);
         INSERT INTO clients VALUES (1, 2), (2, 1); INSERT INTO debts VALUES (1, 1), (2, 2);";
    let world = World::new(ddl).await;
    let plan = deleted(&world, &debts(&[])).await;
    // Debt 2 belongs to client 2, but its second key refers to the code of client 1.
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 0, "{plan}");
    assert_eq!(plan.steps.iter().map(|step| step.count).sum::<u64>(), 3, "{plan}");
}

/// Rows outside a kind's filter are rows of no kind, but the database does not know that.
#[tokio::test]
async fn rows_that_a_filter_or_an_if_leaves_out_block() {
    let ddl = "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients ON DELETE CASCADE, status TEXT);
         CREATE INDEX i ON debts (client_id);
         INSERT INTO clients VALUES (1), (2); INSERT INTO debts VALUES (1, 1, 'A'), (2, 1, 'B'), (3, 1, NULL), (4, 2, 'B');";
    let status = json!({ "field": "status", "eq": "A" });
    let mut filtered = debts(&[]);
    filtered["kinds"]["debts"] = json!({ "filter": status });
    let mut conditional = debts(&[]);
    conditional["references"][0]["if"] = status;
    for document in [filtered, conditional] {
        let world = World::new(ddl).await;
        let plan = planned(&world, &document).await;
        assert_eq!(plan.blockers.len(), 1, "{plan}");
        assert_eq!(plan.blockers[0].count, 2, "{plan}");
        world.run("DELETE FROM debts WHERE id IN (2, 3)").await;
        deleted(&world, &document).await;
        assert_eq!(world.texts("SELECT id FROM debts").await, ["4"]);
    }
}

#[tokio::test]
async fn a_default_that_cannot_be_the_new_target_blocks() {
    for (default, expected) in [
        ("DEFAULT 2", None),
        ("DEFAULT NULL", None),
        ("", None),
        ("DEFAULT 1", Some("1 set_default over a.up")),
        ("DEFAULT 9", Some("1 set_default over a.up")),
        ("DEFAULT (1 + 1)", Some("1 set_default over a.up")),
        ("NOT NULL", Some("1 set_default over a.up")),
    ] {
        let ddl = format!(
            "CREATE TABLE clients (id INTEGER PRIMARY KEY);
             CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);
             CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER {default} REFERENCES clients ON DELETE SET DEFAULT);
             INSERT INTO clients VALUES (1), (2); INSERT INTO a VALUES (1, 1);"
        );
        let world = World::new(&ddl).await;
        if let Some(expected) = expected {
            assert_eq!(blockers(&planned(&world, &debts(&[])).await), [expected], "{default}");
        } else {
            deleted(&world, &debts(&[])).await;
        }
    }
}

#[tokio::test]
async fn excluded_silences_check_and_nothing_else() {
    let ddl = chained("ON DELETE CASCADE", "ON DELETE CASCADE", "ON DELETE CASCADE");
    let world = World::new(&ddl).await;
    let found = world.store.findings(&policy(&debts(&[]))).await.unwrap();
    let codes: Vec<FindingCode> = found.iter().map(|finding| finding.code).collect();
    assert!(
        codes.contains(&FindingCode::UncoveredTable) && !codes.contains(&FindingCode::CascadingForeignKey),
        "{found:#?}"
    );
    let mut document = debts(&["a", "b"]);
    document["excluded"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "reference": "debts.b", "because": "only structure" }));
    assert_eq!(world.store.findings(&policy(&document)).await.unwrap(), []);
    let plan = planned(&world, &document).await;
    assert_eq!(
        steps(&plan),
        [
            "1 debts delete cascade",
            "1 debts delete cascade undeclared",
            "1 b delete cascade undeclared",
            "1 a delete cascade undeclared",
            "1 clients delete hard_delete"
        ]
    );
}

#[tokio::test]
async fn the_audit_log_names_undeclared_keys() {
    let world = World::new(&chained("ON DELETE CASCADE", "ON DELETE CASCADE", "ON DELETE CASCADE")).await;
    deleted(&world, &debts(&["a", "b"])).await;
    let audit = world.store.audit(&"clients".into(), &1.into()).await.unwrap();
    let steps = audit[0].detail["steps"].as_array().unwrap();
    let undeclared: Vec<&str> = steps
        .iter()
        .filter(|step| step["undeclared"] == true)
        .map(|step| step["kind"].as_str().unwrap())
        .collect();
    assert_eq!(undeclared, ["debts", "b", "a"]);
}

/// A policy that the keys make impossible does not open: a row that must stay would need its deleted parent.
#[tokio::test]
async fn a_policy_that_does_not_fit_the_keys_does_not_open() {
    let ddl = "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE folders (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients ON DELETE CASCADE);
         CREATE TABLE papers (id INTEGER PRIMARY KEY, folder_id INTEGER NOT NULL REFERENCES folders);";
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "folders": {}, "papers": {} },
        "references": [{ "from": "papers.folder_id", "to": "folders" }],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "keep" } } }
    });
    let world = World::new(ddl).await;
    let error = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy(&document)).await.unwrap_err();
    let Error::SchemaMismatch(faults) = &error else { panic!("{error:?}") };
    assert!(
        faults
            .iter()
            .any(|fault| fault.message.contains("must keep referring to a deleted row of `folders`")),
        "{faults}"
    );
    let found = world.store.findings(&policy(&document)).await.unwrap();
    assert!(found.iter().any(|finding| finding.message.contains("must keep referring")), "{found:#?}");
    // Without a rule in the mode, papers block.
    let mut document = document;
    document["modes"]["hard_delete"]["rules"] = json!({});
    world.run("INSERT INTO clients VALUES (1); INSERT INTO folders VALUES (1, 1); INSERT INTO papers VALUES (1, 1);").await;
    let plan = planned(&world, &document).await;
    assert_eq!(blockers(&plan), ["1 restrict over papers.folder_id"], "{plan}");
}

#[tokio::test]
async fn a_key_that_is_added_while_a_service_runs_is_part_of_the_next_plan() {
    let ddl = "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);
         CREATE INDEX i ON debts (client_id);
         INSERT INTO clients VALUES (1), (2), (3); INSERT INTO debts VALUES (1, 1);";
    let world = World::new(ddl).await;
    let lifecycle = opened(&world, &debts(&[])).await;
    let before = lifecycle.plan(&delete(1)).await.unwrap();
    world.run("CREATE TABLE a (id INTEGER PRIMARY KEY, up INTEGER REFERENCES clients ON DELETE CASCADE); INSERT INTO a VALUES (1, 1), (2, 2);").await;
    // The plan that was shown says nothing about `a`.
    let error = lifecycle.apply(&delete(1), &before).await.unwrap_err();
    let Error::Changed(changed) = &error else { panic!("{error:?}") };
    assert!(steps(changed).contains(&"1 a delete cascade undeclared".to_owned()), "{changed}");
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 3);
    let plan = lifecycle.plan(&delete(1)).await.unwrap();
    assert_eq!(plan.digest, changed.digest);
    lifecycle.apply(&delete(1), &plan).await.unwrap();
    assert_eq!(world.texts("SELECT id FROM a").await, ["2"]);

    // A call that shows no plan uses the new keys at once.
    world.run("CREATE TABLE b (id INTEGER PRIMARY KEY, up INTEGER REFERENCES clients); INSERT INTO b VALUES (1, 2);").await;
    let error = lifecycle.execute(&delete(2)).await.unwrap_err();
    let Error::Blocked(plan) = &error else { panic!("{error:?}") };
    assert_eq!(blockers(plan), ["1 restrict over b.up"]);
    world.run("DROP TABLE b").await;
    lifecycle.execute(&delete(2)).await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM a").await, 0);

    // The next plan of a policy that no longer fits says so.
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "folders": {}, "papers": {} },
        "references": [{ "from": "papers.folder_id", "to": "folders" }],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "keep" } } }
    });
    world
        .run(
            "CREATE TABLE folders (id INTEGER PRIMARY KEY);
        CREATE TABLE papers (id INTEGER PRIMARY KEY, folder_id INTEGER NOT NULL REFERENCES folders);",
        )
        .await;
    let lifecycle = opened(&world, &document).await;
    let before = lifecycle.plan(&delete(3)).await.unwrap();
    world.run("ALTER TABLE folders ADD client_id INTEGER REFERENCES clients ON DELETE CASCADE;").await;
    let errors = [
        lifecycle.plan(&delete(3)).await.unwrap_err(),
        lifecycle.apply(&delete(3), &before).await.unwrap_err(),
        lifecycle.execute(&delete(3)).await.unwrap_err(),
    ];
    for error in errors {
        let Error::SchemaChanged(faults) = &error else { panic!("{error:?}") };
        assert!(faults.to_string().contains("must keep referring to a deleted row of `folders`"), "{faults}");
        assert_eq!(error.code(), "schema_changed");
    }
    assert_eq!(world.texts("SELECT id FROM clients").await, ["3"]);
}
