//! Foreign keys that the policy does not declare, in other schemas and of forms that only PostgreSQL has: what the database
//! would do over them is part of the plan.

use client_lifecycle::Error;
use client_lifecycle::plan::Plan;
use serde_json::{Value, json};

use crate::world::{World, delete};

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

const CLIENTS: &str = "CREATE TABLE clients (id integer PRIMARY KEY);
    CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients);
    CREATE INDEX ON debts (client_id); INSERT INTO clients VALUES (1), (2); INSERT INTO debts VALUES (1, 1), (2, 2);";

fn steps(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter().filter(|step| step.key.undeclared);
    let steps = steps.map(|step| format!("{} {} {}", step.count, step.key.kind, step.key.disposition));
    steps.collect()
}

fn blockers(plan: &Plan) -> Vec<String> {
    let blockers = plan.blockers.iter().map(|one| {
        let reference = one.reference.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{} {} over {reference}", one.count, one.rule)
    });
    blockers.collect()
}

async fn planned(world: &World) -> Plan {
    world.lifecycle().await.plan(&delete(1)).await.unwrap_or_else(|error| panic!("{error:?}"))
}

/// Deletes client 1, in one statement and in several.
async fn deleted(world: &World, single: bool) -> Plan {
    let store = world.store().single_statement_limit(if single { 500 } else { 0 });
    let lifecycle = client_lifecycle::Lifecycle::open(store, world.policy.clone()).await;
    let lifecycle = lifecycle.unwrap_or_else(|error| panic!("{error}"));
    let plan = lifecycle.plan(&delete(1)).await.unwrap();
    let receipt =
        lifecycle.apply(&delete(1), &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
    assert!(receipt.steps.iter().all(|step| step.planned == step.actual), "{receipt}");
    plan
}

#[tokio::test]
async fn keys_in_other_schemas_are_followed() {
    for single in [true, false] {
        let Some(world) = World::new(CLIENTS, &debts(&[])).await else { return };
        let s = world.schema.name.clone();
        world.run(&format!(
            "CREATE SCHEMA {s}_b; CREATE SCHEMA {s}_c;
             CREATE TABLE {s}_b.debts (id integer PRIMARY KEY, up integer REFERENCES clients ON DELETE CASCADE);
             CREATE TABLE {s}_c.b (note text, up integer REFERENCES {s}_b.debts ON DELETE CASCADE);
             INSERT INTO {s}_b.debts VALUES (1, 1), (2, 2); INSERT INTO {s}_c.b VALUES ('x', 1), ('y', 2)"
        )).await;
        let plan = deleted(&world, single).await;
        assert_eq!(steps(&plan), [format!("1 {s}_c.b delete"), format!("1 {s}_b.debts delete")], "{plan}");
        assert_eq!(world.text(&format!("SELECT string_agg(note, ' ') FROM {s}_c.b")).await, "y");
        world.run(&format!("DROP SCHEMA {s}_b CASCADE; DROP SCHEMA {s}_c CASCADE")).await;
    }
}

#[tokio::test]
async fn partitions_are_part_of_their_table() {
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY) PARTITION BY RANGE (id);
         CREATE TABLE clients_0 PARTITION OF clients FOR VALUES FROM (0) TO (10);
         CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients); CREATE INDEX ON debts (client_id);
         CREATE TABLE folders (id integer PRIMARY KEY, owner integer REFERENCES clients_0 ON DELETE CASCADE);
         CREATE TABLE papers (id integer, day integer, folder integer REFERENCES folders ON DELETE CASCADE) PARTITION BY RANGE (day);
         CREATE TABLE papers_0 PARTITION OF papers FOR VALUES FROM (0) TO (10);
         CREATE TABLE papers_1 PARTITION OF papers FOR VALUES FROM (10) TO (20);
         INSERT INTO clients VALUES (1), (2); INSERT INTO folders VALUES (1, 1), (2, 2);
         INSERT INTO papers VALUES (1, 1, 1), (2, 11, 1), (3, 12, 2)";
    for single in [true, false] {
        let Some(world) = World::new(ddl, &debts(&["folders"])).await else { return };
        let plan = deleted(&world, single).await;
        assert_eq!(steps(&plan), ["2 papers delete", "1 folders delete"], "{plan}");
        assert_eq!(world.number("SELECT id::bigint FROM papers").await, 3);
    }
}

/// The rows of such keys cannot be told from other rows of the same table or kind.
#[tokio::test]
async fn open_refuses_actions_on_rows_that_no_plan_can_name() {
    let ddl = format!(
        "{CLIENTS} CREATE TABLE papers (id integer, owner integer) PARTITION BY RANGE (id);
         CREATE TABLE papers_0 PARTITION OF papers FOR VALUES FROM (0) TO (10);
         ALTER TABLE papers_0 ADD FOREIGN KEY (owner) REFERENCES clients ON DELETE CASCADE;
         CREATE TABLE old_debts (owner integer REFERENCES clients ON DELETE CASCADE) INHERITS (debts);"
    );
    let Some(world) = World::new(&ddl, &debts(&["papers", "old_debts"])).await else { return };
    let error = client_lifecycle::Lifecycle::open(world.store(), world.policy.clone()).await.unwrap_err();
    let Error::SchemaMismatch(faults) = &error else { panic!("{error:?}") };
    let text = faults.to_string();
    assert!(text.contains("belongs to a single partition of `papers`"), "{text}");
    assert!(text.contains("belongs to `old_debts`, which inherits from `debts`"), "{text}");
    let found = world.store().findings(&world.policy).await.unwrap();
    for fault in faults {
        assert!(found.iter().any(|finding| finding.message == fault.message), "{fault:?}: {found:#?}");
    }
}

