//! A role that may only use tables, and ids that no index of PostgreSQL takes.

use client_lifecycle::domain::{AuditOutcome, RecordId};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::{Lifecycle, Request};
use serde_json::json;

use crate::role::Role;
use crate::world::{CLINIC, World, clinic, delete};

const MARIA: &str = "550e8400-e29b-41d4-a716-446655440000";

#[tokio::test]
async fn a_role_that_may_only_use_the_tables_migrates_plans_and_applies() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    world.run(&format!("INSERT INTO clients (id, email) VALUES ('{MARIA}', 'maria@example.org')")).await;
    let role = Role::new(&world).await;
    let name = &role.name;
    world
        .run(&format!(
            "REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {name};
             GRANT SELECT, UPDATE, DELETE ON clients, bookings, items, debts TO {name};
             GRANT SELECT ON lifecycle_schema TO {name};
             GRANT SELECT, INSERT, UPDATE ON lifecycle_operations TO {name};
             GRANT SELECT, INSERT ON lifecycle_audit, lifecycle_outbox, lifecycle_marks, lifecycle_replaced TO {name}",
            world.schema.name
        ))
        .await;
    let store =
        PostgresStore::new(role.pool.clone()).migrate().await.unwrap_or_else(|error| panic!("{error:?}"));
    let lifecycle = Lifecycle::open(store, world.policy.clone()).await.unwrap();
    let request = delete(MARIA.parse::<uuid::Uuid>().unwrap());
    let plan = lifecycle.plan(&request).await.unwrap();
    lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(world.number("SELECT count(*) FROM clients").await, 0);
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_audit").await, 1);
    role.gone(&world).await;
}

#[tokio::test]
async fn only_what_is_missing_is_created() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    // Tables of an earlier version have an index that long ids do not fit into.
    world
        .run(
            "DROP TABLE lifecycle_marks; DROP TABLE lifecycle_replaced; DROP INDEX lifecycle_audit_by_hash;
             CREATE INDEX lifecycle_audit_by_record ON lifecycle_audit (kind, record);
             INSERT INTO lifecycle_operations VALUES ('00000000-0000-0000-0000-000000000001', now(), '{}')",
        )
        .await;
    for _ in 0..2 {
        world.store().migrate().await.unwrap();
        assert_eq!(world.number("SELECT count(*) FROM lifecycle_operations").await, 1);
        assert_eq!(world.number("SELECT count(*) FROM lifecycle_marks").await, 0);
        let indexes = "SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_indexes \
                       WHERE tablename = 'lifecycle_audit' AND schemaname = current_schema()";
        assert_eq!(world.text(indexes).await, "lifecycle_audit_by_hash lifecycle_audit_pkey");
    }
}

/// Random letters, so that no compression makes the id shorter.
fn long_id(length: usize) -> String {
    let mut state: u64 = 88_172_645_463_325_252;
    let letters = (0..length).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + u8::try_from(state % 26).unwrap())
    });
    letters.collect()
}

#[tokio::test]
async fn an_attempt_is_recorded_however_long_its_id_is() {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": { "deleted_at": "deleted_at" }, "debts": { "deleted_at": "deleted_at" } },
        "references": [{ "from": "debts.client_id", "to": "clients" }],
        "modes": { "soft_delete": { "allow": "any", "rules": { "*": "cascade" },
                                    "effects": [{ "topic": "debts.gone", "on": "debts" }] } }
    });
    let tables = "CREATE TABLE clients (id text PRIMARY KEY, deleted_at timestamptz);
                  CREATE TABLE debts (id text PRIMARY KEY, client_id text NOT NULL REFERENCES clients, deleted_at timestamptz);
                  CREATE INDEX ON debts USING hash (client_id)";
    let Some(world) = World::new(tables, &document).await else { return };
    let lifecycle = Lifecycle::open(world.store(), world.policy.clone()).await.unwrap();
    let recorded = async |id: &str| {
        let found = world.store().audit(&"clients".into(), &RecordId::from(id)).await.unwrap();
        found.iter().map(|entry| entry.outcome).collect::<Vec<_>>()
    };
    for length in [100, 2_700, 100_000] {
        let id = long_id(length);
        let error = lifecycle.execute(&Request::soft_delete("clients", &*id)).await.unwrap_err();
        assert_eq!(error.code(), "not_found", "{length}");
        assert_eq!(recorded(&id).await, [AuditOutcome::NotFound], "{length}");
    }
    // The longest ids that the primary keys of a host can hold.
    for length in [1_000, 2_680] {
        let id = long_id(length);
        let insert =
            format!("INSERT INTO clients VALUES ('c{id}'); INSERT INTO debts VALUES ('d{id}', 'c{id}')");
        world.run(&insert).await;
        let client = format!("c{id}");
        let done = lifecycle.execute(&Request::soft_delete("clients", &*client)).await;
        done.unwrap_or_else(|error| panic!("{length}: {error:?}"));
        assert_eq!(recorded(&client).await, [AuditOutcome::Done], "{length}");
    }
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_outbox").await, 2);
    assert_eq!(world.number("SELECT count(*) FROM lifecycle_replaced").await, 4);
}
