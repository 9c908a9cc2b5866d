//! A service that uses `SeaORM` 2. The library shares its connection pool.
//!
//! ```text
//! cargo run --example sea_orm --features sqlite
//! ```

#![allow(clippy::print_stdout, reason = "examples print")]

use client_lifecycle::domain::Actor;
use client_lifecycle::policy::cascade;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::{DeletionPolicy, Lifecycle, Request};
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, Set};

#[allow(unreachable_pub, reason = "the entity macro wants public items")]
mod client {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "clients")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Use one connection, because every connection to `:memory:` opens a separate database.
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1);
    let database = Database::connect(options).await?;
    database
        .execute_unprepared(
            "CREATE TABLE clients (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
             CREATE TABLE debts (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES clients(id));
             CREATE INDEX debts_by_client ON debts (client_id);",
        )
        .await?;
    client::ActiveModel { id: Set(1), name: Set("Ana".into()) }.insert(&database).await?;
    database.execute_unprepared("INSERT INTO debts VALUES (10, 1), (11, 1)").await?;

    // SeaORM 2 and this crate use the same version of sqlx, so they can share the pool.
    let pool = database.get_sqlite_connection_pool().clone();
    let store = SqliteStore::new(pool).migrate().await?;
    let policy = DeletionPolicy::of("clients")
        .reference("debts.client_id", "clients")
        .hard_delete(|mode| mode.allow("ADMIN").rule("debts.client_id", cascade()))
        .build()?;
    let lifecycle = Lifecycle::open(store, policy).await?;

    let request = Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN"));
    let plan = lifecycle.plan(&request).await?;
    println!("{plan}");
    let receipt = lifecycle.apply(&request, &plan).await?;
    println!("{receipt}");
    assert_eq!(client::Entity::find().count(&database).await?, 0);
    Ok(())
}
