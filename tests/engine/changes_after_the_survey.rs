//! Changes between the survey and the first write. `execute` and `apply` detect different changes: `apply` also checks
//! what its plan showed.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use client_lifecycle::domain::{Actor, DataMap, Fault, Record, Request};
use client_lifecycle::protocol::{ChangeSet, Receipt, Survey, SurveyQuery};
use client_lifecycle::store::StoreError;
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore, Store};
use serde_json::{Value, json};

/// A store in which another writer adds a row just before the first change set is applied.
struct Meanwhile {
    store: MemoryStore,
    comes: Mutex<Option<(&'static str, Record)>>,
    seen: Arc<Mutex<Vec<&'static str>>>,
}

#[async_trait]
impl Store for Meanwhile {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.store.check(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        self.store.survey(query).await
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        if let Some((kind, row)) = self.comes.lock().unwrap().take() {
            self.store.insert(kind, [row]);
        }
        let done = self.store.apply(changes).await;
        if !changes.is_record_only() {
            self.seen.lock().unwrap().push(if done.is_ok() { "done" } else { "conflict" });
        }
        done
    }
}

fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "debts": {}, "notes": {},
                   "invoices": { "fields": { "issued_at": { "type": "timestamp", "nullable": true } } } },
        "references": [
            { "from": "debts.client_id", "to": "clients" },
            { "from": "notes.debt_id", "to": "debts" },
            { "from": "invoices.client_id", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": {
            "allow": "any",
            "guards": [ { "name": "urgent", "on": "debts", "when": { "field": "state", "eq": "URGENT" }, "severity": "warn" },
                        { "name": "seen", "on": "debts", "when": { "field": "state", "eq": "SEEN" }, "severity": "note" } ],
            "rules": {
                "debts.client_id": "cascade", "notes.debt_id": "cascade",
                "invoices.client_id": { "retain": { "for": "P6Y", "from": "issued_at", "basis": "tax" }, "on_survive": "set_null" } } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn debt(id: &str, state: &str) -> (&'static str, Record) {
    ("debts", Record::new(id).with("client_id", "c1").with("state", state))
}

fn invoice(id: &str, issued_at: &Value) -> (&'static str, Record) {
    ("invoices", Record::new(id).with("client_id", "c1").with("issued_at", issued_at.clone()))
}

/// Runs `execute`, then `apply` on a plan, while a row is added before the first write. Returns for each the results
/// of the change sets it tried.
async fn tried(
    before: &[(&'static str, Record)],
    comes: &(&'static str, Record),
    acknowledged: &[&str],
) -> [Vec<&'static str>; 2] {
    let mut both = [Vec::new(), Vec::new()];
    for (in_one_go, tried) in [true, false].into_iter().zip(&mut both) {
        let store = MemoryStore::new()
            .with("clients", [Record::new("c1")])
            .with("debts", [])
            .with("notes", [])
            .with("invoices", []);
        for (kind, row) in before {
            store.insert(*kind, [row.clone()]);
        }
        let seen = Arc::<Mutex<Vec<&'static str>>>::default();
        let store = Meanwhile { store, comes: Mutex::new(Some(comes.clone())), seen: seen.clone() };
        let now: DateTime<Utc> = "2026-11-20T10:00:00Z".parse().unwrap();
        let lifecycle = Lifecycle::open(store, policy()).await.unwrap().with_clock(now);
        let mut request = Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN"));
        for name in acknowledged {
            request = request.acknowledge(*name);
        }
        if in_one_go {
            let _ = lifecycle.execute(&request).await;
        } else {
            let plan = lifecycle.plan(&request).await.unwrap();
            assert!(plan.is_executable(), "{plan}");
            let _ = lifecycle.apply(&request, &plan).await;
        }
        tried.extend(seen.lock().unwrap().iter());
    }
    both
}

#[tokio::test]
async fn a_new_row_in_a_planned_step_conflicts_only_with_a_shown_plan() {
    let both = tried(&[debt("d1", "OPEN")], &debt("d2", "OPEN"), &[]).await;
    assert_eq!(both, [vec!["done"], vec!["conflict"]]);
}

#[tokio::test]
async fn a_row_of_an_unplanned_step_is_not_touched() {
    let both = tried(&[], &debt("d1", "OPEN"), &[]).await;
    assert_eq!(both, [vec!["conflict", "done"], vec!["conflict"]]);
    let note = ("notes", Record::new("n1").with("debt_id", "d1"));
    let both = tried(&[debt("d1", "OPEN")], &note, &[]).await;
    assert_eq!(both, [vec!["conflict", "done"], vec!["conflict"]]);
}

#[tokio::test]
async fn a_new_row_of_a_warning_conflicts_until_it_is_acknowledged() {
    let open = [debt("d1", "OPEN")];
    let both = tried(&open, &debt("d2", "URGENT"), &[]).await;
    assert_eq!(both, [vec!["conflict"], vec!["conflict"]], "planned again, it is blocked");
    let both = tried(&open, &debt("d2", "URGENT"), &["urgent"]).await;
    assert_eq!(both, [vec!["done"], vec!["conflict"]]);
    let both = tried(&open, &debt("d2", "SEEN"), &[]).await;
    assert_eq!(both, [vec!["done"], vec!["conflict"]], "a note binds nothing, the number of debts does");
}

#[tokio::test]
async fn a_new_row_without_a_date_conflicts_until_it_is_accepted() {
    let dated = invoice("i1", &json!("2025-01-01T00:00:00Z"));
    let undated = invoice("i2", &Value::Null);
    let both = tried(std::slice::from_ref(&dated), &undated, &[]).await;
    assert_eq!(both, [vec!["conflict"], vec!["conflict"]], "planned again, it is a warning");
    let accepted = ["undated:invoices.client_id"];
    let both = tried(&[dated], &undated, &accepted).await;
    assert_eq!(both, [vec!["done"], vec!["conflict"]]);
    let both = tried(&[invoice("i0", &Value::Null)], &undated, &accepted).await;
    assert_eq!(both, [vec!["done"], vec!["conflict"]]);
}

#[tokio::test]
async fn an_unused_target_may_be_missing() {
    let document = json!({
        "subject": "unions", "kinds": { "unions": {}, "members": {} },
        "references": [ { "from": "members.union_id", "to": "unions" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "members.union_id": { "reassign": { "to": "u2" } } } } }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let store = MemoryStore::new().with("unions", [Record::new("u1")]).with("members", []);
    let lifecycle = Lifecycle::open(store, policy).await.unwrap();
    let request = Request::hard_delete("unions", "u1").by(Actor::new("ana", "ADMIN"));
    let plan = lifecycle.plan(&request).await.unwrap();
    lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error}\n{plan}"));
}

/// A store that records which rows each change set locks.
struct Locks(MemoryStore, Mutex<Vec<String>>);

#[async_trait]
impl Store for Locks {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.0.check(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        self.0.survey(query).await
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        let sets = changes.locks.iter().map(|lock| changes.query.set(lock.rows.set).unwrap());
        self.1.lock().unwrap().extend(sets.map(|set| set.kind.to_string()));
        self.0.apply(changes).await
    }
}

#[tokio::test]
async fn rows_are_locked_from_the_subject_outwards() {
    let store = MemoryStore::new()
        .with("clients", [Record::new("c1")])
        .with("debts", [debt("d1", "OPEN").1])
        .with("notes", [Record::new("n1").with("debt_id", "d1")])
        .with("invoices", []);
    let lifecycle = Lifecycle::open(Locks(store, Mutex::default()), policy()).await.unwrap();
    let request = Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN"));
    lifecycle.execute(&request).await.unwrap();
    let mut locked = lifecycle.store().1.lock().unwrap().clone();
    // The debts are locked twice: the deleted debts, and the debts that a guard counts.
    locked.dedup();
    assert_eq!(locked, ["clients", "debts", "invoices"]);
}
