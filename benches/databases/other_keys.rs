//! Rows that are not known by one id: of one million rows of a link table and one million polymorphic rows, one client has
//! 100,000 each. The library and hand-written statements take turns to delete a client, and its rows are then put back.

use std::time::Instant;

use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::{DeletionPolicy, Lifecycle};
use serde_json::json;

use crate::database::Database;
use crate::figures::{Times, say, say_ratio};
use crate::size::Size;
use crate::tables::{ForeignKeys, System};

/// How often each side deletes a client.
const ROUNDS: u32 = 9;
const GOAL: f64 = 1.2;

const TABLES: &str = "CREATE TABLE clients (id bigint PRIMARY KEY);
    CREATE TABLE groups (id bigint PRIMARY KEY);
    CREATE TABLE links (client_id bigint NOT NULL REFERENCES clients, group_id bigint NOT NULL REFERENCES groups,
        PRIMARY KEY (client_id, group_id));
    CREATE TABLE comments (id bigint PRIMARY KEY, owner_type varchar(9) NOT NULL, owner_id bigint NOT NULL);
    CREATE INDEX links_by_group ON links (group_id);
    CREATE INDEX comments_by_owner ON comments (owner_id, owner_type);";

fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "groups": {}, "links": { "id": ["client_id", "group_id"] },
                   "comments": { "fields": { "owner_type": "text" } } },
        "references": [
            { "from": "links.client_id", "to": "clients" }, { "from": "links.group_id", "to": "groups" },
            { "from": "comments.owner_id", "to": "clients", "if": { "field": "owner_type", "eq": "Client" } }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Returns the statements that insert the rows of some clients, so many in each table.
fn rows(system: System, clients: &str, each: u64) -> String {
    let series = |name: &str, from: &str, to: &str| match system {
        System::Postgres => format!("generate_series({from}, {to}) AS {name}(n)"),
        System::Sqlite => format!(
            "(WITH RECURSIVE s(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM s WHERE n < {to}) SELECT n FROM s) AS {name}"
        ),
    };
    let each = each.to_string();
    let of_client = series("r", "1", &each);
    format!(
        "INSERT INTO clients SELECT c.n FROM {clients};
         INSERT INTO links SELECT c.n, r.n FROM {clients} CROSS JOIN {of_client};
         INSERT INTO comments SELECT c.n * {each} + r.n, 'Client', c.n FROM {clients} CROSS JOIN {of_client};"
    )
}

pub(crate) async fn run(database: &Database, size: &Size) {
    let system = database.system();
    let (each, clients) = if size.goal(GOAL).is_some() { (100_000, 10) } else { (100, 3) };
    println!("\nOther keys, {system:?}: of {} rows in each of two tables, {each} go", each * clients);
    database.run(TABLES).await;
    let groups = match system {
        System::Postgres => format!("generate_series(1, {each}) AS g(n)"),
        System::Sqlite => format!(
            "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {each}) SELECT n FROM s) AS g"
        ),
    };
    database.run(&format!("INSERT INTO groups SELECT g.n FROM {groups}")).await;
    for client in 1..=clients {
        database.run(&rows(system, &format!("(SELECT {client} AS n) AS c"), each)).await;
    }
    let lifecycle =
        Lifecycle::open(database.store().await, policy()).await.unwrap_or_else(|error| panic!("{error}"));
    let tidy = match system {
        System::Postgres => "VACUUM ANALYZE clients, links, comments",
        System::Sqlite => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let by_hand = match system {
        System::Postgres => "CAST($1 AS bigint)",
        System::Sqlite => "CAST($1 AS INTEGER)",
    };
    let by_hand = [
        format!("DELETE FROM comments WHERE owner_type = 'Client' AND owner_id = {by_hand}"),
        format!("DELETE FROM links WHERE client_id = {by_hand}"),
        format!("DELETE FROM clients WHERE id = {by_hand}"),
    ];
    let (mut hand, mut ours) = (Times::default(), Times::default());
    let rounds = if size.goal(GOAL).is_some() { ROUNDS } else { 1 };
    for round in 0..2 * rounds {
        let client = u64::from(round) % clients + 1;
        database.run(tidy).await;
        if round % 2 == 0 {
            hand.push(database.carry_out(&by_hand, &client.to_string()).await.with);
        } else {
            let id = i64::try_from(client).unwrap();
            let request = Request::hard_delete("clients", id).by(Actor::new("ana", "ADMIN"));
            let start = Instant::now();
            let plan = lifecycle.plan(&request).await.unwrap();
            let receipt = lifecycle.apply(&request, &plan).await.unwrap();
            ours.push(start.elapsed());
            assert_eq!(receipt.steps.iter().map(|step| step.actual).sum::<u64>(), 2 * each + 1);
        }
        database.run(&rows(system, &format!("(SELECT {client} AS n) AS c"), each)).await;
    }
    say("by hand", &hand);
    say("plan and apply", &ours);
    say_ratio("plan and apply / by hand", &ours, &hand, size.goal(GOAL));
}

/// Measures both databases.
pub(crate) async fn both(size: &Size) {
    if let Some(database) = Database::postgres(ForeignKeys::NoAction).await {
        run(&database, size).await;
        database.close().await;
    }
    let database = Database::sqlite().await;
    run(&database, size).await;
    database.close().await;
}
