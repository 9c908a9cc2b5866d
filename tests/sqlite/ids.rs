//! Ids as the host stores them: integers, text, and UUIDs as text or as bytes.

use client_lifecycle::clients::wire::Wire;
use client_lifecycle::clients::{Client, ClientPatch};
use client_lifecycle::domain::{Actor, AuditOutcome, RecordId, Request, Value};
use client_lifecycle::policy::ModeBuilder;
use client_lifecycle::protocol::{EventDraft, NewValue, Question, RankCase, Source, Write};
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::store::{Store, StoreError};
use client_lifecycle::{DeletionPolicy, Lifecycle};

use crate::world::*;

const MAP: &str = r#"{"kinds": {"clients": {}, "debts": {}}, "references": [{"from": "debts.client_id", "to": "clients"}]}"#;
const A: &str = "550e8400-e29b-41d4-a716-446655440000";
const B: &str = "00000000-0000-0000-0000-00000000000b";

async fn found(world: &World, id: impl Into<RecordId>) -> Result<Vec<RecordId>, StoreError> {
    let sets = [set(0, "clients", [subjects()])];
    Ok(world.store.survey(&query(&map(MAP), "clients", id, sets, [])).await?.subjects)
}

fn tables(id: &str, a: &str, b: &str) -> String {
    format!(
        "CREATE TABLE clients (id {id} PRIMARY KEY); CREATE TABLE debts (id {id} PRIMARY KEY, client_id {id});
         INSERT INTO clients VALUES ({a}), ({b}); INSERT INTO debts VALUES ({a}, {a}), ({b}, {a});"
    )
}

#[tokio::test]
async fn an_integer_is_found_by_its_digits() {
    let world = World::new(&tables("INTEGER", "42", "7")).await;
    assert_eq!(found(&world, 42).await.unwrap(), [42.into()]);
    assert_eq!(found(&world, "42").await.unwrap(), [42.into()]);
    assert_eq!(found(&world, 8).await.unwrap(), []);
    for id in ["abc", "042"] {
        let wrong = found(&world, id).await.unwrap_err();
        assert_eq!(wrong.to_string(), format!("`{id}` is not an id of `clients`, whose ids are integers"));
    }
    assert_eq!(found(&world, A).await.unwrap_err().code(), "wrong_id");
}

#[tokio::test]
async fn text_is_found_by_the_integer_of_its_digits() {
    let world = World::new(&tables("TEXT", "'42'", &format!("'{A}'"))).await;
    assert_eq!(found(&world, 42).await.unwrap(), ["42".into()]);
    assert_eq!(found(&world, A).await.unwrap(), [A.into()]);
}

#[tokio::test]
async fn uuids_as_bytes_are_found_counted_named_and_deleted() {
    let bytes = |uuid: &str| format!("x'{}'", uuid.replace('-', ""));
    let world = World::new(&tables("BLOB", &bytes(A), &bytes(B))).await;
    assert_eq!(found(&world, A).await.unwrap(), [A.into()]);
    assert_eq!(found(&world, A.to_uppercase()).await.unwrap(), [A.into()]);
    assert_eq!(
        found(&world, "abc").await.unwrap_err().to_string(),
        "`abc` is not an id of `clients`, whose ids are UUIDs"
    );
    let sets = [set(0, "clients", [subjects()]), set(1, "debts", [below("debts.client_id", 0)])];
    let asked = Question { rows: all(1), sample: 5, span: None };
    let mut query = query(&map(MAP), "clients", A, sets, [asked]);
    query.subjects.push(B.into());
    let survey = world.store.survey(&query).await.unwrap();
    assert_eq!(survey.subjects, [B.into(), A.into()]);
    assert_eq!(survey.answers[0].sample, [B.into(), A.into()]);
    let steps = [step("debts", all(1), Write::Delete, 0), step("clients", all(0), Write::Delete, 1)];
    let mut changes = changes(1, query, steps);
    let fields = vec!["client_id".into()];
    changes.event_drafts =
        vec![EventDraft { topic: "gone".into(), kind: "debts".into(), rows: all(1), fields }];
    assert_eq!(actual(&world.store.apply(&changes).await.unwrap()), [2, 2]);
    let events = world.store.events(changes.operation).await.unwrap();
    let pairs: Vec<_> =
        events.iter().map(|event| (event.record.clone(), event.fields["client_id"].clone())).collect();
    assert_eq!(pairs, [(B.into(), Value::from(A)), (A.into(), Value::from(A))]);
    assert_eq!(world.store.audit(&"clients".into(), &A.into()).await.unwrap()[0].subjects, [A.into()]);
}

