//! A host of the conformance suite for the document store: each case gets its own file.
#![allow(clippy::expect_used, reason = "a panic is how a case fails")]

use std::env::temp_dir;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use client_lifecycle::domain::{AuditEntry, Event, Kind, Record};
use client_lifecycle::store::{ByRow, Store, SystemTable};
use client_lifecycle::testing::conformance::{Host, Recorded, Sent, Watched, world};

use super::by_rows::Documents;

pub(crate) struct DocumentsHost {
    documents: Arc<Documents>,
    store: ByRow<Watched<Arc<Documents>>>,
    file: PathBuf,
}

pub(crate) async fn host() -> DocumentsHost {
    let map = world();
    let names: Vec<&str> = map.kinds().map(|kind| kind.name.as_str()).collect();
    let file = temp_dir().join(format!("own-tables-{}.json", uuid::Uuid::new_v4()));
    let documents = Arc::new(Documents::create(&file, &names).expect("a file"));
    let store = ByRow::new(Watched(Arc::clone(&documents)));
    DocumentsHost { documents, store, file }
}

impl Drop for DocumentsHost {
    fn drop(&mut self) {
        // If this fails, the file stays in the temporary directory and does no harm.
        let _ = std::fs::remove_file(&self.file);
    }
}

#[async_trait]
impl Host for DocumentsHost {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    async fn load(&self, kind: &Kind, rows: Vec<Record>) {
        self.documents.insert(&kind.name, rows).expect("they are written");
    }

    async fn rows(&self, kind: &Kind) -> Vec<Record> {
        self.documents.all(kind.name.as_str())
    }

    async fn audit(&self) -> Vec<Recorded> {
        let rows = self.documents.all(SystemTable::Audit.as_str());
        let entries = rows.iter().map(|row| AuditEntry::try_from(row).expect("an entry"));
        entries.flat_map(Recorded::of).collect()
    }

    async fn events(&self) -> Vec<Sent> {
        let rows = self.documents.all(SystemTable::Outbox.as_str());
        let events = rows.iter().map(|row| Event::try_from(row).expect("an event"));
        events.map(Sent::of).collect()
    }

    async fn operations(&self) -> usize {
        self.documents.all(SystemTable::Operations.as_str()).len()
    }
}
