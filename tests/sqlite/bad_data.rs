//! Invalid data that is already in the database. The deletion either works anyway, or fails, names the place and
//! changes nothing.
//! anyway.

use client_lifecycle::domain::{Actor, MaskKey, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::world::*;

/// A policy that masks the notes of a client's debts when the client is deleted.
#[allow(clippy::needless_pass_by_value, reason = "masks are written where they are passed")]
fn policy(mask: Value) -> DeletionPolicy {
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": { "anonymize": { "note": mask } } } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Two clients and three debts of the first client. Their notes have this column type.
fn ddl(note: &str) -> String {
    format!(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients, note {note});
         INSERT INTO clients VALUES (1, 'Ana'), (2, 'Eva');
         INSERT INTO debts VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 1, 'c');"
    )
}

const ROWS: &str = "SELECT id || ' ' || ifnull(client_id, '-') || ' ' || note FROM debts ORDER BY id";

fn request(id: i64) -> Request {
    Request::hard_delete("clients", id).by(Actor::new("ana", "ADMIN"))
}

/// Checks that the database refuses the deletion of client 1, that nothing changes, and that the attempt is recorded.
async fn is_refused(world: &World, policy: DeletionPolicy, said: &str) {
    let store = client_lifecycle::sqlite::SqliteStore::new(world.pool().clone());
    let lifecycle = Lifecycle::open(store, policy).await.unwrap_or_else(|error| panic!("{error}"));
    let lifecycle = lifecycle.with_mask_key(MaskKey::new([7; 32]).unwrap());
    let found = lifecycle.execute(&request(1)).await.unwrap_err();
    let Error::Store(source) = &found else { panic!("{found}") };
    assert_eq!((found.code(), &*source.to_string()), ("refused", "the database refused to write `debts`"));
    // The last error in the chain is from SQLite and names the constraint.
    let mut last: &dyn std::error::Error = source;
    while let Some(cause) = last.source() {
        last = cause;
    }
    assert!(last.to_string().contains(said), "{last}");
    assert_eq!(world.texts(ROWS).await, ["1 1 a", "2 1 b", "3 1 c"]);
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 2);
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_operations").await, 0);
    let log = world.store.audit(&"clients".into(), &1.into()).await.unwrap();
    let outcomes: Vec<_> = log.iter().map(|entry| (entry.outcome.as_str(), &entry.detail["code"])).collect();
    assert_eq!(outcomes, [("failed", &json!("refused"))]);
}

/// Checks that a constraint blocks the plan for all three debts, and that nothing changes.
async fn is_blocked(world: &World, policy: DeletionPolicy, constraint: &str) {
    let store = client_lifecycle::sqlite::SqliteStore::new(world.pool().clone());
    let lifecycle = Lifecycle::open(store, policy).await.unwrap();
    let lifecycle = lifecycle.with_mask_key(MaskKey::new([7; 32]).unwrap());
    let plan = lifecycle.plan(&request(1)).await.unwrap();
    let counts: Vec<u64> = plan.blockers.iter().map(|one| one.count).collect();
    assert_eq!(counts, [3], "{plan}");
    assert!(plan.blockers[0].message.contains(constraint), "{plan}");
    let done = lifecycle.apply(&request(1), &plan).await;
    assert!(matches!(done, Err(Error::Blocked(_))), "{done:?}");
    assert_eq!(world.texts(ROWS).await, ["1 1 a", "2 1 b", "3 1 c"]);
}

#[tokio::test]
async fn a_mask_longer_than_a_check_allows_blocks_the_plan() {
    for mask in [json!({ "text": "anonymized" }), json!("hmac"), json!("placeholder_email")] {
        let world = World::new(&ddl("TEXT CONSTRAINT short_note CHECK (length(note) <= 9)")).await;
        is_blocked(&world, policy(mask), "`short_note`").await;
    }
}

#[tokio::test]
async fn a_mask_that_breaks_a_check_blocks_the_plan() {
    let world = World::new(&ddl("TEXT CHECK (length(note) < 3)")).await;
    is_blocked(&world, policy(json!({ "text": "gone" })), "`length(note) < 3`").await;
}

