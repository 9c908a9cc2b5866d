//! Types of ids and fields, and tables in other schemas.

use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::protocol::Receipt;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::server::Schema;
use crate::world::{World, delete, policy};

fn small() -> Value {
    json!({
        "subject": "clients",
        "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" }, { "from": "debts.part_of", "to": "debts", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    })
}

/// Tests every type of id, with a dependent table that also refers to itself.
#[tokio::test]
async fn ids_may_be_of_any_type() {
    let ids: [(&str, &str, &str, RecordId); 9] = [
        (
            "uuid",
            "6f9619ff-8b86-d011-b42d-00c04fc964ff",
            "6f9619ff-8b86-d011-b42d-00c04fc964fe",
            "6F9619FF-8B86-D011-B42D-00C04FC964FF".into(),
        ),
        ("bigint", "9007199254740993", "2", "9007199254740993".into()),
        ("integer", "7", "8", 7.into()),
        ("smallint", "7", "8", 7.into()),
        ("text", "it's \"{7}\"", "b", "it's \"{7}\"".into()),
        ("varchar(12)", "c1", "c2", "c1".into()),
        ("char(5)", "c1", "c2", "c1".into()),
        ("colour", "red", "blue", "red".into()),
        ("code", "AB-1", "AB-2", "AB-1".into()),
    ];
    for (id_type, one, other, asked) in ids {
        let quoted = |text: &str| text.replace('\'', "''");
        let (one, other) = (quoted(one), quoted(other));
        let ddl = format!(
            "CREATE TYPE colour AS ENUM ('red', 'blue');
             CREATE DOMAIN code AS varchar(10) CHECK (VALUE LIKE 'AB-%');
             CREATE TABLE clients (id {id_type} PRIMARY KEY);
             CREATE TABLE debts (id {id_type} PRIMARY KEY, client_id {id_type} NOT NULL REFERENCES clients,
                 part_of {id_type} REFERENCES debts);
             INSERT INTO clients VALUES ('{one}'), ('{other}');
             INSERT INTO debts VALUES ('{one}', '{one}', NULL), ('{other}', '{other}', '{one}')"
        );
        let Some(world) = World::new(&ddl, &small()).await else { return };
        let lifecycle = world.lifecycle().await;
        let plan = lifecycle
            .plan(&delete(asked.clone()))
            .await
            .unwrap_or_else(|error| panic!("{id_type}: {error:?}"));
        assert_eq!(plan.steps.last().unwrap().count, 1, "{id_type}: {plan}");
        let receipt = lifecycle.apply(&delete(asked), &plan).await;
        let receipt = receipt.unwrap_or_else(|error| panic!("{id_type}: {error:?}"));
        assert_eq!(done(&receipt, "debts"), 2, "{id_type}: the debt below its own goes too");
        assert_eq!(world.number("SELECT count(*) FROM clients").await, 1, "{id_type}");
        // A text that cannot be an id of this type.
        let error = lifecycle.plan(&delete("no such id")).await.unwrap_err();
        let code = error.code();
        assert!(["not_found", "wrong_id"].contains(&code), "{id_type}: {code} {error:?}");
    }
}

fn done(receipt: &Receipt, kind: &str) -> u64 {
    receipt.steps.iter().filter(|step| step.kind == kind).map(|step| step.actual).sum()
}

