//! The conformance suite on the memory store, on smart pointers to it, and on records that yield.
#![allow(clippy::unused_async, reason = "the form that the macro asks for")]
#![cfg(feature = "testing")]

use std::sync::Arc;

use crate::conformance_host::{MemoryHost, SharedRecords};
use async_trait::async_trait;
use client_lifecycle::domain::{Kind, Record};
use client_lifecycle::memory::MemoryStore;
use client_lifecycle::store::{ByRow, Store};
use client_lifecycle::testing::conformance::{Host, Recorded, Sent, world};

/// Wraps a memory store in one of the smart pointers that implement `Store`.
type View = fn(&'static MemoryStore) -> Box<dyn Store>;

struct Seen {
    memory: &'static MemoryStore,
    store: Box<dyn Store>,
}

impl Seen {
    fn by(view: View) -> Self {
        let kinds = world();
        let store = kinds.kinds().fold(MemoryStore::new(), |store, kind| store.with(&kind.name, []));
        let memory: &'static MemoryStore = Box::leak(Box::new(store));
        Self { memory, store: view(memory) }
    }
}

#[async_trait]
impl Host for Seen {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    async fn load(&self, kind: &Kind, rows: Vec<Record>) {
        self.memory.insert(&kind.name, rows);
    }

    async fn rows(&self, kind: &Kind) -> Vec<Record> {
        self.memory.rows(kind.name.as_str())
    }

    async fn audit(&self) -> Vec<Recorded> {
        let entries = self.memory.audit().into_iter();
        entries.flat_map(Recorded::of).collect()
    }

    async fn events(&self) -> Vec<Sent> {
        self.memory.events().into_iter().map(Sent::of).collect()
    }

    async fn operations(&self) -> usize {
        self.memory.receipts().len()
    }
}

mod a_reference_to_the_memory_store {
    use super::*;

    async fn host() -> Seen {
        Seen::by(|store| Box::new(store))
    }

    client_lifecycle::conformance!(tokio::test, host);
}

mod a_box_of_the_memory_store {
    use super::*;

    async fn host() -> Seen {
        Seen::by(|store| Box::new(Box::new(store) as Box<dyn Store>))
    }

    client_lifecycle::conformance!(tokio::test, host);
}

mod an_arc_of_the_memory_store {
    use super::*;

    async fn host() -> Seen {
        Seen::by(|store| Box::new(Arc::new(store) as Arc<dyn Store>))
    }

    client_lifecycle::conformance!(tokio::test, host);
}

mod rows_that_are_slow {
    use super::*;

    async fn host() -> MemoryHost<ByRow<SharedRecords>> {
        MemoryHost::of(ByRow::new)
    }

    client_lifecycle::conformance!(tokio::test, host);
}
