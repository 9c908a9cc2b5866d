//! The mask `hmac` on every store, with and without a key.

use std::sync::Mutex;

use crate::common::backend::{Backend, stores};
use async_trait::async_trait;
use client_lifecycle::domain::{Actor, DataMap, Fault, MaskKey, Mode, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::protocol::{ChangeSet, Receipt, Survey, SurveyQuery};
use client_lifecycle::store::StoreError;
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore, Store};
use serde_json::{Value, json};

const SECRET: &str = "correct horse battery staple 0123456789";

fn key() -> MaskKey {
    MaskKey::new(SECRET).unwrap()
}

fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "clients",
        "kinds": {
            "clients": { "status": "status", "personal": { "email": "hmac", "phone": "hmac", "name": { "text": "nobody" } } },
            "visits": {} },
        "references": [ { "from": "visits.client_id", "to": "clients" } ],
        "modes": {
            "anonymize": { "allow": "any", "rules": { "visits.client_id": { "anonymize": { "seen_by": "hmac" } } } },
            "deactivate": { "allow": "any", "rules": { "*": "keep" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn rows() -> Value {
    json!({
        "clients": [
            { "id": "c1", "email": "ana@x", "phone": "600", "name": "Ana", "status": "ON" },
            { "id": "c2", "email": "ana@x", "phone": null, "name": "Eva", "status": "ON" } ],
        "visits": [
            { "id": 1, "client_id": "c1", "seen_by": "Dr. Gil" },
            { "id": 2, "client_id": "c2", "seen_by": "Dr. Gil" },
            { "id": 3, "client_id": "c2", "seen_by": "Dr. Rey" } ]
    })
}

fn anonymize() -> Request {
    Request::batch(Mode::Anonymize, "clients", ["c1", "c2"]).by(Actor::new("ana", "ADMIN"))
}

#[tokio::test]
async fn every_store_makes_the_same_pseudonyms() {
    let pseudonym = |kind: &str, field: &str, text: &str| key().pseudonym(&kind.into(), &field.into(), text);
    let ana = pseudonym("clients", "email", "ana@x");
    for on in stores().await {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let lifecycle = backend.lifecycle(&policy()).await.with_mask_key(key());
        lifecycle.execute(&anonymize()).await.unwrap_or_else(|error| panic!("{error:?}"));
        let clients = json!([
            { "id": "c1", "email": ana, "phone": pseudonym("clients", "phone", "600"), "name": "nobody", "status": "OFF" },
            { "id": "c2", "email": ana, "name": "nobody", "status": "OFF" } ]);
        assert_eq!(backend.rows("clients").await, clients, "{on:?}");
        let gil = pseudonym("visits", "seen_by", "Dr. Gil");
        let visits = json!([
            { "id": 1, "client_id": "c1", "seen_by": gil }, { "id": 2, "client_id": "c2", "seen_by": gil },
            { "id": 3, "client_id": "c2", "seen_by": pseudonym("visits", "seen_by", "Dr. Rey") } ]);
        assert_eq!(backend.rows("visits").await, visits, "{on:?}");
    }
}

/// A store that fails when it is surveyed, and records the change sets it gets.
struct Watched(Mutex<Vec<ChangeSet>>);

#[async_trait]
impl Store for Watched {
    async fn check(&self, _: &DataMap) -> Result<Vec<Fault>, StoreError> {
        Ok(Vec::new())
    }

    async fn survey(&self, _: &SurveyQuery) -> Result<Survey, StoreError> {
        panic!("it was read");
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        self.0.lock().unwrap().push(changes.clone());
        Ok(changes.receipt(&[]))
    }
}

#[tokio::test]
async fn without_a_key_only_the_attempt_is_written() {
    let lifecycle = Lifecycle::open(Watched(Mutex::default()), policy()).await.unwrap();
    // The key is required in every mode of the policy, including modes without masks.
    let deactivate = Request::deactivate("clients", "c1").by(Actor::new("ana", "ADMIN"));
    for request in [&anonymize(), &deactivate] {
        let found = lifecycle.plan(request).await.unwrap_err();
        assert_eq!(
            found.to_string(),
            "the mask `hmac` needs a key: `clients.email`, `clients.phone`, `visits.seen_by`"
        );
        assert_eq!(
            (found.code(), found.remedy(), found.is_retryable()),
            ("no_mask_key", "set the key with `with_mask_key`, or choose another mask", false)
        );
    }
    assert!(lifecycle.store().0.lock().unwrap().is_empty());
    let digest = client_lifecycle::protocol::Digest::try_from(&*"0".repeat(64)).unwrap();
    for found in [lifecycle.execute(&anonymize()).await, lifecycle.confirm(&anonymize(), &digest).await] {
        assert!(matches!(found, Err(Error::NoMaskKey { .. })), "{found:?}");
    }
    let written = lifecycle.store().0.lock().unwrap();
    assert_eq!(written.len(), 2);
    for attempt in &*written {
        assert!(attempt.is_record_only());
        assert_eq!(
            (attempt.audit.outcome.as_str(), &attempt.audit.detail["code"]),
            ("failed", &json!("no_mask_key"))
        );
    }
}

#[tokio::test]
async fn a_lifecycle_without_a_key_does_not_apply_a_plan_that_needs_one() {
    for on in stores().await {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let plan = backend.lifecycle(&policy()).await.with_mask_key(key()).plan(&anonymize()).await.unwrap();
        let without = backend.lifecycle(&policy()).await;
        let found = without.apply(&anonymize(), &plan).await.unwrap_err();
        assert!(matches!(found, Error::NoMaskKey { .. }), "{on:?}: {found}");
        assert_eq!(backend.rows("clients").await, crate::common::sorted(&rows())["clients"], "{on:?}");
        assert_eq!(backend.outcomes().await, ["failed", "failed"], "{on:?}");
    }
}

#[tokio::test]
async fn the_key_is_never_written_or_shown() {
    let store = MemoryStore::from_json(policy().map(), &rows()).unwrap();
    let lifecycle = Lifecycle::open(store, policy()).await.unwrap().with_mask_key(key());
    let plan = lifecycle.plan(&anonymize()).await.unwrap();
    let receipt = lifecycle.apply(&anonymize(), &plan).await.unwrap();
    let shown = format!(
        "{lifecycle:?}{:?}{plan:?}{plan}{}{receipt:?}{}{:?}",
        key(),
        json!(plan),
        json!(receipt),
        lifecycle.store().audit()
    );
    let bytes = SECRET.as_bytes();
    let as_numbers = format!("{:?}", &bytes[..4]);
    let as_hex = "636f7272"; // its first four letters
    for secret in [&SECRET[..8], as_numbers.trim_matches(['[', ']']), as_hex] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("MaskKey(..)"), "the lifecycle says that it has one");
}

#[tokio::test]
async fn a_plan_does_not_depend_on_the_key() {
    let mut digests = Vec::new();
    for secret in [[1; 32], [2; 32]] {
        let store = MemoryStore::from_json(policy().map(), &rows()).unwrap();
        let lifecycle = Lifecycle::open(store, policy()).await.unwrap();
        let lifecycle = lifecycle.with_mask_key(MaskKey::new(secret).unwrap());
        digests.push(lifecycle.plan(&anonymize()).await.unwrap().digest);
    }
    assert_eq!(digests[0], digests[1]);
}

#[tokio::test]
async fn a_value_that_is_not_text_is_named_and_nothing_changes() {
    for on in stores().await {
        let backend = Backend::with(on, &policy(), &rows()).await;
        match &backend {
            Backend::Memory(store, _) => {
                let row = store.rows("visits").into_iter().nth(1).unwrap();
                store.insert("visits", [row.with("seen_by", 7)]);
            }
            // SQLite converts a number in a text column to text, but keeps bytes.
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(file) => file.run("UPDATE visits SET seen_by = x'07' WHERE id = 2").await,
            // A text column in PostgreSQL can hold only text.
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => continue,
        }
        let lifecycle = backend.lifecycle(&policy()).await.with_mask_key(key());
        let found = lifecycle.execute(&anonymize()).await.unwrap_err();
        let Error::Store(source) = &found else { panic!("{on:?}: {found}") };
        assert_eq!(source.to_string(), "`visits` `2`: the value of `seen_by` is not of type text", "{on:?}");
        assert_eq!(backend.rows("clients").await, crate::common::sorted(&rows())["clients"], "{on:?}");
        assert_eq!(backend.outcomes().await, ["failed", "failed"], "{on:?}");
    }
}
