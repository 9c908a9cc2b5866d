//! A store with rows, and a lifecycle with a preset on it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use client_lifecycle::domain::{AuditEntry, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::plan::Plan;
use client_lifecycle::protocol::Receipt;
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::Value;

use crate::common::backend::{Backend, On, Whole};

/// The time of all requests.
pub(crate) const NOW: &str = "2026-11-20T10:00:00Z";

/// A store and a lifecycle on it.
pub(crate) struct World {
    pub(crate) backend: Backend,
    pub(crate) lifecycle: Lifecycle<Arc<dyn Whole>>,
}

impl World {
    /// Opens the policy on a new store with these rows. `tables` creates the tables on SQLite; memory and PostgreSQL
    /// do not use it.
    pub(crate) async fn open(on: On, policy: &DeletionPolicy, tables: &str, rows: &Value) -> Self {
        // Also check that the policy can be written as a document and read back.
        let document = serde_json::to_string(policy).unwrap();
        assert_eq!(&DeletionPolicy::from_json(&document).unwrap(), policy);
        let backend = Backend::with_tables(on, policy, tables, rows).await;
        let lifecycle = backend.lifecycle(policy).await.with_clock(NOW.parse::<DateTime<Utc>>().unwrap());
        Self { backend, lifecycle }
    }

    pub(crate) async fn plan(&self, request: &Request) -> Plan {
        self.lifecycle.plan(request).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Plans the request and applies the plan.
    pub(crate) async fn done(&self, request: &Request) -> Receipt {
        let plan = self.plan(request).await;
        let receipt = self.lifecycle.apply(request, &plan).await;
        receipt.unwrap_or_else(|error| panic!("{error}\n{plan}"))
    }

    /// Returns the error code of a refused request, or the names of its blockers.
    pub(crate) async fn refused(&self, request: &Request) -> String {
        match self.lifecycle.execute(request).await {
            Ok(receipt) => panic!("{receipt}"),
            Err(Error::Blocked(blocked)) => {
                let blockers = blocked.blockers.iter().map(|blocker| blocker.rule.clone());
                let open = blocked.warnings.iter().filter(|warning| !warning.acknowledged);
                let names: Vec<_> = blockers.chain(open.map(|warning| warning.name.clone())).collect();
                names.join(", ")
            }
            Err(error) => error.code().into(),
        }
    }

    /// Returns the ids of all rows of a kind, sorted.
    pub(crate) async fn ids(&self, kind: &str) -> Vec<String> {
        let rows = self.backend.rows(kind).await;
        let id = |row: &Value| match row.get("id").or_else(|| row.get("user_id")).unwrap() {
            Value::String(id) => id.clone(),
            id => id.to_string(),
        };
        let mut ids: Vec<_> = rows.as_array().unwrap().iter().map(id).collect();
        ids.sort();
        ids
    }

    pub(crate) async fn row(&self, kind: &str, id: &str) -> Value {
        let at = self.ids(kind).await.iter().position(|found| found == id);
        let mut rows = self.backend.rows(kind).await;
        let rows = rows.as_array_mut().unwrap();
        rows.sort_by_key(|row| row.get("id").or_else(|| row.get("user_id")).unwrap().to_string());
        rows[at.unwrap_or_else(|| panic!("`{kind}` `{id}` is gone"))].clone()
    }

    /// Returns the topics of all events, sorted.
    pub(crate) async fn topics(&self) -> Vec<String> {
        let mut topics: Vec<_> = self.backend.events().await.into_iter().map(|event| event.topic).collect();
        topics.sort();
        topics
    }

    pub(crate) async fn last_entry(&self) -> AuditEntry {
        self.backend.audit().await.pop().unwrap()
    }
}
