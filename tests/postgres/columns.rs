//! Columns that the database fills, compares or checks in its own way.

use client_lifecycle::Lifecycle;
use client_lifecycle::clients::{ClientPatch, NewClient};
use client_lifecycle::domain::{Actor, Mode, RecordId, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::sql::{FindingCode, findings};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{World, delete, policy};

#[allow(clippy::needless_pass_by_value, reason = "kinds and rules are written where they are passed")]
fn with_debts(kinds: Value, rules: Value) -> Value {
    json!({
        "subject": "clients", "kinds": kinds,
        "references": [ { "from": "debts.client_id", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": rules } }
    })
}

/// Returns `None` if the server does not offer `citext`, which is one of its contrib packages.
async fn citext(ddl: &str, document: &Value) -> Option<(World, [String; 2])> {
    let world = World::new("", document).await?;
    let there = world.number("SELECT count(*) FROM pg_available_extensions WHERE name = 'citext'").await;
    if there == 0 {
        eprintln!("skipped: citext, which this server does not offer; install its contrib package");
        return None;
    }
    // Extensions belong to the whole database, not to one schema, so a lock keeps other tests out.
    world
        .run(
            "SELECT pg_advisory_lock(77); CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
             SELECT pg_advisory_unlock(77)",
        )
        .await;
    let sql = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'citext'";
    let place = world.text(sql).await;
    world.run(&ddl.replace("citext", &format!("{place}.citext"))).await;
    let name = world.schema.name.clone();
    Some((world, [name, place]))
}

/// If the schema of `citext` is not in the search path, its operators are not found and PostgreSQL compares it as
/// plain text.
#[tokio::test]
async fn citext_outside_the_search_path_is_a_fault() {
    let document = with_debts(json!({ "clients": {}, "debts": {} }), json!({ "*": "cascade" }));
    let ddl = "CREATE TABLE clients (id citext PRIMARY KEY);
         CREATE TABLE debts (id integer PRIMARY KEY, client_id citext REFERENCES clients)";
    let Some((world, _)) = citext(ddl, &document).await else { return };
    let refused = Lifecycle::open(world.store(), world.policy.clone()).await.unwrap_err().to_string();
    for place in ["kinds.clients.id", "references.debts.client_id"] {
        assert!(refused.contains(&format!("{place}: the type ")), "{refused}");
    }
}

#[tokio::test]
async fn ids_of_type_citext_are_referred_to_in_any_case() {
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" }, { "from": "debts.part_of", "to": "debts", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let ddl = "CREATE TABLE clients (id citext PRIMARY KEY);
         CREATE TABLE debts (id citext PRIMARY KEY, client_id citext NOT NULL REFERENCES clients, part_of citext REFERENCES debts);
         CREATE INDEX ON debts (client_id); CREATE INDEX ON debts (part_of);
         INSERT INTO clients VALUES ('Ana'), ('ben');
         INSERT INTO debts VALUES ('D1', 'ANA', NULL), ('d2', 'Ben', 'd1'), ('d3', 'BEN', NULL)";
    let Some((world, path)) = citext(ddl, &document).await else { return };
    let store = world.store().schemas(path);
    let found = findings(&world.policy, &store.catalogue().await.unwrap());
    assert!(found.is_empty(), "{found:#?}");
    let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
    // Requests must spell the id as it is stored, as with every other store.
    assert_eq!(lifecycle.plan(&delete("aNA")).await.unwrap_err().code(), "not_found");
    let plan = lifecycle.plan(&delete("Ana")).await.unwrap_or_else(|error| panic!("{error:?}"));
    let debts: u64 = plan.steps.iter().filter(|step| step.key.kind == "debts").map(|step| step.count).sum();
    assert_eq!(debts, 2, "{plan}");
    lifecycle.apply(&delete("Ana"), &plan).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(world.text("SELECT string_agg(id::text, ',') FROM debts").await, "d3");
    assert_eq!(world.text("SELECT string_agg(id::text, ',') FROM clients").await, "ben");
}

/// Conditions compare text by its bytes on every store, even in a case-insensitive column.
#[tokio::test]
async fn fields_of_type_citext_compare_as_text_and_can_be_masked() {
    let mut document = with_debts(
        json!({ "clients": {}, "debts": { "fields": { "status": "text" } } }),
        json!({ "debts.client_id": [
            { "when": { "field": "status", "eq": "PENDING" }, "then": "restrict" },
            { "then": "set_null" } ] }),
    );
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY);
         CREATE TABLE debts (id serial PRIMARY KEY, client_id integer REFERENCES clients, status citext, note citext);
         INSERT INTO clients VALUES (1), (2);
         INSERT INTO debts (client_id, status, note) VALUES (1, 'pending', 'Señora'), (2, 'PENDING', NULL)";
    let Some((world, _)) = citext(ddl, &document).await else { return };
    let lifecycle = world.lifecycle().await;
    let blocked = lifecycle.execute(&delete(2)).await.unwrap_err();
    assert!(matches!(blocked, Error::Blocked(_)), "{blocked:?}");
    lifecycle.execute(&delete(1)).await.unwrap_or_else(|error| panic!("{error:?}"));

    document["modes"]["hard_delete"]["rules"] =
        json!({ "*": { "anonymize": { "status": { "text": "gone" }, "note": { "truncate": 2 } } } });
    let lifecycle = Lifecycle::open(world.store(), policy(&document)).await.unwrap();
    world.run("INSERT INTO clients VALUES (1); UPDATE debts SET client_id = 1 WHERE note IS NOT NULL").await;
    lifecycle.execute(&delete(1)).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(
        world.text("SELECT status::text || ' ' || note::text FROM debts WHERE id = 1").await,
        "gone Se"
    );
}

/// Enums and domains (also domains on domains) work as ids and in conditions, masks and defaults.
#[tokio::test]
async fn enums_and_domains_are_compared_masked_and_redirected() {
    let none = "00000000-0000-0000-0000-000000000000";
    let document = with_debts(
        json!({ "clients": { "personal": { "level": { "text": "low" }, "mail": "placeholder_email" },
                             "tombstone": true, "fields": { "level": "text" } },
                "debts": { "fields": { "state": "text", "client_id": { "default": none } } } }),
        json!({ "debts.client_id": [
            { "when": { "field": "state", "in": ["open"] }, "then": "restrict" },
            { "when": { "field": "state", "gt": "done" }, "then": { "anonymize": { "state": { "text": "done" } } } },
            { "then": "set_default" } ] }),
    );
    let ddl = format!(
        "CREATE TYPE state AS ENUM ('open', 'late', 'done'); CREATE TYPE level AS ENUM ('low', 'high');
         CREATE DOMAIN key AS uuid; CREATE DOMAIN client_key AS key CHECK (VALUE IS NOT NULL);
         CREATE DOMAIN mail AS varchar(60) CHECK (VALUE LIKE '%@%'); CREATE DOMAIN some_state AS state;
         CREATE TABLE clients (id client_key PRIMARY KEY, level level, mail mail);
         CREATE TABLE debts (id key PRIMARY KEY, client_id key REFERENCES clients, state some_state);
         INSERT INTO clients VALUES ('{none}', 'low', '@'), ('{}', 'high', 'a@b.c'), ('{}', 'high', 'a@b.c');
         INSERT INTO debts VALUES ('{}', '{}', 'done'), ('{}', '{}', 'late'), ('{}', '{}', 'open')",
        Uuid::from_u128(1),
        Uuid::from_u128(2),
        Uuid::from_u128(11),
        Uuid::from_u128(1),
        Uuid::from_u128(12),
        Uuid::from_u128(1),
        Uuid::from_u128(13),
        Uuid::from_u128(2)
    );
    let Some(world) = World::new(&ddl, &document).await else { return };
    let lifecycle = world.lifecycle().await;
    let blocked = lifecycle.execute(&delete(Uuid::from_u128(2))).await.unwrap_err();
    assert!(matches!(blocked, Error::Blocked(_)), "{blocked:?}");
    lifecycle.execute(&delete(Uuid::from_u128(1))).await.unwrap_or_else(|error| panic!("{error:?}"));
    let debts = world
        .text("SELECT string_agg(concat_ws(' ', right(id::text, 2), right(client_id::text, 2), state), ',' ORDER BY id) FROM debts")
        .await;
    // `late` sorts after `done` by bytes, whatever the order of the enum's labels.
    assert_eq!(debts, "0b 00 done,0c done,0d 02 open");
}

/// A client is created, updated and deleted in a table with generated columns and defaults.
#[tokio::test]
async fn a_client_is_stored_in_a_table_with_generated_columns_and_defaults() {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": { "status": "status", "deleted_at": "deleted_at", "created_at": "created_at" } },
        "references": [],
        "modes": { "create": { "allow": "any" }, "update": { "allow": "any" }, "hard_delete": { "allow": "any" },
                   "deactivate": { "allow": "any" } }
    });
    let ddl = "CREATE TYPE onoff AS ENUM ('ON', 'OFF');
         CREATE TABLE clients (number bigint GENERATED ALWAYS AS IDENTITY, id uuid PRIMARY KEY, name varchar(90) NOT NULL, surname text, avatar text, city text, country text, postal_code text, gender text, role text,
             email text NOT NULL UNIQUE, phone text, address text, origin text NOT NULL DEFAULT 'unknown', document_type text, document_number text,
             birth_date date, status onoff NOT NULL DEFAULT 'ON', deleted_at timestamptz, created_at timestamptz NOT NULL, updated_at timestamptz,
             folded text GENERATED ALWAYS AS (lower(email)) STORED, seen timestamptz NOT NULL DEFAULT now())";
    let Some(world) = World::new(ddl, &document).await else { return };
    let lifecycle = world.lifecycle().await;
    let client = NewClient::from_json(&json!({
        "name": "Ana", "surname": "Díaz", "email": "Ana@Example.org", "phone": "+34634567890", "birth_date": "1990-05-15",
        "document_type": "DNI", "document_number": "12345678Z"
    }));
    let client = client.unwrap_or_else(|violations| panic!("{violations}"));
    let id = Uuid::from_u128(5);
    let request = |mode| Request::batch(mode, "clients", [RecordId::from(id)]).by(Actor::new("ana", "ADMIN"));
    let made = lifecycle.clients().unwrap().create(&request(Mode::Create), client).await;
    made.unwrap_or_else(|error| panic!("{error:?}"));
    let row = "SELECT concat_ws(' ', number, folded, origin, status) FROM clients";
    assert_eq!(world.text(row).await, "1 ana@example.org unknown ON");
    let patch = ClientPatch::from_json(&json!({ "email": "Eva@Example.org" })).unwrap();
    lifecycle
        .clients()
        .unwrap()
        .update(&request(Mode::Update), &patch)
        .await
        .unwrap_or_else(|error| panic!("{error:?}"));
    lifecycle
        .clients()
        .unwrap()
        .set_status(&request(Mode::Deactivate))
        .await
        .unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(world.text(row).await, "1 eva@example.org unknown OFF");
    lifecycle.execute(&request(Mode::HardDelete)).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 0);
}

