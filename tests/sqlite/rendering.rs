//! The text of the SQL for surveys and change sets.

use client_lifecycle::domain::{Mask, eq, older_than};
use client_lifecycle::protocol::{
    EventDraft, Expected, NewValue, Precondition, RankCase, Ranks, Source, Stratum, SurveyQuery, Write,
};
use client_lifecycle::sql::{Dialect, Prefix, SqlValue, Statement, render_changes, render_survey, schema};

use crate::world::*;

const MAP: &str = r#"{"kinds": {"clients": {"table": "Our \"clients\""}, "debts": {"fields": {"status": "text"}}, "notes": {}},
    "references": [{"from": "debts.client_id", "to": "clients"}, {"from": "notes.debt_id", "to": "debts"},
                   {"from": "clients.boss", "to": "clients", "nullable": true}]}"#;

fn show(statements: &[Statement]) -> String {
    let text: Vec<String> = statements
        .iter()
        .map(|statement| format!("{};\n-- {:?}\n", statement.sql, statement.params))
        .collect();
    text.join("\n")
}

fn tree() -> SurveyQuery {
    let out = RankCase { below: Ranks::ALL, when: Some(eq("status", "OLD")), rank: None };
    let of = all(0);
    let sets = [
        set(0, "clients", [subjects()]),
        set(
            1,
            "debts",
            [branch(
                Source::Referrers { reference: "debts.client_id".into(), of },
                [out, when(eq("status", "PENDING"), 1), RankCase::always(2)],
            )],
        ),
        set(2, "notes", [below("notes.debt_id", 1)]),
    ];
    query(
        &map(MAP),
        "clients",
        "a",
        sets,
        [count(all(0)), count(ranked(1, 1)), count(ranked(1, 2)), count(all(2))],
    )
}

#[test]
fn a_survey_is_one_statement() {
    let statements = render_survey(Dialect::Sqlite, &Prefix::default(), &tree()).unwrap();
    insta::assert_snapshot!(show(&statements));
}

#[test]
fn a_cycle_is_walked_by_one_recursive_query() {
    let mut query = tree();
    let mut walk = below("clients.boss", 0);
    walk.cases =
        vec![when(eq("name", "x"), 3), RankCase { below: Ranks::only(3), when: None, rank: Some(4) }];
    query.sets = [Stratum::Cycle(vec![set(0, "clients", [subjects(), walk])])].into_iter().collect();
    query.questions = [count(all(0))].into_iter().collect();
    let statements = render_survey(Dialect::Sqlite, &Prefix::default(), &query).unwrap();
    insta::assert_snapshot!(show(&statements));
}

#[test]
fn a_change_set_is_materialized_counted_reported_and_written() {
    let update = Write::Mark(vec![
        ("name".into(), NewValue::Masked(Mask::Text("nobody".into()))),
        ("email".into(), NewValue::Masked(Mask::PlaceholderEmail)),
    ]);
    let steps = [
        step("notes", all(2), Write::Delete, 0),
        step("debts", ranked(1, 2), Write::Delete, 1),
        step("debts", ranked(1, 1), Write::Keep, 2),
        step("clients", all(0), update, 3),
    ];
    let mut changes = changes(1, tree(), steps);
    changes.preconditions =
        vec![Precondition { question: count(ranked(1, 1)), expected: Expected::Exactly(0) }];
    changes.event_drafts = vec![EventDraft {
        topic: "debts.cancel".into(),
        kind: "debts".into(),
        rows: ranked(1, 2),
        fields: vec!["status".into()],
    }];
    let statements = render_changes(Dialect::Sqlite, &Prefix::new("mine_").unwrap(), &changes).unwrap();
    insta::assert_snapshot!(show(&statements));
}

#[test]
fn the_text_grows_with_the_length_of_a_chain_and_not_with_its_number_of_paths() {
    let chain = |length: u16| {
        let kinds: Vec<String> = (0..length).map(|k| format!("\"k{k}\": {{}}")).collect();
        let references: Vec<String> =
            (1..length).map(|k| format!(r#"{{"from": "k{k}.up", "to": "k{}"}}"#, k - 1)).collect();
        let map = map(&format!(
            r#"{{"kinds": {{{}}}, "references": [{}]}}"#,
            kinds.join(","),
            references.join(",")
        ));
        let sets = (0..length).map(|k| match k {
            0 => set(0, "k0", [subjects()]),
            k => set(k, &format!("k{k}"), [below(&format!("k{k}.up"), k - 1)]),
        });
        let query = query(&map, "k0", 1, sets, (0..length).map(|k| count(all(k))));
        let statements = render_survey(Dialect::Sqlite, &Prefix::default(), &query).unwrap();
        statements.iter().map(|statement| statement.sql.len()).sum::<usize>()
    };
    let (six, twelve, twenty_four) = (chain(6), chain(12), chain(24));
    assert!(
        twelve < 2 * six + six / 5 && twenty_four < 2 * twelve + twelve / 5,
        "{six} {twelve} {twenty_four}"
    );
}

#[test]
fn the_schema_is_text() {
    insta::assert_snapshot!(schema(Dialect::Sqlite, &Prefix::default()).join(";\n"));
}

#[test]
fn values_are_never_shown() {
    let values = [
        SqlValue::from("Maria"),
        SqlValue::Integer(42),
        SqlValue::Blob(vec![7]),
        SqlValue::Real(1.5),
        SqlValue::Null,
    ];
    assert_eq!(format!("{values:?}"), "[text, integer, blob, real, null]");
}

#[test]
fn a_survey_of_ten_kinds_that_are_kept_by_their_timestamps_is_at_most_eleven_kilobytes_long() {
    let kinds: Vec<String> =
        (1..10).map(|k| format!(r#""k{k}": {{"fields": {{"created_at": "timestamp"}}}}"#)).collect();
    let references: Vec<String> =
        (1..10).map(|k| format!(r#"{{"from": "k{k}.client_id", "to": "clients"}}"#)).collect();
    let map = map(&format!(
        r#"{{"kinds": {{"clients": {{"fields": {{"created_at": "timestamp"}}}}, {}}}, "references": [{}]}}"#,
        kinds.join(","),
        references.join(",")
    ));
    let sets = (0..10).map(|k| {
        let cases = [when(older_than("created_at", "P10Y".parse().unwrap()), 1), RankCase::always(2)];
        match k {
            0 => set(0, "clients", [branch(Source::Subjects, cases)]),
            k => {
                let reference = format!("k{k}.client_id").into();
                set(k, &format!("k{k}"), [branch(Source::Referrers { reference, of: all(0) }, cases)])
            }
        }
    });
    let questions = (0..10).flat_map(|k| [count(ranked(k, 1)), count(ranked(k, 2))]);
    let query = query(&map, "clients", 1, sets, questions);
    let statements = render_survey(Dialect::Sqlite, &Prefix::default(), &query).unwrap();
    let length: usize = statements.iter().map(|statement| statement.sql.len()).sum();
    assert!(length <= 11_000, "{length}: {}", show(&statements));
}
