//! Faults and findings that only PostgreSQL can have.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{DataMap, Fault, FaultCode};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use client_lifecycle::sql::findings;
use client_lifecycle::store::Store;
use serde_json::{Value, json};

use crate::case::Expected;
use crate::server::Schema;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Returns the faults of opening this data map; `None` if no server can be reached.
#[allow(clippy::needless_pass_by_value, reason = "kinds are written where they are passed")]
fn opened(ddl: &str, kind: Value) -> Option<Vec<Fault>> {
    run(async {
        let schema = Schema::new().await?;
        schema.run(ddl).await;
        let map: DataMap = serde_json::from_value(json!({ "kinds": { "clients": kind } })).unwrap();
        Some(PostgresStore::new(schema.pool.clone()).check(&map).await.unwrap())
    })
}

/// Returns the faults for a role that may only use the schema, plus the grants in `ddl`.
fn opened_by_another(ddl: &str) -> Option<Vec<Fault>> {
    run(async {
        let schema = Schema::new().await?;
        let store = as_another(&schema, ddl).await;
        let map: DataMap = serde_json::from_value(json!({ "kinds": { "clients": {} } })).unwrap();
        let faults = store.check(&map).await.unwrap();
        forget(&schema, store).await;
        Some(faults)
    })
}

async fn as_another(schema: &Schema, ddl: &str) -> PostgresStore {
    let name = &schema.name;
    let role = format!("{name}r");
    schema.run(&format!("CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {name} TO {role}; {ddl}")).await;
    let options: PgConnectOptions = (*schema.pool.connect_options()).clone();
    // Use SET ROLE, so the role needs no login.
    let options = options.options([("role", role.as_str())]);
    PostgresStore::new(PgPoolOptions::new().max_connections(1).connect_lazy_with(options))
}

/// Drops the role. Roles belong to the whole server, so dropping the schema does not drop them.
async fn forget(schema: &Schema, store: PostgresStore) {
    store.pool().close().await;
    let name = &schema.name;
    schema.run(&format!("DROP OWNED BY {name}r CASCADE; DROP ROLE {name}r")).await;
}

const TABLES: &str = "CREATE TABLE clients (id integer PRIMARY KEY);
     CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients, note text);
     CREATE INDEX ON debts (client_id);";

fn document() -> Value {
    json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    })
}

/// Returns the findings for these tables and a policy that covers them, apart from `change`.
fn found(ddl: &str, change: impl FnOnce(&mut Value)) -> Option<Vec<Fault>> {
    let mut document = document();
    change(&mut document);
    run(async {
        let schema = Schema::new().await?;
        schema.run(ddl).await;
        Some(findings_of(&PostgresStore::new(schema.pool.clone()), &document).await)
    })
}

fn found_by_another(grant: &str) -> Option<Vec<Fault>> {
    run(async {
        let schema = Schema::new().await?;
        let role = format!("{}r", schema.name);
        let store = as_another(&schema, &[TABLES, &grant.replace("role", &role)].concat()).await;
        let found = findings_of(&store, &document()).await;
        forget(&schema, store).await;
        Some(found)
    })
}

async fn findings_of(store: &PostgresStore, document: &Value) -> Vec<Fault> {
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let found = findings(&policy, &store.catalogue().await.unwrap()).into_iter();
    found
        .map(|finding| {
            Fault::new(FaultCode::SchemaMismatch, finding.path, finding.message).remedy(finding.remedy)
        })
        .collect()
}

/// Like `faulty!`, but the tests pass if no server can be reached.
macro_rules! faulty_there {
    ($($name:ident: $faults:expr => $path:literal, $message:literal, $remedy:literal;)*) => {
        pub(crate) const EXPECTED: &[Expected] = &[$(
            Expected { path: $path, message: $message, remedy: $remedy },
        )*];

        $(#[test]
        fn $name() {
            let expected = Expected { path: $path, message: $message, remedy: $remedy };
            if let Some(faults) = $faults {
                expected.is_among(&faults);
            }
        })*
    };
}

