//! Complete operations compared with hand-written statements and with `ON DELETE CASCADE`, on SQLite and PostgreSQL,
//! and the memory store compared with a `HashMap`.
//!
//! `cargo bench --bench databases --all-features` prints, for each database and workload, medians and minima in
//! milliseconds, and ratios with their goals. Each ratio comes from one interleaved run: library and hand-written code
//! take turns on one connection of one program, and Django on its own connection if `python3` has it. Then it prints
//! the same for link tables and polymorphic rows (see `other_keys.rs`), and
//! how durations grow with the size of 16 shapes of data: see `growth/mod.rs`, and how fast 8 connections delete 10,000
//! clients one by one: see `parallel.rs`.
//!
//! `-- sqlite`, `-- postgres`, `-- memory`, `-- keys`, `-- growth` or `-- parallel` runs one part, and `-- growth --shape=chain` the
//! shapes whose name contains a text. `-- --test` runs everything once with few rows. `-- --trace` prints the statements of each
//! operation with their times.
//!
//! Without a PostgreSQL server, the PostgreSQL part is skipped with a message; with `CI=true`, it fails.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a bench is a separate program that fails by panicking"
)]

mod attempts;
mod by_hand;
mod counted;
mod database;
mod django;
mod figures;
mod growth;
mod in_memory;
mod nothing_lost;
mod other_keys;
mod parallel;
mod policy;
mod processor;
mod resident;
mod rows;
mod size;
mod tables;
mod workload;

use database::Database;
use size::Size;
use tables::ForeignKeys;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_test = arguments.iter().any(|argument| argument == "--test");
    let named: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|name| !name.starts_with("--")).collect();
    let is_meant = |part: &str| named.is_empty() || named.contains(&part);
    let shapes: Vec<&str> =
        arguments.iter().filter_map(|argument| argument.strip_prefix("--shape=")).collect();
    let mut size = if is_test { Size::small() } else { Size::full() };
    size.trace = arguments.iter().any(|argument| argument == "--trace");
    if let Ok(load) = std::fs::read_to_string("/proc/loadavg") {
        println!("load average before: {}", load.trim());
    }
    if is_meant("memory") {
        in_memory::run(&size).await;
    }
    if is_meant("postgres") {
        for keys in [ForeignKeys::Cascade, ForeignKeys::NoAction] {
            if let Some(database) = Database::postgres(keys).await {
                workload::run(&database, &size).await;
                database.close().await;
            }
        }
    }
    if is_meant("sqlite") {
        let database = Database::sqlite().await;
        workload::run(&database, &size).await;
        database.close().await;
    }
    if is_meant("keys") {
        other_keys::both(&size).await;
    }
    if is_meant("growth") {
        growth::postgres(is_test, &shapes).await;
        growth::sqlite(is_test, &shapes).await;
    }
    if is_meant("parallel") {
        for keys in [ForeignKeys::NoAction, ForeignKeys::Cascade] {
            parallel::run(keys, is_test).await;
        }
    }
    if let Ok(load) = std::fs::read_to_string("/proc/loadavg") {
        println!("load average after: {}", load.trim());
    }
}