#[tokio::test]
async fn keys_of_several_columns_do_what_they_say() {
    let ddl = "CREATE TABLE clients (tenant integer, number integer, PRIMARY KEY (tenant, number));
         CREATE TABLE a (id integer PRIMARY KEY, tenant integer NOT NULL, number integer,
             FOREIGN KEY (tenant, number) REFERENCES clients ON DELETE SET NULL (number));
         CREATE TABLE b (id integer PRIMARY KEY, tenant integer, number integer,
             FOREIGN KEY (number, tenant) REFERENCES clients (number, tenant) MATCH FULL ON DELETE SET NULL);
         CREATE TABLE c (id integer PRIMARY KEY, tenant integer NOT NULL, number integer,
             FOREIGN KEY (tenant, number) REFERENCES clients ON DELETE SET DEFAULT (number));
         INSERT INTO clients VALUES (1, 1), (1, 2); INSERT INTO a VALUES (1, 1, 1), (2, 1, 2);
         INSERT INTO b VALUES (1, 1, 1), (2, 1, 2), (3, NULL, NULL); INSERT INTO c VALUES (1, 1, 1), (2, 1, 2)";
    let document = json!({
        "subject": "clients", "kinds": { "clients": { "id": ["tenant", "number"] } },
        "modes": { "hard_delete": { "allow": "any" } }
    });
    for single in [true, false] {
        let Some(world) = World::new(ddl, &document).await else { return };
        let store = world.store().single_statement_limit(if single { 500 } else { 0 });
        let lifecycle = client_lifecycle::Lifecycle::open(store, world.policy.clone()).await.unwrap();
        let request = delete(client_lifecycle::domain::RecordId::from((1, 1)));
        let plan = lifecycle.plan(&request).await.unwrap();
        lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
        for (table, expected) in [("a", "1-1- 2-1-2"), ("b", "1-- 2-1-2 3--"), ("c", "1-1- 2-1-2")] {
            let list = "string_agg(concat(id, '-', tenant, '-', number), ' ' ORDER BY id)";
            let left = world.text(&format!("SELECT {list} FROM {table}")).await;
            assert_eq!(left, expected, "{table}: {plan}");
        }
    }
}

#[tokio::test]
async fn a_key_that_is_not_enforced_does_nothing() {
    let ddl = format!(
        "{CLIENTS} CREATE TABLE a (id integer PRIMARY KEY, up integer REFERENCES clients ON DELETE CASCADE);
         INSERT INTO a VALUES (1, 1)"
    );
    let Some(world) = World::new(&ddl, &debts(&[])).await else { return };
    world.run("ALTER TABLE a DISABLE TRIGGER ALL; ALTER TABLE clients DISABLE TRIGGER ALL").await;
    let plan = planned(&world).await;
    assert_eq!(steps(&plan), Vec::<String>::new(), "{plan}");
}

#[tokio::test]
async fn catalogues_that_change_while_a_service_runs_are_noticed() {
    let Some(world) = World::new(CLIENTS, &debts(&[])).await else { return };
    let lifecycle = world.lifecycle().await;
    let before = lifecycle.plan(&delete(1)).await.unwrap();
    world.run("CREATE TABLE a (id integer PRIMARY KEY, up integer REFERENCES clients ON DELETE CASCADE); INSERT INTO a VALUES (1, 1)").await;
    let error = lifecycle.apply(&delete(1), &before).await.unwrap_err();
    let Error::Changed(plan) = &error else { panic!("{error:?}") };
    assert_eq!(steps(plan), ["1 a delete"]);
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 2);

    // Another action of the same key.
    let before = lifecycle.plan(&delete(1)).await.unwrap();
    world.run("ALTER TABLE a DROP CONSTRAINT a_up_fkey, ADD FOREIGN KEY (up) REFERENCES clients ON DELETE SET NULL").await;
    let error = lifecycle.apply(&delete(1), &before).await.unwrap_err();
    let Error::Changed(plan) = &error else { panic!("{error:?}") };
    assert_eq!(steps(plan), ["1 a set_null"]);

    // A key of a table further away, then a table that a key no longer leads to.
    world.run("ALTER TABLE a DROP CONSTRAINT a_up_fkey, ADD FOREIGN KEY (up) REFERENCES clients ON DELETE CASCADE").await;
    let before = lifecycle.plan(&delete(1)).await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    world.run("CREATE TABLE b (id integer PRIMARY KEY, up integer NOT NULL REFERENCES a); INSERT INTO b VALUES (1, 1)").await;
    assert_eq!(blockers(&lifecycle.plan(&delete(1)).await.unwrap()), ["1 restrict over b.up"], "{before:?}");
    world.run("DROP TABLE b").await;
    let receipt = lifecycle.execute(&delete(1)).await.unwrap();
    assert!(receipt.steps.iter().any(|step| step.undeclared && step.actual == 1), "{receipt}");

    // The same inside a transaction of the host.
    world.run("CREATE TABLE c (id integer PRIMARY KEY, up integer REFERENCES clients ON DELETE CASCADE); INSERT INTO c VALUES (1, 2)").await;
    let mut tx = world.schema.pool.begin().await.unwrap();
    let inside = lifecycle.in_transaction(&mut tx);
    let receipt = inside.execute(&delete(2)).await.unwrap();
    assert!(receipt.steps.iter().any(|step| step.kind == *"c" && step.actual == 1), "{receipt}");
    drop(inside);
    tx.commit().await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM c").await, 0);
}
