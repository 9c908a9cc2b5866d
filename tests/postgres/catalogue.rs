//! Reading the catalogue, and `check` and `first_policy` on it.

use client_lifecycle::policy::DeletionPolicy;
use client_lifecycle::sql::{FindingCode, findings, first_policy};
use serde_json::json;

use crate::world::{CLINIC, World, clinic, delete, policy};

#[tokio::test]
async fn a_protected_clinic_has_no_findings() {
    let Some(world) = World::new(CLINIC, &clinic()).await else { return };
    let catalogue = world.store().catalogue().await.unwrap();
    let found = findings(&world.policy, &catalogue);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(
        catalogue.table_names().collect::<Vec<_>>(),
        ["bookings", "clients", "debts", "items"],
        "not the library's"
    );
}

#[tokio::test]
async fn undecided_tables_and_columns_are_found() {
    let ddl = format!(
        "{CLINIC}
         CREATE TABLE visits (id serial PRIMARY KEY, client_id uuid REFERENCES clients ON DELETE CASCADE);
         ALTER TABLE debts DROP CONSTRAINT debts_client_id_fkey; DROP INDEX items_booking_id_idx;
         CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
         CREATE TRIGGER noted BEFORE DELETE ON bookings FOR EACH ROW EXECUTE FUNCTION noted();
         CREATE TABLE parts (client_id uuid REFERENCES clients DEFERRABLE, day date, PRIMARY KEY (client_id, day))
             PARTITION BY RANGE (day);
         CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');"
    );
    let Some(world) = World::new(&ddl, &clinic()).await else { return };
    let catalogue = world.store().catalogue().await.unwrap();
    let found = findings(&world.policy, &catalogue);
    let codes: Vec<(FindingCode, &str)> =
        found.iter().map(|finding| (finding.code, finding.path.as_str())).collect();
    assert_eq!(
        codes,
        [
            (FindingCode::Trigger, "kinds.bookings"),
            (FindingCode::UncoveredTable, "kinds.parts"),
            (FindingCode::UncoveredTable, "kinds.visits"),
            (FindingCode::UnprotectedReference, "references.debts.client_id"),
            (FindingCode::MissingIndex, "references.items.booking_id"),
        ],
        "{found:#?}"
    );
}

/// The policy that `init` prints can be opened on its database and applied.
#[tokio::test]
async fn a_first_policy_describes_the_database_and_opens() {
    let ddl = format!(
        "{CLINIC} ALTER TABLE clients ADD COLUMN deleted_at timestamptz, ADD COLUMN born date, ADD COLUMN active boolean"
    );
    let Some(mut world) = World::new(&ddl, &clinic()).await else { return };
    let catalogue = world.store().catalogue().await.unwrap();
    let first = first_policy(&catalogue, "clients").unwrap();
    let document = serde_json::to_value(&first).unwrap();
    assert_eq!(document["kinds"]["clients"]["deleted_at"], "deleted_at");
    assert_eq!(document["kinds"]["clients"]["fields"]["born"], "date");
    assert_eq!(document["references"].as_array().unwrap().len(), 3);
    world.policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    world.lifecycle().await;
}

/// A partitioned table with a unique id behaves like any other table.
#[tokio::test]
async fn partitioned_tables_work_like_tables() {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "events": {} },
        "references": [ { "from": "events.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let ddl = "CREATE TABLE clients (id integer PRIMARY KEY);
         CREATE TABLE events (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES clients) PARTITION BY HASH (id);
         CREATE TABLE events_0 PARTITION OF events FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE events_1 PARTITION OF events FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         CREATE INDEX ON events (client_id);
         INSERT INTO clients VALUES (1), (2);
         INSERT INTO events SELECT n, 1 + n % 2 FROM generate_series(1, 10) AS n";
    let Some(world) = World::new(ddl, &document).await else { return };
    let found = findings(&world.policy, &world.store().catalogue().await.unwrap());
    assert!(found.is_empty(), "{found:?}");
    world.lifecycle().await.execute(&delete(1)).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(world.number("SELECT count(*) FROM events").await, 5);
    drop(policy(&document));
}