/// Conditions and masks work on every column type. A declared type that differs from the column is refused.
#[tokio::test]
async fn fields_may_have_any_type_of_the_database() {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {
            "status": { "field": "active", "on": true, "off": false }, "deleted_at": "deleted_at",
            "fields": { "active": "boolean", "born": "date", "seen": "timestamp", "level": "text", "money": "decimal",
                        "visits": "integer", "zone": "timestamp" },
            "personal": { "mail": "placeholder_email", "born": "year", "seen": "year", "zone": "year",
                          "name": { "truncate": 1 }, "level": { "text": "low" }, "extra": "null" } } },
        "references": [],
        "modes": { "anonymize": { "allow": "any", "guards": [ {
            "name": "never", "on": "clients", "severity": "block", "when": { "any": [
                { "field": "active", "eq": false }, { "field": "born", "after": "2020-01-01T00:00:00Z" },
                { "field": "level", "in": ["low"] }, { "field": "money", "gt": 10.5 }, { "field": "visits", "lt": 3 },
                { "field": "seen", "older_than": "P100Y" }, { "field": "zone", "older_than": "P100Y" } ] } } ] } }
    });
    let ddl = "CREATE TYPE level AS ENUM ('low', 'high'); CREATE DOMAIN mail AS varchar(80);
         CREATE TABLE clients (id integer PRIMARY KEY, active boolean NOT NULL, deleted_at timestamptz, born date,
             seen timestamptz, zone timestamp, level level, money numeric(10, 2), visits smallint, mail mail,
             name varchar(20), extra jsonb, twice integer GENERATED ALWAYS AS (visits * 2) STORED);
         INSERT INTO clients VALUES (1, true, NULL, '1984-05-06', '2024-12-31 23:30:00-02', '2024-06-01 10:00', 'high',
             10.50, 3, 'a@b.c', 'ñandú', '{}'), (2, true, NULL, '1984-05-06', 'infinity', NULL, 'low', 1, 3, NULL, NULL, NULL)";
    let Some(world) = World::new(ddl, &document).await else { return };
    let lifecycle = world.lifecycle().await;
    let ask = |id: i64| {
        Request::batch(client_lifecycle::domain::Mode::Anonymize, "clients", [RecordId::from(id)])
            .by(Actor::new("ana", "ADMIN"))
    };
    // An infinite timestamp is later than every period; the label blocks.
    let blocked = lifecycle.plan(&ask(2)).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(blocked.blockers.iter().map(|blocker| blocker.count).sum::<u64>(), 1, "{blocked}");
    lifecycle.execute(&ask(1)).await.unwrap_or_else(|error| panic!("{error:?}"));
    let row = world
        .text("SELECT (to_jsonb(c) - 'deleted_at')::text FROM clients AS c WHERE id = 1 AND deleted_at IS NOT NULL")
        .await;
    let row: Value = serde_json::from_str(&row).unwrap();
    let expected = json!({
        "id": 1, "active": false, "born": "1984-01-01", "seen": "2025-01-01T00:00:00+00:00",
        "zone": "2024-01-01T00:00:00", "level": "low", "money": 10.50, "visits": 3, "twice": 6,
        "mail": "1@anonymized.invalid", "name": "ñ", "extra": null
    });
    let seen = world
        .text("SELECT to_char(seen AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') FROM clients WHERE id = 1")
        .await;
    assert_eq!(seen, "2025-01-01 00:00");
    for (field, value) in expected.as_object().unwrap().iter().filter(|(field, _)| *field != "seen") {
        assert_eq!(&row[field], value, "{field}");
    }
}

#[tokio::test]
async fn a_declared_type_that_differs_from_the_column_is_a_fault() {
    let mut document = small();
    document["kinds"]["debts"] =
        json!({ "fields": { "at": "timestamp", "amount": "integer", "Name": "text", "note": "text" } });
    let ddl = "CREATE TABLE clients (id text PRIMARY KEY);
         CREATE TABLE debts (id integer UNIQUE, client_id integer NOT NULL, part_of integer, at text, amount text, name text,
             note date)";
    let Some(world) = World::new(ddl, &document).await else { return };
    let error = Lifecycle::open(world.store(), world.policy.clone()).await.unwrap_err().to_string();
    for part in [
        "kinds.debts.fields.at",
        "kinds.debts.fields.amount",
        "kinds.debts.fields.Name",
        "kinds.debts.fields.note",
        "references.debts.client_id",
        "kinds.debts.id",
    ] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
}