/// A policy that masks, redirects or creates a generated column is refused when it is opened or checked.
#[tokio::test]
async fn a_policy_that_would_write_a_generated_column_is_refused() {
    let document = with_debts(
        json!({ "clients": { "personal": { "folded": "null" } }, "debts": {} }),
        json!({ "*": { "anonymize": { "upper": { "text": "x" } }, "on_survive": "set_null" } }),
    );
    let ddl = "CREATE TABLE clients (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail text,
             folded text GENERATED ALWAYS AS (lower(mail)) STORED);
         CREATE TABLE debts (id integer PRIMARY KEY, note text, upper text GENERATED ALWAYS AS (upper(note)) STORED,
             body jsonb, client_id bigint GENERATED ALWAYS AS ((body ->> 'client')::bigint) STORED REFERENCES clients);
         CREATE INDEX ON debts (client_id)";
    let Some(world) = World::new(ddl, &document).await else { return };
    let refused = Lifecycle::open(world.store(), world.policy.clone()).await.unwrap_err();
    assert!(matches!(refused, Error::SchemaMismatch(_)), "{refused:?}");
    let refused = refused.to_string();
    assert!(refused.contains("kinds.clients.fields.folded: the column `folded` is generated"), "{refused}");

    let mut document = document;
    document["kinds"]["clients"] = json!({});
    document["modes"]["create"] = json!({ "allow": "any" });
    let policy = policy(&document);
    let found = findings(&policy, &world.store().catalogue().await.unwrap());
    let generated = found.iter().filter(|finding| finding.code == FindingCode::GeneratedColumn);
    let places: Vec<&str> = generated.map(|finding| finding.path.as_str()).collect();
    assert_eq!(
        places,
        ["kinds.clients.id", "modes.hard_delete.rules.*.anonymize.upper", "references.debts.client_id"],
        "{found:#?}"
    );
    // If the policy is opened anyway, the database refuses the write, and nothing changes.
    world
        .run("INSERT INTO clients (mail) VALUES ('a@b.c'); INSERT INTO debts VALUES (1, 'n', DEFAULT, '{\"client\": 1}')")
        .await;
    let lifecycle = Lifecycle::open(world.store(), policy).await.unwrap();
    let error = lifecycle.execute(&delete(1)).await.unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), ("refused", false), "{error:?}");
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 1);
}

