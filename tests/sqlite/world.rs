//! A database file for one test, and helpers that make queries and change sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use client_lifecycle::domain::{
    Actor, AuditEntry, AuditOutcome, Condition, DataMap, Mode, OperationId, Reason, RecordId,
};
use client_lifecycle::protocol::{
    Branch, ChangeSet, ChangeStep, NamedSet, Question, RankCase, Ranks, Receipt, Rows, SetId, Source,
    Stratum, SurveyQuery, Write,
};
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use client_lifecycle::sqlite::sqlx::{AssertSqlSafe, Row, raw_sql};

pub(crate) struct World {
    pub(crate) store: SqliteStore,
    pub(crate) path: std::path::PathBuf,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl World {
    pub(crate) async fn new(ddl: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("client-lifecycle-{}-{number}.db", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::remove_file(&path).ok();
        let options = options(&path).create_if_missing(true);
        let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options).await.unwrap();
        let store = SqliteStore::new(pool).migrate().await.unwrap();
        let world = Self { store, path };
        world.run(ddl).await;
        world
    }

    pub(crate) fn pool(&self) -> &SqlitePool {
        self.store.pool()
    }

    pub(crate) async fn run(&self, sql: &str) {
        raw_sql(AssertSqlSafe(sql)).execute(self.pool()).await.unwrap();
    }

    /// Returns the first column of the first row as a number.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let row = raw_sql(AssertSqlSafe(sql)).fetch_one(self.pool()).await;
        row.unwrap().get(0)
    }

    /// Returns the first column of all rows as text.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = raw_sql(AssertSqlSafe(sql)).fetch_all(self.pool()).await;
        let rows = rows.unwrap();
        rows.iter().map(|row| row.get_unchecked::<Option<String>, _>(0).unwrap_or("null".into())).collect()
    }
}

pub(crate) fn options(path: &std::path::Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(std::time::Duration::from_millis(50))
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).ok();
    }
}

pub(crate) fn map(json: &str) -> Arc<DataMap> {
    Arc::new(serde_json::from_str(json).unwrap())
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-06-15T12:00:00Z".parse().unwrap()
}

pub(crate) fn set(id: u16, kind: &str, branches: impl IntoIterator<Item = Branch>) -> NamedSet {
    NamedSet {
        id: SetId(id),
        name: format!("{kind} {id}"),
        kind: kind.into(),
        branches: branches.into_iter().collect(),
    }
}

pub(crate) fn branch(source: Source, cases: impl IntoIterator<Item = RankCase>) -> Branch {
    Branch {
        source,
        within: Vec::new(),
        except: Vec::new(),
        switched: false,
        cases: cases.into_iter().collect(),
    }
}

/// Makes a branch of all rows that refer to a set, with rank 0.
pub(crate) fn below(reference: &str, set: u16) -> Branch {
    let of = all(set);
    let reference = reference.into();
    branch(Source::Referrers { reference, of }, [RankCase::always(0)])
}

pub(crate) fn subjects() -> Branch {
    branch(Source::Subjects, [RankCase::always(0)])
}

pub(crate) fn when(condition: Condition, rank: u16) -> RankCase {
    RankCase { below: Ranks::ALL, when: Some(condition), rank: Some(rank) }
}

pub(crate) fn all(set: u16) -> Rows {
    Rows::all(SetId(set))
}

pub(crate) fn ranked(set: u16, rank: u16) -> Rows {
    Rows::ranked(SetId(set), rank)
}

pub(crate) fn count(rows: Rows) -> Question {
    Question::count(rows)
}

/// Makes a survey query about one subject; each of its sets is a stratum of its own.
pub(crate) fn query(
    map: &Arc<DataMap>,
    kind: &str,
    subject: impl Into<RecordId>,
    sets: impl IntoIterator<Item = NamedSet>,
    questions: impl IntoIterator<Item = Question>,
) -> SurveyQuery {
    SurveyQuery {
        map: Arc::clone(map),
        kind: kind.into(),
        subjects: vec![subject.into()],
        sets: sets.into_iter().map(Stratum::Set).collect(),
        questions: questions.into_iter().collect(),
        now: now(),
        mask_key: None,
        undoes: None,
    }
}

pub(crate) fn step(kind: &str, rows: Rows, write: Write, receipt_step: usize) -> ChangeStep {
    ChangeStep { kind: kind.into(), rows, write, receipt_step: Some(receipt_step) }
}

/// Makes a change set with these steps.
pub(crate) fn changes(
    operation: u128,
    query: SurveyQuery,
    steps: impl IntoIterator<Item = ChangeStep>,
) -> ChangeSet {
    let operation = OperationId::from(uuid::Uuid::from_u128(operation));
    let steps: Vec<ChangeStep> = steps.into_iter().collect();
    let subjects = query.subjects.clone();
    let mut audit =
        AuditEntry::new(operation, Mode::HardDelete, &query.kind, subjects, query.now, AuditOutcome::Done);
    audit.actor = Some(Actor::new("ana", "ADMIN"));
    audit.reason = Some(Reason::PrivacyRequest);
    audit.note = Some("asked by letter".into());
    ChangeSet {
        operation,
        audit,
        inserts: Vec::new(),
        events: Vec::new(),
        snapshot: Vec::new(),
        receipt: receipt(operation, &query, &steps),
        query,
        locks: Vec::new(),
        preconditions: Vec::new(),
        event_drafts: Vec::new(),
        steps,
        mask_key: None,
    }
}

fn receipt(operation: OperationId, query: &SurveyQuery, steps: &[ChangeStep]) -> Receipt {
    let rows: Vec<_> = steps
        .iter()
        .map(|step| {
            serde_json::json!({ "kind": step.kind, "disposition": "delete", "path": [], "planned": 0, "actual": 0 })
        })
        .collect();
    serde_json::from_value(serde_json::json!({
        "operation": operation, "digest": "00", "at": query.now, "kind": query.kind,
        "subjects": query.subjects, "mode": "hard_delete", "outcome": "delete", "complete": true,
        "steps": rows, "open": [],
    }))
    .unwrap()
}

pub(crate) fn actual(receipt: &Receipt) -> Vec<u64> {
    receipt.steps.iter().map(|step| step.actual).collect()
}
