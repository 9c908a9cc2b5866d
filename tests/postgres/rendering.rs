//! The text of the SQL for surveys and change sets.

use client_lifecycle::domain::{AuditEntry, AuditOutcome, DataMap, Mask, Mode, OperationId, eq, is_null};
use client_lifecycle::protocol::{
    Branch, ChangeSet, ChangeStep, LockRows, NamedSet, NewValue, Question, RankCase, Ranks, Receipt, Rows,
    SetId, Source, Stratum, SurveyQuery, Write,
};
use client_lifecycle::sql::{Dialect, Prefix, Statement, render_changes, render_survey, schema};
use serde_json::json;
use uuid::Uuid;

const MAP: &str = r#"{"kinds": {"clients": {"table": "sales.Our \"clients\"", "fields": {"id": "uuid", "born": "date"}},
    "debts": {"fields": {"id": "integer", "status": "text", "at": "timestamp"}}, "notes": {}},
    "references": [{"from": "debts.client_id", "to": "clients"}, {"from": "notes.debt_id", "to": "debts"},
                   {"from": "clients.boss", "to": "clients", "nullable": true}]}"#;

fn show(statements: &[Statement]) -> String {
    let text: Vec<String> =
        statements.iter().map(|one| format!("{};\n-- {:?}\n", one.sql, one.params)).collect();
    text.join("\n")
}

fn all(set: u16) -> Rows {
    Rows::all(SetId(set))
}

fn set(id: u16, kind: &str, branches: Vec<Branch>) -> NamedSet {
    NamedSet { id: SetId(id), name: format!("{kind} {id}"), kind: kind.into(), branches }
}

fn referrers(reference: &str, of: u16, cases: Vec<RankCase>) -> Branch {
    Branch::new(Source::Referrers { reference: reference.into(), of: all(of) }, cases)
}

fn when(condition: client_lifecycle::domain::Condition, rank: Option<u16>) -> RankCase {
    RankCase { below: Ranks::ALL, when: Some(condition), rank }
}

fn query() -> SurveyQuery {
    let map: DataMap = serde_json::from_str(MAP).unwrap();
    let subjects = Branch::new(Source::Subjects, vec![RankCase::always(0)]);
    let boss = referrers("clients.boss", 0, vec![when(is_null("born"), None), RankCase::always(1)]);
    let debts = vec![
        when(eq("status", "OLD"), None),
        when(eq("at", "2024-02-29T00:00:00Z"), Some(1)),
        RankCase::always(2),
    ];
    SurveyQuery {
        map: std::sync::Arc::new(map),
        kind: "clients".into(),
        subjects: vec![Uuid::nil().into()],
        sets: [
            Stratum::Cycle(vec![set(0, "clients", vec![subjects, boss])]),
            Stratum::Set(set(1, "debts", vec![referrers("debts.client_id", 0, debts)])),
            Stratum::Set(set(2, "notes", vec![referrers("notes.debt_id", 1, vec![RankCase::always(0)])])),
        ]
        .into_iter()
        .collect(),
        questions: [
            Question::count(all(0)),
            Question::count(Rows::ranked(SetId(1), 1)),
            Question::count(all(2)),
        ]
        .into_iter()
        .collect(),
        now: "2026-06-15T12:00:00Z".parse().unwrap(),
        mask_key: None,
        undoes: None,
    }
}

#[test]
fn a_survey_is_one_statement_including_cycles() {
    let statements = render_survey(Dialect::Postgres, &Prefix::default(), &query()).unwrap();
    assert_eq!(statements.len(), 1);
    insta::assert_snapshot!(show(&statements));
}

/// Makes a change set whose plan counts this many rows for the first step.
fn changes(planned: u64) -> ChangeSet {
    let query = query();
    let step = |kind: &str, rows, write| ChangeStep {
        kind: kind.into(),
        rows,
        write,
        receipt_step: (kind == "notes").then_some(0),
    };
    let masks = vec![
        ("name".into(), NewValue::Masked(Mask::Text("x".into()))),
        ("born".into(), NewValue::Masked(Mask::Year)),
    ];
    let at = query.now;
    let operation = OperationId::from(Uuid::nil());
    let receipt: Receipt = serde_json::from_value(json!({
        "operation": operation, "digest": "00", "at": at, "kind": query.kind, "subjects": query.subjects,
        "mode": "hard_delete", "outcome": "delete", "complete": true, "open": [],
        "steps": [{ "kind": "notes", "disposition": "delete", "path": [], "planned": planned, "actual": 0 }]
    }))
    .unwrap();
    let subjects = query.subjects.clone();
    let audit = AuditEntry::new(operation, Mode::HardDelete, &query.kind, subjects, at, AuditOutcome::Done);
    ChangeSet {
        operation,
        locks: vec![LockRows { rows: all(0) }, LockRows { rows: all(1) }],
        preconditions: Vec::new(),
        inserts: Vec::new(),
        event_drafts: Vec::new(),
        events: Vec::new(),
        steps: vec![
            step("notes", all(2), Write::Delete),
            step("debts", Rows::ranked(SetId(1), 1), Write::Delete),
            step(
                "debts",
                Rows::ranked(SetId(1), 2),
                Write::Update(vec![("status".into(), NewValue::Value("GONE".into()))]),
            ),
            step("clients", all(0), Write::Mark(masks)),
        ],
        audit,
        snapshot: Vec::new(),
        receipt,
        mask_key: None,
        query,
    }
}

fn shown(changes: &ChangeSet) -> String {
    show(&render_changes(Dialect::Postgres, &Prefix::new("mine_").unwrap(), changes).unwrap())
}

#[test]
fn a_small_change_set_is_one_statement_after_the_locks() {
    insta::assert_snapshot!(shown(&changes(500)));
}

#[test]
fn a_large_change_set_has_statements_for_each_kind() {
    insta::assert_snapshot!(shown(&changes(501)));
}

#[test]
fn the_schema_is_text() {
    insta::assert_snapshot!(schema(Dialect::Postgres, &Prefix::default()).join(";\n"));
}
