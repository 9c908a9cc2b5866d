//! Applying change sets: all or nothing, once, and only the rows of their sets.

use client_lifecycle::domain::{Event, FieldName, Mask, OperationId, Value, eq};
use client_lifecycle::protocol::{
    Difference, EventDraft, Expected, NewValue, Precondition, RankCase, Ranks, Source, Write,
};
use client_lifecycle::store::{Store, StoreError};

use crate::world::*;

const DDL: &str = "
    CREATE TABLE clients (id TEXT PRIMARY KEY, email TEXT UNIQUE, status TEXT);
    CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id TEXT, status TEXT, paid BOOLEAN);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, debt_id INTEGER, text TEXT);
    INSERT INTO clients VALUES ('a', 'a@x', 'ON'), ('b', 'b@x', 'ON');
    INSERT INTO debts VALUES (1, 'a', 'PAID', 1), (2, 'a', 'PENDING', 0), (3, 'b', 'PAID', NULL);
    INSERT INTO notes VALUES (1, 1, 'x'), (2, 2, 'y'), (3, 2, 'z'), (4, 3, 'w');";
const MAP: &str = r#"{
    "kinds": { "clients": {}, "debts": { "fields": { "status": "text", "paid": "boolean" } }, "notes": {} },
    "references": [ { "from": "debts.client_id", "to": "clients" }, { "from": "notes.debt_id", "to": "debts" } ] }"#;

fn tree() -> client_lifecycle::protocol::SurveyQuery {
    let sets = [
        set(0, "clients", [subjects()]),
        set(1, "debts", [below("debts.client_id", 0)]),
        set(2, "notes", [below("notes.debt_id", 1)]),
    ];
    query(&map(MAP), "clients", "a", sets, [])
}

fn delete_tree(operation: u128) -> client_lifecycle::protocol::ChangeSet {
    changes(
        operation,
        tree(),
        [
            step("notes", all(2), Write::Delete, 0),
            step("debts", all(1), Write::Delete, 1),
            step("clients", all(0), Write::Delete, 2),
        ],
    )
}

const ROWS: &str = "SELECT (SELECT count(*) FROM clients) * 100 + (SELECT count(*) FROM debts) * 10 + (SELECT count(*) FROM notes)";
const RECORDS: &str = "SELECT (SELECT count(*) FROM lifecycle_operations) * 100 + (SELECT count(*) FROM lifecycle_audit) * 10 + (SELECT count(*) FROM lifecycle_outbox)";

#[tokio::test]
async fn a_tree_is_deleted_children_first_and_counted_in_the_receipt() {
    let world = World::new(DDL).await;
    let receipt = world.store.apply(&delete_tree(1)).await.unwrap();
    assert_eq!(actual(&receipt), [3, 2, 1]);
    assert_eq!(world.number(ROWS).await, 111);
    assert_eq!(world.number(RECORDS).await, 110);
    let log = world.store.audit(&"clients".into(), &"a".into()).await.unwrap();
    assert_eq!(log, [delete_tree(1).audit]);
}

#[tokio::test]
async fn a_repeated_operation_returns_the_first_receipt_and_writes_nothing() {
    let world = World::new(DDL).await;
    let first = world.store.apply(&delete_tree(1)).await.unwrap();
    let second = world.store.apply(&delete_tree(1)).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(world.number(RECORDS).await, 110);
    let other = world.store.apply(&delete_tree(2)).await.unwrap();
    assert_eq!(actual(&other), [0, 0, 0]);
}

#[tokio::test]
async fn every_failing_precondition_is_reported_and_nothing_changes() {
    let world = World::new(DDL).await;
    let mut changes = delete_tree(1);
    let expect = |rows, expected| Precondition { question: count(rows), expected };
    changes.preconditions = vec![
        expect(all(0), Expected::Exactly(1)),
        expect(all(1), Expected::Exactly(7)),
        expect(ranked(2, 5), Expected::Some),
    ];
    let found = world.store.apply(&changes).await.unwrap_err();
    let StoreError::Conflict { differences } = found else { panic!("{found}") };
    let difference = |precondition, found| Difference { precondition, found };
    assert_eq!(differences, [difference(1, 2), difference(2, 0)]);
    assert_eq!((world.number(ROWS).await, world.number(RECORDS).await), (234, 0));
}

