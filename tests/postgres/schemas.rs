//! Tables in several schemas: found by their schema or over the search path, and never confused.

use std::collections::BTreeMap;

use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::sql::first_policy;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::world::{World, delete, policy};

/// Returns a policy of the subject `clients` in which every rule is `cascade`.
pub(crate) fn cascading(kinds: &Value, references: &Value) -> Value {
    json!({ "subject": "clients", "kinds": kinds, "references": references,
            "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } } })
}

pub(crate) async fn found(store: PostgresStore, document: &Value) -> Vec<String> {
    let found = store.findings(&policy(document)).await.unwrap();
    found.iter().map(|finding| format!("{} {}", finding.code, finding.path)).collect()
}

/// Deletes record 1 and returns the planned and actual rows of each kind.
pub(crate) async fn deleted(lifecycle: &Lifecycle<PostgresStore>) -> BTreeMap<String, u64> {
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

pub(crate) fn rows<const N: usize>(rows: [(&str, u64); N]) -> BTreeMap<String, u64> {
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
        [
            "uncovered_table kinds.overdue",
            "unprotected_reference references.states.client_id",
            "missing_index references.states.client_id"
        ]
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
    assert_eq!(document["undecided"][0]["table"], "crm.visits");
    document.as_object_mut().unwrap().remove("undecided");
    document["kinds"]["visits"] = json!({ "table": { "schema": "crm", "table": "visits" } });
    let visits = json!({ "from": "visits.client_id", "to": "clients", "lock": "table" });
    document["references"].as_array_mut().unwrap().push(visits);
    document["modes"]["hard_delete"] = json!({ "allow": "any", "rules": { "*": "cascade" } });
    assert_eq!(
        found(world.store(), &document).await,
        ["unprotected_reference references.visits.client_id", "missing_index references.visits.client_id"]
    );
    let lifecycle = Lifecycle::open(world.store(), policy(&document)).await.unwrap();
    assert_eq!(deleted(&lifecycle).await, rows([("clients", 1), ("notes", 1), ("visits", 1)]));
    // The names of the first policy are the same after a round trip.
    let again: DeletionPolicy = serde_json::from_value(serde_json::to_value(&first).unwrap()).unwrap();
    assert_eq!(again.map(), first.map());
}

pub(crate) const TWINS: &str = "CREATE SCHEMA crm;
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

/// The database deletes rows of the table that is not declared, so the plan names them.
#[tokio::test]
async fn a_cascading_key_of_a_table_of_the_same_name_is_part_of_the_plan() {
    let debts = json!({ "from": "debts.client_id", "to": "clients" });
    let document = cascading(&json!({ "clients": {}, "debts": {} }), &json!([debts]));
    let Some(world) = World::new(TWINS, &document).await else { return };
    world.run("ALTER TABLE crm.debts ADD FOREIGN KEY (client_id) REFERENCES clients ON DELETE CASCADE").await;
    let lifecycle = Lifecycle::open(world.store(), policy(&document)).await.unwrap();
    let plan = lifecycle.plan(&delete(1)).await.unwrap();
    let undeclared: Vec<&str> =
        plan.steps.iter().filter(|step| step.key.undeclared).map(|step| step.key.kind.as_str()).collect();
    assert!(undeclared.contains(&"crm.debts") && !undeclared.contains(&"debts"), "{plan}");
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

/// Both tables called `clients` are declared. A column named after them refers to the one in its own schema.
#[tokio::test]
async fn a_column_is_reported_for_the_kind_of_its_own_schema() {
    let ddl = "CREATE SCHEMA crm; CREATE TABLE clients (id int PRIMARY KEY);
        CREATE TABLE crm.clients (id int PRIMARY KEY REFERENCES clients);
        CREATE TABLE visits (id int PRIMARY KEY, client_id int); CREATE TABLE crm.visits (id int PRIMARY KEY, client_id int);";
    let document = cascading(
        &json!({ "clients": {}, "accounts": { "table": "crm.clients" } }),
        &json!([{ "from": "accounts.id", "to": "clients" }]),
    );
    let Some(world) = World::new(ddl, &document).await else { return };
    let found = world.store().findings(&policy(&document)).await.unwrap();
    let found: Vec<String> = found.iter().map(|found| format!("{}: {}", found.path, found.message)).collect();
    assert_eq!(
        found,
        [
            "kinds.crm.visits: the table is neither declared nor excluded: `client_id` is named like an id of `accounts`",
            "kinds.visits: the table is neither declared nor excluded: `client_id` is named like an id of `clients`",
        ]
    );
}
