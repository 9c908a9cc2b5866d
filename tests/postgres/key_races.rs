//! Races with rows that are not known by one id: link tables, tables without a key, references by value, and the last
//! rows that refer.
//!
//! PostgreSQL stores a changed row in another place, so that a row known by its place must be found again.

use std::sync::Arc;
use std::time::Duration;

use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::sqlx::{self, AssertSqlSafe};
use client_lifecycle::protocol::Receipt;
use client_lifecycle::{Lifecycle, domain::RecordId};
use serde_json::{Value, json};

use crate::races::{rounds, runs};
use crate::world::{World, delete};

/// Clients with tags (a link table), hits (without a key) and orders, which hold the code of a client in any case.
const SHOP: &str = "
    CREATE TABLE clients (id bigint PRIMARY KEY, code text NOT NULL UNIQUE);
    CREATE TABLE tags (client_id bigint NOT NULL REFERENCES clients, tag text NOT NULL, state text DEFAULT 'OLD',
        PRIMARY KEY (client_id, tag));
    CREATE TABLE tag_notes (id bigint PRIMARY KEY, client_id bigint, tag text, FOREIGN KEY (client_id, tag) REFERENCES tags);
    CREATE TABLE hits (client_id bigint REFERENCES clients, state text DEFAULT 'OLD');
    CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text, state text DEFAULT 'OLD');
    CREATE INDEX ON hits (client_id); CREATE INDEX ON tag_notes (client_id, tag);
    INSERT INTO clients VALUES (1, 'Abc'), (2, 'Xyz');
    INSERT INTO tags VALUES (1, 'a', 'OLD'), (1, 'b', 'OLD'), (2, 'a', 'OLD');
    INSERT INTO tag_notes VALUES (1, 1, 'a'), (2, 2, 'a');
    INSERT INTO hits VALUES (1, 'OLD'), (1, 'OLD'), (2, 'OLD');
    INSERT INTO orders (code, state) VALUES ('aBC', 'OLD'), ('xyz', 'OLD');";

/// Rows in the state KEPT block the deletion.
fn shop() -> Value {
    let kept =
        json!([ { "when": { "field": "state", "eq": "KEPT" }, "then": "restrict" }, { "then": "cascade" } ]);
    json!({
        "subject": "clients",
        "kinds": {
            "clients": {}, "tags": { "id": ["client_id", "tag"], "fields": { "state": "text" } }, "tag_notes": {},
            "hits": { "id": [], "fields": { "state": "text" } }, "orders": { "fields": { "state": "text" } }
        },
        "references": [
            { "from": "tags.client_id", "to": "clients" },
            { "from": ["tag_notes.client_id", "tag_notes.tag"], "to": "tags", "nullable": true },
            { "from": "hits.client_id", "to": "clients", "nullable": true },
            { "from": "orders.code", "to": "clients.code", "compare": "ignore_ascii_case", "nullable": true, "lock": "table" }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": {
            "tags.client_id": kept, "tag_notes.client_id+tag": "cascade", "hits.client_id": kept, "orders.code": kept
        } } }
    })
}

/// Deletes client 1 while another transaction has run `sql` and has not committed.
async fn write_during_the_wait(world: &World, at_once: u64, sql: &str) -> Result<Receipt, Error> {
    let store = world.store().single_statement_limit(at_once);
    let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
    let mut other = world.schema.pool.begin().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *other).await.unwrap();
    let deleting = tokio::spawn(async move { lifecycle.execute(&delete(1)).await });
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (
        SELECT pid FROM pg_locks JOIN pg_class ON oid = relation WHERE relnamespace = current_schema::regnamespace)";
    world.until_counted(waiting).await;
    other.commit().await.unwrap();
    deleting.await.unwrap()
}

/// The number of tags, notes, hits and orders.
async fn left(world: &World) -> String {
    let counts =
        ["tags", "tag_notes", "hits", "orders"].map(|table| format!("(SELECT count(*) FROM {table})"));
    world.text(&format!("SELECT concat_ws(' ', {})", counts.join(", "))).await
}

