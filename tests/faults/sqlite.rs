//! Databases that do not fit a policy: faults when it is opened, and further findings of `check`.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{DataMap, Fault, FaultCode};
use client_lifecycle::sql::{FindingCode, findings};
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use client_lifecycle::sqlite::sqlx::{AssertSqlSafe, raw_sql};
use client_lifecycle::store::Store;
use serde_json::{Value, json};

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

async fn database(ddl: &str) -> SqliteStore {
    let options = SqliteConnectOptions::new().in_memory(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    raw_sql(AssertSqlSafe(ddl)).execute(&pool).await.unwrap();
    SqliteStore::new(pool)
}

/// Returns the faults of opening this data map on these tables.
fn opened(ddl: &str, map: Value) -> Vec<Fault> {
    let map: DataMap = serde_json::from_value(map).unwrap();
    run(async { database(ddl).await.check(&map).await.unwrap() })
}

const CLIENTS: &str = "CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT, code TEXT UNIQUE);";
const DEBTS: &str =
    "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients, note TEXT);
                     CREATE INDEX debts_by_client_id ON debts (client_id);";

#[allow(clippy::needless_pass_by_value, reason = "kinds are written where they are passed")]
fn one(kind: Value) -> Value {
    json!({ "kinds": { "clients": kind } })
}

fn two() -> Value {
    json!({ "kinds": { "clients": {}, "debts": {} }, "references": [ { "from": "debts.client_id", "to": "clients" } ] })
}

/// Returns the findings with this code for clients, debts and the tables in `ddl`. The policy covers all of them,
/// apart from `change`.
fn found(code: FindingCode, ddl: &str, change: impl FnOnce(&mut Value)) -> Vec<Fault> {
    let mut document = two();
    document["subject"] = json!("clients");
    document["modes"] = json!({ "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } });
    change(&mut document);
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let catalogue = run(async { database(ddl).await.catalogue().await.unwrap() });
    let found = findings(&policy, &catalogue).into_iter().filter(|finding| finding.code == code);
    found
        .map(|finding| {
            Fault::new(FaultCode::SchemaMismatch, finding.path, finding.message).remedy(finding.remedy)
        })
        .collect()
}

fn covered(code: FindingCode, more: &str) -> Vec<Fault> {
    found(code, &[CLIENTS, DEBTS, more].concat(), |_| {})
}

/// Returns the faults of opening a policy for clients on these tables, apart from `change`.
fn opened_policy(ddl: &str, change: impl FnOnce(&mut Value)) -> Vec<Fault> {
    let mut document = json!({ "subject": "clients", "kinds": { "clients": {} }, "references": [],
                               "modes": { "hard_delete": { "allow": "any", "rules": {} } } });
    change(&mut document);
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    match run(async { client_lifecycle::Lifecycle::open(database(ddl).await, policy).await }) {
        Err(client_lifecycle::Error::SchemaMismatch(faults)) => faults.iter().cloned().collect(),
        Err(error) => panic!("{error}"),
        Ok(_) => Vec::new(),
    }
}

fn scoped(document: &mut Value) {
    document["modes"]["hard_delete"]["allow"] = json!([{ "role": "RESALE", "scope": "tenant" }]);
}

/// Returns the findings with this code if the rule for debts masks `note` with this mask.
#[allow(clippy::needless_pass_by_value, reason = "masks are written where they are passed")]
fn masked(code: FindingCode, column: &str, mask: Value) -> Vec<Fault> {
    let debts = format!(
        "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients, note {column});
         CREATE INDEX debts_by_client_id ON debts (client_id);"
    );
    found(code, &[CLIENTS, &debts].concat(), |document| {
        document["references"][0]["nullable"] = json!(true);
        document["modes"]["hard_delete"]["rules"] = json!({ "*": { "anonymize": { "note": mask } } });
    })
}

faulty! {
    a_missing_table_is_reported:
        opened("", one(json!({}))) => "kinds.clients", "the table `clients` does not exist", "create it, or correct `table`";
    a_missing_column_is_reported:
        opened(CLIENTS, one(json!({ "personal": { "email": "null" } })))
        => "kinds.clients.fields.email", "the table `clients` has no column `email`", "create it, or correct `column`";
    a_different_type_is_reported:
        opened(CLIENTS, one(json!({ "fields": { "name": "integer" } })))
        => "kinds.clients.fields.name", "declared as integer but the column is TEXT",
           "correct the declared type; without one, a field is text";
    a_scope_without_a_type_on_a_column_of_integers_is_reported:
        opened_policy("CREATE TABLE clients (id INTEGER PRIMARY KEY, tenant INTEGER)", scoped)
        => "kinds.clients.fields.tenant", "declared as text but the column is INTEGER",
           "correct the declared type; without one, a field is text";
    a_scope_on_a_missing_column_is_reported:
        opened_policy(CLIENTS, scoped)
        => "kinds.clients.fields.tenant", "the table `clients` has no column `tenant`", "create it, or correct `column`";
    a_view_that_would_be_written_is_reported:
        opened_policy(
            "CREATE TABLE people (id INTEGER PRIMARY KEY); CREATE VIEW clients AS SELECT id FROM people;
             CREATE TRIGGER gone INSTEAD OF DELETE ON clients BEGIN DELETE FROM people WHERE id = old.id; END",
            |_| {})
        => "kinds.clients", "`clients` is a view, and operations cannot write to views on SQLite",
           "declare the table that it reads, with a `filter` if the view leaves rows out";
    a_trigger_on_rows_that_create_inserts_is_reported:
        found(FindingCode::Trigger,
              &[CLIENTS, DEBTS, "CREATE TRIGGER greet AFTER INSERT ON clients BEGIN SELECT 1; END;
                                 CREATE TRIGGER note AFTER INSERT ON debts BEGIN SELECT 1; END;"].concat(),
              |document| document["modes"]["create"] = json!({ "allow": "any" }))
        => "kinds.clients", "the trigger `greet` fires on INSERT of `clients`: its effects are in no plan and no receipt",
           "move its work into the policy, or make sure that it does not change rows of a declared kind";
    a_not_null_column_of_a_nullable_field_is_reported:
        opened("CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
               one(json!({ "fields": { "name": { "nullable": true } } })))
        => "kinds.clients.fields.name", "declared nullable but the column is NOT NULL", "correct the map, or allow NULL in the column";
    a_not_null_deleted_at_is_reported:
        opened("CREATE TABLE clients (id INTEGER PRIMARY KEY, gone TEXT NOT NULL)", one(json!({ "deleted_at": "gone" })))
        => "kinds.clients.fields.gone", "NULL marks a row as not deleted, but the column is NOT NULL",
           "correct the map, or allow NULL in the column";
    a_flag_that_is_not_declared_as_one_is_reported:
        opened("CREATE TABLE clients (id INTEGER PRIMARY KEY, removed BOOLEAN)", one(json!({ "deleted_at": "removed" })))
        => "kinds.clients.deleted_at", "the column `removed` is BOOLEAN, a flag that cannot hold when a row was deleted",
           "declare `\"deleted_at\": {\"field\":\"removed\",\"live\":false}` for a flag";
    a_live_value_that_is_not_declared_is_reported:
        opened("CREATE TABLE clients (id INTEGER PRIMARY KEY, gone TEXT DEFAULT '9999-12-31')", one(json!({ "deleted_at": "gone" })))
        => "kinds.clients.deleted_at", "new rows have '9999-12-31' in the column `gone`, and are not deleted",
           "declare `\"deleted_at\": {\"field\":\"gone\",\"live\":\"9999-12-31\"}` for an instant";
    a_default_of_zero_is_a_flag_or_an_instant:
        opened("CREATE TABLE clients (id INTEGER PRIMARY KEY, gone INTEGER DEFAULT 0)", one(json!({ "deleted_at": "gone" })))
        => "kinds.clients.deleted_at", "new rows have 0 in the column `gone`, and are not deleted",
           "declare `\"deleted_at\": {\"field\":\"gone\",\"live\":false}` for a flag, or `\"deleted_at\": {\"field\":\"gone\",\"live\":0}` for an instant";
    a_default_that_marks_new_rows_is_reported:
        opened("CREATE TABLE clients (id INTEGER PRIMARY KEY, gone TEXT DEFAULT CURRENT_TIMESTAMP)", one(json!({ "deleted_at": "gone" })))
        => "kinds.clients.deleted_at", "NULL marks a row as not deleted, but the column `gone` has the default CURRENT_TIMESTAMP",
           "drop the default, or declare what live rows hold";
    another_live_value_than_the_default_is_reported:
        opened("CREATE TABLE clients (id INTEGER PRIMARY KEY, gone BOOLEAN NOT NULL DEFAULT FALSE)",
               one(json!({ "deleted_at": { "field": "gone", "live": true } })))
        => "kinds.clients.deleted_at", "new rows have FALSE in the column `gone`, but the policy says that live rows have true",
           "correct `live`, or the default of the column";
    a_number_in_a_column_of_text_is_no_mark:
        opened("CREATE TABLE clients (id INTEGER PRIMARY KEY, gone TEXT)", one(json!({ "deleted_at": { "field": "gone", "live": 0 } })))
        => "kinds.clients.deleted_at", "live rows hold a number, but the column `gone` is TEXT", "correct `live`";
    a_null_mask_for_a_not_null_column_is_reported:
        opened("CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT NOT NULL)", one(json!({ "personal": { "name": "null" } })))
        => "kinds.clients.fields.name", "the mask is `null` but the column is NOT NULL",
           "correct the map, or allow NULL in the column";
    a_mask_of_a_generated_column_is_reported:
        opened("CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT, low TEXT AS (lower(name)))",
               one(json!({ "personal": { "low": "null" } })))
        => "kinds.clients.fields.low", "the column `low` is generated: only the database writes it",
           "declare the columns from which it is computed instead";
    a_key_of_several_columns_is_reported:
        opened("CREATE TABLE clients (a TEXT, b TEXT, PRIMARY KEY (a, b))", one(json!({ "id": "a" })))
        => "kinds.clients.id", "the column `a` is only a part of the primary key (`a`, `b`)",
           "declare `\"id\": [\"a\", \"b\"]`";
    two_records_that_differ_only_in_case_are_reported_where_a_reference_ignores_it:
        opened(&[CLIENTS, DEBTS, "INSERT INTO clients VALUES (1, 'x', 'c@EXAMPLE.org'), (2, 'y', 'C@example.org'), (3, 'z', NULL)"].concat(),
               json!({ "kinds": { "clients": {}, "debts": {} },
                       "references": [ { "from": "debts.note", "to": "clients.code", "compare": "ignore_ascii_case" } ] }))
        => "references.debts.note", "2 records of `clients` have the same `code`, if the case of letters is ignored",
           "correct the records, and add a unique index on lower case, so that every row belongs to one record";
    a_key_that_a_reference_holds_but_that_is_not_unique_is_reported:
        opened(&[CLIENTS, DEBTS].concat(),
               json!({ "kinds": { "clients": {}, "debts": {} }, "references": [ { "from": "debts.note", "to": "clients.name" } ] }))
        => "references.debts.note", "`name` of `clients` is not unique, so a row could refer to several records",
           "add a unique index on it, or let the reference hold the id";
    a_key_of_several_columns_that_is_not_unique_is_reported:
        opened("CREATE TABLE clients (a TEXT NOT NULL, b TEXT NOT NULL)", one(json!({ "id": ["a", "b"] })))
        => "kinds.clients.id", "the columns `a`, `b` are not unique together",
           "use the primary key as `id`, or add a unique index";
    an_id_that_is_not_unique_is_reported:
        opened("CREATE TABLE clients (id INTEGER)", one(json!({})))
        => "kinds.clients.id", "the column `id` is not unique", "use the primary key as `id`, or add a unique index";
    a_view_with_two_rows_with_one_id_is_reported:
        opened("CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1), (2);
                CREATE VIEW clients AS SELECT id FROM a UNION ALL SELECT id FROM a WHERE id = 2", one(json!({})))
        => "kinds.clients.id", "the view `clients` has 2 rows with the id `2`",
           "make the view return one row for each id";
    a_view_with_a_row_without_an_id_is_reported:
        opened("CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1), (2);
                CREATE VIEW clients AS SELECT nullif(id, 2) AS id FROM a", one(json!({})))
        => "kinds.clients.id", "the view `clients` has 1 row without an id",
           "make the view return one row for each id";
    a_not_null_column_of_a_nullable_reference_is_reported:
        opened(&[CLIENTS, DEBTS].concat(), {
            let mut map = two();
            map["references"][0]["nullable"] = json!(true);
            map
        })
        => "references.debts.client_id", "declared nullable but the column is NOT NULL",
           "declare it mandatory, or allow NULL in the column";
    a_nullable_column_of_a_mandatory_reference_is_reported:
        opened(&[CLIENTS, "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER)"].concat(), two())
        => "references.debts.client_id", "declared mandatory but the column can be NULL",
           "declare it `nullable`, or make the column NOT NULL";
    a_reference_of_another_type_than_the_id_is_reported:
        opened(&[CLIENTS, "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id TEXT NOT NULL)"].concat(), two())
        => "references.debts.client_id", "the column is TEXT, but the ids of `clients` are INTEGER",
           "give both columns the same type";
    a_reference_with_another_collation_than_the_id_is_reported:
        opened("CREATE TABLE clients (id TEXT PRIMARY KEY);
                CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id TEXT NOT NULL COLLATE NOCASE)", two())
        => "references.debts.client_id", "the column compares without case, but the ids of `clients` compare by bytes",
           "give both columns the same collation";
    a_table_with_the_name_of_a_system_table_is_reported:
        opened("CREATE TABLE lifecycle_audit (id INTEGER PRIMARY KEY)", one(json!({ "table": "lifecycle_audit" })))
        => "kinds.clients", "`lifecycle_audit` is a name that the library uses", "use another prefix for the library's tables";
    a_table_with_the_name_of_the_pseudonyms_is_reported:
        opened("CREATE TABLE lifecycle_pseudonyms (id INTEGER PRIMARY KEY)", one(json!({ "table": "lifecycle_pseudonyms" })))
        => "kinds.clients", "`lifecycle_pseudonyms` is a name that the library uses", "use another prefix for the library's tables";
    a_schema_that_is_not_there_is_reported:
        opened(CLIENTS, one(json!({ "table": "crm.clients" })))
        => "kinds.clients", "the schema `crm` of the table `crm.clients` does not exist",
           "correct `table`; if the dot is part of the table's own name, declare `\"table\": {\"table\":\"crm.clients\"}`";
    a_table_outside_the_database_itself_is_reported:
        opened(&[CLIENTS, "CREATE TEMP TABLE visitors (id INTEGER PRIMARY KEY)"].concat(), one(json!({ "table": "temp.visitors" })))
        => "kinds.clients", "the table `temp.visitors` is not in the database that the store opened (`main`)",
           "move it there, or open a store of its own for that database";
    two_spellings_of_a_table_whose_filters_must_be_compared_are_reported:
        opened(&[CLIENTS, DEBTS].concat(), {
            let mut map = two();
            map["kinds"]["debts"]["filter"] = json!({ "field": "id", "eq": 1 });
            map["kinds"]["owings"] = json!({ "table": "main.debts", "filter": { "field": "id", "eq": 2 } });
            map
        })
        => "kinds.owings.table", "`main.debts` and `debts` are one table, the table of `debts`", "spell the table alike in both kinds";
    a_reference_whose_foreign_key_refers_to_another_column_is_reported:
        opened(&[CLIENTS, "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients (code))"].concat(),
               two())
        => "references.debts.client_id", "the foreign key refers to `clients` (`code`), but the policy says `clients` (`id`)",
           "correct `to`, or the `id` of the kind";

    an_undecided_table_is_found:
        covered(FindingCode::UncoveredTable, "CREATE TABLE bills (id INTEGER PRIMARY KEY, payer INTEGER REFERENCES clients)")
        => "kinds.bills", "the table is neither declared nor excluded: `payer` refers to `clients`",
           "declare it with its references and give them rules, or list it under `excluded` with a reason";
    an_undecided_foreign_key_is_found:
        found(FindingCode::UncoveredReference,
              &[CLIENTS, "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients, payer INTEGER REFERENCES clients)"].concat(),
              |_| {})
        => "references.debts.payer", "the foreign key refers to `clients`, but the reference is neither declared nor excluded",
           "declare the reference and give it a rule, or list it under `excluded` with a reason";
    a_foreign_key_that_is_also_the_id_is_found:
        found(FindingCode::UncoveredReference,
              &[CLIENTS, "CREATE TABLE debts (id INTEGER PRIMARY KEY REFERENCES clients, client_id INTEGER NOT NULL REFERENCES clients)"].concat(),
              |_| {})
        => "references.debts.id", "the foreign key refers to `clients`, but the reference is neither declared nor excluded",
           "declare the reference and give it a rule, or list it under `excluded` with a reason";
    a_foreign_key_to_another_column_than_the_id_is_found:
        found(FindingCode::UncoveredReference,
              &[CLIENTS, "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients, payer TEXT REFERENCES clients (code))"].concat(),
              |_| {})
        => "references.debts.payer", "the foreign key (`payer`) refers to `clients` (`code`), which is not the id of `clients`",
           "declare the reference with `\"to\": \"clients.code\"`, or list it under `excluded` with a reason";
    a_column_named_like_a_reference_is_found:
        found(FindingCode::UncoveredReference,
              &[CLIENTS, DEBTS, "CREATE TABLE notes (id INTEGER PRIMARY KEY, debt_id INTEGER, client_id INTEGER)"].concat(),
              |document| document["kinds"]["notes"] = json!({}))
        => "references.notes.client_id", "the column is named like `debts.client_id`, but it is neither declared nor excluded",
           "declare the reference and give it a rule, or list it under `excluded` with a reason";
    a_foreign_key_to_another_table_than_declared_is_found:
        found(FindingCode::ForeignKeyMismatch,
              &[CLIENTS, "CREATE TABLE firms (id INTEGER PRIMARY KEY);
                          CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES firms)"].concat(),
              |_| {})
        => "references.debts.client_id", "the foreign key refers to `firms` (`id`), but the policy says `clients` (`id`)",
           "correct `to`, or the `id` of the kind";
    an_unprotected_reference_is_found:
        found(FindingCode::UnprotectedReference,
              &[CLIENTS, "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL)"].concat(), |_| {})
        => "references.debts.client_id", "neither a foreign key nor a `lock` protects the reference: a row inserted after the operation may refer to a deleted record",
           "add a foreign key; or call `lock_parent` in every transaction that inserts such rows, and declare `\"lock\": \"writer\"`";
    a_reference_without_an_index_is_found:
        found(FindingCode::MissingIndex,
              &[CLIENTS, "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients)"].concat(), |_| {})
        => "references.debts.client_id", "no index on `debts` starts with `client_id`: every plan and every deletion scans the whole table",
           "CREATE INDEX \"debts_by_client_id\" ON \"debts\" (\"client_id\")";
    a_trigger_on_deleted_rows_is_found:
        covered(FindingCode::Trigger, "CREATE TRIGGER t AFTER DELETE ON debts BEGIN DELETE FROM clients; END")
        => "kinds.debts", "the trigger `t` fires on DELETE of `debts`: its effects are in no plan and no receipt",
           "move its work into the policy, or make sure that it does not change rows of a declared kind";
    a_null_mask_in_a_rule_for_a_not_null_column_is_found:
        masked(FindingCode::NullabilityMismatch, "TEXT NOT NULL", json!("null"))
        => "modes.hard_delete.rules.*.anonymize.note", "the mask is `null` but the column is NOT NULL",
           "choose another mask, or allow NULL in the column";
    a_mask_longer_than_its_column_is_found:
        masked(FindingCode::MaskTooLong, "VARCHAR(8)", json!({ "text": "anonymized" }))
        => "modes.hard_delete.rules.*.anonymize.note", "the mask has at least 10 characters, but the column is VARCHAR(8)",
           "choose a shorter mask, or widen the column";
    a_pseudonym_longer_than_its_column_is_found:
        masked(FindingCode::MaskTooLong, "varying character (63)", json!("hmac"))
        => "modes.hard_delete.rules.*.anonymize.note", "the mask has at least 64 characters, but the column is varying character (63)",
           "choose a shorter mask, or widen the column";
    a_placeholder_longer_than_its_column_is_found:
        masked(FindingCode::MaskTooLong, "NVARCHAR(19)", json!("placeholder_email"))
        => "modes.hard_delete.rules.*.anonymize.note", "the mask has at least 20 characters, but the column is NVARCHAR(19)",
           "choose a shorter mask, or widen the column";
    a_constant_mask_of_a_unique_column_is_found:
        masked(FindingCode::MaskNotUnique, "TEXT UNIQUE", json!({ "text": "gone" }))
        => "modes.hard_delete.rules.*.anonymize.note",
           "the mask may give two rows the same value, but the column `note` is unique",
           "use `null`, `placeholder_email` or `hmac`, and declare the field `unique`";
}

#[test]
fn masks_that_fit_their_column_are_not_findings() {
    let codes = [FindingCode::MaskTooLong, FindingCode::MaskNotUnique, FindingCode::NullabilityMismatch];
    for (column, mask) in [
        ("VARCHAR(10)", json!({ "text": "anonymized" })),
        ("TEXT", json!("hmac")),
        ("CHAR(64) UNIQUE", json!("hmac")),
        ("VARCHAR(20) UNIQUE", json!("placeholder_email")),
        ("VARCHAR(3)", json!({ "truncate": 9 })),
        ("TEXT UNIQUE", json!("null")),
        ("NUMERIC(3)", json!("null")),
    ] {
        for code in codes {
            assert_eq!(masked(code, column, mask.clone()), [], "{column} {mask}");
        }
    }
}

#[test]
fn a_null_mask_in_a_rule_needs_its_column() {
    let mut document = two();
    document["subject"] = json!("clients");
    document["references"][0]["nullable"] = json!(true);
    document["modes"] =
        json!({ "hard_delete": { "allow": "any", "rules": { "*": { "anonymize": { "phone": "null" } } } } });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let ddl = [CLIENTS, "CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER)"].concat();
    let faults = run(async { database(&ddl).await.check(policy.map()).await.unwrap() });
    let found: Vec<_> = faults.iter().map(|fault| &*fault.message).collect();
    assert_eq!(found, ["the table `debts` has no column `phone`"]);
}