#[tokio::test]
async fn masks_that_make_the_values_of_a_unique_column_equal_block_the_plan() {
    for index in [
        "TEXT UNIQUE",
        "TEXT); CREATE UNIQUE INDEX one_note ON debts (note",
        "TEXT COLLATE NOCASE UNIQUE",
        "TEXT); CREATE UNIQUE INDEX one_note ON debts (lower(note), 1",
        "TEXT); CREATE UNIQUE INDEX one_note ON debts (note) WHERE (id > 0",
    ] {
        let world = World::new(&ddl(index)).await;
        let store = client_lifecycle::sqlite::SqliteStore::new(world.pool().clone());
        let lifecycle = Lifecycle::open(store, policy(json!({ "text": "gone" }))).await.unwrap();
        let plan = lifecycle.plan(&request(1)).await.unwrap();
        let ids: Vec<String> =
            plan.blockers.iter().flat_map(|one| &one.sample).map(ToString::to_string).collect();
        assert_eq!(ids, ["1", "2", "3"], "{index}: {plan}");
        let done = lifecycle.apply(&request(1), &plan).await;
        assert!(matches!(done, Err(Error::Blocked(_))), "{done:?}");
        assert_eq!(world.texts(ROWS).await, ["1 1 a", "2 1 b", "3 1 c"]);
    }
    // The condition of a partial index leaves only one of the rows.
    let world = World::new(&ddl("TEXT); CREATE UNIQUE INDEX one_note ON debts (note) WHERE (id > 2")).await;
    let store = client_lifecycle::sqlite::SqliteStore::new(world.pool().clone());
    let lifecycle = Lifecycle::open(store, policy(json!({ "text": "gone" }))).await.unwrap();
    lifecycle.execute(&request(1)).await.unwrap_or_else(|error| panic!("{error:?}"));
}

#[tokio::test]
async fn a_mask_with_distinct_values_fits_a_unique_column() {
    for mask in [json!("null"), json!("hmac"), json!("placeholder_email")] {
        let world = World::new(&ddl("TEXT UNIQUE")).await;
        let store = client_lifecycle::sqlite::SqliteStore::new(world.pool().clone());
        let lifecycle = Lifecycle::open(store, policy(mask)).await.unwrap();
        let lifecycle = lifecycle.with_mask_key(MaskKey::new([7; 32]).unwrap());
        lifecycle.execute(&request(1)).await.unwrap();
        assert_eq!(world.number("SELECT count(*) FROM debts WHERE client_id IS NULL").await, 3);
    }
}

#[tokio::test]
async fn a_row_without_an_id_is_named_and_nothing_changes() {
    let world = World::new(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT);
         CREATE TABLE debts (id TEXT PRIMARY KEY, client_id INTEGER REFERENCES clients, note TEXT);
         INSERT INTO clients VALUES (1, 'Ana'); INSERT INTO debts VALUES (NULL, 1, 'a'), ('x', 1, 'b');",
    )
    .await;
    let store = client_lifecycle::sqlite::SqliteStore::new(world.pool().clone());
    let lifecycle = Lifecycle::open(store, policy(json!("null"))).await.unwrap();
    let found = lifecycle.execute(&request(1)).await.unwrap_err();
    let Error::Store(source) = &found else { panic!("{found}") };
    assert_eq!(source.to_string(), "`debts` `?`: the value of `id` is not of type id");
    assert_eq!(world.number("SELECT count(*) FROM debts WHERE client_id = 1 AND note <> ''").await, 2);
    let log = world.store.audit(&"clients".into(), &1.into()).await.unwrap();
    assert_eq!(log[0].outcome.as_str(), "failed");
}

