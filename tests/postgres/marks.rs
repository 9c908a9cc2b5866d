//! Deleted marks and instants in columns of the types of PostgreSQL.

use chrono::{DateTime, Utc};
use client_lifecycle::Lifecycle;
use client_lifecycle::domain::{Actor, Mode, RecordId, Request};
use client_lifecycle::postgres::lock_parent;
use client_lifecycle::sql::{findings, first_policy};
use serde_json::{Value, json};

use crate::world::{World, delete};

fn notes(mark: &Value, field_type: Option<&str>) -> Value {
    let fields = field_type.map_or(json!({}), |field_type| json!({ "gone": field_type }));
    let kind = json!({ "deleted_at": mark, "fields": fields });
    json!({
        "subject": "clients", "kinds": { "clients": kind, "notes": kind },
        "references": [ { "from": "notes.client_id", "to": "clients" } ],
        "modes": { "soft_delete": { "allow": "any", "rules": { "*": "soft_delete" } } }
    })
}

fn tables(column: &str) -> String {
    format!(
        "CREATE TABLE clients (id integer PRIMARY KEY, gone {column});
         CREATE TABLE notes (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients, gone {column});
         CREATE INDEX ON notes (client_id);"
    )
}

/// Each column of a mark, its declaration and type, and what an operation writes into it.
#[tokio::test]
async fn a_mark_is_written_in_the_type_of_its_column() {
    let live = |live: Value| json!({ "field": "gone", "live": live });
    for (column, mark, field_type, written) in [
        ("boolean NOT NULL DEFAULT FALSE", live(json!(false)), None, "true"),
        ("boolean DEFAULT FALSE", live(json!(false)), None, "true"),
        ("boolean NOT NULL DEFAULT TRUE", live(json!(true)), None, "false"),
        ("smallint NOT NULL DEFAULT 0", live(json!(false)), None, "1"),
        ("integer NOT NULL DEFAULT 0", live(json!(0)), Some("boolean"), "1"),
        ("integer NOT NULL DEFAULT 0", live(json!(0)), None, "1795168800"),
        ("bigint NOT NULL DEFAULT 0", live(json!(0)), Some("timestamp_ms"), "1795168800123"),
        ("bigint", json!("gone"), Some("timestamp_ms"), "1795168800123"),
        (
            "timestamptz NOT NULL DEFAULT 'infinity'",
            live(json!("infinity")),
            None,
            "2026-11-20 10:00:00.123+00",
        ),
        ("timestamp NOT NULL DEFAULT 'infinity'", live(json!("infinity")), None, "2026-11-20 10:00:00.123"),
        ("date NOT NULL DEFAULT 'infinity'", live(json!("infinity")), None, "2026-11-20"),
        ("date DEFAULT '-infinity'", live(json!("-infinity")), None, "2026-11-20"),
        (
            "timestamp NOT NULL DEFAULT '9999-12-31 00:00:00'",
            live(json!("9999-12-31")),
            None,
            "2026-11-20 10:00:00.123",
        ),
        (
            "timestamptz NOT NULL DEFAULT '9999-12-31'",
            live(json!("9999-12-31")),
            None,
            "2026-11-20 10:00:00.123+00",
        ),
        (
            "timestamptz NOT NULL DEFAULT '9999-12-31 23:59:59.999999+00'",
            live(json!("9999-12-31T23:59:59.999999Z")),
            None,
            "2026-11-20 10:00:00.123+00",
        ),
        ("timestamptz NOT NULL DEFAULT to_timestamp(0)", live(json!(0)), None, "2026-11-20 10:00:00+00"),
    ] {
        let Some(world) = World::new(&tables(column), &notes(&mark, field_type)).await else { return };
        world
            .run("INSERT INTO clients (id) VALUES (1); INSERT INTO notes (id, client_id) VALUES (1, 1)")
            .await;
        let opened = Lifecycle::open(world.store(), world.policy.clone()).await;
        let lifecycle = opened.unwrap_or_else(|error| panic!("{column}: {error}"));
        let lifecycle = lifecycle.with_clock("2026-11-20T10:00:00.123Z".parse::<DateTime<Utc>>().unwrap());
        let mut tx = world.schema.pool.begin().await.unwrap();
        lock_parent(&mut tx, world.policy.map(), "clients", 1)
            .await
            .unwrap_or_else(|error| panic!("{column}: {error:?}"));
        tx.rollback().await.unwrap();
        let request =
            Request::batch(Mode::SoftDelete, "clients", [RecordId::from(1)]).by(Actor::new("ana", "ADMIN"));
        lifecycle.execute(&request).await.unwrap_or_else(|error| panic!("{column}: {error:?}"));
        let sql = "SELECT string_agg(gone::text, '|') FROM (SELECT gone FROM notes UNION ALL SELECT gone FROM clients) AS x";
        let found: String =
            client_lifecycle::postgres::sqlx::query_scalar(sql).fetch_one(&world.schema.pool).await.unwrap();
        assert_eq!(found, format!("{written}|{written}"), "{column}");
        let mut tx = world.schema.pool.begin().await.unwrap();
        let locked = lock_parent(&mut tx, world.policy.map(), "clients", 1).await;
        assert_eq!(locked.unwrap_err().code(), "parent_deleted", "{column}");
    }
}

