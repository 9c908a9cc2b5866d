//! Lists of ids in columns of every type that can hold them.

use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::sql::{findings, first_policy};
use client_lifecycle::store::{Store, StoreError};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::server::Schema;
use crate::world::{World, delete, policy};

fn document(rule: &Value) -> Value {
    json!({
        "subject": "clients", "kinds": { "clients": {}, "rooms": {} },
        "references": [{ "from": "rooms.guests", "to": "clients", "each": true, "nullable": true }],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": rule } } }
    })
}

/// Clients with these ids, and rooms with these lists; both are SQL.
fn tables(id: &str, ids: &[&str], list: &str, lists: &[&str]) -> String {
    let clients = ids.iter().map(|id| format!("INSERT INTO clients VALUES ({id});"));
    let rooms = (1..).zip(lists).map(|(room, list)| format!("INSERT INTO rooms VALUES ({room}, {list});"));
    format!(
        "CREATE TABLE clients (id {id} PRIMARY KEY); CREATE TABLE rooms (id integer PRIMARY KEY, guests {list}); {}",
        clients.chain(rooms).collect::<String>()
    )
}

const ROOMS: &str =
    "SELECT string_agg(id || ' ' || COALESCE(guests::text, '-'), '; ' ORDER BY id) FROM rooms";

/// Deletes a client with both ways to apply a plan, and returns the rooms.
async fn rooms_after(ddl: &str, rule: &Value, id: impl Into<RecordId>) -> Option<[String; 2]> {
    let id = id.into();
    let mut found = [String::new(), String::new()];
    for (found, limit) in found.iter_mut().zip([u64::MAX, 0]) {
        let world = World::new(ddl, &document(rule)).await?;
        let store = world.store().single_statement_limit(limit);
        let lifecycle =
            Lifecycle::open(store, world.policy.clone()).await.unwrap_or_else(|error| panic!("{error}"));
        lifecycle.execute(&delete(id.clone())).await.unwrap_or_else(|error| panic!("{error:?}"));
        *found = world.text(ROOMS).await;
    }
    Some(found)
}

#[tokio::test]
async fn arrays_of_every_type_that_fits_the_ids_lose_the_id() {
    let array = |list: &[&str]| format!("ARRAY[{}]", list.join(","));
    let uuid = |digit: &str| format!("'{}'::uuid", "0".repeat(31) + digit);
    let (uuid_1, uuid_2) = (uuid("1"), uuid("2"));
    let cases = [
        ("integer", "integer[]", ["1", "2"]),
        ("bigint", "integer[]", ["1", "2"]),
        ("integer", "bigint[]", ["1", "2"]),
        ("bigint", "smallint[]", ["1::smallint", "2::smallint"]),
        ("numeric", "bigint[]", ["1", "2"]),
        ("text", "text[]", ["'1'", "'2'"]),
        ("varchar(9)", "text[]", ["'1'", "'2'"]),
        ("text", "varchar(9)[]", ["'1'", "'2'"]),
        ("text COLLATE \"C\"", "text[]", ["'1'", "'2'"]),
        ("text", "text[] COLLATE \"POSIX\"", ["'1'", "'2'"]),
        ("uuid", "uuid[]", [&uuid_1, &uuid_2]),
    ];
    for (id, list, [one, two]) in cases {
        for index in ["", "CREATE INDEX ON rooms USING gin (guests); SET enable_seqscan TO off;"] {
            if !index.is_empty() && list.contains("COLLATE") {
                continue;
            }
            let lists = [array(&[two, one, "NULL", one]), array(&[two]), "NULL".into(), "'{}'".into()];
            let lists: Vec<&str> = lists.iter().map(String::as_str).collect();
            let ddl = tables(id, &[one, two], list, &lists) + index;
            let id_of_one: RecordId = if id == "uuid" { uuid::Uuid::from_u128(1).into() } else { "1".into() };
            let Some(found) = rooms_after(&ddl, &json!("set_null"), id_of_one).await else { return };
            let shown = if id == "uuid" { uuid::Uuid::from_u128(2).to_string() } else { "2".into() };
            let expected = format!("1 {{{shown},NULL}}; 2 {{{shown}}}; 3 -; 4 {{}}");
            assert_eq!(found, [expected.clone(), expected], "{id}, {list}");
        }
    }
}

