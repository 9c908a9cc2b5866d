//! Tables that lack columns for the values of clients.
#![cfg(feature = "sqlite")]

use client_lifecycle::clients::ClientPage;
use client_lifecycle::domain::Request;
use client_lifecycle::sqlite::{SqliteStore, sqlx};
use client_lifecycle::{Error, Lifecycle};
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::world::{create, new, off_to, parsed, update};

#[tokio::test]
async fn errors_of_every_use_case_name_the_column_that_the_table_lacks() {
    let policy = parsed(&json!({
        "subject": "people",
        "kinds": { "people": { "status": "state" } },
        "modes": { "create": { "allow": "any" }, "update": { "allow": "any" }, "deactivate": { "allow": "any" } }
    }));
    let options = SqliteConnectOptions::new().in_memory(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let tables = "CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT, state TEXT);
        INSERT INTO people VALUES ('7', 'Ana', 'ON')";
    sqlx::raw_sql(tables).execute(&pool).await.unwrap();
    let store = SqliteStore::new(pool.clone()).migrate().await.unwrap();
    let lifecycle = Lifecycle::open(store, policy).await.unwrap();
    let clients = lifecycle.clients().unwrap();
    let of_people = |mut request: Request| {
        request.kind = "people".into();
        request
    };
    let errors: Vec<Error> = vec![
        clients.find("7").await.unwrap_err(),
        clients.find_by_email("ana@example.com").await.unwrap_err(),
        clients.list(&ClientPage::first(3)).await.unwrap_err(),
        clients.create(&of_people(create()), new("eva@example.com")).await.unwrap_err(),
        clients.update(&of_people(update("7")), &off_to("Granada")).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().starts_with("the store has no field `people."), "{error}");
        assert!(error.remedy().contains("data map"), "{}", error.remedy());
    }
    lifecycle.execute(&Request::deactivate("people", "7")).await.unwrap();
    let state: String = sqlx::query_scalar("SELECT state FROM people").fetch_one(&pool).await.unwrap();
    assert_eq!(state, "OFF");
}
