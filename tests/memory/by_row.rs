//! `ByRow`, where the contract leaves details open: limits, pages, retries, and overlapping steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use client_lifecycle::domain::{
    AuditEntry, AuditOutcome, DataMap, Kind, KindName, Mask, Mode, OperationId, Record, RecordId, Reference,
    Value, gt,
};
use client_lifecycle::memory::{MemoryRecords, MemoryStore};
use client_lifecycle::protocol::{
    Branch, ChangeSet, ChangeStep, Difference, ElementChange, Expected, NamedSet, NewValue, Precondition,
    Question, RankCase, Receipt, Rows, SetId, Source, Stratum, SurveyQuery, Write,
};
use client_lifecycle::store::{
    Batch, BatchError, ByRow, Mark, Page, Records, Store, StoreError, SystemTable,
};
use serde_json::json;

fn map() -> DataMap {
    serde_json::from_value(json!({
        "kinds": { "clients": { "status": "status" }, "debts": {}, "notes": {} },
        "references": [
            { "from": "debts.client_id", "to": "clients" },
            { "from": "notes.debt_id", "to": "debts" }
        ]
    }))
    .unwrap()
}

fn now() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// Makes a change set in which set 0 is the client and set 1 its debts.
fn changes(steps: Vec<(u16, Write)>) -> ChangeSet {
    let operation: OperationId = "00000000-0000-0000-0000-000000000001".parse().unwrap();
    let kinds = ["clients", "debts"];
    let set = |id: u16, source| {
        Stratum::Set(NamedSet {
            id: SetId(id),
            name: kinds[usize::from(id)].into(),
            kind: kinds[usize::from(id)].into(),
            branches: vec![Branch {
                source,
                within: vec![],
                except: vec![],
                switched: false,
                cases: vec![RankCase::always(0)],
            }],
        })
    };
    let debts = Source::Referrers { reference: "debts.client_id".into(), of: Rows::all(SetId(0)) };
    let lines: Vec<_> = steps
        .iter()
        .map(|(set, _)| {
            json!({ "kind": kinds[usize::from(*set)], "disposition": "delete", "path": [],
                    "planned": 0, "actual": 0 })
        })
        .collect();
    let receipt: Receipt = serde_json::from_value(json!({
        "operation": operation, "digest": "00", "at": now(), "kind": "clients", "subjects": ["c1"],
        "mode": "hard_delete", "outcome": "delete", "complete": true, "steps": lines, "open": []
    }))
    .unwrap();
    let mut audit =
        AuditEntry::new(operation, Mode::HardDelete, "clients", vec!["c1".into()], now(), AuditOutcome::Done);
    audit.detail = json!({});
    ChangeSet {
        operation,
        query: SurveyQuery {
            map: Arc::new(map()),
            kind: "clients".into(),
            subjects: vec!["c1".into()],
            sets: [set(0, Source::Subjects), set(1, debts)].into(),
            questions: [].into(),
            now: now(),
            mask_key: None,
            undoes: None,
        },
        locks: vec![],
        preconditions: vec![],
        event_drafts: vec![],
        steps: steps
            .into_iter()
            .enumerate()
            .map(|(line, (set, write))| ChangeStep {
                kind: kinds[usize::from(set)].into(),
                rows: Rows::all(SetId(set)),
                write,
                receipt_step: Some(line),
            })
            .collect(),
        audit,
        inserts: vec![],
        events: vec![],
        snapshot: vec![],
        receipt,
        mask_key: None,
    }
}

fn erase() -> ChangeSet {
    changes(vec![(1, Write::Delete), (0, Write::Delete)])
}

fn exactly(mut changes: ChangeSet, debts: u64) -> ChangeSet {
    changes.preconditions.push(Precondition {
        question: Question::count(Rows::all(SetId(1))),
        expected: Expected::Exactly(debts),
    });
    changes
}

fn debt(id: i64) -> Record {
    Record::new(id).with("client_id", "c1")
}