#[tokio::test]
async fn an_attempt_is_recorded_and_its_operation_stays_free() {
    let world = World::new(DDL).await;
    let mut attempt = changes(1, tree(), []);
    attempt.audit.subjects = vec!["a".into(), "b".into()];
    world.store.apply(&attempt).await.unwrap();
    assert_eq!((world.number(ROWS).await, world.number(RECORDS).await), (234, 20));
    assert_eq!(actual(&world.store.apply(&delete_tree(1)).await.unwrap()), [3, 2, 1]);
}

#[tokio::test]
async fn events_carry_the_previous_values() {
    let world = World::new(DDL).await;
    let mut changes = delete_tree(1);
    changes.event_drafts = vec![EventDraft {
        topic: "debts.cancel".into(),
        kind: "debts".into(),
        rows: all(1),
        fields: ["status", "paid", "client_id"].map(FieldName::from).into(),
    }];
    world.store.apply(&changes).await.unwrap();
    let event = |record: i64, status: &str, paid: bool| {
        let mut event = Event::new(changes.operation, "debts.cancel", "debts", record, now());
        event.fields = [("status", status.into()), ("paid", paid.into()), ("client_id", Value::from("a"))]
            .map(|(field, value)| (field.into(), value))
            .into();
        event
    };
    let events = world.store.events(changes.operation).await.unwrap();
    assert_eq!(events, [event(1, "PAID", true), event(2, "PENDING", false)]);
}

#[tokio::test]
async fn steps_see_the_rows_before_the_first_step() {
    let world = World::new(DDL).await;
    let sets = [
        set(0, "clients", [subjects()]),
        set(
            1,
            "debts",
            [branch(
                client_lifecycle::protocol::Source::Referrers {
                    reference: "debts.client_id".into(),
                    of: all(0),
                },
                [when(eq("status", "PENDING"), 1), when(eq("status", "PAID"), 2)],
            )],
        ),
    ];
    let query = query(&map(MAP), "clients", "a", sets, []);
    let status = |to: &str| Write::Update(vec![("status".into(), NewValue::Value(to.into()))]);
    let swap = changes(
        1,
        query,
        [step("debts", ranked(1, 1), status("PAID"), 0), step("debts", ranked(1, 2), status("PENDING"), 1)],
    );
    assert_eq!(actual(&world.store.apply(&swap).await.unwrap()), [1, 1]);
    assert_eq!(
        world.texts("SELECT status FROM debts WHERE client_id = 'a' ORDER BY id").await,
        ["PENDING", "PAID"]
    );
}

#[tokio::test]
async fn a_step_that_touches_other_rows_is_interference_and_is_rolled_back() {
    let world = World::new(DDL).await;
    world
        .run("CREATE TRIGGER t BEFORE DELETE ON debts WHEN old.id = 1 BEGIN SELECT raise(IGNORE); END")
        .await;
    let found = world.store.apply(&delete_tree(1)).await.unwrap_err();
    assert!(matches!(found, StoreError::Interference { expected: 2, found: 1, .. }), "{found}");
    assert_eq!((world.number(ROWS).await, world.number(RECORDS).await), (234, 0));
}

#[tokio::test]
async fn a_violated_constraint_is_a_refusal() {
    let world = World::new(DDL).await;
    world.run("CREATE TRIGGER t BEFORE DELETE ON clients BEGIN SELECT raise(ABORT, 'never'); END").await;
    let found = world.store.apply(&delete_tree(1)).await.unwrap_err();
    assert_eq!(
        (found.code(), found.to_string().as_str()),
        (
            "refused",
            "the database refused to write `clients`; triggers and rules that fire: `t` on `clients`"
        )
    );
    assert_eq!((world.number(ROWS).await, world.number(RECORDS).await), (234, 0));
}

#[tokio::test]
async fn marks_name_the_rows_of_the_operation() {
    let world = World::new(DDL).await;
    let off = Write::Mark(vec![("status".into(), NewValue::Value("OFF".into()))]);
    let marked = changes(7, tree(), [step("clients", all(0), off, 0), step("debts", all(1), Write::Keep, 1)]);
    assert_eq!(actual(&world.store.apply(&marked).await.unwrap()), [1, 2]);
    assert_eq!(
        world.texts("SELECT kind || record || operation FROM lifecycle_marks").await,
        [format!("clientsa{}", marked.operation)]
    );
    assert_eq!(world.texts("SELECT status FROM clients ORDER BY id").await, ["OFF", "ON"]);
}

