//! How tables are looked up in their schemas: any name, the search path, privileges, and schemas that are not there.

use std::collections::BTreeMap;

use client_lifecycle::Lifecycle;
use client_lifecycle::domain::TableName;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::sqlx::postgres::PgPoolOptions;
use client_lifecycle::postgres::{PostgresStore, lock_parent};
use client_lifecycle::sql::first_policy;
use serde_json::{Value, json};

use crate::role::Role;
use crate::schemas::{TWINS, cascading, deleted, found, rows};
use crate::world::{World, delete, policy};

#[tokio::test]
async fn a_schema_that_the_role_may_not_look_into_is_named_before_anything_runs() {
    let debts = json!({ "from": "debts.client_id", "to": "clients" });
    let document = cascading(&json!({ "clients": {}, "debts": { "table": "crm.debts" } }), &json!([debts]));
    let Some(world) = World::new(TWINS, &document).await else { return };
    world.run("DELETE FROM crm.lines; DROP TABLE debts").await;
    world
        .run("ALTER TABLE crm.debts ADD FOREIGN KEY (client_id) REFERENCES clients; DROP TABLE crm.lines")
        .await;
    let role = Role::new(&world).await;
    world.run(&format!("GRANT ALL ON ALL TABLES IN SCHEMA crm TO {}", role.name)).await;
    let store = || PostgresStore::new(role.pool.clone());
    assert_eq!(found(store(), &document).await, ["missing_privilege kinds.debts"]);
    let refused = Lifecycle::open(store(), policy(&document)).await.unwrap_err();
    let Error::SchemaMismatch(faults) = &refused else { panic!("{refused:?}") };
    let fault = faults.iter().next().unwrap();
    assert_eq!(
        fault.to_string(),
        "kinds.debts: the current role lacks USAGE on the schema `crm` of `crm.debts` (GRANT USAGE ON SCHEMA \"crm\" TO the role)"
    );
    // In the search path, PostgreSQL skips the schema, and says that the table does not exist.
    let on_path = cascading(&json!({ "clients": {}, "debts": {} }), &json!([debts]));
    for path in [format!("{}, crm", world.schema.name), format!("\"crm\",{}", world.schema.name)] {
        let options = (*role.pool.connect_options()).clone();
        let options = options.options([("search_path", path.as_str()), ("role", role.name.as_str())]);
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        let refused = Lifecycle::open(PostgresStore::new(pool.clone()), policy(&on_path)).await.unwrap_err();
        assert!(refused.to_string().contains("lacks USAGE on the schema `crm` of `crm.debts`"), "{refused}");
        assert_eq!(
            found(PostgresStore::new(pool), &on_path).await,
            [
                "uncovered_table kinds.crm.debts",
                "missing_privilege kinds.crm.debts",
                "missing_privilege kinds.debts"
            ]
        );
    }
    // The schema is not looked into for tables that no policy names.
    let without = cascading(&json!({ "clients": {} }), &json!([]));
    world.run("ALTER TABLE crm.debts DROP CONSTRAINT debts_client_id_fkey").await;
    assert_eq!(found(store(), &without).await, Vec::<String>::new());
    world.run(&format!("GRANT USAGE ON SCHEMA crm TO {}", role.name)).await;
    assert_eq!(found(store(), &without).await, ["uncovered_table kinds.crm.debts"]);
    let lifecycle = Lifecycle::open(store(), policy(&document)).await.unwrap();
    assert_eq!(deleted(&lifecycle).await, rows([("clients", 1), ("debts", 2)]));
    role.gone(&world).await;
}

