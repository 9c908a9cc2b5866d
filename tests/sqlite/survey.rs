//! Surveys: sets, ranks and questions.

use client_lifecycle::domain::{RecordId, eq, is_null, not_null};
use client_lifecycle::protocol::{Question, RankCase, Ranks, Rows, SetId, Source};
use client_lifecycle::store::{Store, StoreError};

use crate::world::*;

const DDL: &str = "
    CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER, status TEXT, due_at TEXT);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, debt_id INTEGER, client_id INTEGER);
    INSERT INTO clients VALUES (1, 'Ada'), (2, 'Bob');
    INSERT INTO debts VALUES (10, 1, 'PENDING', '2026-01-01'), (9, 1, 'PAID', '2025-01-01T00:00:00Z'),
        (8, 1, NULL, NULL), (100, 1, 'PENDING', '2024-01-01 00:00:00'), (7, 2, 'PENDING', NULL);
    INSERT INTO notes VALUES (1, 10, 1), (2, 9, NULL), (3, 7, 1), (4, 7, 2);";
const MAP: &str = r#"{
    "kinds": { "clients": {}, "debts": { "fields": { "status": "text", "due_at": "timestamp" } }, "notes": {} },
    "references": [ { "from": "debts.client_id", "to": "clients" }, { "from": "notes.debt_id", "to": "debts" },
                    { "from": "notes.client_id", "to": "clients", "nullable": true } ] }"#;

fn ids(ids: &[i64]) -> Vec<RecordId> {
    ids.iter().map(|id| RecordId::from(*id)).collect()
}

#[tokio::test]
async fn questions_are_answered_with_counts_samples_and_spans() {
    let world = World::new(DDL).await;
    let sets = [
        set(0, "clients", [subjects()]),
        set(1, "debts", [below("debts.client_id", 0)]),
        set(2, "debts", [branch(Source::Members(all(1)), [when(eq("status", "PENDING"), 1)])]),
    ];
    let question =
        |set, sample, span: Option<&str>| Question { rows: all(set), sample, span: span.map(Into::into) };
    let asked = [question(1, 3, Some("due_at")), question(2, 0, None), question(0, 1, None)];
    let survey = world.store.survey(&query(&map(MAP), "clients", "1", sets, asked)).await.unwrap();
    assert_eq!(survey.subjects, ids(&[1]));
    assert_eq!(survey.answers[0].count, 4);
    assert_eq!(survey.answers[0].sample, ids(&[8, 9, 10]));
    let (first, last) = survey.answers[0].span.unwrap();
    assert_eq!(first.to_rfc3339(), "2024-01-01T00:00:00+00:00");
    assert_eq!(last.to_rfc3339(), "2026-01-01T00:00:00+00:00");
    assert_eq!(survey.answers[1].count, 2);
    assert!(survey.answers[1].sample.is_empty());
    assert_eq!(survey.answers[2].sample, ids(&[1]));
}

#[tokio::test]
async fn a_row_found_twice_keeps_its_lowest_rank() {
    let world = World::new(DDL).await;
    let from = |reference: &str, set, rank| {
        let of = all(set);
        let reference = reference.into();
        branch(Source::Referrers { reference, of }, [RankCase::always(rank)])
    };
    let sets = [
        set(0, "clients", [subjects()]),
        set(1, "debts", [from("debts.client_id", 0, 0)]),
        set(2, "notes", [from("notes.debt_id", 1, 2), from("notes.client_id", 0, 1)]),
    ];
    let asked = [count(ranked(2, 1)), count(ranked(2, 2)), count(all(2)), count(ranked(2, 7))];
    let survey = world.store.survey(&query(&map(MAP), "clients", 1, sets, asked)).await.unwrap();
    let counts: Vec<_> = survey.answers.iter().map(|answer| answer.count).collect();
    assert_eq!(counts, [2, 1, 3, 0]);
}

