//! Stores whose rows tests can change and read without the store.

#![cfg_attr(
    not(all(feature = "sqlite", feature = "postgres")),
    allow(clippy::unused_async, reason = "only databases have to wait")
)]

use std::sync::Arc;

use client_lifecycle::domain::{Actor, AuditEntry, DataMap, Event, Record, RecordId, Request};
use client_lifecycle::plan::Plan;
use client_lifecycle::store::{Reader, RowChange, Store};
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
use serde_json::{Value, json};

/// A store that also reads records.
pub(crate) trait Whole: Store + Reader {}

impl<S: Store + Reader> Whole for S {}

/// A store whose rows the test can access directly.
pub(crate) enum Backend {
    Memory(Arc<MemoryStore>, Arc<DataMap>),
    #[cfg(feature = "sqlite")]
    Sqlite(super::sqlite::File),
    #[cfg(feature = "postgres")]
    Postgres(super::postgres::Tables),
}

/// Which store a test runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    Memory,
    #[cfg(feature = "sqlite")]
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
}

/// Returns the stores that can be tested here; PostgreSQL only if a server can be reached.
pub(crate) async fn stores() -> Vec<On> {
    #[allow(unused_mut, reason = "without databases there is only one")]
    let mut stores = vec![On::Memory];
    #[cfg(feature = "sqlite")]
    stores.push(On::Sqlite);
    #[cfg(feature = "postgres")]
    if super::server::is_there().await {
        stores.push(On::Postgres);
    }
    stores
}

impl Backend {
    /// Creates a store with these rows: `{"clients": [{…}], …}`.
    pub(crate) async fn with(on: On, policy: &DeletionPolicy, rows: &Value) -> Self {
        match on {
            On::Memory => {
                let store = MemoryStore::from_json(policy.map(), rows).unwrap();
                Self::Memory(Arc::new(store), policy.map().clone())
            }
            #[cfg(feature = "sqlite")]
            On::Sqlite => Self::Sqlite(super::sqlite::File::with(policy.map(), rows).await),
            #[cfg(feature = "postgres")]
            On::Postgres => Self::Postgres(super::postgres::Tables::with(policy.map(), rows).await),
        }
    }

    /// Creates a store on the tables that `tables` defines. A store in memory ignores them.
    #[cfg_attr(not(feature = "sqlite"), allow(unused_variables, reason = "only SQLite has tables"))]
    pub(crate) async fn with_tables(on: On, policy: &DeletionPolicy, tables: &str, rows: &Value) -> Self {
        match on {
            On::Memory => Self::with(on, policy, rows).await,
            #[cfg(feature = "sqlite")]
            On::Sqlite => Self::Sqlite(super::sqlite::File::with_tables(policy.map(), tables, rows).await),
            #[cfg(feature = "postgres")]
            On::Postgres => Self::with(on, policy, rows).await,
        }
    }

