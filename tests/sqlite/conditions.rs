//! Conditions in SQL give the same results as `Condition::holds`, value by value.

use client_lifecycle::domain::{
    Condition, FieldName, Moment, Record, Value, after, all as every, any, before, eq, ge, gt, is_null, le,
    lt, ne, not, not_null, older_than, one_of, within,
};
use client_lifecycle::protocol::Source;
use client_lifecycle::store::{Store, StoreError};

use crate::world::*;

/// Values as SQL literals, and as the library reads them.
fn stored() -> Vec<(String, Value)> {
    let texts = [
        "",
        "a",
        "B",
        "b",
        "é",
        "z",
        "PENDING",
        "pending",
        "42",
        "042",
        " 42",
        "4.5",
        "+4.5",
        ".5",
        "5.",
        "1e3",
        "1e999",
        "007.50",
        "-1",
        "--1",
        "1.2.3",
        "inf",
        "nan",
        "0x10",
        ".",
        "now",
        "2460000.5",
        "12:00:00",
        "2026-06-15",
        "2026-06-15 12:00:00",
        "2026-06-15T12:00:00Z",
        "2026-06-15T12:00:00.0004Z",
        "2026-06-15T12:00:00.0005Z",
        "2026-06-15T11:59:59.9996Z",
        "2026-06-15T11:59:59.9994999Z",
        "2026-06-15T14:00:00+02:00",
        "2026-06-15T14:00:00.001+02:00",
        "2026-06-15 12:00:00.5",
        "2026-06-15T12:00:00.",
        "2026-06-15T12:00:00.5x",
        "2026-06-15T24:00:00Z",
        "2026-06-15T12:60:00Z",
        "2026-06-15T12:00Z",
        "2026-06-15T12:00:00+0200",
        "2024-02-30",
        "2024-02-29",
        "2023-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-01-00",
        "0000-01-01",
        "1969-12-31T23:59:59.999Z",
        "1900-01-01",
        "9999-12-31T23:59:59Z",
        "2026-06-15T12:00:00-11:30",
        "2026-06-15T",
        "2026-06-15 ",
        "2026-06-1",
        "20260615",
        "2026-06-15T12:00:00ZZ",
        "2026-06-15T12:00:00z",
        "2026-06-15t12:00:00z",
        "2026-06-15 12:00:00Z",
        "2026-06-15T12:00:00.123456789Z",
    ];
    let numbers =
        [0, 1, 2, -1, 42, 1_781_524_800, 1_781_524_799, -86_400, i64::MAX, i64::MIN, 8_210_266_876_799];
    let reals = [0.0, 4.5, -1.0, 42.0, 1e300];
    let mut all = vec![("NULL".to_owned(), Value::Null)];
    all.extend(texts.map(|text| (format!("'{text}'"), text.into())));
    all.extend(numbers.map(|number| {
        (number.to_string().replace("-9223372036854775808", "(-9223372036854775807 - 1)"), number.into())
    }));
    all.extend(reals.map(|real| (format!("{real:?}"), real.into())));
    all
}

fn conditions(field_type: &str) -> Vec<Condition> {
    let period = |text: &str| text.parse().unwrap();
    let literals: Vec<Value> = match field_type {
        "text" => ["PENDING", "b", "é", "", "42", "4e1"].map(Value::from).into(),
        "integer" => [0, 42, -1].map(Value::from).into(),
        "boolean" => vec![true.into(), false.into(), 1.into()],
        "decimal" => vec![4.5.into(), 42.into(), "4.50".into(), 1000.into(), 0.5.into()],
        _ => vec!["2026-06-15T12:00:00Z".into(), 1_781_524_800.into(), now().into(), "2026-06-15".into()],
    };
    let mut all: Vec<Condition> = literals
        .iter()
        .flat_map(|value| {
            let v = || value.clone();
            [
                eq("f", v()),
                ne("f", v()),
                lt("f", v()),
                le("f", v()),
                gt("f", v()),
                ge("f", v()),
                not(eq("f", v())),
            ]
        })
        .collect();
    all.extend([
        is_null("f"),
        not_null("f"),
        one_of("f", literals.clone()),
        not(one_of("f", literals.clone())),
    ]);
    all.extend([one_of::<Value>("f", []), not(one_of::<Value>("f", [])), every([]), any([])]);
    let first = || eq("f", literals[0].clone());
    all.extend([
        every([first(), is_null("g")]),
        any([first(), eq("g", "x")]),
        not(any([first(), eq("g", "x")])),
    ]);
    if matches!(field_type, "date" | "timestamp") {
        all.extend([
            before("f", Moment::Now),
            after("f", Moment::Now),
            within("f", period("P30D")),
            older_than("f", period("P1Y")),
        ]);
        all.extend([
            within("f", period("PT1H")),
            after("f", Moment::At("1969-12-31T23:59:59.999Z".parse().unwrap())),
        ]);
    }
    all
}