/// Each write, and the rows that are left after the deletion has waited for it. What belongs to client 2 always stays.
const WRITES: [(&str, &str); 12] = [
    ("UPDATE tags SET state = 'NEW' WHERE client_id = 1", "1 1 1 1"),
    (
        "INSERT INTO tags VALUES (2, 'b', ''); UPDATE tag_notes SET client_id = 2, tag = 'b' WHERE id = 1",
        "2 2 1 1",
    ),
    ("UPDATE tags SET client_id = 2 WHERE client_id = 1 AND tag = 'b'", "2 1 1 1"),
    ("DELETE FROM tags WHERE client_id = 1 AND tag = 'b'", "1 1 1 1"),
    ("INSERT INTO tags VALUES (1, 'c', 'NEW'); INSERT INTO tag_notes VALUES (3, 1, 'c')", "1 1 1 1"),
    ("UPDATE hits SET state = 'NEW' WHERE client_id = 1", "1 1 1 1"),
    (
        "UPDATE hits SET client_id = 2 WHERE ctid = (SELECT min(ctid) FROM hits WHERE client_id = 1)",
        "1 1 2 1",
    ),
    ("INSERT INTO hits VALUES (1, 'OLD')", "1 1 1 1"),
    ("UPDATE orders SET state = 'NEW' WHERE id = 1", "1 1 1 1"),
    ("UPDATE orders SET code = 'ABC' WHERE id = 2", "1 1 1 0"),
    ("INSERT INTO orders (code) VALUES ('ABC')", "1 1 1 1"),
    ("UPDATE clients SET code = 'other' WHERE id = 1", "1 1 1 2"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_change_during_the_wait_are_judged_anew() {
    for at_once in [u64::MAX, 0] {
        for (sql, expected) in WRITES {
            let Some(world) = World::new(SHOP, &shop()).await else { return };
            let answer = write_during_the_wait(&world, at_once, sql).await;
            answer.unwrap_or_else(|error| panic!("{at_once} {sql}: {error:?}"));
            assert_eq!(left(&world).await, expected, "{at_once} {sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_blocks_after_the_wait_stops_the_deletion() {
    for at_once in [u64::MAX, 0] {
        for table in ["tags", "hits", "orders"] {
            let Some(world) = World::new(SHOP, &shop()).await else { return };
            let sql = format!("UPDATE {table} SET state = 'KEPT'");
            let answer = write_during_the_wait(&world, at_once, &sql).await;
            assert!(
                matches!(answer, Err(Error::Blocked(_) | Error::Conflict { .. })),
                "{at_once} {sql}: {answer:?}"
            );
            assert_eq!(left(&world).await, "3 2 3 2", "{at_once} {sql}");
        }
    }
}

/// A tag, a hit or an order comes while its client goes. It goes too, or is refused, or comes after the client is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_row_inserted_while_its_client_goes_is_never_left_behind() {
    let Some(world) = World::new(SHOP, &shop()).await else { return };
    let lifecycle = Arc::new(world.lifecycle().await);
    let inserts = [
        "INSERT INTO tags VALUES ($ID, 'late', '')",
        "INSERT INTO hits VALUES ($ID, 'late')",
        "INSERT INTO orders (code) VALUES ('cODE$ID')",
    ];
    for round in 0..rounds() {
        for (at, insert) in (0..).zip(inserts) {
            let id = i64::try_from(100 + round * 3 + at).unwrap();
            world
                .run(&format!(
                    "INSERT INTO clients VALUES ({id}, 'Code{id}'); INSERT INTO tags VALUES ({id}, 'a')"
                ))
                .await;
            let (lifecycle, pool) = (lifecycle.clone(), world.schema.pool.clone());
            let deleting = tokio::spawn(async move { lifecycle.execute(&delete(id)).await });
            let insert = insert.replace("$ID", &id.to_string());
            let writing = tokio::spawn(async move {
                tokio::time::sleep(Duration::from_micros(u64::try_from(round * 4_397 % 12_000).unwrap()))
                    .await;
                let done = runs(pool.clone(), insert).await;
                let there = format!("SELECT count(*) FROM clients WHERE id = {id}");
                let there: i64 = sqlx::query_scalar(AssertSqlSafe(there)).fetch_one(&pool).await.unwrap();
                done && there == 1
            });
            deleting.await.unwrap().unwrap_or_else(|error| panic!("{error:?}"));
            let came_first = writing.await.unwrap();
            let left = format!(
                "SELECT (SELECT count(*) FROM tags WHERE client_id = {id}) + (SELECT count(*) FROM hits WHERE client_id = {id})
                    + (SELECT count(*) FROM orders WHERE lower(code) = 'code{id}')"
            );
            let left = world.number(&left).await;
            assert!(left == 0 || (at == 2 && !came_first), "{left} rows of client {id} are left");
        }
    }
}

/// Of the last two owners, who leave at once, one is stopped: the organisation keeps an owner.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_owner_stays_when_two_leave_at_once() {
    let ddl = "CREATE TABLE clients (id bigint PRIMARY KEY); CREATE TABLE unions (id bigint PRIMARY KEY);
        CREATE TABLE members (client_id bigint REFERENCES clients, union_id bigint REFERENCES unions, role text,
            PRIMARY KEY (client_id, union_id)); CREATE INDEX ON members (union_id);";
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "unions": {}, "members": { "id": ["client_id", "union_id"] } },
        "references": [ { "from": "members.client_id", "to": "clients" }, { "from": "members.union_id", "to": "unions" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" }, "guards": [
            { "name": "last_owner", "on": "unions", "left_without": "members.union_id",
              "when": { "field": "role", "eq": "owner" }, "severity": "block", "message": "no one else owns it" } ] } }
    });
    for at_once in [u64::MAX, 0] {
        let Some(world) = World::new(ddl, &document).await else { return };
        let store = world.store().single_statement_limit(at_once);
        let lifecycle = Arc::new(Lifecycle::open(store, world.policy.clone()).await.unwrap());
        for round in 0..i64::try_from(rounds()).unwrap() {
            let [one, two] = [2 * round, 2 * round + 1];
            world
                .run(&format!(
                    "INSERT INTO clients VALUES ({one}), ({two}); INSERT INTO unions VALUES ({round});
                     INSERT INTO members VALUES ({one}, {round}, 'owner'), ({two}, {round}, 'owner')"
                ))
                .await;
            let leaving = [one, two].map(|id| {
                let lifecycle = lifecycle.clone();
                tokio::spawn(async move { lifecycle.execute(&delete(RecordId::from(id))).await })
            });
            let mut stopped = 0;
            for left in leaving {
                match left.await.unwrap() {
                    Ok(_) => {}
                    Err(Error::Blocked(_) | Error::Conflict { .. }) => stopped += 1,
                    Err(error) => panic!("{error:?}"),
                }
            }
            let owners =
                world.number(&format!("SELECT count(*) FROM members WHERE union_id = {round}")).await;
            assert_eq!((stopped, owners), (1, 1), "{at_once}: round {round}");
        }
    }
}