/// Schemas and tables with dots and quotes are said in parts, and everything finds them: locks, triggers, partitions.
#[tokio::test]
async fn schemas_and_tables_may_have_any_name() {
    let ddl = r#"CREATE SCHEMA "c.r""m"; CREATE SCHEMA "c";
        CREATE TABLE "c.r""m"."cl.ients" (id int PRIMARY KEY, name text);
        CREATE TABLE "c.r""m"."""visits""" (id int NOT NULL, client_id int NOT NULL REFERENCES "c.r""m"."cl.ients",
            PRIMARY KEY (id)) PARTITION BY RANGE (id);
        CREATE TABLE "c.r""m".part PARTITION OF "c.r""m"."""visits""" DEFAULT;
        CREATE INDEX ON "c.r""m"."""visits""" (client_id);
        CREATE TABLE "c"."r""m.cl.ients" (id int PRIMARY KEY);
        CREATE TABLE "c"."notes" (id int PRIMARY KEY, client_id int NOT NULL);
        CREATE INDEX ON "c"."notes" (client_id);
        CREATE FUNCTION c.noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
        CREATE TRIGGER noted BEFORE DELETE ON "c.r""m"."""visits""" FOR EACH ROW EXECUTE FUNCTION c.noted();
        INSERT INTO "c.r""m"."cl.ients" VALUES (1, 'Ana'), (2, 'Ben'); INSERT INTO "c"."r""m.cl.ients" VALUES (1);
        INSERT INTO "c.r""m"."""visits""" VALUES (1, 1), (2, 1), (3, 2); INSERT INTO "c"."notes" VALUES (1, 1), (2, 2);"#;
    let schema = "c.r\"m";
    let document = cascading(
        &json!({
            "clients": { "table": { "schema": schema, "table": "cl.ients" } },
            "visits": { "table": { "schema": schema, "table": "\"visits\"" } },
            "notes": { "table": "c.notes" },
        }),
        &json!([ { "from": "visits.client_id", "to": "clients" }, { "from": "notes.client_id", "to": "clients", "lock": "table" } ]),
    );
    let Some(world) = World::new(ddl, &document).await else { return };
    assert_eq!(
        found(world.store(), &document).await,
        ["trigger kinds.visits", "unprotected_reference references.notes.client_id"]
    );
    let name = TableName::new("cl.ients").in_schema(schema);
    let first = first_policy(&world.store().catalogue().await.unwrap(), &name.to_string()).unwrap();
    let tables: Vec<TableName> = first.map().kinds().map(|kind| kind.table_name().into_owned()).collect();
    assert_eq!(tables.len(), 2, "{tables:?}");
    assert!(tables.contains(&name) && tables.contains(&TableName::new("\"visits\"").in_schema(schema)));
    let lifecycle = world.lifecycle().await;
    assert_eq!(deleted(&lifecycle).await, rows([("clients", 1), ("notes", 1), ("visits", 2)]));
    assert_eq!(world.number(r#"SELECT count(*) FROM "c"."r""m.cl.ients""#).await, 1);
}

/// Two schemas of the search path have a table of one name. A name without a schema is the first one.
#[tokio::test]
async fn a_table_that_the_search_path_hides_is_found_by_its_schema() {
    let any = cascading(&json!({ "clients": {} }), &json!([]));
    let Some(world) = World::new(TWINS, &any).await else { return };
    world.run("ALTER TABLE crm.debts ADD FOREIGN KEY (client_id) REFERENCES clients").await;
    let own = world.schema.name.clone();
    let pool = |path: &str| {
        let options = (*world.schema.pool.connect_options()).clone();
        PgPoolOptions::new().max_connections(2).connect_lazy_with(options.options([("search_path", path)]))
    };
    let debts = json!({ "from": "debts.client_id", "to": "clients" });
    let one = cascading(&json!({ "clients": {}, "debts": {} }), &json!([debts]));
    let both = |other: &str| {
        cascading(
            &json!({ "clients": {}, "debts": {}, "others": { "table": format!("{other}.debts") }, "lines": { "table": "crm.lines" } }),
            &json!([debts, { "from": "others.client_id", "to": "clients" },
                    { "from": "lines.debt_id", "to": if other == "crm" { "others" } else { "debts" } }]),
        )
    };
    for (path, hidden) in [(format!("{own},crm"), "crm"), (format!("crm,{own}"), own.as_str())] {
        let pool = pool(&path);
        let store = || PostgresStore::new(pool.clone());
        let uncovered = format!("uncovered_table kinds.{hidden}.debts");
        assert!(found(store(), &one).await.contains(&uncovered), "{path}");
        let document = both(hidden);
        assert_eq!(found(store(), &document).await, Vec::<String>::new(), "{path}");
        let lifecycle = Lifecycle::open(store(), policy(&document)).await.unwrap();
        let plan = lifecycle.plan(&delete(1)).await.unwrap();
        let planned: BTreeMap<String, u64> =
            plan.steps.iter().map(|step| (step.key.kind.to_string(), step.count)).collect();
        let (debts, others) = if hidden == "crm" { (1, 2) } else { (2, 1) };
        assert_eq!(
            planned,
            rows([("clients", 1), ("debts", debts), ("lines", 1), ("others", others)]),
            "{path}"
        );
    }
    let store = PostgresStore::new(pool(&format!("crm,{own}")));
    let lifecycle = Lifecycle::open(store, policy(&both(&own))).await.unwrap();
    assert_eq!(deleted(&lifecycle).await, rows([("clients", 1), ("debts", 2), ("lines", 1), ("others", 1)]));
    assert_eq!(world.number("SELECT count(*) FROM crm.debts").await, 1);
}

#[tokio::test]
async fn a_missing_schema_and_a_table_in_another_one_are_named_at_open() {
    let any = cascading(&json!({ "clients": {} }), &json!([]));
    let Some(world) = World::new(TWINS, &any).await else { return };
    let refused = async |table: Value| {
        let lines = json!({ "from": "lines.debt_id", "to": "clients" });
        let document = cascading(&json!({ "clients": {}, "lines": { "table": table } }), &json!([lines]));
        let refused = Lifecycle::open(world.store(), policy(&document)).await.unwrap_err();
        let Error::SchemaMismatch(faults) = &refused else { panic!("{refused:?}") };
        let at_open = faults.iter().next().unwrap().to_string();
        let found = world.store().findings(&policy(&document)).await.unwrap();
        let at_check = found.iter().find(|found| found.path == "kinds.lines").unwrap().to_string();
        (at_open, at_check)
    };
    let (at_open, at_check) = refused("sales.lines".into()).await;
    assert_eq!(
        at_open,
        "kinds.lines: the schema `sales` of the table `sales.lines` does not exist (correct `table`; if the dot is part of the \
         table's own name, declare `\"table\": {\"table\":\"sales.lines\"}`)"
    );
    assert!(at_check.contains("the schema `sales`"), "{at_check}");
    let (at_open, _) = refused("crm.no_lines".into()).await;
    assert!(at_open.starts_with("kinds.lines: the table `crm.no_lines` does not exist"), "{at_open}");
    let (at_open, at_check) = refused("lines".into()).await;
    assert!(at_open.starts_with("kinds.lines: the table `lines` does not exist"), "{at_open}");
    assert!(at_check.contains("declare `crm.lines`, which is outside the search path"), "{at_check}");
}

/// Kinds that share a table are compared by their filters. Two spellings of one table would not be.
#[tokio::test]
async fn two_spellings_of_one_table_are_refused_if_filters_must_be_compared() {
    let any = cascading(&json!({ "clients": {} }), &json!([]));
    let Some(world) = World::new(TWINS, &any).await else { return };
    let own = &world.schema.name;
    let document = |spelled: &str| {
        cascading(
            &json!({ "clients": {}, "debts": { "filter": { "field": "id", "eq": 1 } },
                     "others": { "table": spelled, "filter": { "field": "id", "eq": 2 } } }),
            &json!([ { "from": "debts.client_id", "to": "clients" }, { "from": "others.client_id", "to": "clients" } ]),
        )
    };
    let refused = Lifecycle::open(world.store(), policy(&document(&format!("{own}.debts"))))
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("kinds.others.table") && refused.contains("spell the table alike"), "{refused}");
    Lifecycle::open(world.store(), policy(&document("debts"))).await.unwrap();
}

/// A table of the same name in the search path is not named in its place.
#[tokio::test]
async fn an_error_names_the_kind_whose_table_is_gone() {
    let document = cascading(
        &json!({ "clients": {}, "debts": {}, "old": { "table": "crm.debts" } }),
        &json!([ { "from": "debts.client_id", "to": "clients" }, { "from": "old.client_id", "to": "clients", "lock": "writer" } ]),
    );
    let Some(world) = World::new(TWINS, &document).await else { return };
    let lifecycle = world.lifecycle().await;
    lifecycle.plan(&delete(1)).await.unwrap();
    world.run("DROP TABLE crm.debts CASCADE").await;
    for error in
        [lifecycle.execute(&delete(1)).await.unwrap_err(), lifecycle.plan(&delete(1)).await.unwrap_err()]
    {
        let Error::SchemaChanged(faults) = &error else { panic!("{error:?}") };
        assert!(faults.to_string().contains("kinds.old"), "{faults}");
    }
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 2, "nothing has changed");
}

