//! The output of the quickstart is complete, and matches the database file that the quickstart leaves.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use std::path::PathBuf;
use std::process::Command;

use client_lifecycle::sqlite::sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use client_lifecycle::sqlite::sqlx::{AssertSqlSafe, query_scalar};

/// Returns the path of the example that cargo built together with this test.
fn example() -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    folder.pop();
    let name = format!("quickstart{}", std::env::consts::EXE_SUFFIX);
    let example = folder.join("examples").join(name);
    assert!(
        example.exists(),
        "`cargo test` builds it; `cargo build --example quickstart --features sqlite` before a single test"
    );
    example
}

fn told() -> String {
    let ended = Command::new(example()).output().unwrap();
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{errors}");
    assert_eq!(errors, "");
    String::from_utf8(ended.stdout).unwrap()
}

/// Returns the parts of the output that the README shows: text blocks that start like a section of a plan.
fn plans_in_the_readme() -> Vec<&'static str> {
    let blocks = include_str!("../../README.md").split("```text\n").skip(1);
    let texts = blocks.filter_map(|block| block.split("```").next());
    let plans: Vec<_> = texts.filter(|text| text.starts_with("What ")).collect();
    assert_eq!(plans.len(), 2);
    plans
}

/// All checks are in one test, because every run of the quickstart creates the same file.
#[tokio::test]
async fn the_quickstart_output_is_complete_and_matches_its_file() {
    let story = told();
    assert!(story.lines().count() <= 150, "a minute's reading\n{story}");
    let mut rest = &*story;
    for said in [
        "A clinic with 300 clients, in ",
        // The blockers, and what to do about them.
        "BLOCKED by 2 obstacles. Nothing has been changed.",
        "1  outstanding_debts: the client has unsettled debts\n           `debts` `474`\n           \
         first: settle or write off the debts",
        "1  upcoming_booking: the client is still expected at the clinic",
        "first: cancel the booking, or wait until it has taken place",
        "ana tries anyway: blocked",
        "missing_role\n  hard_delete of `clients` is for `ADMIN`",
        "not_found\n  no `clients` `00000000-0000-4000-8000-000000000200`",
        // The rows that are deleted, and why.
        "Nothing stands in the way. Nothing has been changed yet.",
        "What goes\n",
        "2  sales           delete       sales.client_id, no longer retained under Código de Comercio art. 30",
        "2  booking_items   delete       booking_items.booking_id -> bookings.client_id (cascade)",
        "1  bookings        delete       bookings.client_id (cascade), because status = \"CANCELLED\"",
        "1  clients         delete       as asked",
        // The rows that stay, why, and until when.
        "What stays, without the person\n        2  bookings        anonymize    bookings.client_id",
        "What has to stay for now, and may be deleted after its date\n        3  sales           retain       sales.client_id\n           \
         until 2029-06-30 (the first until 2027-04-27) under Código de Comercio art. 30",
        "3  sales           set_null     sales.client_id (retain)",
        "2  sessions.revoke",
        // What was deleted, what is left to do later, and the audit log.
        "What has to be deleted once its date has come\n        3  sales  until 2029-06-30, retained: Código de Comercio art. 30",
        "clients            300    299          -1",
        "rows of the clinic's tables with Diego's id: 0",
        "dangling references: 0",
        "issued 2023-06-29  105.00 €  client: none",
        "CLIENT_DELETED  blocked    by ana  privacy_request",
        "CLIENT_DELETED  not_found  by ana  privacy_request",
        "CLIENT_DELETED  denied     by eva  privacy_request",
        "CLIENT_DELETED  done       by ana  privacy_request",
        "sessions.revoke        {\"token\":\"token-122-1\"}",
        "email.account_deleted  {\"email\":\"client122@example.com\"}",
        "the same receipt: yes",
        "the same rows, and no second event: yes",
        // What was marked by mistake.
        "came back: 1 of clients",
        "good to know: 2 rows of `sessions` were deleted by the operation, and do not come back",
        "ana tries to restore her again: nothing_to_restore",
    ] {
        let Some((_, after)) = rest.split_once(said) else {
            panic!("missing, or not in this order: {said}\n\n{story}");
        };
        rest = after;
    }
    for shown in plans_in_the_readme() {
        let lines: Vec<_> = story.lines().collect();
        let missing = shown.lines().find(|line| !lines.contains(line));
        assert_eq!(missing, None, "the README shows a line that the quickstart does not print");
    }
    agrees().await;
    assert_eq!(told(), story, "every run prints the same");
}

/// Compares the output with the database file, which is read without the library.
async fn agrees() {
    let options =
        SqliteConnectOptions::new().filename(example().with_file_name("quickstart.db")).read_only(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let diego = "'00000000-0000-4000-8000-000000000122'";
    for (question, answer) in [
        ("SELECT count(*) FROM pragma_foreign_key_check".to_owned(), 0),
        ("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'".to_owned(), 0),
        (format!("SELECT count(*) FROM clients WHERE user_id = {diego}"), 0),
        (format!("SELECT count(*) FROM consents WHERE client_id = {diego}"), 0),
        ("SELECT count(*) FROM sales WHERE client_id IS NULL".to_owned(), 3),
        // Sales of other clients are older than six years but still exist, because those clients were not deleted.
        ("SELECT count(*) FROM sales".to_owned(), 1192),
        ("SELECT count(*) FROM bookings WHERE client_id IS NULL AND comment IS NULL".to_owned(), 2),
        ("SELECT count(*) FROM bookings WHERE client_id IS NULL OR comment IS NULL".to_owned(), 2),
        ("SELECT count(*) FROM clients WHERE role = 'ADMIN'".to_owned(), 3),
        ("SELECT count(*) FROM lifecycle_operations".to_owned(), 3),
        ("SELECT count(*) FROM lifecycle_audit".to_owned(), 7),
        ("SELECT count(*) FROM lifecycle_outbox".to_owned(), 3),
    ] {
        let found: i64 = query_scalar(AssertSqlSafe(question.clone())).fetch_one(&pool).await.unwrap();
        assert_eq!(found, answer, "{question}");
    }
}