const OWNERS: &str = "CREATE TABLE addresses (id bigint PRIMARY KEY); CREATE TABLE unions (id bigint PRIMARY KEY);
    CREATE TABLE clients (id bigint PRIMARY KEY, address_id bigint NOT NULL REFERENCES addresses);
    CREATE TABLE members (client_id bigint REFERENCES clients, union_id bigint REFERENCES unions,
        PRIMARY KEY (client_id, union_id)); CREATE INDEX ON members (union_id); CREATE INDEX ON clients (address_id);";

/// Clients own their address, and members their union.
fn owners() -> Value {
    json!({
        "subject": "clients",
        "kinds": { "clients": {}, "addresses": {}, "unions": {}, "members": { "id": ["client_id", "union_id"] } },
        "references": [
            { "from": "clients.address_id", "to": "addresses", "owned": true },
            { "from": "members.client_id", "to": "clients" },
            { "from": "members.union_id", "to": "unions", "owned": true }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    })
}

/// What two clients share goes with the one that goes last, also if neither has seen the other go.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_two_owners_share_goes_when_both_leave_at_once() {
    for at_once in [u64::MAX, 0] {
        let Some(world) = World::new(OWNERS, &owners()).await else { return };
        let store = world.store().single_statement_limit(at_once);
        let lifecycle = Arc::new(Lifecycle::open(store, world.policy.clone()).await.unwrap());
        for round in 0..i64::try_from(rounds()).unwrap() {
            let [one, two] = [2 * round, 2 * round + 1];
            world
                .run(&format!(
                    "INSERT INTO addresses VALUES ({round}); INSERT INTO unions VALUES ({round});
                     INSERT INTO clients VALUES ({one}, {round}), ({two}, {round});
                     INSERT INTO members VALUES ({one}, {round}), ({two}, {round})"
                ))
                .await;
            let leaving = [one, two].map(|id| {
                let lifecycle = lifecycle.clone();
                tokio::spawn(async move { lifecycle.execute(&delete(RecordId::from(id))).await })
            });
            for left in leaving {
                left.await.unwrap().unwrap_or_else(|error| panic!("{at_once}: round {round}: {error:?}"));
            }
            let left = "SELECT (SELECT count(*) FROM addresses) + (SELECT count(*) FROM unions)
                + (SELECT count(*) FROM members) + (SELECT count(*) FROM clients)";
            assert_eq!(world.number(left).await, 0, "{at_once}: round {round}");
        }
    }
}

/// A record that gets another owner while its last one goes either stays, or refuses the new owner.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_owner_is_never_left_without_what_it_owns() {
    for at_once in [u64::MAX, 0] {
        let Some(world) = World::new(OWNERS, &owners()).await else { return };
        let store = world.store().single_statement_limit(at_once);
        let lifecycle = Arc::new(Lifecycle::open(store, world.policy.clone()).await.unwrap());
        for round in 0..i64::try_from(rounds()).unwrap() {
            world
                .run(&format!(
                    "INSERT INTO addresses VALUES ({round}); INSERT INTO clients VALUES ({round}, {round})"
                ))
                .await;
            let (deleting, pool) = (lifecycle.clone(), world.schema.pool.clone());
            let deleting =
                tokio::spawn(async move { deleting.execute(&delete(RecordId::from(round))).await });
            let insert = format!("INSERT INTO clients VALUES ({}, {round})", round + 1_000_000);
            let writing = tokio::spawn(async move {
                tokio::time::sleep(Duration::from_micros(u64::try_from(round * 4_397 % 12_000).unwrap()))
                    .await;
                runs(pool, insert).await
            });
            deleting.await.unwrap().unwrap_or_else(|error| panic!("{at_once}: round {round}: {error:?}"));
            let came_first = writing.await.unwrap();
            let there = format!("SELECT count(*) FROM addresses WHERE id = {round}");
            assert_eq!(world.number(&there).await == 1, came_first, "{at_once}: round {round}");
        }
    }
}