/// A writer locks the parent in its own schema, and a deletion in the meantime waits for it.
#[tokio::test]
async fn a_parent_in_another_schema_is_locked() {
    let document = cascading(
        &json!({ "clients": { "table": "crm.debts" }, "lines": { "table": "crm.lines" } }),
        &json!([{ "from": "lines.debt_id", "to": "clients" }]),
    );
    let Some(world) = World::new(TWINS, &document).await else { return };
    let map = world.policy.map().clone();
    let mut tx = world.schema.pool.begin().await.unwrap();
    lock_parent(&mut tx, &map, "clients", 1).await.unwrap();
    let held = "SELECT string_agg(relation::regclass::text, ',') FROM pg_locks WHERE mode = 'RowShareLock' AND pid <> pg_backend_pid()
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert!(world.text(held).await.split(',').any(|table| table == "crm.debts"));
    tx.rollback().await.unwrap();
    assert_eq!(deleted(&world.lifecycle().await).await, rows([("clients", 1), ("lines", 1)]));
}

/// A schema that is renamed under a running service, and another table that takes its place, are noticed.
#[tokio::test]
async fn a_plan_notices_that_a_schema_was_replaced() {
    let document = cascading(
        &json!({ "clients": {}, "debts": { "table": "crm.debts" } }),
        &json!([ { "from": "debts.client_id", "to": "clients", "lock": "table" } ]),
    );
    let Some(world) = World::new(TWINS, &document).await else { return };
    world.run("DROP TABLE debts, crm.lines").await;
    let lifecycle = world.lifecycle().await;
    let plan = lifecycle.plan(&delete(1)).await.unwrap();
    assert_eq!(plan.steps.iter().map(|step| step.count).sum::<u64>(), 3);
    world
        .run(
            "ALTER SCHEMA crm RENAME TO old; CREATE SCHEMA crm;
             CREATE TABLE crm.debts (id bigint PRIMARY KEY, client_id int NOT NULL);
             INSERT INTO crm.debts VALUES (7, 1)",
        )
        .await;
    assert_eq!(deleted(&lifecycle).await, rows([("clients", 1), ("debts", 1)]));
    assert_eq!(world.number("SELECT count(*) FROM old.debts").await, 3);
    assert_eq!(world.number("SELECT count(*) FROM crm.debts").await, 0);
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 1);
}
