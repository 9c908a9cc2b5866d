//! Masks of columns of every type.

use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::{PostgresStore, sqlx};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::server::Schema;

fn policy(masks: &Value) -> DeletionPolicy {
    let document = json!({
        "subject": "clients", "kinds": { "clients": { "personal": masks } },
        "modes": { "anonymize": { "allow": "any" } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// For each type: a value before, a mask, and the text of the masked value.
fn types() -> Vec<(&'static str, &'static str, Value, &'static str)> {
    vec![
        ("inet", "'10.1.2.3'", json!("0.0.0.0/0"), "0.0.0.0/0"),
        ("cidr", "'10.1.2.0/24'", json!("::/0"), "::/0"),
        ("macaddr", "'08:00:2b:01:02:03'", json!("00:00:00:00:00:00"), "00:00:00:00:00:00"),
        ("jsonb", "'{\"a\": 1}'", json!({ "masked": true }), "{\"masked\": true}"),
        ("jsonb", "'{\"a\": 1}'", json!("text"), "\"text\""),
        ("json", "'[1]'", json!([]), "[]"),
        ("numeric(10,2)", "12.34", json!(0.5), "0.50"),
        ("numeric", "12.34", json!("1e30"), "1000000000000000000000000000000"),
        ("numeric", "12.34", json!(u64::MAX), "18446744073709551615"),
        ("smallint", "7", json!(-1), "-1"),
        ("bigint", "7", json!("9007199254740993"), "9007199254740993"),
        ("double precision", "7", json!(0), "0"),
        ("real", "7", json!(1.5), "1.5"),
        ("boolean", "TRUE", json!(false), "false"),
        (
            "uuid",
            "'6f9619ff-8b86-d011-b42d-00c04fc964ff'",
            json!("00000000-0000-0000-0000-000000000000"),
            "00000000-0000-0000-0000-000000000000",
        ),
        ("colour", "'red'", json!("none"), "none"),
        ("date", "'1984-05-06'", json!("1900-01-01"), "1900-01-01"),
        ("timestamp", "'1984-05-06 07:08:09'", json!("1900-01-01T00:00:00Z"), "1900-01-01 00:00:00"),
        ("text[]", "'{a,b}'", json!([]), "{}"),
        ("text[]", "'{a,b}'", json!(["x", "y z"]), "{x,\"y z\"}"),
        ("integer[]", "'{1,2}'", json!([0]), "{0}"),
        ("varchar(9)", "'ana'", json!("gone"), "gone"),
        ("text", "'ana'", json!(0), "0"),
        ("interval", "'1 day'", json!("0"), "00:00:00"),
        ("point", "'(1,2)'", json!("(0,0)"), "(0,0)"),
    ]
}

#[tokio::test]
async fn a_column_of_any_type_can_be_masked() {
    let Some(schema) = Schema::new().await else { return };
    schema.run("CREATE TYPE colour AS ENUM ('red', 'none')").await;
    let types = types();
    let columns = types.iter().enumerate().map(|(at, one)| format!("c{at} {} NOT NULL", one.0));
    let values = types.iter().map(|one| one.1.to_owned());
    let ddl = format!(
        "CREATE TABLE clients (id int PRIMARY KEY, {}); INSERT INTO clients VALUES (1, {}), (2, {1})",
        columns.collect::<Vec<_>>().join(", "),
        values.collect::<Vec<_>>().join(", ")
    );
    schema.run(&ddl).await;
    let masks = types.iter().enumerate().map(|(at, one)| (format!("c{at}"), json!({ "value": one.2 })));
    let store = PostgresStore::new(schema.pool.clone()).migrate().await.unwrap();
    let lifecycle = Lifecycle::open(store, policy(&Value::Object(masks.collect()))).await;
    let lifecycle = lifecycle.unwrap_or_else(|error| panic!("{error}"));
    let request = Request::anonymize("clients", 1).by(Actor::new("ana", "ADMIN"));
    lifecycle.execute(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
    for (at, (name, _, _, expected)) in types.iter().enumerate() {
        let sql = format!("SELECT c{at}::text FROM clients WHERE id = 1");
        let found: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&schema.pool).await.unwrap();
        assert_eq!(found, *expected, "{name}");
    }
}

#[tokio::test]
async fn a_value_that_the_column_cannot_take_is_refused() {
    let Some(schema) = Schema::new().await else { return };
    schema
        .run("CREATE TYPE colour AS ENUM ('red'); CREATE TABLE clients (id int PRIMARY KEY, inet inet, number int, \
              amount numeric, flag boolean, uuid uuid, colour colour, tags text[], numbers int[], born date, note text)")
        .await;
    for (field, value) in [
        ("inet", json!("nowhere")),
        ("inet", json!("1.2.3.4/33")),
        ("number", json!("none")),
        ("number", json!(1.5)),
        ("amount", json!("none")),
        ("amount", json!(true)),
        ("flag", json!("maybe")),
        ("uuid", json!("none")),
        ("colour", json!("none")),
        ("tags", json!("none")),
        ("tags", json!(0)),
        ("numbers", json!(["a"])),
        ("born", json!("then")),
        ("born", json!(0)),
    ] {
        let policy = policy(&json!({ field: { "value": value }, "note": "null" }));
        let store = PostgresStore::new(schema.pool.clone());
        let found = store.findings(&policy).await.unwrap();
        let path = format!("kinds.clients.personal.{field}");
        assert!(found.iter().any(|one| one.path == path), "{field} {value}: {found:?}");
        let opened = Lifecycle::open(store, policy).await;
        assert!(matches!(opened, Err(Error::SchemaMismatch(_))), "{field} {value}");
    }
}

/// The masks that are tried on every column: all whose result does not depend on the row.
fn masks() -> Vec<Value> {
    vec![
        json!("null"),
        json!({ "text": "gone" }),
        json!({ "text": "a rather long mask" }),
        json!({ "value": "gone" }),
        json!({ "value": "" }),
        json!("hmac"),
        json!("placeholder_email"),
    ]
}

/// Types and constraints of a column `note`, and whether a mask of a list is refused when the policy is opened.
const COLUMNS: &[(&str, &[usize])] = &[
    ("text", &[]),
    ("text NOT NULL", &[0]),
    ("text CHECK (note IS NOT NULL)", &[0]),
    ("varchar(3)", &[1, 2, 3, 5, 6]),
    ("char(8)", &[2, 5, 6]),
    ("text CHECK (length(note) < 10)", &[2, 5, 6]),
    ("text CHECK (note <> '')", &[4]),
    ("text CHECK (note LIKE '%@%' OR note IS NULL)", &[1, 2, 3, 4, 5]),
    ("text CHECK (note ~ '^[a-z]') NOT NULL", &[0, 4, 5, 6]),
    ("text CHECK (note IN ('v1', 'gone', 'v2'))", &[2, 4, 5, 6]),
    ("short", &[2, 5, 6]),
    ("named", &[0]),
    ("text UNIQUE", &[]),
    ("citext_like", &[]),
    ("text CHECK (note LIKE 'v%') NOT VALID", &[1, 2, 3, 4, 5, 6]),
];

/// Right after a plan without blockers, the database takes every mask that `open` has accepted.
#[tokio::test]
async fn a_mask_is_refused_at_open_blocks_or_can_be_written() {
    let Some(schema) = Schema::new().await else { return };
    schema
        .run(
            "CREATE DOMAIN short AS text CHECK (length(VALUE) < 10); CREATE DOMAIN named AS text NOT NULL; \
              CREATE DOMAIN citext_like AS text",
        )
        .await;
    for (column, refused) in COLUMNS {
        schema.run("DROP TABLE IF EXISTS clients").await;
        let (column, not_valid) =
            column.strip_suffix(" NOT VALID").map_or((*column, false), |column| (column, true));
        let (column, check) = match column.split_once(" CHECK") {
            Some((column, check)) if not_valid => (column, format!("CHECK{check}")),
            _ => (column, String::new()),
        };
        schema.run(&format!("CREATE TABLE clients (id int PRIMARY KEY, note {column})")).await;
        for id in 1..=9 {
            let text = if column.contains('@') { format!("v{id}@example.org") } else { format!("v{id}") };
            let text = if column.contains(" IN ") { "v1".to_owned() } else { text };
            schema.run(&format!("INSERT INTO clients VALUES ({id}, '{text}')")).await;
        }
        schema.run("CREATE UNIQUE INDEX by_case ON clients (lower(note)) WHERE id > 8").await;
        if not_valid {
            schema.run(&format!("ALTER TABLE clients ADD {check} NOT VALID")).await;
        }
        let store = PostgresStore::new(schema.pool.clone()).migrate().await.unwrap();
        for (at, mask) in masks().iter().enumerate() {
            let policy = policy(&json!({ "note": mask }));
            let path = "kinds.clients.personal.note";
            let opened = Lifecycle::open(PostgresStore::new(schema.pool.clone()), policy.clone()).await;
            let context = format!("{column} {check} {mask}");
            let findings = store.findings(&policy).await.unwrap();
            let lifecycle = match opened {
                Ok(lifecycle) => {
                    lifecycle.with_mask_key(client_lifecycle::domain::MaskKey::new([7; 32]).unwrap())
                }
                Err(Error::SchemaMismatch(faults)) => {
                    assert!(refused.contains(&at), "{context}: {faults}");
                    assert!(
                        faults.iter().any(|fault| fault.path.rsplit('.').next() == Some("note")),
                        "{context}: {faults}"
                    );
                    assert!(
                        findings.iter().any(|one| one.path.rsplit('.').next() == Some("note")),
                        "{context}: {path}"
                    );
                    continue;
                }
                Err(error) => panic!("{context}: {error:?}"),
            };
            assert!(!refused.contains(&at), "{context}");
            let id = i64::try_from(at).unwrap() + 1;
            let request = Request::anonymize("clients", id).by(Actor::new("ana", "ADMIN"));
            let plan = lifecycle.plan(&request).await.unwrap();
            let done = lifecycle.apply(&request, &plan).await;
            if plan.is_executable() {
                assert!(done.is_ok(), "{context}: {done:?}");
            } else {
                assert!(matches!(done, Err(Error::Blocked(_))), "{context}: {done:?}");
            }
        }
    }
}

/// The masks of a rule are judged as those of a kind.
#[tokio::test]
async fn a_mask_of_a_rule_that_its_column_refuses_is_a_fault() {
    let Some(schema) = Schema::new().await else { return };
    schema
        .run("CREATE TABLE clients (id int PRIMARY KEY); CREATE TABLE notes (id int PRIMARY KEY, \
              client_id int REFERENCES clients, text varchar(5) NOT NULL CONSTRAINT lower_case CHECK (text = lower(text)))")
        .await;
    for (mask, code) in [
        (json!("null"), "nullability_mismatch"),
        (json!({ "text": "GONE" }), "mask_refused"),
        (json!("hmac"), "mask_too_long"),
    ] {
        let document = json!({
            "subject": "clients", "kinds": { "clients": {}, "notes": {} },
            "references": [{ "from": "notes.client_id", "to": "clients", "nullable": true }],
            "modes": { "hard_delete": { "allow": "any", "rules": { "notes.client_id": { "anonymize": { "text": mask } } } } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let store = PostgresStore::new(schema.pool.clone());
        let path = "modes.hard_delete.rules.notes.client_id.anonymize.text";
        let found = store.findings(&policy).await.unwrap();
        assert!(found.iter().any(|one| one.path == path && one.code.as_str() == code), "{mask}: {found:?}");
        let opened = Lifecycle::open(store, policy).await;
        assert!(matches!(opened, Err(Error::SchemaMismatch(_))), "{mask}");
    }
}