#[tokio::test]
async fn an_id_that_the_elements_cannot_hold_is_in_no_list() {
    let ddl = tables("bigint", &["1", "5000000000"], "integer[]", &["'{1}'"]);
    let Some(found) = rooms_after(&ddl, &json!("set_null"), 5_000_000_000).await else { return };
    assert_eq!(found, ["1 {1}", "1 {1}"]);
}

#[tokio::test]
async fn the_lists_with_an_id_are_found_by_a_gin_index() {
    // With one connection, its statistics are those of the test.
    let Some(schema) = Schema::with_connections(1).await else { return };
    let world = World { schema, policy: policy(&document(&json!("set_null"))) };
    let rows = "INSERT INTO rooms SELECT n, ARRAY[n, n + 1] FROM generate_series(10, 30000) AS n;";
    let index = "CREATE INDEX ON rooms USING gin (guests); ANALYZE rooms";
    world.run(&(tables("integer", &["1", "2"], "integer[]", &["'{1,2}'"]) + rows + index)).await;
    world.store().migrate().await.unwrap();
    let lifecycle = world.lifecycle().await;
    let scans = async || {
        world.text("SELECT (pg_stat_force_next_flush() IS NULL)::text").await;
        world.number("SELECT seq_scan FROM pg_stat_user_tables WHERE relid = 'rooms'::regclass").await
    };
    scans().await;
    let before = scans().await;
    lifecycle.execute(&delete(1)).await.unwrap();
    scans().await;
    assert_eq!(scans().await, before, "the table was read from beginning to end");
    assert_eq!(world.text("SELECT guests::text FROM rooms WHERE id = 1").await, "{2}");
}

#[tokio::test]
async fn an_array_of_arrays_is_an_error_that_names_the_row() {
    for index in ["", "CREATE INDEX ON rooms USING gin (guests);"] {
        for rule in ["set_null", "cascade"] {
            let ddl = tables("integer", &["1", "2"], "integer[]", &["'{1}'", "'{{1,2},{2,2}}'"]) + index;
            let Some(world) = World::new(&ddl, &document(&json!(rule))).await else { return };
            let error = world.lifecycle().await.execute(&delete(1)).await.unwrap_err();
            let Error::Store(StoreError::BadValue { id, field, .. }) = &error else { panic!("{error:?}") };
            assert_eq!((id, field.as_str()), (&Some(2.into()), "guests"));
            assert_eq!(world.text(ROOMS).await, "1 {1}; 2 {{1,2},{2,2}}");
        }
    }
}

#[tokio::test]
async fn json_that_is_not_a_list_of_ids_is_an_error_that_names_the_row() {
    let long = "[1, 99999999999999999999]";
    for (list, bad) in [
        ("jsonb", "{\"1\": 2}"),
        ("jsonb", "1"),
        ("jsonb", "[\"1\"]"),
        ("json", "[[1]]"),
        ("text", "1,2"),
        ("text", "[1,]"),
        ("text", ""),
        ("jsonb", "[1.5]"),
        ("json", long),
    ] {
        let ddl = tables("integer", &["1"], list, &["'[1]'", &format!("'{bad}'")]);
        let Some(world) = World::new(&ddl, &document(&json!("set_null"))).await else { return };
        let lifecycle = world.lifecycle().await;
        let error = lifecycle.execute(&delete(1)).await.unwrap_err();
        let Error::Store(StoreError::BadValue { id, field, .. }) = &error else {
            panic!("{list} {bad}: {error:?}")
        };
        assert_eq!((id, field.as_str()), (&Some(2.into()), "guests"), "{list} {bad}");
        assert!(world.text(ROOMS).await.starts_with("1 [1]; 2"), "{list} {bad}");
        assert!(!format!("{error} {error:?}").contains(bad) || bad.len() < 2, "{error}");
    }
}

