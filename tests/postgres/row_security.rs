//! Row-level security: rows that are hidden from the role are reported, never silently missed.

use client_lifecycle::Lifecycle;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::postgres::sqlx;
use client_lifecycle::postgres::{PostgresStore, PostgresTransaction};
use client_lifecycle::sql::{FindingCode, findings};
use client_lifecycle::store::StoreError;
use uuid::Uuid;

use crate::role::Role;
use crate::world::{CLINIC, World, clinic, delete};

const ANA: Uuid = Uuid::from_u128(1);

/// Creates debts with a policy that shows only the paid debts to the role.
async fn world() -> Option<World> {
    let world = World::new(CLINIC, &clinic()).await?;
    let sql = format!(
        "INSERT INTO clients VALUES ('{ANA}', 'ana@example.org');
         INSERT INTO debts (client_id, status) VALUES ('{ANA}', 'PAID'), ('{ANA}', 'PENDING');
         CREATE POLICY shown ON debts USING (status = 'PAID')"
    );
    world.run(&sql).await;
    Some(world)
}

const ON: &str = "ALTER TABLE debts ENABLE ROW LEVEL SECURITY";

#[tokio::test]
async fn a_table_with_hidden_rows_is_found_and_keeps_the_policy_from_opening() {
    let Some(world) = world().await else { return };
    let role = Role::new(&world).await;
    let store = || PostgresStore::new(role.pool.clone());
    let codes = async || {
        let catalogue = store().catalogue().await.unwrap();
        let found = findings(&world.policy, &catalogue).into_iter();
        found.map(|finding| (finding.code, finding.path)).collect::<Vec<_>>()
    };
    assert_eq!(codes().await, []);
    world.run(ON).await;
    assert_eq!(codes().await, [(FindingCode::RowSecurity, "kinds.debts".to_owned())]);
    let refused = Lifecycle::open(store(), world.policy.clone()).await.unwrap_err();
    assert!(matches!(&refused, Error::SchemaMismatch(_)), "{refused:?}");
    assert!(refused.to_string().contains("kinds.debts"), "{refused}");
    // The owner of the table and roles with BYPASSRLS see all rows.
    world.lifecycle().await;
    role.gone(&world).await;
}

/// Row security is enabled after the lifecycle was opened.
#[tokio::test]
async fn a_hidden_row_stops_the_deletion() {
    let Some(world) = world().await else { return };
    let role = Role::new(&world).await;
    let lifecycle =
        Lifecycle::open(PostgresStore::new(role.pool.clone()), world.policy.clone()).await.unwrap();
    world.run(ON).await;
    for error in
        [lifecycle.plan(&delete(ANA)).await.unwrap_err(), lifecycle.execute(&delete(ANA)).await.unwrap_err()]
    {
        assert!(
            matches!(&error, Error::Store(StoreError::Unsupported(what)) if what.contains("`debts`")),
            "{error:?}"
        );
        assert!(!error.is_retryable());
    }
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 2);
    role.gone(&world).await;
}

/// The same in a transaction of the host. The host's own setting of `row_security` is restored afterwards.
#[tokio::test]
async fn a_hidden_row_stops_a_deletion_inside_the_hosts_transaction() {
    let Some(world) = world().await else { return };
    let role = Role::new(&world).await;
    let mut tx = role.pool.begin().await.unwrap();
    {
        let lifecycle =
            Lifecycle::open(PostgresTransaction::new(&mut tx), world.policy.clone()).await.unwrap();
        world.run(ON).await;
        let error = lifecycle.execute(&delete(ANA)).await.unwrap_err();
        assert!(
            matches!(&error, Error::Store(StoreError::Unsupported(what)) if what.contains("`debts`")),
            "{error:?}"
        );
    }
    let shown: i64 = sqlx::query_scalar("SELECT count(*) FROM debts").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(shown, 1, "the host sees what its policy shows it, as before");
    tx.rollback().await.unwrap();
    role.gone(&world).await;
}

/// A view shows the rows of its tables, so their row security applies.
#[tokio::test]
async fn hidden_rows_below_a_view_are_an_error() {
    let Some(world) = world().await else { return };
    let role = Role::new(&world).await;
    let name = &role.name;
    world
        .run(&format!(
            "{ON}; ALTER TABLE debts RENAME TO all_debts; CREATE VIEW debts AS SELECT * FROM all_debts;
             ALTER VIEW debts OWNER TO {name}; ALTER TABLE items RENAME TO old_items;
             CREATE VIEW items AS SELECT * FROM old_items"
        ))
        .await;
    let store = PostgresStore::new(role.pool.clone());
    let lifecycle = match Lifecycle::open(store, world.policy.clone()).await {
        Ok(lifecycle) => lifecycle,
        Err(error) => {
            assert!(matches!(error, Error::Store(StoreError::Unsupported(_))), "{error:?}");
            return role.gone(&world).await;
        }
    };
    let error = lifecycle.plan(&delete(ANA)).await.unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Unsupported(_))), "{error:?}");
    role.gone(&world).await;
}

/// If the role bypasses row security, rows that others cannot see are deleted too.
#[tokio::test]
async fn a_role_that_bypasses_row_security_deletes_hidden_rows() {
    let Some(world) = world().await else { return };
    world.run(&format!("{ON}; UPDATE debts SET status = 'OLD' WHERE status = 'PENDING'")).await;
    let role = Role::new(&world).await;
    world.run(&format!("ALTER ROLE {} BYPASSRLS", role.name)).await;
    let store = PostgresStore::new(role.pool.clone());
    Lifecycle::open(store, world.policy.clone()).await.unwrap().execute(&delete(ANA)).await.unwrap();
    assert_eq!(world.number("SELECT count(*) FROM debts").await, 0);
    role.gone(&world).await;
}