/// Columns of all remaining types can be compared, masked, sent in events, and kept.
#[tokio::test]
async fn columns_of_every_type_are_masked_reported_and_kept() {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {
            "deleted_at": "deleted_at",
            "fields": { "sex": "text", "paid": "decimal", "born": "date", "seen": "timestamp", "zone": "timestamp" },
            "personal": { "sex": { "text": "x" }, "address": "null", "tags": "null", "born": "year" } } },
        "references": [],
        "modes": { "anonymize": { "allow": "any",
            "guards": [ { "name": "odd", "on": "clients", "severity": "block", "when": { "any": [
                { "field": "sex", "eq": "f" }, { "field": "paid", "gt": 1e3 }, { "field": "born", "before": "1900-01-01T00:00:00Z" },
                { "field": "seen", "after": "2100-01-01T00:00:00Z" }, { "field": "zone", "after": "2100-01-01T00:00:00Z" } ] } } ],
            "effects": [ { "topic": "gone", "fields": ["address", "tags", "body", "extra", "paid", "span", "raw", "sex", "real"] } ] } }
    });
    let ddl = "CREATE UNLOGGED TABLE clients (id integer PRIMARY KEY, deleted_at timestamptz, sex char(3), paid numeric(12, 4),
             born date, seen timestamptz, zone timestamp, address inet, tags text[], body json, extra jsonb, span interval,
             raw bytea, real double precision);
         INSERT INTO clients VALUES (1, NULL, 'm', 12.5000, '1984-05-06', '2024-02-29 12:00+02', '2024-02-29 12:00', '10.0.0.1/24',
             '{a,\"b c\"}', '{\"a\": 1}', '{\"b\": [2]}', '1 day', '\\xDEADBEEF', 0.1)";
    let Some(world) = World::new(ddl, &document).await else { return };
    let request =
        Request::batch(Mode::Anonymize, "clients", [RecordId::from(1)]).by(Actor::new("ana", "ADMIN"));
    world.lifecycle().await.execute(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
    let row: Value =
        serde_json::from_str(&world.text("SELECT to_jsonb(c)::text FROM clients AS c").await).unwrap();
    assert_eq!((&row["sex"], &row["address"], &row["tags"]), (&json!("x  "), &json!(null), &json!(null)));
    assert_eq!((&row["born"], &row["extra"]), (&json!("1984-01-01"), &json!({ "b": [2] })));
    let payload = world.text("SELECT payload::text FROM lifecycle_outbox").await;
    let payload: Value = serde_json::from_str(&payload).unwrap();
    let expected = json!({ "address": "10.0.0.1/24", "tags": ["a", "b c"], "body": { "a": 1 }, "extra": { "b": [2] },
                           "paid": 12.5, "span": "1 day", "raw": "DEADBEEF", "sex": "m", "real": 0.1 });
    assert_eq!(payload, expected);
}

/// The default of a reference is declared in the policy. The row it names must exist.
#[tokio::test]
async fn a_missing_default_target_blocks() {
    let document = with_debts(
        json!({ "clients": {}, "debts": { "fields": { "client_id": { "default": 99 } } } }),
        json!({ "*": "set_default" }),
    );
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY);
         CREATE TABLE debts (id integer PRIMARY KEY, client_id integer DEFAULT 99 REFERENCES clients ON DELETE SET DEFAULT);
         INSERT INTO clients VALUES (1); INSERT INTO debts VALUES (1, 1)";
    let Some(world) = World::new(ddl, &document).await else { return };
    let lifecycle = world.lifecycle().await;
    let blocked = lifecycle.execute(&delete(1)).await.unwrap_err();
    assert!(matches!(blocked, Error::Blocked(_)), "{blocked:?}");
    world.run("INSERT INTO clients VALUES (99)").await;
    lifecycle.execute(&delete(1)).await.unwrap();
    assert_eq!(world.number("SELECT client_id::bigint FROM debts").await, 99);
}
