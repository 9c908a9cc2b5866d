//! Written values: instants in the format of their column, and masks.

use client_lifecycle::domain::{Mask, Value};
use client_lifecycle::protocol::{NewValue, Write};
use client_lifecycle::store::Store;

use crate::world::*;

async fn write(world: &World, map_text: &str, fields: Vec<(&str, NewValue)>) {
    let fields = fields.into_iter().map(|(field, value)| (field.into(), value)).collect();
    let mut query = query(&map(map_text), "t", 1, [set(0, "t", [subjects()])], []);
    query.subjects = (1..=6).map(Into::into).collect();
    let update = step("t", all(0), Write::Update(fields), 0);
    world.store.apply(&changes(1, query, [update])).await.unwrap();
}

fn instant() -> NewValue {
    NewValue::Value(Value::Timestamp("2026-06-15T12:00:00.25Z".parse().unwrap()))
}

#[tokio::test]
async fn an_instant_is_written_in_the_form_of_its_column() {
    let forms = [
        ("TEXT", "NULL", "2026-06-15T12:00:00.250Z"),
        ("INTEGER", "NULL", "1781524800"),
        ("DATETIME", "NULL", "2026-06-15T12:00:00.250Z"),
        ("DATETIME", "1700000000", "1781524800"),
        ("DATETIME", "'2024-01-01 00:00:00'", "2026-06-15T12:00:00.250Z"),
        ("", "1700000000", "1781524800"),
        ("BIGINT", "1700000000", "1781524800"),
    ];
    for (declared, existing, written) in forms {
        let world = World::new(&format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, at {declared}); INSERT INTO t VALUES (9, {existing}), (1, NULL)"
        ))
        .await;
        write(&world, r#"{"kinds": {"t": {"deleted_at": "at"}}}"#, vec![("at", instant())]).await;
        let found = world.texts("SELECT CAST(at AS TEXT) FROM t WHERE id = 1").await;
        assert_eq!(found, [written], "{declared} {existing}");
    }
}

#[tokio::test]
async fn a_date_is_written_as_a_date() {
    let world = World::new(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, d DATE, e INTEGER); INSERT INTO t VALUES (1, NULL, NULL)",
    )
    .await;
    let day = || NewValue::Value(Value::Date("2026-06-15".parse().unwrap()));
    let map = r#"{"kinds": {"t": {"fields": {"d": "date", "e": "date"}}}}"#;
    write(&world, map, vec![("d", day()), ("e", day())]).await;
    assert_eq!(world.texts("SELECT d || ' ' || e FROM t").await, ["2026-06-15 1781481600"]);
}

#[tokio::test]
async fn values_are_written_unchanged() {
    let world = World::new(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c, d); INSERT INTO t VALUES (1, 1, 1, 1, 1)",
    )
    .await;
    let value = |value: Value| NewValue::Value(value);
    let fields = vec![
        ("a", value(true.into())),
        ("b", value(2.5.into())),
        ("c", value(Value::Null)),
        ("d", value("it's".into())),
    ];
    write(&world, r#"{"kinds": {"t": {}}}"#, fields).await;
    assert_eq!(
        world.texts("SELECT a || ' ' || b || ' ' || (c IS NULL) || ' ' || d FROM t").await,
        ["1 2.5 1 it's"]
    );
}

#[tokio::test]
async fn masks_are_computed_from_the_row() {
    let world = World::new(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, phone TEXT, post TEXT, email TEXT, born DATE, seen TEXT, stamp INTEGER);
         INSERT INTO t VALUES
           (1, 'Ada', '1', 'Zürich', 'a@x', '1985-06-15', '2023-12-31T23:30:00-01:00', 486000000),
           (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
           (3, 'Bob', '2', 'é', 'b@x', '30 June', 'never', -1);",
    )
    .await;
    let mask = |mask| NewValue::Masked(mask);
    let fields = vec![
        ("name", mask(Mask::Text("anonymized".into()))),
        ("phone", mask(Mask::Null)),
        ("post", mask(Mask::Truncate(2))),
        ("email", mask(Mask::PlaceholderEmail)),
        ("born", mask(Mask::Year)),
        ("seen", mask(Mask::Year)),
        ("stamp", mask(Mask::Year)),
    ];
    let map = r#"{"kinds": {"t": {"fields": {"born": "date", "seen": "timestamp", "stamp": "timestamp"}}}}"#;
    write(&world, map, fields).await;
    let row = "SELECT name || '|' || ifnull(phone, '-') || '|' || ifnull(post, '-') || '|' || email || '|' \
               || ifnull(born, '-') || '|' || ifnull(seen, '-') || '|' || ifnull(stamp, '-') FROM t ORDER BY id";
    assert_eq!(
        world.texts(row).await,
        [
            "anonymized|-|Zü|1@anonymized.invalid|1985-01-01|2024-01-01T00:00:00.000Z|473385600",
            "anonymized|-|-|2@anonymized.invalid|-|-|-",
            "anonymized|-|é|3@anonymized.invalid|-|-|-31536000",
        ]
    );
}
