//! Two hand-written stores over a host's own rows, one policy for both, and the conformance suite that both pass.
//!
//! `cargo run --example own_tables --features sql,testing`
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod by_rows;
mod by_rows_host;
mod by_sql;
mod by_sql_host;
mod contract;
mod policy;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use client_lifecycle::domain::{Actor, AuditEntry, Record, Value};
use client_lifecycle::sql::{AccessMode, Dialect, SqlConnection, SqlStore};
use client_lifecycle::store::{ByRow, SystemTable};
use client_lifecycle::{Lifecycle, Request, Store};

use by_rows::Documents;
use by_sql::Shared;

type Done = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    println!("== By rows: a file of JSON documents ==\n");
    documents().await?;
    let by_rows = contract::holds(by_rows_host::host).await;

    println!("\n== By SQL: SQLite through rusqlite ==\n");
    tables().await?;
    let by_sql = contract::holds(by_sql_host::host).await;

    Ok(ExitCode::from(u8::from(!(by_rows && by_sql))))
}

const COLLECTIONS: [&str; 4] = ["members", "loans", "reviews", "follows"];

async fn documents() -> Done {
    let file = std::env::temp_dir().join(format!("own-tables-{}.json", std::process::id()));
    let documents = Arc::new(Documents::create(&file, &COLLECTIONS)?);
    let member = |no: i64, name: &str| Record::new(no).with("name", name);
    let returned = "2026-01-05T10:00:00Z";
    let loan =
        |id: &str, member: i64, at: Value| Record::new(id).with("member", member).with("returned_at", at);
    let follow = |member: i64, author: &str| Record::new((member, author)).with("since", 2024);
    let review = |id: &str, author: i64| Record::new(id).with("author", author).with("stars", 5);
    documents.insert(&"members".into(), vec![member(7, "Ada"), member(8, "Ben")])?;
    let loans =
        vec![loan("l1", 7, returned.into()), loan("l2", 7, returned.into()), loan("l3", 8, Value::Null)];
    documents.insert(&"loans".into(), loans)?;
    documents.insert(&"reviews".into(), vec![review("r1", 7), review("r2", 8)])?;
    let follows = vec![follow(7, "Le Guin"), follow(7, "Lem"), follow(8, "Lem")];
    documents.insert(&"follows".into(), follows)?;

    delete_member(ByRow::new(Arc::clone(&documents))).await?;

    println!("\nRows left in the file:");
    for collection in COLLECTIONS {
        for Record { id, fields } in documents.all(collection) {
            println!("  {collection} {id} {}", serde_json::to_string(&fields)?);
        }
    }
    println!("\nThe audit log:");
    for row in documents.all(SystemTable::Audit.as_str()) {
        let entry = AuditEntry::try_from(&row)?;
        let who = entry.actor.map_or("an anonymous caller".into(), |actor| actor.id);
        for subject in entry.subjects {
            println!("  {subject} {} {} by {who}", entry.action, entry.outcome);
        }
    }
    let text = std::fs::read_to_string(&file)?;
    println!("\nOccurrences of the name `Ada` in the file: {}", text.matches("Ada").count());
    std::fs::remove_file(file)?;
    Ok(())
}

/// The host's tables, whose names differ from the policy's kinds and fields.
const TABLES: [&str; 9] = [
    "CREATE TABLE tbl_member (member_no INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    "CREATE TABLE tbl_loan (loan_no TEXT PRIMARY KEY NOT NULL, returned_at TEXT,
         member_no INTEGER NOT NULL REFERENCES tbl_member)",
    "CREATE TABLE tbl_review (id TEXT PRIMARY KEY NOT NULL, stars INTEGER NOT NULL,
         member_no INTEGER REFERENCES tbl_member)",
    "CREATE TABLE tbl_follow (member_no INTEGER NOT NULL REFERENCES tbl_member, author TEXT NOT NULL,
         since INTEGER NOT NULL, PRIMARY KEY (member_no, author))",
    "INSERT INTO tbl_member VALUES (7, 'Ada'), (8, 'Ben')",
    "INSERT INTO tbl_loan VALUES ('l1', '2026-01-05T10:00:00Z', 7), ('l2', '2026-01-05T10:00:00Z', 7),
         ('l3', NULL, 8)",
    "INSERT INTO tbl_review VALUES ('r1', 5, 7), ('r2', 5, 8)",
    "INSERT INTO tbl_follow VALUES (7, 'Le Guin', 2024), (7, 'Lem', 2024), (8, 'Lem', 2024)",
    "CREATE INDEX loans_of ON tbl_loan (member_no)",
];

const LEFT: [&str; 4] = [
    "SELECT 'tbl_member ' || json_object('member_no', member_no, 'name', name) FROM tbl_member",
    "SELECT 'tbl_loan ' || json_object('loan_no', loan_no, 'member_no', member_no, 'returned_at', returned_at)
     FROM tbl_loan",
    "SELECT 'tbl_review ' || json_object('id', id, 'member_no', member_no, 'stars', stars) FROM tbl_review",
    "SELECT 'tbl_follow ' || json_object('member_no', member_no, 'author', author, 'since', since) FROM tbl_follow",
];

async fn tables() -> Done {
    // An empty name makes a temporary database, in a file that SQLite removes.
    let shared = Shared::open("")?;
    let mut tx = shared.begin(AccessMode::Write).await?;
    for statement in TABLES {
        tx.execute(statement, &[]).await?;
    }
    tx.commit().await?;
    let store = SqlStore::new(shared.clone(), Dialect::Sqlite);
    store.migrate().await?;

    delete_member(store).await?;

    let mut tx = shared.begin(AccessMode::Read).await?;
    println!("\nRows left in the tables:");
    for rows in LEFT {
        for row in tx.query(rows, &[]).await?.iter().flatten() {
            println!("  {}", row.as_text().unwrap_or_default());
        }
    }
    println!("\nThe audit log:");
    let audit = "SELECT record || ' ' || action || ' ' || outcome || ' by ' || (entry ->> '$.actor.id')
                 FROM lifecycle_audit ORDER BY sequence";
    for row in tx.query(audit, &[]).await?.iter().flatten() {
        println!("  {}", row.as_text().unwrap_or_default());
    }
    tx.commit().await?;
    Ok(())
}

/// Plans and carries out the deletion of member 7, who has no open loan. Then tries to delete member 8, who has one.
async fn delete_member(store: impl Store) -> Done {
    let lifecycle = Lifecycle::open(store, policy::policy()?).await?;
    // Ids are text here, as in a URL.
    let request = |no: &str| Request::hard_delete("members", no).by(Actor::new("eva", "LIBRARIAN"));

    let plan = lifecycle.plan(&request("7")).await?;
    println!("{plan}\n");
    let receipt = lifecycle.apply(&request("7"), &plan).await?;
    println!("Receipt of operation {}, complete: {}", receipt.operation, receipt.complete);
    for step in &receipt.steps {
        println!(
            "  {} of {}: {} planned, {} done",
            step.disposition.as_str(),
            step.kind,
            step.planned,
            step.actual
        );
    }
    let refused = lifecycle.execute(&request("8")).await;
    let why = refused.err().ok_or("a member with a loan out was deleted")?;
    println!("\nMember 8: {why}");
    Ok(())
}