#[tokio::test]
async fn text_of_any_kind_is_found_in_json() {
    let id = "a\"\\ñ'{}[],\u{1F600}\t";
    let json = serde_json::to_string(&json!([id, "b"])).unwrap().replace('\'', "''");
    for list in ["jsonb", "json", "text"] {
        let ddl =
            tables("text", &[&format!("'{}'", id.replace('\'', "''")), "'b'"], list, &[&format!("'{json}'")]);
        let Some(found) = rooms_after(&ddl, &json!("set_null"), id).await else { return };
        assert_eq!(found, ["1 [\"b\"]", "1 [\"b\"]"], "{list}");
    }
}

/// Bodies list their editors in an array. User 12 goes.
#[tokio::test]
async fn an_editor_is_taken_out_of_every_list_and_nothing_else_changes() {
    let ddl = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE bodies (id INTEGER PRIMARY KEY, name TEXT, editor_ids INTEGER[]);
        INSERT INTO users VALUES (1,'a'),(2,'b'),(12,'c');
        INSERT INTO bodies VALUES (1,'x','{1,2,12}'),(2,'y','{12}'),(3,'z','{2}');";
    let document = |each: bool| {
        json!({
            "version": "1", "subject": "users", "kinds": { "users": {}, "bodies": {} },
            "references": [{ "from": "bodies.editor_ids", "to": "users", "nullable": true, "each": each }],
            "modes": { "hard_delete": { "allow": "any", "rules": { "bodies.editor_ids": "set_null" } } }
        })
    };
    let Some(world) = World::new(ddl, &document(true)).await else { return };
    let request = Request::hard_delete("users", 12).by(Actor::new("ana", "ADMIN"));
    let found = findings(&world.policy, &world.store().catalogue().await.unwrap());
    let found: Vec<_> =
        found.iter().map(|one| (one.code.as_str(), one.path.as_str(), one.remedy.as_str())).collect();
    let gin = "CREATE INDEX \"bodies_by_editor_ids\" ON \"bodies\" USING gin (\"editor_ids\")";
    assert!(found.contains(&("missing_index", "references.bodies.editor_ids", gin)), "{found:?}");
    assert!(
        found
            .iter()
            .any(|one| one.0 == "unprotected_reference" && one.2.contains("`lock_parent` for each id")),
        "{found:?}"
    );
    world.lifecycle().await.execute(&request).await.unwrap();
    let left =
        "SELECT string_agg(id || ' ' || name || ' ' || editor_ids::text, '; ' ORDER BY id) FROM bodies";
    assert_eq!(world.text(left).await, "1 x {1,2}; 2 y {}; 3 z {2}");

    // As a reference of one id, the column does not fit, and the remedy is named.
    let faults = world.store().check(policy(&document(false)).map()).await.unwrap();
    let fault = faults.iter().find(|fault| fault.path == "references.bodies.editor_ids").unwrap();
    assert_eq!(fault.message, "the column is integer[], but the ids of `users` are integer");
    assert_eq!(fault.remedy, "declare `\"each\": true`: every element then refers to a record");
}

