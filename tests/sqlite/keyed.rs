//! Keyed masks: they are computed page by page from the rows before the operation, for ids of any type.

use client_lifecycle::domain::{Mask, MaskKey, Value};
use client_lifecycle::protocol::{EventDraft, NewValue, Source, Write};
use client_lifecycle::store::Store;

use crate::world::*;

fn key() -> MaskKey {
    MaskKey::new([7; 32]).unwrap()
}

fn pseudonym(field: &str, text: &str) -> String {
    key().pseudonym(&"people".into(), &field.into(), text)
}

const MAP: &str = r#"{"kinds": {"clients": {}, "people": {"table": "staff"}},
                      "references": [{"from": "people.client_id", "to": "clients"}]}"#;

/// Creates `count` people of one client. `expression` makes an id from a number; every third person has no name.
async fn world(id: &str, expression: &str, count: u32) -> World {
    World::new(&format!(
        "CREATE TABLE clients (id INTEGER PRIMARY KEY);
         CREATE TABLE staff (id {id} PRIMARY KEY NOT NULL, client_id INTEGER, name TEXT, mail TEXT, note TEXT);
         INSERT INTO clients VALUES (1), (2);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         INSERT INTO staff SELECT {expression}, 1, CASE WHEN i % 3 <> 0 THEN 'name ' || (i % 2) END, i || '@x', 'n' FROM n;
         INSERT INTO staff SELECT {expression}, 2, 'name 1', 'other@x', 'n' FROM (SELECT {count} + 1 AS i);"
    ))
    .await
}

fn masks() -> Vec<(client_lifecycle::domain::FieldName, NewValue)> {
    vec![
        ("name".into(), NewValue::Masked(Mask::Hmac)),
        ("mail".into(), NewValue::Masked(Mask::Hmac)),
        ("note".into(), NewValue::Value("masked".into())),
    ]
}

fn people() -> client_lifecycle::protocol::SurveyQuery {
    let sets = [set(0, "clients", [subjects()]), set(1, "people", [below("people.client_id", 0)])];
    query(&map(MAP), "clients", 1, sets, [])
}

#[tokio::test]
async fn rows_on_several_pages_get_their_own_pseudonyms_with_any_ids() {
    let uuid = "unhex(printf('%032x', i * 7919))";
    for (id, expression) in
        [("INTEGER", "i"), ("TEXT", "'p' || i"), ("BLOB", uuid), ("UUID", "'p' || i"), ("", "i")]
    {
        for count in [499, 500, 501, 1203] {
            let world = world(id, expression, count).await;
            let mut changes = changes(1, people(), [step("people", all(1), Write::Update(masks()), 0)]);
            changes.mask_key = Some(key());
            let receipt = world.store.apply(&changes).await.unwrap();
            assert_eq!(actual(&receipt), [u64::from(count)], "{id}");
            let mails: Vec<String> = (1..=count).map(|i| pseudonym("mail", &format!("{i}@x"))).collect();
            let found = "SELECT mail FROM staff WHERE client_id = 1 ORDER BY rowid";
            assert!(world.texts(found).await == mails, "{id} {count}");
            let names = format!(
                "SELECT count(*) FROM staff WHERE client_id = 1 AND note = 'masked' AND name IS
                    CASE WHEN rowid % 3 <> 0 THEN CASE rowid % 2 WHEN 0 THEN '{}' ELSE '{}' END END",
                pseudonym("name", "name 0"),
                pseudonym("name", "name 1")
            );
            assert_eq!(world.number(&names).await, i64::from(count), "{id} {count}");
            let others = "SELECT name || mail || note FROM staff WHERE client_id = 2";
            assert_eq!(world.texts(others).await, ["name 1other@xn"]);
        }
    }
}

#[tokio::test]
async fn pseudonyms_are_made_from_the_rows_before_the_first_step() {
    let world = world("INTEGER", "i", 2).await;
    let first = branch(Source::Ids(vec![1.into()]), [client_lifecycle::protocol::RankCase::always(0)]);
    let mut query = people();
    query.sets = query
        .sets
        .iter()
        .cloned()
        .chain([client_lifecycle::protocol::Stratum::Set(set(2, "people", [first]))])
        .collect();
    let rename = Write::Update(vec![("mail".into(), NewValue::Value("new@x".into()))]);
    let mut changes = changes(
        1,
        query,
        [
            step("people", all(2), rename, 0),
            step("people", all(1), Write::Mark(masks()), 1),
            // Mask the names again. The pseudonyms must still be made from the original names.
            step("people", all(2), Write::Update(masks()), 2),
        ],
    );
    changes.event_drafts = vec![EventDraft {
        topic: "t".into(),
        kind: "people".into(),
        rows: all(1),
        fields: vec!["mail".into()],
    }];
    changes.mask_key = Some(key());
    assert_eq!(actual(&world.store.apply(&changes).await.unwrap()), [1, 2, 1]);
    assert_eq!(
        world.texts("SELECT mail FROM staff WHERE client_id = 1 ORDER BY id").await,
        [pseudonym("mail", "1@x"), pseudonym("mail", "2@x")]
    );
    let events = world.store.events(changes.operation).await.unwrap();
    let values: Vec<_> = events.iter().map(|event| event.fields["mail"].clone()).collect();
    assert!(values == [Value::from("1@x"), Value::from("2@x")]);
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_marks").await, 2);
}

#[tokio::test]
async fn pseudonyms_of_one_operation_are_not_used_by_the_next() {
    let world = world("INTEGER", "i", 2).await;
    for (operation, mail) in [(1, "first@x"), (2, "second@x")] {
        world.run(&format!("UPDATE staff SET mail = '{mail}' WHERE id = 1")).await;
        let mut changes = changes(operation, people(), [step("people", all(1), Write::Update(masks()), 0)]);
        changes.mask_key = Some(key());
        world.store.apply(&changes).await.unwrap();
        assert_eq!(world.texts("SELECT mail FROM staff WHERE id = 1").await, [pseudonym("mail", mail)]);
    }
}

#[tokio::test]
async fn a_refused_write_leaves_no_pseudonyms() {
    let world = world("INTEGER", "i", 3).await;
    world
        .run(
            "CREATE TRIGGER t BEFORE UPDATE ON staff WHEN old.id = 3 BEGIN SELECT raise(ABORT, 'never'); END",
        )
        .await;
    let mut changes = changes(1, people(), [step("people", all(1), Write::Update(masks()), 0)]);
    changes.mask_key = Some(key());
    let found = world.store.apply(&changes).await.unwrap_err();
    let expected = "the database refused to write `people`; triggers and rules that fire: `t` on `people`";
    assert_eq!(found.to_string(), expected);
    assert_eq!(world.number("SELECT count(*) FROM staff WHERE length(mail) = 64 OR note <> 'n'").await, 0);
    world.run("DROP TRIGGER t").await;
    assert_eq!(actual(&world.store.apply(&changes).await.unwrap()), [3]);
}