// R6 R117
#[tokio::test]
async fn an_impossible_id_is_not_found_and_recorded() {
    for (column, a, b) in [("BLOB", "x'0a'", "x'0b'"), ("INTEGER", "7", "8"), ("TEXT", "'a'", "'b'")] {
        let world = World::new(&tables(column, a, b)).await;
        for field in Client::FIELDS {
            world.run(&format!("ALTER TABLE clients ADD COLUMN {field} TEXT")).await;
        }
        let policy = DeletionPolicy::of("clients")
            .kind("clients", |kind| kind.status("status"))
            .hard_delete(ModeBuilder::allow_any)
            .update(ModeBuilder::allow_authenticated)
            .build()
            .unwrap();
        let lifecycle = Lifecycle::open(SqliteStore::new(world.pool().clone()), policy).await.unwrap();
        let error = lifecycle.execute(&Request::hard_delete("clients", "not-a-uuid")).await.unwrap_err();
        let answer = Wire::clinic().error(&error);
        assert_eq!((answer.status, answer.message()), (404, "Cliente no encontrado"), "{column}");
        let entries = world.store.audit(&"clients".into(), &"not-a-uuid".into()).await.unwrap();
        let outcomes: Vec<_> = entries.iter().map(|entry| entry.outcome).collect();
        assert_eq!(outcomes, [AuditOutcome::NotFound], "{column}");
        assert_eq!(world.number("SELECT count(*) FROM clients").await, 2);
        // An actor without permission gets that error first, and does not learn which ids are valid.
        let (update, patch) =
            (Request::update("clients", "not-a-uuid"), ClientPatch::new().with_city("Soria"));
        assert_eq!(
            lifecycle.clients().unwrap().update(&update, &patch).await.unwrap_err().code(),
            "unauthenticated",
            "{column}"
        );
        let update = update.by(Actor::with_roles("ana", []));
        let error = lifecycle.clients().unwrap().update(&update, &patch).await.unwrap_err();
        assert_eq!(Wire::clinic().error(&error), answer, "{column}");
    }
}

#[tokio::test]
async fn a_new_target_is_written_in_the_form_of_its_id() {
    let bytes = |uuid: &str| format!("x'{}'", uuid.replace('-', ""));
    let world = World::new(&tables("BLOB", &bytes(A), &bytes(B))).await;
    let sets = [set(0, "clients", [subjects()]), set(1, "debts", [below("debts.client_id", 0)])];
    let reassign = Write::Update(vec![("client_id".into(), NewValue::Value(B.into()))]);
    let query = query(&map(MAP), "clients", A, sets, []);
    world.store.apply(&changes(1, query, [step("debts", all(1), reassign, 0)])).await.unwrap();
    assert_eq!(world.number(&format!("SELECT count(*) FROM debts WHERE client_id = {}", bytes(B))).await, 2);
}

#[tokio::test]
async fn samples_are_in_order_of_value_and_of_bytes() {
    let world = World::new(
        "CREATE TABLE clients (id TEXT COLLATE NOCASE PRIMARY KEY);
         INSERT INTO clients VALUES ('b'), ('A'), ('a2'), ('C'), ('é'), ('10'), ('9');",
    )
    .await;
    let ids = ["A", "b", "C", "a2", "é", "10", "9"].map(RecordId::from).into();
    let sets = [set(0, "clients", [branch(Source::Ids(ids), [RankCase::always(0)])])];
    let asked = Question { rows: all(0), sample: 6, span: None };
    let survey = world.store.survey(&query(&map(MAP), "clients", 1, sets, [asked])).await.unwrap();
    assert_eq!(survey.answers[0].sample, ["10", "9", "A", "C", "a2", "b"].map(RecordId::from));
}