/// An audit log and chat rooms name clients in arrays that no foreign key can describe.
#[tokio::test]
async fn arrays_beside_other_references_are_declared_by_hand() {
    let ddl = "CREATE TABLE clients (id int PRIMARY KEY, email text UNIQUE);
        CREATE TABLE visits (id int PRIMARY KEY, client_id int NOT NULL REFERENCES clients);
        CREATE INDEX ON visits (client_id);
        CREATE TABLE audits (id int PRIMARY KEY, client_ids int[], payload jsonb);
        CREATE TABLE rooms (id int PRIMARY KEY, participant_client_ids int[] NOT NULL);
        INSERT INTO clients VALUES (1, 'a@x'), (2, 'b@x'), (3, 'c@x'); INSERT INTO visits VALUES (1, 1), (2, 2);
        INSERT INTO audits VALUES (1, '{1,2}', '{}'), (2, NULL, '{}'), (3, '{3}', '{}');
        INSERT INTO rooms VALUES (1, '{1,2}'), (2, '{3,1}'), (3, '{2,3}');";
    let any = json!({ "subject": "x", "kinds": { "x": {} }, "modes": { "hard_delete": { "allow": "any" } } });
    let Some(world) = World::new(ddl, &any).await else { return };
    // No key says what an array refers to, so the first policy declares none, and still fits the tables.
    let first = first_policy(&world.store().catalogue().await.unwrap(), "clients").unwrap();
    assert!(first.map().references().all(|reference| !reference.each));
    Lifecycle::open(world.store(), first).await.unwrap();

    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "visits": {}, "audits": {}, "rooms": {} },
        "references": [
            { "from": "visits.client_id", "to": "clients" },
            { "from": "audits.client_ids", "to": "clients", "each": true, "nullable": true },
            { "from": "rooms.participant_client_ids", "to": "clients", "each": true }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": {
            "visits.client_id": "cascade", "audits.client_ids": { "reassign": { "to": 3 } }, "rooms.participant_client_ids": "delete"
        } } }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let lifecycle = Lifecycle::open(PostgresStore::new(world.schema.pool.clone()), policy).await.unwrap();
    lifecycle.execute(&delete(1)).await.unwrap();
    let left = "SELECT (SELECT string_agg(id || ' ' || COALESCE(client_ids::text, '-'), '; ' ORDER BY id) FROM audits) || ' | ' \
                || (SELECT string_agg(id::text, ',') FROM rooms) || ' | ' || (SELECT string_agg(id::text, ',') FROM visits)";
    assert_eq!(world.text(left).await, "1 {3,2}; 2 -; 3 {3} | 3 | 2");
}

#[tokio::test]
async fn two_deletions_at_once_both_take_their_id_out_of_one_list() {
    for list in ["integer[]", "jsonb"] {
        let of = |ids: &str| if list == "jsonb" { format!("'[{ids}]'") } else { format!("'{{{ids}}}'") };
        let ids: Vec<String> = (1..=40).map(|id: i64| id.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let ddl = tables("integer", &ids, list, &[&of(&ids.join(","))]);
        let Some(world) = World::new(&ddl, &document(&json!("set_null"))).await else { return };
        let lifecycle = std::sync::Arc::new(world.lifecycle().await);
        let deletions = (1..40).map(|id: i64| {
            let lifecycle = lifecycle.clone();
            tokio::spawn(async move { lifecycle.execute(&delete(id)).await.map(|_| ()) })
        });
        for deletion in deletions.collect::<Vec<_>>() {
            deletion.await.unwrap().unwrap_or_else(|error| panic!("{error:?}"));
        }
        let left = of("40");
        assert_eq!(world.text(ROOMS).await, format!("1 {}", left.trim_matches('\'')), "{list}");
    }
}

#[tokio::test]
async fn a_uuid_is_found_in_json_in_upper_case_too_and_a_json_null_is_no_list() {
    let [id, other] = ["0a0a0a0a-0000-4000-8000-00000000000a", "0b0a0a0a-0000-4000-8000-00000000000a"];
    let lists = [
        format!("'[\"{}\", \"{other}\", \"{id}\"]'", id.to_uppercase()),
        "'null'".to_owned(),
        "NULL".to_owned(),
    ];
    let ids = [format!("'{id}'"), format!("'{other}'")];
    let [ids, lists] =
        [ids.iter().map(String::as_str).collect::<Vec<_>>(), lists.iter().map(String::as_str).collect()];
    let ddl = tables("uuid", &ids, "jsonb", &lists);
    let Some(found) = rooms_after(&ddl, &json!("set_null"), id).await else { return };
    let expected = format!("1 [\"{other}\"]; 2 null; 3 -");
    assert_eq!(found, [expected.clone(), expected]);
}
