//! Creates, updates and deactivates clients while the PostgreSQL backend is terminated after each statement in turn:
//! the work is done once, and the caller gets no error.

use client_lifecycle::clients::{Client, ClientPatch, NewClient};
use client_lifecycle::domain::{Actor, Request, Status};
use client_lifecycle::lifecycle::{Error, Retries};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx::{self, AssertSqlSafe};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::json;
use uuid::Uuid;

use crate::backend::{Terminated, store};
use crate::clients_on_postgres::{TABLES, document};
use crate::server::Schema;

const MARIA: Uuid = Uuid::from_u128(0x4000_8000_0000_0000_0001);

/// Repeats a call on fresh data, terminating the backend one statement later each time. The final rows must always be
/// `expected`.
async fn after_each_statement(
    call: impl AsyncFn(&Lifecycle<Terminated>) -> Result<Client, Error>,
    expected: &str,
) {
    let Some(schema) = Schema::new().await else { return };
    schema.run(TABLES).await;
    PostgresStore::new(schema.pool.clone()).migrate().await.unwrap();
    let policy = DeletionPolicy::from_json(&document().to_string()).unwrap();
    for at in 1.. {
        schema
            .run(&format!(
                "DELETE FROM clients; DELETE FROM lifecycle_audit; DELETE FROM lifecycle_operations;
                 DELETE FROM lifecycle_outbox; INSERT INTO clients (user_id, email) VALUES ('{MARIA}', 'maria@example.org')"
            ))
            .await;
        let lifecycle = Lifecycle::open(store(&schema, at), policy.clone()).await.unwrap();
        let lifecycle = lifecycle.with_retries(Retries::default());
        lifecycle.store().connection().branch();
        call(&lifecycle).await.unwrap_or_else(|error| panic!("after {at}: {error:?}"));
        let found = "SELECT (SELECT string_agg(concat_ws(' ', email, city, status, version), ', ' ORDER BY email) FROM clients)
            || '; ' || (SELECT string_agg(outcome, ' ') FROM lifecycle_audit)
            || '; ' || (SELECT count(*) FROM lifecycle_operations) || '; ' || (SELECT count(*) FROM lifecycle_outbox)";
        let found: String = sqlx::query_scalar(AssertSqlSafe(found)).fetch_one(&schema.pool).await.unwrap();
        assert_eq!(found, expected, "after {at}");
        if lifecycle.store().connection().done() < at {
            assert!(at > 6, "{at} statements");
            return;
        }
    }
}

fn ana() -> Actor {
    Actor::new("ana", "ADMIN")
}

#[tokio::test]
async fn a_client_is_created_once() {
    let new = NewClient::from_json(&json!({
        "email": "diego@example.org", "name": "Diego", "surname": "Ruiz", "phone": "+34600000000",
        "birth_date": "1985-02-28", "document_type": "NIE", "document_number": "X1234567L"
    }));
    let new = new.unwrap();
    after_each_statement(
        async |lifecycle| {
            lifecycle.clients().unwrap().create(&Request::create("clients").by(ana()), new.clone()).await
        },
        "diego@example.org  ON 1, maria@example.org  ON 1; done; 1; 0",
    )
    .await;
}

#[tokio::test]
async fn a_client_is_updated_once() {
    let patch = ClientPatch::new().with_email("ana@example.org").with_city("Madrid").with_status(Status::Off);
    after_each_statement(
        async |lifecycle| {
            lifecycle.clients().unwrap().update(&Request::update("clients", MARIA).by(ana()), &patch).await
        },
        "ana@example.org Madrid OFF 2; done; 1; 1",
    )
    .await;
}

#[tokio::test]
async fn a_client_is_set_off_once() {
    after_each_statement(
        async |lifecycle| {
            lifecycle.clients().unwrap().set_status(&Request::deactivate("clients", MARIA).by(ana())).await
        },
        "maria@example.org  OFF 2; done; 1; 1",
    )
    .await;
}