fn world(debts: i64) -> MemoryRecords {
    let records = MemoryRecords::new();
    records.insert("clients", [Record::new("c1").with("status", "ON"), Record::new("c2")]);
    records.insert("debts", (1..=debts).map(debt));
    records.insert("notes", []);
    records
}

fn actual(receipt: &Receipt) -> Vec<u64> {
    receipt.steps.iter().map(|step| step.actual).collect()
}

#[tokio::test]
async fn more_rows_than_the_limit_are_an_error() {
    let store = ByRow::new(world(5)).max_rows(5);
    let result = store.apply(&erase()).await;
    assert!(matches!(result, Err(StoreError::TooLarge { limit: 5 })));
    assert_eq!(store.records().rows("debts").len(), 5);

    let store = ByRow::new(world(5)).max_rows(6);
    assert_eq!(actual(&store.apply(&erase()).await.unwrap()), [5, 1]);
}

#[tokio::test]
async fn the_limit_is_ten_thousand_by_default() {
    let result = ByRow::new(world(10_000)).apply(&erase()).await;
    assert!(matches!(result, Err(StoreError::TooLarge { limit: 10_000 })));
}

#[tokio::test]
async fn rows_are_read_in_pages() {
    for debts in [999, 1_000, 1_001, 2_500] {
        let store = ByRow::new(world(debts));
        let receipt = store.apply(&erase()).await.unwrap();
        assert_eq!(actual(&receipt), [debts.unsigned_abs(), 1]);
        assert!(store.records().rows("debts").is_empty());
    }
}

#[tokio::test]
async fn a_store_in_memory_handles_a_hundred_thousand_rows() {
    let debts = (1..=100_000).map(debt);
    let store = MemoryStore::new().with("clients", [Record::new("c1")]).with("debts", debts);
    let receipt = store.apply(&exactly(erase(), 100_000)).await.unwrap();
    assert_eq!(actual(&receipt), [100_000, 1]);
}

#[tokio::test]
async fn the_first_bad_value_in_the_order_of_ids_is_the_error() {
    let mut query = erase().query;
    query.map = Arc::new(
        serde_json::from_value(json!({
            "kinds": { "clients": {}, "debts": { "fields": { "amount": "integer" } } },
            "references": [{ "from": "debts.client_id", "to": "clients" }]
        }))
        .unwrap(),
    );
    let mut sets = query.sets.to_vec();
    let Stratum::Set(debts) = &mut sets[1] else { unreachable!() };
    debts.branches[0].cases[0].when = Some(gt("amount", 5));
    query.sets = sets.into();
    let rows = [7, 3, 5].map(|id| debt(id).with("amount", "five"));
    let records = world(0);
    records.insert("debts", rows.clone());
    let memory = MemoryStore::new().with("clients", [Record::new("c1")]).with("debts", rows);
    for store in [&ByRow::new(records) as &dyn Store, &memory] {
        let error = store.survey(&query).await.unwrap_err();
        let StoreError::BadValue { id: Some(id), field, .. } = &error else { panic!("{error}") };
        assert_eq!((id, field.as_str()), (&RecordId::from(3), "amount"));
    }
}

#[tokio::test]
async fn a_deleted_row_is_not_updated() {
    let off = || vec![("status".into(), NewValue::Value("OFF".into()))];
    let steps = vec![(0, Write::Update(off())), (0, Write::Delete), (0, Write::Update(off()))];
    let store = ByRow::new(world(0));
    let receipt = store.apply(&changes(steps)).await.unwrap();
    assert_eq!(actual(&receipt), [1, 1, 0]);
    assert_eq!(store.records().rows("clients").len(), 1);
}

#[tokio::test]
async fn marks_keep_the_previous_values() {
    let values =
        vec![("status".into(), NewValue::Value("OFF".into())), ("name".into(), NewValue::Masked(Mask::Null))];
    let store = ByRow::new(world(0));
    store.records().insert("clients", [Record::new("c1").with("status", "ON").with("name", "Ana")]);
    let changes = changes(vec![(0, Write::Mark(values))]);
    store.apply(&changes).await.unwrap();
    let marks = store.records().rows(SystemTable::Marks.as_str());
    let mark = Mark::try_from(&marks[0]).unwrap();
    assert_eq!((marks.len(), mark.record), (1, "c1".into()));
    assert_eq!(mark.before.len(), 1, "what was masked is not kept");
    assert!(mark.before["status"] == Value::from("ON"));
}