    pub(crate) fn store(&self) -> Arc<dyn Whole> {
        match self {
            Self::Memory(store, _) => store.clone(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(file) => Arc::new(file.store()),
            #[cfg(feature = "postgres")]
            Self::Postgres(tables) => Arc::new(tables.store()),
        }
    }

    pub(crate) async fn lifecycle(&self, policy: &DeletionPolicy) -> Lifecycle<Arc<dyn Whole>> {
        let opened = Lifecycle::open(self.store(), policy.clone()).await;
        opened.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns the rows of a kind as JSON objects in the order of their ids, without null fields.
    pub(crate) async fn rows(&self, kind: &str) -> Value {
        match self {
            Self::Memory(store, _) => super::sorted(&store.to_json())[kind].clone(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(file) => super::sorted(&file.rows().await)[kind].clone(),
            #[cfg(feature = "postgres")]
            Self::Postgres(tables) => super::sorted(&tables.rows().await)[kind].clone(),
        }
    }

    /// Returns the rows of all kinds, as [`rows`](Self::rows) does.
    pub(crate) async fn all_rows(&self) -> Value {
        match self {
            Self::Memory(store, _) => super::sorted(&store.to_json()),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(file) => super::sorted(&file.rows().await),
            #[cfg(feature = "postgres")]
            Self::Postgres(tables) => super::sorted(&tables.rows().await),
        }
    }

    /// Plans and applies the deletion of a record. Checks that the receipt matches the plan.
    pub(crate) async fn delete(&self, policy: &DeletionPolicy, id: impl Into<RecordId>) -> Plan {
        let lifecycle = self.lifecycle(policy).await;
        let request = Request::hard_delete(policy.subject(), id).by(Actor::new("ana", "ADMIN"));
        let plan = lifecycle.plan(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
        let receipt = lifecycle.apply(&request, &plan).await;
        super::agrees(&plan, &receipt.unwrap_or_else(|error| panic!("{error:?}\n{plan}")));
        plan
    }

    pub(crate) async fn insert(&self, kind: &str, row: Value) {
        match self {
            Self::Memory(store, map) => {
                let id = &map.kind(&kind.into()).unwrap().id;
                let parts = id.fields().iter().map(|field| row[field.as_str()].as_id());
                // Rows without an id are numbered.
                let number = 1_000 + i64::try_from(store.rows(kind).len()).unwrap();
                let own = if id.is_none() { number.into() } else { RecordId::tuple(parts) };
                let others =
                    row.as_object().unwrap().iter().filter(|(field, _)| !id.contains(&field.as_str().into()));
                let record = others.fold(Record::new(own), |record, (field, value)| {
                    record.with(field.as_str(), value.clone())
                });
                store.insert(kind, [record]);
            }
            #[cfg(feature = "sqlite")]
            Self::Sqlite(file) => file.insert(kind, &row).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(tables) => tables.insert(kind, &row).await,
        }
    }

    pub(crate) async fn set(&self, kind: &str, id: &str, field: &str, value: Value) {
        match self {
            Self::Memory(store, _) => {
                let rows = store.rows(kind);
                let row = rows.into_iter().find(|row| row.id.to_string() == id).unwrap();
                store.insert(kind, [row.with(field, value)]);
            }
            #[cfg(feature = "sqlite")]
            Self::Sqlite(file) => file.set(kind, id, field, &value).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(tables) => tables.set(kind, id, field, &value).await,
        }
    }

    pub(crate) async fn remove(&self, kind: &str, id: &str) {
        match self {
            Self::Memory(store, _) => {
                let change = RowChange::Delete { kind: kind.into(), id: id.into() };
                let batch = client_lifecycle::store::Batch { changes: vec![change], ..Default::default() };
                client_lifecycle::store::Records::write(store.records(), &batch).await.unwrap();
            }
            #[cfg(feature = "sqlite")]
            Self::Sqlite(file) => file.remove(kind, id).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(tables) => tables.remove(kind, id).await,
        }
    }

    pub(crate) async fn audit(&self) -> Vec<AuditEntry> {
        match self {
            Self::Memory(store, _) => store.audit(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(file) => file.audit().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(tables) => tables.audit().await,
        }
    }

    pub(crate) async fn events(&self) -> Vec<Event> {
        match self {
            Self::Memory(store, _) => store.events(),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(file) => file.events().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(tables) => tables.events().await,
        }
    }

    /// Returns everything that the library's own tables hold, as one text.
    pub(crate) async fn library_tables(&self) -> String {
        match self {
            Self::Memory(store, _) => {
                let tables = client_lifecycle::store::SystemTable::ALL.iter();
                let rows = tables.flat_map(|table| store.rows(table.as_str()));
                rows.map(|row| [row.id.to_string(), json!(row.fields).to_string()].join(" ") + "\n").collect()
            }
            #[cfg(feature = "sqlite")]
            Self::Sqlite(file) => {
                let mut all = String::new();
                for table in LIBRARY_TABLES {
                    let rows = file.read(&format!("SELECT * FROM lifecycle_{table}")).await;
                    all.extend(rows.iter().map(|row| format!("{row}\n")));
                }
                all
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(database) => {
                let mut all = String::new();
                for table in LIBRARY_TABLES {
                    let rows =
                        database.read(format!("SELECT to_jsonb(t)::text FROM lifecycle_{table} AS t")).await;
                    all.extend(rows.iter().map(|row| format!("{row}\n")));
                }
                all
            }
        }
    }

    /// Returns the outcomes in the audit log, in the order they were written.
    pub(crate) async fn outcomes(&self) -> Vec<&'static str> {
        self.audit().await.iter().map(|entry| entry.outcome.as_str()).collect()
    }
}

#[allow(dead_code, reason = "only databases have tables")]
const LIBRARY_TABLES: [&str; 5] = ["operations", "audit", "outbox", "marks", "replaced"];

trait AsId {
    fn as_id(&self) -> RecordId;
}

impl AsId for Value {
    fn as_id(&self) -> RecordId {
        serde_json::from_value(json!(self)).unwrap()
    }
}

/// Generates one test for each store.
#[allow(unused_macros, reason = "each test binary uses a part")]
macro_rules! on_every_store {
    ($($(#[$meta:meta])* async fn $name:ident($on:ident: On) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn run($on: On) $body

            #[tokio::test]
            async fn memory() {
                run(On::Memory).await;
            }

            #[cfg(feature = "sqlite")]
            #[tokio::test]
            async fn sqlite() {
                run(On::Sqlite).await;
            }

            #[cfg(feature = "postgres")]
            #[tokio::test]
            async fn postgres() {
                if crate::common::server::is_there().await {
                    run(On::Postgres).await;
                }
            }
        }
    )*};
}
#[allow(unused_imports, reason = "each test binary uses a part")]
pub(crate) use on_every_store;
