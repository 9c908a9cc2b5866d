//! The shapes whose growth is measured.

use serde_json::{Value, json};

use super::world::{Table, World};

/// A family of worlds that differ only in one size.
pub(super) struct Shape {
    pub(super) name: &'static str,
    /// What the size counts.
    pub(super) unit: &'static str,
    pub(super) sizes: [usize; 4],
    /// Sizes that only show that the shape runs.
    pub(super) tiny: [usize; 2],
    pub(super) world: fn(usize) -> World,
}

const fn shape(
    name: &'static str,
    unit: &'static str,
    sizes: [usize; 4],
    tiny: [usize; 2],
    world: fn(usize) -> World,
) -> Shape {
    Shape { name, unit, sizes, tiny, world }
}

/// From ten thousand rows to a million.
const ROWS: [usize; 4] = [10_000, 46_000, 215_000, 1_000_000];
/// The number of rows for shapes with several large tables.
const FEWER: [usize; 4] = [10_000, 31_000, 96_000, 300_000];
const FEW: [usize; 2] = [40, 80];

pub(super) const SHAPES: [Shape; 16] = [
    shape("masked and redirected rows", "rows", ROWS, FEW, masked_and_redirected),
    shape("rows redirected over two references", "rows", FEWER, FEW, redirected_twice),
    shape("restricts cleared by a cascade", "rows", FEWER, FEW, cleared_restricts),
    shape(
        "batches of 10 to 90 % of 20,000 clients",
        "clients",
        [2_000, 4_200, 8_700, 18_000],
        [20, 40],
        batch,
    ),
    shape("references, each from its own table", "references", [50, 136, 368, 1_000], [5, 10], references),
    shape("references from five tables", "references", [50, 136, 368, 1_000], [5, 10], columns),
    shape("entries of one rule", "entries", [10, 31, 97, 300], [3, 6], entries),
    shape("chain of tables", "tables", [10, 22, 46, 100], [3, 6], chain),
    shape("chain of rows", "rows", [1_000, 4_600, 21_500, 100_000], FEW, chain_of_rows),
    shape("tree of rows", "rows", FEWER, FEW, tree_of_rows),
    shape("diamond of rows", "rows", FEWER, FEW, diamond),
    shape("diamonds of tables", "diamonds", [4, 9, 18, 40], [2, 3], diamonds),
    shape("rows scattered below rows", "items", [30_000, 70_000, 160_000, 360_000], FEW, scattered),
    shape("wide fan: ten tables below one", "rows", [2_000, 6_000, 20_000, 60_000], FEW, fan),
    shape("rows that may stay below rows that may stay", "rows", FEWER, FEW, tombstones),
    shape("a reference without an index", "rows", FEWER, FEW, no_index),
];

/// Half of the rows belong to the client.
fn masked_and_redirected(rows: usize) -> World {
    let masked = json!([{ "then": { "anonymize": { "word": "null" } }, "on_survive": "set_null" }]);
    let logs = Table::new("logs", rows).kind(json!({ "personal": { "word": "null" } }));
    World::new(8, 1).with(logs.refers(
        "client_id",
        "clients",
        "CASE i % 2 WHEN 0 THEN 1 ELSE 2 + i % 7 END",
        masked,
    ))
}

fn redirected_twice(rows: usize) -> World {
    let sales = Table::new("sales", rows).refers("buyer", "clients", "1 + i % 2", "set_null").refers(
        "seller",
        "clients",
        "1 + (i / 2) % 2",
        "set_null",
    );
    World::new(8, 1).with(sales)
}

fn cleared_restricts(rows: usize) -> World {
    let bookings = Table::new("bookings", rows).refers("client_id", "clients", "1 + i % 2", "cascade");
    let logs = Table::new("logs", rows).refers("client_id", "clients", "1 + i % 2", "cascade").refers(
        "booking_id",
        "bookings",
        "i",
        "restrict",
    );
    World::new(8, 1).with(bookings).with(logs)
}

fn batch(subjects: usize) -> World {
    let clients = if subjects < 1_000 { 50 } else { 20_000 };
    World::new(clients, subjects)
        .with(Table::new("bookings", 2 * clients).refers(
            "client_id",
            "clients",
            "1 + (i - 1) / 2",
            "cascade",
        ))
        .with(Table::new("items", 2 * clients).refers("booking_id", "bookings", "i", "cascade"))
        .with(
            Table::new("debts", 2 * clients)
                .refers("client_id", "clients", "1 + (i - 1) / 2", "restrict")
                .refers("booking_id", "bookings", "i", "cascade"),
        )
        .with(Table::new("invoices", clients).refers("client_id", "clients", "i", "set_null"))
}

/// Without foreign keys: PostgreSQL takes minutes to create a thousand that refer to one table.
fn references(count: usize) -> World {
    let tables = (0..count).map(|at| {
        let rule = if at % 5 == 0 { "set_null" } else { "cascade" };
        Table::new(format!("kind_{at}"), 20).refers("client_id", "clients", "1 + i % 2", rule).without_key()
    });
    tables.fold(World::new(8, 1), World::with)
}