/// Tests names in mixed case, and tables in several schemas outside the search path.
#[tokio::test]
async fn tables_may_be_in_other_schemas_and_names_may_have_any_case() {
    let Some(schema) = Schema::new().await else { return };
    let s = &schema.name;
    schema
        .run(&format!(
            "CREATE SCHEMA \"{s}B\";
             CREATE TABLE \"{s}B\".\"Users\" (\"Id\" uuid PRIMARY KEY, \"Select\" text);
             CREATE TABLE \"{s}B\".\"Order\" (id serial PRIMARY KEY, \"userId\" uuid NOT NULL REFERENCES \"{s}B\".\"Users\");
             INSERT INTO \"{s}B\".\"Users\" VALUES ('00000000-0000-0000-0000-000000000001');
             INSERT INTO \"{s}B\".\"Order\" (\"userId\") SELECT \"Id\" FROM \"{s}B\".\"Users\""
        ))
        .await;
    let document = json!({
        "subject": "users",
        "kinds": { "users": { "table": format!("{s}B.Users"), "id": "Id" }, "orders": { "table": format!("{s}B.Order") } },
        "references": [ { "from": "orders.userId", "to": "users" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let qualified = policy(&document);
    let store = PostgresStore::new(schema.pool.clone()).migrate().await.unwrap();
    assert_eq!(gone(store, qualified).await, 2);
    // The same with plain table names, when the store is told the schemas.
    schema
        .run(&format!("INSERT INTO \"{s}B\".\"Users\" VALUES ('00000000-0000-0000-0000-000000000001')"))
        .await;
    let mut document = document;
    document["kinds"]["users"]["table"] = "Users".into();
    document["kinds"]["orders"]["table"] = "Order".into();
    let store = PostgresStore::new(schema.pool.clone()).schemas([format!("{s}B")]).migrate().await.unwrap();
    assert_eq!(gone(store, policy(&document)).await, 1);
    let tables: i64 = client_lifecycle::postgres::sqlx::query_scalar(
        "SELECT count(*) FROM pg_tables WHERE schemaname = $1 AND tablename = 'lifecycle_audit'",
    )
    .bind(format!("{s}B"))
    .fetch_one(&schema.pool)
    .await
    .unwrap();
    assert_eq!(tables, 1, "the library's tables are in the first of them");
    schema.run(&format!("DROP SCHEMA \"{s}B\" CASCADE")).await;
}

async fn gone(store: PostgresStore, policy: DeletionPolicy) -> u64 {
    let lifecycle = Lifecycle::open(store, policy).await.unwrap_or_else(|error| panic!("{error}"));
    let request =
        Request::hard_delete("users", "00000000-0000-0000-0000-000000000001").by(Actor::new("a", "ADMIN"));
    let receipt = lifecycle.execute(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
    receipt.steps.iter().map(|step| step.actual).sum()
}

/// Ids of unusual types either work or are refused with a message. No other row is deleted.
#[tokio::test]
async fn ids_of_unusual_types_work_or_are_refused() {
    for (id_type, one, other, asked) in [
        ("numeric", "7", "8", "7"),
        ("numeric(10,2)", "7.50", "8", "7.50"),
        ("oid", "7", "8", "7"),
        ("bytea", "\\x01ff", "\\x02", "01FF"),
        ("inet", "10.0.0.1", "10.0.0.2", "10.0.0.1"),
        ("date", "2024-02-29", "2024-03-01", "2024-02-29"),
        ("timestamptz", "2024-02-29 12:00+00", "2024-03-01 12:00+00", "2024-02-29T12:00:00Z"),
        ("boolean", "true", "false", "true"),
        ("double precision", "0.5", "1", "0.5"),
        ("name", "a", "b", "a"),
        ("macaddr", "08:00:2b:01:02:03", "08:00:2b:01:02:04", "08:00:2b:01:02:03"),
        ("integer[]", "{1,2}", "{3}", "{1,2}"),
        ("pair", "(1,2)", "(3,4)", "(1,2)"),
        ("interval", "1 day", "2 days", "1 day"),
        ("jsonb", "{\"a\": 1}", "{\"a\": 2}", "{\"a\": 1}"),
        ("int4range", "[1,2)", "[2,3)", "[1,2)"),
    ] {
        let ddl = format!(
            "CREATE TYPE pair AS (a integer, b integer);
             CREATE TABLE clients (id {id_type} PRIMARY KEY);
             CREATE TABLE debts (id {id_type} PRIMARY KEY, client_id {id_type} NOT NULL REFERENCES clients,
                 part_of {id_type} REFERENCES debts);
             INSERT INTO clients VALUES ('{one}'), ('{other}');
             INSERT INTO debts VALUES ('{one}', '{one}', NULL), ('{other}', '{other}', NULL)"
        );
        let Some(world) = World::new(&ddl, &small()).await else { return };
        let lifecycle = match Lifecycle::open(world.store(), world.policy.clone()).await {
            Ok(lifecycle) => lifecycle,
            Err(error) => {
                assert!(error.to_string().contains("kinds.clients.id: the column is"), "{id_type}: {error}");
                continue;
            }
        };
        let left = "SELECT concat_ws(' ', (SELECT count(*) FROM clients), (SELECT count(*) FROM debts), (SELECT min(id::text) FROM clients))";
        match lifecycle.execute(&delete(asked)).await {
            Ok(_) => {
                assert!(world.text(left).await.starts_with("1 1 "), "{id_type}");
                let sql = format!("SELECT count(*) FROM clients WHERE id::text = '{other}'::{id_type}::text");
                assert_eq!(world.number(&sql).await, 1, "{id_type}: the other one is still there");
            }
            Err(error) => {
                assert!(
                    ["wrong_id", "unsupported", "bad_value", "not_found"].contains(&error.code()),
                    "{id_type}: {error:?}"
                );
                assert!(world.text(left).await.starts_with("2 2 "), "{id_type}");
            }
        }
    }
}
