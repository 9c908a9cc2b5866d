//! The first policy declares tables whatever their keys are, and can be carried out.

use std::collections::BTreeMap;

use client_lifecycle::domain::{Actor, Reason, Request};
use client_lifecycle::sql::{findings, first_policy};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::{Value, json};

use crate::world::World;

async fn counts(world: &World, tables: &[&str]) -> BTreeMap<String, i64> {
    let mut found = BTreeMap::new();
    for table in tables {
        found.insert((*table).to_owned(), world.number(&format!("SELECT count(*) FROM {table}")).await);
    }
    found
}

/// Makes the first policy for the tables, checks that it leaves out nothing but `findings`, and deletes record 1 with it
/// after all rules are changed to `cascade`. Returns the document of the first policy.
///
/// `tables` says how many rows each table has left.
async fn first(ddl: &str, subject: &str, left_to_people: &[&str], tables: &[(&str, i64)]) -> Option<Value> {
    let any = json!({ "subject": "x", "kinds": { "x": {} }, "modes": { "hard_delete": { "allow": "any" } } });
    let world = World::new(ddl, &any).await?;
    let catalogue = world.store().catalogue().await.unwrap();
    let policy = first_policy(&catalogue, subject).unwrap();
    let first = serde_json::to_value(&policy).unwrap();
    assert!(first.get("excluded").is_none(), "{first:#}");
    let found = findings(&policy, &catalogue);
    let codes: Vec<String> =
        found.iter().map(|found| format!("{} {}", found.code.as_str(), found.path)).collect();
    assert_eq!(codes, left_to_people, "{found:#?}");

    let mut document = first.clone();
    document["modes"]["hard_delete"]["rules"] = json!({ "*": "cascade" });
    document.as_object_mut().unwrap().remove("undecided");
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let lifecycle = Lifecycle::open(world.store(), policy).await.unwrap_or_else(|error| panic!("{error}"));
    let request =
        Request::hard_delete(subject, 1).by(Actor::new("ana", "ADMIN")).with_reason(Reason::PrivacyRequest);
    let names: Vec<&str> = tables.iter().map(|(table, _)| *table).collect();
    let mut expected = counts(&world, &names).await;
    let plan = lifecycle.plan(&request).await.unwrap();
    lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
    for step in &plan.steps {
        *expected.get_mut(step.key.kind.as_str()).unwrap() -= i64::try_from(step.count).unwrap();
    }
    let left = counts(&world, &names).await;
    assert_eq!(left, expected, "{plan}");
    assert_eq!(left, tables.iter().map(|(table, left)| ((*table).to_owned(), *left)).collect(), "{plan}");
    Some(first)
}

#[tokio::test]
async fn link_tables_and_order_lines_are_declared_and_deleted() {
    let ddl = "CREATE TABLE clients (id int PRIMARY KEY, name text);
        CREATE TABLE groups (id int PRIMARY KEY, name text);
        CREATE TABLE memberships (client_id int NOT NULL REFERENCES clients ON DELETE CASCADE,
            group_id int NOT NULL REFERENCES groups, PRIMARY KEY (client_id, group_id));
        CREATE TABLE orders (id int PRIMARY KEY, client_id int NOT NULL REFERENCES clients);
        CREATE INDEX orders_by_client ON orders (client_id);
        CREATE TABLE order_lines (order_id int NOT NULL REFERENCES orders, line int NOT NULL, item text,
            PRIMARY KEY (order_id, line));
        INSERT INTO clients VALUES (1, 'Ann'), (2, 'Bea'); INSERT INTO groups VALUES (1, 'g');
        INSERT INTO memberships VALUES (1, 1), (2, 1); INSERT INTO orders VALUES (1, 1), (2, 2);
        INSERT INTO order_lines VALUES (1, 1, 'x'), (1, 2, 'y'), (2, 1, 'z');";
    let left = [("clients", 1), ("groups", 1), ("memberships", 1), ("orders", 1), ("order_lines", 1)];
    let Some(first) = first(ddl, "clients", &[], &left).await else { return };
    assert_eq!(first["kinds"]["order_lines"]["id"], json!(["order_id", "line"]));
    assert_eq!(first["kinds"]["memberships"]["id"], json!(["client_id", "group_id"]));
}

#[tokio::test]
async fn a_table_that_shares_the_key_of_another_is_declared_with_what_hangs_on_it() {
    let ddl = "CREATE TABLE accounts (id int PRIMARY KEY, email text);
        CREATE TABLE profiles (id int PRIMARY KEY REFERENCES accounts, full_name text, phone text);
        CREATE TABLE comments (id int PRIMARY KEY, profile_id int NOT NULL REFERENCES profiles, body text);
        CREATE TABLE likes (id int PRIMARY KEY, comment_id int NOT NULL REFERENCES comments);
        CREATE TABLE secrets (account_id int NOT NULL UNIQUE REFERENCES accounts, hash text NOT NULL);
        INSERT INTO accounts VALUES (1, 'a@example.org'), (2, 'b@example.org');
        INSERT INTO profiles VALUES (1, 'Ann', '123'), (2, 'Bea', '456');
        INSERT INTO comments VALUES (1, 2, 'x'), (2, 1, 'y'); INSERT INTO likes VALUES (1, 1), (2, 2);
        INSERT INTO secrets VALUES (1, 'x'), (2, 'y');";
    let left = [("accounts", 1), ("profiles", 1), ("comments", 1), ("likes", 1), ("secrets", 1)];
    let human = ["missing_index references.comments.profile_id", "missing_index references.likes.comment_id"];
    let Some(first) = first(ddl, "accounts", &human, &left).await else { return };
    assert_eq!(first["kinds"]["secrets"]["id"], "account_id");
}