#[tokio::test]
async fn a_column_whose_live_rows_have_another_value_is_refused() {
    let live = |live: Value| json!({ "field": "gone", "live": live });
    for (column, mark, field_type) in [
        ("boolean", json!("gone"), None),
        ("boolean NOT NULL DEFAULT FALSE", json!("gone"), None),
        ("smallint", json!("gone"), None),
        ("bigint NOT NULL DEFAULT 0", json!("gone"), None),
        ("bigint DEFAULT 0", json!("gone"), None),
        ("timestamptz NOT NULL", json!("gone"), None),
        ("timestamptz DEFAULT 'infinity'", json!("gone"), None),
        ("date DEFAULT '-infinity'", json!("gone"), None),
        ("timestamp DEFAULT '9999-12-31'", json!("gone"), None),
        ("timestamptz DEFAULT now()", json!("gone"), None),
        ("boolean DEFAULT FALSE", live(json!(true)), None),
        ("boolean DEFAULT FALSE", live(json!(0)), None),
        ("smallint DEFAULT 0", live(json!(0)), None),
        ("timestamptz DEFAULT 'infinity'", live(json!("-infinity")), None),
        ("timestamptz DEFAULT '9999-12-31'", live(json!("infinity")), None),
        ("integer DEFAULT 0", live(json!(0)), Some("timestamp_ms")),
        ("timestamptz", json!("gone"), Some("timestamp_ms")),
        ("text", live(json!(false)), None),
    ] {
        let Some(world) = World::new(&tables(column), &notes(&mark, field_type)).await else { return };
        let refused = Lifecycle::open(world.store(), world.policy.clone()).await;
        let refused = refused.err().unwrap_or_else(|| panic!("{column} {mark}")).to_string();
        assert!(refused.contains("kinds.notes"), "{column} {mark}: {refused}");
        let catalogue = world.store().catalogue().await.unwrap();
        assert!(
            findings(&world.policy, &catalogue).iter().any(|finding| finding.path.starts_with("kinds.notes")),
            "{column}"
        );
    }
}

#[tokio::test]
async fn a_first_policy_declares_the_form_of_a_mark() {
    for (column, expected) in [
        ("deleted_at timestamptz", json!("deleted_at")),
        ("deleted boolean NOT NULL DEFAULT false", json!({ "field": "deleted", "live": false })),
        ("is_deleted boolean", json!({ "field": "is_deleted", "live": false })),
        ("removed smallint DEFAULT 0", json!({ "field": "removed", "live": false })),
        (
            "deleted_at timestamptz NOT NULL DEFAULT 'infinity'",
            json!({ "field": "deleted_at", "live": "infinity" }),
        ),
        ("deleted_at bigint NOT NULL DEFAULT 0", json!({ "field": "deleted_at", "live": 0 })),
        ("deleted timestamptz", json!("deleted")),
        ("deleted_at timestamptz DEFAULT now()", Value::Null),
        ("deleted_at timestamptz NOT NULL", Value::Null),
        ("removed boolean DEFAULT true", Value::Null),
        ("removed text", Value::Null),
    ] {
        let ddl = format!("CREATE TABLE clients (id integer PRIMARY KEY, {column})");
        let subject = json!({ "subject": "clients", "kinds": { "clients": {} }, "modes": { "hard_delete": { "allow": "any" } } });
        let Some(world) = World::new(&ddl, &subject).await else { return };
        let policy = first_policy(&world.store().catalogue().await.unwrap(), "clients").unwrap();
        let document = serde_json::to_value(&policy).unwrap();
        assert_eq!(document["kinds"]["clients"]["deleted_at"], expected, "{column}");
        Lifecycle::open(world.store(), policy).await.unwrap_or_else(|error| panic!("{column}: {error}"));
    }
}

/// Dates at the ends of the calendar of PostgreSQL are later or earlier than every period.
#[tokio::test]
async fn no_date_makes_a_deletion_fail() {
    for column in ["date", "timestamp", "timestamptz"] {
        let farthest = if column == "date" { "5874897-12-31" } else { "294276-12-31 23:59:59.999999" };
        let ddl = format!(
            "CREATE TABLE clients (id integer PRIMARY KEY, seen_at {column});
             CREATE TABLE invoices (id integer PRIMARY KEY, client_id integer REFERENCES clients, at {column});
             CREATE INDEX ON invoices (client_id);
             INSERT INTO clients VALUES (1, 'infinity');
             INSERT INTO invoices VALUES (1, 1, 'infinity'), (2, 1, '-infinity'), (3, 1, '{farthest}'), (4, 1, '4713-01-01 BC'),
                 (5, 1, '2024-01-01'), (6, 1, '2014-01-01')"
        );
        let document = json!({
            "subject": "clients", "kinds": { "clients": { "fields": { "seen_at": "timestamp" } }, "invoices": {} },
            "references": [ { "from": "invoices.client_id", "to": "clients", "nullable": true } ],
            "modes": { "hard_delete": { "allow": "any", "before": ["seen_at"],
                "rules": { "*": { "retain": { "for": "P6Y", "from": "at", "basis": "tax" }, "on_survive": "set_null" } },
                "effects": [ { "topic": "gone", "on": "invoices", "fields": ["at"] } ] } }
        });
        let Some(world) = World::new(&ddl, &document).await else { return };
        let lifecycle = world.lifecycle().await;
        lifecycle.execute(&delete(1)).await.unwrap_or_else(|error| panic!("{column}: {error:?}"));
        assert_eq!(world.number("SELECT sum(id) FROM invoices").await, 1 + 3 + 5, "{column}");
        let entry = "SELECT count(*) FROM lifecycle_audit WHERE entry -> 'before' ->> 'seen_at' = 'infinity'";
        assert_eq!(world.number(entry).await, 1, "{column}");
    }
}