fn columns(count: usize) -> World {
    let tables = (0..5).map(|table| {
        let columns = (0..count / 5).map(|at| format!("client_{at}"));
        columns.fold(Table::new(format!("kind_{table}"), 20), |table, column| {
            table.refers(&column, "clients", "1 + i % 2", "set_null").without_key()
        })
    });
    tables.fold(World::new(8, 1), World::with)
}

fn entries(count: usize) -> World {
    let mut entries: Vec<Value> = (1..count)
        .map(|at| {
            let when = json!({ "field": "word", "eq": format!("w{at}") });
            match at % 2 {
                0 => json!({ "when": when, "then": "delete" }),
                _ => json!({ "when": when, "then": "set_null" }),
            }
        })
        .collect();
    entries.push(json!({ "then": "cascade" }));
    World::new(8, 1).with(Table::new("logs", 2_000).refers("client_id", "clients", "1 + i % 2", entries))
}

fn chain(tables: usize) -> World {
    let mut world = World::new(8, 1).with(Table::new("kind_1", 1_000).refers(
        "parent",
        "clients",
        "1 + i % 2",
        "cascade",
    ));
    for at in 2..=tables {
        let table = Table::new(format!("kind_{at}"), 1_000);
        world = world.with(table.refers("parent", &format!("kind_{}", at - 1), "i", "cascade"));
    }
    world
}

fn chain_of_rows(rows: usize) -> World {
    let nodes = Table::new("nodes", rows)
        .refers("client_id", "clients", "CASE i WHEN 1 THEN 1 END", "cascade")
        .refers("parent", "nodes", "CASE i WHEN 1 THEN NULL ELSE i - 1 END", "cascade");
    World::new(8, 1).with(nodes)
}

fn tree_of_rows(rows: usize) -> World {
    let nodes = Table::new("nodes", rows)
        .refers("client_id", "clients", "CASE WHEN i <= 2 THEN i END", "cascade")
        .refers("parent", "nodes", "CASE WHEN i > 2 THEN i / 2 END", "cascade");
    World::new(8, 1).with(nodes)
}

fn diamond(rows: usize) -> World {
    let side = |name| Table::new(name, rows).refers("client_id", "clients", "1 + i % 2", "cascade");
    let payments = Table::new("payments", rows).refers("booking_id", "bookings", "i", "cascade").refers(
        "invoice_id",
        "invoices",
        "i",
        "cascade",
    );
    World::new(8, 1).with(side("bookings")).with(side("invoices")).with(payments)
}

fn diamonds(count: usize) -> World {
    let mut world = World::new(8, 1);
    let mut top = "clients".to_owned();
    for at in 0..count {
        let held = if at == 0 { "1 + i % 2" } else { "i" };
        let [left, right, bottom] = ["left", "right", "bottom"].map(|side| format!("{side}_{at}"));
        world = world
            .with(Table::new(&left, 200).refers("parent", &top, held, "cascade"))
            .with(Table::new(&right, 200).refers("parent", &top, held, "cascade"))
            .with(
                Table::new(&bottom, 200)
                    .refers("left_id", &left, "i", "cascade")
                    .refers("right_id", &right, "i", "cascade"),
            );
        top = bottom;
    }
    world
}

/// The items of one booking are on different pages.
fn scattered(items: usize) -> World {
    let bookings =
        Table::new("bookings", items / 9 + 1).refers("client_id", "clients", "1 + i % 2", "cascade");
    let held = format!("1 + (i - 1) % {}", (items / 9).max(1));
    World::new(8, 1).with(bookings).with(Table::new("items", items).refers(
        "booking_id",
        "bookings",
        &held,
        "cascade",
    ))
}

fn fan(rows: usize) -> World {
    let hub = Table::new("bookings", rows).refers("client_id", "clients", "1 + i % 2", "cascade");
    (0..10).fold(World::new(8, 1).with(hub), |world, at| {
        world.with(Table::new(format!("leaves_{at}"), rows).refers("booking_id", "bookings", "i", "cascade"))
    })
}

/// A row stays if its own entry says so or if a row below it stays, so every row is looked at.
fn tombstones(rows: usize) -> World {
    let rule = json!([
        { "when": { "field": "word", "eq": "w7" }, "anonymize": { "word": "null" }, "on_survive": "tombstone" },
        { "then": "cascade" }
    ]);
    let kind = json!({ "fields": { "word": "text" }, "personal": { "word": "null" }, "tombstone": true });
    let items = Table::new("items", rows).refers("booking_id", "bookings", "1 + (i - 1) / 4", rule.clone());
    let bookings = Table::new("bookings", rows / 4 + 1).refers("client_id", "clients", "1 + i % 2", rule);
    World::new(8, 1)
        .subject(kind.clone())
        .with(bookings.mandatory().kind(kind.clone()))
        .with(items.mandatory().kind(kind))
}

fn no_index(rows: usize) -> World {
    let bookings =
        Table::new("bookings", rows).refers("client_id", "clients", "1 + i % 2", "cascade").without_index();
    let items = Table::new("items", rows)
        .refers("booking_id", "bookings", "i", "cascade")
        .without_index()
        .without_key();
    World::new(8, 1).with(bookings).with(items)
}