#[tokio::test]
async fn unsupported_change_sets_are_refused_before_a_write() {
    let world = World::new(DDL).await;
    let hmac = Write::Update(vec![("email".into(), NewValue::Masked(Mask::Hmac))]);
    let masked =
        changes(1, tree(), [step("notes", all(2), Write::Delete, 0), step("clients", all(0), hmac, 1)]);
    let found = world.store.apply(&masked).await.unwrap_err();
    assert_eq!(found.to_string(), "not supported: the mask `hmac` of `clients.email` without a mask key");
    assert_eq!((world.number(ROWS).await, world.number(RECORDS).await), (234, 0));
}

#[tokio::test]
async fn many_subjects_are_one_operation_with_one_entry_each() {
    let world = World::new(DDL).await;
    let mut both = delete_tree(1);
    both.query.subjects = vec!["a".into(), "b".into()];
    both.audit.subjects = both.query.subjects.clone();
    assert_eq!(actual(&world.store.apply(&both).await.unwrap()), [4, 3, 2]);
    assert_eq!((world.number(ROWS).await, world.number(RECORDS).await), (0, 120));
}

#[tokio::test]
async fn missing_system_tables_are_reported_with_a_remedy() {
    let world = World::new(DDL).await;
    world.run("DROP TABLE lifecycle_operations").await;
    let found = world.store.apply(&delete_tree(1)).await.unwrap_err();
    assert_eq!(
        found.to_string(),
        "not supported: writing without the library's table `lifecycle_operations`; run `migrate` first"
    );
}

#[tokio::test]
async fn tables_of_a_later_version_are_refused() {
    let world = World::new("UPDATE lifecycle_schema SET version = 99").await;
    let store = client_lifecycle::sqlite::SqliteStore::new(world.pool().clone());
    let found = store.migrate().await.unwrap_err();
    assert!(found.to_string().contains("schema 99"), "{found}");
}

#[tokio::test]
async fn another_prefix_has_its_own_tables() {
    let world = World::new(DDL).await;
    let store = client_lifecycle::sqlite::SqliteStore::new(world.pool().clone());
    let store = store.prefix("mine_").unwrap().migrate().await.unwrap().migrate().await.unwrap();
    store.apply(&delete_tree(1)).await.unwrap();
    assert_eq!(world.number(RECORDS).await, 0);
    assert_eq!(world.number("SELECT count(*) FROM mine_operations").await, 1);
    let bad = client_lifecycle::sqlite::SqliteStore::new(world.pool().clone()).prefix("a\"b");
    assert!(bad.is_err());
    let _: OperationId = uuid::Uuid::nil().into();
}

#[tokio::test]
async fn a_mark_covers_rows_that_its_own_write_would_hide() {
    let world = World::new(DDL).await;
    let unpaid = || when(eq("status", "PENDING"), 1);
    let out = || RankCase { below: Ranks::ALL, when: None, rank: None };
    let referrers = || Source::Referrers { reference: "debts.client_id".into(), of: all(0) };
    let one = vec![branch(referrers(), [unpaid(), out()])];
    let two = vec![
        branch(referrers(), [unpaid()]),
        branch(Source::Ids(vec![2.into(), 3.into()]), [unpaid(), out()]),
    ];
    for (operation, branches) in [(1, one), (2, two)] {
        world.run("UPDATE debts SET status = 'PENDING' WHERE id = 2").await;
        let sets = [set(0, "clients", [subjects()]), set(1, "debts", branches)];
        let settle = Write::Mark(vec![("status".into(), NewValue::Value("VOID".into()))]);
        let query = query(&map(MAP), "clients", "a", sets, []);
        let marked = changes(operation, query, [step("debts", ranked(1, 1), settle, 0)]);
        assert_eq!(actual(&world.store.apply(&marked).await.unwrap()), [1]);
        let noted =
            format!("SELECT record || '' FROM lifecycle_marks WHERE operation = '{}'", marked.operation);
        assert_eq!(world.texts(&noted).await, ["2"]);
        let statuses = "SELECT status FROM debts ORDER BY id";
        assert_eq!(world.texts(statuses).await, ["PAID", "VOID", "PAID"]);
    }
}

#[tokio::test]
async fn rows_of_one_kind_are_not_written_as_rows_of_another() {
    let world = World::new(DDL).await;
    let wrong = changes(1, tree(), [step("notes", all(1), Write::Delete, 0)]);
    let found = world.store.apply(&wrong).await.unwrap_err();
    assert_eq!(found.code(), "unsupported");
    assert_eq!(world.number(ROWS).await, 234);
}