#[tokio::test]
async fn a_policy_on_a_view_with_duplicate_ids_does_not_open() {
    let world = World::new(&ddl("TEXT")).await;
    world
        .run(
            "ALTER TABLE debts RENAME TO paid;
              CREATE VIEW debts AS SELECT * FROM paid UNION ALL SELECT * FROM paid WHERE id = 2;",
        )
        .await;
    let store = client_lifecycle::sqlite::SqliteStore::new(world.pool().clone());
    let Err(Error::SchemaMismatch(faults)) = Lifecycle::open(store, policy(json!("null"))).await else {
        panic!("the view is taken")
    };
    let found: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "kinds.debts: `debts` is a view, and operations cannot write to views on SQLite (declare the table that it \
             reads, with a `filter` if the view leaves rows out)",
            "kinds.debts.id: the view `debts` has 2 rows with the id `2` (make the view return one row for each id)"
        ]
    );
}

#[tokio::test]
async fn dangling_references_stop_no_deletion_and_no_new_ones_appear() {
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "debts": {}, "items": {} },
        "references": [ { "from": "clients.boss", "to": "clients", "nullable": true },
                        { "from": "debts.client_id", "to": "clients" },
                        { "from": "items.debt_id", "to": "debts", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": {
            "clients.boss": "set_null", "debts.client_id": "cascade", "items.debt_id": "keep" } } }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let world = World::new(
        "PRAGMA foreign_keys = OFF;
         CREATE TABLE clients (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES clients);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients);
         CREATE TABLE items (id INTEGER PRIMARY KEY, debt_id INTEGER REFERENCES debts);
         INSERT INTO clients VALUES (1, 98), (2, 1), (3, 99);
         INSERT INTO debts VALUES (1, 1), (2, 2), (3, 97);
         INSERT INTO items VALUES (1, 1), (2, 2), (3, 96), (4, 3);
         PRAGMA foreign_keys = ON;",
    )
    .await;
    let store = client_lifecycle::sqlite::SqliteStore::new(world.pool().clone());
    let lifecycle = Lifecycle::open(store, policy).await.unwrap_or_else(|error| panic!("{error}"));
    let plan = lifecycle.plan(&request(1)).await.unwrap();
    lifecycle.apply(&request(1), &plan).await.unwrap_or_else(|error| panic!("{error:?}"));
    let left = "SELECT 'client ' || id || ' ' || ifnull(boss, '-') FROM clients UNION ALL
                SELECT 'debt ' || id || ' ' || client_id FROM debts UNION ALL
                SELECT 'item ' || id || ' ' || ifnull(debt_id, '-') FROM items";
    assert_eq!(
        world.texts(left).await,
        [
            "client 2 -",
            "client 3 99",
            "debt 2 2",
            "debt 3 97",
            "item 1 -",
            "item 2 2",
            "item 3 96",
            "item 4 3"
        ]
    );
}

/// On any write to a row, SQLite checks its foreign key to the same table again. Such a row cannot be updated, not
/// even by the host, but it can be deleted.
#[tokio::test]
async fn a_row_with_a_dangling_self_reference_can_be_deleted_but_not_updated() {
    let ddl = "PRAGMA foreign_keys = OFF;
         CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT);
         CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients, note TEXT,
                             part_of INTEGER REFERENCES debts);
         INSERT INTO clients VALUES (1, 'Ana'), (2, 'Eva');
         INSERT INTO debts VALUES (1, 1, 'a', 99), (2, 1, 'b', NULL), (3, 1, 'c', NULL);
         PRAGMA foreign_keys = ON;";
    let with = |rule: Value| {
        let document = json!({
            "subject": "clients", "kinds": { "clients": {}, "debts": {} },
            "references": [ { "from": "debts.client_id", "to": "clients", "nullable": true },
                            { "from": "debts.part_of", "to": "debts", "nullable": true } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "debts.client_id": rule, "*": "cascade" } } }
        });
        DeletionPolicy::from_json(&document.to_string()).unwrap()
    };
    let world = World::new(ddl).await;
    is_refused(&world, with(json!("set_null")), "FOREIGN KEY constraint failed").await;
    let store = client_lifecycle::sqlite::SqliteStore::new(world.pool().clone());
    let lifecycle = Lifecycle::open(store, with(json!("cascade"))).await.unwrap();
    lifecycle.execute(&request(1)).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 0);
}