#[tokio::test]
async fn the_first_case_that_applies_gives_the_rank_or_leaves_the_row_out() {
    let world = World::new(DDL).await;
    let out = RankCase { below: Ranks::ALL, when: Some(eq("status", "PAID")), rank: None };
    let deep = |below, rank| RankCase { below: Ranks::only(below), when: None, rank: Some(rank) };
    let reference = || "debts.client_id".into();
    let sets = [
        set(0, "clients", [subjects()]),
        set(
            1,
            "debts",
            [branch(
                Source::Referrers { reference: reference(), of: all(0) },
                [out, when(eq("status", "PENDING"), 4), RankCase::always(5)],
            )],
        ),
        set(
            2,
            "notes",
            [branch(
                Source::Referrers { reference: "notes.debt_id".into(), of: all(1) },
                [deep(4, 40), deep(9, 90)],
            )],
        ),
        set(
            3,
            "debts",
            [branch(
                Source::ReferencedBy { reference: "notes.debt_id".into(), of: all(2) },
                [deep(40, 1), RankCase::always(2)],
            )],
        ),
    ];
    let asked = [ranked(1, 4), ranked(1, 5), all(1), ranked(2, 40), all(2), ranked(3, 1), all(3)];
    let survey = world.store.survey(&query(&map(MAP), "clients", 1, sets, asked.map(count))).await;
    let counts: Vec<_> = survey.unwrap().answers.iter().map(|answer| answer.count).collect();
    assert_eq!(counts, [2, 1, 3, 1, 1, 1, 1]);
}

#[tokio::test]
async fn rows_must_be_in_within_and_not_in_except() {
    let world = World::new(DDL).await;
    let mut third = below("debts.client_id", 0);
    third.within = vec![all(1)];
    third.except = vec![ranked(2, 0)];
    let sets = [
        set(0, "clients", [subjects()]),
        set(
            1,
            "debts",
            [branch(
                Source::Referrers { reference: "debts.client_id".into(), of: all(0) },
                [when(not_null("status"), 0)],
            )],
        ),
        set(2, "debts", [branch(Source::Ids(ids(&[10, 9999])), [RankCase::always(0)])]),
        set(3, "debts", [third]),
    ];
    let asked = [all(1), all(2), all(3)];
    let survey = world.store.survey(&query(&map(MAP), "clients", 1, sets, asked.map(count))).await;
    let counts: Vec<_> = survey.unwrap().answers.iter().map(|answer| answer.count).collect();
    assert_eq!(counts, [3, 1, 2]);
}

#[tokio::test]
async fn a_malformed_value_is_named_only_if_a_condition_reads_it() {
    let world = World::new(DDL).await;
    world.run("INSERT INTO debts VALUES (11, 1, 'PENDING', '2024-02-30')").await;
    let after = || client_lifecycle::domain::after("due_at", client_lifecycle::domain::Moment::Now);
    let debts = |cases: Vec<RankCase>| {
        let reference = "debts.client_id".into();
        let sets = [
            set(0, "clients", [subjects()]),
            set(1, "debts", [branch(Source::Referrers { reference, of: all(0) }, cases)]),
        ];
        query(&map(MAP), "clients", 1, sets, [count(all(1))])
    };
    let found = world.store.survey(&debts(vec![when(after(), 1)])).await.unwrap_err();
    let StoreError::BadValue { kind, id, field, expected } = &found else { panic!("{found}") };
    assert_eq!((kind.as_str(), field.as_str(), expected.as_str()), ("debts", "due_at", "timestamp"));
    assert_eq!(*id, Some(11.into()));
    assert!(!format!("{found} {found:?}").contains("2024-02-30"));
    let pending_first = vec![when(eq("status", "PENDING"), 1), when(after(), 2)];
    assert_eq!(world.store.survey(&debts(pending_first)).await.unwrap().answers[0].count, 3);
    let other = debts(vec![when(is_null("due_at"), 1)]);
    assert_eq!(world.store.survey(&other).await.unwrap().answers[0].count, 1);
}

#[tokio::test]
async fn a_span_over_a_malformed_value_is_an_error() {
    let world = World::new(DDL).await;
    world.run("INSERT INTO debts VALUES (11, 1, 'PENDING', 'now')").await;
    let sets = [set(0, "clients", [subjects()]), set(1, "debts", [below("debts.client_id", 0)])];
    let asked = Question { rows: all(1), sample: 0, span: Some("due_at".into()) };
    let found = world.store.survey(&query(&map(MAP), "clients", 1, sets, [asked])).await.unwrap_err();
    assert_eq!(found.to_string(), "`debts` `11`: the value of `due_at` is not of type timestamp");
}