#[tokio::test]
async fn a_keyed_mask_without_a_key_is_refused_before_anything_is_read() {
    let masked = vec![("name".into(), NewValue::Masked(Mask::Hmac))];
    let store = MemoryStore::new();
    let result = store.apply(&changes(vec![(0, Write::Update(masked))])).await;
    assert!(matches!(result, Err(StoreError::Unsupported(_))));
}

#[tokio::test]
async fn an_unknown_set_is_refused() {
    let mut changes = erase();
    changes.steps[0].rows = Rows::all(SetId(7));
    let result = ByRow::new(world(1)).apply(&changes).await;
    assert!(matches!(result, Err(StoreError::Unsupported(_))));

    let mut changes = erase();
    let question = Question::count(Rows::all(SetId(7)));
    changes.preconditions.push(Precondition { question, expected: Expected::Exactly(0) });
    let result = ByRow::new(world(1)).apply(&changes).await;
    assert!(matches!(result, Err(StoreError::Unsupported(_))));
}

/// Records in which another writer adds a debt just before each of the first `changes` writes.
struct Busy {
    inner: MemoryRecords,
    writes: AtomicUsize,
    changes: usize,
}

impl Busy {
    fn store(changes: usize) -> ByRow<Self> {
        ByRow::new(Self { inner: world(2), writes: AtomicUsize::new(0), changes })
    }
}

#[async_trait]
impl Records for Busy {
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        self.inner.get(kind, ids).await
    }

    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        ids: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError> {
        self.inner.referrers(kind, reference, ids, page).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), BatchError> {
        let number = self.writes.fetch_add(1, Ordering::SeqCst);
        if number < self.changes {
            let id = 100 + i64::try_from(number).unwrap();
            self.inner.insert("debts", [debt(id)]);
        }
        self.inner.write(batch).await
    }
}

#[tokio::test]
async fn a_concurrent_change_is_decided_again() {
    let store = Busy::store(2);
    let receipt = store.apply(&erase()).await.unwrap();
    assert_eq!(actual(&receipt), [4, 1]);
    assert!(store.records().inner.rows("debts").is_empty());
    assert_eq!(store.records().inner.rows(SystemTable::Audit.as_str()).len(), 1);
}

#[tokio::test]
async fn a_concurrent_change_can_be_a_conflict() {
    let result = Busy::store(1).apply(&exactly(erase(), 2)).await;
    let Err(StoreError::Conflict { differences }) = result else {
        panic!("not a conflict");
    };
    let expected = Difference { precondition: 0, found: 3 };
    assert_eq!(differences, [expected]);
}

#[tokio::test]
async fn three_failed_attempts_are_contention() {
    let store = Busy::store(usize::MAX);
    let error = store.apply(&erase()).await.unwrap_err();
    assert!(error.is_retryable() && error.code() == "contention");
    assert_eq!(store.records().writes.load(Ordering::SeqCst), 3);
    let error = store.survey(&erase().query).await.unwrap_err();
    assert!(error.is_retryable() && error.code() == "contention");
    assert!(store.records().inner.rows(SystemTable::Operations.as_str()).is_empty());
}

#[tokio::test]
async fn check_reports_reserved_and_missing_kinds() {
    let kinds = [KindName::from("lifecycle_audit"), "ghosts".into(), "clients".into()];
    let map = DataMap::new(kinds.map(Kind::named), []).unwrap();
    let faults = ByRow::new(world(0)).check(&map).await.unwrap();
    let paths: Vec<&str> = faults.iter().map(|fault| &*fault.path).collect();
    assert_eq!(paths, ["kinds.ghosts", "kinds.lifecycle_audit"]);
}

