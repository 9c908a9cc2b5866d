//! Tables in several schemas: found by their schema or over the search path, and never confused.

use std::collections::BTreeMap;

use client_lifecycle::domain::TableName;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx::postgres::PgPoolOptions;
use client_lifecycle::sql::first_policy;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::role::Role;
use crate::world::{World, delete, policy};

/// Returns a policy of the subject `clients` in which every rule is `cascade`.
fn cascading(kinds: &Value, references: &Value) -> Value {
    json!({ "subject": "clients", "kinds": kinds, "references": references,
            "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } } })
}

async fn found(store: PostgresStore, document: &Value) -> Vec<String> {
    let found = store.findings(&policy(document)).await.unwrap();
    found.iter().map(|finding| format!("{} {}", finding.code, finding.path)).collect()
}

/// Deletes record 1 and returns the planned and actual rows of each kind.
async fn deleted(lifecycle: &Lifecycle<PostgresStore>) -> BTreeMap<String, u64> {
    let plan = lifecycle.plan(&delete(1)).await.unwrap();
    let receipt =
        lifecycle.apply(&delete(1), &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
    let mut rows: BTreeMap<String, u64> = BTreeMap::new();
    for step in &receipt.steps {
        assert_eq!(step.planned, step.actual, "{plan}");
        *rows.entry(step.kind.to_string()).or_default() += step.actual;
    }
    rows
}

fn rows<const N: usize>(rows: [(&str, u64); N]) -> BTreeMap<String, u64> {
    rows.map(|(kind, rows)| (kind.to_owned(), rows)).into()
}

/// The same id under a name with a role in front, a second id of the client, and a self reference without a key.
#[tokio::test]
async fn role_prefixed_names_of_two_keys_are_declared_and_deleted() {
    let ddl = "CREATE TABLE clients (id int PRIMARY KEY, uid text UNIQUE NOT NULL, parent_client_id int);
        CREATE TABLE visits (id int PRIMARY KEY, client_id int NOT NULL REFERENCES clients);
        CREATE INDEX ON visits (client_id);
        CREATE TABLE transfers (id int PRIMARY KEY, from_client_id int, to_client_id int);
        CREATE TABLE calls (id int PRIMARY KEY, calling_client int, called_client_uid text);
        CREATE TABLE copies (id int PRIMARY KEY, visit_client_id int, visit_client_name text);
        INSERT INTO clients VALUES (1, 'a', NULL), (2, 'b', 1), (3, 'c', 2);
        INSERT INTO visits VALUES (1, 1), (2, 2); INSERT INTO transfers VALUES (1, 1, 2), (2, 3, 1), (3, 2, 3);
        INSERT INTO calls VALUES (1, 1, 'b'), (2, 2, 'a'), (3, 2, 'c'); INSERT INTO copies VALUES (1, 1, 'A'), (2, 3, 'C');";
    let to = |from: &str, to: &str| json!({ "from": from, "to": to, "nullable": true });
    let mut document = cascading(
        &json!({ "clients": {}, "visits": {}, "transfers": {}, "calls": {}, "copies": {} }),
        &json!([
            { "from": "visits.client_id", "to": "clients" },
            to("clients.parent_client_id", "clients"),
            to("transfers.from_client_id", "clients"),
            to("transfers.to_client_id", "clients"),
            to("calls.calling_client", "clients"),
            to("calls.called_client_uid", "clients.uid"),
            to("copies.visit_client_id", "clients"),
        ]),
    );
    document["modes"]["hard_delete"]["rules"]["clients.parent_client_id"] = "set_null".into();
    let Some(world) = World::new(ddl, &document).await else { return };
    let unkept = found(world.store(), &document).await;
    assert!(
        unkept.iter().all(|found| found.starts_with("missing_index") || found.starts_with("unprotected"))
    );
    let gone = deleted(&world.lifecycle().await).await;
    let expected = [("calls", 2), ("clients", 2), ("copies", 1), ("transfers", 2), ("visits", 1)];
    assert_eq!(gone, rows(expected), "the client goes, and another one loses its parent");
    let left = "SELECT concat_ws(' ', (SELECT string_agg(concat(id, '<', parent_client_id), ',' ORDER BY id) FROM clients),
        (SELECT string_agg(id::text, ',') FROM transfers), (SELECT string_agg(id::text, ',') FROM calls))";
    assert_eq!(world.text(left).await, "2<,3<2 3 3");
}

/// Every table calls its own key `record_id`. Only two tables know a client.
#[tokio::test]
async fn keys_of_one_name_are_not_taken_for_ids_of_the_client() {
    let table =
        |name: &str, rest: &str| format!("CREATE TABLE {name} (record_id serial PRIMARY KEY, {rest});");
    let ddl = [
        table("clients", "name text"),
        table("invoices", "client_record_id int NOT NULL"),
        table("emails", "client_record_id int NOT NULL"),
        table("countries", "name text"),
        table("tax_rates", "rate numeric"),
        table("settings", "value text"),
        "INSERT INTO clients (name) VALUES ('Ana'), ('Ben'); INSERT INTO countries (name) VALUES ('x');
         INSERT INTO invoices (client_record_id) VALUES (1), (1), (2); INSERT INTO emails (client_record_id) VALUES (2), (1)"
            .to_owned(),
    ];
    let document = cascading(&json!({ "clients": { "id": "record_id" } }), &json!([]));
    let Some(world) = World::new(&ddl.concat(), &document).await else { return };
    let named = ["uncovered_table kinds.emails", "uncovered_table kinds.invoices"];
    assert_eq!(found(world.store(), &document).await, named);
    let document = cascading(
        &json!({ "clients": { "id": "record_id" }, "invoices": { "id": "record_id" }, "emails": { "id": "record_id" } }),
        &json!([ { "from": "invoices.client_record_id", "to": "clients" }, { "from": "emails.client_record_id", "to": "clients" } ]),
    );
    let lifecycle = Lifecycle::open(world.store(), policy(&document)).await.unwrap();
    assert_eq!(deleted(&lifecycle).await, rows([("clients", 1), ("emails", 1), ("invoices", 2)]));
    assert_eq!(world.number("SELECT count(*) FROM countries").await, 1);
}

/// A second schema that the search path does not lead to, a view of it, and a materialized view of that view.
#[tokio::test]
async fn tables_of_another_schema_are_found_and_deleted() {
    let ddl = "CREATE TABLE clients (id int PRIMARY KEY, name text);
        CREATE TABLE visits (id int PRIMARY KEY, client_id int NOT NULL REFERENCES clients);
        CREATE INDEX ON visits (client_id);
        CREATE SCHEMA reporting;
        CREATE TABLE reporting.client_states (client_id int, birth_date date, month date);
        CREATE VIEW states AS SELECT * FROM reporting.client_states;
        CREATE MATERIALIZED VIEW overdue AS SELECT client_id FROM states;
        INSERT INTO clients VALUES (1, 'Ana'), (2, 'Ben'); INSERT INTO visits VALUES (1, 1), (2, 2);
        INSERT INTO reporting.client_states VALUES (1, '1990-01-01', '2020-01-01'), (1, '1990-01-01', '2020-02-01'), (2, NULL, NULL);";
    let visits = json!({ "from": "visits.client_id", "to": "clients" });
    let mut document = cascading(&json!({ "clients": {}, "visits": {} }), &json!([visits]));
    let Some(world) = World::new(ddl, &document).await else { return };
    assert_eq!(found(world.store(), &document).await, ["uncovered_table kinds.reporting.client_states"]);
    document["kinds"]["states"] = json!({ "table": "reporting.client_states", "id": [] });
    let states = json!({ "from": "states.client_id", "to": "clients", "nullable": true, "lock": "table" });
    document["references"].as_array_mut().unwrap().push(states);
    assert_eq!(
        found(world.store(), &document).await,
        ["uncovered_table kinds.overdue", "missing_index references.states.client_id"]
    );
    let lifecycle = Lifecycle::open(world.store(), policy(&document)).await.unwrap();
    assert_eq!(deleted(&lifecycle).await, rows([("clients", 1), ("states", 2), ("visits", 1)]));
    assert_eq!(world.number("SELECT count(*) FROM reporting.client_states").await, 1);
    // What is left out can be said in both forms.
    for table in
        [json!("reporting.client_states"), json!({ "schema": "reporting", "table": "client_states" })]
    {
        let mut document = cascading(&json!({ "clients": {}, "visits": {} }), &json!([visits]));
        document["excluded"] = json!([{ "table": table, "because": "pseudonymous" }]);
        assert_eq!(found(world.store(), &document).await, Vec::<String>::new());
        // A table of that name in the search path would be another one.
        document["excluded"] = json!([{ "table": "client_states", "because": "pseudonymous" }]);
        assert_eq!(found(world.store(), &document).await, ["uncovered_table kinds.reporting.client_states"]);
    }
}

/// The client is in a schema of its own, and nothing in the search path refers to it.
#[tokio::test]
async fn a_subject_outside_the_search_path_is_planned_and_deleted() {
    let ddl = "CREATE SCHEMA crm;
        CREATE TABLE crm.clients (id int PRIMARY KEY, name text);
        CREATE TABLE crm.visits (id int PRIMARY KEY, client_id int NOT NULL);
        CREATE TABLE crm.notes (id int PRIMARY KEY, client_id int NOT NULL REFERENCES crm.clients);
        CREATE INDEX ON crm.notes (client_id);
        INSERT INTO crm.clients VALUES (1, 'Ana'), (2, 'Ben'); INSERT INTO crm.visits VALUES (1, 1), (2, 2);
        INSERT INTO crm.notes VALUES (1, 1)";
    let any = cascading(&json!({ "clients": { "table": "crm.clients" } }), &json!([]));
    let Some(world) = World::new(ddl, &any).await else { return };
    let first = first_policy(&world.store().catalogue().await.unwrap(), "crm.clients").unwrap();
    let mut document = serde_json::to_value(&first).unwrap();
    assert_eq!(document["subject"], "clients");
    assert_eq!(document["kinds"]["clients"]["table"], "crm.clients");
    assert_eq!(document["kinds"]["notes"]["table"], "crm.notes");
    assert_eq!(found(world.store(), &document).await, ["uncovered_table kinds.crm.visits"]);
    document["kinds"]["visits"] = json!({ "table": { "schema": "crm", "table": "visits" } });
    let visits = json!({ "from": "visits.client_id", "to": "clients", "lock": "table" });
    document["references"].as_array_mut().unwrap().push(visits);
    document["modes"]["hard_delete"] = json!({ "allow": "any", "rules": { "*": "cascade" } });
    assert_eq!(found(world.store(), &document).await, ["missing_index references.visits.client_id"]);
    let lifecycle = Lifecycle::open(world.store(), policy(&document)).await.unwrap();
    assert_eq!(deleted(&lifecycle).await, rows([("clients", 1), ("notes", 1), ("visits", 1)]));
    // The names of the first policy are the same after a round trip.
    let again: DeletionPolicy = serde_json::from_value(serde_json::to_value(&first).unwrap()).unwrap();
    assert_eq!(again.map(), first.map());
}

const TWINS: &str = "CREATE SCHEMA crm;
    CREATE TABLE clients (id int PRIMARY KEY);
    CREATE TABLE debts (id int PRIMARY KEY, client_id int NOT NULL REFERENCES clients); CREATE INDEX ON debts (client_id);
    CREATE TABLE crm.debts (id int PRIMARY KEY, client_id int NOT NULL); CREATE INDEX ON crm.debts (client_id);
    CREATE TABLE crm.lines (id int PRIMARY KEY, debt_id int NOT NULL REFERENCES crm.debts); CREATE INDEX ON crm.lines (debt_id);
    INSERT INTO clients VALUES (1), (2); INSERT INTO debts VALUES (1, 1), (2, 2); INSERT INTO crm.debts VALUES (1, 1), (2, 2), (3, 1);
    INSERT INTO crm.lines VALUES (1, 1), (2, 2);";

/// One of two tables of one name is declared. The other one has no foreign key to the client.
#[tokio::test]
async fn only_the_declared_one_of_two_tables_of_one_name_is_touched() {
    let debts = json!({ "from": "debts.client_id", "to": "clients" });
    let mut document = cascading(&json!({ "clients": {}, "debts": {} }), &json!([debts]));
    let Some(world) = World::new(TWINS, &document).await else { return };
    assert_eq!(found(world.store(), &document).await, ["uncovered_table kinds.crm.debts"]);
    // A column is left out by the name of its table, and a table of the same name is not.
    document["excluded"] = json!([{ "reference": "debts.client_id", "because": "a mistake" }]);
    assert_eq!(found(world.store(), &document).await, ["uncovered_table kinds.crm.debts"]);
    document["excluded"] = json!([{ "reference": "crm.debts.client_id", "because": "of another system" }]);
    assert_eq!(found(world.store(), &document).await, Vec::<String>::new());
    let lifecycle = Lifecycle::open(world.store(), policy(&document)).await.unwrap();
    assert_eq!(deleted(&lifecycle).await, rows([("clients", 1), ("debts", 1)]));
    assert_eq!(world.number("SELECT count(*) FROM crm.debts").await, 3);
    assert_eq!(world.number("SELECT count(*) FROM crm.lines").await, 2);
}

/// The database deletes rows of the table that is not declared, so the policy does not open.
#[tokio::test]
async fn a_cascading_key_of_a_table_of_the_same_name_is_found() {
    let debts = json!({ "from": "debts.client_id", "to": "clients" });
    let document = cascading(&json!({ "clients": {}, "debts": {} }), &json!([debts]));
    let Some(world) = World::new(TWINS, &document).await else { return };
    world.run("ALTER TABLE crm.debts ADD FOREIGN KEY (client_id) REFERENCES clients ON DELETE CASCADE").await;
    let refused = Lifecycle::open(world.store(), policy(&document)).await.unwrap_err().to_string();
    assert!(refused.contains("references.crm.debts.client_id"), "{refused}");
    assert!(!refused.contains("references.debts.client_id"), "{refused}");
    // Both are declared by `init`, under different names.
    let first = first_policy(&world.store().catalogue().await.unwrap(), "clients").unwrap();
    let kinds: Vec<(String, String)> =
        first.map().kinds().map(|kind| (kind.name.to_string(), kind.table_name().to_string())).collect();
    let expected =
        [("clients", "clients"), ("crm_debts", "crm.debts"), ("debts", "debts"), ("lines", "crm.lines")];
    assert_eq!(kinds, expected.map(|(kind, table)| (kind.to_owned(), table.to_owned())));
    let mut document = serde_json::to_value(&first).unwrap();
    document["modes"]["hard_delete"] = json!({ "allow": "any", "rules": { "*": "cascade" } });
    let lifecycle = Lifecycle::open(world.store(), policy(&document)).await.unwrap();
    assert_eq!(
        deleted(&lifecycle).await,
        rows([("clients", 1), ("crm_debts", 2), ("debts", 1), ("lines", 1)])
    );
}

/// In a database with one schema for each customer, the tables of the others have clients of their own.
#[tokio::test]
async fn schemas_with_clients_of_their_own_are_not_reported() {
    let tables = |schema: &str| {
        format!(
            "CREATE TABLE {schema}clients (id int PRIMARY KEY);
             CREATE TABLE {schema}debts (id int PRIMARY KEY, client_id int NOT NULL REFERENCES {schema}clients);
             CREATE TABLE {schema}logs (id int PRIMARY KEY, client_id int);
             CREATE INDEX ON {schema}debts (client_id); INSERT INTO {schema}clients VALUES (1);
             INSERT INTO {schema}debts VALUES (1, 1);"
        )
    };
    let ddl = format!("CREATE SCHEMA other; {}{}", tables(""), tables("other."));
    let debts = json!({ "from": "debts.client_id", "to": "clients" });
    let document = cascading(&json!({ "clients": {}, "debts": {} }), &json!([debts]));
    let Some(world) = World::new(&ddl, &document).await else { return };
    assert_eq!(found(world.store(), &document).await, ["uncovered_table kinds.logs"]);
    let first = first_policy(&world.store().catalogue().await.unwrap(), "clients").unwrap();
    assert_eq!(first.map().kinds().count(), 2, "not those of the other customer");
    assert_eq!(deleted(&world.lifecycle().await).await, rows([("clients", 1), ("debts", 1)]));
    assert_eq!(world.number("SELECT count(*) FROM other.debts").await, 1);
}

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
    assert_eq!(found(world.store(), &document).await, ["trigger kinds.visits"]);
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