#[tokio::test]
async fn unknown_names_are_errors() {
    let world = World::new(DDL).await;
    let no_table = map(r#"{"kinds": {"clients": {}, "cars": {"table": "Autos"}},
        "references": [{"from": "cars.client_id", "to": "clients"}]}"#);
    let sets = || [set(0, "clients", [subjects()]), set(1, "cars", [below("cars.client_id", 0)])];
    let found = world.store.survey(&query(&no_table, "clients", 1, sets(), [])).await.unwrap_err();
    assert_eq!(found.to_string(), "the store has no kind `cars`");
    let no_column = map(r#"{"kinds": {"clients": {}, "cars": {"table": "debts"}},
        "references": [{"from": "cars.owner", "to": "clients"}]}"#);
    let sets = [set(0, "clients", [subjects()]), set(1, "cars", [below("cars.owner", 0)])];
    let found = world.store.survey(&query(&no_column, "clients", 1, sets, [count(all(1))])).await;
    assert_eq!(found.unwrap_err().to_string(), "the store has no field `owner`");
    let sets = [set(0, "clients", [subjects()]), set(1, "debts", [below("debts.owner", 0)])];
    let found = world.store.survey(&query(&map(MAP), "clients", 1, sets, [count(all(1))])).await;
    assert_eq!(found.unwrap_err().to_string(), "the store has no reference `debts.owner`");
    let sets = [set(0, "bikes", [subjects()])];
    let found = world.store.survey(&query(&map(MAP), "bikes", 1, sets, [count(all(0))])).await;
    assert_eq!(found.unwrap_err().to_string(), "the store has no kind `bikes`");
}

#[tokio::test]
async fn sets_that_double_at_each_level_have_linear_text() {
    let world = World::new(DDL).await;
    let mut sets = vec![set(0, "clients", [subjects()])];
    for level in 1..60 {
        let mut next = branch(Source::Members(all(level - 1)), [RankCase::always(0)]);
        next.within = vec![all(level - 1), ranked(level - 1, 0)];
        sets.push(set(level, "clients", [next]));
    }
    let asked: Vec<Question> = (0..60).map(|id| count(Rows::all(SetId(id)))).collect();
    let survey = world.store.survey(&query(&map(MAP), "clients", 1, sets, asked)).await.unwrap();
    assert!(survey.answers.iter().all(|answer| answer.count == 1));
    assert_eq!(survey.subjects, ids(&[1]));
}

/// A row without an id cannot be part of a set, so it would be neither counted nor deleted.
#[tokio::test]
async fn a_row_without_an_id_is_an_error() {
    let world = World::new(
        "CREATE TABLE clients (id TEXT PRIMARY KEY); INSERT INTO clients VALUES ('a');
         CREATE TABLE debts (id TEXT PRIMARY KEY, client_id TEXT);
         INSERT INTO debts VALUES (NULL, 'a'), ('d', 'a');",
    )
    .await;
    let map = map(
        r#"{"kinds": {"clients": {}, "debts": {}}, "references": [{"from": "debts.client_id", "to": "clients"}]}"#,
    );
    let sets = [set(0, "clients", [subjects()]), set(1, "debts", [below("debts.client_id", 0)])];
    let query = query(&map, "clients", "a", sets, [count(all(1))]);
    assert_eq!(
        world.store.survey(&query).await.unwrap_err().to_string(),
        "`debts` `?`: the value of `id` is not of type id"
    );
}

#[tokio::test]
async fn a_read_only_database_can_be_surveyed_but_not_written() {
    let world = World::new(DDL).await;
    let pool = client_lifecycle::sqlite::sqlx::SqlitePool::connect_with(options(&world.path).read_only(true));
    let store = client_lifecycle::sqlite::SqliteStore::new(pool.await.unwrap());
    let mut sets = vec![set(0, "clients", [subjects()])];
    for level in 1..30 {
        let mut next = branch(Source::Members(all(level - 1)), [RankCase::always(0)]);
        next.within = vec![all(level - 1)];
        sets.push(set(level, "clients", [next]));
    }
    let query = query(&map(MAP), "clients", 1, sets, [count(all(29))]);
    assert_eq!(store.survey(&query).await.unwrap().answers[0].count, 1);
    let delete = step("clients", all(0), client_lifecycle::protocol::Write::Delete, 0);
    let found = store.apply(&changes(1, query, [delete])).await.unwrap_err();
    assert_eq!(found.to_string(), "not supported: writing: the database is read-only");
}
