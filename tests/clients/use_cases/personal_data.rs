//! Personal data does not appear in the `Debug` output of a store's arguments.

use std::sync::Mutex;

use async_trait::async_trait;
use client_lifecycle::clients::ClientPatch;
use client_lifecycle::domain::{DataMap, Fault, Record};
use client_lifecycle::protocol::{ChangeSet, Receipt, Survey, SurveyQuery};
use client_lifecycle::store::{ReadQuery, Reader, Store, StoreError};
use client_lifecycle::{Lifecycle, MemoryStore};
use serde_json::json;

use super::world::{MARIA, create, document, memory, new, update};

/// A store that records the `Debug` output of its arguments.
struct Spy(MemoryStore, Mutex<String>);

impl Spy {
    fn note(&self, what: impl std::fmt::Debug) {
        self.1.lock().unwrap().extend([format!("{what:?} {what:#?}\n")]);
    }
}

#[async_trait]
impl Reader for Spy {
    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
        self.note(query);
        let found = self.0.read(query).await;
        self.note(&found);
        found
    }
}

#[async_trait]
impl Store for Spy {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.0.check(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        self.note(query);
        let found = self.0.survey(query).await;
        self.note(&found);
        found
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        self.note(changes);
        let found = self.0.apply(changes).await;
        self.note(&found);
        found
    }
}

#[tokio::test]
async fn arguments_of_a_store_show_no_personal_data_in_debug() {
    let mut document = document();
    document["modes"]["create"]["effects"] =
        json!([{ "topic": "client.created", "fields": ["email", "name"] }]);
    document["modes"]["update"]["effects"] = json!([{ "topic": "client.updated", "fields": ["email"] }]);
    let (policy, store) = memory(&document);
    let spy = Spy(store, Mutex::default());
    let lifecycle = Lifecycle::open(&spy, policy).await.unwrap();
    let request = create().note("called by Zacharias");
    let mut made = new("zacharias@secret.example");
    made.city = "Zwolle".into();
    let client = lifecycle.clients().unwrap().create(&request, made.clone()).await.unwrap();
    lifecycle.clients().unwrap().find_by_email("zacharias@secret.example").await.unwrap();
    let patch = ClientPatch::new().with_email("zoe@secret.example").with_name("Zoë").with_city("Zeist");
    let id = client.user_id().to_string();
    spy.note(lifecycle.clients().unwrap().update(&update(&id), &patch).await);
    spy.note(lifecycle.clients().unwrap().update(&update(MARIA), &patch).await);
    spy.note(lifecycle.clients().unwrap().create(&create(), new("ZOE@secret.example")).await);
    spy.note((&client, &patch, &made));
    let said = spy.1.lock().unwrap();
    for secret in ["secret.example", "zacharias", "Zacharias", "Zwolle", "Zeist", "Zoë", "zoe"] {
        let at = said.find(secret).map(|at| &said[at.saturating_sub(200)..at + 20]);
        assert_eq!(at, None, "{secret}");
    }
}