/// Each of sixteen threads expects sixteen debts and deletes one. Only the first succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_threads_with_the_same_precondition_wins() {
    let store = Arc::new(ByRow::new(world(16)));
    let tasks: Vec<_> = (1..=16_u128)
        .map(|number| {
            let mut mine = exactly(changes(vec![(1, Write::Delete)]), 16);
            mine.operation = uuid::Uuid::from_u128(number).into();
            mine.receipt.operation = mine.operation;
            let own = Source::Ids(vec![i64::try_from(number).unwrap().into()]);
            let mut sets = mine.query.sets.to_vec();
            let Stratum::Set(debts) = sets[1].clone() else { unreachable!() };
            let mut one = debts;
            one.id = SetId(2);
            one.branches[0].source = own;
            sets.push(Stratum::Set(one));
            mine.query.sets = sets.into();
            mine.steps[0].rows = Rows::all(SetId(2));
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.apply(&mine).await })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            Err(error) => assert!(matches!(error.code(), "conflict" | "contention"), "{error}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(store.records().rows("debts").len(), 15);
    assert_eq!(store.records().rows(SystemTable::Operations.as_str()).len(), 1);
}

/// A change set that takes the client, or another set, out of the owners of its debts.
fn without_owner(reference: &str, of: u16) -> ChangeSet {
    let change = ElementChange { reference: reference.into(), of: vec![Rows::all(SetId(of))], new: None };
    let mut changes = changes(vec![(1, Write::Update(vec![("owners".into(), NewValue::Elements(change))]))]);
    let map: DataMap = serde_json::from_value(json!({
        "kinds": { "clients": {}, "debts": {} },
        "references": [
            { "from": "debts.owners", "to": "clients", "each": true }, { "from": "debts.client_id", "to": "clients" }
        ]
    }))
    .unwrap();
    changes.query.map = Arc::new(map);
    changes
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_an_error_in_a_store_by_rows_too() {
    for bad in [json!("c1"), json!([["c1"]]), json!({ "c1": 1 })] {
        let store = ByRow::new(MemoryRecords::new());
        for own in SystemTable::ALL {
            store.records().insert(own.as_str(), []);
        }
        store.records().insert("clients", [Record::new("c1")]);
        let debt = |id: &str, owners: serde_json::Value| {
            Record::new(id).with("owners", owners).with("client_id", "c1")
        };
        store.records().insert("debts", [debt("d1", json!(["c1", "c2"])), debt("d2", bad)]);
        let mut changes = without_owner("debts.owners", 0);
        let Some(Stratum::Set(set)) = changes.query.sets.get(1).cloned() else { panic!() };
        let source = Source::Referrers { reference: "debts.owners".into(), of: Rows::all(SetId(0)) };
        let branch = Branch { source, ..set.branches[0].clone() };
        let set = NamedSet { branches: vec![branch], ..set };
        changes.query.sets = [changes.query.sets[0].clone(), Stratum::Set(set)].into();
        let error = store.apply(&changes).await.unwrap_err();
        let StoreError::BadValue { kind, id, field, expected } = &error else { panic!("{error:?}") };
        let found = (kind.as_str(), id.clone(), field.as_str(), expected.as_str());
        assert_eq!(found, ("debts", Some("d2".into()), "owners", "list of ids"));
    }
}

#[tokio::test]
async fn elements_are_changed_only_over_a_list_that_leads_to_the_rows() {
    let store = MemoryStore::new()
        .with("clients", [Record::new("c1")])
        .with("debts", [Record::new("d1").with("owners", json!(["c1", "c2"])).with("client_id", "c1")]);
    for (reference, of) in [("debts.owners", 1), ("debts.client_id", 0), ("debts.other", 0)] {
        let error = store.apply(&without_owner(reference, of)).await.unwrap_err();
        let is_named = matches!(error, StoreError::Unsupported(_) | StoreError::Unknown { .. });
        assert!(is_named && error.to_string().contains("debts."), "{reference}: {error:?}");
    }
    assert_eq!(store.rows("debts")[0].get("owners"), &Value::from(json!(["c1", "c2"])));
    store.apply(&without_owner("debts.owners", 0)).await.unwrap();
    assert_eq!(store.rows("debts")[0].get("owners"), &Value::from(json!(["c2"])));
}
