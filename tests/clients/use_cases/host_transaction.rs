//! Creating and updating clients inside an open transaction of the host.
#![cfg(feature = "sqlite")]

use client_lifecycle::Lifecycle;
use client_lifecycle::clients::ClientPatch;
use client_lifecycle::sqlite::SqliteTransaction;

use super::database::{Database, number};
use super::world::{GONE, MARIA, create, document, new, off_to, parsed, update};

#[tokio::test]
async fn a_refusal_leaves_the_hosts_transaction_usable_and_a_rollback_undoes_everything() {
    let file = Database::new(1).await;
    let mut tx = file.pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    {
        let lifecycle = Lifecycle::open(SqliteTransaction::new(&mut tx), parsed(&document())).await.unwrap();
        assert_eq!(
            lifecycle.clients().unwrap().create(&create(), new("EVA@example.com")).await.unwrap_err().code(),
            "taken"
        );
        let patch = ClientPatch::new().with_email("eva@example.com");
        assert_eq!(
            lifecycle.clients().unwrap().update(&update(MARIA), &patch).await.unwrap_err().code(),
            "taken"
        );
        assert_eq!(
            lifecycle.clients().unwrap().update(&update(GONE), &patch).await.unwrap_err().code(),
            "not_found"
        );
        lifecycle.clients().unwrap().update(&update(MARIA), &off_to("Cádiz")).await.unwrap();
        lifecycle.clients().unwrap().create(&create(), new("diego@example.com")).await.unwrap();
    }
    assert_eq!(number(&mut *tx, "SELECT count(*) FROM lifecycle_audit").await, 5);
    assert_eq!(number(&mut *tx, "SELECT count(*) FROM clients").await, 4);
    tx.rollback().await.unwrap();
    assert_eq!(number(&file.pool, "SELECT count(*) FROM lifecycle_audit").await, 0);
    assert_eq!(number(&file.pool, "SELECT count(*) FROM clients WHERE city = 'Madrid'").await, 3);
}
