//! Large deletions with little memory: the duration is proportional to the number of rows, whatever the server's
//! settings.

use client_lifecycle::Lifecycle;
use client_lifecycle::domain::{Actor, Mode, Request};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::postgres::sqlx::postgres::PgPoolOptions;
use serde_json::{Value, json};

use crate::world::{World, delete};

/// The number of rows of each of eight clients. Comparing every row with every other would take minutes.
const ROWS: u32 = 20_000;

/// Deletes one of eight clients with the smallest `work_mem`. Returns the number of written rows; `None` without a
/// server.
async fn written(ddl: &str, fill: &str, document: &Value) -> Option<u64> {
    written_by(&delete(1), ddl, fill, document).await
}

async fn written_by(request: &Request, ddl: &str, fill: &str, document: &Value) -> Option<u64> {
    let world = World::new(ddl, document).await?;
    let all = 8 * ROWS;
    world.run(&fill.replace("$ALL", &all.to_string())).await;
    world.run("ANALYZE").await;
    let options = (*world.schema.pool.connect_options()).clone();
    let settings = [("work_mem", "64kB"), ("statement_timeout", "20000"), ("jit", "off")];
    let pool = PgPoolOptions::new().max_connections(1);
    let path = [("search_path", world.schema.name.as_str())];
    let pool = pool.connect_with(options.options(settings.into_iter().chain(path))).await.unwrap();
    let lifecycle = Lifecycle::open(PostgresStore::new(pool), world.policy.clone()).await.unwrap();
    let plan = lifecycle.plan(request).await.unwrap();
    let receipt = lifecycle.apply(request, &plan).await.unwrap();
    Some(receipt.steps.iter().map(|step| step.actual).sum())
}

#[tokio::test]
async fn masked_and_redirected_rows() {
    let ddl = "CREATE TABLE clients (id bigint PRIMARY KEY);
        CREATE TABLE logs (id bigint PRIMARY KEY, client_id bigint REFERENCES clients, ip text);
        CREATE INDEX ON logs (client_id)";
    let fill = "INSERT INTO clients SELECT generate_series(1, 8);
        INSERT INTO logs SELECT g, 1 + g % 8, 'ip' FROM generate_series(1, $ALL) AS g";
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "logs": { "personal": { "ip": "null" } } },
        "references": [ { "from": "logs.client_id", "to": "clients", "nullable": true } ],
        "modes": { "hard_delete": { "allow": "any", "rules": {
            "logs.client_id": [ { "then": { "anonymize": { "ip": "null" } }, "on_survive": "set_null" } ]
        } } }
    });
    let Some(written) = written(ddl, fill, &document).await else { return };
    assert_eq!(written, 1 + 2 * u64::from(ROWS), "masked, and then redirected");
}

#[tokio::test]
async fn rows_redirected_over_two_references() {
    let ddl = "CREATE TABLE clients (id bigint PRIMARY KEY);
        CREATE TABLE sales (id bigint PRIMARY KEY, buyer bigint REFERENCES clients, seller bigint REFERENCES clients);
        CREATE INDEX ON sales (buyer); CREATE INDEX ON sales (seller)";
    let fill = "INSERT INTO clients SELECT generate_series(1, 8);
        INSERT INTO sales SELECT g, 1 + g % 8, 1 + (g / 8) % 8 FROM generate_series(1, $ALL) AS g";
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "sales": {} },
        "references": [
            { "from": "sales.buyer", "to": "clients", "nullable": true },
            { "from": "sales.seller", "to": "clients", "nullable": true }
        ],
        "modes": { "hard_delete": { "allow": "any",
            "rules": { "sales.buyer": "set_null", "sales.seller": "set_null" } } }
    });
    let Some(written) = written(ddl, fill, &document).await else { return };
    assert_eq!(written, 1 + 2 * u64::from(ROWS));
}

#[tokio::test]
async fn restricted_rows_cleared_by_a_cascade() {
    let ddl = "CREATE TABLE clients (id bigint PRIMARY KEY);
        CREATE TABLE bookings (id bigint PRIMARY KEY, client_id bigint NOT NULL REFERENCES clients);
        CREATE TABLE logs (id bigint PRIMARY KEY, client_id bigint NOT NULL REFERENCES clients,
            booking_id bigint NOT NULL REFERENCES bookings);
        CREATE INDEX ON bookings (client_id); CREATE INDEX ON logs (client_id); CREATE INDEX ON logs (booking_id)";
    let fill = "INSERT INTO clients SELECT generate_series(1, 8);
        INSERT INTO bookings SELECT g, 1 + g % 8 FROM generate_series(1, $ALL) AS g;
        INSERT INTO logs SELECT g, 1 + g % 8, g FROM generate_series(1, $ALL) AS g";
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "bookings": {}, "logs": {} },
        "references": [
            { "from": "bookings.client_id", "to": "clients" },
            { "from": "logs.client_id", "to": "clients" },
            { "from": "logs.booking_id", "to": "bookings" }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": {
            "bookings.client_id": "cascade", "logs.client_id": "cascade", "logs.booking_id": "restrict"
        } } }
    });
    let Some(written) = written(ddl, fill, &document).await else { return };
    assert_eq!(written, 1 + 2 * u64::from(ROWS));
}

#[tokio::test]
async fn rows_below_many_rows() {
    let ddl = "CREATE TABLE clients (id bigint PRIMARY KEY);
        CREATE TABLE bookings (id bigint PRIMARY KEY, client_id bigint NOT NULL REFERENCES clients);
        CREATE TABLE items (id bigint PRIMARY KEY, booking_id bigint NOT NULL REFERENCES bookings);
        CREATE INDEX ON bookings (client_id); CREATE INDEX ON items (booking_id)";
    // Nine items of each booking, scattered over all pages of the table.
    let fill = "INSERT INTO clients SELECT generate_series(1, 8);
        INSERT INTO bookings SELECT g, 1 + g % 8 FROM generate_series(1, $ALL / 2) AS g;
        INSERT INTO items SELECT g, 1 + g % ($ALL / 2) FROM generate_series(1, 9 * $ALL / 2) AS g";
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": {}, "bookings": {}, "items": {} },
        "references": [
            { "from": "bookings.client_id", "to": "clients" },
            { "from": "items.booking_id", "to": "bookings" }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let Some(written) = written(ddl, fill, &document).await else { return };
    assert_eq!(written, 1 + 10 * u64::from(ROWS) / 2);
}

#[tokio::test]
async fn a_batch_of_most_clients_of_a_table() {
    let ddl = "CREATE TABLE clients (id bigint PRIMARY KEY, status text);
        CREATE TABLE debts (id bigint PRIMARY KEY, client_id bigint NOT NULL REFERENCES clients);
        CREATE INDEX ON debts (client_id)";
    let fill = "INSERT INTO clients SELECT g, 'status of ' || g FROM generate_series(1, 5000) AS g;
        INSERT INTO debts SELECT g, g FROM generate_series(1, 5000) AS g";
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": { "fields": { "status": "text" } }, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" } ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    let request = Request::batch(Mode::HardDelete, "clients", 1..=4_500).by(Actor::new("ana", "ADMIN"));
    let Some(written) = written_by(&request, ddl, fill, &document).await else { return };
    assert_eq!(written, 9_000);
}