#[tokio::test]
async fn a_partitioned_table_is_declared_once() {
    let ddl = "CREATE TABLE clients (id int PRIMARY KEY);
        CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, at date NOT NULL, client_id int NOT NULL REFERENCES clients,
            PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
        CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        CREATE INDEX ON events (client_id);
        INSERT INTO clients VALUES (1), (2);
        INSERT INTO events (at, client_id) VALUES ('2026-02-02', 1), ('2025-02-02', 1), ('2026-02-02', 2);";
    let Some(first) = first(ddl, "clients", &[], &[("clients", 1), ("events", 1)]).await else { return };
    assert_eq!(first["kinds"].as_object().unwrap().len(), 2, "{first:#}");
    assert_eq!(first["kinds"]["events"]["id"], json!(["id", "at"]));
}

#[tokio::test]
async fn a_foreign_key_to_another_unique_column_is_declared() {
    let ddl = "CREATE TABLE clients (id int PRIMARY KEY, uid text NOT NULL UNIQUE);
        CREATE TABLE visits (id int PRIMARY KEY, client_id int NOT NULL REFERENCES clients);
        CREATE INDEX ON visits (client_id);
        CREATE TABLE reminders (id int PRIMARY KEY, client_uid text NOT NULL REFERENCES clients (uid));
        CREATE TABLE sent (id int PRIMARY KEY, reminder_id int NOT NULL REFERENCES reminders, body text);
        INSERT INTO clients VALUES (1, 'c-1'), (2, '1'); INSERT INTO visits VALUES (1, 1), (2, 2);
        INSERT INTO reminders VALUES (1, 'c-1'), (2, '1'); INSERT INTO sent VALUES (1, 2, 'x'), (2, 1, 'y'), (3, 1, 'z');";
    let left = [("clients", 1), ("visits", 1), ("reminders", 1), ("sent", 1)];
    let human =
        ["missing_index references.reminders.client_uid", "missing_index references.sent.reminder_id"];
    let Some(first) = first(ddl, "clients", &human, &left).await else { return };
    assert_eq!(first["references"][0], json!({ "from": "reminders.client_uid", "to": "clients.uid" }));
}

#[tokio::test]
async fn names_that_differ_only_in_case_are_told_apart() {
    let ddl = "CREATE TABLE \"Order\" (id int PRIMARY KEY); CREATE TABLE \"order\" (id int PRIMARY KEY);
        CREATE TABLE lines (id int PRIMARY KEY, \"A\" int REFERENCES \"Order\", a int REFERENCES \"order\")";
    let any = json!({ "subject": "x", "kinds": { "x": {} }, "modes": { "hard_delete": { "allow": "any" } } });
    let Some(world) = World::new(ddl, &any).await else { return };
    let catalogue = world.store().catalogue().await.unwrap();
    for (requested, kind, reference) in
        [("Order", "Order", "lines.A"), ("\"Order\"", "Order", "lines.A"), ("order", "order", "lines.a")]
    {
        let policy = first_policy(&catalogue, requested).unwrap();
        assert_eq!(policy.subject().as_str(), kind, "{requested}");
        let references: Vec<&str> = policy.map().references().map(|one| one.name.as_str()).collect();
        assert_eq!(references, [reference], "{requested}");
    }
    let unclear = first_policy(&catalogue, "ORDER").unwrap_err();
    assert_eq!(unclear.remedy(), "use one of `Order`, `order`");
}

/// Both columns refer to one table. Only one of them is declared.
#[tokio::test]
async fn a_declared_column_covers_no_column_whose_name_differs_in_case() {
    let ddl = "CREATE TABLE clients (id int PRIMARY KEY);
        CREATE TABLE visits (id int PRIMARY KEY, \"By\" int REFERENCES clients, by int REFERENCES clients)";
    let document = json!({
        "subject": "clients", "kinds": { "clients": {}, "visits": {} },
        "references": [ { "from": "visits.By", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "set_null" } } }
    });
    let Some(world) = World::new(ddl, &document).await else { return };
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let found = findings(&policy, &world.store().catalogue().await.unwrap());
    assert!(
        found
            .iter()
            .any(|finding| finding.message.contains("`by`") || finding.path.rsplit('.').next() == Some("by")),
        "{found:#?}"
    );
}
