//! Clients stored in columns with other names and types.
#![cfg(feature = "sqlite")]

use client_lifecycle::Lifecycle;
use client_lifecycle::clients::ClientPage;
use client_lifecycle::domain::{Request, Status};
use client_lifecycle::sqlite::{SqliteStore, sqlx};
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, SqlitePool};

use super::world::{ana, create, document, named, new, now, off_to, parsed, update};

#[tokio::test]
async fn clients_can_be_stored_in_columns_of_other_names_and_types() {
    let mut document = document();
    document["kinds"]["clients"]["table"] = json!("people");
    let fields = &mut document["kinds"]["clients"]["fields"];
    for (field, column) in [
        ("user_id", "pk"),
        ("email", "mail"),
        ("status", "state"),
        ("version", "rev"),
        ("updated_at", "upd"),
        ("deleted_at", "del"),
    ] {
        fields[field] = json!({ "column": column });
    }
    let policy = parsed(&document);
    let pool = pool(
        "CREATE TABLE people (pk BLOB PRIMARY KEY NOT NULL, mail TEXT, name TEXT, surname TEXT, phone TEXT, address TEXT,
           city TEXT, country TEXT, postal_code TEXT, gender TEXT, birth_date INTEGER, role TEXT, state TEXT, avatar TEXT,
           document_type TEXT, document_number TEXT, created_at INTEGER, upd INTEGER, del INTEGER, rev INTEGER);
         CREATE TABLE bookings (id INTEGER PRIMARY KEY, client_id BLOB NOT NULL REFERENCES people (pk), state TEXT)",
    )
    .await;
    let store = SqliteStore::new(pool.clone()).migrate().await.unwrap();
    let lifecycle =
        Lifecycle::open(store, policy).await.unwrap_or_else(|error| panic!("{error}")).with_clock(now());
    let made = lifecycle.clients().unwrap().create(&create(), new("diego@example.com")).await.unwrap();
    let id = made.user_id().to_string();
    assert_eq!(lifecycle.clients().unwrap().find(&*id).await.unwrap(), made);
    assert_eq!(lifecycle.clients().unwrap().find(id.to_uppercase()).await.unwrap(), made);
    let seconds: (i64, i64, String) =
        sqlx::query_as("SELECT upd, birth_date, typeof(pk) FROM people").fetch_one(&pool).await.unwrap();
    assert_eq!(seconds, (now().timestamp(), 478_396_800, "blob".into()));
    let patch = off_to("Cádiz").with_email("DIEGO@example.com");
    let client = lifecycle.clients().unwrap().update(&update(&id.to_uppercase()), &patch).await.unwrap();
    assert_eq!((client.city(), client.status(), client.updated_at()), ("Cádiz", Status::Off, now()));
    let error = lifecycle.clients().unwrap().create(&create(), new("diego@EXAMPLE.com")).await.unwrap_err();
    assert_eq!(error.code(), "taken");
    let error = lifecycle
        .clients()
        .unwrap()
        .create(&named(create(), &id.to_uppercase()), new("x@example.com"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "conflict");
    let page = lifecycle.clients().unwrap().list(&ClientPage::first(9)).await.unwrap();
    assert_eq!(page.clients, [client]);
    assert!(
        lifecycle
            .clients()
            .unwrap()
            .list(&ClientPage::first(9).after(made.user_id()))
            .await
            .unwrap()
            .clients
            .is_empty()
    );
    lifecycle.execute(&Request::hard_delete("clients", made.user_id()).by(ana())).await.unwrap();
    let audit = lifecycle.store().audit(&"clients".into(), &made.user_id().into()).await.unwrap();
    assert_eq!(
        audit.iter().map(|entry| &*entry.action).collect::<Vec<_>>(),
        ["CLIENT_CREATED", "CLIENT_DEACTIVATED", "CLIENT_CREATED", "CLIENT_DELETED"]
    );
}

async fn pool(sql: &str) -> SqlitePool {
    let options = SqliteConnectOptions::new().in_memory(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
    pool
}
