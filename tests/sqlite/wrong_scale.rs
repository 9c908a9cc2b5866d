//! Stores that do some work row by row. The level `scale` must find each of them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]
#![cfg(all(feature = "sqlite", feature = "testing"))]

use async_trait::async_trait;
use client_lifecycle::domain::{DataMap, Fault, Kind, Record};
use client_lifecycle::protocol::{ChangeSet, Receipt, Survey, SurveyQuery};
use client_lifecycle::sql::{AccessMode, Dialect, SqlConnection, SqlTransaction};
use client_lifecycle::sqlite::PoolConnection;
use client_lifecycle::sqlite::sqlx::sqlite::SqlitePoolOptions;
use client_lifecycle::store::{Store, StoreError};
use client_lifecycle::testing::conformance::{Counted, Host, Recorded, Sent, SqlHost, Traffic, scale_cases};

/// What the store does in addition to its work by sets.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Beside {
    Nothing,
    /// Loads the id of each debt, as a row.
    LoadsIds,
    /// Loads all ids in one value.
    LoadsIdsAtOnce,
    /// Runs a query for each debt.
    AsksForEach,
}

struct WrongStore {
    host: SqlHost<PoolConnection>,
    connection: Counted<PoolConnection>,
    beside: Beside,
}

impl WrongStore {
    async fn new(beside: Beside) -> Self {
        let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        let host = SqlHost::new(PoolConnection::new(pool.clone()), Dialect::Sqlite).await;
        Self { host, connection: Counted::new(PoolConnection::new(pool)), beside }
    }

    async fn ask(&self, query: &SurveyQuery) {
        let mut tx = self.connection.begin(AccessMode::Read).await.unwrap();
        let client = query.subjects[0].to_string();
        match self.beside {
            Beside::Nothing => {}
            Beside::LoadsIds => {
                let sql = "SELECT id FROM debts WHERE client_id = ?1";
                tx.query(sql, &[client.into()]).await.unwrap();
            }
            Beside::LoadsIdsAtOnce => {
                let sql = "SELECT group_concat(id) FROM debts WHERE client_id = ?1";
                tx.query(sql, &[client.into()]).await.unwrap();
            }
            Beside::AsksForEach => each(&mut *tx, &client).await,
        }
    }
}

async fn each(tx: &mut dyn SqlTransaction, client: &str) {
    let mut asked = 0;
    loop {
        let sql = "SELECT count(*) FROM (SELECT id FROM debts WHERE client_id = ?1 LIMIT 1 OFFSET ?2)";
        let found = tx.query(sql, &[client.into(), asked.into()]).await.unwrap();
        if found[0][0].as_integer() == Some(0) {
            return;
        }
        asked += 1;
    }
}

#[async_trait]
impl Store for WrongStore {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.host.store().check(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        self.ask(query).await;
        self.host.store().survey(query).await
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        self.ask(&changes.query).await;
        self.host.store().apply(changes).await
    }
}

#[async_trait]
impl Host for WrongStore {
    fn store(&self) -> &dyn Store {
        self
    }

    async fn load(&self, kind: &Kind, rows: Vec<Record>) {
        self.host.load(kind, rows).await;
    }

    async fn rows(&self, kind: &Kind) -> Vec<Record> {
        self.host.rows(kind).await
    }

    async fn audit(&self) -> Vec<Recorded> {
        self.host.audit().await
    }

    async fn events(&self) -> Vec<Sent> {
        self.host.events().await
    }

    async fn operations(&self) -> usize {
        self.host.operations().await
    }

    fn traffic(&self) -> Option<Traffic> {
        let (ours, theirs) = (self.connection.traffic(), self.host.traffic()?);
        Some(Traffic {
            statements: ours.statements + theirs.statements,
            rows: ours.rows + theirs.rows,
            bytes: ours.bytes + theirs.bytes,
        })
    }
}

/// Returns the failing cases, each by its name and message.
async fn failing(beside: Beside) -> Vec<(&'static str, String)> {
    let mut failing = Vec::new();
    for case in scale_cases() {
        let run = tokio::spawn(async move {
            let store = WrongStore::new(beside).await;
            (case.run)(&store as &dyn Host).await;
        });
        if let Err(failed) = run.await {
            let said = failed.into_panic();
            failing.push((case.name, said.downcast_ref::<String>().unwrap().clone()));
        }
    }
    failing
}

/// Checks that the survey and both change sets fail because of `why`. A repeated change set does not fail, because by
/// then the debts are deleted.
async fn is_found(beside: Beside, why: &str) {
    let failing = failing(beside).await;
    assert_eq!(failing.len(), 3, "{failing:?}");
    for (name, said) in failing {
        assert!(said.contains(why), "`{name}` fails for another reason: {said}");
    }
}

#[tokio::test]
async fn a_store_that_loads_ids() {
    is_found(Beside::LoadsIds, "the number of returned rows").await;
}

#[tokio::test]
async fn a_store_that_loads_ids_in_one_value() {
    is_found(Beside::LoadsIdsAtOnce, "the traffic").await;
}

#[tokio::test]
async fn a_store_that_asks_about_each_row() {
    is_found(Beside::AsksForEach, "the number of statements").await;
}

#[tokio::test]
async fn a_store_that_works_by_sets_passes() {
    assert!(failing(Beside::Nothing).await.is_empty());
}