faulty_there! {
    a_distributed_table_is_reported:
        opened("CREATE TABLE clients (id integer PRIMARY KEY); CREATE TABLE pg_dist_partition (logicalrelid regclass);
                INSERT INTO pg_dist_partition VALUES ('clients')", json!({}))
        => "kinds.clients", "`clients` is distributed by Citus, and operations do not support distributed tables",
           "make it an ordinary table with `SELECT undistribute_table('clients')`, or remove the kind";
    a_distributed_table_is_found_by_check:
        found(&format!("{TABLES} CREATE TABLE pg_dist_partition (logicalrelid regclass);
                        INSERT INTO pg_dist_partition VALUES ('debts')"), |_| {})
        => "kinds.debts", "`debts` is distributed by Citus, and operations do not support distributed tables",
           "make it an ordinary table with `SELECT undistribute_table('debts')`, or remove the kind";
    an_id_that_can_be_null_is_reported:
        opened("CREATE TABLE clients (id text UNIQUE)", json!({}))
        => "kinds.clients.id", "the column `id` can be NULL, but rows without an id are never found",
           "make the column NOT NULL, or use another column as `id`";
    a_list_in_a_column_of_an_unsuitable_type_is_reported:
        found("CREATE TABLE clients (id integer PRIMARY KEY); CREATE TABLE debts (id integer PRIMARY KEY, client_id text[] NOT NULL)",
              |document| document["references"][0]["each"] = json!(true))
        => "references.debts.client_id",
           "the column is text[], which holds no list of the ids of `clients`, which are integer",
           "use `integer[]`, or JSON in `jsonb`, `json` or `text`, or remove `each`";
    an_array_that_is_not_declared_as_a_list_is_reported:
        found("CREATE TABLE clients (id integer PRIMARY KEY); CREATE TABLE debts (id integer PRIMARY KEY, client_id integer[] NOT NULL)", |_| {})
        => "references.debts.client_id", "the column is integer[], but the ids of `clients` are integer",
           "declare `\"each\": true`: every element then refers to a record";
    an_id_of_an_unsuitable_type_is_reported:
        opened("CREATE TABLE clients (id integer[] PRIMARY KEY)", json!({}))
        => "kinds.clients.id", "the column is integer[], but ids are text, integers or UUIDs",
           "add a unique column of one of these types, and use it as `id`";
    a_mask_of_a_generated_column_is_reported:
        opened("CREATE TABLE clients (id integer PRIMARY KEY, low text GENERATED ALWAYS AS ('x') STORED)",
               json!({ "personal": { "low": "null" } }))
        => "kinds.clients.fields.low", "the column `low` is generated: only the database writes it",
           "declare the columns from which it is computed instead";
    a_type_outside_the_search_path_is_reported:
        opened("DO $$ BEGIN CREATE SCHEMA lifecycle_tests; CREATE TYPE lifecycle_tests.citext AS ENUM ('a');
                EXCEPTION WHEN duplicate_schema OR unique_violation THEN NULL; END $$;
                CREATE TABLE clients (id lifecycle_tests.citext PRIMARY KEY)", json!({}))
        => "kinds.clients.id", "the type `lifecycle_tests.citext` is not on the search path, so its values would be compared as text",
           "add its schema to the search path";
    hidden_rows_are_reported:
        opened_by_another("CREATE TABLE clients (id integer PRIMARY KEY); ALTER TABLE clients ENABLE ROW LEVEL SECURITY")
        => "kinds.clients", "row-level security hides rows of `clients` from the current role, so a deletion would miss them",
           "use a role that bypasses it (ALTER ROLE … BYPASSRLS), or that owns the table without FORCE";

    an_action_of_a_single_partition_is_reported:
        found(&[TABLES, "CREATE TABLE logs (id integer, who integer) PARTITION BY RANGE (id);
                         CREATE TABLE logs_0 PARTITION OF logs FOR VALUES FROM (0) TO (10);
                         ALTER TABLE logs_0 ADD FOREIGN KEY (who) REFERENCES clients ON DELETE CASCADE"].concat(), |_| {})
        => "references.logs.who", "the foreign key to `clients` with ON DELETE CASCADE belongs to a single partition of `logs`: \
            the database would change rows that no plan can name",
           "declare the reference, or change the foreign key to ON DELETE NO ACTION";
    a_table_without_privileges_is_found:
        found_by_another("GRANT SELECT, UPDATE, DELETE ON clients TO role; GRANT SELECT ON debts TO role")
        => "kinds.debts", "the current role lacks DELETE on `debts`", "GRANT DELETE ON \"debts\" TO the role";
    a_generated_client_id_is_found:
        found("CREATE TABLE clients (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
               CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients)",
              |document| document["modes"]["create"] = json!({ "allow": "any" }))
        => "kinds.clients.id", "only the database writes the column `id`, but `create` sets it",
           "make the column GENERATED BY DEFAULT, or add a default";
    an_unvalidated_key_is_found:
        found("CREATE TABLE clients (id integer PRIMARY KEY); CREATE TABLE debts (id integer PRIMARY KEY, client_id integer NOT NULL);
               ALTER TABLE debts ADD FOREIGN KEY (client_id) REFERENCES clients NOT VALID", |_| {})
        => "references.debts.client_id", "the foreign key is NOT VALID: older rows may refer to a record that does not exist",
           "correct such rows, then ALTER TABLE \"debts\" VALIDATE CONSTRAINT …";
    a_disabled_key_is_found:
        found(&[TABLES, "ALTER TABLE debts DISABLE TRIGGER ALL"].concat(), |_| {})
        => "references.debts.client_id", "the foreign key is not enforced for every row, and no `lock` protects the reference: a row inserted \
            during or after the operation may refer to a deleted record",
           "add a foreign key; or call `lock_parent` in every transaction that inserts such rows, and declare `\"lock\": \"writer\"`";
    a_kind_that_is_a_materialized_view_is_found:
        found(&[TABLES, "ALTER TABLE debts RENAME TO old; CREATE MATERIALIZED VIEW debts AS SELECT * FROM old"].concat(), |_| {})
        => "kinds.debts", "`debts` is a materialized view, whose rows cannot be written",
           "declare the tables that it reads, and refresh it";
    a_kind_with_child_tables_is_found:
        found(&[TABLES, "CREATE TABLE old_debts () INHERITS (debts)"].concat(), |_| {})
        => "kinds.debts", "`debts` is inherited by `old_debts`: an id may occur in several of them, but a foreign key checks only one",
           "use partitions, or make sure that no id occurs twice";
    a_view_that_keeps_deleted_rows_is_found:
        found(&[TABLES, "CREATE MATERIALIZED VIEW report AS SELECT count(*) FROM debts"].concat(), |_| {})
        => "kinds.report", "the materialized view keeps old rows of `debts` until it is refreshed",
           "refresh it after deletions, and list it under `excluded` with that reason";
    a_kind_on_another_server_is_found:
        found("CREATE TABLE clients (id integer PRIMARY KEY);
               DO $$ BEGIN CREATE FOREIGN DATA WRAPPER lifecycle_tests; CREATE SERVER lifecycle_tests FOREIGN DATA WRAPPER lifecycle_tests;
               EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
               CREATE FOREIGN TABLE debts (id integer NOT NULL, client_id integer NOT NULL) SERVER lifecycle_tests", |_| {})
        => "kinds.debts", "`debts` is a foreign table: no foreign key protects it, and a lock holds only on its server",
           "declare it in a policy on its own server, and notify that server with an effect";
}