#[tokio::test]
async fn conditions_hold_for_the_same_rows_in_sql_and_rust() {
    let columns = [("", false), ("TEXT COLLATE NOCASE", true), ("NUMERIC", false)];
    for (declared, text_only) in columns {
        for field_type in ["text", "integer", "boolean", "decimal", "date", "timestamp"] {
            let world =
                World::new(&format!("CREATE TABLE t (id INTEGER PRIMARY KEY, f {declared}, g TEXT)")).await;
            let mut rows = Vec::new();
            let mut inserts = Vec::new();
            for (index, (literal, value)) in stored().into_iter().enumerate() {
                let text = value.as_text().is_some() || value.is_null();
                // Skip values that SQLite converts when it stores them in such a column.
                if (text_only && !text)
                    || (declared == "NUMERIC"
                        && literal.trim_matches('\'').trim().parse::<f64>().is_ok()
                        && text)
                {
                    continue;
                }
                if declared == "NUMERIC" && matches!(value, Value::Real(_)) {
                    continue;
                }
                let id = i64::try_from(index).unwrap();
                inserts.push(format!("({id}, {literal}, NULL)"));
                rows.push(Record::new(id).with("f", value).with("g", Value::Null));
            }
            world.run(&format!("INSERT INTO t VALUES {}", inserts.join(", "))).await;
            let map = map(&format!(r#"{{"kinds": {{"t": {{"fields": {{"f": "{field_type}"}}}}}}}}"#));
            let kind = map.kind(&"t".into()).unwrap();
            for condition in conditions(field_type) {
                let mut ids = Vec::new();
                let mut bad = Vec::new();
                for row in &rows {
                    match condition.holds(kind, row, now()) {
                        Ok(held) => ids.extend((held == Some(true)).then(|| row.id.clone())),
                        Err(_) => bad.push(row.id.clone()),
                    }
                }
                let readable = |source| {
                    let mut query = query(
                        &map,
                        "t",
                        0,
                        [set(0, "t", [branch(Source::Ids(source), [when(condition.clone(), 0)])])],
                        [],
                    );
                    query.subjects.clear();
                    query
                };
                let good: Vec<_> =
                    rows.iter().map(|row| row.id.clone()).filter(|id| !bad.contains(id)).collect();
                let survey = world.store.survey(&readable(good)).await;
                let name = format!("{condition} as {field_type} in `{declared}`");
                let survey =
                    survey.unwrap_or_else(|error| panic!("{name}: {error}: {:?}", texts(&rows, &error)));
                assert_eq!(survey.subjects, ids, "{name}");
                let all: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
                let found = world.store.survey(&readable(all)).await;
                assert_eq!(found.is_err(), !bad.is_empty(), "{name}");
                if declared.is_empty() && condition == conditions(field_type)[0] {
                    for id in bad {
                        let found = world.store.survey(&readable(vec![id.clone()])).await;
                        let Err(StoreError::BadValue { id: Some(named), field, .. }) = found else {
                            panic!(
                                "{name}: `{id}` is not refused: {:?}",
                                rows.iter().find(|row| row.id == id).unwrap().get("f").as_text()
                            );
                        };
                        assert_eq!((named, field), (id, FieldName::from("f")), "{name}");
                    }
                }
            }
        }
    }
}

fn texts(rows: &[Record], error: &StoreError) -> Option<String> {
    let StoreError::BadValue { id, .. } = error else {
        return None;
    };
    let row = rows.iter().find(|row| Some(&row.id) == id.as_ref())?;
    row.get("f").as_text().map(Into::into)
}

#[tokio::test]
async fn a_condition_with_a_value_of_another_type_is_refused() {
    let world = World::new("CREATE TABLE t (id INTEGER PRIMARY KEY, f)").await;
    let map = map(r#"{"kinds": {"t": {"fields": {"f": "integer"}}}}"#);
    let sets = [set(0, "t", [branch(Source::Subjects, [when(eq("f", "many"), 0)])])];
    let found = world.store.survey(&query(&map, "t", 1, sets, [])).await.unwrap_err();
    assert_eq!(found.to_string(), "`t` `?`: the value of `f` is not of type integer");
}

#[tokio::test]
async fn a_uuid_field_is_compared_as_text_in_either_form() {
    let uuid = "550e8400-e29b-41d4-a716-446655440000";
    let hex = uuid.replace('-', "");
    let world = World::new(&format!(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, f); INSERT INTO t VALUES (1, x'{hex}'), (2, '{uuid}'), (3, 'other')"
    ))
    .await;
    let map = map(r#"{"kinds": {"t": {"fields": {"f": "uuid"}}}}"#);
    let ids = Source::Ids(vec![1.into(), 2.into(), 3.into()]);
    let sets = [set(0, "t", [branch(ids, [when(eq("f", uuid), 0)])])];
    let survey = world.store.survey(&query(&map, "t", 1, sets, [])).await.unwrap();
    assert_eq!(survey.subjects, [1.into(), 2.into()]);
}
