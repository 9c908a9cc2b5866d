//! Tables, columns and text values may contain any characters.

use client_lifecycle::domain::{DataMap, Value, eq};
use client_lifecycle::protocol::{EventDraft, NewValue, Question, Source, Write};
use client_lifecycle::store::Store;

use crate::world::*;

const NAMES: [&str; 12] = [
    "select",
    "group by",
    "Straße Ñ 表",
    "a\"b",
    "a'b",
    "'; DROP TABLE clients; --",
    "x\"; DROP TABLE \"clients\"; --",
    "a.b",
    "?1",
    "$1",
    "`back`",
    "[bracket]",
];

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[tokio::test]
async fn names_are_quoted_and_values_are_bound() {
    for name in NAMES {
        let n = quoted(name);
        let literal = name.replace('\'', "''");
        let world = World::new(&format!(
            "CREATE TABLE clients (id TEXT PRIMARY KEY);
             CREATE TABLE {n} ({n} TEXT, {q} TEXT PRIMARY KEY, {r} TEXT);
             INSERT INTO clients VALUES ('{literal}'), ('other');
             INSERT INTO {n} VALUES ('{literal}', '1', '{literal}'), ('x', '2', '{literal}'), ('x', '3', 'other');",
            q = quoted(&format!("{name} id")),
            r = quoted(&format!("{name} ref")),
        ))
        .await;
        let text = serde_json::json!({
            "kinds": { "clients": {}, "k": { "table": { "table": name }, "id": format!("{name} id"),
                       "fields": { "f": { "type": "text", "column": name }, "c": { "column": format!("{name} ref") } } } },
            "references": [ { "from": "k.c", "to": "clients" } ],
        });
        let map: DataMap = serde_json::from_value(text).unwrap();
        let map = std::sync::Arc::new(map);
        let of = all(0);
        let sets = [
            set(0, "clients", [subjects()]),
            set(
                1,
                "k",
                [branch(Source::Referrers { reference: "k.c".into(), of }, [when(eq("f", name), 1)])],
            ),
        ];
        let asked = Question { rows: all(1), sample: 2, span: None };
        let query = query(&map, "clients", name, sets, [asked]);
        let survey = world.store.survey(&query).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(survey.subjects, [name.into()], "{name}");
        assert_eq!(
            (survey.answers[0].count, survey.answers[0].sample.clone()),
            (1, vec!["1".into()]),
            "{name}"
        );
        assert!(
            !world
                .store
                .check(&map)
                .await
                .unwrap()
                .iter()
                .any(|fault| fault.message.starts_with("there is no")),
            "{name}"
        );
        let update = Write::Update(vec![("f".into(), NewValue::Value(format!("{name}!").into()))]);
        let mut changes = changes(1, query, [step("k", all(1), update, 0)]);
        changes.event_drafts =
            vec![EventDraft { topic: name.into(), kind: "k".into(), rows: all(1), fields: vec!["f".into()] }];
        assert_eq!(actual(&world.store.apply(&changes).await.unwrap()), [1], "{name}");
        let events = world.store.events(changes.operation).await.unwrap();
        assert_eq!((events[0].topic.as_str(), &events[0].fields["f"]), (name, &Value::from(name)));
        assert_eq!(world.texts(&format!("SELECT {n} FROM {n} ORDER BY 1")).await.len(), 3);
        assert_eq!(
            world.number(&format!("SELECT count(*) FROM {n} WHERE {n} = '{literal}!'")).await,
            1,
            "{name}"
        );
    }
}

#[tokio::test]
async fn tables_may_have_the_names_that_statements_use() {
    for name in ["s", "r", "p", "n", "c", "a", "m", "set_0", "walk", "members"] {
        let world = World::new(&format!(
            "CREATE TABLE {name} (id INTEGER PRIMARY KEY, up INTEGER, rank INTEGER, set_id INTEGER);
             INSERT INTO {name} VALUES (1, NULL, 5, 5), (2, 1, 5, 5), (3, 2, 5, 5);"
        ))
        .await;
        let map = map(&format!(
            r#"{{"kinds": {{"{name}": {{}}}}, "references": [{{"from": "{name}.up", "to": "{name}", "nullable": true}}]}}"#
        ));
        let up = format!("{name}.up");
        let sets = [set(0, name, [subjects()]), set(1, name, [below(&up, 0)]), set(2, name, [below(&up, 1)])];
        let query = query(&map, name, 1, sets, [count(all(2))]);
        assert_eq!(world.store.survey(&query).await.unwrap().answers[0].count, 1, "{name}");
        let steps = [step(name, all(2), Write::Delete, 0), step(name, all(1), Write::Delete, 1)];
        assert_eq!(actual(&world.store.apply(&changes(1, query, steps)).await.unwrap()), [1, 1], "{name}");
    }
}
